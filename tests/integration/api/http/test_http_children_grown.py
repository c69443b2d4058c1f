"""Whose age is no longer known: a guardian who has fallen silent is not heard again by that."""

from datetime import timedelta
from uuid import UUID

import pytest
from callers_at_doors import PURPOSE, Club
from stopped_club import altered, stopped_club

from api.bootstrap import SYSTEM
from api.settings import Settings
from consent.programme import Programme
from profiles import members
from profiles.enrolment import rectify

CHILD, GROWN_UP = "2014-03-02", "1984-02-29"
YES, NO = {"allow": True, "language": "sv"}, {"allow": False}
FORM = {"evidence": "form 4711", "how": "paper"}


def _programme(*, admits: bool) -> Programme:
    section = "\n[children]\nadmitted = true\n" if admits else ""
    return altered(("[controller]", f"{section}\n[controller]"))


async def _names(club: Club, child: str, guardian: str) -> None:
    officer = await club.officer()
    await officer.ok("PUT", f"/v1/members/{child}/guardians/{guardian}", FORM)


async def _sees(club: Club, guardian: str) -> list[str]:
    own = await club.member(guardian)
    return [one["member"] for one in await own.ok("GET", "/v1/me/children")]


async def _answers(club: Club, guardian: str, child: str) -> list[int]:
    """What each of a guardian's doors says about that child."""
    own = await club.member(guardian, stepped_up=True)
    choices = f"/v1/me/children/{child}/choices/{PURPOSE}"
    requests = f"/v1/me/children/{child}/requests"
    return [
        (await own("GET", requests)).status_code,
        (await own("PUT", choices, NO)).status_code,
        (await own("PUT", choices, YES)).status_code,
        (await own("POST", requests, {"right": "access"})).status_code,
    ]


async def _loses_birth_date(club: Club, member: str) -> None:
    """An officer or a till takes it away: it was wrong."""
    async with club.tillit.unit() as work:
        one = await members.one(work.unit, UUID(member), lock=True)
        await rectify(work.unit, SYSTEM, one, {"birth_date": None}, source="desk")


@pytest.mark.parametrize("admits", [False, True])
async def test_a_grown_up_who_removes_their_birth_date_has_no_guardian_again(
    settings: Settings, admits: bool
) -> None:
    async with stopped_club(settings, _programme(admits=admits)) as (club, clock):
        child, parent = await club.joins("C1", birth_date=CHILD), await _parent(club)
        await _names(club, child, parent)
        assert await _sees(club, parent) == [child]
        clock.at = clock.at.replace(year=2035)
        assert await _sees(club, parent) == []
        own = await club.member(child)
        removing = await own("PATCH", "/v1/me", {"values": {"birth_date": None}})
        assert removing.status_code == (403 if admits else 200)
        if admits:  # then nobody could tell that they are grown up: somebody here has to
            await _loses_birth_date(club, child)
        clock.at += timedelta(days=1)
        assert await _sees(club, parent) == []
        assert await _answers(club, parent, child) == [403, 403, 403, 403]


async def test_a_child_whose_age_nobody_ever_knew_has_the_guardian_put_on_record(
    settings: Settings,
) -> None:
    async with stopped_club(settings, _programme(admits=True)) as (club, clock):
        child, parent = await club.joins("C1"), await _parent(club)
        await _names(club, child, parent)
        clock.at += timedelta(days=1)
        own = await club.member(child)
        await own.ok("PATCH", "/v1/me", {"values": {"name": "Kim"}})
        assert await _sees(club, parent) == [child]
        assert await _answers(club, parent, child) == [200, 200, 200, 201]


async def test_an_age_that_is_taken_away_silences_guardians_until_one_is_named_anew(
    settings: Settings,
) -> None:
    async with stopped_club(settings, _programme(admits=True)) as (club, clock):
        child, parent = await club.joins("C1", birth_date=CHILD), await _parent(club)
        await _names(club, child, parent)
        await _loses_birth_date(club, child)
        assert await _sees(club, parent) == []
        assert await _answers(club, parent, child) == [403, 403, 403, 403]
        clock.at += timedelta(days=1)
        await _names(club, child, parent)
        assert await _sees(club, parent) == [child]
        assert await _answers(club, parent, child) == [200, 200, 200, 201]


async def test_an_age_that_is_known_again_tells_whether_there_is_a_guardian(
    settings: Settings,
) -> None:
    async with stopped_club(settings, _programme(admits=True)) as (club, clock):
        child, parent = await club.joins("C1", birth_date=CHILD), await _parent(club)
        await _names(club, child, parent)
        clock.at += timedelta(days=1)
        await _loses_birth_date(club, child)
        till = await club.service("till")
        values = {"purpose": "membership", "values": {"birth_date": CHILD}}
        await till.ok("PATCH", f"/v1/members/{child}", values)
        assert await _sees(club, parent) == [child]


async def test_one_who_has_no_age_hides_no_other_child(settings: Settings) -> None:
    async with stopped_club(settings, _programme(admits=True)) as (club, clock):
        first, parent = await club.joins("C1"), await _parent(club)
        second = await club.joins("C2", birth_date=CHILD)
        for child in (first, second):
            await _names(club, child, parent)
        assert sorted(await _sees(club, parent)) == sorted([first, second])
        clock.at += timedelta(days=1)
        await club.tillit.apply(SYSTEM, _programme(admits=False))
        assert await _sees(club, parent) == [second]


async def _parent(club: Club) -> str:
    return await club.joins("P1", birth_date=GROWN_UP)
