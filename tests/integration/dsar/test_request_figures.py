"""Figures about requests, against somebody who counts them one by one; and the list, likewise."""

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from pathlib import Path
from statistics import median
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from api.bootstrap import SYSTEM, Tillit
from api.bootstrap import opened as open_tillit
from api.settings import Settings
from consent.programme import load_programme
from dsar import request_figures, worklist
from dsar.request_figures import Figures, Line
from dsar.states import Right, State
from dsar.worklist import Counts, Wish
from kernel.clock import StoppedClock
from kernel.database import raw
from kernel.ids import uuid7

EXAMPLE = Path(__file__).parents[3] / "examples" / "fjallklubben.toml"
ZONE = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 6, 15, 22, 30, tzinfo=UTC)  # in Stockholm it is the 16th by then
TODAY = date(2026, 6, 16)
MANY = 400


@dataclass(frozen=True)
class Made:
    """A request as the table has it; `closed` can be another day in Stockholm than in UTC."""

    id: UUID
    right: Right
    state: State
    received: date
    due: date
    paused: date | None
    closed: datetime | None
    carried: datetime | None = None

    @property
    def answered_on(self) -> date | None:
        """When it was refused or, whoever had to be told of it still, carried out."""
        at = self.closed if self.state is State.REJECTED else self.carried
        return None if at is None else at.astimezone(ZONE).date()

    @property
    def waits(self) -> bool:
        """Whether the member does, for an answer."""
        return self.closed is None and self.state is not State.CARRIED_OUT

    @property
    def effective(self) -> date:
        return self.due + (timedelta(0) if self.paused is None else TODAY - self.paused)


def _made_up(seed: int) -> list[Made]:
    draw = random.Random(seed)
    made = []
    for _ in range(MANY):
        state = draw.choice(list(State))
        received = TODAY - timedelta(days=draw.randrange(200))
        closed = None
        if not state.is_open:
            day = received + timedelta(days=draw.choice((0, 1, 5, 20, 29, 30, 31, 32, 60)))
            closed = datetime.combine(day, time(draw.randrange(24), 59), UTC)
        paused = received if state is State.REQUIRES_ACTION and draw.random() < 0.7 else None
        due = received + timedelta(days=draw.choice((28, 30, 31, 92)))
        right = draw.choice(list(Right))
        carried = None
        if state in (State.CARRIED_OUT, State.FULFILLED) or (
            state is State.UNFULFILLED and draw.random() < 0.5
        ):
            days = draw.choice((0, 3, 19, 28, 30, 31, 45))
            carried = datetime.combine(received + timedelta(days=days), time(22, 59), UTC)
        made.append(Made(uuid7(), right, state, received, due, paused, closed, carried))
    return made


@pytest_asyncio.fixture
async def club(settings: Settings) -> AsyncIterator[Tillit]:
    async with open_tillit(settings, clock=StoppedClock(NOW)) as tillit:
        await tillit.apply(SYSTEM, load_programme(EXAMPLE))
        yield tillit


async def _write(tillit: Tillit, made: Sequence[Made]) -> None:
    async with tillit.unit() as work:
        connection = await raw(work.session)
        for one in made:
            await connection.execute(
                "INSERT INTO request (id, kind, state, channel, language, received, opened_at, due,"
                " paused_on, closed_at, carried_at)"
                " VALUES (%s, %s, %s, 'officer', 'sv', %s, %s, %s, %s, %s, %s)",
                (
                    *(one.id, one.right.value, one.state.value, one.received, NOW),
                    *(one.due, one.paused, one.closed, one.carried),
                ),
            )


def _counted(made: Sequence[Made]) -> Line:
    days = sorted((one.answered_on - one.received).days for one in made if one.answered_on)
    late = sum(one.waits and one.effective < TODAY for one in made)
    in_time = sum(one.answered_on is not None and one.answered_on <= one.due for one in made)
    return Line(
        received=len(made),
        open=sum(one.closed is None for one in made),
        late_open=late,
        answered=len(days),
        median_days=float(median(days)) if days else None,
        most_days=days[ceil(0.9 * len(days)) - 1] if days else None,
        on_time=in_time / (len(days) + late) if days or late else None,
    )


