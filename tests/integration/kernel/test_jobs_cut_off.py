"""Whoever works for ever goes on, and leaves no job behind, when the database cuts it off."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql

from kernel import jobs
from kernel.database import Database, libpq
from kernel.jobs import Queue, enqueue


class Worker:
    """A queue that works for ever, with one kind of job, which waits until it is let go."""

    def __init__(self, database: Database, url: str) -> None:
        self._database, self._url = database, url
        self.ran: list[str] = []
        self.let_go = asyncio.Event()
        self.let_go.set()
        self.queue = Queue(url)
        self.queue.register("test.note", self._note)

    async def _note(self, word: str) -> None:
        self.ran.append(word)
        await self.let_go.wait()

    async def asks(self, word: str, *, outward: bool = False) -> None:
        async with self._database.transaction() as session:
            await enqueue(session, "test.note", outward=outward, word=word)

    async def until(self, *words: str) -> None:
        async with asyncio.timeout(30):
            while not set(words) <= set(self.ran):  # noqa: ASYNC110 - waits for the worker itself
                await asyncio.sleep(0.05)

    async def until_nothing_is_left(self) -> None:
        async with asyncio.timeout(30):
            while self._statuses() - {"succeeded"}:  # noqa: ASYNC110 - asks the database
                await asyncio.sleep(0.1)

    def _statuses(self) -> set[str]:
        with psycopg.connect(libpq(self._url, role=None)) as connection:
            found = connection.execute("SELECT status::text FROM procrastinate_jobs").fetchall()
        return {status for (status,) in found}

    @contextmanager
    def held(self, table: str) -> Iterator[None]:
        """Nobody else gets at this table until the block ends."""
        with psycopg.connect(libpq(self._url, role=None)) as connection:
            statement = sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE")
            connection.execute(statement.format(sql.Identifier(table)))
            yield

    async def cut_off(self, asking: str, *, table: str, times: int = 1) -> None:
        """End the connections that ask this of a table that is held, once so many do."""
        with (
            self.held(table),
            psycopg.connect(libpq(self._url, role=None), autocommit=True) as connection,
        ):
            cut: set[int] = set()
            async with asyncio.timeout(30):
                while len(cut) < times:
                    found = connection.execute(_CUT_OFF, (f"%{asking}%",)).fetchall()
                    cut |= {pid for (pid,) in found}
                    await asyncio.sleep(0.05)


_CUT_OFF = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database()
AND wait_event_type = 'Lock' AND query LIKE %s AND pg_terminate_backend(pid)
"""


@pytest_asyncio.fixture
async def worker(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Worker]:
    monkeypatch.setattr(jobs, "HEARTBEAT", 0.5)
    monkeypatch.setattr(jobs, "STALLED", 2.0)
    made = Worker(database, database_url)
    await made.queue.open()
    running = asyncio.create_task(made.queue.work())
    await made.asks("first")
    await made.until("first")
    yield made
    assert not running.done(), "it has stopped"
    made.let_go.set()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await made.queue.close()


async def test_cut_off_while_it_looks_for_a_job(worker: Worker) -> None:
    await worker.cut_off("fetch_job", table="procrastinate_jobs", times=2)
    await worker.asks("inward")
    await worker.asks("outward", outward=True)
    await worker.until("inward", "outward")


async def test_cut_off_while_it_says_that_it_lives(worker: Worker) -> None:
    """For the one that works inward, and for the one that works outward."""
    await worker.cut_off("heartbeat", table="procrastinate_workers", times=2)
    await worker.asks("inward")
    await worker.asks("outward", outward=True)
    await worker.until("inward", "outward")


@pytest.mark.parametrize("outward", [False, True])
async def test_cut_off_while_it_says_that_a_job_is_done(worker: Worker, outward: bool) -> None:
    """Done again, as a job may be; and not called at work for ever."""
    worker.let_go.clear()
    await worker.asks("done", outward=outward)
    await worker.until("done")
    worker.let_go.set()
    await worker.cut_off("finish_job", table="procrastinate_jobs")
    await worker.until_nothing_is_left()
    assert 1 <= worker.ran.count("done") <= 3
    await worker.asks("next", outward=outward)
    await worker.until("next")
