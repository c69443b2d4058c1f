"""Applying a programme shows what it changes, and what follows for members."""

import re
from pathlib import Path

import pytest

from consent.footing import footing
from consent.programme import LegalBasis, read_programme
from consent.programme.difference import Change, Kind, difference

# Without the words for interests, so that a test can take one interest away.
CLUB = re.sub(
    r"(?m)^words\.\w+\.\w+ = .*\n",
    "",
    (Path(__file__).parents[3] / "examples" / "fjallklubben.toml").read_text(),
)


def changes(*edits: tuple[str, str]) -> list[Change]:
    text = CLUB
    for was, will in edits:
        assert was in text
        text = text.replace(was, will, 1)
    return difference(read_programme(CLUB), read_programme(text))


def test_a_programme_does_not_differ_from_itself() -> None:
    assert changes() == []


def test_writing_the_same_in_another_way_is_no_change() -> None:
    assert changes(
        ('country = "SE" ', 'country = "SE"\ntimezone = "Europe/Stockholm"\ncurrency = "SEK" '),
        ('fields = ["member_number", "name", "email", "phone", "interests"]',
         'fields = ["name", "interests", "phone", "email", "member_number"]'),
        ('channels = ["email", "sms", "app"]', 'channels = ["app", "sms", "email"]'),
        ('"pd:EmailAddress"\nlookup = true', '"pd:EmailAddress"\nlookup = "email"'),
        ('offers = ["segment", "read"]', 'offers = ["read", "segment", "preview"]'),
    ) == []  # fmt: skip


def test_the_first_programme_adds_everything() -> None:
    programme = read_programme(CLUB)
    found = difference(None, programme)
    assert {one.kind for one in found} == {Kind.ADDED}
    places = {one.place for one in found}
    assert {f"purposes.{name}" for name in programme.purposes} <= places
    assert {f"services.{name}" for name in programme.services} <= places
    assert {f"fields.{name}" for name in programme.fields} <= places
    assert "controller.name" in places


