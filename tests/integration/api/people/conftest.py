"""The club, with people who sign in."""

from collections.abc import AsyncIterator

import pytest_asyncio
from at_the_browser import House, house

from api.settings import Settings


@pytest_asyncio.fixture
async def home(settings: Settings) -> AsyncIterator[House]:
    async with house(settings) as made:
        yield made
