"""The worker outlives a database that goes away for a moment."""

import asyncio

import psycopg
from structlog.testing import capture_logs

from api import work
from api.bootstrap import Tillit
from kernel.database import libpq, raw


async def test_a_connection_that_breaks_under_a_step_ends_no_worker(tillit: Tillit) -> None:
    done = 0

    async def step() -> int:
        nonlocal done
        async with tillit.unit() as unit:
            await (await raw(unit.session)).execute("SELECT pg_sleep(0.3)")
        done += 1
        return 0

    with capture_logs() as logs:
        running = asyncio.create_task(work._repeat(step, 0.05))
        try:
            while not _terminated(tillit):  # noqa: ASYNC110 - asks the database
                await asyncio.sleep(0.02)
            before = done
            async with asyncio.timeout(20):
                while done == before:  # noqa: ASYNC110 - waits for the loop itself
                    await asyncio.sleep(0.05)
            assert not running.done()
        finally:
            running.cancel()
    (said,) = [one for one in logs if one["event"] == "step_failed"]
    assert said["place"] == "database"
    assert "terminat" not in str(said), "the name of the error, and none of its words"


def _terminated(tillit: Tillit) -> bool:
    """End the connection that the step is asleep in; False while there is none."""
    with psycopg.connect(libpq(tillit.url, role=None), autocommit=True) as connection:
        found = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%' "
            "AND state = 'active'"
        ).fetchall()
    return bool(found)
