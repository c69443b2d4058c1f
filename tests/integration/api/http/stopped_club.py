"""The club with a clock that stands still until it is set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from callers_at_doors import Club

from api.bootstrap import SYSTEM, opened
from api.http.app import create_app
from api.settings import Settings
from consent.programme import Programme, load_programme, read_programme
from kernel.clock import StoppedClock

EXAMPLE = Path(__file__).parents[4] / "examples" / "fjallklubben.toml"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@asynccontextmanager
async def stopped_club(
    settings: Settings, programme: Programme | None = None
) -> AsyncIterator[tuple[Club, StoppedClock]]:
    """A club at noon of 1 March 2026, under the example's programme or another."""
    clock = StoppedClock(START)
    async with opened(settings, clock=clock) as tillit:
        await tillit.apply(SYSTEM, programme or load_programme(EXAMPLE))
        transport = httpx.ASGITransport(create_app(tillit, worker=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://c.test") as http:
            yield Club(tillit, http), clock


def altered(*changes: tuple[str, str]) -> Programme:
    """The example's programme with some of its text replaced."""
    text = EXAMPLE.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return read_programme(text)
