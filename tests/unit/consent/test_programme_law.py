"""What a privacy lawyer would find in a programme is found, and nothing else is."""

import re
from pathlib import Path

import pytest

from consent.programme import check_programme
from consent.programme.vocabulary import CRIMINAL, SPECIAL

CLUB = (Path(__file__).parents[3] / "examples" / "fjallklubben.toml").read_text()
SHOP = (Path(__file__).parents[3] / "examples" / "online_retail_programme.toml").read_text()
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


def about(category: str, purpose: str) -> str:
    """The club, with a field of that category used in a purpose."""
    return using_health(purpose).replace('"pd:Health"', f'"{category}"')


def as_(dpv: str, *lines: str) -> str:
    """The club, with its newsletter called that, and not yet said to be direct marketing."""
    text = in_purpose("newsletter", "\n".join(lines), "direct_marketing = true")
    text = text.replace('profiles_for = ["newsletter"]', "profiles_for = []")
    return text.replace('dpv = "dpv:DirectMarketing"', f'dpv = "{dpv}"')


def by(*channels: str, basis: str = "legitimate_interest") -> str:
    """The club, with its letter sent that way on an interest that was weighed."""
    said = ", ".join(f'"{one}"' for one in channels)
    lines = f'legal_basis = "{basis}"\nbalancing_test = "B"\nchannels = [{said}]'
    old = 'channels = ["email", "sms", "app"]'
    start = CLUB.index("[purposes.newsletter]\n")
    text = in_purpose("newsletter", lines, old)
    return text[:start] + text[start:].replace('\nlegal_basis = "consent"', "", 1)


def partner(**keys: str) -> str:
    """The club, with its joint controller elsewhere and no recipient of data by itself."""
    start = CLUB.index("[recipients.tindeblikk]")
    text = CLUB[:start] + CLUB[CLUB.index("[recipients.hosting]") :]
    lines = "".join(f'{key} = "{one}"\n' for key, one in keys.items())
    head = '[controllers.tindeblikk]\nname = "Tindeblikk Reiser AS"\n'
    assert f'{head}country = "NO"\n' in text
    return text.replace(f'{head}country = "NO"\n', f"{head}{lines}")


def in_the_us(**keys: str) -> str:
    """The shop, run from the United States and hosted there."""
    lines = "".join(f'{key} = "{one}"\n' for key, one in keys.items())
    text = SHOP.replace('country = "GB"', 'country = "US"')
    return text.replace('role = "processor"\n', f'role = "processor"\n{lines}')


