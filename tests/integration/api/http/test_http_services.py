"""What services do over HTTP: bring members in, tell what they bought and chose, and ask."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from callers_at_doors import PURPOSE, Club
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from api.bootstrap import SYSTEM, opened
from api.http.app import create_app
from api.settings import Settings
from audit.entries import Entry
from consent.programme import load_programme
from kernel.clock import StoppedClock
from kernel.database import before_commit
from kernel.errors import Unavailable

EXAMPLE = Path(__file__).parents[4] / "examples" / "fjallklubben.toml"


def _bought(member: str, reference: str, amount: str = "250.00", **more: Any) -> dict[str, Any]:
    at = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    return {"member": member, "reference": reference, "at": at, "amount": amount, **more}


async def test_a_member_is_enrolled_buys_agrees_and_is_found(club: Club) -> None:
    gold = await club.joins("1", tier="gold", name="Test Ett")
    await club.joins("2", tier="gold")
    till = await club.service("till")
    item = {"sku": "T1", "description": "tent", "quantity": "2", "price": "125.00"}
    bag = {"purpose": "membership", "purchases": [_bought(gold, "r1", items=[item])]}
    assert await till.ok("POST", "/v1/events", bag) == {"new": 1, "known": 0}
    consent = {"member": gold, "purpose": PURPOSE, "action": "given", "language": "sv"}
    stands = await till.ok("POST", "/v1/consents", consent)
    assert stands["consented"] is True
    answer = await club.segment("tier = 'gold' AND spend_365d >= 250")
    assert answer["members"] == [gold]
    assert (answer["eligible"], answer["matched"]) == (1, 1)
    assert answer["held_back"] == {"no_consent": 1}


async def test_a_purchase_sent_twice_is_counted_once(club: Club) -> None:
    member = await club.joins("1")
    till = await club.service("till")
    bag = {"purpose": "membership", "purchases": [_bought(member, "same")]}
    assert await till.ok("POST", "/v1/events", bag) == {"new": 1, "known": 0}
    assert await till.ok("POST", "/v1/events", bag) == {"new": 0, "known": 1}


async def test_purchases_are_kept_all_together_or_not_at_all(club: Club) -> None:
    member = await club.joins("1")
    till = await club.service("till")
    stranger = _bought(str(uuid4()), "b")
    bag = {"purpose": "membership", "purchases": [_bought(member, "a"), stranger]}
    refused = await till("POST", "/v1/events", bag)
    assert refused.status_code == 404
    assert refused.json()["problems"][0]["place"] == "purchases[1].member"
    bag["purchases"].pop()
    assert await till.ok("POST", "/v1/events", bag) == {"new": 1, "known": 0}


async def test_a_cancellation_that_brings_money_in_is_refused(club: Club) -> None:
    member = await club.joins("1")
    till = await club.service("till")
    bag = {"purpose": "membership", "purchases": [_bought(member, "a", cancelled=True)]}
    refused = await till("POST", "/v1/events", bag)
    assert refused.status_code == 422
    assert refused.json()["problems"][0]["place"] == "purchases[0].amount"


async def test_amounts_that_are_no_money_are_refused(club: Club) -> None:
    member = await club.joins("1")
    till = await club.service("till")
    for amount in ("1E+400000", "NaN", "Infinity", "0.001", "-1E-30"):
        bag = {"purpose": "membership", "purchases": [_bought(member, "a", amount)]}
        assert (await till("POST", "/v1/events", bag)).status_code == 422, amount


async def test_a_read_gives_the_purposes_fields_and_names_who_is_held_back(club: Club) -> None:
    yes = await club.joins("1", tier="gold", email="anna@example.com")
    no = await club.joins("2", tier="silver")
    await club.agrees(yes)
    offers = await club.service("offers-engine")
    stranger = str(uuid4())
    body = {"purpose": PURPOSE, "members": [yes, no, stranger], "fields": ["tier", "spend_365d"]}
    lines = (await offers.ok("POST", "/v1/profiles/read", body))["lines"]
    assert lines == [
        {"member": yes, "values": {"spend_365d": "0.00", "tier": "gold"}, "held_back": None},
        {"member": no, "values": {}, "held_back": "no_consent"},
        {"member": stranger, "values": {}, "held_back": "unknown_member"},
    ]


async def test_a_member_is_found_by_an_identifier_the_purpose_has_and_by_no_other(
    club: Club,
) -> None:
    member = await club.joins("77", email="anna@example.com")
    await club.agrees(member)
    till, offers = await club.service("till"), await club.service("offers-engine")
    body = {"purpose": "membership", "find": {"email": " ANNA@example.com"}, "fields": ["email"]}
    lines = (await till.ok("POST", "/v1/profiles/read", body))["lines"]
    expected = {"member": member, "values": {"email": "anna@example.com"}, "held_back": None}
    assert lines == [expected]
    body = {"purpose": PURPOSE, "find": {"member_number": "77"}, "fields": ["tier"]}
    assert len((await offers.ok("POST", "/v1/profiles/read", body))["lines"]) == 1
    body["find"] = {"email": "anna@example.com"}
    refused = await offers("POST", "/v1/profiles/read", body)
    assert refused.status_code == 403
    assert "anna@" not in refused.text


async def test_one_who_is_held_back_is_found_no_more_than_nobody_and_sees_who_looked(
    club: Club,
) -> None:
    member = await club.joins("77", tier="gold")
    offers = await club.service("offers-engine")
    answers = []
    for number in ("77", "78"):
        body = {"purpose": PURPOSE, "find": {"member_number": number}, "fields": ["tier"]}
        answers.append(await offers.ok("POST", "/v1/profiles/read", body))
    assert answers == [{"purpose": PURPOSE, "lines": []}] * 2
    uses = (await (await club.member(member)).ok("GET", "/v1/me/uses"))["uses"]
    looked = [one["outcome"] for one in uses if one["by"] == "service offers-engine"]
    assert looked == ["no_consent"]
    async with club.tillit.unit() as work:
        written = await work.unit.session.execute(
            text("SELECT convert_from(body, 'utf8') FROM audit_entry")
        )
        assert sum('"unknown_member"' in body for body in written.scalars()) == 1


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59", "1969-12-31T23:59:59Z"]
)
async def test_a_time_that_cannot_be_is_refused(club: Club, at: str) -> None:
    member = await club.joins("1")
    till = await club.service("till")
    bag = {"purpose": "membership", "purchases": [_bought(member, "a") | {"at": at}]}
    said = {"member": member, "purpose": PURPOSE, "action": "refused", "at": at}
    for path, body, place in (
        ("/v1/events", bag, "purchases[0].at"),
        ("/v1/consents", said, "at"),
    ):
        refused = await till("POST", path, body)
        assert (refused.status_code, refused.json()["problems"][0]["place"]) == (422, place)


async def test_nothing_is_told_when_the_use_cannot_be_put_on_record(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await club.joins("1", tier="gold")
    await club.agrees(member)
    offers = await club.service("offers-engine")
    record = club.tillit.record
    write, write_many = record.write, record.write_many

    async def broken() -> None:
        raise ConnectionError("the commit fails")

    async def writing(session: AsyncSession, entry: Entry) -> UUID:
        before_commit(session, broken)
        return await write(session, entry)

    async def writing_many(session: AsyncSession, entries: list[Entry]) -> list[UUID]:
        before_commit(session, broken)
        return await write_many(session, entries)

    monkeypatch.setattr(record, "write", writing)
    monkeypatch.setattr(record, "write_many", writing_many)
    asked = {"expression": "tier = 'gold'", "purpose": PURPOSE}
    wanted = {"purpose": PURPOSE, "members": [member], "fields": ["tier"]}
    for path, body in (("/v1/segments/evaluate", asked), ("/v1/profiles/read", wanted)):
        answer = await offers("POST", path, body)
        assert answer.status_code == 500
        assert member not in answer.text
        assert "gold" not in answer.text


async def test_more_than_a_thousand_members_are_not_read_at_once(club: Club) -> None:
    offers = await club.service("offers-engine")
    body = {"purpose": PURPOSE, "members": [str(uuid4()) for _ in range(1001)]}
    assert (await offers("POST", "/v1/profiles/read", body)).status_code == 422


async def test_a_preview_counts_and_names_nobody(club: Club) -> None:
    await club.joins("1", country="SE")
    analytics = await club.service("analytics")
    body = {"expression": "country = 'SE'", "purpose": "assortment_insight"}
    shown = await analytics.ok("POST", "/v1/segments/preview", body)
    assert shown["matched"] == 1
    assert set(shown) == {"eligible", "matched", "held_back", "entry"}
    assert (await analytics("POST", "/v1/segments/evaluate", body)).status_code == 403


async def test_a_service_changes_the_fields_of_its_purpose_and_no_others(club: Club) -> None:
    member = await club.joins("1", tier="bronze")
    till = await club.service("till")
    path = f"/v1/members/{member}"
    await till.ok("PATCH", path, {"purpose": "membership", "values": {"tier": "gold"}})
    await club.agrees(member)
    assert (await club.segment("tier = 'gold'"))["members"] == [member]
    derived = {"purpose": "membership", "values": {"spend_365d": "9000.00"}}
    refused = await till("PATCH", path, derived)
    assert (refused.status_code, refused.json()["type"]) == (
        403,
        "urn:tillit:problem:not-permitted",
    )
    offers = await club.service("offers-engine")
    body = {"purpose": PURPOSE, "values": {"tier": "gold"}}
    assert (await offers("PATCH", path, body)).status_code == 403


async def test_a_number_that_is_taken_is_a_conflict_and_enrols_nobody(club: Club) -> None:
    await club.joins("1")
    till = await club.service("till")
    body = {"purpose": "membership", "values": {"member_number": "1", "tier": "gold"}}
    refused = await till("POST", "/v1/members", body)
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:tillit:problem:already-enrolled",
    )


async def test_a_trait_that_changed_because_time_passed_is_brought_up_to_date(
    settings: Settings,
) -> None:
    clock = StoppedClock(datetime.now(UTC))
    async with opened(settings, clock=clock) as tillit:
        await tillit.apply(SYSTEM, load_programme(EXAMPLE))
        transport = httpx.ASGITransport(create_app(tillit, worker=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://t.test") as http:
            club = Club(tillit, http)
            member = await club.joins("1")
            await club.agrees(member)
            till = await club.service("till")
            bag = {"purpose": "membership", "purchases": [_bought(member, "r")]}
            await till.ok("POST", "/v1/events", bag)
            assert (await club.segment("orders_365d >= 1"))["members"] == [member]
            clock.at += timedelta(days=366)
            assert (await club.segment("orders_365d >= 1"))["members"] == []
            assert (await club.segment("orders_365d = 0"))["members"] == [member]


async def test_only_members_out_of_date_make_a_door_ask_twice(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    offers, asked = await club.service("offers-engine"), 0

    async def unreachable() -> None:
        nonlocal asked
        asked += 1
        raise Unavailable("the member sets cannot be brought up to date")

    monkeypatch.setattr(club.tillit.replica, "barrier", unreachable)
    body = {"expression": "tier = 'gold'", "purpose": PURPOSE}
    assert (await offers("POST", "/v1/segments/evaluate", body)).status_code == 503
    assert asked == 1


async def test_a_consent_without_the_notices_language_is_refused(club: Club) -> None:
    member = await club.joins("1")
    till = await club.service("till")
    body = {"member": member, "purpose": PURPOSE, "action": "given"}
    refused = await till("POST", "/v1/consents", body)
    assert refused.status_code == 422
    assert refused.json()["problems"][0]["place"] == "language"
    body |= {"action": "gven", "language": "sv"}
    refused = await till("POST", "/v1/consents", body)
    assert refused.json()["problems"][0]["remedy"] == "did you mean 'given'?"


async def test_what_was_said_at_a_till_yesterday_is_written_down_as_of_then(club: Club) -> None:
    member = await club.joins("1", tier="gold")
    await club.agrees(member)
    till = await club.service("till")
    earlier = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    body = {"member": member, "purpose": PURPOSE, "action": "withdrawn", "at": earlier}
    stands = await till.ok("POST", "/v1/consents", body)
    assert stands["consented"] is True  # they agreed after that
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    refused = await till("POST", "/v1/consents", body | {"at": later})
    assert refused.status_code == 422
    naive = await till("POST", "/v1/consents", body | {"at": "2026-01-01T10:00:00"})
    assert naive.status_code == 422
