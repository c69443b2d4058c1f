"""Every right from its opening to its end, by the worker; and done a second time, nothing."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import at_the_desk
import pytest
from a_life import Life
from naive_requests import AT_ONCE

from api import jobs
from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from audit.browsing import all_entries
from audit.verify import VerifierKey
from consent import checks as consent_checks
from consent.programme.loading import read_programme
from dsar import certificates, checks, deciding, outgoing, register, requests
from dsar.states import Right, State, Step
from dsar.wanted import Wanted
from kernel.database import raw
from profiles import reading
from profiles.errors import UnknownMember
from profiles.members import one

_TABLES = """
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'
AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'procrastinate%%'
"""
WISHES = {
    Right.RECTIFICATION: Wanted(values={"county": "Jämtland", "tier": "silver"}),
    Right.OBJECTION: Wanted(marketing=True),
    Right.WITHDRAWAL: Wanted(purposes=("personalised_offers",)),
    Right.REVIEW: Wanted(note="why am I no longer gold?"),
}


async def _asked(life: Life, right: Right) -> UUID:
    """Opened with the member in front of the officer, and approved."""
    async with life.tillit.unit() as work:
        wish = WISHES.get(right)
        asked = await at_the_desk.opened(work, right, life.member, wish=wish)
        if asked.state is not State.ACCEPTED:
            outcome = "it followed the rules" if right is Right.REVIEW else ""
            await deciding.approve(work.unit, SYSTEM, work.active, asked.id, outcome=outcome)
    return asked.id


async def _done(life: Life, right: Right) -> UUID:
    request = await _asked(life, right)
    await worker.drain(life.tillit)
    return request


async def _everything(tillit: Tillit) -> dict[str, Any]:
    """A digest of every table but the queue's: whatever changes, shows."""
    async with tillit.database.transaction() as session:
        connection = await raw(session)
        tables = await (await connection.execute(_TABLES)).fetchall()
        found = {}
        for (table,) in tables:
            query = f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t"
            found[table] = await (await connection.execute(query)).fetchone()
    return found


async def _sound(tillit: Tillit) -> None:
    key = VerifierKey.parse((await tillit.signer()).verifier_key)
    async with tillit.unit() as work:
        assert await checks.check(work.unit, key) == []
        assert await consent_checks.check(work.unit) == []


async def _packed(life: Life, request: UUID) -> None:
    async with life.tillit.unit() as work:
        query = "SELECT member FROM package WHERE request = %s"
        found = await (await (await raw(work.session)).execute(query, (request,))).fetchall()
    assert found == [(life.member,)]
    assert life.member in await life.segment()


async def _corrected(life: Life, _: UUID) -> None:
    async with life.tillit.unit() as work:
        member = await one(work.unit, life.member)
        found = await reading.values(work.unit, member, ["county", "tier", "name"])
    values = {name: found[name].value for name in found}
    assert values == {"county": "Jämtland", "tier": "silver", "name": "Åsa Öberg"}
    assert await life.segment() == {life.neighbour}
    assert await life.segment("tier = 'silver'") == {life.member}


async def _gone(life: Life, request: UUID) -> None:
    async with life.tillit.unit() as work:
        with pytest.raises(UnknownMember):
            await one(work.unit, life.member)
        assert str(request) in await certificates.of_request(
            work.unit, await life.tillit.signer(work.session), request
        )
    assert await life.segment() == {life.neighbour}


async def _unused(life: Life, _: UUID) -> None:
    assert await life.segment() == {life.neighbour}


async def _used(life: Life, _: UUID) -> None:
    assert await life.segment() == {life.member, life.neighbour}


async def _looked_at(life: Life, request: UUID) -> None:
    async with life.tillit.unit() as work:
        wish = await requests.wish_of(work.unit, request)
    assert (wish.note, wish.outcome) == (WISHES[Right.REVIEW].note, "it followed the rules")


