"""The example programmes are ones that a privacy lawyer would let pass."""

from pathlib import Path

import pytest

from consent.programme import LegalBasis, check_programme, load_programme

EXAMPLES = Path(__file__).parents[3] / "examples"
NAMES = ("fjallklubben.toml", "online_retail_programme.toml")


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_neither_errors_nor_warnings(name: str) -> None:
    checked = check_programme((EXAMPLES / name).read_bytes())
    assert checked.errors == ()
    assert checked.warnings == ()


@pytest.mark.parametrize("name", NAMES)
def test_an_example_shows_every_legal_basis(name: str) -> None:
    programme = load_programme(EXAMPLES / name)
    assert {one.legal_basis for one in programme.purposes.values()} == set(LegalBasis)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_the_traits_of_the_story(name: str) -> None:
    traits = load_programme(EXAMPLES / name).catalogue().traits
    assert {"last_purchase", "orders_365d", "spend_365d", "average_order"} <= traits.keys()


def test_the_club_speaks_to_its_members_in_three_languages() -> None:
    programme = load_programme(EXAMPLES / "fjallklubben.toml")
    assert programme.languages == ("sv", "nb", "en")
    for purpose in programme.purposes.values():
        assert len({purpose.notice_digest(language) for language in programme.languages}) == 3


def test_the_club_s_members_are_found_by_number_email_and_phone() -> None:
    fields = load_programme(EXAMPLES / "fjallklubben.toml").catalogue().fields
    lookups = {name: field.lookup for name, field in fields.items() if field.lookup}
    assert lookups == {"member_number": "member_number", "email": "email", "phone": "phone"}


def test_the_gift_shop_knows_all_forty_countries_of_its_data() -> None:
    country = (
        load_programme(EXAMPLES / "online_retail_programme.toml").catalogue().fields["country"]
    )
    assert len(country.values) == 40
    assert {"EIRE", "RSA", "Unspecified", "United Kingdom"} <= set(country.values)
    assert country.segmentable