def _naive(made: Sequence[Made], since: date, until: date) -> Figures:
    open_ones = [one for one in made if one.closed is None]
    now = Counts(
        len(open_ones),
        sum(one.waits and TODAY <= one.effective <= TODAY + timedelta(days=7) for one in made),
        sum(one.waits and one.effective < TODAY for one in made),
    )
    some = [one for one in made if since <= one.received <= until]
    months = {f"{one.received:%Y-%m}" for one in some}
    return Figures(
        since,
        until,
        now,
        _counted(some),
        {
            right: _counted([o for o in some if o.right == right])
            for right in {o.right for o in some}
        },
        {
            month: _counted([one for one in some if f"{one.received:%Y-%m}" == month])
            for month in months
        },
        {one.state: sum(other.state is one.state for other in some) for one in some},
    )


@pytest.mark.parametrize("seed", range(4))
async def test_figures_are_what_counting_one_by_one_gives(club: Tillit, seed: int) -> None:
    made = _made_up(seed)
    await _write(club, made)
    draw = random.Random(seed)
    async with club.unit() as work:
        for _ in range(15):
            days = sorted(TODAY - timedelta(days=draw.randrange(220)) for _ in range(2))
            found = await request_figures.figures(work.unit, since=days[0], until=days[1])
            assert found == _naive(made, days[0], days[1])
            alone = await request_figures.median_days(work.unit, since=days[0], until=days[1])
            assert alone == found.all.median_days


async def test_with_nothing_to_count_nothing_is_made_up(club: Tillit) -> None:
    async with club.unit() as work:
        found = await request_figures.figures(work.unit, since=TODAY, until=TODAY)
    assert found == Figures(TODAY, TODAY, Counts(0, 0, 0), Line(0, 0))


async def test_one_answer_is_its_own_median(club: Tillit) -> None:
    closed = datetime(2026, 6, 4, 23, 30, tzinfo=UTC)  # the 5th in Stockholm
    day = date(2026, 5, 5)
    one = Made(uuid7(), Right.ACCESS, State.FULFILLED, day, date(2026, 6, 4), None, closed, closed)
    await _write(club, [one])
    async with club.unit() as work:
        found = await request_figures.figures(work.unit, since=day, until=day)
    assert found.all == Line(1, 0, 0, 1, 31.0, 31, 0.0)


async def test_nothing_is_all_in_time_while_something_open_is_past_its_day(club: Tillit) -> None:
    """Whoever answers the new ones and leaves the old ones lying has not done well."""
    day, due = date(2026, 4, 1), date(2026, 5, 1)
    closed = datetime(2026, 4, 10, 12, tzinfo=UTC)
    answered = Made(uuid7(), Right.ACCESS, State.FULFILLED, day, due, None, closed, closed)
    left = [Made(uuid7(), Right.ACCESS, State.ACKNOWLEDGED, day, due, None, None) for _ in "abc"]
    stands = Made(uuid7(), Right.ACCESS, State.REQUIRES_ACTION, day, due, day, None)
    await _write(club, [answered, *left, stands])
    async with club.unit() as work:
        found = await request_figures.figures(work.unit, since=day, until=day)
    assert (found.all.open, found.all.late_open, found.all.on_time) == (4, 3, 0.25)


@pytest.mark.parametrize("limit", [1, 7, 100])
async def test_the_pages_of_the_list_put_together_are_the_list_by_hand(
    club: Tillit, limit: int
) -> None:
    made = _made_up(limit)[:120]
    await _write(club, made)
    wishes = (
        (Wish(limit=limit), lambda one: one is not None),
        (Wish(limit=limit, only_open=True), lambda one: one.closed is None),
        (
            Wish(limit=limit, overdue=True),
            lambda one: one.waits and one.effective < TODAY,
        ),
        (
            Wish(limit=limit, overdue=False, right=Right.ERASURE),
            lambda one: not (one.waits and one.effective < TODAY) and one.right is Right.ERASURE,
        ),
        (Wish(limit=limit, due_by=TODAY), lambda one: one.effective <= TODAY),
    )
    for wish, fits in wishes:
        by_hand = sorted(
            (one for one in made if fits(one)),
            key=lambda one: (one.closed is not None, not one.waits, one.effective, one.id),
        )
        assert await _all_pages(club, wish) == [one.id for one in by_hand]


async def _all_pages(tillit: Tillit, wish: Wish) -> list[UUID]:
    found, after = list[UUID](), None
    async with tillit.unit() as work:
        while True:
            wanted = Wish(**{**vars(wish), "after": after})
            page = await worklist.page(work.unit, wanted)
            assert len(page.requests) <= wish.limit
            found += [one.id for one in page.requests]
            if page.next is None:
                return found
            after = page.next
