"""No restored backup brings anybody back: the journal lies outside the database."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import at_the_desk
import psycopg
import pytest
from a_life import Life
from sqlalchemy.exc import DBAPIError

from api import jobs
from api import work as worker
from api.bootstrap import SYSTEM, opened
from api.settings import Settings
from dsar import certificates, checks, deciding, holds, register
from dsar.erasure import Erasure
from dsar.journal import Journal, Line
from dsar.states import Right, State
from dsar.tables import RequestRow
from kernel.database import libpq, raw
from kernel.errors import Unavailable
from profiles import members

NOW = datetime(2026, 3, 1, tzinfo=UTC)
_KEPT = {"member": "id", "member_key": "member", "event": "member", "lookup": "member",
         "ledger": "member"}  # fmt: skip


def _backup(life: Life) -> dict[str, list[Any]]:
    """The member's rows, and the sets, as a backup of the whole database would hold them."""
    with psycopg.connect(libpq(life.tillit.url, role=None)) as connection:
        rows = {
            table: connection.execute(
                f"SELECT * FROM {table} WHERE {column} = %s", (life.member,)
            ).fetchall()
            for table, column in _KEPT.items()
        }
        for table in ("shard", "shard_snapshot", "shard_change"):
            rows[table] = connection.execute(f"SELECT * FROM {table}").fetchall()
    return rows


def _restore(life: Life, rows: dict[str, list[Any]]) -> None:
    with psycopg.connect(libpq(life.tillit.url, role=None)) as connection:
        for table in ("shard", "shard_snapshot", "shard_change"):
            connection.execute(f"DELETE FROM {table}")
        for table, kept in rows.items():
            for row in kept:
                places = ", ".join(["%s"] * len(row))
                connection.execute(f"INSERT INTO {table} VALUES ({places})", row)


async def test_who_was_erased_is_erased_again_before_anything_is_served(
    life: Life, settings: Settings
) -> None:
    rows = _backup(life)
    request = await life.answered(Right.ERASURE)
    _restore(life, rows)
    async with opened(settings) as again:
        async with again.unit() as work:
            connection = await raw(work.session)
            for table, column in _KEPT.items():
                query = f"SELECT count(*) FROM {table} WHERE {column} = %s"
                found = await (await connection.execute(query, (life.member,))).fetchone()
                assert found == (0,), table
        revived = Life(again, life.member, life.neighbour)
        assert await revived.segment() == {life.neighbour}
        await worker.drain(again)
        async with again.unit() as work:
            assert await certificates.of_request(
                work.unit, await again.signer(work.session), request
            )
    async with opened(settings) as once_more:  # and there is nothing left to do
        assert await Life(once_more, life.member, life.neighbour).segment() == {life.neighbour}


async def test_an_erasure_cut_off_between_journal_and_commit_is_carried_out_at_the_next_start(
    life: Life, settings: Settings
) -> None:
    request = await life.ask(Right.ERASURE)
    Journal(settings.journal).append(Line(life.member, request), at=life.tillit.clock.now())
    async with opened(settings) as again:
        await worker.drain(again)
        assert await Life(again, life.member, life.neighbour).segment() == {life.neighbour}
        async with again.unit() as work:
            document = json.loads(
                await certificates.of_request(work.unit, await again.signer(work.session), request)
            )
        assert document["certificate"]["request"] == str(request)


@pytest.mark.parametrize("how", ["cancelled", "held"])
@pytest.mark.parametrize("alive", [True, False])
async def test_an_erasure_that_failed_and_was_given_up_is_not_carried_out_at_the_next_start(
    life: Life, settings: Settings, monkeypatch: pytest.MonkeyPatch, how: str, alive: bool
) -> None:
    """Its transaction fails as late as can be; where the process dies too, nobody journals that."""
    request = await life.ask(Right.ERASURE)
    with monkeypatch.context() as patched:
        if not alive:
            patched.setattr(Erasure, "take_back", _fails)
        with _no_commit(life), pytest.raises((DBAPIError, Unavailable)):
            await jobs.Steps(life.tillit).erasure(request=str(request))
    assert len(Journal(settings.journal).lines()) == (not alive)
    async with life.tillit.unit() as work:
        if how == "cancelled":
            await deciding.cancel(work.unit, SYSTEM, request)
        else:
            await holds.place(work.unit, SYSTEM, life.member, holds.Ground.AUTHORITY_ORDER)
    for _ in range(2):
        async with opened(settings) as again, again.unit() as work:
            assert await members.load(work.unit, [life.member])
            state = (await register.get(work.unit, request)).state
            assert state is (State.UNFULFILLED if how == "cancelled" else State.ACCEPTED)
    standing = Journal(settings.journal).lines()
    assert len(standing) == (how == "held" and not alive)
    assert settings.journal.read_bytes().count(b"\n") == 2 - (how == "held" and not alive)


