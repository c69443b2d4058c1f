"""Entries come with the transaction they record, whole, and stay as they were written."""

import json
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from audit.entries import ActorType, Entry, Kind, commit, entry_mac, opens
from audit.errors import EntryInvalid, OutsideTransaction
from audit.record import Record
from kernel.clock import StoppedClock
from kernel.database import Database, libpq
from kernel.ids import uuid7

KEY = bytes(range(32))
SUBJECT = b"\x07" * 32
CLOCK = StoppedClock(datetime(2026, 3, 1, 12, 30, 0, 250_000, tzinfo=UTC))
RECORD = Record(lambda: KEY, CLOCK, public=bytes)
READ = Entry(
    kind=Kind.PROFILE_READ,
    actor_type=ActorType.SERVICE,
    actor="offers-engine",
    purpose="personalised_offers",
    programme=3,
    subject=SUBJECT,
    facts={"fields": ["tier", "spend_365d"], "held_back": {"no_consent": 2}},
)


class Stop(Exception):
    pass


async def count(database: Database, table: str) -> int:
    async with database.transaction() as session:
        return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_an_entry_is_written_whole_and_says_what_was_used(database: Database) -> None:
    commitment = commit(b"who and what")
    entry = Entry(
        kind=READ.kind,
        actor_type=READ.actor_type,
        actor=READ.actor,
        purpose=READ.purpose,
        programme=READ.programme,
        subject=SUBJECT,
        facts=READ.facts,
        commitment=commitment.digest,
        sealed_detail=b"sealed",
    )
    async with database.transaction() as session:
        id = await RECORD.write(session, entry)
    async with database.transaction() as session:
        query = """SELECT e.body, p.mac, s.subject, d.sealed FROM audit_entry e
            JOIN audit_pending p ON p.entry = e.id JOIN audit_subject s ON s.entry = e.id
            JOIN audit_detail d ON d.entry = e.id WHERE e.id = :id"""
        body, mac, subject, sealed = (await session.execute(text(query), {"id": id})).one()
    said = json.loads(body)
    assert said == {
        "v": 1,
        "id": str(id),
        "at": "2026-03-01T12:30:00.250000Z",
        "kind": "profile.read",
        "actor": {"type": "service", "id": "offers-engine"},
        "purpose": "personalised_offers",
        "programme": 3,
        "subject": SUBJECT.hex(),
        "facts": {"fields": ["tier", "spend_365d"], "held_back": {"no_consent": 2}},
        "commitment": commitment.digest.hex(),
    }
    assert body == json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    assert (subject, sealed, mac) == (SUBJECT, b"sealed", entry_mac(KEY, id=id, body=body))
    assert opens(said["commitment"], commitment.salt + b"who and what")


async def test_what_is_rolled_back_was_never_on_record(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            await RECORD.write(session, READ)
            await RECORD.write_many(session, [READ, READ])
            raise Stop

    with pytest.raises(Stop):
        await fail()
    for table in ("audit_entry", "audit_pending", "audit_subject", "audit_detail"):
        assert await count(database, table) == 0


async def test_an_entry_outside_a_transaction_is_refused(database: Database) -> None:
    async with AsyncSession(database.engine) as session:
        with pytest.raises(OutsideTransaction):
            await RECORD.write(session, READ)
        with pytest.raises(OutsideTransaction):
            await RECORD.write_many(session, [READ])


async def test_thousands_of_entries_are_written_in_batches_each_with_what_belongs_to_it(
    database: Database,
) -> None:
    chosen = uuid7()
    entries = [
        Entry(
            kind=Kind.MEMBER_ENROLLED,
            actor_type=ActorType.SYSTEM,
            actor="import",
            subject=bytes([n % 251] * 32) if n % 3 else None,
            facts={"line": n},
            commitment=bytes(32) if n % 2 else None,
            sealed_detail=b"sealed %d" % n if n % 2 else None,
            id=chosen if n == 7000 else None,
        )
        for n in range(12_001)
    ]
    async with database.transaction() as session:
        ids = await RECORD.write_many(session, (entry for entry in entries))
        assert await RECORD.write_many(session, []) == []
    assert ids[7000] == chosen
    async with database.transaction() as session:
        query = """SELECT e.id, e.body, p.mac, s.subject, d.sealed FROM audit_entry e
            JOIN audit_pending p ON p.entry = e.id LEFT JOIN audit_subject s ON s.entry = e.id
            LEFT JOIN audit_detail d ON d.entry = e.id"""
        rows = {row.id: row for row in (await session.execute(text(query))).all()}
    assert len(rows) == len(ids) == len(set(ids)) == 12_001
    for entry, id in zip(entries, ids, strict=True):
        row = rows[id]
        assert json.loads(row.body)["facts"] == entry.facts
        assert row.mac == entry_mac(KEY, id=id, body=row.body)
        assert (row.subject, row.sealed) == (entry.subject, entry.sealed_detail)


async def test_an_entry_that_would_not_fit_a_bundle_is_refused(database: Database) -> None:
    entry = Entry(
        kind=Kind.SEGMENT_EVALUATED,
        actor_type=ActorType.SERVICE,
        actor="offers-engine",
        facts={"expression": "x" * 66_000},
    )
    async with database.transaction() as session:
        with pytest.raises(EntryInvalid):
            await RECORD.write(session, entry)


APPEND_ONLY = ["audit_entry", "audit_leaf", "audit_tile", "audit_checkpoint", "audit_subject"]


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement", ["UPDATE {t} SET {c} = {c}", "DELETE FROM {t}", "TRUNCATE {t}"]
)
async def test_the_application_cannot_change_what_is_append_only(
    full: Any, table: str, statement: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with full.database.transaction() as session:
            await session.execute(text(statement.format(t=table, c=COLUMN[table])))


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement", ["UPDATE {t} SET {c} = {c}", "DELETE FROM {t}", "TRUNCATE {t}"]
)
def test_the_owner_cannot_change_it_either_while_the_triggers_stand(
    full_url: str, table: str, statement: str
) -> None:
    with (
        psycopg.connect(libpq(full_url, role=None)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        connection.execute(statement.format(t=table, c=COLUMN[table]))


COLUMN = {
    "audit_entry": "body",
    "audit_leaf": "entry",
    "audit_tile": "hashes",
    "audit_checkpoint": "note",
    "audit_subject": "subject",
}