ONE_CHANGE = [
    ('"phone", "interests"]', '"phone"]', "purposes.newsletter.fields", Kind.REMOVED,
     ("interests", ""), "interests may no longer be used for it"),
    ('"phone", "interests"]', '"phone", "interests", "tier"]', "purposes.newsletter.fields",
     Kind.ADDED, ("", "tier"), "tier may now be used"),
    ('legal_basis = "legitimate_interest"', 'legal_basis = "consent"',
     "purposes.assortment_insight.legal_basis", Kind.CHANGED, ("legitimate_interest", "consent"),
     "until they consent"),
    ("once a month, with ideas", "once a week, with ideas", "purposes.newsletter.notice.en",
     Kind.CHANGED, (None, None), "the new text"),
    ("With a no it stops.", "With a no it ends.", "purposes.newsletter.without.en",
     Kind.CHANGED, (None, None), "what they have answered stands"),
    ("valid_months = 24", "valid_months = 12", "purposes.personalised_offers.valid_months",
     Kind.CHANGED, ("24", "12"),
     "from now on hold for 12 months; those given before keep their term"),
    ("valid_months = 24", "valid_months = 36", "purposes.personalised_offers.valid_months",
     Kind.CHANGED, ("24", "36"),
     "from now on hold for 36 months; those given before keep their term"),
    ("valid_months = 12\nremind_days = 30\n", "valid_months = 12\n",
     "purposes.partner_offers.remind_days", Kind.REMOVED, ("30", ""), "nobody is reminded"),
    ('newsletter = ["segment", "read", "contact", "consent"]',
     'newsletter = ["segment", "contact", "consent"]',
     "services.newsletter.newsletter", Kind.REMOVED, ("read", ""),
     "newsletter may no longer read the purpose's fields"),
    ('assortment_insight = ["preview"]', 'assortment_insight = ["preview", "read"]',
     "services.analytics.assortment_insight", Kind.ADDED, ("", "read"),
     "analytics may now read the purpose's fields for assortment_insight"),
    ('\n[services.ledger-export]\nbookkeeping = ["read"]', "", "services.ledger-export",
     Kind.REMOVED, ("bookkeeping: read", ""), "refused"),
    ('"cycling", "camping"]', '"cycling"]', "fields.interests.values", Kind.REMOVED,
     ("camping", ""), "refused"),
    ('sv = "Din nivå"', 'sv = "Nivån"', "fields.tier.title.sv", Kind.CHANGED,
     ("Din nivå", "Nivån"), "members read it so"),
    (', en = "Our newsletter" }', ' }', "purposes.newsletter.title.en", Kind.REMOVED,
     ("Our newsletter", ""), "members read it so"),
    ('gold = "Guld"', 'gold = "Gyllene"', "fields.tier.words.sv.gold", Kind.CHANGED,
     ("Guld", "Gyllene"), "members read it so"),
    (', gold = "Gull" }', ' }', "fields.tier.words.nb.gold", Kind.REMOVED, ("Gull", ""),
     "members read it so"),
    ("days = 365", "days = 30", "traits.orders_365d.days", Kind.CHANGED, ("365", "30"),
     "old window"),
    ('name = "Fjällklubben AB"', 'name = "Fjällklubben Norden AB"', "controller.name",
     Kind.CHANGED, ("Fjällklubben AB", "Fjällklubben Norden AB"), "new controller"),
    ('default = "36 months"', 'default = "24 months"', "retention.default", Kind.CHANGED,
     ("36 months", "24 months"), "told how long"),
    ('"dpo@fjall', '"officer@fjall', "dpo.contact", Kind.CHANGED, (None, None), "Art. 37(7)"),
    ('"sms", "app"]', '"app"]', "purposes.newsletter.channels", Kind.REMOVED, ("sms", ""),
     "no longer be reached by sms"),
    ('"sms", "app"]', '"sms", "app", "phone"]', "purposes.newsletter.channels", Kind.ADDED,
     ("", "phone"), "may be reached by phone"),
    ('profiles_for = ["newsletter"]', 'profiles_for = ["newsletter", "personalised_offers"]',
     "purposes.partner_offers.profiles_for", Kind.ADDED, ("", "personalised_offers"),
     "an objection to personalised_offers now stops it"),
    ("double_opt_in = true\n", "", "purposes.partner_offers.double_opt_in", Kind.CHANGED,
     ("true", "false"), "without being confirmed"),
    ('country = "FI"', 'country = "CH"', "recipients.hosting.country", Kind.CHANGED,
     ("FI", "CH"), "data goes to CH"),
    ('purposes = ["bookkeeping"]', 'purposes = ["bookkeeping", "membership"]',
     "recipients.auditor.purposes", Kind.ADDED, ("", "membership"), "receives data for membership"),
    ('safeguard = "scc"', 'safeguard = "bcr"', "recipients.app-messages.safeguard", Kind.CHANGED,
     ("scc", "bcr"), "what the transfer rests on"),
    ('[retention]', '[children]\nadmitted = true\n[retention]', "children.admitted", Kind.CHANGED,
     ("false", "true"), "needs a guardian's word"),
    ('[retention]', '[children]\nage_of_consent = 15\n[retention]', "children.age_of_consent",
     Kind.CHANGED, ("13", "15"), "members under 15"),
    ('"pd:Name"', '"pd:Name"\nsensitivity = "sensitive"', "fields.name.sensitivity", Kind.CHANGED,
     ("normal", "sensitive"), "impact assessment"),
]  # fmt: skip


@pytest.mark.parametrize("case", ONE_CHANGE)
def test_a_change_is_shown_with_what_follows(
    case: tuple[str, str, str, Kind, tuple[str | None, str | None], str],
) -> None:
    was, will, place, kind, values, follows = case
    (change,) = changes((was, will))
    assert (change.place, change.kind) == (place, kind)
    if values != (None, None):
        assert (change.before, change.after) == values
    assert follows in change.consequence
    line = str(change)
    assert "\n" not in line
    assert line.startswith(f"{ {'added': '+', 'removed': '-', 'changed': '~'}[kind] } {place}: ")


def test_a_removed_purpose_is_one_change_and_nobody_may_use_it() -> None:
    start, end = CLUB.index("[purposes.bookkeeping]"), CLUB.index("# Who may do what.")
    text = CLUB[:start] + CLUB[end:].replace(
        '[services.ledger-export]\nbookkeeping = ["read"]\n', ""
    )
    start, end = text.index("[recipients.auditor]"), text.index("# What is stored")
    text = (text[:start] + text[end:]).replace('    "bookkeeping",\n', "")
    text = re.sub(r'\nbookkeeping = "bookkeeping" .*', "", text)
    found = {one.place: one for one in difference(read_programme(CLUB), read_programme(text))}
    assert found.keys() == {
        "purposes.bookkeeping",
        "services.ledger-export",
        "recipients.auditor",
        "recipients.hosting.purposes",
        "requests.bookkeeping",
    }
    assert "nobody may be used for it any more" in found["purposes.bookkeeping"].consequence


