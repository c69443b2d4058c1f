"""What hangs on an identifier that nobody has proved is in no file, and the package says so.

One proved e-mail address opens nothing that hangs on another's telephone number or card.
"""

import json
from typing import Any

import pytest
from a_whole_life import CARD_ALONE, E_MAIL_ALONE, ITEMS, LANGUAGES, NOTE, VALUES, WholeLife

from dsar.states import Right

PURCHASES = ("R-1", "2898.00", "TENT-2", ITEMS[0].description, "199.50")
TRAITS = {"average_order", "last_purchase", "orders_365d", "spend_365d"}
OWN_WORDS = (NOTE, "letter 2026-17", "form 17")


def _holding(files: dict[str, bytes], *texts: str) -> list[tuple[str, str]]:
    # What is bought is told by amounts; those that stand in letters of the page count too.
    return [(name, one) for name, text in files.items() for one in texts if one.encode() in text]


def _told(files: dict[str, bytes]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(files["package.json"])
    return told


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_address_alone_opens_no_phone_no_number_and_no_purchases(
    whole_life: WholeLife, language: str
) -> None:
    files = await whole_life.package(language=language, proof=E_MAIL_ALONE)
    told = _told(files)
    known = {one["name"] for one in told["values"]}
    assert known == VALUES.keys() - {"phone", "member_number", "tier"}
    assert {one["name"] for one in told["traits"]} == {"age"}
    assert told["purchases"] == []
    phone = str(VALUES["phone"])
    assert _holding(files, phone, phone[1:], "FK-1001", *PURCHASES, *OWN_WORDS) == []
    out = {(one["what"], one["name"]) for one in told["left_out"]}
    named = {("field", one) for one in ("phone", "member_number", "tier")}
    assert named | {("purchases", None), ("texts", None)} <= out
    page = files["index.html"].decode()
    assert all(one["words"] in page for one in told["left_out"] if "'" not in one["words"])


async def test_a_question_about_purchases_and_its_outcome_are_left_out_with_them(
    whole_life: WholeLife,
) -> None:
    told = _told(await whole_life.package(proof=E_MAIL_ALONE))
    [asked] = [one for one in told["uses"] if one["what"]["code"] == "segment.evaluated"]
    assert (asked["question"], asked["outcome"]["code"]) == (None, "left_out")
    whole = _told(await whole_life.package())
    [asked] = [one for one in whole["uses"] if one["what"]["code"] == "segment.evaluated"]
    assert asked["question"] == "tier = 'gold' AND spend_365d > 100"


async def test_a_card_alone_opens_purchases_and_no_address(whole_life: WholeLife) -> None:
    files = await whole_life.package(language="en", proof=CARD_ALONE)
    told = _told(files)
    known = {one["name"] for one in told["values"]}
    assert known == VALUES.keys() - {"phone", "email"}
    assert {one["name"] for one in told["traits"]} >= TRAITS
    assert len(told["purchases"]) == 2
    assert _holding(files, str(VALUES["email"]), str(VALUES["phone"]), *OWN_WORDS) == []


async def test_what_can_be_taken_elsewhere_is_no_more_than_was_proved(
    whole_life: WholeLife,
) -> None:
    files = await whole_life.package(Right.PORTABILITY, language="sv", proof=E_MAIL_ALONE)
    data = json.loads(files["data.json"])
    assert data["purchases"] == []
    assert {"email"} == {one["name"] for one in data["values"]} & {"email", "phone", "tier"}
    assert _holding(files, str(VALUES["phone"]), "FK-1001", *PURCHASES, *OWN_WORDS) == []
    assert len(data["left_out"]) == 5
    readme = " ".join(files["README.txt"].decode().split())
    assert all(one in readme for one in data["left_out"])


async def test_the_whole_is_left_out_of_nothing(whole_life: WholeLife) -> None:
    told = _told(await whole_life.package())
    assert {one["what"] for one in told["left_out"]} == {"wards", "hold_notes"}
