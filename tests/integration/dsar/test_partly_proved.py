"""What hangs on an identifier that nobody has proved is in no file, and the package says so.

One proved e-mail address opens nothing that hangs on another's telephone number or card.
"""

import json
from typing import Any

import pytest
from a_whole_life import CARD_ALONE, E_MAIL_ALONE, ITEMS, LANGUAGES, NOTE, VALUES, WholeLife

from consent.grants import authorise
from consent.programme import Action
from dsar.states import Right

PURCHASES = ("R-1", "2898.00", "TENT-2", ITEMS[0].description, "199.50")
TRAITS = {"average_order", "last_purchase", "orders_365d", "spend_365d"}
RECORDED = "events.recorded"
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


async def test_how_often_and_when_something_was_bought_is_left_out_with_the_purchases(
    whole_life: WholeLife,
) -> None:
    """Also in the entry that a proof is about: its bytes count them."""
    whole = await whole_life.package()
    recorded = [one["entry"] for one in _told(whole)["uses"] if one["what"]["code"] == RECORDED]
    assert recorded
    assert all(f"proofs/{one}.txt" in whole for one in recorded)
    files = await whole_life.package(language="en", proof=E_MAIL_ALONE)
    assert RECORDED not in {one["what"]["code"] for one in _told(files)["uses"]}
    assert _holding(files, *recorded, '"purchases":1', '"purchases":2') == []
    assert not any(one in name for one in recorded for name in files)
    [out] = [one for one in _told(files)["left_out"] if one["what"] == "purchases"]
    assert "when they were recorded" in out["words"]


async def _source(life: WholeLife) -> str:
    async with life.tillit.unit() as work:
        return work.active.programme.source


async def _asked(life: WholeLife, *questions: str) -> None:
    async with life.tillit.unit() as work:
        await life.tillit.gate.freshen(work.unit)
    async with life.tillit.unit() as work:
        may: Any = {"purpose": "personalised_offers", "action": Action.SEGMENT}
        for question in questions:
            grant = authorise(work.active, "offers-engine", **may)
            await life.tillit.gate.evaluate(work.unit, grant, question)


def _changed(source: str, *changes: tuple[str, str]) -> str:
    for before, after in changes:
        assert before in source
        source = source.replace(before, after)
    return source


_PHONE = '[fields.phone]\ncategory = "pd:TelephoneNumber"\n'
NO_IDENTIFIER = ((f"{_PHONE}lookup = true", _PHONE),)
FOLLOWS_FROM_NOTHING = (('category = "pd:Purchase" ', 'category = "pd:Preference" '),)
NO_ORDERS = (
    ('[traits.orders_365d]\ncount = "purchase"\ndays = 365\n', ""),
    ('"orders_365d", ', ""),
)


async def test_what_was_an_identifier_stays_closed_under_a_new_programme(
    whole_life: WholeLife,
) -> None:
    meanwhile = _changed(await _source(whole_life), *NO_IDENTIFIER)
    files = await whole_life.package(proof=E_MAIL_ALONE, meanwhile=meanwhile)
    phone = str(VALUES["phone"])
    assert _holding(files, phone, phone[1:]) == []
    assert ("field", "phone") in {(one["what"], one["name"]) for one in _told(files)["left_out"]}
    whole = _told(await whole_life.package())
    assert phone in [one["value"] for one in whole["values"]]


async def test_what_followed_from_purchases_stays_closed_under_a_new_programme(
    whole_life: WholeLife,
) -> None:
    meanwhile = _changed(await _source(whole_life), *FOLLOWS_FROM_NOTHING)
    told = _told(await whole_life.package(proof=E_MAIL_ALONE, meanwhile=meanwhile))
    assert "tier" not in {one["name"] for one in told["values"]}
    assert ("field", "tier") in {(one["what"], one["name"]) for one in told["left_out"]}


async def test_a_question_about_a_trait_of_an_earlier_programme_is_left_out(
    whole_life: WholeLife,
) -> None:
    await _asked(whole_life, "orders_365d >= 1", "country = 'NO' AND NOT age < 18")
    meanwhile = _changed(await _source(whole_life), *NO_ORDERS)
    told = _told(await whole_life.package(proof=E_MAIL_ALONE, meanwhile=meanwhile))
    asked = [one for one in told["uses"] if one["what"]["code"] == "segment.evaluated"]
    assert [(one["question"], one["outcome"]["code"]) for one in asked] == [
        ("country = 'NO' AND NOT age < 18", "objected"),
        (None, "left_out"),
        (None, "left_out"),
    ]
    whole = _told(await whole_life.package())
    assert "orders_365d >= 1" in {one["question"] for one in whole["uses"]}


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
