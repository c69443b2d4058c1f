"""A mistake in a programme is named with its place and with what would be right."""

import time
from pathlib import Path

import pytest

from consent.errors import ProgrammeInvalid
from consent.programme import check_programme, load_programme, read_programme
from consent.programme.mistakes import MOST
from consent.programme.parsing import LARGEST
from consent.programme.suggestion import did_you_mean

GOOD = """
[controller]
name = "A club"
country = "SE"
contact = "privacy@club.example"
languages = ["sv", "en"]

[retention]
default = "24 months"

[fields.email]
category = "pd:EmailAddress"
lookup = true

[fields.birth_date]
category = "pd:BirthDate"
type = "date"

[fields.tier]
category = "pd:Purchase"
values = ["bronze", "gold"]

[traits.spend_365d]
sum = "purchase.amount"
days = 365

[traits.age]
age = "birth_date"

[purposes.membership]
legal_basis = "contract"
dpv = "dpv:ServiceProvision"
fields = ["email", "tier"]
notice.sv = "För medlemskapet."
notice.en = "For the membership."

[purposes.offers]
legal_basis = "consent"
dpv = "dpv:PersonalisedBenefits"
fields = ["tier", "spend_365d", "age"]
valid_months = 24
notice.sv = "Erbjudanden."
notice.en = "Offers."

[services.offers-engine]
offers = ["segment", "read"]

[services.till]
membership = ["enrol", "record"]
offers = ["consent"]

[officers.privacy_officer]
can = ["requests", "restrict", "programme", "record", "keys"]
"""


def without(line: str) -> str:
    assert line in GOOD
    return GOOD.replace(line + "\n", "", 1)


def instead(line: str, other: str) -> str:
    assert line in GOOD
    return GOOD.replace(line, other, 1)


def said(words: str) -> str:
    """Words for the values of the tier."""
    return instead('["bronze", "gold"]', f'["bronze", "gold"]\n{words}')


def also(lines: str) -> str:
    return GOOD + lines


def test_the_programme_that_the_others_are_spoilt_from_is_good() -> None:
    checked = check_programme(GOOD)
    assert (checked.errors, checked.warnings) == ((), ())


