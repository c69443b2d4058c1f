"""Consents that run out: no longer heeded on their day, and written down some time after."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.bootstrap import SYSTEM, Tillit
from api.work import expire
from api.work import work as worker
from consent import expiring, ledger
from consent.checks import check
from consent.choices import Action, By, Choice, State
from consent.choosing import choose
from consent.eligibility import eligibility
from consent.standings import fold
from kernel.clock import StoppedClock
from profiles import members
from profiles.enrolment import enrol
from profiles.members import Member

OFFERS, LETTER = "personalised_offers", "newsletter"
START = datetime(2026, 1, 15, 12, tzinfo=UTC)
MIDNIGHT = datetime(2028, 1, 14, 23, tzinfo=UTC)  # in Stockholm


class Stop(Exception):
    """Pulls the plug."""


@pytest.fixture
def clock(tillit: Tillit) -> StoppedClock:
    tillit.clock = StoppedClock(START)
    return tillit.clock


async def joined(tillit: Tillit, count: int) -> list[Member]:
    async with tillit.unit() as work:
        people = [{"member_number": str(number)} for number in range(count)]
        return await enrol(work.unit, SYSTEM, people, source="test")


async def say(tillit: Tillit, who: Sequence[Member], purpose: str, action: Action) -> None:
    async with tillit.unit() as work:
        found = await members.load(work.unit, [one.id for one in who], lock=True)
        about = work.active.programme.purpose(purpose)
        word = choose(work.unit, about, action, at=work.unit.now, by=By.TILL, language="sv")
        await ledger.record(work.unit, SYSTEM, {one: [word] for one in found.values()})


async def said(tillit: Tillit, one: Member) -> list[Choice]:
    async with tillit.unit() as work:
        return (await ledger.opened(work.unit, {one.id: one.key}))[one.id]


async def held_back(tillit: Tillit) -> dict[str, int]:
    await tillit.replica.barrier()
    async with tillit.unit() as work:
        footing = work.active.footing(OFFERS)
        return eligibility(footing, tillit.replica.members, work.unit.today).held_back


async def test_what_has_run_out_is_written_down_once_as_of_its_midnight(
    tillit: Tillit, clock: StoppedClock
) -> None:
    two = await joined(tillit, 2)
    await say(tillit, two[:1], OFFERS, Action.GIVEN)
    await say(tillit, two, LETTER, Action.GIVEN)  # holds for ever
    clock.at = MIDNIGHT - timedelta(seconds=1)
    assert await expire(tillit) == 0
    clock.at = MIDNIGHT + timedelta(days=3)
    assert await expire(tillit) == 1
    assert await expire(tillit) == 0
    last = (await said(tillit, two[0]))[-1]
    assert (last.action, last.purpose, last.by, last.at, last.before) == (
        Action.EXPIRED,
        OFFERS,
        By.SYSTEM,
        MIDNIGHT,
        State.GIVEN,
    )
    assert [one.action for one in await said(tillit, two[1])] == [Action.GIVEN]
    async with tillit.unit() as work:
        assert await check(work.unit) == []


async def test_nobodys_eligibility_hangs_on_it(tillit: Tillit, clock: StoppedClock) -> None:
    two = await joined(tillit, 2)
    await say(tillit, two, OFFERS, Action.GIVEN)
    assert await held_back(tillit) == {}
    clock.at = MIDNIGHT
    assert await held_back(tillit) == {"expired": 2}
    clock.at = MIDNIGHT + timedelta(hours=1)
    before = await held_back(tillit)
    assert before == {"expired": 2}
    assert await expire(tillit) == 2
    assert await held_back(tillit) == before
    await say(tillit, two, OFFERS, Action.GIVEN)
    assert await held_back(tillit) == {}
    assert fold(await said(tillit, two[0])).of(OFFERS).state is State.GIVEN


async def test_who_renewed_or_withdrew_meanwhile_has_not_run_out(
    tillit: Tillit, clock: StoppedClock
) -> None:
    renews, withdraws, lets_be = await joined(tillit, 3)
    await say(tillit, [renews, withdraws, lets_be], OFFERS, Action.GIVEN)
    clock.at = MIDNIGHT
    await tillit.replica.barrier()
    async with tillit.unit() as work:
        found = expiring.expired(work.unit, work.active, tillit.replica.members)
    assert len(found) == 3
    # What was found is three seconds old when it is acted upon.
    await say(tillit, [renews], OFFERS, Action.GIVEN)
    await say(tillit, [withdraws], OFFERS, Action.WITHDRAWN)
    async with tillit.unit() as work:
        ids = [one.id for one in (renews, withdraws, lets_be)]
        assert await expiring.expire(work.unit, SYSTEM, work.active, ids) == 1
    states = [
        fold(await said(tillit, one)).of(OFFERS).state for one in (renews, withdraws, lets_be)
    ]
    assert states == [State.RENEWED, State.WITHDRAWN, State.EXPIRED]


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("recorded", [True, False])
async def test_a_worker_that_was_killed_anywhere_leaves_what_another_finishes(
    tillit: Tillit,
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
    *,
    batch: int,
    recorded: bool,
) -> None:
    monkeypatch.setattr(expiring, "BATCH", 2)
    five = await joined(tillit, 5)
    await say(tillit, five, OFFERS, Action.GIVEN)
    clock.at = MIDNIGHT
    record, calls = ledger.record, 0

    async def plug(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == batch and not recorded:
            raise Stop
        done = await record(*arguments)
        if calls == batch:
            raise Stop
        return done

    monkeypatch.setattr(ledger, "record", plug)
    with pytest.raises(Stop):
        await expire(tillit)
    monkeypatch.setattr(ledger, "record", record)
    left = 5 - 2 * (batch - 1)
    assert await held_back(tillit) == {"expired": 5}
    assert await expire(tillit) == left
    for one in five:
        actions = [choice.action for choice in await said(tillit, one)]
        assert actions == [Action.GIVEN, Action.EXPIRED]
    async with tillit.unit() as work:
        assert await check(work.unit) == []


async def test_an_erased_member_is_passed_over(tillit: Tillit, clock: StoppedClock) -> None:
    async with tillit.unit() as work:
        assert await expiring.expire(work.unit, SYSTEM, work.active, [UUID(int=0)]) == 0


async def test_the_worker_writes_it_down_by_itself(tillit: Tillit, clock: StoppedClock) -> None:
    (one,) = await joined(tillit, 1)
    await say(tillit, [one], OFFERS, Action.GIVEN)
    clock.at = MIDNIGHT
    task = asyncio.create_task(worker(tillit))
    try:
        async with asyncio.timeout(20):
            while (await said(tillit, one))[-1].action is not Action.EXPIRED:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
