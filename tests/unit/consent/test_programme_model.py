"""What a programme that was read knows."""

import dataclasses
import hashlib
import random
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from consent.errors import UnknownPurpose, UnknownService
from consent.programme import Ability, Action, Programme, load_programme, read_programme
from consent.programme.notices import notice_version
from consent.programme.suggestion import shown
from profiles.catalogue import TraitKind
from profiles.values import FieldType

EXAMPLES = Path(__file__).parents[3] / "examples"
CLUB = EXAMPLES / "fjallklubben.toml"
SHOP = EXAMPLES / "online_retail_programme.toml"

SMALL = """
[controller]
name = "A club"
country = "NO"
contact = "https://www.club.example/privacy"
[purposes.membership]
legal_basis = "contract"
dpv = "dpv:ServiceProvision"
fields = ["member_number"]
notice.nb = "For medlemskapet."
"""


def test_the_country_sets_what_the_programme_leaves_out() -> None:
    programme = read_programme(SMALL)
    assert programme.zone == ZoneInfo("Europe/Oslo")
    assert programme.currency == "NOK"
    assert programme.languages == ("nb",)
    assert programme.origin == "www.club.example/record"


def test_what_the_programme_says_wins_over_the_country() -> None:
    programme = read_programme(
        SMALL.replace('"NO"', '"NO"\ntimezone = "Arctic/Longyearbyen"\ncurrency = "EUR"')
    )
    assert programme.zone == ZoneInfo("Arctic/Longyearbyen")
    assert programme.currency == "EUR"


def test_without_officers_one_role_may_do_everything() -> None:
    roles = read_programme(SMALL).officers
    assert {name: role.can for name, role in roles.items()} == {"privacy_officer": set(Ability)}


def test_declared_officers_take_the_place_of_the_default_one() -> None:
    roles = read_programme(SMALL + '[officers.chief]\ncan = ["programme"]\n').officers
    assert {name: role.can for name, role in roles.items()} == {"chief": {Ability.PROGRAMME}}


def test_being_told_who_matches_includes_being_told_how_many() -> None:
    may = load_programme(CLUB).service("offers-engine").may["personalised_offers"]
    assert may == {Action.SEGMENT, Action.READ, Action.PREVIEW}


def test_counting_alone_does_not_include_being_told_who() -> None:
    assert load_programme(CLUB).service("analytics").may["assortment_insight"] == {Action.PREVIEW}


def test_the_catalogue_is_what_the_file_declares_and_the_member_number() -> None:
    catalogue = load_programme(CLUB).catalogue()
    assert catalogue.fields["member_number"].lookup == "member_number"
    assert catalogue.fields["email"].lookup == "email"
    assert catalogue.fields["phone"].lookup == "phone"
    assert catalogue.fields["interests"].type is FieldType.TEXTS
    assert catalogue.fields["tier"].values == ("bronze", "silver", "gold")
    assert catalogue.fields["county"].segmentable
    assert not catalogue.fields["name"].segmentable
    assert catalogue.traits["spend_365d"].kind is TraitKind.SUM
    assert catalogue.traits["spend_365d"].days == 365
    assert catalogue.traits["age"].source == "birth_date"


def test_a_special_category_is_marked_in_the_catalogue() -> None:
    programme = read_programme(
        SMALL + '[fields.allergies]\ncategory = "pd:Health"\n[fields.name]\ncategory = "pd:Name"\n'
    )
    marked = {name: one.special for name, one in programme.catalogue().fields.items()}
    assert marked == {"member_number": False, "allergies": True, "name": False}


def test_purposes_are_sorted_by_what_members_can_say_about_them() -> None:
    programme = load_programme(CLUB)
    asked = ["personalised_offers", "newsletter", "partner_offers"]
    assert [one.name for one in programme.consent_purposes] == asked
    assert [one.name for one in programme.objection_purposes] == ["assortment_insight"]
    marketing = [one.name for one in programme.marketing_purposes]
    assert marketing == asked
    assert not programme.purpose("bookkeeping").is_choice


def test_what_may_be_somebodys_address_or_number_is_not_shown() -> None:
    for sent in ("anna@example.com", "19900101-1234", "+46 70 123 45 67"):
        assert shown(sent) == "'…'"
    assert shown("offers_365d") == "'offers_365d'"