MISTAKES = [
    # the controller
    (without('country = "SE"'), "controller.country", "missing", "ISO 3166"),
    (instead('"SE"', '"UK"'), "controller.country", "'UK' is no country code", "'GB'"),
    (instead('"SE"', '"DE"'), "controller.timezone", "no default for DE", "timezone"),
    (instead('"SE"', '"SE"\ntimezone = "Europe/Stokholm"'), "controller.timezone", "no time zone",
     "Europe/Stockholm"),
    (instead('"SE"', '"SE"\ncurrency = "kr"'), "controller.currency", "'kr'", "ISO 4217"),
    (instead('"SE"', '"SE"\norigin = "https://club.example"'), "controller.origin",
     "cannot name a log", "without scheme"),
    (instead("privacy@club.example", "the front desk"), "controller.contact",
     "could not reach", "e-mail"),
    (instead('"sv", "en"]', '"sv", "en", "sv"]'), "controller.languages[2]", "twice", "once"),
    (instead('"sv", "en"]', '"sv", "English"]'), "controller.languages[1]",
     "no language tag", "sv"),
    (instead('name = "A club"', 'nmae = "A club"'), "controller.nmae", "no key", "'name'"),
    (also("[purpose.x]\n"), "purpose", "no table", "'purposes'"),
    # fields
    (said('words.sv = { silver = "Silver" }'), "fields.tier.words.sv.silver",
     "no value 'silver'", "choose one of bronze, gold"),
    (said('words.sv = { glod = "Guld" }'), "fields.tier.words.sv.glod",
     "no value 'glod'", "'gold'"),
    (said('words.sv = { gold = " " }'), "fields.tier.words.sv.gold", "blank", "write some"),
    (said('words.sv = { gold = "" }'), "fields.tier.words.sv.gold", "must not be empty", ""),
    (said('words.Swedish = { gold = "Guld" }'), "fields.tier.words.Swedish",
     "no language tag", "choose one of en, sv"),
    (said('words.sv = "Guld"'), "fields.tier.words.sv", "must be a table", ""),
    (instead('type = "date"', 'type = "date"\nwords.sv = { a = "A" }'),
     "fields.birth_date.words", "no list of values", "remove the words"),
    (said('title.Swedish = "Nivå"'), "fields.tier.title.Swedish",
     "no language tag", "choose one of en, sv"),
    (said('title.sv = " "'), "fields.tier.title.sv", "blank", "write some"),
    (instead('notice.en = "Offers."', 'notice.en = "Offers."\ntitle.en = " "'),
     "purposes.offers.title.en", "blank", "write some"),
    (instead('notice.en = "Offers."', 'notice.en = "Offers."\nwithout.en = " "'),
     "purposes.offers.without.en", "blank", "write some"),
    (instead('notice.en = "Offers."', 'notice.en = "Offers."\nwithout.English = "None."'),
     "purposes.offers.without.English", "no language tag", "choose one of en, sv"),
    (instead("pd:Purchase", "pd:Purchase of"), "fields.tier.category", "no DPV term",
     "pd:Purchase"),
    (instead("pd:Purchase", "EmailAdress"), "fields.tier.category", "no DPV term",
     "pd:EmailAddress"),
    (instead('type = "date"', 'type = "dat"'), "fields.birth_date.type", "not known", "'date'"),
    (instead('type = "date"', 'type = "date"\nlookup = "text"'), "fields.birth_date.lookup",
     "cannot be looked up", ""),
    (instead('"pd:EmailAddress"', '"pd:Contact"'), "fields.email.lookup", "does not say",
     '"email"'),
    (instead("lookup = true", 'lookup = "mail"'), "fields.email.lookup", "no such lookup",
     '"phone"'),
    (instead("lookup = true", "lookup = true\nsegment = true"), "fields.email.segment",
     "cannot be used in segments", "remove segment"),
    (instead('"bronze", "gold"]', '"bronze", 3]'), "fields.tier.values[1]", "a text", ""),
    (instead('"bronze", "gold"]', '"gold", "gold"]'), "fields.tier.values[1]", "twice", "once"),
    (instead('type = "date"', 'type = "date"\nvalues = ["1970-01-01"]'), "fields.birth_date.values",
     "no list of values", "texts"),
    (also('[fields.Shoe]\ncategory = "pd:Height"\n'), "fields.Shoe", "cannot be a name", "small"),
    (also('[fields.age]\ncategory = "pd:Age"\n'), "traits.age", "a field has this name", "rename"),
    (also('[fields.member_number]\ncategory = "pd:Identifier"\n'), "fields.member_number",
     "always there", "remove"),
    # traits
    (instead("purchase.amount", "purchase.price"), "traits.spend_365d.sum", "'purchase.price'",
     'sum = "purchase.amount"'),
    (without("days = 365"), "traits.spend_365d.days", "window is missing", "days = 365"),
    (instead("days = 365", "days = 0"), "traits.spend_365d.days", "at least 1", ""),
    (instead("days = 365", 'days = 365\ncount = "purchase"'), "traits.spend_365d", "several kinds",
     "exactly one"),
    (instead('age = "birth_date"', ""), "traits.age", "nothing to derive", "exactly one"),
    (instead('age = "birth_date"', 'age = "birthdate"'), "traits.age.age", "no field",
     "'birth_date'"),
    (instead('age = "birth_date"', 'age = "tier"'), "traits.age.age", "not a date",
     'type = "date"'),
    (instead('age = "birth_date"', 'age = "birth_date"\ndays = 1'), "traits.age.days", "no window",
     "remove"),
    # purposes
    (instead('fields = ["tier", "spend', 'fields = ["teir", "spend'), "purposes.offers.fields[0]",
     "no field or trait 'teir'", "'tier'"),
    (instead('"spend_365d", "age"]', '"spend_365d", "tier"]'), "purposes.offers.fields[2]",
     "twice", "once"),
    (instead('fields = ["email", "tier"]', "fields = []"), "purposes.membership.fields",
     "uses no field", "at least one"),
    (without('legal_basis = "consent"'), "purposes.offers.legal_basis", "missing",
     "legitimate_interest"),
    (instead('"consent"', '"concent"'), "purposes.offers.legal_basis", "'concent'", "'consent'"),
    (instead("dpv:ServiceProvision", "ServiceProvision"), "purposes.membership.dpv", "no DPV term",
     "dpv:ServiceProvision"),
    (without('notice.sv = "Erbjudanden."'), "purposes.offers.notice.sv", "no notice",
     'notice.sv = "…"'),
    (instead('notice.en = "Offers."', 'notice.en = "  "'), "purposes.offers.notice.en", "blank",
     ""),
    (instead('"contract"', '"contract"\nvalid_months = 12'), "purposes.membership.valid_months",
     "only a consent runs out", "remove"),
    (instead('"contract"', '"contract"\ndirect_marketing = true'),
     "purposes.membership.direct_marketing", "cannot rest on contract", "of its own"),
    (instead("valid_months = 24", 'valid_months = "24"'), "purposes.offers.valid_months",
     "whole number", ""),
    (instead("valid_months = 24", 'valid_months = 24\nretention = "a while"'),
     "purposes.offers.retention", "'a while'", "24 months"),
    (instead("valid_months = 24", 'valid_months = 24\nname = "Offers"'), "purposes.offers.name",
     "own name", "leave"),
    (instead("[purposes.offers]", "[purposes.Offers]"), "purposes.Offers", "cannot be a name",
     "a to z"),
    # services
    (instead('offers = ["segment"', 'ofers = ["segment"'), "services.offers-engine.ofers",
     "no purpose 'ofers'", "'offers'"),
    (instead('["segment", "read"]', '["segment", "raed"]'), "services.offers-engine.offers[1]",
     "'raed' is no action", "'read'"),
    (instead('["segment", "read"]', '"read"'), "services.offers-engine.offers", "a list",
     "segment"),
    (instead('["enrol", "record"]', '["enrol", "consent"]'), "services.till.membership",
     "nobody is asked", "remove"),
    (also("[services.idle]\n"), "services.idle", "may do nothing", "remove the service"),
    (also('[services."Web shop"]\noffers = ["read"]\n'), "services.Web shop",
     "cannot be a name", "-"),
    # officers
    (instead('"requests", "restrict"', '"requets"'), "officers.privacy_officer.can[0]", "'requets'",
     "'requests'"),
    (instead('"programme", ', ""), "officers", "nobody could apply", "programme"),
    # form
    (instead("[fields.tier]", "[fields.tier"), "line 19, column 13", "not TOML", ""),
    (also('[controller]\nname = "B"\n'), "line ", "not TOML", ""),
    (instead("[retention]", "retention = 3\n[x]"), "controller.retention", "no key", ""),
    ("retention = 3\n" + without("[retention]").replace('default = "24 months"', ""), "retention",
     "must be a table", "[retention]"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "place", "message", "remedy"), MISTAKES)
