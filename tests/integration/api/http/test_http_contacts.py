"""Who was contacted, so that nobody is contacted more often than they want."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from callers_at_doors import Club
from letters import LETTER, erase, tells

from api.work import drop_contacts
from consent.checks import check_footprints, check_sets
from consent.reach import COUNTED, contacted_set
from kernel.clock import StoppedClock


async def contacted(
    club: Club, *members: str, channel: str = "email", purpose: str = LETTER
) -> Any:
    service = await club.service("newsletter")
    body = {"purpose": purpose, "channel": channel, "members": list(members)}
    return await service.ok("POST", "/v1/contacts", body)


async def wishes(club: Club, member: str, **wished: Any) -> None:
    till = await club.service("till")
    body = {"member": member, "purpose": LETTER, **wished}
    await till.ok("POST", "/v1/consents/preferences", body)


async def checks(club: Club) -> list[str]:
    async with club.tillit.unit() as work:
        return [*await check_sets(work.unit), *await check_footprints(work.unit)]


async def test_a_contact_is_written_down_for_whomever_it_happened_to(club: Club) -> None:
    fine, silent, seldom = [await club.joins(number) for number in "123"]
    for member in (fine, seldom):
        await tells(club, member, "given")
    stranger = str(uuid4())
    first = await contacted(club, fine, silent, seldom, stranger, fine)
    assert first["recorded"] == 3
    assert first["unknown"] == [stranger]
    assert first["against"] == [{"member": silent, "reason": "no_consent"}]
    await wishes(club, seldom, often=7)
    again = await contacted(club, fine, seldom)
    assert again["against"] == [{"member": seldom, "reason": "too_often"}]


async def test_who_turned_a_channel_off_or_sleeps_ought_not_to_have_been_contacted(
    club: Club,
) -> None:
    off, asleep = await club.joins("1"), await club.joins("2")
    for member in (off, asleep):
        await tells(club, member, "given")
    await tells(club, off, "channel_off", channel="sms")
    await wishes(club, asleep, quiet=list(range(24)))
    answer = await contacted(club, off, asleep, channel="sms")
    assert {one["member"]: one["reason"] for one in answer["against"]} == {
        off: "channel_off",
        asleep: "quiet_hours",
    }


async def test_a_member_sees_that_they_were_contacted_and_by_whom(club: Club) -> None:
    one, other = await club.joins("1"), await club.joins("2")
    entry = (await contacted(club, one))["entry"]
    found = {}
    for member in (one, other):
        own = await club.member(member)
        uses = (await own.ok("GET", "/v1/me/uses"))["uses"]
        found[member] = [use for use in uses if use["entry"] == entry]
    (seen,) = found[one]
    assert (seen["outcome"], seen["by"], seen["purpose"]) == (
        "contacted",
        "service newsletter",
        LETTER,
    )
    assert found[other] == []


async def test_the_sets_of_contacts_follow_from_the_record_also_after_an_erasure(
    club: Club,
) -> None:
    one, other = await club.joins("1"), await club.joins("2")
    await contacted(club, one, other)
    assert await checks(club) == []
    await erase(club, one)
    assert await checks(club) == []
    day = _today(club)
    async with club.tillit.unit() as work:
        work.unit.changes.remove(contacted_set(day), 1)
    assert await checks(club) == [f"the set {contacted_set(day)} is wrong about 1 members"]


async def test_days_that_no_wish_reaches_back_to_are_forgotten(club: Club) -> None:
    member = await club.joins("1")
    await contacted(club, member)
    name = contacted_set(_today(club))
    start = club.tillit.clock.now()
    for days, kept in ((COUNTED - 1, True), (COUNTED, False)):
        club.tillit.clock = StoppedClock(start + timedelta(days=days))
        assert await checks(club) == []
        assert await drop_contacts(club.tillit) == (0 if kept else 1)
        await club.tillit.replica.barrier()
        assert bool(club.tillit.replica.members.get(name)) is kept
        assert await checks(club) == []
    assert await drop_contacts(club.tillit) == 0


@pytest.mark.parametrize(
    ("service", "changed", "status", "place"),
    [
        ("newsletter", {"channel": "post"}, 403, "@post"),
        ("newsletter", {"channel": "pigeon"}, 403, "@pigeon"),
        ("newsletter", {"purpose": "newsletters"}, 422, "purpose"),
        ("newsletter", {"members": []}, 422, "members"),
        ("newsletter", {"members": [str(UUID(int=n)) for n in range(1_001)]}, 422, "members"),
        ("till", {}, 403, "services.till.newsletter"),
    ],
)
async def test_contacts_that_were_not_theirs_to_make_are_refused(
    club: Club, *, service: str, changed: dict[str, Any], status: int, place: str
) -> None:
    client = await club.service(service)
    body = {"purpose": LETTER, "channel": "email", "members": [str(uuid4())]} | changed
    refused = await client("POST", "/v1/contacts", body)
    assert (refused.status_code, refused.json()["problems"][0]["place"]) == (status, place)


def _today(club: Club) -> Any:
    zone = "Europe/Stockholm"
    return club.tillit.clock.now().astimezone(ZoneInfo(zone)).date()
