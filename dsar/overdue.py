"""Approved requests whose job has given up: found, and enqueued again.

A job is tried some times and then left alone; what a member has been promised is not. Also
certificates of erasures. What waits, for a day, for a legal hold to end or for a letter to leave,
is left to wait.
Reads the queue's table, and writes to it by enqueueing only.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from dsar.carrying import CERTIFICATE_JOB, SETTLE_JOB
from dsar.certificates import HORIZON_JOB
from dsar.deciding import JOBS
from dsar.letters.announcing import UNTOLD
from dsar.stepping import LETTER_JOB
from kernel.database import raw
from kernel.jobs import enqueue

#: The advisory lock of whoever enqueues again: two workers would do it twice.
_LOCK = 0x71114B47

# Put together of constants and nothing else. A letter that cannot be sent holds up no right but
# the end of a restriction, and that no longer than it is tried.
_JOB = (
    "SELECT FROM procrastinate_jobs j WHERE j.args->>'request' = r.id::text "
    f"AND j.task_name <> '{LETTER_JOB}' AND j.status "
)
_NO_JOB = f"NOT EXISTS ({_JOB} IN ('todo', 'doing'))"
_HELD = (
    "r.kind = 'erasure' AND EXISTS (SELECT FROM legal_hold h WHERE h.member = r.member "
    "AND h.lifted_at IS NULL AND (h.ends_at IS NULL OR h.ends_at > %(now)s))"
)
# Whose restriction is to end is told before (Art. 18(3)): a letter finds its own way, or a human.
_UNTOLD = (
    f"r.kind = 'release' AND EXISTS (SELECT FROM outgoing o WHERE o.request = r.id AND {UNTOLD})"
)
_DUE = (
    "r.state = 'accepted' AND (r.not_before IS NULL OR r.not_before <= %(now)s) "
    f"AND NOT ({_HELD}) AND NOT ({_UNTOLD})"
)
_CERTIFIED = "EXISTS (SELECT FROM certificate c WHERE c.request = r.id AND c.part = 'erasure')"
_UNCERTIFIED = f"r.kind = 'erasure' AND r.state = 'fulfilled' AND NOT {_CERTIFIED}"
_OPEN = f"SELECT r.id, r.kind FROM request r WHERE {_DUE} AND {_NO_JOB}"  # noqa: S608
_SETTLED = (
    "r.state = 'carried_out' AND NOT EXISTS (SELECT FROM outgoing o WHERE o.request = r.id "
    "AND o.recipient IS NOT NULL AND o.state IN ('waiting', 'sent'))"
)
_UNSETTLED = f"SELECT r.id FROM request r WHERE {_SETTLED} AND {_NO_JOB}"  # noqa: S608
# What names its erasure names what is certified: the record bears it out, or nothing is issued.
_LACKING = (
    f"SELECT r.id, r.erased FROM request r WHERE {_UNCERTIFIED} "  # noqa: S608
    f"AND r.erased IS NOT NULL AND {_NO_JOB}"
)
_BEYOND = f"""
SELECT r.id FROM certificate e JOIN request r ON r.id = e.request
WHERE e.part = 'erasure' AND e.epoch < (SELECT min(number) FROM epoch_key WHERE state = 'live')
  AND NOT EXISTS (SELECT FROM certificate h WHERE h.request = r.id AND h.part = 'horizon')
  AND {_NO_JOB}
"""  # noqa: S608
_FAILING = (
    f"SELECT count(*) FROM request r WHERE (({_DUE}) OR ({_UNCERTIFIED})) "  # noqa: S608
    f"AND ({_NO_JOB} OR EXISTS ({_JOB} = 'failed'))"
)


async def failing(session: AsyncSession, now: datetime) -> int:
    """How many approved requests have a job that gave up, or none; until they are carried out."""
    row = await (await (await raw(session)).execute(_FAILING, {"now": now})).fetchone()
    return int(row[0]) if row else 0


async def resume(session: AsyncSession, now: datetime) -> int:
    """Enqueue what has no live job, once, however many ask at a time; returns how many."""
    connection = await raw(session)
    # A statement of its own: the next one sees what whoever held the lock has enqueued.
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    waiting = await (await connection.execute(_OPEN, {"now": now})).fetchall()
    for request, kind in waiting:
        if (job := JOBS.get(kind)) is not None:  # of a row that somebody has changed, nothing is
            await enqueue(session, job, request=str(request))
    unsettled = await (await connection.execute(_UNSETTLED)).fetchall()
    for (request,) in unsettled:
        await enqueue(session, SETTLE_JOB, request=str(request))
    lacking = await (await connection.execute(_LACKING)).fetchall()
    for request, entry in lacking:
        await enqueue(session, CERTIFICATE_JOB, request=str(request), entry=str(entry))
    return len(waiting) + len(unsettled) + len(lacking) + await _beyond(session)


async def horizons(session: AsyncSession) -> int:
    """After a rotation: have every erasure certified anew that it has put beyond backups."""
    connection = await raw(session)
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    return await _beyond(session)


async def _beyond(session: AsyncSession) -> int:
    found = await (await (await raw(session)).execute(_BEYOND)).fetchall()
    for (request,) in found:
        await enqueue(session, HORIZON_JOB, request=str(request))
    return len(found)
