"""An app that answers HTTP in this process, and everybody who calls at its doors."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from callers_at_doors import Club

from api.bootstrap import Tillit
from api.http.app import create_app


@pytest_asyncio.fixture
async def http(tillit: Tillit) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(tillit, worker=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://tillit.test") as client:
        yield client


@pytest_asyncio.fixture
async def club(tillit: Tillit, http: httpx.AsyncClient) -> Club:
    return Club(tillit, http)
