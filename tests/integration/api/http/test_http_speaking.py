"""Whoever speaks for a member is heard for as long as they may, up to the moment it is done."""

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from agents_at_doors import Agent, pin
from callers_at_doors import Club
from httpx import AsyncClient
from stopped_club import START, stopped_club

from api.bootstrap import SYSTEM, Tillit
from api.settings import Settings
from api.work import drain
from consent.programme import read_programme
from dsar import desk, register
from dsar.waiting import Waits, waiting
from kernel.database import libpq
from profiles import members

CHILD, GROWN_UP = "2014-03-02", "1984-02-29"  # thirteen, the Swedish age, on 2 March 2027
FORM = {"evidence": "form 4711", "how": "paper"}
ERASURE = {"right": "erasure"}


async def _family(club: Club) -> tuple[str, str]:
    child = await club.joins("C1", birth_date=CHILD, email="kim@post.example")
    parent = await club.joins("P1", birth_date=GROWN_UP)
    officer = await club.officer()
    await officer.ok("PUT", f"/v1/members/{child}/guardians/{parent}", FORM)
    return child, parent


async def _is_there(tillit: Tillit, member: str) -> bool:
    async with tillit.unit() as work:
        return bool(await members.load(work.unit, [UUID(member)]))


@pytest.mark.parametrize("end", ["removed", "grown"])
@pytest.mark.parametrize("approved", [False, True])
async def test_a_guardian_who_is_one_no_more_has_no_child_erased(
    settings: Settings, end: str, approved: bool
) -> None:
    async with stopped_club(settings) as (club, clock):
        clock.at = START.replace(year=2027)
        child, parent = await _family(club)
        theirs, officer = await club.member(parent), await club.officer()
        path = f"/v1/me/children/{child}/requests"
        request = (await theirs.ok("POST", path, ERASURE))["request"]
        approve = f"/v1/requests/{request}/approve"
        if approved:
            await officer.ok("POST", approve)
        if end == "removed":
            await officer.ok("DELETE", f"/v1/members/{child}/guardians/{parent}")
        else:
            clock.at += timedelta(days=1)
        officer = await club.officer()
        refused = await officer("POST", approve)
        assert refused.status_code == 409
        if not approved:
            assert refused.json()["type"] == "urn:tillit:problem:not-identified"
        await drain(club.tillit)
        assert await _is_there(club.tillit, child)
        # The child may say so, with a proof of their own.
        own = await club.member(child)
        told = await own.ok("POST", f"/v1/me/requests/{request}/identity/step-up")
        assert told["outcome"] == ("expired" if approved else "proved")
        if not approved:
            await officer.ok("POST", approve)
        else:
            await own.ok("POST", "/v1/me/requests", ERASURE)
        await drain(club.tillit)
        assert not await _is_there(club.tillit, child)


@pytest.mark.parametrize("approved", [False, True])
async def test_the_desk_shows_what_an_approval_goes_by_once_a_guardian_may_speak_no_more(
    club: Club, approved: bool
) -> None:
    child, parent = await _family(club)
    theirs, officer, own = (
        await club.member(parent),
        await club.officer(),
        await club.member(child, stepped_up=False),
    )
    path = f"/v1/me/children/{child}/requests"
    request = (await theirs.ok("POST", path, ERASURE))["request"]
    at = f"/v1/requests/{request}"
    before = await officer.ok("GET", at)
    assert (before["lacking"], "approve" in before["steps"]) == ([], True)
    [proof] = (await officer.ok("GET", f"{at}/identity"))["proofs"]
    assert (proof["how"], proof["holds"]) == ("guardian", True)
    if approved:
        await officer.ok("POST", f"{at}/approve")
    await officer.ok("DELETE", f"/v1/members/{child}/guardians/{parent}")

    after = await officer.ok("GET", at)
    assert after["lacking"] == ["email", "member_number"]
    assert not {"approve"} & set(after["steps"])
    [listed] = (await officer.ok("GET", "/v1/requests"))["requests"]
    assert listed["lacking"] == after["lacking"]
    shown = await officer.ok("GET", f"{at}/identity")
    assert [one["holds"] for one in shown["proofs"]] == [False]
    mine = await own.ok("GET", f"/v1/me/requests/{request}/identity")
    assert (mine["whole"], mine["proved"]) == (False, [])
    if not approved:
        assert shown["lacks"] == mine["lacks"] == after["lacking"]
    async with club.tillit.unit() as work:
        found = await desk.seen(
            work.unit, work.active, [await register.get(work.unit, UUID(request))]
        )
        [waits] = await waiting(work.unit, found)
    assert waits.what is Waits.IDENTITY


async def test_what_a_child_asked_for_themselves_is_not_made_their_guardian_s_by_a_column(
    settings: Settings,
) -> None:
    async with stopped_club(settings) as (club, _):
        child, parent = await _family(club)
        own, officer = await club.member(child), await club.officer()
        request = (await own.ok("POST", "/v1/me/requests", {"right": "access"}))["request"]
        await officer.ok("POST", f"/v1/requests/{request}/approve")
        await drain(club.tillit)
        with psycopg.connect(libpq(club.tillit.url, role=None), autocommit=True) as connection:
            connection.execute("UPDATE request SET channel = 'guardian'")
        theirs = await club.member(parent)
        path = f"/v1/me/children/{child}/requests/{request}/package"
        assert (await theirs("GET", path)).status_code == 404


@pytest.mark.parametrize("approved", [False, True])
async def test_an_agent_whose_mandate_has_ended_has_nobody_erased(
    club: Club, tillit: Tillit, http: AsyncClient, approved: bool
) -> None:
    pin(tillit, "dataombudet")
    member = await club.joins("FK-1", email="asa@post.example")
    await Agent(http).hands_in("erasure", email="asa@post.example")
    await drain(tillit)
    own, officer = await club.member(member), await club.officer()
    [asked] = await own.ok("GET", "/v1/me/requests")
    at = f"/v1/requests/{asked['request']}"
    await officer.ok("POST", f"{at}/mandate")
    if approved:
        await officer.ok("POST", f"{at}/approve")
    async with tillit.unit() as work:
        source = work.active.programme.source
    await tillit.apply(SYSTEM, read_programme(source[: source.index("[agents.dataombudet]")]))
    assert (await officer("POST", f"{at}/approve")).status_code == 409
    await drain(tillit)
    assert await _is_there(tillit, member)
