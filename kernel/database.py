"""The engine and the unit of work: one request or job, one transaction, one commit.

Doors open a transaction; domain functions take its session and never commit. Every
connection runs as the role ``tillit_app``, which owns nothing and may neither update nor
delete what is append-only.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any, cast

import psycopg
from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

APP_ROLE = "tillit_app"

Connection = psycopg.AsyncConnection[Any]


def with_driver(url: str) -> URL:
    """The URL with the one driver Tillit uses, whatever spelling of ``postgresql`` came in."""
    return make_url(url).set(drivername="postgresql+psycopg")


def libpq(url: str, *, role: str | None = APP_ROLE) -> str:
    """The same server as a plain libpq URL, for psycopg and the job queue."""
    plain = make_url(url).set(drivername="postgresql")
    if role is not None:
        plain = plain.update_query_dict({"options": f"-crole={role}"})
    return plain.render_as_string(hide_password=False)


class Database:
    """A pool of connections to one PostgreSQL database, as the application's role."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            with_driver(url),
            connect_args={"options": f"-crole={APP_ROLE}"},
            poolclass=AsyncAdaptedQueuePool,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=30,
            # Statements carry sealed values; an error must not print even those.
            hide_parameters=True,
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One unit of work: committed when the block ends, rolled back when it raises."""
        async with (
            AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as session,
            session.begin(),
        ):
            yield session
            for step in session.info.pop(_LAST, []):
                await step()
            if outside := session.info.pop(_OUTSIDE, []):
                await session.flush()
                for step in outside:
                    await step()

    async def close(self) -> None:
        await self.engine.dispose()


def before_commit(
    session: AsyncSession, step: Callable[[], Awaitable[None]], *, outside: bool = False
) -> None:
    """Run `step` as the last thing in this transaction: for locks to be held most briefly.

    `outside`: it writes what no rollback takes back, and runs when everything else has been
    written and nothing but the commit can fail any more.
    """
    session.info.setdefault(_OUTSIDE if outside else _LAST, []).append(step)


_LAST = "kernel.before_commit"
_OUTSIDE = "kernel.before_commit.outside"


async def raw(session: AsyncSession) -> Connection:
    """The psycopg connection under a session, inside its one transaction: for COPY and jobs."""
    found = session.info.get(_RAW)
    if found is None:
        connection = await session.connection()
        found = (await connection.get_raw_connection()).driver_connection
        session.info[_RAW] = found
    return cast(Connection, found)


_RAW = "kernel.raw"


async def deleted(
    session: AsyncSession, table: str, column: str, values: Collection[Any]
) -> dict[Any, int]:
    """Delete the rows whose `column` has one of these values; how many there were of each.

    `table`, `column`: names that stand in our own code.
    """
    if not values:
        return {}
    connection = await raw(session)
    cursor = await connection.execute(
        f"WITH gone AS (DELETE FROM {table} WHERE {column} = ANY(%b) RETURNING {column}) "  # noqa: S608
        f"SELECT {column}, count(*) FROM gone GROUP BY {column}",
        (list(values),),
        binary=True,
    )
    found = dict.fromkeys(values, 0)
    found.update(await cursor.fetchall())
    return found
