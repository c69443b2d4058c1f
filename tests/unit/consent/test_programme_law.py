"""What a privacy lawyer would find in a programme is found, and nothing else is."""

import re
from pathlib import Path

import pytest

from consent.programme import check_programme

CLUB = (Path(__file__).parents[3] / "examples" / "fjallklubben.toml").read_text()
HEALTH = '\n[fields.allergies]\ncategory = "pd:Health"\n'


def spoilt(*edits: tuple[str, str]) -> str:
    text = CLUB
    for was, will in edits:
        assert was in text, was
        text = text.replace(was, will, 1)
    return text


def in_purpose(name: str, lines: str, *without: str) -> str:
    """The club's programme with lines put into one purpose, and others taken from it."""
    start = CLUB.index(f"[purposes.{name}]\n")
    end = CLUB.index("\n[", start + 1)
    table = CLUB[start:end]
    for line in without:
        assert f"{line}\n" in table, line
        table = table.replace(f"{line}\n", "", 1)
    head, _, tail = table.partition("\n")
    return CLUB[:start] + f"{head}\n{lines}\n{tail}" + CLUB[end:]


def recipient(**keys: str) -> str:
    said = {"name": "Other", "country": "SE", "role": "processor", "contact": "a@other.example"}
    lines = [f'{key} = "{one}"' for key, one in (said | keys).items()]
    return CLUB + "\n[recipients.other]\n" + 'purposes = ["newsletter"]\n' + "\n".join(lines)


def using_health(purpose: str, *edits: tuple[str, str]) -> str:
    start = CLUB.index(f"[purposes.{purpose}]")
    text = CLUB[:start] + CLUB[start:].replace("fields = [", 'fields = ["allergies", ', 1) + HEALTH
    for was, will in edits:
        assert was in text[start:]
        text = text[:start] + text[start:].replace(was, will, 1)
    return text


DIGEST = "ab" * 32

