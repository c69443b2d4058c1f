"""How requests are going, over HTTP: figures for officers, gauges for whoever watches."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from callers_at_doors import Club
from stopped_club import START, stopped_club
from the_desk import opened

from api.bootstrap import SYSTEM
from api.settings import Settings
from api.work import drain
from dsar import deciding
from dsar.words import Reason
from kernel.clock import StoppedClock


@pytest_asyncio.fixture
async def desk(settings: Settings) -> AsyncIterator[tuple[Club, StoppedClock]]:
    async with stopped_club(settings) as found:
        yield found


async def _gauges(club: Club) -> dict[str, float]:
    text = (await club.nobody.ok("GET", "/metrics")).decode()
    found = re.findall(r"^tillit_requests_(\w+) (\S+)$", text, re.M)
    return {name: float(value) for name, value in found}


async def test_gauges_tell_how_many_are_open_due_and_late_and_nothing_else(
    desk: tuple[Club, StoppedClock],
) -> None:
    club, clock = desk
    assert await _gauges(club) == {"open": 0, "due_soon": 0, "overdue": 0}
    first = await opened(club, "access", await club.joins("1"))
    await opened(club, "erasure", await club.joins("2"))
    weak = await club.member(await club.joins("3"), stepped_up=False)
    asked = (await weak.ok("POST", "/v1/me/requests", {"right": "access"}))["request"]
    officer = await club.officer()
    await officer.ok("POST", "/v1/requests/bulk", {"requests": [asked], "step": "ask_identity"})
    assert await _gauges(club) == {"open": 3, "due_soon": 0, "overdue": 0}
    clock.at = START + timedelta(days=25)
    assert await _gauges(club) == {"open": 3, "due_soon": 2, "overdue": 0}
    clock.at = START + timedelta(days=40)
    assert await _gauges(club) == {"open": 3, "due_soon": 0, "overdue": 2}
    async with club.tillit.unit() as work:
        reason = Reason.EXCESSIVE
        await deciding.refuse(work.unit, SYSTEM, work.active, UUID(first), reason=reason)
    assert await _gauges(club) == {"open": 2, "due_soon": 0, "overdue": 1}
    health = await club.nobody("GET", "/healthz")
    assert "overdue" not in health.text  # a machine cannot mend it by starting anew


async def test_figures_are_of_what_was_received_in_the_days_asked_for(
    desk: tuple[Club, StoppedClock],
) -> None:
    club, clock = desk
    days = {"access": "2026-01-10", "portability": "2026-02-10", "erasure": "2026-02-20"}
    ids = {
        right: await opened(club, right, await club.joins(right), received=day)
        for right, day in days.items()
    }
    officer = await club.officer()
    for right in ("access", "portability"):
        await officer.ok("POST", f"/v1/requests/{ids[right]}/approve")
    await drain(club.tillit)
    clock.at = START + timedelta(hours=1)
    found = await officer.ok("GET", "/v1/requests/figures")
    assert (found["open"], found["due_soon"], found["overdue"]) == (1, 0, 0)
    assert found["all"] == {
        **{"received": 3, "open": 1, "late_open": 0, "answered": 2},
        **{"median_days": 34.5, "most_days": 50, "on_time": 0.5},
    }
    assert set(found["by_month"]) == {"2026-01", "2026-02"}
    assert found["by_outcome"] == {"acknowledged": 1, "fulfilled": 2}
    some = await officer.ok("GET", "/v1/requests/figures?from=2026-02-01&to=2026-02-15")
    assert (some["since"], some["until"]) == ("2026-02-01", "2026-02-15")
    assert set(some["by_right"]) == {"portability"}
    assert (some["open"], some["all"]["on_time"]) == (1, 1.0)
    clock.at = START + timedelta(days=40)
    officer = await club.officer()
    late = (await officer.ok("GET", "/v1/requests/figures"))["by_right"]["erasure"]
    assert (late["late_open"], late["on_time"]) == (1, 0.0)


@pytest.mark.parametrize(
    "query",
    ["from=yesterday", "to=2026-02-30", "from=2026-03-01&to=2026-01-01", "since=2026-01-01"],
)
async def test_days_that_are_none_are_refused(club: Club, query: str) -> None:
    officer = await club.officer()
    assert (await officer("GET", f"/v1/requests/figures?{query}")).status_code == 422
