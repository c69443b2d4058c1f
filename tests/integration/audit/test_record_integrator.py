"""Entries get gapless leaf numbers under signed checkpoints, by one process at a time."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from audit.entries import entry_mac
from audit.errors import RecordTampered
from audit.integrator import integrate, waiting
from audit.notes import Signer
from audit.verify import leaf_hash, open_checkpoint, tree_root
from kernel.database import Database, libpq
from kernel.ids import uuid7


async def query(database: Database, statement: str) -> list[Any]:
    async with database.transaction() as session:
        return list((await session.execute(text(statement))).all())


def as_owner(database: Database, statement: str, *parameters: object) -> None:
    """What whoever owns the database can do, the append-only triggers notwithstanding."""
    with psycopg.connect(libpq(database.url, role=None)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(sql.SQL(statement), parameters)  # type: ignore[arg-type]


async def test_how_long_the_oldest_entry_waits_is_told_until_it_has_its_number(log: Any) -> None:
    async def told() -> timedelta:
        async with log.database.transaction() as session:
            return await waiting(session, log.clock)

    assert await told() == timedelta()
    await log.write(1)
    log.clock.at += timedelta(seconds=40)
    await log.write(1)
    assert await told() == timedelta(seconds=40)
    log.clock.at -= timedelta(seconds=50)  # a clock that was put right is no negative wait
    assert await told() == timedelta()
    await log.integrate()
    assert await told() == timedelta()


async def test_each_entry_gets_one_number_and_the_checkpoint_signs_the_tree_of_all(
    log: Any,
) -> None:
    for count in (1, 254, 1, 1, 600):
        await log.write(count)
        assert await log.integrate() == count
        bodies = [
            row.body
            for row in await query(
                log.database,
                "SELECT l.number, e.body FROM audit_leaf l JOIN audit_entry e ON e.id = l.entry"
                " ORDER BY l.number",
            )
        ]
        note = (
            await query(
                log.database, "SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1"
            )
        )[0].note
        checkpoint = open_checkpoint(note, log.signer.key)
        assert checkpoint.size == len(bodies) == len(log.ids)
        assert checkpoint.root == tree_root([leaf_hash(body) for body in bodies])
        assert {json.loads(body)["id"] for body in bodies} == {str(id) for id in log.ids}
    numbers = [row.number for row in await query(log.database, "SELECT number FROM audit_leaf")]
    assert sorted(numbers) == list(range(857))
    assert await query(log.database, "SELECT * FROM audit_pending") == []
    tiles = await query(log.database, "SELECT level, number FROM audit_tile ORDER BY 1, 2")
    assert [tuple(row) for row in tiles] == [(0, 0), (0, 1), (0, 2)]
    assert (await log.check()).problems == ()


async def test_the_second_level_of_tiles_fills_and_the_record_goes_on(log: Any) -> None:
    await log.write(65_536 + 300)
    assert await log.integrate(limit=30_000) == 65_836
    await log.write(5)
    assert await log.integrate() == 5
    found = await query(
        log.database, "SELECT level, count(*) FROM audit_tile GROUP BY 1 ORDER BY 1"
    )
    assert [tuple(row) for row in found] == [(0, 257), (1, 1)]
    findings = await log.check()
    assert findings.problems == ()
    assert (findings.leaves, findings.tiles, findings.checkpoints) == (65_841, 258, 4)


async def test_nothing_pending_signs_nothing(log: Any) -> None:
    assert await log.integrate() == 0
    assert await query(log.database, "SELECT * FROM audit_checkpoint") == []


async def test_what_is_rolled_back_is_integrated_the_next_time(log: Any) -> None:
    await log.write(3)
    async with log.database.transaction() as session:
        await integrate(session, mac_keys=[log.mac_key], signer=log.signer, clock=log.clock)
        await session.rollback()
    assert await query(log.database, "SELECT * FROM audit_leaf") == []
    assert await log.integrate() == 3


async def test_of_several_processes_one_integrates_and_the_others_go_away_at_once(log: Any) -> None:
    await log.write(10)

    async def one() -> int:
        async with log.database.transaction() as session:
            done = await integrate(
                session, mac_keys=[log.mac_key], signer=log.signer, clock=log.clock
            )
            await asyncio.sleep(0.3)  # the lock is held until the commit
            return done

    assert sorted(await asyncio.gather(one(), one(), one())) == [0, 0, 10]
    assert (await log.check()).ok


async def test_writers_and_integrators_at_once_lose_nothing(log: Any) -> None:
    async def write() -> None:
        for _ in range(15):
            async with log.database.transaction() as session:
                log.ids.append(await log.record.write(session, log.entry(1)))

    async def integrate_some() -> None:
        for _ in range(15):
            async with log.database.transaction() as session:
                await integrate(
                    session, mac_keys=[log.mac_key], signer=log.signer, clock=log.clock, limit=7
                )

    await asyncio.gather(write(), write(), write(), integrate_some(), integrate_some())
    await log.integrate()
    findings = await log.check()
    assert findings.problems == ()
    assert findings.leaves == 45


async def test_an_entry_slipped_in_without_the_key_stays_out_and_is_reported(log: Any) -> None:
    ids = await log.write(4)
    forged, body = uuid7(), b'{"forged":true}'
    mac = entry_mac(b"guessed" * 5, id=forged, body=body)
    as_owner(log.database, "INSERT INTO audit_entry VALUES (%s, %s)", forged, body)
    as_owner(log.database, "INSERT INTO audit_pending VALUES (%s, %s)", forged, mac)
    as_owner(log.database, "UPDATE audit_entry SET body = body || ' '::bytea WHERE id = %s", ids[2])
    as_owner(log.database, "DELETE FROM audit_entry WHERE id = %s", ids[0])
    reported: list[RecordTampered] = []
    for limit in (1, 100):
        async with log.database.transaction() as session:
            done = await integrate(
                session,
                mac_keys=[log.mac_key],
                signer=log.signer,
                clock=log.clock,
                limit=limit,
                report=reported.append,
            )
        assert done == 1
    leaves = await query(log.database, "SELECT entry FROM audit_leaf ORDER BY number")
    assert {row.entry for row in leaves} == {ids[1], ids[3]}
    places = {problem.place for error in reported for problem in error.problems}
    assert places == {str(id) for id in (forged, ids[0], ids[2])}


async def test_a_pointer_put_back_does_not_put_the_entry_on_record_twice(log: Any) -> None:
    (id,) = await log.write(1)
    row = (await query(log.database, "SELECT entry, mac FROM audit_pending"))[0]
    await log.integrate()
    as_owner(log.database, "INSERT INTO audit_pending VALUES (%s, %s)", row.entry, row.mac)
    await log.write(1)
    assert await log.integrate() == 1
    assert len(await query(log.database, "SELECT * FROM audit_leaf")) == 2
    assert any(str(id) in problem for problem in (await log.check()).problems)


async def test_entries_of_the_key_before_are_taken_while_both_keys_are_given(log: Any) -> None:
    await log.write(3)
    async with log.database.transaction() as session:
        done = await integrate(
            session, mac_keys=[b"new" * 11, log.mac_key], signer=log.signer, clock=log.clock
        )
    assert done == 3


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_entry SET body = body || ' '::bytea WHERE id ="
        " (SELECT entry FROM audit_leaf ORDER BY number DESC LIMIT 1)",
        "UPDATE audit_tile SET root = hashes WHERE number = 0",
        "DELETE FROM audit_tile WHERE number = 1",
        "DELETE FROM audit_leaf WHERE number = 599",
        "INSERT INTO audit_leaf VALUES (600, gen_random_uuid())",
        "DELETE FROM audit_checkpoint",
        "UPDATE audit_checkpoint SET note = replace(note, '600', '601')",
    ],
)
async def test_nothing_is_signed_over_a_tree_that_the_last_checkpoint_does_not_lead_to(
    log: Any, change: str
) -> None:
    await log.write(600)
    await log.integrate()
    as_owner(log.database, change)
    before = len(await query(log.database, "SELECT * FROM audit_checkpoint"))
    await log.write(1)
    with pytest.raises(RecordTampered):
        await log.integrate()
    assert len(await query(log.database, "SELECT * FROM audit_checkpoint")) == before
    assert len(await query(log.database, "SELECT * FROM audit_pending")) == 1


async def test_another_key_does_not_sign_on(log: Any) -> None:
    await log.write(1)
    await log.integrate()
    await log.write(1)
    other = Signer(name=log.signer.name, seed=b"o" * 32)
    with pytest.raises(RecordTampered, match="not ours"):
        async with log.database.transaction() as session:
            await integrate(session, mac_keys=[log.mac_key], signer=other, clock=log.clock)


async def test_a_later_entry_with_an_earlier_id_still_gets_its_number(log: Any) -> None:
    await log.write(2)
    await log.integrate()
    log.clock.at -= timedelta(days=1)
    early = UUID(int=5)
    async with log.database.transaction() as session:
        entry = log.entry(2)
        await log.record.write(
            session, type(entry)(kind=entry.kind, actor_type="system", actor="x", id=early)
        )
    log.clock.at += timedelta(days=2)
    assert await log.integrate() == 1
    last = await query(log.database, "SELECT entry FROM audit_leaf WHERE number = 2")
    assert last[0].entry == early