def test_a_mistake_is_named_with_its_place_and_remedy(
    source: str, place: str, message: str, remedy: str
) -> None:
    errors = check_programme(source).errors
    assert errors, "the mistake went unnoticed"
    matching = [
        one
        for one in errors
        if (one.place == place or (place.endswith(" ") and one.place.startswith(place)))
        and message in one.message
        and remedy in one.remedy
    ]
    assert matching, [str(one) for one in errors]


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (instead('"consent"', '"concent"'), "purposes.offers.legal_basis"),
        (instead('type = "date"', 'type = "dat"'), "fields.birth_date.type"),
        (without('country = "SE"'), "controller.country"),
        (instead('"requests", "restrict"', '"requets"'), "officers.privacy_officer.can[0]"),
        (without('notice.sv = "Erbjudanden."'), "purposes.offers.notice.sv"),
        (instead('["segment", "read"]', '"read"'), "services.offers-engine.offers"),
        (instead('sum = "purchase.amount"', "sum = 3"), "traits.spend_365d.sum"),
        (instead("days = 365", 'days = "year"'), "traits.spend_365d.days"),
        (instead('fields = ["email", "tier"]', 'fields = "email"'), "purposes.membership.fields"),
        (without("[controller]").replace('name = "A', '[controler]\nname = "A'), "controler"),
    ],
)
def test_one_mistake_is_reported_once_and_causes_no_others(source: str, place: str) -> None:
    errors = [one.place for one in check_programme(source).errors]
    if place == "fields.birth_date.type":
        # What is not a date cannot give an age: the one mistake that honestly causes another.
        assert errors == [place, "traits.age.age"]
    elif place == "controler":
        assert errors == [place, "controller"]
    else:
        assert errors == [place]


def test_all_mistakes_are_found_together() -> None:
    spoilt = GOOD.replace('"consent"\n', '"concent"\n', 1).replace("days = 365\n", "", 1)
    spoilt = spoilt.replace('fields = ["tier", "spend', 'fields = ["teir", "spend')
    with pytest.raises(ProgrammeInvalid) as caught:
        read_programme(spoilt)
    places = {problem.place for problem in caught.value.problems}
    assert places == {
        "purposes.offers.legal_basis",
        "purposes.offers.fields[0]",
        "traits.spend_365d.days",
    }
    assert str(caught.value).count("\n") == 2


