"""Who holds the database and nothing else changes nothing unnoticed.

A record and a ledger made by real use; an intruder who owns the database and has switched off
every trigger changes, removes or inserts one row, anywhere; the checks behind
`tillit audit verify` find it. The record's own tests try more on a record made for them.
"""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import at_the_desk
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from audit.check import check
from consent import checks, guardians, ledger
from consent.choices import Action as Said
from consent.choices import By
from consent.choosing import choose
from consent.grants import authorise
from consent.programme import Action
from dsar import deciding
from dsar.states import Right
from kernel.database import with_driver
from kernel.ids import uuid7
from profiles import events
from profiles.enrolment import enrol
from profiles.labels import Label
from profiles.members import load
from profiles.purchases import Purchase

TABLES = {
    "audit_entry": ("id", "body"),
    "audit_leaf": ("number", "entry"),
    "audit_tile": ("level", "number", "hashes", "root"),
    "audit_checkpoint": ("size", "previous", "note", "at", "signature"),
    "audit_subject": ("subject", "entry"),
    "ledger": ("id", "sealed"),
    "member": ("id", "ordinal", "sealed"),
    "member_key": ("member", "wrapped"),
    "lookup": ("digest", "member", "field", "epoch"),
    "guardianship": ("guardian", "child", "sealed"),
    "consent_figure": ("day", "purpose", "programme", "sealed"),
}
#: Of these tables a row that is gone is not missed.
UNMISSED = ("consent_figure",)
TRIES = 300


@dataclass
class Scene:
    """A used store, and what the intruder's session sees of it."""

    tillit: Tillit
    owner: AsyncSession

    async def findings(self) -> list[str]:
        """Everything that the checks find, in the intruder's own snapshot."""
        async with self.tillit.unit() as work:
            key = (await self.tillit.signer()).verifier_key
            macs = [work.unit.epoch.derive(Label.AUDIT_MAC)]
            found = await check(self.owner, vkey=key, mac_keys=macs)
            seen = replace(work.unit, session=self.owner)
            return [*found.problems, *await checks.check(seen)]

    async def run(self, statement: str, **values: Any) -> Any:
        return await self.owner.execute(text(statement), values)

    async def strike(self, chance: random.Random) -> str:
        """Change, remove or insert one row of one table; says what was done."""
        table = chance.choice(list(TABLES))
        done = chance.choice(["change", "change", "remove", "insert"])
        if table in UNMISSED:
            done = "change"
        row = (await self.run(f"SELECT * FROM {table} ORDER BY random() LIMIT 1")).one()._mapping
        where = " AND ".join(f"{name} = :old_{name}" for name in TABLES[table])
        old = {f"old_{name}": row[name] for name in TABLES[table]}
        if done == "remove":
            await self.run(f"DELETE FROM {table} WHERE {where}", **old)
            return f"{table} row removed"
        name = chance.choice(TABLES[table])
        new = _other(chance, row[name])
        if done == "insert":
            made = {**row, TABLES[table][0]: _other(chance, row[TABLES[table][0]])}
            columns = ", ".join(made)
            places = ", ".join(f":{one}" for one in made)
            await self.run(f"INSERT INTO {table} ({columns}) VALUES ({places})", **made)
            return f"{table} row inserted"
        await self.run(f"UPDATE {table} SET {name} = :new WHERE {where}", new=new, **old)
        return f"{table}.{name} changed"


def _other(chance: random.Random, value: Any) -> Any:
    if isinstance(value, bytes):
        at = chance.randrange(len(value))
        return value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]
    if isinstance(value, UUID):
        return uuid7()
    if isinstance(value, int):
        return value + chance.choice([-1, 1, 1000])
    if isinstance(value, str):
        at = chance.randrange(len(value))
        return value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]
    if type(value) is date:
        return value + timedelta(days=chance.choice([-1, 1]))
    return value + timedelta(microseconds=chance.choice([-1, 1, 10**6]))


