"""How the queue of jobs stands: what is due, what gave up, and whether a worker lives.

Reads the queue's tables. Names of steps and counts, never an argument of a job.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import raw
from kernel.jobs import STALLED

_JOBS = """
SELECT task_name,
    count(*) FILTER (WHERE status = 'todo' AND coalesce(scheduled_at, %(now)s) <= %(now)s),
    count(*) FILTER (WHERE status = 'todo' AND scheduled_at > %(now)s),
    count(*) FILTER (WHERE status = 'doing'),
    count(*) FILTER (WHERE status = 'failed')
FROM procrastinate_jobs WHERE status IN ('todo', 'doing', 'failed')
GROUP BY task_name ORDER BY task_name
"""
# By the database's clock, with which they say that they live.
_WORKERS = """
SELECT count(*) FILTER (WHERE last_heartbeat > now() - %s::interval)
FROM procrastinate_workers
"""


@dataclass(frozen=True)
class Step:
    """The jobs of one name. `due`: to be done now; `later`: on a day or after a pause; `doing`: a
    worker is at them; `failed`: given up after every try, and kept.
    """

    name: str
    due: int
    later: int
    doing: int
    failed: int


async def steps(session: AsyncSession, now: datetime) -> list[Step]:
    """What is queued, at work or given up, by the name of what is to be done."""
    found = await (await (await raw(session)).execute(_JOBS, {"now": now})).fetchall()
    return [Step(*row) for row in found]


async def workers(session: AsyncSession) -> int:
    """How many parts of workers have said of late that they live; each worker has two."""
    connection = await raw(session)
    row = await (await connection.execute(_WORKERS, (timedelta(seconds=STALLED),))).fetchone()
    return int(row[0]) if row else 0
