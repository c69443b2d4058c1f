"""Whom to write to about their consent, and whom to leave in peace."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from callers_at_doors import Club
from letters import LETTER, TRIPS, due, said, tells

from api.bootstrap import SYSTEM
from consent import ledger
from consent.checks import check_footprints
from consent.choices import Action, By
from consent.choosing import choose, restriction
from consent.due import Due
from consent.programme import read_programme
from kernel.clock import StoppedClock
from profiles import members

OFFERS = "personalised_offers"
#: After the programme was applied, by whichever clock these tests run.
START = datetime(2040, 1, 15, 12, tzinfo=UTC)
NOBODY: dict[str, Any] = {"total": 0, "members": []}


@pytest.fixture
def clock(club: Club) -> StoppedClock:
    """Set before anybody calls, so that tokens are of its time."""
    club.tillit.clock = StoppedClock(START)
    return club.tillit.clock


async def lists(club: Club, purpose: str = OFFERS, **more: Any) -> dict[str, Any]:
    """Each list that somebody is on."""
    answer = await due(club, purpose, **more)
    assert set(answer) == {*Due, "purpose", "entry"}
    return {one: answer[one] for one in map(str, Due) if answer[one]["total"]}


async def test_who_said_nothing_and_who_said_no_are_left_in_peace(club: Club) -> None:
    await club.joins("1")
    await tells(club, await club.joins("2"), "refused", OFFERS)
    assert await lists(club) == {}


async def test_a_reminder_is_due_in_the_last_days_of_a_consent_and_not_after(
    club: Club, clock: StoppedClock
) -> None:
    member = await club.joins("1")
    stands = await tells(club, member, "given", OFFERS)
    assert stands["until"] == "2042-01-15"
    ends = datetime(2042, 1, 15, 12, tzinfo=UTC)
    found = {}
    for before in (31, 30, 1, 0):
        clock.at = ends - timedelta(days=before)
        found[before] = await lists(club)
    reminded = {"remind": {"total": 1, "members": [member]}}
    assert found == {31: {}, 30: reminded, 1: reminded, 0: {}}
    clock.at = ends - timedelta(days=1)
    await tells(club, member, "given", OFFERS)
    assert await lists(club) == {}


async def test_a_yes_that_nothing_proves_is_to_be_said_again(club: Club) -> None:
    member = await club.joins("1")
    async with club.tillit.unit() as work:
        one = await members.one(work.unit, UUID(member), lock=True)
        purpose = work.active.programme.purpose(OFFERS)
        word = choose(work.unit, purpose, Action.GIVEN, at=work.unit.now, by=By.IMPORT)
        await ledger.record(work.unit, SYSTEM, {one: [word]})
    assert await lists(club) == {"reconfirm": {"total": 1, "members": [member]}}


async def test_who_agreed_to_less_is_asked_again(club: Club) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", OFFERS)
    await _apply(club, 'fields = [\n    "member_number", "tier"', 'fields = [\n    "name", "tier"')
    assert await lists(club) == {"ask_again": {"total": 1, "members": [member]}}
    await tells(club, member, "given", OFFERS)
    assert await lists(club) == {}


async def test_children_and_those_who_have_come_of_age_are_asked_by_who_is_to_answer(
    club: Club, clock: StoppedClock
) -> None:
    child = await club.joins("1")
    parent = await club.joins("2", birth_date="1990-01-01")
    await tells(club, child, "given", OFFERS)
    till = await club.service("till")  # which learns too late that they are a child
    late = {"purpose": "membership", "values": {"birth_date": "2028-03-01"}}
    await till.ok("PATCH", f"/v1/members/{child}", late)
    assert await lists(club) == {"ask_guardian": {"total": 1, "members": [child]}}
    officer = await club.officer()
    path = f"/v1/members/{child}/guardians/{parent}"
    await officer.ok("PUT", path, {"evidence": "form 17"})
    await tells(club, child, "given", OFFERS, guardian=parent)
    assert await lists(club) == {}
    clock.at = datetime(2041, 3, 1, 12, tzinfo=UTC)  # their thirteenth birthday
    assert await lists(club) == {"ask_themselves": {"total": 1, "members": [child]}}


@pytest.mark.parametrize("wish", ["paused", "marketing_objection", "restricted"])
async def test_nobody_is_listed_who_wants_to_be_left_alone(club: Club, wish: str) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", TRIPS)
    assert (await lists(club, TRIPS))["confirm"]["total"] == 1
    if wish == "restricted":
        async with club.tillit.unit() as work:
            one = await members.one(work.unit, UUID(member), lock=True)
            word = restriction(work.unit, on=True, by=By.REQUEST)
            await ledger.record(work.unit, SYSTEM, {one: [word]})
    else:
        till = await club.service("till")
        body = {"member": member, "purpose": TRIPS, wish: True}
        await till.ok("POST", "/v1/consents/preferences", body)
    assert await lists(club, TRIPS) == {}


async def test_who_turned_every_channel_off_is_not_written_to(club: Club) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", TRIPS)
    own = await club.member(member)
    await own.ok("PUT", f"/v1/me/choices/{TRIPS}/channels/email", {"on": False})
    assert await lists(club, TRIPS) == {}
    await own.ok("PUT", f"/v1/me/choices/{TRIPS}/channels/email", {"on": True})
    assert (await lists(club, TRIPS))["confirm"]["total"] == 1


async def test_of_several_channels_those_are_listed_whom_the_one_asked_for_reaches_now(
    club: Club, clock: StoppedClock
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", LETTER)
    await _apply(club, '"phone", "interests"]\ndirect', '"interests"]\nvalid_months = 1\ndirect')
    await _apply(club, "valid_months = 1\ndirect", "valid_months = 1\nremind_days = 20\ndirect")
    await tells(club, member, "given", LETTER)
    clock.at = START + timedelta(days=20)
    own = await club.member(member)
    await own.ok("PUT", "/v1/me/channels/sms", {"on": False})

    async def listed(**more: Any) -> list[str]:
        return list(await lists(club, LETTER, **more))

    assert await listed() == await listed(channel="email") == ["remind"]
    assert await listed(channel="sms") == []
    await own.ok("PUT", "/v1/me/contact", {"quiet": [13]})  # 12 o'clock UTC in a Swedish winter
    assert await listed(channel="email") == []
    assert await listed() == ["remind"]


async def test_a_long_list_comes_in_parts_that_add_up(club: Club) -> None:
    everybody = [await club.joins(str(number)) for number in range(5)]
    for member in everybody:
        await tells(club, member, "given", TRIPS)
    parts = [await due(club, limit=2, skip=skip) for skip in (0, 2, 4, 6)]
    assert {part["confirm"]["total"] for part in parts} == {5}
    named = [[one["member"] for one in part["confirm"]["members"]] for part in parts]
    assert list(map(len, named)) == [2, 2, 1, 0]
    assert sorted(one for part in named for one in part) == sorted(everybody)
    links = [one["link"] for part in parts for one in part["confirm"]["members"]]
    assert len(set(links)) == 5


async def test_who_was_named_is_on_record_and_the_member_sees_it(club: Club) -> None:
    member, other = await club.joins("1"), await club.joins("2")
    await tells(club, member, "given", TRIPS)
    entry = (await due(club))["entry"]
    outcomes = {}
    for one in (member, other):
        own = await club.member(one)
        uses = (await own.ok("GET", "/v1/me/uses"))["uses"]
        outcomes[one] = [use["outcome"] for use in uses if use["entry"] == entry]
    assert outcomes == {member: ["listed"], other: []}
    async with club.tillit.unit() as work:
        assert await check_footprints(work.unit) == []


async def test_asking_who_is_due_says_nothing_for_anybody(club: Club) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", TRIPS)
    before = await said(club, member)
    await due(club)
    assert await said(club, member) == before


@pytest.mark.parametrize(
    ("service", "body", "status", "place"),
    [
        ("offers-engine", {"purpose": LETTER}, 403, "services.offers-engine.newsletter"),
        ("till", {"purpose": "membership"}, 403, "services.till.membership"),
        ("till", {"purpose": "newsletters"}, 422, "purpose"),
        ("till", {"purpose": LETTER, "limit": 0}, 422, "limit"),
        ("till", {"purpose": LETTER, "limit": 1_001}, 422, "limit"),
        ("till", {"purpose": LETTER, "skip": -1}, 422, "skip"),
        ("till", {"purpose": LETTER, "channel": "post"}, 422, "channel"),
        ("till", {"purpose": OFFERS, "channel": "email"}, 422, "channel"),
    ],
)
async def test_questions_that_are_not_theirs_or_make_no_sense_are_refused(
    club: Club, *, service: str, body: dict[str, Any], status: int, place: str
) -> None:
    client = await club.service(service)
    refused = await client("POST", "/v1/consents/due", body)
    assert (refused.status_code, refused.json()["problems"][0]["place"]) == (status, place)


async def _apply(club: Club, old: str, new: str) -> None:
    """Put another version in force, in which `old` is `new`."""
    async with club.tillit.unit() as work:
        source = work.active.programme.source
    assert source.count(old) == 1
    await club.tillit.apply(SYSTEM, read_programme(source.replace(old, new)))
