"""The check finds every single change to the record, and nothing where nothing was changed."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from audit.check import Findings, check
from audit.errors import NotAlone
from audit.verify import VerificationError
from kernel.database import with_driver
from kernel.ids import uuid7

# Every column of what must not change, and the key its row is found by.
KEYS = {
    "audit_entry": ("id",),
    "audit_pending": ("entry",),
    "audit_leaf": ("number",),
    "audit_tile": ("level", "number"),
    "audit_checkpoint": ("size",),
    "audit_subject": ("subject", "entry"),
    "audit_tally": ("hour", "tile", "kind", "actor_type", "actor", "purpose"),
}
BITS = [
    ("audit_entry", "id"),
    ("audit_entry", "body"),
    ("audit_pending", "entry"),
    ("audit_pending", "mac"),
    ("audit_leaf", "number"),
    ("audit_leaf", "entry"),
    ("audit_tile", "level"),
    ("audit_tile", "number"),
    ("audit_tile", "hashes"),
    ("audit_tile", "root"),
    ("audit_checkpoint", "size"),
    ("audit_checkpoint", "previous"),
    ("audit_checkpoint", "note"),
    ("audit_checkpoint", "at"),
    ("audit_checkpoint", "signature"),
    ("audit_subject", "subject"),
    ("audit_subject", "entry"),
    ("audit_tally", "hour"),
    ("audit_tally", "tile"),
    ("audit_tally", "kind"),
    ("audit_tally", "actor_type"),
    ("audit_tally", "actor"),
    ("audit_tally", "purpose"),
    ("audit_tally", "leaves"),
]
SWAPS = [
    ("audit_entry", "body"),
    ("audit_leaf", "entry"),
    ("audit_tile", "hashes"),
    ("audit_tile", "root"),
    ("audit_checkpoint", "note"),
    ("audit_checkpoint", "at"),
    ("audit_checkpoint", "signature"),
    ("audit_pending", "mac"),
]
INSERTS = [
    "an entry again under a new id",
    "an entry again under a new id, pending",
    "an entry again under a new id, as the last leaf",
    "a leaf of no entry",
    "a tile beyond the last",
    "a tile of another level",
    "a checkpoint between",
    "a checkpoint beyond",
    "a subject of another member",
    "a subject of no entry",
    "a pointer to what is on record",
    "a pointer to nothing",
    "a detail of no entry",
]


class Intruder:
    """Owns the database and has switched the triggers off; changes one thing at a time."""

    def __init__(self, session: AsyncSession, chance: random.Random) -> None:
        self.session = session
        self.chance = chance

    async def run(self, statement: str, **values: Any) -> Any:
        return await self.session.execute(text(statement), values)

    async def any_row(self, table: str, count: int = 1, where: str = "true") -> list[Any]:
        keys = ", ".join(KEYS[table])
        rows = (await self.run(f"SELECT * FROM {table} WHERE {where} ORDER BY {keys}")).all()
        return self.chance.sample(rows, count)

    async def write(self, table: str, row: Any, **changed: Any) -> None:
        where = " AND ".join(f"{key} = :old_{key}" for key in KEYS[table])
        sets = ", ".join(f"{name} = :{name}" for name in changed)
        old = {f"old_{key}": getattr(row, key) for key in KEYS[table]}
        done = await self.run(f"UPDATE {table} SET {sets} WHERE {where}", **changed, **old)
        assert done.rowcount == 1

    async def flip(self, table: str, column: str) -> None:
        (row,) = await self.any_row(table)
        await self.write(table, row, **{column: self.flipped(getattr(row, column))})

    def flipped(self, value: Any) -> Any:
        if isinstance(value, bytes):
            at = self.chance.randrange(len(value))
            return value[:at] + bytes([value[at] ^ 1 << self.chance.randrange(8)]) + value[at + 1 :]
        if isinstance(value, UUID):
            return UUID(int=value.int ^ 1 << self.chance.randrange(128))
        if isinstance(value, int):
            return value ^ 1 << self.chance.randrange(31)
        if isinstance(value, str):
            at = self.chance.randrange(len(value))
            other = self.chance.choice("Aa0+/\n—")
            return value[:at] + (other if other != value[at] else "B") + value[at + 1 :]
        return value + timedelta(
            microseconds=self.chance.choice([-1, 1]) << self.chance.randrange(40)
        )

    async def remove(self, table: str) -> None:
        (row,) = await self.any_row(table)
        where = " AND ".join(f"{key} = :{key}" for key in KEYS[table])
        keys = {key: getattr(row, key) for key in KEYS[table]}
        assert (await self.run(f"DELETE FROM {table} WHERE {where}", **keys)).rowcount == 1

    async def swap(self, table: str, column: str) -> None:
        one, other = await self.any_row(table, 2)
        if (table, column) == ("audit_leaf", "entry"):  # unique: by way of another value
            await self.write(table, one, entry=uuid7())
        await self.write(table, other, **{column: getattr(one, column)})
        await self.write(table, one, **{column: getattr(other, column)})

    async def insert(self, what: str) -> None:
        (entry,) = await self.any_row("audit_entry")
        (leaf,) = await self.any_row("audit_leaf")
        (tile,) = await self.any_row("audit_tile")
        (pending,) = await self.any_row("audit_pending")
        (checkpoint,) = await self.any_row("audit_checkpoint")
        new = uuid7()
        if what.startswith("an entry again"):
            await self.run("INSERT INTO audit_entry VALUES (:id, :body)", id=new, body=entry.body)
        statement, values = {
            "an entry again under a new id": ("SELECT 1", {}),
            "an entry again under a new id, pending": (
                "INSERT INTO audit_pending VALUES (:id, :mac)",
                {"id": new, "mac": pending.mac},
            ),
            "an entry again under a new id, as the last leaf": (
                "INSERT INTO audit_leaf VALUES (1000, :id)",
                {"id": new},
            ),
            "a leaf of no entry": (
                "INSERT INTO audit_leaf VALUES (:number, :id)",
                {"number": self.chance.choice([-1, 1000, 1001, 1 << 62]), "id": new},
            ),
            "a tile beyond the last": (
                "INSERT INTO audit_tile VALUES (0, :number, :hashes, :root)",
                {
                    "number": self.chance.choice([-1, 3, 4, 1 << 40]),
                    "hashes": tile.hashes,
                    "root": tile.root,
                },
            ),
            "a tile of another level": (
                "INSERT INTO audit_tile VALUES (:level, 0, :hashes, :root)",
                {
                    "level": self.chance.choice([-1, 1, 2, 9]),
                    "hashes": tile.hashes,
                    "root": tile.root,
                },
            ),
            "a checkpoint between": (
                "INSERT INTO audit_checkpoint VALUES (:size, :previous, :note, :at, :signature)",
                {**checkpoint._mapping, "size": self.chance.choice([-5, 0, 17, 333, 999])},
            ),
            "a checkpoint beyond": (
                "INSERT INTO audit_checkpoint VALUES (:size, :previous, :note, :at, :signature)",
                {**checkpoint._mapping, "size": self.chance.choice([1001, 1020, 1 << 62])},
            ),
            "a subject of another member": (
                "INSERT INTO audit_subject VALUES (:subject, :entry)",
                {"subject": self.chance.randbytes(32), "entry": entry.id},
            ),
            "a subject of no entry": (
                "INSERT INTO audit_subject VALUES (:subject, :entry)",
                {"subject": (3).to_bytes(32, "big"), "entry": new},
            ),
            "a pointer to what is on record": (
                "INSERT INTO audit_pending VALUES (:entry, :mac)",
                {"entry": leaf.entry, "mac": pending.mac},
            ),
            "a pointer to nothing": (
                "INSERT INTO audit_pending VALUES (:entry, :mac)",
                {"entry": new, "mac": pending.mac},
            ),
            "a detail of no entry": ("INSERT INTO audit_detail VALUES (:id, 'x')", {"id": new}),
        }[what]
        await self.run(statement, **values)


@pytest.fixture
async def owner(full_url: str) -> AsyncIterator[AsyncSession]:
    """A session that may do anything, in a snapshot of its own; each change is rolled back."""
    engine = create_async_engine(with_driver(full_url), isolation_level="REPEATABLE READ")
    async with AsyncSession(engine) as session:
        yield session
    await engine.dispose()


async def checked(log: Any, session: AsyncSession) -> Findings:
    return await check(session, vkey=log.signer.verifier_key, mac_keys=[log.mac_key])


async def test_an_untouched_record_has_no_findings_and_everything_is_counted(full: Any) -> None:
    findings = await full.check()
    assert findings.problems == ()
    assert findings.ok
    assert (findings.entries, findings.leaves, findings.pending) == (1_020, 1_000, 20)
    assert findings.tiles == 3
    assert findings.checkpoints > 5


MUTATIONS = (
    [("flip", *which) for which in BITS]
    + [("remove", table) for table in KEYS]
    + [("swap", *which) for which in SWAPS]
    + [("insert", what) for what in INSERTS]
)


@pytest.mark.slow
async def test_any_single_changed_removed_or_inserted_row_is_found(
    full: Any, owner: AsyncSession
) -> None:
    chance, unseen, tried = random.Random(20260301), [], 0
    while tried < 8 * len(MUTATIONS):
        mutation, seed = MUTATIONS[tried % len(MUTATIONS)], chance.random()
        await owner.execute(text("SET session_replication_role = replica"))
        intruder = Intruder(owner, random.Random(seed))
        try:
            await getattr(intruder, mutation[0])(*mutation[1:])
        except IntegrityError:  # the change met a row that is there: try another
            await owner.rollback()
            continue
        if (await checked(full, owner)).ok:
            unseen.append((mutation, seed))
        await owner.rollback()
        tried += 1
    assert tried >= 200
    assert unseen == []
    assert (await full.check()).problems == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE audit_entry SET body = body || ' '::bytea WHERE id = (SELECT entry FROM"
         " audit_leaf WHERE number = 300)", "hash 44 is not that of leaf 300"),
        ("DELETE FROM audit_leaf WHERE number = 300", "leaf 300 is missing"),
        ("DELETE FROM audit_tile WHERE number = 2", "tile 2 of level 0 is missing"),
        ("DELETE FROM audit_checkpoint WHERE size = (SELECT max(size) FROM audit_checkpoint)",
         "under no checkpoint"),
        ("DELETE FROM audit_checkpoint WHERE size = (SELECT min(size) FROM audit_checkpoint)",
         "and 0 stands before it"),
        ("UPDATE audit_checkpoint SET at = 'infinity' WHERE size = 1000", "not as it was signed"),
        ("DELETE FROM audit_subject WHERE entry = (SELECT entry FROM audit_pending JOIN"
         " audit_subject USING (entry) LIMIT 1)",
         "its subject does not lead to it"),
        ("UPDATE audit_subject SET subject = 'x'::bytea WHERE entry = (SELECT entry FROM"
         " audit_leaf WHERE number = (SELECT min(l.number) FROM audit_leaf l JOIN audit_subject s"
         " USING (entry)))", "the entry names another"),
    ],
)  # fmt: skip
async def test_a_finding_says_what_is_wrong(
    full: Any, owner: AsyncSession, change: str, told: str
) -> None:
    await owner.execute(text("SET session_replication_role = replica"))
    assert (await owner.execute(text(change))).rowcount == 1
    assert any(told in problem for problem in (await checked(full, owner)).problems)


async def test_many_problems_are_counted_rather_than_told_one_by_one(
    full: Any, owner: AsyncSession
) -> None:
    await owner.execute(text("SET session_replication_role = replica"))
    await owner.execute(text("UPDATE audit_entry SET body = 'no entry'"))
    problems = (await checked(full, owner)).problems
    assert len(problems) == 101
    assert problems[-1].startswith("… and ")


async def test_the_check_wants_to_come_first_in_its_transaction(full: Any) -> None:
    async with full.database.transaction() as session:
        await session.execute(text("SELECT count(*) FROM audit_entry"))
        with pytest.raises(NotAlone):
            await checked(full, session)


async def test_a_key_that_is_no_key_is_an_error_and_another_key_a_finding(full: Any) -> None:
    async with full.database.transaction() as session:
        with pytest.raises(VerificationError):
            await check(session, vkey="nonsense", mac_keys=[full.mac_key])
    async with full.database.transaction() as session:
        other = type(full.signer)(name=full.signer.name, seed=b"o" * 32)
        assert not (await check(session, vkey=other.verifier_key, mac_keys=[full.mac_key])).ok


async def test_entries_integrated_while_the_check_reads_do_not_disturb_it(log: Any) -> None:
    await log.write(3_000)
    await log.integrate()
    seen, reading = list[tuple[int, int]](), asyncio.Event()

    def halfway(done: int, total: int) -> None:
        seen.append((done, total))
        reading.set()

    async with log.database.transaction() as session:
        checking = check(
            session,
            vkey=log.signer.verifier_key,
            mac_keys=[log.mac_key],
            progress=halfway,
        )
        task = asyncio.ensure_future(checking)
        await reading.wait()
        await log.write(500)
        await log.integrate()
        findings = await task
    assert findings.problems == ()
    assert (findings.leaves, seen[-1]) == (3_000, (3_000, 3_000))
    assert (await log.check()).leaves == 3_500
