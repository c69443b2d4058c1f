"""The other side of `read-http-lean` and `segment-http-1m`: as little as answers over real HTTP.

Starlette, a psycopg pool, msgspec. Binary results, statements prepared once a connection. No
caller is checked, no policy asked, nothing recorded.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from uuid import UUID

import msgspec
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.idiomatic import POOL
from bench.people import club_day
from bench.segments import plain_conditions
from kernel.database import libpq

_READ = """
SELECT member_number, birth_date, tier::text, interests, spend, last_visit
FROM customer WHERE id = %s
"""
#: The server writes the JSON itself: faster than taking ten thousand rows to Python.
_SEGMENT = "SELECT coalesce(json_agg(id), '[]')::text FROM customer WHERE {conditions}"


class Read(msgspec.Struct):
    """The six fields."""

    member_number: str
    birth_date: date
    tier: str
    interests: list[str]
    spend: Decimal
    last_visit: date


def app(url: str) -> Starlette:
    """The app over the table at `url`."""
    pool = AsyncConnectionPool(
        libpq(url, role=None),
        min_size=POOL,
        max_size=POOL,
        open=False,
        kwargs={"autocommit": True, "prepare_threshold": 0},
    )
    segment = _SEGMENT.format(
        conditions=plain_conditions("interests @> ARRAY['hiking']", club_day())
    ).encode()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with pool:
            yield

    async def read(request: Request) -> Response:
        async with pool.connection() as connection:
            id = UUID(request.path_params["id"])
            row = await (await connection.execute(_READ, (id,), binary=True)).fetchone()
        if row is None:
            return Response(status_code=404)
        return Response(msgspec.json.encode(Read(*row)), media_type="application/json")

    async def evaluate(_: Request) -> Response:
        async with pool.connection() as connection:
            row = await (await connection.execute(segment, binary=True)).fetchone()
        assert row is not None
        return Response(row[0], media_type="application/json")

    return Starlette(
        routes=[Route("/members/{id}", read), Route("/segment", evaluate)], lifespan=lifespan
    )
