"""Somebody writes to the database and has no key: nobody gains a right, nobody loses theirs."""

import asyncio
import json
from typing import Any, LiteralString
from uuid import UUID, uuid4

import at_the_desk
import psycopg
import pytest
from callers_at_doors import Club

from api.bootstrap import SYSTEM, Tillit, opened
from api.cli.audit import _verify
from api.cli.speaking import bars
from api.settings import Settings
from api.work import drain
from consent.programme import read_programme
from dsar import certificates
from kernel.database import libpq
from kernel.errors import Unavailable

GOLD = "tier = 'gold'"
_REQUEST = (
    "INSERT INTO request (id, kind, state, member, approval, channel, language, received, "
    "opened_at, due) VALUES (%s, %s, 'accepted', %s, %s, 'member', 'sv', now(), now(), now())"
)
_JOB = (
    "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, priority) "
    "VALUES ('default', %s, %s, 'todo', 0)"
)


def _as_owner(tillit: Tillit, statement: LiteralString, *values: Any) -> list[Any]:
    with psycopg.connect(libpq(tillit.url, role=None), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no trigger fires
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def _enqueue(tillit: Tillit, name: str, **arguments: str) -> None:
    _as_owner(tillit, _JOB, name, json.dumps(arguments))


def _due_now(tillit: Tillit) -> None:
    _as_owner(tillit, "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")


async def _problems(tillit: Tillit) -> list[str]:
    with bars(quiet=True) as progress:
        record, derived = await _verify(tillit, progress)
    return [*record.problems, *derived]


async def _asked(club: Club, member: str, right: str, *, approved: bool = True) -> str:
    own, officer = await club.member(member), await club.officer()
    request = (await own.ok("POST", "/v1/me/requests", {"right": right}))["request"]
    if approved:
        await officer.ok("POST", f"/v1/requests/{request}/approve")
    return str(request)


# Programme versions


async def test_a_version_that_was_slipped_in_gives_nobody_a_right(club: Club) -> None:
    tillit = club.tillit
    member = await club.joins("1", tier="gold", name="Anna")
    [(source, digest, signature)] = _as_owner(
        tillit, "SELECT source, digest, signature FROM programme_version"
    )
    more = source.replace(
        'assortment_insight = ["preview"]',
        'assortment_insight = ["preview"]\nmembership = ["read"]',
    )
    assert more != source
    for said in (digest, read_programme(more).digest):
        _as_owner(
            tillit, "INSERT INTO programme_version VALUES (2, %s, %s, now(), %s)",
            said, more, signature,
        )  # fmt: skip
        analytics_body = {"purpose": "membership", "members": [member]}
        with pytest.raises(Unavailable, match="version 2 was not signed"):
            async with tillit.unit():
                raise AssertionError("nothing is answered under it")
        assert any("version 2" in one for one in await _problems(tillit))
        _as_owner(tillit, "DELETE FROM programme_version WHERE number = 2")
    analytics = await club.service("analytics")
    assert (await analytics("POST", "/v1/profiles/read", analytics_body)).status_code == 403
    assert await _problems(tillit) == []


async def test_a_version_put_at_another_number_or_lost_is_found(
    club: Club, settings: Settings
) -> None:
    tillit = club.tillit
    async with tillit.unit() as work:
        source = work.active.programme.source
    await tillit.apply(SYSTEM, read_programme(source.replace("once a month", "once a week")))
    await tillit.rotate(SYSTEM)  # signatures outlive epochs
    async with opened(settings) as fresh, fresh.unit() as work:
        assert work.active.version == 2
    assert await _problems(tillit) == []
    _as_owner(
        tillit, "INSERT INTO programme_version SELECT 3, digest, source, applied_at, signature "
        "FROM programme_version WHERE number = 1",
    )  # fmt: skip
    assert any("version 3" in one for one in await _problems(tillit))
    _as_owner(tillit, "DELETE FROM programme_version WHERE number > 1")
    assert await _problems(tillit) == ["programme version 2 is on record and missing"]


# Requests


async def test_a_request_that_was_slipped_in_is_not_carried_out_and_found(club: Club) -> None:
    tillit = club.tillit
    member = await club.joins("1", tier="gold")
    await club.agrees(member)
    await _asked(club, member, "restriction")
    await drain(tillit)
    restricted = await club.segment(GOLD)
    for right in ("release", "erasure", "access"):
        forged = uuid4()
        for approval in (None, b"\0" * 92):
            _as_owner(tillit, "DELETE FROM request WHERE id = %s", forged)
            _as_owner(tillit, _REQUEST, forged, right, member, approval)
            _enqueue(tillit, f"request.{right}", request=str(forged))
            await drain(tillit)
        own = await club.member(member)
        assert (await own("GET", "/v1/me")).status_code == 200
        found = await _problems(tillit)
        assert found == [f"request {forged} has no entry in the record"]
        _as_owner(tillit, "DELETE FROM request WHERE id = %s", forged)
    assert {**await club.segment(GOLD), "entry": 0} == {**restricted, "entry": 0}
    assert restricted["matched"] == 0


async def test_an_approved_erasure_that_was_pointed_at_another_member_erases_nobody(
    club: Club,
) -> None:
    tillit = club.tillit
    asking, other = await club.joins("1"), await club.joins("2")
    request = await _asked(club, asking, "erasure")
    _as_owner(tillit, "UPDATE request SET member = %s WHERE id = %s", other, request)
    await drain(tillit)
    for one in (asking, other):
        assert (await (await club.member(one))("GET", "/v1/me")).status_code == 200
    assert sorted(await _problems(tillit)) == [
        f"request {request} has a proof of identity that was not given for it",
        f"request {request} is about another member than was put on record",
    ]
    _as_owner(tillit, "UPDATE request SET member = %s, kind = 'access'", asking)
    assert "another right" in (await _problems(tillit))[0]


async def test_an_approval_counts_once_and_for_the_request_it_was_given_for(club: Club) -> None:
    tillit = club.tillit
    member = await club.joins("1", tier="gold")
    await club.agrees(member)
    async with tillit.unit() as work:
        await at_the_desk.restricted(work, UUID(member))
    release = await _asked(club, member, "release")
    [(approval,)] = _as_owner(tillit, "SELECT approval FROM request WHERE id = %s", release)
    await drain(tillit)
    await _asked(club, member, "restriction")
    await drain(tillit)
    _as_owner(
        tillit, "UPDATE request SET state = 'accepted', closed_at = NULL, approval = %s "
        "WHERE id = %s", approval, release,
    )  # fmt: skip
    forged = uuid4()
    _as_owner(tillit, _REQUEST, forged, "release", member, approval)
    for request in (release, str(forged)):
        _enqueue(tillit, "request.release", request=request)
    await drain(tillit)
    assert (await club.segment(GOLD))["matched"] == 0
    assert len(await _problems(tillit)) == 2


async def test_a_lost_or_changed_request_or_certificate_is_found(club: Club) -> None:
    tillit = club.tillit
    gone, stays = await club.joins("1"), await club.joins("2")
    erasure = await _asked(club, gone, "erasure")
    access = await _asked(club, stays, "access", approved=False)
    await drain(tillit)
    assert await _problems(tillit) == []
    _as_owner(tillit, "UPDATE certificate SET document = replace(document, 'erased_at', 'e')")
    assert await _problems(tillit) == [
        f"the certificate of request {erasure} is not what was issued"
    ]
    _as_owner(tillit, "DELETE FROM certificate")
    assert await _problems(tillit) == [f"the certificate of request {erasure} is missing"]
    _as_owner(
        tillit, "UPDATE request SET state = 'rejected', closed_at = now() WHERE id = %s", access
    )
    assert f"request {access} is rejected, and the record says otherwise" in await _problems(tillit)
    _as_owner(tillit, "DELETE FROM request WHERE id = %s", access)
    assert f"request {access} is on record and missing" in await _problems(tillit)


async def test_no_certificate_is_issued_for_an_erasure_that_was_not(club: Club) -> None:
    tillit = club.tillit
    gone, stays = await club.joins("1"), await club.joins("2")
    erasure = await _asked(club, gone, "erasure")
    await drain(tillit)
    [(entry,)] = _as_owner(tillit, "SELECT erased FROM certificate")
    forged = uuid4()
    _as_owner(tillit, _REQUEST, forged, "erasure", stays, None)
    _as_owner(tillit, "UPDATE request SET state = 'fulfilled' WHERE id = %s", forged)
    signer = await tillit.signer()
    with pytest.raises(Unavailable, match="does not show"):
        async with tillit.unit() as work:
            await certificates.issue(
                work.unit, SYSTEM, work.active, signer, request=forged, entry=entry
            )
    body = "convert_to(replace(convert_from(body, 'utf8'), %s, %s), 'utf8')"
    _as_owner(
        tillit, f"UPDATE audit_entry SET body = {body} WHERE id = %s", erasure, str(forged), entry
    )  # fmt: skip
    with pytest.raises(Unavailable, match="does not show"):
        async with tillit.unit() as work:
            await certificates.issue(
                work.unit, SYSTEM, work.active, signer, request=forged, entry=entry
            )


async def test_a_request_whose_job_gave_up_is_said_so_and_carried_out_once_it_can_be(
    club: Club, settings: Settings
) -> None:
    tillit = club.tillit
    member = await club.joins("1")
    settings.journal.mkdir()  # it cannot be written: a full disk, a wrong owner
    request = await _asked(club, member, "erasure")
    assert (await club.nobody("GET", "/healthz")).status_code == 200
    for _ in range(9):
        _due_now(tillit)
        await drain(tillit)
    statuses = _as_owner(tillit, "SELECT status FROM procrastinate_jobs WHERE args ? 'request'")
    assert ("failed",) in statuses
    sick = await club.nobody("GET", "/healthz")
    assert sick.status_code == 503
    assert sick.json()["problems"][0]["place"] == "requests"
    settings.journal.rmdir()
    _as_owner(tillit, "DELETE FROM procrastinate_jobs WHERE status = 'todo' AND args ? 'request'")
    await drain(tillit)
    officer = await club.officer()
    assert (await officer("GET", f"/v1/requests/{request}/certificate")).status_code == 200
    assert (await club.nobody("GET", "/healthz")).status_code == 200
    assert await _problems(tillit) == []


async def test_a_certificate_whose_job_was_lost_is_issued_all_the_same(club: Club) -> None:
    tillit = club.tillit
    request = UUID(await _asked(club, await club.joins("1"), "erasure"))
    async with tillit.unit() as work:
        assert await tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [request])
    _as_owner(tillit, "DELETE FROM procrastinate_jobs WHERE args ? 'request'")
    await drain(tillit)
    async with tillit.unit() as work:
        assert await certificates.of_request(work.unit, await tillit.signer(work.session), request)