@pytest.mark.parametrize(
    ("basis", "follows"),
    [
        ("legitimate_interest", "who said no stays out; everybody else may be used for it"),
        ("contract", "every member may be used for it, also who said no"),
        ("legal_obligation", "every member may be used for it, also who said no"),
    ],
)
def test_moving_away_from_consent_says_who_may_be_used_then(basis: str, follows: str) -> None:
    found = {
        one.place: one
        for one in changes(
            ('"consent"\ndpv = "dpv:PersonalisedBenefits"',
             f'"{basis}"\ndpv = "dpv:PersonalisedBenefits"'),
            ("valid_months = 24\nremind_days = 30\ndirect_marketing = true\n", ""),
            ("personalised_offers = [\"consent\"]\n", ""),
        )
    }  # fmt: skip
    assert follows in found["purposes.personalised_offers.legal_basis"].consequence


ASKED_AGAIN = [
    ('"phone", "interests"]', '"phone", "interests", "tier"]'),
    ("once a month, with ideas", "once a week, with ideas"),
    ('dpv = "dpv:DirectMarketing"', 'dpv = "dpv:Advertising"'),
    ("channels = [", 'controllers = ["tindeblikk"]\nchannels = ['),
    ("channels = [", "explicit = true\nchannels = ["),
]
STANDING = [
    ("With a no it stops.", "With a no it ends."),
    ('"phone", "interests"]', '"phone"]'),
    ('controllers = ["tindeblikk"]\n', ""),
    ('["email", "sms", "app"]', '["email"]'),
    ("valid_months = 24", "valid_months = 12"),
    ("Vi räknar på", "Vi räknar nu på"),  # nobody consents to that purpose
]


@pytest.mark.parametrize("edit", [*ASKED_AGAIN, *STANDING])
def test_a_change_says_that_members_are_asked_again_when_a_consent_covers_it_no_more(
    edit: tuple[str, str],
) -> None:
    old, new = read_programme(CLUB), read_programme(CLUB.replace(*edit, 1))
    says_so = any("must be asked again" in one.consequence for one in difference(old, new))
    assert says_so == (edit in ASKED_AGAIN)
    # The same as what decides: are the terms of a consent given before still accepted?
    lost = {
        name
        for name, purpose in old.purposes.items()
        for language in purpose.notice
        if purpose.legal_basis is LegalBasis.CONSENT
        and purpose.terms(purpose.notice_digest(language)) not in footing(new, name, [old]).accepted
    }
    assert bool(lost) == says_so


def test_a_corrected_notice_asks_nobody_again() -> None:
    was = read_programme(CLUB).purpose("newsletter").notice_digest("en").hex()
    head = "[purposes.newsletter]\n"
    found = {
        one.place: one.consequence
        for one in changes(
            ("once a month, with ideas", "once a month with ideas"),
            (head, f'{head}corrects = ["{was}"]\n'),
        )
    }
    assert "given under the old one stand" in found["purposes.newsletter.notice.en"]
    assert not any("asked again" in one for one in found.values())


def test_recipients_and_controllers_are_added_and_removed_as_a_whole() -> None:
    start, end = CLUB.index("[recipients.auditor]"), CLUB.index("# What is stored")
    (gone,) = difference(read_programme(CLUB), read_programme(CLUB[:start] + CLUB[end:]))
    assert (gone.place, gone.kind) == ("recipients.auditor", Kind.REMOVED)
    assert gone.before == "Siffergården Revision AB, recipient in SE"
    assert "given back or erased" in gone.consequence


def test_an_added_consent_purpose_has_nobody_in_it() -> None:
    (change,) = difference(
        read_programme(CLUB),
        read_programme(
            CLUB + '\n[purposes.survey]\nlegal_basis = "consent"\ndpv = "dpv:CustomerCare"\n'
            'fields = ["email"]\nnotice = {sv = "a", nb = "b", en = "c"}\n'
        ),
    )
    assert (change.place, change.kind) == ("purposes.survey", Kind.ADDED)
    assert "until they consent" in change.consequence


def test_there_and_back_again_mirror_each_other() -> None:
    old = read_programme(CLUB)
    new = read_programme(CLUB.replace('"skiing", ', "", 1).replace("remind_days = 30", "", 1))
    swap = {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED, Kind.CHANGED: Kind.CHANGED}
    there = {(one.place, one.kind, one.before, one.after) for one in difference(old, new)}
    back = {(one.place, swap[one.kind], one.after, one.before) for one in difference(new, old)}
    assert there
    assert there == back