def explicitly(source: str) -> str:
    """The programme with a newsletter that members are asked for explicitly."""
    head = "[purposes.newsletter]\n"
    assert head in source
    return source.replace(head, f"{head}explicit = true\n", 1)


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
    (about("pd:DrugTestResult", "membership"), "purposes.membership.legal_basis", "special"),
    (about("pd:FamilyHealthHistory", "newsletter"), "purposes.newsletter.explicit", "Art. 9(2)(a)"),
    (about("pd:Ethnicity", "newsletter"), "purposes.newsletter.explicit", "Art. 9(2)(a)"),
    # convictions and offences (Art. 10)
    (explicitly(about("pd:CriminalConviction", "newsletter")), "purposes.newsletter.legal_basis",
     "whatever members agree to"),
    (about("pd:CriminalPardon", "assortment_insight"), "purposes.assortment_insight.legal_basis",
     "Art. 10"),
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
    (as_("dpv:DirectMarketing"), "purposes.newsletter.direct_marketing", "would not stop it"),
    (as_("dpv:Marketing"), "purposes.newsletter.direct_marketing", "would not stop it"),
    (as_("dpv:TargetedAdvertising"), "purposes.newsletter.direct_marketing", "would not stop it"),
    (spoilt(('dpv = "dpv:FulfilmentOfContractualObligation"', 'dpv = "dpv:Advertising"')),
     "purposes.membership.direct_marketing", "cannot rest on contract"),
    (spoilt(('dpv = "dpv:LegalCompliance"', 'dpv = "dpv:DirectMarketing"')),
     "purposes.bookkeeping.direct_marketing", "cannot rest on legal_obligation"),
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
    (recipient(country="IN", safeguard="explicit_consent", safeguard_reference="x"),
     "recipients.other.safeguard", "not asked for explicit consent to newsletter"),
    (partner(country="US"), "controllers.tindeblikk.safeguard", "Data Privacy Framework only"),
    (partner(country="IN", safeguard="adequacy"), "controllers.tindeblikk.safeguard",
     "no adequacy decision"),
    (partner(country="NO", safeguard="scc"), "controllers.tindeblikk.safeguard",
     "does not leave home"),
    (partner(country="IN", safeguard="explicit_consent"), "controllers.tindeblikk.safeguard",
     "not asked for explicit consent to partner_offers"),
    (partner(country="IN", safeguard="trust"), "controllers.tindeblikk.safeguard", "'trust'"),
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
    (about("pd:CriminalOffense", "bookkeeping"), "purposes.bookkeeping.dpia", "convictions"),
    (as_("dpv:PersonalisedBenefits"), "purposes.newsletter.direct_marketing", "Art. 21(2)"),
    (by("sms", "email"), "purposes.newsletter.legal_basis", "by sms, email needs consent"),
    (by("app", "post"), "purposes.newsletter.legal_basis", "by app needs consent"),
    (by("phone"), "purposes.newsletter.legal_basis", "Art. 13(3)"),
    (CLUB.replace('retention = "12 months"\nnotice.sv = """\nOm', 'notice.sv = """\nOm').replace(
        'default = "36 months"', 'default = "364 days"'
     ), "purposes.partner_offers.retention", "kept for 364 days"),
    (in_purpose("newsletter", "valid_months = 36"), "purposes.newsletter.retention",
     "a consent holds for 36 months"),
    (spoilt(('category = "pd:Interest"', 'category = "pd:Interest"\nsensitivity = "sensitive"')),
     "purposes.newsletter.dpia", "sensitive field"),
    (spoilt(('partner_offers = ["segment", "read", "contact", "consent"]',
             'partner_offers = ["segment", "read", "consent"]')),
     "purposes.partner_offers.channels", "no service may contact"),
    (spoilt(('"email", "phone", "interests"]', '"email", "interests"]')),
     "purposes.newsletter.channels", "reach members by sms"),
    (spoilt(('controllers = ["tindeblikk"]\n', "")), "controllers.tindeblikk", "no purpose names"),
    (explicitly(recipient(country="IN", safeguard="explicit_consent", safeguard_reference="x")),
     "recipients.other.safeguard", "now and then"),
    (partner(country="IN", safeguard="bcr"), "controllers.tindeblikk.safeguard_reference", "copy"),
    (re.sub("representative = .*", "", SHOP), "controller.representative", "Art"),
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
    partner(country="CH"),
    partner(country="IN", safeguard="scc", safeguard_reference="the clauses of 2026"),
    CLUB.replace(
        'AS"\ncountry = "NO"\nrole',
        'AS"\ncountry = "US"\nsafeguard = "scc"\nsafeguard_reference = "C"\nrole',
    ).replace('AS"\ncountry = "NO"', 'AS"\ncountry = "US"'),
    in_the_us(),
    in_the_us(safeguard="scc", safeguard_reference="the clauses of 2026"),
    as_("dpv:PersonalisedBenefits", "direct_marketing = true"),
    in_purpose("newsletter", "valid_months = 24"),
    CLUB.replace('retention = "12 months"\nnotice.sv = """\nOm', 'notice.sv = """\nOm').replace(
        'default = "36 months"', 'default = "365 days"'
    ),
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


def test_a_letter_by_post_needs_no_consent() -> None:
    warned = {one.place for one in check_programme(by("post")).warnings}
    assert "purposes.newsletter.legal_basis" not in warned


def test_a_joint_controller_that_is_a_recipient_elsewhere_is_asked_for_its_own_safeguard() -> None:
    text = CLUB.replace('AS"\ncountry = "NO"\ncontact', 'AS"\ncountry = "US"\ncontact')
    assert text != CLUB
    assert [one.place for one in check_programme(text).errors] == [
        "controllers.tindeblikk.safeguard"
    ]


@pytest.mark.parametrize("term", sorted(CRIMINAL | SPECIAL))
def test_what_is_special_or_about_crime_is_known_and_stops_a_contract(term: str) -> None:
    (problem,) = check_programme(about(term, "membership")).errors
    assert problem.place == "purposes.membership.legal_basis"


@pytest.mark.parametrize("term", sorted(CRIMINAL))
def test_a_law_may_ask_for_data_about_crime(term: str) -> None:
    assert check_programme(about(term, "bookkeeping")).errors == ()


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