# Footprints


async def test_a_lost_footprint_is_found_and_the_member_is_not_told_that_they_did_not_match(
    club: Club,
) -> None:
    tillit = club.tillit
    member = await club.joins("1", tier="gold")
    await club.agrees(member)
    await club.segment(GOLD)
    own = await club.member(member)

    async def outcomes() -> list[str]:
        told = await own.ok("GET", "/v1/me/uses")
        return [one["outcome"] for one in told["uses"] if one["what"] == "segment.evaluated"]

    assert (await outcomes(), await _problems(tillit)) == (["matched"], [])
    [(kept,)] = _as_owner(tillit, "SELECT sealed FROM audit_set")
    [(detail,)] = _as_owner(tillit, "SELECT sealed FROM audit_detail")
    changed = bytes([kept[0] ^ 1]) + kept[1:]
    steps: tuple[tuple[LiteralString, tuple[Any, ...]], ...] = (
        ("UPDATE audit_set SET sealed = %s", (changed,)),
        ("DELETE FROM audit_set", ()),
        ("UPDATE audit_detail SET sealed = %s", (bytes([detail[0] ^ 1]) + detail[1:],)),
        ("DELETE FROM audit_detail", ()),
    )
    for statement, values in steps:
        _as_owner(tillit, statement, *values)
        assert await outcomes() == ["unknown"], statement
        assert len(await _problems(tillit)) == 1, statement
    await club.segment(GOLD)
    assert sorted(await outcomes()) == ["matched", "unknown"]


# A live system


async def test_a_live_system_verifies_while_members_change_their_minds(club: Club) -> None:
    members = [await club.joins(str(number), tier="gold") for number in range(3)]
    stopped = asyncio.Event()

    async def busy(member: str) -> None:
        allow = True
        while not stopped.is_set():
            await club.agrees(member, allow=allow)
            allow = not allow

    tasks = [asyncio.create_task(busy(member)) for member in members]
    found = [problem for _ in range(10) for problem in await _problems(club.tillit)]
    stopped.set()
    await asyncio.gather(*tasks)
    assert found == []
