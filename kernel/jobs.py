"""Jobs: what must happen because of a change, enqueued in the transaction that made it.

A job exists exactly when the change that caused it does. Jobs are idempotent: a worker may
die after doing one and before saying so, and it is then done again. Arguments are ids,
never personal data.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.retry import RetryStrategy
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import libpq, raw

#: How often a worker says that it lives, and after how long a silence it is taken for dead (s).
HEARTBEAT = 5.0
STALLED = 20.0
RETRY = RetryStrategy(max_attempts=8, exponential_wait=3)

#: Where jobs wait that call somebody else's server: nobody's erasure waits for that server.
INWARD, OUTWARD = "default", "outward"
_CALLS = 4  # of those, how many a worker makes at a time

Step = Callable[..., Awaitable[None]]


class Queue:
    """The job queue of one database. Doors register steps; rooms enqueue them by name."""

    def __init__(self, url: str) -> None:
        self._app = App(connector=PsycopgConnector(conninfo=libpq(url), min_size=1, max_size=4))

    def register(self, name: str, step: Step) -> None:
        """`step` runs whenever a job called `name` is due."""
        self._app.task(name=name, retry=RETRY)(step)

    async def open(self) -> None:
        await self._app.open_async()

    async def close(self) -> None:
        await self._app.close_async()

    async def work(self, *, wait: bool = True) -> None:
        """Run due jobs; with `wait`, for ever, else until none is left."""
        await self.take_back()
        if not wait:
            await self._worker(wait=False)
            return
        async with asyncio.TaskGroup() as workers:
            workers.create_task(self._worker(queues=[INWARD]))
            workers.create_task(self._worker(queues=[OUTWARD], concurrency=_CALLS))

    async def _worker(self, **how: Any) -> None:
        await self._app.run_worker_async(
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=STALLED,
            **how,
        )

    async def take_back(self) -> int:
        """Make due again what a worker took and then died over; returns how many jobs.

        Done at the start of `work`, and from time to time by whoever works for ever.
        """
        manager, back = self._app.job_manager, 0
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
            with suppress(ConnectorException):  # another worker has taken it back already
                await manager.retry_job(job)
                back += 1
        return back


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
    queue = OUTWARD if outward else INWARD
    task = _DEFERRER.configure_task(name, connection=connection, schedule_at=at, queue=queue)
    await task.batch_defer_async(*arguments)


# Never opened: it only writes on connections that are handed to it.
_DEFERRER = App(connector=PsycopgConnector())