COMES_OF_IT: dict[Right, Callable[[Life, UUID], Awaitable[None]]] = {
    Right.ACCESS: _packed,
    Right.PORTABILITY: _packed,
    Right.RECTIFICATION: _corrected,
    Right.ERASURE: _gone,
    Right.RESTRICTION: _unused,
    Right.RELEASE: _used,
    Right.OBJECTION: _unused,
    Right.WITHDRAWAL: _unused,
    Right.REVIEW: _looked_at,
}


@pytest.mark.parametrize("right", list(Right))
async def test_every_right_is_carried_out_once_and_its_steps_are_on_record(
    life: Life, right: Right
) -> None:
    tillit = life.tillit
    if right is Right.RELEASE:
        await _done(life, Right.RESTRICTION)
        assert await life.segment() == {life.neighbour}
    request = await _done(life, right)
    async with tillit.unit() as work:
        found = await register.get(work.unit, request)
        assert found.state is State.FULFILLED
        assert found.closed_at is not None
        assert (found.member is None) == (right is Right.ERASURE)
        steps = [
            Step(str(entry.facts["step"]))
            async for entry in all_entries(work.session)
            if entry.facts.get("request") == str(request) and entry.facts.get("step") in set(Step)
        ]
    assert sorted(steps) == sorted([Step.ACKNOWLEDGE, Step.APPROVE, Step.CARRY_OUT, Step.FULFIL])
    await COMES_OF_IT[right](life, request)
    await _sound(tillit)


@pytest.mark.parametrize("right", list(Right))
async def test_a_job_that_is_done_again_changes_nothing(life: Life, right: Right) -> None:
    tillit = life.tillit
    if right is Right.RELEASE:
        await _done(life, Right.RESTRICTION)
    request = await _done(life, right)
    before = await _everything(tillit)
    steps = jobs.Steps(tillit)
    job = {
        Right.ACCESS: steps.package,
        Right.PORTABILITY: steps.package,
        Right.RECTIFICATION: steps.rectification,
        Right.ERASURE: steps.erasure,
        Right.RESTRICTION: steps.restriction,
        Right.RELEASE: steps.restriction,
        Right.OBJECTION: steps.objection,
        Right.WITHDRAWAL: steps.objection,
        Right.REVIEW: steps.review,
    }[right]
    await job(request=str(request))
    await steps.settle(request=str(request))
    if right is Right.ERASURE:
        async with tillit.unit() as work:
            row = await register.row_of(work.unit, request)
        await steps.certificate(request=str(request), entry=str(row.erased))
    await worker.drain(tillit)
    assert await _everything(tillit) == before


@pytest.mark.parametrize("right", sorted(AT_ONCE))
async def test_who_is_known_stops_a_use_without_an_officer(life: Life, right: str) -> None:
    async with life.tillit.unit() as work:
        asked = await at_the_desk.opened(work, Right(right), life.member, wish=WISHES[Right(right)])
    assert asked.state is State.ACCEPTED
    await worker.drain(life.tillit)
    assert await life.segment() == {life.neighbour}


CONNECTED = """
[recipients.letters.connector]
by = "mailbox"
address = "privacy@brevduvan.example"
"""


async def test_a_second_restriction_is_done_though_a_recipient_has_yet_to_answer_the_first(
    life: Life,
) -> None:
    """Restricted, released, restricted again: what is done already is not joined."""
    tillit = life.tillit
    async with tillit.unit() as work:
        source = work.active.programme.source
    await tillit.apply(SYSTEM, read_programme(source + CONNECTED))
    first = await _done(life, Right.RESTRICTION)
    await _done(life, Right.RELEASE)
    assert await life.segment() == {life.member, life.neighbour}
    second = await _done(life, Right.RESTRICTION)
    assert second != first
    assert await life.segment() == {life.neighbour}
    async with tillit.unit() as work:
        assert (await register.get(work.unit, first)).state is State.CARRIED_OUT
        [word] = [word for word in await outgoing.of_request(work.unit, first) if word.recipient]
    assert word.state.is_open
    await _sound(tillit)
