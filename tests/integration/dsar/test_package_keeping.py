"""A package is there for its member, for a while, and then it is gone; all of it on record."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import at_the_desk
import pytest
from a_life import VALUES, Life

from api import work as worker
from api.bootstrap import SYSTEM, Tillit, opened
from api.settings import Settings
from audit.browsing import all_entries
from audit.entries import Kind
from consent.programme import load_programme
from dsar import packages, register
from dsar.errors import NotReady
from dsar.packages import Fetched
from dsar.states import Right, State
from kernel.clock import StoppedClock
from kernel.database import raw
from profiles import members
from profiles.enrolment import enrol

EXAMPLE = Path(__file__).parents[3] / "examples" / "fjallklubben.toml"


@dataclass(frozen=True)
class Kept:
    """A package, made at a time that stands still until it is set."""

    tillit: Tillit
    clock: StoppedClock
    member: UUID
    request: UUID

    async def fetched(self, **how: Fetched) -> bytes:
        async with self.tillit.unit() as work:
            found = await packages.fetch(work.unit, SYSTEM, self.request, self.member, **how)
        return found.zipped

    async def rows(self) -> int:
        async with self.tillit.database.transaction() as session:
            cursor = await (await raw(session)).execute("SELECT count(*) FROM package")
            row = await cursor.fetchone()
        assert row is not None
        return int(row[0])

    async def on_record(self, kind: Kind) -> list[dict[str, object]]:
        async with self.tillit.unit() as work:
            subject = (await members.one(work.unit, self.member)).key.subject().hex()
            said = [one async for one in all_entries(work.session, kinds=[kind])]
        assert all(one.subject == subject for one in said)
        return [one.facts for one in said]


@pytest.fixture
async def kept(settings: Settings) -> AsyncIterator[Kept]:
    clock = StoppedClock(datetime(2026, 3, 1, 11, tzinfo=UTC))
    async with opened(settings, clock=clock) as tillit:
        await tillit.apply(SYSTEM, load_programme(EXAMPLE))
        async with tillit.unit() as work:
            [member] = await enrol(work.unit, SYSTEM, [VALUES], source="till")
        async with tillit.unit() as work:
            asked = await at_the_desk.approved(work, Right.ACCESS, member.id)
        await worker.drain(tillit)
        yield Kept(tillit, clock, member.id, asked.id)


async def test_it_can_be_fetched_until_its_last_day_is_over(kept: Kept) -> None:
    kept.clock.at += timedelta(days=30) - timedelta(seconds=1)
    assert await kept.fetched()
    kept.clock.at += timedelta(seconds=1)
    with pytest.raises(NotReady):
        await kept.fetched()


async def test_it_is_deleted_when_due_and_not_before(kept: Kept) -> None:
    assert await worker.drop_packages(kept.tillit) == 0
    assert await kept.rows() == 1
    kept.clock.at += timedelta(days=30)
    assert await worker.drop_packages(kept.tillit) == 1
    assert await kept.rows() == 0
    assert await worker.drop_packages(kept.tillit) == 0
    assert await kept.on_record(Kind.PACKAGE_DELETED) == [{"request": str(kept.request)}]
    with pytest.raises(NotReady):
        await kept.fetched()


async def test_each_fetching_is_on_record_with_how(kept: Kept) -> None:
    await kept.fetched()
    await kept.fetched(how=Fetched.ENCRYPTED)
    request = str(kept.request)
    assert await kept.on_record(Kind.PACKAGE_FETCHED) == [
        {"request": request, "how": "plain"},
        {"request": request, "how": "encrypted"},
    ]


async def test_what_was_kept_is_sealed_to_its_request(kept: Kept) -> None:
    async with kept.tillit.database.transaction() as session:
        cursor = await (await raw(session)).execute("SELECT sealed FROM package")
        [(sealed,)] = await cursor.fetchall()
    plain = await kept.fetched()
    assert plain[:2] == b"PK"
    assert plain[:40] not in sealed
    assert b"asa.oberg" not in sealed


async def test_only_the_member_it_is_about_can_fetch_it(life: Life) -> None:
    request = await life.answered(Right.ACCESS)
    async with life.tillit.unit() as work:
        with pytest.raises(NotReady):
            await packages.fetch(work.unit, SYSTEM, request, life.neighbour)


@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY])
async def test_a_package_is_made_once_however_often_its_job_runs(life: Life, right: Right) -> None:
    request = await life.answered(right)
    async with life.tillit.unit() as work:
        assert (await register.get(work.unit, request)).state is State.FULFILLED
        assert not await packages.make(work.unit, SYSTEM, work.active, request)


async def test_an_erasure_takes_a_package_along(life: Life) -> None:
    await life.answered(Right.ACCESS)
    await life.answered(Right.ERASURE)
    async with life.tillit.database.transaction() as session:
        cursor = await (await raw(session)).execute("SELECT count(*) FROM package")
        assert await cursor.fetchone() == (0,)
    assert await worker.drop_packages(life.tillit) == 0