async def test_an_erasure_that_fails_before_its_commit_is_not_journalled(
    life: Life, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await life.ask(Right.ERASURE)
    with monkeypatch.context() as patched:
        patched.setattr("profiles.changes._write", _fails)  # the last that is written before it
        with pytest.raises(Unavailable):
            await jobs.Steps(life.tillit).erasure(request=str(request))
    assert not settings.journal.exists()
    await jobs.Steps(life.tillit).erasure(request=str(request))
    assert Journal(settings.journal).lines() == [Line(life.member, request)]


async def test_a_purchase_that_cannot_be_opened_keeps_nothing_from_starting(
    life: Life, settings: Settings
) -> None:
    request = await life.ask(Right.ERASURE)
    Journal(settings.journal).append(Line(life.member, request), at=life.tillit.clock.now())
    _damage(life, "event", "member")
    async with opened(settings) as again:
        assert await Life(again, life.member, life.neighbour).segment() == {life.neighbour}
        async with again.unit() as work:
            assert (await register.get(work.unit, request)).state is State.FULFILLED


@pytest.mark.parametrize(("table", "column"), [("member", "id"), ("member_key", "member")])
async def test_who_cannot_be_erased_again_is_not_served_and_keeps_nobody_else_from_it(
    life: Life, settings: Settings, table: str, column: str
) -> None:
    asked = [await life.ask(Right.ERASURE, one) for one in (life.member, life.neighbour)]
    for member, request in zip((life.member, life.neighbour), asked, strict=True):
        Journal(settings.journal).append(Line(member, request), at=life.tillit.clock.now())
    _damage(life, table, column, at={"member": "sealed", "member_key": "wrapped"}[table])
    with pytest.raises(Unavailable, match=str(asked[0])) as refused:
        async with opened(settings):
            raise AssertionError("it must not serve")
    assert str(asked[1]) not in str(refused.value)
    with psycopg.connect(libpq(life.tillit.url, role=None)) as owner:
        assert owner.execute("SELECT id FROM member").fetchall() == [(life.member,)]
        owner.execute("DELETE FROM member_key WHERE member = %s", (life.member,))  # nor so
    with pytest.raises(Unavailable, match=str(asked[0])):
        async with opened(settings):
            raise AssertionError("it must not serve")


@pytest.mark.parametrize(
    "change", ["state = 'zz'", "channel = 'zz'", "kind = 'zz'", "kind = 'access'"]
)
async def test_a_request_that_says_nothing_any_more_is_erased_again_all_the_same(
    life: Life, settings: Settings, change: str
) -> None:
    people = (life.member, life.neighbour)
    broken, whole = asked = [await life.ask(Right.ERASURE, one) for one in people]
    for member, request in zip(people, asked, strict=True):
        Journal(settings.journal).append(Line(member, request), at=life.tillit.clock.now())
    with psycopg.connect(libpq(life.tillit.url, role=None)) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(f"UPDATE request SET {change} WHERE id = %s".encode(), (broken,))
    async with opened(settings) as again:
        await worker.drain(again)
        async with again.unit() as work:
            assert not await members.load(work.unit, people)
            assert (await register.get(work.unit, whole)).state is State.FULFILLED
            row = await work.unit.session.get(RequestRow, broken)
            assert row is not None
            assert (row.member, row.approval, row.wanted) == (None, None, None)
            assert row.closed_at is not None
        key = (await again.signer()).key
        async with again.unit() as work:
            [wrong] = await checks.check(work.unit, key)
    assert str(broken) in wrong
    async with opened(settings) as once_more, once_more.unit() as work:  # and that is all of it
        assert len(Journal(settings.journal).lines()) == len(people)
        assert not await members.load(work.unit, people)


def _damage(life: Life, table: str, column: str, *, at: str = "sealed") -> None:
    with psycopg.connect(libpq(life.tillit.url, role=None)) as owner:
        owner.execute(
            f"UPDATE {table} SET {at} = overlay({at} placing '\\x00ff00'::bytea from 20) "
            f"WHERE {column} = %s",
            (life.member,),
        )


@contextmanager
def _no_commit(life: Life) -> Iterator[None]:
    """PostgreSQL refuses every commit that has deleted a member."""
    with psycopg.connect(libpq(life.tillit.url, role=None), autocommit=True) as owner:
        owner.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql "
            "AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$"
        )
        owner.execute(
            "CREATE CONSTRAINT TRIGGER refuse AFTER DELETE ON member DEFERRABLE "
            "INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
        yield
        owner.execute("DROP TRIGGER refuse ON member")
        owner.execute("DROP FUNCTION refuse()")


async def _fails(*_: Any, **__: Any) -> Any:
    raise Unavailable("the database went away", place="database")


@pytest.mark.parametrize("approved", [False, True])
async def test_a_request_that_a_restore_put_back_is_closed_and_certified(
    life: Life, settings: Settings, approved: bool
) -> None:
    """The backup was made before the erasure: a copy of the whole database, its record too."""
    tillit = life.tillit
    async with tillit.unit() as work:
        asked = await at_the_desk.opened(work, Right.ERASURE, life.member)
        if approved:
            await deciding.approve(work.unit, SYSTEM, work.active, asked.id)
    Journal(settings.journal).append(Line(life.member, asked.id), at=tillit.clock.now())
    async with opened(settings) as again:
        async with again.unit() as work:
            closed = await register.get(work.unit, asked.id)
        assert (closed.state, closed.member) == (State.FULFILLED, None)
        await worker.drain(again)
        key = (await again.signer()).key
        async with again.unit() as work:
            assert await certificates.of_request(
                work.unit, await again.signer(work.session), asked.id
            )
            assert await checks.check(work.unit, key) == []


def _line() -> Line:
    return Line(uuid4(), uuid4())


def test_a_journal_gives_back_what_was_put_in(tmp_path: Path) -> None:
    journal, lines = Journal(tmp_path / "deep" / "journal"), [_line() for _ in range(3)]
    assert journal.lines() == []
    for line in lines:
        journal.append(line, at=NOW)
    assert Journal(tmp_path / "deep" / "journal").lines() == lines
    assert (tmp_path / "deep" / "journal").stat().st_mode & 0o077 == 0


def test_what_was_taken_back_counts_no_more_and_only_once(tmp_path: Path) -> None:
    journal, line, other = Journal(tmp_path / "journal"), _line(), _line()
    for one in (line, other, line):
        journal.append(one, at=NOW)
    journal.take_back(line, at=NOW)
    assert journal.lines() == [line, other]
    journal.take_back(line, at=NOW)
    journal.take_back(line, at=NOW)
    assert journal.lines() == [other]
    journal.append(line, at=NOW)
    assert journal.lines() == [other, line]


def test_only_what_was_written_since_a_mark_is_read(tmp_path: Path) -> None:
    path, first, second = tmp_path / "journal", _line(), _line()
    assert Journal(path).mark() == 0
    for line in [first] * 50:
        Journal(path).append(line, at=NOW)
        assert Journal(path).lines(Journal(path).mark()) == []
    mark, whole = Journal(path).mark(), path.read_bytes()
    assert mark == len(whole)
    Journal(path).append(second, at=NOW)
    assert Journal(path).lines(mark) == [second]
    both = path.read_bytes()
    for cut in range(mark, len(both)):  # another process is in the middle of it
        path.write_bytes(both[:cut])
        assert Journal(path).mark() == mark, cut
    path.write_bytes(b"x" * mark + both[mark:])  # nobody looks at what is before
    assert Journal(path).lines(mark) == [second]


def test_a_torn_last_line_is_dropped_wherever_it_tore(tmp_path: Path) -> None:
    """It was never on disk whole, so its erasure has not committed; and writing goes on after."""
    path, first, second = tmp_path / "journal", _line(), _line()
    Journal(path).append(first, at=NOW)
    whole = path.read_bytes()
    Journal(path).append(second, at=NOW)
    both = path.read_bytes()
    for cut in range(len(whole), len(both) - 1):
        path.write_bytes(both[:cut])
        found = Journal(path).lines()
        assert found in ([first], [first, second])  # all but its line break is a whole line
        Journal(path).append(third := _line(), at=NOW)
        assert Journal(path).lines() == [*found, third], cut


def test_a_journal_that_is_not_ours_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    Journal(path).append(_line(), at=NOW)
    for foreign in (b"hello\n", b'{"member": "nobody", "request": "none"}\n', b"{}\n"):
        path.write_bytes(foreign + path.read_bytes())
        with pytest.raises(Unavailable, match="line 1"):
            Journal(path).lines()


async def test_a_journal_that_cannot_be_read_keeps_the_store_closed(
    life: Life, settings: Settings
) -> None:
    settings.journal.write_bytes(b"not ours\n")
    with pytest.raises(Unavailable, match="journal"):
        async with opened(settings):
            raise AssertionError("it must not serve")


def test_a_member_named_twice_is_one_erasure(tmp_path: Path) -> None:
    journal, line = Journal(tmp_path / "journal"), _line()
    journal.append(line, at=NOW)
    journal.append(line, at=NOW)
    assert {UUID(str(one.member)) for one in journal.lines()} == {line.member}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE request SET state = 'fulfilled' WHERE id = %s",
        "UPDATE request SET state = 'fulfilled', closed_at = now() WHERE id = %s",
        "UPDATE identity_proof SET sealed = '\\x00' WHERE request = %s",
    ],
)
async def test_a_row_that_somebody_changed_keeps_nobody_from_being_erased_again(
    life: Life, settings: Settings, change: str
) -> None:
    request = await life.ask(Right.ERASURE)
    Journal(settings.journal).append(Line(life.member, request), at=life.tillit.clock.now())
    with psycopg.connect(libpq(life.tillit.url, role=None)) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(change.encode(), (request,))
    async with opened(settings) as again:
        await worker.drain(again)
        async with again.unit() as work:
            assert await members.load(work.unit, [life.member]) == {}
            row = await register.row_of(work.unit, request)
            assert (row.state, row.member) == (State.FULFILLED, None)
            assert row.closed_at is not None
            assert row.erased is not None
            signer = await again.signer(work.session)
            assert await certificates.of_request(work.unit, signer, request)
