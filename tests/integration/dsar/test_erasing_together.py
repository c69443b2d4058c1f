"""Many erased in one transaction: each as if alone, and what is broken of one keeps no other."""

import json
from typing import Any
from uuid import UUID

import at_the_desk
import psycopg
import pytest
from a_life import Life
from sqlalchemy.exc import DBAPIError
from test_restored_backups import _no_commit as no_commit

from api import jobs
from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from audit.browsing import Told, all_entries
from audit.entries import Kind
from audit.verify import VerifierKey
from dsar import certificates, checks, holds, register
from dsar.holds import Ground
from dsar.journal import Journal
from dsar.states import Right, State
from kernel.database import libpq, raw
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
            document = json.loads(
                await certificates.of_request(
                    work.unit, await life.tillit.signer(work.session), request
                )
            )
            assert document["certificate"]["destroyed"] == rows[str(request)]
            assert (await register.get(work.unit, request)).state is State.FULFILLED
        key = VerifierKey.parse((await life.tillit.signer()).verifier_key)
        assert await checks.check(work.unit, key) == []
    assert {line.request for line in Journal(life.tillit.settings.journal).lines()} == set(requests)
    assert await life.segment() == {life.neighbour}


async def test_one_job_erases_all_that_is_due(life: Life) -> None:
    asked = await _asked(life, 6)
    await jobs.Steps(life.tillit).erasure(request=str(next(iter(asked))))
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
    steps = jobs.Steps(life.tillit)
    await steps.erasure(request=str(requests[4]))
    alive = await _query(life, "SELECT id FROM member WHERE id = ANY(%s)", list(asked.values()))
    assert alive == [(asked[broken],)]
    with pytest.raises(TillitError):
        await steps.erasure(request=str(broken))
    # What was tried together and failed is taken back: a restart erases nobody who was not.
    journalled = {line.request for line in Journal(life.tillit.settings.journal).lines()}
    assert journalled == set(requests) - {broken}


_FORGED = (
    "INSERT INTO request (id, kind, state, member, channel, language, received, opened_at, due, "
    "approval) VALUES (%s, 'erasure', 'accepted', %s, 'member', 'sv', now(), now(), now(), 'x') "
    "RETURNING id"
)


async def test_forty_rows_that_nobody_approved_cost_the_others_nothing(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = _transactions(monkeypatch)
    steps = jobs.Steps(life.tillit)
    alone = list(await _asked(life, 3))
    begun.clear()
    await steps.erasure(request=str(alone[0]))
    undisturbed = len(begun)
    forged = [UUID(int=number) for number in range(1, 41)]  # looked at before all others
    for one in forged:
        await _query(life, _FORGED, one, life.neighbour)
    async with life.tillit.unit() as work:
        person = await enrol(work.unit, SYSTEM, [{"member_number": "T-9"}], source="till")
        asked = await at_the_desk.approved(work, Right.ERASURE, person[0].id)
        other = await at_the_desk.approved(work, Right.ERASURE, life.member)
    begun.clear()
    await steps.erasure(request=str(asked.id))
    assert len(begun) == undisturbed
    async with life.tillit.unit() as work:
        for request in (asked.id, other.id):
            assert (await register.get(work.unit, request)).member is None
    begun.clear()
    for one in forged:
        with pytest.raises(TillitError):
            await steps.erasure(request=str(one))
    # Each fails once with the rest and once by itself; what failed is taken back.
    assert len(begun) <= len(forged) * (undisturbed + 1)
    [(there,)] = await _query(life, "SELECT count(*) FROM member WHERE id = %s", life.neighbour)
    assert there == 1
    async with life.tillit.unit() as work:
        key = VerifierKey.parse((await life.tillit.signer()).verifier_key)
        said = await checks.check(work.unit, key)
    assert all(any(str(one) in problem for problem in said) for one in forged)


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE request SET channel = 'x' WHERE id = %(request)s",
        "UPDATE identity_proof SET sealed = 'x' WHERE request = %(request)s",
        "UPDATE member SET sealed = 'x' WHERE id = %(member)s",
        "UPDATE member_key SET wrapped = 'x' WHERE member = %(member)s",
    ],
)
async def test_of_whom_something_does_not_open_is_left_out_and_the_others_go_at_once(
    life: Life, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    asked = await _asked(life, 4)
    request = list(asked)[1]
    with psycopg.connect(libpq(life.tillit.url, role=None), autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(broken.encode(), {"request": request, "member": asked[request]})
    begun = _transactions(monkeypatch)
    await jobs.Steps(life.tillit).erasure(request=str(list(asked)[3]))
    assert len(begun) <= 4
    alive = await _query(life, "SELECT id FROM member WHERE id = ANY(%s)", list(asked.values()))
    assert alive == [(asked[request],)]
    with pytest.raises(TillitError):
        await jobs.Steps(life.tillit).erasure(request=str(request))


def _transactions(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One more for each transaction that a job begins."""
    begun: list[None] = []
    was = Tillit.unit

    def counted(tillit: Tillit) -> Any:
        begun.append(None)
        return was(tillit)

    monkeypatch.setattr(Tillit, "unit", counted)
    return begun


async def test_all_or_none_when_the_last_moment_fails(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal stands, the commit does not come: told so in the journal, for each of them."""
    asked = await _asked(life, 3)
    was = Journal.append

    def written_and_broken(journal: Journal, *lines: Any, at: Any) -> None:
        was(journal, *lines, at=at)
        raise OSError("the disk is full")

    begun = _transactions(monkeypatch)
    monkeypatch.setattr(Journal, "append", written_and_broken)
    with pytest.raises(OSError, match="full"):
        await jobs.Steps(life.tillit).erasure(request=str(next(iter(asked))))
    assert len(begun) == 3, "to find, to try, to take back: no half of them fits on a full disk"
    monkeypatch.undo()
    assert Journal(life.tillit.settings.journal).lines() == []
    [(there,)] = await _query(
        life, "SELECT count(*) FROM member_key WHERE member = ANY(%s)", list(asked.values())
    )
    assert there == len(asked)
    await worker.drain(life.tillit)
    assert len(await _entries(life, Kind.MEMBER_ERASED)) == len(asked)


async def test_what_failed_is_taken_back_without_reading_the_journal_of_years(life: Life) -> None:
    asked = await _asked(life, 4)
    journal = life.tillit.settings.journal
    journal.write_bytes(b"of years, and nobody reads it\n" * 100)
    with no_commit(life), pytest.raises(DBAPIError):
        await jobs.Steps(life.tillit).erasure(request=str(next(iter(asked))))
    tail = journal.read_bytes().splitlines()[100:]
    went = [json.loads(line)["request"] for line in tail if b"carried_out" not in line]
    back = [json.loads(line)["request"] for line in tail if b"carried_out" in line]
    assert len(went) > len(asked)  # together, in halves, and alone
    assert sorted(went) == sorted(back)


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