def test_a_file_that_is_not_text_says_which_byte() -> None:
    (problem,) = check_programme(b'[controller]\nname = "\xff"').errors
    assert problem.place == "byte 22"
    assert "UTF-8" in problem.remedy


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProgrammeInvalid, match=r"nowhere\.toml: the programme file cannot be read"):
        load_programme(tmp_path / "nowhere.toml")


WARNINGS = [
    (said('title.sv = "Nivå"'), "fields.tier.title.en", "no title in this language"),
    (
        instead('notice.en = "Offers."', 'notice.en = "Offers."\ntitle.en = "What we offer"'),
        "purposes.offers.title.sv",
        "no title in this language",
    ),
    (
        said('words.sv = { bronze = "Brons", gold = "Guld" }'),
        "fields.tier.words.en",
        "no words for 'bronze', 'gold' in this language",
    ),
    (
        said('words.sv = { gold = "Guld" }\nwords.en = { gold = "Gold", bronze = "Bronze" }'),
        "fields.tier.words.sv",
        "no words for 'bronze'",
    ),
    (
        instead('notice.en = "Offers."', 'notice.en = "Offers."\nwithout.en = "They stop."'),
        "purposes.offers.without.sv",
        "not told in this language",
    ),
    (
        instead('"For the membership."', '"For the membership."\nwithout.en = "It ends."'),
        "purposes.membership.without",
        "there is no no to it",
    ),
    (also('[fields.shoe]\ncategory = "pd:Height"\n'), "fields.shoe", "no purpose uses it"),
    (also('[traits.last]\nlatest = "purchase.at"\n'), "traits.last", "no purpose uses it"),
    (instead("pd:Purchase", "pd:Tier"), "fields.tier.category", "not among the DPV terms"),
    (instead("dpv:ServiceProvision", "dpv:Membership"), "purposes.membership.dpv", "not among"),
    (without('default = "24 months"'), "purposes.offers.retention", "how long"),
    (
        instead('[services.offers-engine]\noffers = ["segment", "read"]', "").replace(
            'offers = ["consent"]', ""
        ),
        "purposes.offers",
        "no service",
    ),
]


@pytest.mark.parametrize(("source", "place", "message"), WARNINGS)
def test_what_a_lawyer_would_ask_about_is_a_warning(source: str, place: str, message: str) -> None:
    checked = check_programme(source)
    assert checked.errors == ()
    assert checked.programme is not None
    assert [one for one in checked.warnings if one.place == place and message in one.message]


def test_words_for_every_value_in_every_language_raise_no_doubt() -> None:
    """Neither do those in a language that is not served yet."""
    both = 'bronze = "B", gold = "G"'
    source = said("\n".join(f"words.{one} = {{ {both} }}" for one in ("sv", "en", "fi")))
    assert check_programme(source).warnings == ()
    words = read_programme(source).fields["tier"].words
    assert words["sv"] == {"bronze": "B", "gold": "G"}


def test_a_birth_date_used_only_through_the_age_is_used() -> None:
    assert "birth_date" not in {
        field for one in read_programme(GOOD).purposes.values() for field in one.fields
    }
    assert check_programme(GOOD).warnings == ()


def test_no_key_of_a_table_is_ignored() -> None:
    for table in ("controller", "fields.tier", "traits.age", "purposes.offers", "retention",
                  "officers.privacy_officer"):  # fmt: skip
        errors = check_programme(instead(f"[{table}]", f"[{table}]\nunheard_of = 1")).errors
        assert [one.place for one in errors] == [f"{table}.unheard_of"]


LIMITS = [
    ("a = " + "[" * 5000 + "]" * 5000, "", "too deep"),
    ("a = " + "{a=" * 3000 + "1" + "}" * 3000, "", "too deep"),
    (also("[services.x]\noffers = " + "[" * 20 + "]" * 20), "services.x.offers", "too deep"),
    (also("[purposes.x]\n" + ".".join(["a"] * 5000) + " = 1\n"), "line 55", "in a row"),
    (also("[" + ' . "a"' * 40 + "]\n").replace("[ . ", "["), "line 54", "in a row"),
    (also("[" + ".".join(["a"] * 20) + "]\n"), "a.a.a.a", "too deep"),
    (instead("days = 365", "days = " + "9" * 5000), "", "64 bits"),
    (instead("days = 365", "days = " + "9" * 30), "traits.spend_365d.days", "64 bits"),
    (also("[services.x]\noffers = [0x" + "f" * 9000 + "]\n"), "services.x.offers[0]", "64 bits"),
    (instead('"consent"', "0x" + "f" * 9000), "purposes.offers.legal_basis", "64 bits"),
    (also("[purposes." + "a" * 201 + "]\n"), "purposes", "more than 200"),
    ("a = '\ud800'", "byte 6", "not UTF-8"),
    ("#" * (LARGEST + 1), "", "larger than"),
]