async def _use(tillit: Tillit) -> None:
    """Members, a family, purchases, choices, questions, figures, an erasure: more entries than a
    tile holds."""
    async with tillit.unit() as work:
        people = [{"member_number": f"N{n}", "tier": "gold"} for n in range(60)]
        made = await enrol(work.unit, SYSTEM, people, source="test")
    for name in ("personalised_offers", "newsletter"):
        async with tillit.unit() as work:
            unit, purpose = work.unit, work.active.programme.purpose(name)
            locked = await load(unit, [member.id for member in made], lock=True)
            words = [Said.GIVEN, Said.WITHDRAWN]
            said = [
                choose(unit, purpose, w, at=unit.now, by="member", language="sv") for w in words
            ]
            await ledger.record(unit, SYSTEM, dict.fromkeys(locked.values(), said))
            bought = [Purchase("test", name, unit.now, Decimal("9.00"), False)]
            await events.record(unit, SYSTEM, dict.fromkeys(locked.values(), bought))
        await tillit.integrate()
        async with tillit.unit() as work:
            may = authorise(work.active, "offers-engine", purpose="personalised_offers",
                            action=Action.SEGMENT)  # fmt: skip
            await tillit.gate.evaluate(work.unit, may, "tier = 'gold'")
    async with tillit.unit() as work:
        asked = await at_the_desk.opened(work, Right.ERASURE, made[0].id)
        await deciding.approve(work.unit, SYSTEM, work.active, asked.id)
    async with tillit.unit() as work:
        born = [{"birth_date": "1980-01-01"}, {"birth_date": "2020-01-01"}]
        family = [{"member_number": f"F{n}", **one} for n, one in enumerate(born)]
        guardian, child = await enrol(work.unit, SYSTEM, family, source="test")
        await guardians.name(work.unit, SYSTEM, work.active, child=child.id, guardian=guardian.id,
                             by=By.OFFICER, evidence="form")  # fmt: skip
    await worker.drain(tillit)
    assert await worker.count(tillit)
    await tillit.integrate()


@pytest.fixture
async def scene(tillit: Tillit) -> AsyncIterator[Scene]:
    await _use(tillit)
    engine = create_async_engine(with_driver(tillit.url), isolation_level="REPEATABLE READ")
    async with AsyncSession(engine) as owner:
        yield Scene(tillit, owner)
    await engine.dispose()


@pytest.mark.slow
async def test_any_single_row_of_record_or_ledger_changed_removed_or_inserted_is_found(
    scene: Scene,
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    chance = random.Random(seed)
    assert await scene.findings() == []
    await scene.owner.rollback()
    unseen, tried, tables = [], 0, set()
    while tried < TRIES:
        await scene.run("SET session_replication_role = replica")
        try:
            done = await scene.strike(chance)
        except IntegrityError:  # met a row that is there already: nothing was changed
            await scene.owner.rollback()
            continue
        if not await scene.findings():
            unseen.append(done)
        await scene.owner.rollback()
        tried += 1
        tables.add(done.split(".")[0].split()[0])
    assert unseen == [], f"seed {seed}"
    assert tables == set(TABLES)
    assert await scene.findings() == []


async def test_a_withdrawal_that_somebody_dropped_is_named(scene: Scene) -> None:
    """Not even together with its entry's pointer: the record remembers that it was there."""
    row = (await scene.run("SELECT id FROM ledger ORDER BY id DESC LIMIT 1")).scalar_one()
    await scene.owner.rollback()
    await scene.run("SET session_replication_role = replica")
    await scene.run("DELETE FROM ledger WHERE id = :id", id=row)
    assert f"ledger row {row} is on record and missing" in await scene.findings()


async def test_sets_that_somebody_put_back_are_found(scene: Scene) -> None:
    """An older state of a shard is consistent in itself; ledger and values say otherwise."""
    tillit = scene.tillit
    async with tillit.unit() as work:
        assert await checks.check(work.unit) == []
        member = (await load(work.unit, await _ids(scene), lock=True)).popitem()[1]
        purpose = work.active.programme.purpose("newsletter")
        said = choose(work.unit, purpose, Said.GIVEN, at=work.unit.now, by="member", language="sv")
        await ledger.record(work.unit, SYSTEM, {member: [said]})
    await scene.run("SET session_replication_role = replica")
    gone = await scene.run("DELETE FROM shard_change WHERE number = (SELECT head FROM shard)")
    assert gone.rowcount == 1
    await scene.run("UPDATE shard SET head = head - 1")
    async with tillit.unit() as work:
        seen = replace(work.unit, session=scene.owner)
        assert await checks.check_sets(seen)


async def _ids(scene: Scene) -> list[UUID]:
    found = list((await scene.run("SELECT id FROM member LIMIT 1")).scalars())
    await scene.owner.rollback()
    return found
