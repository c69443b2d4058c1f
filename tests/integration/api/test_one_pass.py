"""One pass of a worker that cron starts: all that one at work all day would do now, once."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from at_the_desk import approved, opened
from psycopg import DataError
from structlog.testing import capture_logs

from api import work as worker
from api.bootstrap import SYSTEM, Tillit, Work
from api.bootstrap import opened as open_tillit
from api.settings import Settings
from audit.browsing import all_entries
from audit.entries import Kind
from consent.programme import read_programme
from dsar import outgoing, register, requests
from dsar.states import Right, State
from kernel.clock import StoppedClock
from kernel.database import raw
from profiles.enrolment import enrol
from profiles.errors import CannotOpen

EXAMPLE = (Path(__file__).parents[3] / "examples" / "fjallklubben.toml").read_text("utf-8")
START = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(START)


@pytest_asyncio.fixture
async def club(settings: Settings, clock: StoppedClock) -> AsyncIterator[Tillit]:
    async with open_tillit(settings, clock=clock) as tillit:
        await tillit.apply(SYSTEM, read_programme(EXAMPLE))
        yield tillit


async def _member(work: Work, number: str) -> UUID:
    (made,) = await enrol(work.unit, SYSTEM, [{"member_number": number}], source="test")
    return made.id


async def _rows(tillit: Tillit, query: str) -> list[Any]:
    async with tillit.unit() as work:
        return list(await (await (await raw(work.session)).execute(query)).fetchall())


async def _moves(tillit: Tillit) -> dict[str, list[Any]]:
    """What time alone has done to each request: days left at a reminder, or "lapse"."""
    found: dict[str, list[Any]] = {}
    async with tillit.unit() as work:
        async for one in all_entries(work.session, kinds=[Kind.REQUEST_MOVED]):
            if one.facts["step"] in ("remind", "lapse"):
                step = one.facts.get("left", one.facts["step"])
                found.setdefault(str(one.facts["request"]), []).append(step)
    return found


async def test_one_pass_reminds_lapses_and_tells_what_is_overdue_and_a_second_one_nothing_more(
    club: Tillit, clock: StoppedClock
) -> None:
    async with club.unit() as work:
        late = (await opened(work, Right.ACCESS, await _member(work, "1"))).id
        asked = (await opened(work, Right.ACCESS, await _member(work, "2"), proof=None)).id
        await requests.ask_identity(work.unit, SYSTEM, work.active, asked)
    clock.at += timedelta(days=20)
    async with club.unit() as work:
        soon = (await opened(work, Right.ACCESS, await _member(work, "3"))).id
    clock.at += timedelta(days=17)
    await worker.drain(club)  # what the jobs alone leave undone
    assert await _moves(club) == {}
    with capture_logs() as logs:
        await worker.once(club)
    moves = await _moves(club)
    assert moves == {str(late): [-6], str(soon): [14], str(asked): ["lapse"]}
    async with club.unit() as work:
        assert (await register.get(work.unit, asked)).state is State.UNFULFILLED
    assert [one["requests"] for one in logs if one["event"] == "requests_overdue"] == [1]
    about = "SELECT what, state FROM outgoing WHERE member IS NULL ORDER BY id"
    (message,) = await _rows(club, about)
    assert message[1] != "waiting", "the message left in the same pass"
    await worker.once(club)
    assert await _moves(club) == moves
    assert await _rows(club, about) == [message]


async def test_one_pass_says_which_recipients_let_their_time_pass(
    club: Tillit, clock: StoppedClock
) -> None:
    async with club.unit() as work:
        request = (await approved(work, Right.ACCESS, await _member(work, "1"))).id
        told = {"what": "erasure", "carrier": "mailbox", "recipient": "brevduvan"}
        due = work.unit.today + timedelta(days=14)
        parcel = outgoing.Parcel(request=request, payload=b"{}", due=due, **told)
        await outgoing.post(work.unit, parcel)
    clock.at += timedelta(days=20)
    for _ in range(2):
        await worker.once(club)
    late = "SELECT what FROM outgoing WHERE what LIKE 'late:%'"
    assert await _rows(club, late) == [("late:2026-03-22",)]


async def test_one_pass_deletes_packages_that_are_over_and_counts_the_day(
    club: Tillit, clock: StoppedClock
) -> None:
    async with club.unit() as work:
        await approved(work, Right.ACCESS, await _member(work, "1"))
        others = [{"member_number": str(number)} for number in range(2, 14)]
        await enrol(work.unit, SYSTEM, others, source="test")
    await worker.once(club)
    assert len(await _rows(club, "SELECT request FROM package")) == 1
    clock.at += timedelta(days=120)
    await worker.once(club)
    assert await _rows(club, "SELECT request FROM package") == []
    days = await _rows(club, "SELECT DISTINCT day FROM consent_figure ORDER BY day")
    assert [str(day) for (day,) in days] == ["2026-03-02", "2026-06-30"]


async def test_what_one_pass_carries_out_it_does_not_remind_of(
    club: Tillit, clock: StoppedClock
) -> None:
    async with club.unit() as work:
        request = (await approved(work, Right.ACCESS, await _member(work, "1"))).id
    clock.at += timedelta(days=27)
    await worker.once(club)
    assert await _moves(club) == {}
    async with club.unit() as work:
        assert (await register.get(work.unit, request)).state is State.FULFILLED


@pytest.mark.parametrize(
    "wrong",
    [CannotOpen("one row cannot be opened", place="package"), ValueError("a value of somebody's")],
)
async def test_one_thing_that_fails_holds_up_no_other_and_is_told_at_the_end(
    club: Tillit, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch, wrong: Exception
) -> None:
    async def fails(tillit: Tillit) -> int:
        raise wrong

    monkeypatch.setattr(worker, "IN_TIME", ((fails, 1.0), *worker.IN_TIME))
    async with club.unit() as work:
        request = (await opened(work, Right.ACCESS, await _member(work, "1"))).id
    clock.at += timedelta(days=20)
    with capture_logs() as logs, pytest.raises(type(wrong)):
        await worker.once(club)
    assert (await _moves(club))[str(request)] == [11]
    assert [one["event"] for one in logs].count("step_failed") == 1
    assert "somebody" not in str(logs)


async def test_a_date_that_no_program_holds_does_not_keep_the_jobs_from_being_done(
    club: Tillit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever owns the database drops the constraint that keeps it out."""
    async with club.unit() as work:
        request = (await approved(work, Right.ACCESS, await _member(work, "1"))).id
        late = (await opened(work, Right.ACCESS, await _member(work, "2"))).id

    async def fails(tillit: Tillit) -> int:
        raise DataError("date too large (after year 10K)")

    for name in ("resume", "send_due"):
        monkeypatch.setattr(worker, name, fails)
    with pytest.raises(DataError):
        await worker.once(club)
    async with club.unit() as work:
        assert (await register.get(work.unit, request)).state is State.FULFILLED
        assert (await register.get(work.unit, late)).state is State.ACKNOWLEDGED


async def test_before_the_first_programme_one_pass_finds_nothing_to_do(settings: Settings) -> None:
    async with open_tillit(settings) as tillit:
        await worker.once(tillit)
