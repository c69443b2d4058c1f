"""Many erased in one transaction: each as if alone, and what is broken of one keeps no other."""

import json
from typing import Any
from uuid import UUID

import at_the_desk
import pytest
from a_life import Life

from api import work as worker
from api.bootstrap import SYSTEM
from audit.browsing import Told, all_entries
from audit.entries import Kind
from audit.verify import VerifierKey
from dsar import certificates, checks, holds, register
from dsar.holds import Ground
from dsar.journal import Journal
from dsar.states import Right, State
from kernel.database import raw
from kernel.errors import TillitError
from profiles.enrolment import enrol


async def _asked(life: Life, count: int) -> dict[UUID, UUID]:
    """More members of the club, by their approved request to be erased; jobs wait."""
    rows = [
        {"member_number": f"T-{at}", "email": f"t{at}@post.example", "name": "Tuva"}
        for at in range(count)
    ]
    asked = {}
    async with life.tillit.unit() as work:
        for one in await enrol(work.unit, SYSTEM, rows, source="till"):
            request = await at_the_desk.approved(work, Right.ERASURE, one.id)
            asked[request.id] = one.id
    return asked


async def _query(life: Life, statement: str, *values: Any) -> list[Any]:
    async with life.tillit.database.transaction() as session:
        cursor = await (await raw(session)).execute(statement, values)
        return await cursor.fetchall()


async def _entries(life: Life, kind: Kind) -> list[Told]:
    async with life.tillit.database.transaction() as session:
        return [entry async for entry in all_entries(session, kinds=[kind])]


async def test_those_erased_together_are_counted_and_certified_each_by_itself(life: Life) -> None:
    rich = await life.ask(Right.ERASURE)
    asked = await _asked(life, 4)
    async with life.tillit.unit() as work:
        requests = [rich, *asked]
        done = await life.tillit.erasure.fulfil(work.unit, SYSTEM, work.active, requests)
    assert set(done) == set(requests)
    rows = {
        one.facts["request"]: one.facts["rows"] for one in await _entries(life, Kind.MEMBER_ERASED)
    }
    assert [rows[str(rich)][what] for what in ("event", "ledger", "lookup", "value")] == [
        2,
        3,
        3,
        9,
    ]
    for request in asked:
        found = rows[str(request)]
        assert [found[what] for what in ("event", "ledger", "lookup", "value")] == [0, 0, 2, 3]
        assert (found["member"], found["member_key"], found["identity"]) == (1, 1, 1)
    await worker.drain(life.tillit)
    async with life.tillit.unit() as work:
        for request in requests:
            document = json.loads(await certificates.of_request(work.unit, request))
            assert document["certificate"]["destroyed"] == rows[str(request)]
            assert (await register.get(work.unit, request)).state is State.FULFILLED
        key = VerifierKey.parse((await life.tillit.signer()).verifier_key)
        assert await checks.check(work.unit, key) == []
    assert {line.request for line in Journal(life.tillit.settings.journal).lines()} == set(requests)
    assert await life.segment() == {life.neighbour}


async def test_one_job_erases_all_that_is_due(life: Life) -> None:
    asked = await _asked(life, 6)
    await worker.Steps(life.tillit).erasure(request=str(next(iter(asked))))
    [(left,)] = await _query(
        life, "SELECT count(*) FROM member_key WHERE member = ANY(%s)", list(asked.values())
    )
    assert left == 0
    await worker.drain(life.tillit)  # their own jobs find nothing to do
    assert len(await _entries(life, Kind.MEMBER_ERASED)) == len(asked)
    assert len(await _entries(life, Kind.CERTIFICATE_ISSUED)) == len(asked)


async def test_whose_row_somebody_has_changed_keeps_no_other_from_being_erased(
    life: Life,
) -> None:
    asked = await _asked(life, 5)
    requests = list(asked)
    broken = requests[2]
    await _query(life, "UPDATE request SET approval = 'x' WHERE id = %s RETURNING id", broken)
    steps = worker.Steps(life.tillit)
    await steps.erasure(request=str(requests[4]))
    alive = await _query(life, "SELECT id FROM member WHERE id = ANY(%s)", list(asked.values()))
    assert alive == [(asked[broken],)]
    with pytest.raises(TillitError):
        await steps.erasure(request=str(broken))
    # What was tried together and failed is taken back: a restart erases nobody who was not.
    journalled = {line.request for line in Journal(life.tillit.settings.journal).lines()}
    assert journalled == set(requests) - {broken}


async def test_all_or_none_when_the_last_moment_fails(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal stands, the commit does not come: told so in the journal, for each of them."""
    asked = await _asked(life, 3)
    was = Journal.append

    def written_and_broken(journal: Journal, *lines: Any, at: Any) -> None:
        was(journal, *lines, at=at)
        raise OSError("the disk is full")

    monkeypatch.setattr(Journal, "append", written_and_broken)
    with pytest.raises(OSError, match="full"):
        await worker.Steps(life.tillit).erasure(request=str(next(iter(asked))))
    monkeypatch.undo()
    assert Journal(life.tillit.settings.journal).lines() == []
    [(there,)] = await _query(
        life, "SELECT count(*) FROM member_key WHERE member = ANY(%s)", list(asked.values())
    )
    assert there == len(asked)
    await worker.drain(life.tillit)
    assert len(await _entries(life, Kind.MEMBER_ERASED)) == len(asked)


async def test_whom_a_hold_keeps_stays_and_the_others_go(life: Life) -> None:
    asked = await _asked(life, 3)
    held = list(asked)[1]
    async with life.tillit.unit() as work:
        await holds.place(work.unit, SYSTEM, asked[held], Ground.LEGAL_CLAIMS)
    async with life.tillit.unit() as work:
        done = await life.tillit.erasure.fulfil(work.unit, SYSTEM, work.active, list(asked))
    assert set(done) == asked.keys() - {held}
    [(alive,)] = await _query(life, "SELECT count(*) FROM member WHERE id = %s", asked[held])
    assert alive == 1