ERRORS = [
    # special categories (Art. 9)
    (using_health("membership"), "purposes.membership.legal_basis", "cannot rest on contract"),
    (using_health("newsletter"), "purposes.newsletter.explicit", "Art. 9(2)(a)"),
    (in_purpose("membership", "explicit = true"), "purposes.membership.explicit", "only a consent"),
    # the form of consent
    (in_purpose("bookkeeping", "double_opt_in = true"), "purposes.bookkeeping.double_opt_in",
     "only a consent"),
    (in_purpose("personalised_offers", "double_opt_in = true"),
     "purposes.personalised_offers.double_opt_in", "no channel"),
    (in_purpose("partner_offers", 'channels = ["phone"]', 'channels = ["email"]'),
     "purposes.partner_offers.double_opt_in", "no channel"),
    (in_purpose("newsletter", "remind_days = 30"), "purposes.newsletter.remind_days",
     "nothing runs out"),
    (in_purpose("newsletter", "remind_days = 28\nvalid_months = 1"),
     "purposes.newsletter.remind_days", "before the consent is given"),
    (in_purpose("newsletter", f'corrects = ["{DIGEST[:-1]}"]'), "purposes.newsletter.corrects[0]",
     "no SHA-256"),
    (in_purpose("newsletter", f'corrects = ["{DIGEST}", "{DIGEST}"]'),
     "purposes.newsletter.corrects[1]", "twice"),
    (in_purpose("newsletter", 'basis_changed = " "'), "purposes.newsletter.basis_changed", "blank"),
    # marketing and profiling
    (in_purpose("newsletter", 'profiles_for = ["newsleter"]'),
     "purposes.newsletter.profiles_for[0]", "no purpose"),
    (in_purpose("newsletter", 'profiles_for = ["membership"]'),
     "purposes.newsletter.profiles_for[0]", "no direct marketing"),
    (in_purpose("newsletter", 'profiles_for = ["newsletter"]'),
     "purposes.newsletter.profiles_for[0]", "stops itself"),
    (spoilt(('profiles_for = ["newsletter"]', 'profiles_for = ["newsletter", "newsletter"]')),
     "purposes.partner_offers.profiles_for[1]", "twice"),
    # channels
    (spoilt(('["email", "sms", "app"]', '["email", "sms", "email"]')),
     "purposes.newsletter.channels[2]", "twice"),
    (spoilt(('["email", "sms", "app"]', '["email", "fax"]')), "purposes.newsletter.channels[1]",
     "'fax' is not known"),
    (spoilt(('bookkeeping = ["read"]', 'bookkeeping = ["contact"]')),
     "services.ledger-export.bookkeeping", "no channel"),
    # who is involved
    (spoilt(('controllers = ["tindeblikk"]', 'controllers = ["tindeblick"]')),
     "purposes.partner_offers.controllers[0]", "no joint controller"),
    (spoilt(('controllers = ["tindeblikk"]', 'controllers = ["tindeblikk", "tindeblikk"]')),
     "purposes.partner_offers.controllers[1]", "twice"),
    (spoilt(('arrangement = "https://', 'arrangement = "http://')),
     "controllers.tindeblikk.arrangement", "another form"),
    (spoilt(('name = "Tindeblikk Reiser AS"', 'name = "Fjällklubben AB"')),
     "controllers.tindeblikk.name", "own controller"),
    (spoilt(('contact = "dpo@fjallklubben.example"', 'contact = "upstairs"')), "dpo.contact",
     "nobody could be reached"),
    (spoilt(('contact = "dpo@fjallklubben.example"\n', "")), "dpo.contact", "missing"),
    (recipient(country="XX"), "recipients.other.country", "no country code"),
    (recipient(contact="the back door"), "recipients.other.contact", "nobody could be reached"),
    (recipient(role="helper"), "recipients.other.role", "'helper' is not known"),
    (recipient(role="joint_controller"), "recipients.other.role", "Art. 26"),
    (recipient(nmae="x"), "recipients.other.nmae", "no key"),
    (recipient().replace('["newsletter"]\nname', '["letter", "newsletter"]\nname'),
     "recipients.other.purposes[0]", "no purpose 'letter'"),
    (recipient().replace('["newsletter"]\nname', '["newsletter", "newsletter"]\nname'),
     "recipients.other.purposes[1]", "twice"),
    (recipient().replace('["newsletter"]\nname', "[]\nname"), "recipients.other.purposes",
     "for nothing"),
    # transfers (Arts. 44 to 49)
    (recipient(country="IN"), "recipients.other.safeguard", "does not exist"),
    (recipient(country="US"), "recipients.other.safeguard", "Data Privacy Framework only"),
    (recipient(country="IN", safeguard="adequacy"), "recipients.other.safeguard",
     "no adequacy decision"),
    (recipient(country="NO", safeguard="scc"), "recipients.other.safeguard", "does not leave home"),
    (recipient(country="US", safeguard="trust"), "recipients.other.safeguard", "'trust'"),
    # children (Art. 8)
    (CLUB.replace('country = "SE" ', 'country = "DK" ', 1) + "\n[children]\nage_of_consent = 13\n",
     "children.age_of_consent", "the law of DK says 15"),
    (CLUB + "\n[children]\nage_of_consent = 12\n", "children.age_of_consent", "at least 13"),
    (spoilt(('category = "pd:BirthDate"', 'category = "pd:Age"')) + "\n[children]\nadmitted = true",
     "children.admitted", "no field tells"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "place", "message"), ERRORS)
def test_what_the_law_forbids_is_a_mistake(source: str, place: str, message: str) -> None:
    (problem,) = check_programme(source).errors
    assert (problem.place, message in problem.message) == (place, True), problem