def test_a_misspelt_purpose_or_service_is_met_with_the_nearest() -> None:
    programme = load_programme(CLUB)
    with pytest.raises(UnknownPurpose, match="did you mean 'newsletter'"):
        programme.purpose("newsleter")
    with pytest.raises(UnknownService, match="did you mean 'offers-engine'"):
        programme.service("offers_engine")


def test_a_long_name_is_cut_short_in_the_message() -> None:
    with pytest.raises(UnknownPurpose) as caught:
        load_programme(CLUB).purpose("x" * 10_000)
    assert len(str(caught.value)) < 300


def test_retention_of_a_purpose_falls_back_on_the_programme_s() -> None:
    programme = load_programme(CLUB)
    assert programme.retention_of("bookkeeping") == "7 years"
    source = CLUB.read_text().replace('retention = "7 years"\n', "")
    source = re.sub(r'\nbookkeeping = "bookkeeping" .*', "", source)
    assert read_programme(source).retention_of("bookkeeping") == "36 months"
    assert read_programme(SMALL).retention_of("membership") is None


def test_the_notice_s_digest_is_that_of_the_text_as_shown() -> None:
    purpose = read_programme(SMALL).purpose("membership")
    assert purpose.notice_digest("nb") == hashlib.sha256(b"For medlemskapet.").digest()


def test_a_notice_dates_from_the_first_version_that_carried_it() -> None:
    first = read_programme(SMALL)
    second = read_programme(SMALL.replace("For medlemskapet.", "Om medlemskapet."))
    history = [(1, first), (2, second), (3, first)]
    assert _version(history, "For medlemskapet.") == 1
    assert _version(history, "Om medlemskapet.") == 2
    assert _version(history, "Noe annet.") is None


def _version(history: list[tuple[int, Programme]], text: str) -> int | None:
    digest = hashlib.sha256(text.encode()).digest()
    return notice_version(history, purpose="membership", digest=digest)


@pytest.mark.parametrize("path", [CLUB, SHOP])
def test_the_digest_does_not_see_comments_layout_or_order(path: Path) -> None:
    text = path.read_text()
    programme = read_programme(text)
    commented = "# a comment\n\n" + text.replace(" = ", "   =  ").replace("\n[", "\n\n# so\n[")
    assert read_programme(commented).digest == programme.digest
    head, *tables = text.split("\n[")
    random.Random(7).shuffle(tables)
    shuffled = "\n[".join([head, *tables])
    assert shuffled != text
    assert read_programme(shuffled).digest == programme.digest
    assert read_programme(shuffled).source == shuffled


@pytest.mark.parametrize(
    ("was", "will"),
    [
        ('fields = ["member_number", "name"]', 'fields = ["name", "member_number"]'),
        ('["bronze", "silver", "gold"]', '["gold", "silver", "bronze"]'),
        ('["enrol", "record", "read"]', '["read", "record", "enrol"]'),
    ],
)
def test_the_digest_does_not_see_the_order_where_order_means_nothing(was: str, will: str) -> None:
    text = CLUB.read_text()
    assert was in text
    assert read_programme(text.replace(was, will)).digest == read_programme(text).digest


@pytest.mark.parametrize(
    ("was", "will"),
    [
        ('["sv", "nb", "en"]', '["nb", "sv", "en"]'),
        ("valid_months = 24", "valid_months = 23"),
        ('"silver", "gold"', '"silver", "gold", "platinum"'),
        ("två år.", "tre år."),
        ('personalised_offers = ["segment", "read"]', 'personalised_offers = ["segment"]'),
        ("days = 365", "days = 364"),
        ('country = "SE"', 'country = "FI"'),
        ('default = "36 months"', 'default = "35 months"'),
        ("[services.ledger-export]", "[services.ledger]"),
    ],
)
def test_the_digest_sees_every_change_of_content(was: str, will: str) -> None:
    text = CLUB.read_text()
    assert was in text
    assert read_programme(text.replace(was, will, 1)).digest != read_programme(text).digest


def test_what_is_written_as_the_default_changes_no_digest() -> None:
    explicit = SMALL.replace(
        "[purposes.membership]", "[purposes.membership]\ndirect_marketing=false"
    )
    assert read_programme(explicit).digest == read_programme(SMALL).digest


def test_a_programme_cannot_be_changed() -> None:
    programme = read_programme(SMALL)
    with pytest.raises(dataclasses.FrozenInstanceError):
        programme.source = ""  # type: ignore[misc]
    with pytest.raises(ValidationError):
        programme.purpose("membership").dpv = "dpv:Marketing"  # type: ignore[misc]
