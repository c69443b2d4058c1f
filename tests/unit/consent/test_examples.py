"""The example programmes are ones that a privacy lawyer would let pass."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from consent.programme import LegalBasis, check_programme, load_programme
from consent.programme.handling import Carrier

EXAMPLES = Path(__file__).parents[3] / "examples"
NAMES = ("fjallklubben.toml", "fjallklubben-connected.toml", "online_retail_programme.toml")


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


def test_the_connected_club_shows_all_there_is_of_handling_requests() -> None:
    programme = load_programme(EXAMPLES / "fjallklubben-connected.toml")
    told = [one.connector for one in programme.recipients.values() if one.connector is not None]
    assert {one.by for one in told} == set(Carrier)
    assert programme.agents
    handling = programme.requests
    said = handling.model_fields_set
    assert said == set(type(handling).model_fields), "each key of [requests] is shown"
    assert handling.bookkeeping == "bookkeeping"


def test_the_connected_club_is_the_same_club() -> None:
    club, connected = _read("fjallklubben.toml"), _read("fjallklubben-connected.toml")
    del connected["requests"], club["requests"]
    for one in connected["recipients"].values():
        one.pop("connector", None)
    assert connected == club, "what changes in one of the two files changes in the other"


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((EXAMPLES / name).read_text("utf-8"))
