"""An approved erasure cools off: nothing is done before its day, and it can be taken back."""

from datetime import timedelta
from uuid import UUID

import pytest
from at_the_books import BEGAN, Books

from api import work as worker
from api.bootstrap import SYSTEM
from api.jobs import Steps
from dsar import deciding, overdue, previews, register
from dsar.errors import NotReady
from dsar.states import State
from kernel.errors import Unavailable
from profiles import members

DAYS = 5
_APPROVAL = "SELECT approval, not_before FROM request"
_ROW = "SELECT state, closed_at, approval, not_before FROM request"


@pytest.fixture
async def cooling(books: Books) -> Books:
    await books.handles(f"cooling_off_days = {DAYS}")
    return books


async def _state(books: Books, request: UUID) -> State:
    async with books.tillit.unit() as work:
        return (await register.get(work.unit, request)).state


async def _at(books: Books, days: float) -> None:
    books.clock.at = BEGAN + timedelta(days=days)
    await worker.drain(books.tillit)


async def test_nothing_is_erased_before_its_day_and_it_is_on_it(cooling: Books) -> None:
    """The queue's clock is past the day already: what waits is held back by ours."""
    request = await cooling.approved(await cooling.joins())
    for days in (0, 1, DAYS - 0.01):
        await _at(cooling, days)
        assert await _state(cooling, request) is State.ACCEPTED, days
    await _at(cooling, DAYS)
    assert await _state(cooling, request) is State.FULFILLED


async def test_the_job_that_the_approval_made_is_due_on_that_day(cooling: Books) -> None:
    await cooling.approved(await cooling.joins())
    query = "SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = 'request.erasure'"
    assert await cooling.query(query) == [(BEGAN + timedelta(days=DAYS),)]


async def test_a_job_lost_while_it_waits_is_made_again_when_it_is_due_and_no_sooner(
    cooling: Books,
) -> None:
    request = await cooling.approved(await cooling.joins())
    await cooling.query("DELETE FROM procrastinate_jobs WHERE task_name = 'request.erasure'")
    for days in (0, 2, DAYS - 0.01):
        cooling.clock.at = BEGAN + timedelta(days=days)
        assert await worker.resume(cooling.tillit) == 0
        async with cooling.tillit.database.transaction() as session:
            assert await overdue.failing(session, cooling.clock.now()) == 0
    cooling.clock.at = BEGAN + timedelta(days=DAYS)
    async with cooling.tillit.database.transaction() as session:
        assert await overdue.failing(session, cooling.clock.now()) == 1
    assert await worker.resume(cooling.tillit) == 1
    assert await worker.resume(cooling.tillit) == 0
    await worker.drain(cooling.tillit)
    assert await _state(cooling, request) is State.FULFILLED


async def test_who_takes_it_back_in_time_stays(cooling: Books) -> None:
    member = await cooling.joins()
    request = await cooling.approved(member)
    await _at(cooling, DAYS - 1)
    async with cooling.tillit.unit() as work:
        await deciding.cancel(work.unit, SYSTEM, request)
    for days in (DAYS, DAYS + 30):
        await _at(cooling, days)
    assert await _state(cooling, request) is State.UNFULFILLED
    async with cooling.tillit.unit() as work:
        assert await members.one(work.unit, member)


async def test_of_an_erasure_that_is_not_to_be_nothing_waits_for_a_day_any_more(
    cooling: Books,
) -> None:
    request = await cooling.approved(await cooling.joins())
    (before,) = await cooling.query(_APPROVAL)
    async with cooling.tillit.unit() as work:
        found = await deciding.cancel(work.unit, SYSTEM, request)
    assert found.not_before is None
    assert await cooling.query(_APPROVAL) == [(None, None)]
    assert None not in before


async def test_an_approval_that_was_taken_back_erases_nobody_when_it_is_put_back(
    cooling: Books,
) -> None:
    """As whoever can write to the table could, with all that its row held before."""
    member = await cooling.joins()
    request = await cooling.approved(member)
    (before,) = await cooling.query(_ROW)
    async with cooling.tillit.unit() as work:
        await deciding.cancel(work.unit, SYSTEM, request)
    await cooling.query(
        "UPDATE request SET state = %s, closed_at = %s, approval = %s, not_before = %s", *before
    )
    cooling.clock.at = BEGAN + timedelta(days=DAYS)
    with pytest.raises(Unavailable):
        await Steps(cooling.tillit).erasure(request=str(request))
    async with cooling.tillit.unit() as work:
        assert await members.one(work.unit, member)


async def test_what_was_carried_out_cannot_be_taken_back(cooling: Books) -> None:
    request = await cooling.approved(await cooling.joins())
    await _at(cooling, DAYS)
    async with cooling.tillit.unit() as work:
        with pytest.raises(NotReady, match="erased"):
            await deciding.cancel(work.unit, SYSTEM, request)


async def test_the_preview_says_how_long_it_would_wait(cooling: Books) -> None:
    member = await cooling.joins()
    async with cooling.tillit.unit() as work:
        person = await members.one(work.unit, member)
        found = await previews.of_member(work.unit, SYSTEM, work.active, person)
    assert found.waits == DAYS
