"""A record to look at: entries of all shapes, integrated in uneven steps."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from audit.check import Findings, check
from audit.entries import ActorType, Entry, Kind, commit
from audit.integrator import integrate
from audit.notes import Signer
from audit.record import Record
from kernel.clock import StoppedClock
from kernel.database import Database, libpq


class Log:
    """One database's record, with the keys and the clock that write it."""

    mac_key = b"m" * 32
    signer = Signer(name="fjallklubben.example/record", seed=b"s" * 32)

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = StoppedClock(datetime(2026, 3, 1, tzinfo=UTC))
        self.record = Record(
            lambda: self.mac_key, self.clock, public=lambda: self.signer.key.public
        )
        self.ids: list[UUID] = []

    def subject(self, member: int) -> bytes:
        return member.to_bytes(32, "big")

    def entry(self, number: int) -> Entry:
        """About a member or about nobody, with or without a sealed detail."""
        with_detail = number % 3 == 0
        return Entry(
            kind=Kind.PROFILE_READ if number % 4 else Kind.SEGMENT_EVALUATED,
            actor_type=ActorType.SERVICE,
            actor="offers-engine",
            purpose="personalised_offers",
            programme=1,
            subject=self.subject(number % 17) if number % 4 else None,
            facts={"number": number, "word": "x" * (number % 50)},
            commitment=commit(b"detail").digest if with_detail else None,
            sealed_detail=b"sealed %d" % number if with_detail else None,
        )

    async def write(self, count: int) -> list[UUID]:
        """Put the next `count` entries on record; they are pending then."""
        first = len(self.ids)
        async with self.database.transaction() as session:
            made = await self.record.write_many(
                session, (self.entry(number) for number in range(first, first + count))
            )
        self.ids += made
        return made

    async def integrate(self, *, limit: int = 10_000) -> int:
        """Integrate until nothing is left, a second apart; returns how many entries."""
        total = 0
        while True:
            async with self.database.transaction() as session:
                done = await integrate(
                    session,
                    mac_keys=[self.mac_key],
                    signer=self.signer,
                    clock=self.clock,
                    limit=limit,
                )
            self.clock.at += timedelta(seconds=1)
            if not done:
                return total
            total += done

    async def check(self) -> Findings:
        async with self.database.transaction() as session:
            return await check(session, vkey=self.signer.verifier_key, mac_keys=[self.mac_key])


@pytest.fixture
def log(database: Database) -> Log:
    """An empty record of this test's own."""
    return Log(database)


async def _fill(url: str) -> None:
    database = Database(url)
    try:
        log, chance = Log(database), random.Random(7)
        while (left := 1_000 - len(log.ids)) > 0:
            await log.write(min(chance.choice([1, 2, 30, 200, 300]), left))
            await log.integrate(limit=chance.choice([100, 256, 10_000]))
        await log.write(20)
    finally:
        await database.close()


@pytest.fixture(scope="session")
def full_url(server: str, template: str) -> Iterator[str]:
    """1,000 leaves under several checkpoints, 20 entries pending. Whoever changes it rolls back."""
    name = f"tillit_full_{uuid4().hex[:8]}"
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(libpq(server, role=None), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        asyncio.run(_fill(url))
        yield url
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
async def full(full_url: str) -> AsyncIterator[Log]:
    database = Database(full_url)
    yield Log(database)
    await database.close()