WARNINGS = [
    (CLUB.replace('balancing_test = "Balancing test 2026-1"\n', ""),
     "purposes.assortment_insight.balancing_test", "weighed"),
    (in_purpose("newsletter", 'balancing_test = "T"'), "purposes.newsletter.balancing_test",
     "nothing is weighed"),
    (CLUB.replace('dpia = "DPIA 2026-1, section 3"\n', ""), "purposes.partner_offers.dpia",
     "profiles members for marketing"),
    (CLUB.replace('dpia = "DPIA 2026-1, section 2"\n', ""), "purposes.personalised_offers.dpia",
     "picks members for marketing"),
    (using_health("newsletter", ("direct_marketing", "explicit = true\ndirect_marketing")),
     "purposes.newsletter.dpia", "special category"),
    (spoilt(('category = "pd:Interest"', 'category = "pd:Interest"\nsensitivity = "sensitive"')),
     "purposes.newsletter.dpia", "sensitive field"),
    (spoilt(('["segment", "read", "contact"]\n\n[services.newsletter]',
             '["segment", "read"]\n\n[services.newsletter]')),
     "purposes.partner_offers.channels", "no service may contact"),
    (spoilt(('"email", "phone", "interests"]', '"email", "interests"]')),
     "purposes.newsletter.channels", "reach members by sms"),
    (spoilt(('controllers = ["tindeblikk"]\n', "")), "controllers.tindeblikk", "no purpose names"),
    (recipient(country="IN", safeguard="explicit_consent", safeguard_reference="x"),
     "recipients.other.safeguard", "now and then"),
    (recipient(country="IN", safeguard="scc"), "recipients.other.safeguard_reference",
     "Art. 13(1)(f)"),
    (recipient(country="US", safeguard="adequacy"), "recipients.other.safeguard_reference", "copy"),
    (CLUB.replace(
        'country = "SE" ', 'country = "DE"\ntimezone = "Europe/Berlin"\ncurrency = "EUR"\n', 1
     ) + "\n[children]\nage_of_consent = 14\n", "children.age_of_consent", "not known here"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "place", "message"), WARNINGS)
def test_what_a_lawyer_would_ask_about_is_a_warning(source: str, place: str, message: str) -> None:
    checked = check_programme(source)
    assert checked.errors == ()
    (problem,) = [one for one in checked.warnings if one.place == place]
    assert message in problem.message


FINE = [
    recipient(country="CH"),
    recipient(country="GB"),
    recipient(country="US", safeguard="adequacy", safeguard_reference="its certificate"),
    recipient(country="IN", safeguard="bcr", safeguard_reference="the rules of 2025"),
    CLUB + "\n[children]\nadmitted = true\nage_of_consent = 16\n",
    in_purpose("newsletter", f'corrects = ["{DIGEST}"]'),
    in_purpose("newsletter", "remind_days = 27\nvalid_months = 1"),
    using_health(
        "newsletter", ("direct_marketing", 'explicit = true\ndpia = "D"\ndirect_marketing')
    ),
]


@pytest.mark.parametrize("source", FINE)
def test_what_the_law_allows_passes_without_a_word(source: str) -> None:
    checked = check_programme(source)
    assert (checked.errors, checked.warnings) == ((), ())


def test_a_country_s_own_company_is_no_transfer_even_outside_the_area() -> None:
    shop = (Path(__file__).parents[3] / "examples/online_retail_programme.toml").read_text()
    assert check_programme(shop).errors == ()
    abroad = check_programme(shop.replace('country = "GB"\nrole', 'country = "IN"\nrole'))
    assert [one.place for one in abroad.errors] == ["recipients.hosting.safeguard"]


def test_a_birth_date_that_tells_who_is_a_child_is_used() -> None:
    text = re.sub(r'"phone", "birth_date", ', '"phone", ', CLUB)
    text = text.replace('[traits.age]\nage = "birth_date"\n', "")
    text = text.replace('"country", "age",\n', '"country",\n').replace(', "age", ', ", ")
    assert [one.place for one in check_programme(text).warnings] == ["fields.birth_date"]
    assert check_programme(text + "\n[children]\nadmitted = true\n").warnings == ()
