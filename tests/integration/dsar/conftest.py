"""The members that these tests are about."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from a_life import Life, lived
from a_whole_life import WholeLife
from a_whole_life import lived as lived_wholly
from at_the_books import BEGAN, Books

from api.bootstrap import SYSTEM, Tillit, opened
from api.settings import Settings
from consent.programme import load_programme
from kernel.clock import StoppedClock

CLUB = Path(__file__).parents[3] / "examples" / "fjallklubben.toml"


@pytest.fixture
async def life(tillit: Tillit) -> Life:
    return await lived(tillit)


@pytest.fixture
async def books(settings: Settings) -> AsyncIterator[Books]:
    clock = StoppedClock(BEGAN)
    async with opened(settings, clock=clock) as made:
        await made.apply(SYSTEM, load_programme(CLUB))
        yield Books(made, clock)


@pytest.fixture
async def whole_life(tillit: Tillit) -> WholeLife:
    return await lived_wholly(tillit)
