"""What officers do with requests: step by step, many at once, and several officers at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest_asyncio
from callers_at_doors import Client, Club
from stopped_club import START, altered, stopped_club
from the_desk import FOUR_EYES, ROLES, entries, opened, restricts, seen

from api.bootstrap import SYSTEM
from api.settings import Settings
from api.tokens import Caller
from api.work import drain
from consent.programme import read_programme
from kernel.clock import StoppedClock
from kernel.database import raw


@pytest_asyncio.fixture
async def desk(settings: Settings) -> AsyncIterator[tuple[Club, StoppedClock]]:
    async with stopped_club(settings) as found:
        yield found


@pytest_asyncio.fixture
async def pair(settings: Settings) -> AsyncIterator[Club]:
    """A club whose erasures and releases need two officers."""
    async with stopped_club(settings, altered(FOUR_EYES)) as (club, _):
        yield club


async def _officer(club: Club, name: str, role: str = "privacy_officer") -> Client:
    return await club.client(Caller.officer(name, role=role))


async def _jobs(club: Club, request: str) -> int:
    """How many jobs carry this request out, or would."""
    async with club.tillit.unit() as work:
        cursor = await (await raw(work.session)).execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE args->>'request' = %s "
            "AND task_name LIKE 'request.%%' AND task_name NOT IN "
            "('request.letter', 'request.moved', 'request.settle')",
            (request,),
        )
        row = await cursor.fetchone()
        assert row is not None
        return int(row[0])


def _type(answer: Any) -> str:
    return str(answer.json()["type"]).removeprefix("urn:tillit:problem:")


async def test_an_extension_gives_two_months_with_a_reason_and_no_more(
    desk: tuple[Club, StoppedClock],
) -> None:
    club, clock = desk
    member = await club.joins("1")
    request = await opened(club, "access", member)
    officer = await club.officer()
    path = f"/v1/requests/{request}/extend"
    assert _type(await officer("POST", path, {"reason": "ProcessExcessive"})) == "unknown-reason"
    shown = await officer.ok("POST", path, {"reason": "ComplexityOfProcess"})
    assert (shown["state"], shown["due"], shown["extended"]) == ("delayed", "2026-06-01", True)
    assert shown["reason"] == "ComplexityOfProcess"
    assert _type(await officer("POST", path, {"reason": "ComplexityOfProcess"})) == "wrong-state"
    late = await opened(club, "access", await club.joins("2"))
    clock.at = START + timedelta(days=32)
    officer = await club.officer()
    answer = await officer("POST", f"/v1/requests/{late}/extend", {"reason": "ComplexityOfProcess"})
    assert _type(answer) == "too-late"
    assert "extend" not in (await seen(club, late))["steps"]


async def test_a_withdrawal_is_put_off_by_nobody(club: Club) -> None:
    officer = await club.officer()
    body = {"right": "withdrawal", "purposes": ["newsletter"], "member": await club.joins("1")}
    request = (await officer.ok("POST", "/v1/requests", body))["request"]
    reason = {"reason": "ComplexityOfProcess"}
    assert _type(await officer("POST", f"/v1/requests/{request}/extend", reason)) == "wrong-state"
    unfounded = {"reason": "ProcessUnfounded"}
    answer = await officer("POST", f"/v1/requests/{request}/refuse", unfounded)
    assert _type(answer) == "unfit-reason"
    doubt = {"reason": "IdentityVerificationFailure"}
    assert (await officer.ok("POST", f"/v1/requests/{request}/refuse", doubt))["steps"] == []


async def test_what_can_be_done_is_what_is_told(club: Club) -> None:
    """Each step that is offered is taken; each other answers that it cannot be."""
    bodies: dict[str, Any] = {
        "extend": {"reason": "ComplexityOfProcess"},
        "refuse": {"reason": "ProcessExcessive"},
    }
    officer = await club.officer()
    for number, step in enumerate(("extend", "approve", "refuse", "cancel")):
        request = await opened(club, "access", await club.joins(str(number)))
        for _ in range(3):
            shown = await seen(club, request)
            answer = await officer("POST", f"/v1/requests/{request}/{step}", bodies.get(step))
            assert answer.is_success is (step in shown["steps"]), (step, shown["state"])


async def test_a_review_is_approved_with_what_a_human_found(club: Club) -> None:
    member = await club.joins("1")
    request = await opened(club, "review", member, note="Why was I offered less?")
    officer = await club.officer()
    path = f"/v1/requests/{request}/approve"
    assert _type(await officer("POST", path)) == "not-a-request"
    found = {"outcome": "The tier was a year old; the offer is sent again."}
    assert (await officer.ok("POST", path, found))["state"] == "accepted"
    await drain(club.tillit)
    shown = await seen(club, request)
    assert (shown["state"], shown["wanted"]["outcome"]) == ("fulfilled", found["outcome"])
    assert shown["wanted"]["note"] == "Why was I offered less?"
    other = await opened(club, "access", member)
    answer = await officer("POST", f"/v1/requests/{other}/approve", found)
    assert _type(answer) == "not-a-request"


async def test_an_approval_waits_for_another_officer_and_not_for_the_same_in_another_role(
    pair: Club,
) -> None:
    async with pair.tillit.unit() as work:
        source = work.active.programme.source
    await pair.tillit.apply(SYSTEM, read_programme(source + ROLES))
    request = await opened(pair, "erasure", await pair.joins("1"))
    path = f"/v1/requests/{request}/approve"
    first = await _officer(pair, "officer-1", "desk")
    shown = await first.ok("POST", path)
    assert (shown["state"], shown["second_officer"]) == ("acknowledged", True)
    for role in ("desk", "chief"):
        again = await (await _officer(pair, "officer-1", role))("POST", path)
        assert (again.status_code, _type(again)) == (409, "same-officer")
    assert await _jobs(pair, request) == 0
    second = await (await _officer(pair, "officer-2", "desk")).ok("POST", path)
    assert (second["state"], second["second_officer"]) == ("accepted", False)
    await drain(pair.tillit)
    assert (await seen(pair, request))["state"] == "fulfilled"


async def test_two_officers_approve_at_once_and_one_of_them_does(club: Club) -> None:
    request = await opened(club, "access", await club.joins("1"))
    path = f"/v1/requests/{request}/approve"
    officers = [await _officer(club, f"officer-{number}") for number in range(6)]
    came = await asyncio.gather(*(officer("POST", path) for officer in officers))
    assert sorted(answer.status_code for answer in came) == [200] + [409] * 5
    assert await _jobs(club, request) == 1
    assert len(await entries(club, "request.approved", request)) == 1


async def test_of_two_eyes_at_once_one_endorses_and_the_other_approves(pair: Club) -> None:
    request = await opened(pair, "erasure", await pair.joins("1"))
    path = f"/v1/requests/{request}/approve"
    officers = [await _officer(pair, name) for name in ("officer-1", "officer-1", "officer-2")]
    came = await asyncio.gather(*(officer("POST", path) for officer in officers))
    assert (await seen(pair, request))["state"] == "accepted"
    assert sorted(answer.status_code for answer in came) == [200, 200, 409]
    assert await _jobs(pair, request) == 1
    assert len(await entries(pair, "request.approved", request)) == 1


async def test_of_approving_refusing_and_taking_back_at_once_one_is_done(club: Club) -> None:
    own = None
    for round_ in range(4):
        member = await club.joins(str(round_))
        request = await opened(club, "erasure", member)
        one, two = await _officer(club, "officer-1"), await _officer(club, "officer-2")
        own = await club.member(member)
        came = await asyncio.gather(
            one("POST", f"/v1/requests/{request}/approve"),
            two("POST", f"/v1/requests/{request}/refuse", {"reason": "ProcessUnfounded"}),
        )
        assert sorted(answer.status_code for answer in came) == [200, 409]
        state = (await seen(club, request))["state"]
        approved = came[0].is_success
        assert state == ("accepted" if approved else "rejected")
        assert await _jobs(club, request) == int(approved)
        assert (await own.ok("GET", "/v1/me/requests"))[0]["state"] == state


async def test_nothing_is_done_with_a_request_that_was_taken_back(club: Club) -> None:
    member = await club.joins("1", tier="gold")
    request = await opened(club, "erasure", member)
    officer = await club.officer()
    assert (await officer.ok("POST", f"/v1/requests/{request}/approve"))["state"] == "accepted"
    shown = await officer.ok("POST", f"/v1/requests/{request}/cancel")
    assert (shown["state"], shown["steps"]) == ("unfulfilled", [])
    assert _type(await officer("POST", f"/v1/requests/{request}/approve")) == "wrong-state"
    await drain(club.tillit)
    assert (await seen(club, request))["member"] == member
    assert await (await club.member(member)).ok("GET", "/v1/me")


async def test_a_request_of_nobody_any_more_takes_no_step(club: Club) -> None:
    member = await club.joins("1")
    request, other = await opened(club, "erasure", member), await opened(club, "access", member)
    officer = await club.officer()
    await officer.ok("POST", f"/v1/requests/{request}/approve")
    await drain(club.tillit)
    for one in (request, other):
        for step in ("approve", "cancel"):
            answer = await officer("POST", f"/v1/requests/{one}/{step}")
            assert answer.status_code in (404, 409)
    batch = {"requests": [request, other], "step": "cancel"}
    came = (await officer.ok("POST", "/v1/requests/bulk", batch))["requests"]
    assert [one["came"] for one in came] == ["not_done", "already"]


async def test_an_unknown_id_is_no_request(club: Club) -> None:
    officer = await club.officer()
    for step in ("approve", "cancel"):
        answer = await officer("POST", f"/v1/requests/{uuid4()}/{step}")
        assert (answer.status_code, _type(answer)) == (404, "unknown-request")
    assert (await officer("GET", f"/v1/requests/{uuid4()}")).status_code == 404
    assert (await officer("POST", "/v1/requests/anna@example.com/approve")).status_code == 404


async def test_one_step_with_many_leaves_each_where_it_belongs(club: Club) -> None:
    members = [await club.joins(str(number)) for number in range(4)]
    ids = [await opened(club, "access", member) for member in members]
    officer = await club.officer()
    await officer.ok("POST", f"/v1/requests/{ids[1]}/refuse", {"reason": "ProcessUnfounded"})
    weak = await club.member(members[3], stepped_up=False)
    unproved = (await weak.ok("POST", "/v1/me/requests", {"right": "erasure"}))["request"]
    unknown = str(uuid4())
    batch = {
        "requests": [ids[2], unknown, ids[0], ids[1], unproved, ids[0], unknown],
        "step": "approve",
    }
    came = await officer.ok("POST", "/v1/requests/bulk", batch)
    assert [(one["request"], one["came"], one["state"]) for one in came["requests"]] == [
        (ids[2], "done", "accepted"),
        (unknown, "not_done", None),
        (ids[0], "done", "accepted"),
        (ids[1], "not_done", "rejected"),
        (unproved, "not_done", "acknowledged"),
    ]
    kinds = [one["type"] for one in came["requests"] if one["type"]]
    assert [kind.rpartition(":")[2] for kind in kinds] == [
        *("unknown-request", "wrong-state", "not-identified"),
    ]
    assert (came["done"], came["not_done"]) == (2, 3)
    await drain(club.tillit)
    again = await officer.ok("POST", "/v1/requests/bulk", batch)
    assert [(one["came"], one["state"]) for one in again["requests"]] == [
        ("already", "fulfilled"),
        ("not_done", None),
        ("already", "fulfilled"),
        ("not_done", "rejected"),
        ("not_done", "acknowledged"),
    ]
    assert len(await entries(club, "request.approved", ids[0])) == 1


async def test_a_whole_batch_at_once_from_two_officers_is_done_once(pair: Club) -> None:
    members = [await pair.joins(str(number)) for number in range(8)]
    ids = [await opened(pair, "erasure", member) for member in members]
    one, two = await _officer(pair, "officer-1"), await _officer(pair, "officer-2")
    came = await asyncio.gather(
        one.ok("POST", "/v1/requests/bulk", {"requests": ids, "step": "approve"}),
        two.ok("POST", "/v1/requests/bulk", {"requests": ids[::-1], "step": "approve"}),
    )
    lines = [line["came"] for answer in came for line in answer["requests"]]
    assert (lines.count("waits"), lines.count("done")) == (8, 8)
    for request in ids:
        assert await _jobs(pair, request) == 1


async def test_a_batch_that_makes_no_sense_is_refused_whole(club: Club) -> None:
    request = await opened(club, "access", await club.joins("1"))
    officer = await club.officer()
    for batch in (
        {"requests": [], "step": "approve"},
        {"requests": [str(uuid4())] * 501, "step": "approve"},
        {"requests": [request], "step": "fulfil"},
        {"requests": [request], "step": "refuse"},
        {"requests": [request], "step": "approve", "reason": "ProcessExcessive"},
        {"requests": [request], "step": "extend", "reason": "ProcessExcessive"},
        {"requests": ["anna@example.com"], "step": "approve"},
    ):
        assert (await officer("POST", "/v1/requests/bulk", batch)).status_code == 422, batch
    assert (await seen(club, request))["state"] == "acknowledged"


async def test_an_officer_who_may_not_restrict_restricts_nobody_by_the_dozen(club: Club) -> None:
    async with club.tillit.unit() as work:
        source = work.active.programme.source
    await club.tillit.apply(SYSTEM, read_programme(source + ROLES))
    chief, desk = await club.officer("chief"), await club.officer("desk")
    ids = []
    for number, right in enumerate(("access", "restriction", "release")):
        body = {"right": right, "member": await club.joins(str(number)), "identified": True}
        if right == "release":
            await restricts(club, body["member"])
        ids.append((await chief.ok("POST", "/v1/requests", body))["request"])
    batch = {"requests": ids, "step": "approve"}
    came = (await desk.ok("POST", "/v1/requests/bulk", batch))["requests"]
    assert [one["came"] for one in came] == ["done", "not_done", "not_done"]
    assert {one["type"] for one in came[1:]} == {"urn:tillit:problem:wrong-caller"}
    came = (await chief.ok("POST", "/v1/requests/bulk", batch))["requests"]
    assert [one["came"] for one in came] == ["already", "done", "done"]


async def test_an_officer_without_the_ability_comes_to_no_door_of_the_desk(club: Club) -> None:
    async with club.tillit.unit() as work:
        source = work.active.programme.source
    roles = ROLES + '\n[officers.auditor]\ncan = ["record"]\n'
    await club.tillit.apply(SYSTEM, read_programme(source + roles))
    auditor = await club.officer("auditor")
    request = uuid4()
    for method, path, body in (
        ("GET", "/v1/requests", None),
        ("GET", f"/v1/requests/{request}", None),
        ("GET", "/v1/requests/figures", None),
        ("POST", "/v1/requests", {"right": "access", "member": str(uuid4())}),
        ("POST", f"/v1/requests/{request}/approve", None),
        ("POST", f"/v1/requests/{request}/extend", {"reason": "ComplexityOfProcess"}),
        ("POST", f"/v1/requests/{request}/cancel", None),
        ("POST", "/v1/requests/bulk", {"requests": [str(request)], "step": "approve"}),
    ):
        answer = await auditor(method, path, body)
        assert (answer.status_code, _type(answer)) == (403, "wrong-caller"), path


async def test_what_fails_half_way_leaves_nothing_behind_and_the_others_whole(club: Club) -> None:
    """A request that nobody has acknowledged is acknowledged first, and then lacks its proof."""
    weak = await club.member(await club.joins("1"), stepped_up=False)
    fails = (await weak.ok("POST", "/v1/me/requests", {"right": "erasure"}))["request"]
    async with club.tillit.unit() as work:
        await (await raw(work.session)).execute(
            "UPDATE request SET state = 'initiated' WHERE id = %s", (fails,)
        )
    works = await opened(club, "access", await club.joins("2"))
    before = await entries(club, "request.moved", fails)
    officer = await club.officer()
    batch = {"requests": [fails, works], "step": "approve"}
    came = (await officer.ok("POST", "/v1/requests/bulk", batch))["requests"]
    assert [(one["came"], one["state"]) for one in came] == [
        ("not_done", "initiated"),
        ("done", "accepted"),
    ]
    assert await entries(club, "request.moved", fails) == before
