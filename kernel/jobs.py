"""Jobs: what must happen because of a change, enqueued in the transaction that made it.

A job exists exactly when the change that caused it does. Jobs are idempotent: a worker may
die after doing one and before saying so, and it is then done again. Arguments are ids,
never personal data.

Whoever works for ever outlives the database's cutting it off: it begins anew, as another worker,
and what the former one had taken and could not say the end of is made due again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import msgspec
import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DEFAULT_PRIORITY, Job, Status
from procrastinate.manager import JobManager
from procrastinate.retry import RetryStrategy
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import libpq, raw
from kernel.errors import Unavailable

#: How often a worker says that it lives, and after how long a silence it is taken for dead (s).
HEARTBEAT = 5.0
STALLED = 20.0
#: How long a job that went well is kept, for whoever looks at the queue (hours).
KEPT = 7 * 24
RETRY = RetryStrategy(max_attempts=8, exponential_wait=3)

#: Where jobs wait that call somebody else's server: nobody's erasure waits for that server.
INWARD, OUTWARD = "default", "outward"
_CALLS = 4  # of those, how many a worker makes at a time
_ANEW = 1.0  # seconds after which somebody who was cut off begins again

_log = structlog.get_logger("tillit.jobs")

#: What a worker ends by when the database has cut it off.
_CUT_OFF = (ConnectorException, psycopg.Error, OSError, Unavailable)

Step = Callable[..., Awaitable[None]]


class Queue:
    """The job queue of one database. Doors register steps; rooms enqueue them by name."""

    def __init__(self, url: str) -> None:
        self._app = App(connector=PsycopgConnector(conninfo=libpq(url), min_size=1, max_size=4))
        self._told = _Told(self._app.connector)
        self._app.job_manager = self._told

    def register(self, name: str, step: Step) -> None:
        """`step` runs whenever a job called `name` is due."""
        self._app.task(name=name, retry=RETRY)(step)

    async def open(self) -> None:
        await self._app.open_async()

    async def close(self) -> None:
        await self._app.close_async()

    async def work(self, *, wait: bool = True) -> None:
        """Run due jobs; with `wait`, for ever, else until none is left."""
        if not wait:
            await self.take_back()
            await self._worker(wait=False)
            return
        async with asyncio.TaskGroup() as workers:
            workers.create_task(self._for_ever(queues=[INWARD]))
            workers.create_task(self._for_ever(queues=[OUTWARD], concurrency=_CALLS))

    async def _for_ever(self, **how: Any) -> None:
        """A worker, and another one whenever the database has cut it off.

        It ends by itself then, or by an error; or lives on, with a job that it calls at work and
        that nobody is at. So it is replaced: what is left of one that is gone is taken back.
        """
        while True:
            with suppress(*_CUT_OFF):  # whoever works for ever asks again in a while
                await self.take_back()
            worker = asyncio.create_task(self._worker(**how))
            unsaid = asyncio.create_task(self._told.unsaid.wait())
            try:
                await asyncio.wait((worker, unsaid), return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._told.unsaid.clear()
                unsaid.cancel()
                worker.cancel()
                (ended,) = await asyncio.gather(worker, return_exceptions=True)
            if isinstance(ended, Exception) and not isinstance(ended, _CUT_OFF):
                raise ended
            _log.warning("worker_replaced", queues=how["queues"], error=type(ended).__name__)
            await asyncio.sleep(_ANEW)

    async def _worker(self, **how: Any) -> None:
        await self._app.run_worker_async(
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=STALLED,
            **how,
        )

    async def take_back(self) -> int:
        """Make due again what a worker took and then died over; returns how many jobs.

        Done at the start of `work`, and from time to time by whoever works for ever. Raises
        `Unavailable` where the database cannot be asked.
        """
        back = 0
        try:
            stalled = await self._told.get_stalled_jobs(seconds_since_heartbeat=STALLED)
        except ConnectorException as error:
            raise Unavailable("the queue cannot be asked", place="database") from error
        for job in stalled:
            with suppress(ConnectorException):  # another worker has taken it back already
                await JobManager.retry_job(self._told, job)
                back += 1
        return back

    async def drop_done(self) -> None:
        """Delete jobs that went well and are older than `KEPT`: nothing reads them.

        What failed stays, for somebody to look at. Raises `Unavailable` as `take_back` does.
        """
        try:
            await self._told.delete_old_jobs(nb_hours=KEPT)
        except ConnectorException as error:
            raise Unavailable("the queue cannot be asked", place="database") from error


class _Told(JobManager):
    """What is told to the queue of jobs. `unsaid`: somebody could not say what became of one."""

    def __init__(self, connector: BaseConnector) -> None:
        super().__init__(connector)
        self.unsaid = asyncio.Event()

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        with self._noticed():
            await super().finish_job(job, status, delete_job)

    async def retry_job(self, job: Job, *given: Any, **more: Any) -> None:
        with self._noticed():
            await super().retry_job(job, *given, **more)

    @contextmanager
    def _noticed(self) -> Iterator[None]:
        try:
            yield
        except ConnectorException:
            self.unsaid.set()
            raise


async def enqueue(
    session: AsyncSession,
    name: str,
    *,
    at: datetime | None = None,
    outward: bool = False,
    **arguments: Any,
) -> None:
    """Put a job on the queue, on the business transaction's own connection.

    `at`: it is due no earlier than then. `outward`: it calls somebody else's server.
    """
    await enqueue_each(session, name, [arguments], at=at, outward=outward)


async def enqueue_each(
    session: AsyncSession,
    name: str,
    arguments: Sequence[dict[str, Any]],
    *,
    at: datetime | None = None,
    outward: bool = False,
) -> None:
    """The same for many, each with its arguments, in one round trip."""
    if not arguments:
        return
    connection = await raw(session)
    given = [msgspec.json.encode(one).decode() for one in arguments]
    queue = OUTWARD if outward else INWARD
    await connection.execute(_DEFER, {"queue": queue, "name": name, "at": at, "given": given})


# What the queue's own client calls. It writes a line of log about each job, twice, and spells each
# out as a row: of hundreds that took longer than to make them.
_DEFER = f"""
SELECT procrastinate_defer_jobs_v1(array_agg(
    ROW(%(queue)s, %(name)s, {DEFAULT_PRIORITY}, NULL, NULL, given::jsonb,
        %(at)s::timestamptz)::procrastinate_job_to_defer_v1 ORDER BY place))
FROM unnest(%(given)b::text[]) WITH ORDINALITY AS jobs (given, place)
"""  # noqa: S608 - a number of theirs