@pytest.mark.parametrize(("source", "place", "message"), LIMITS, ids=range(len(LIMITS)))
def test_a_file_that_nobody_would_write_is_refused_in_words(
    source: str, place: str, message: str
) -> None:
    checked = check_programme(source)
    assert checked.programme is None
    assert message in checked.errors[0].message
    assert checked.errors[0].place.startswith(place)
    assert bool(checked.errors[0].place) == bool(place)


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    path = tmp_path / "programme.toml"
    path.write_text(GOOD + "#" * (LARGEST - len(GOOD.encode())))
    assert load_programme(path).controller.name == "A club"
    path.write_text(path.read_text() + "#")
    with pytest.raises(ProgrammeInvalid, match="larger than"):
        load_programme(path)


@pytest.mark.parametrize("escaped", ["u202A", "u202E", "u2066", "u2069", "u0000", "u001B", "u0085"])
@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('name = "A club"', "controller.name"),
        ('notice.en = "Offers."', "purposes.offers.notice.en"),
        ('values = ["bronze"', "fields.tier.values[0]"),
    ],
)
def test_a_character_that_hides_or_turns_what_members_read_is_a_mistake(
    escaped: str, line: str, place: str
) -> None:
    errors = check_programme(instead(line, f"{line[:-1]}\\{escaped}{line[-1]}")).errors
    assert [one.place for one in errors] == [place]
    assert f"U+{escaped[1:]}" in errors[0].message


def test_a_key_is_not_repeated_with_what_would_turn_the_report() -> None:
    (problem,) = check_programme(also('[purposes."a\u202e"]\n')).errors
    assert problem.place == "purposes"
    assert "U+202E" in str(problem)
    assert "\u202e" not in str(problem)


def test_a_notice_may_have_lines_tabs_and_any_script() -> None:
    text = "Rad ett.\\n\\tÅ\u200fעברית 👩\u200d🌾"
    assert check_programme(instead('notice.en = "Offers."', f'notice.en = "{text}"')).errors == ()


def test_of_very_many_mistakes_the_first_are_told_and_that_there_are_more() -> None:
    in_form = also("".join(f"[purposes.p{i}]\nlegal_basis = 'consent'\n" for i in range(3000)))
    unknown = ", ".join(f'"spend_{i}"' for i in range(20_000))
    in_names = instead('fields = ["email", "tier"]', f"fields = [{unknown}]")
    for source, first in ((in_form, "purposes.p0.dpv"), (in_names, "purposes.membership.fields")):
        started = time.process_time()
        errors = check_programme(source).errors
        assert len(errors) == MOST + 1
        assert errors[0].place.startswith(first)
        assert "more mistakes" in errors[-1].message
        assert time.process_time() - started < 4, "the work grows with the square of the mistakes"


def test_a_long_list_of_values_is_checked_once_through() -> None:
    values = ", ".join(f'"v{i}"' for i in range(20_000))
    source = instead('["bronze", "gold"]', f'[{values}, "v7"]')
    started = time.process_time()
    (problem,) = check_programme(source).errors
    assert problem.place == "fields.tier.values[20000]"
    assert time.process_time() - started < 2


def test_the_nearest_of_very_many_names_is_looked_for_among_those_that_begin_alike() -> None:
    names = [f"{letter}{i}" for letter in "abc" for i in range(1000)]
    assert did_you_mean("tiers", [*names, "tier"]) == "did you mean 'tier'?"
    assert did_you_mean("t" * 10_000, [*names, "tier"]) == ""


@pytest.mark.parametrize("zone", ["America/Argentina/Mendoza", "Asia/Tokyo", "Australia/Hobart"])
def test_the_nearest_of_all_time_zones_is_found(zone: str) -> None:
    (problem,) = check_programme(instead('"SE"', f'"SE"\ntimezone = "{zone[:-1]}"')).errors
    assert zone in problem.remedy
