"""The worker outlives a database that goes away for a moment."""

import asyncio
from contextlib import suppress
from uuid import UUID

import at_the_desk
import psycopg
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from api import work
from api.bootstrap import SYSTEM, Tillit
from dsar import register
from dsar.states import Right, State
from kernel.database import libpq, raw
from profiles.enrolment import enrol


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


async def test_a_running_worker_goes_on_when_the_database_has_cut_it_off(tillit: Tillit) -> None:
    """Every connection it has, while it waits for jobs: the listening one too. Twice over."""
    async with tillit.unit() as unit:
        [member] = await enrol(unit.unit, SYSTEM, [{"member_number": "1"}], source="till")
    running = asyncio.create_task(work.work(tillit))
    try:
        await _answered(tillit, Right.ACCESS, member.id)
        for right in (Right.RESTRICTION, Right.RELEASE):
            assert _cut_off(tillit) > 0
            await _answered(tillit, right, member.id)
        assert not running.done()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _answered(tillit: Tillit, right: Right, member: UUID) -> None:
    """Asked and approved; then done by the worker, in its own time."""
    request = None
    async with asyncio.timeout(40):
        while True:
            # Our own connections are cut off as well: whoever asks is told to ask again.
            with suppress(DBAPIError):
                async with tillit.unit() as unit:
                    if request is None:
                        asked = await at_the_desk.approved(unit, right, member)
                    elif (await register.get(unit.unit, request)).state is State.FULFILLED:
                        return
                request = asked.id
            await asyncio.sleep(0.1)


def _cut_off(tillit: Tillit) -> int:
    """End every connection to the database but this one; returns how many there were."""
    with psycopg.connect(libpq(tillit.url, role=None), autocommit=True) as connection:
        found = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    return len(found)
