"""The worker: jobs, the integrator, and what time alone makes due.

One step is one transaction. Any number of workers may run; the queue and advisory locks keep
them from doing a thing twice.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from api import letters_out, outward
from api.bootstrap import SYSTEM, Tillit, Work
from api.jobs import queue_of
from api.people import sending
from consent import contacts, expiring
from consent.errors import NoProgramme
from consent.figures.counting import count_today
from dsar import outgoing, overdue, packages, reminding, vouchers, worklist
from dsar.opendsr import receiving
from kernel.errors import TillitError
from kernel.jobs import STALLED
from profiles.refreshing import WHILE_WAITING, bring_up_to_date, due, members_at

INTEGRATE_EVERY = 0.5  # seconds: an entry has its number, and a proof, within one
REFRESH_EVERY = 60.0
RESUME_EVERY = 60.0
SEND_EVERY = 15.0
COUNT_EVERY = 60.0
REMIND_EVERY = 3600.0
DROP_JOBS_EVERY = 3600.0
EXPIRE_EVERY = 300.0  # nobody waits for it: a consent stops counting on its day by itself

#: A step of a worker that returns how many of whatever it is it has done.
Counted = Callable[[Tillit], Awaitable[int]]

_log = structlog.get_logger("tillit.worker")


async def work(tillit: Tillit) -> None:
    """Run until cancelled."""
    async with queue_of(tillit) as queue, asyncio.TaskGroup() as tasks:
        tasks.create_task(queue.work())
        tasks.create_task(_repeat(queue.take_back, STALLED))
        tasks.create_task(_repeat(queue.drop_done, DROP_JOBS_EVERY))
        for step, every in IN_TIME:
            tasks.create_task(_repeat(partial(step, tillit), every))


async def _number(tillit: Tillit) -> int:
    if taken := await tillit.integrate():
        _log.info("numbered", entries=taken)
    return taken


async def once(tillit: Tillit, done: Counter[str] | None = None) -> None:
    """Everything that a worker would do now, and return: for one that is started from time to time.

    What is approved is carried out before anybody is reminded of it. A second pass finds nothing
    to do. What fails holds up nothing else; the first failure is raised at the end. `done`: where
    it is counted what was done, in words, also before a failure.
    """
    done = Counter() if done is None else done
    jobs = partial(_jobs_due, done=done)
    first: tuple[Counted, ...] = (resume, send_due, sending.send_due, jobs)
    failed: list[Exception] = []
    for step in (*first, *(step for step, _ in IN_TIME), *first, drop_jobs):
        words = SAID[_number] if step is jobs else SAID.get(step, "other things")
        try:
            done[words] += await step(tillit)
        except NoProgramme:
            pass  # nobody has asked for anything yet
        except Exception as error:  # whatever it is: the others are owed to other people
            _step_failed(error)
            failed.append(error)
    if failed:
        raise failed[0]


async def drain(tillit: Tillit) -> None:
    """Do the jobs that are due now, and return: what time alone makes due is `once`'s."""
    await resume(tillit)
    await send_due(tillit)
    await sending.send_due(tillit)
    await _jobs_due(tillit)


async def _jobs_due(tillit: Tillit, done: Counter[str] | None = None) -> int:
    async with queue_of(tillit, done) as queue:
        await queue.work(wait=False)
    return await tillit.integrate()


async def drop_jobs(tillit: Tillit) -> int:
    """Delete jobs that went well some days ago; the queue does not say how many."""
    async with queue_of(tillit) as queue:
        await queue.drop_done()
    return 0


async def resume(tillit: Tillit) -> int:
    """Enqueue again what was approved and whose job has given up; returns how many."""
    async with tillit.database.transaction() as session:
        found = await overdue.resume(session, tillit.clock.now())
    if found:
        _log.warning("resumed", requests=found)
    return found


async def send_due(tillit: Tillit) -> int:
    """Enqueue what is due to leave and has lost its job, or is to be tried again."""
    try:
        async with tillit.unit() as work:
            return await outgoing.resume(work.unit)
    except NoProgramme:
        return 0  # nobody has asked for anything yet


async def refresh(tillit: Tillit) -> int:
    """Bring every member up to date whose traits time has changed; returns how many."""
    done = 0
    while True:
        await tillit.replica.barrier()
        async with tillit.unit() as work:
            waiting = members_at(tillit.replica.members, due(tillit.replica.members, work.unit))
            batch = waiting[:WHILE_WAITING]
            await bring_up_to_date(work.unit, batch)
        done += len(batch)
        if not batch:
            return done


async def expire(tillit: Tillit) -> int:
    """Write down which consents have run out, a batch a transaction; returns how many."""
    done = 0
    while True:
        await tillit.replica.barrier()
        sets = tillit.replica.members
        async with tillit.unit() as work:
            waiting = expiring.expired(work.unit, work.active, sets)
            batch = members_at(sets, waiting[: expiring.BATCH])
            written = await expiring.expire(work.unit, SYSTEM, work.active, batch)
        done += written
        if not written:
            return done


async def drop_contacts(tillit: Tillit) -> int:
    """Forget who was contacted on days that no wish reaches back to; returns how many days."""
    await tillit.replica.barrier()
    sets = tillit.replica.members
    async with tillit.unit() as work:
        days = contacts.outdated(sets, work.unit.today)
        contacts.drop(work.unit, sets, days)
    return len(days)


async def drop_vouchers(tillit: Tillit) -> int:
    """Delete vouchers that no law asks for any more, a batch a transaction; returns how many."""
    return await _each_batch(tillit, lambda work: vouchers.delete_due(work.unit, SYSTEM))


async def drop_packages(tillit: Tillit) -> int:
    """Delete packages that nobody can fetch any more, a batch a transaction; returns how many."""
    return await _each_batch(tillit, lambda work: packages.expire(work.unit, SYSTEM))


async def count(tillit: Tillit) -> int:
    """Count today's figures, if nobody has; returns for how many purposes."""
    await tillit.replica.barrier()
    async with tillit.unit() as work:
        return await count_today(work.unit, work.active, tillit.replica.members)


async def remind(tillit: Tillit) -> int:
    """Close what nobody answered for, and remind officers of what is due; returns how many."""
    done = await _each_batch(tillit, lambda work: reminding.lapse(work.unit, SYSTEM, work.active))
    # At the same moment: when it ends does not tell whether anybody was asked.
    done += await _each_batch(tillit, lambda work: receiving.lapse(work.unit, work.active))
    async with tillit.unit() as work:
        done += await reminding.remind(work.unit, SYSTEM, work.active)
    async with tillit.unit() as work:
        await reminding.remind_of_recipients(work.unit, work.active)
        late = (await worklist.counts(work.unit)).overdue
    if late:
        _log.warning("requests_overdue", requests=late)
    return done


#: What time alone makes due, or a crash has left undone; and how often a worker looks (s).
IN_TIME: Sequence[tuple[Counted, float]] = (
    (resume, RESUME_EVERY),
    (outward.find_lost, RESUME_EVERY),
    (send_due, SEND_EVERY),
    (sending.send_due, SEND_EVERY),
    (sending.drop, EXPIRE_EVERY),
    (_number, INTEGRATE_EVERY),
    (refresh, REFRESH_EVERY),
    (expire, EXPIRE_EVERY),
    (drop_contacts, EXPIRE_EVERY),
    (drop_packages, EXPIRE_EVERY),
    (letters_out.drop_farewells, EXPIRE_EVERY),
    (drop_vouchers, EXPIRE_EVERY),
    (count, COUNT_EVERY),
    (remind, REMIND_EVERY),
)
#: What each of those has done as many of as it returns.
SAID: Mapping[Counted, str] = {
    resume: "requests taken up again",
    outward.find_lost: "lost words to recipients put back",
    send_due: "messages put on their way again",
    sending.send_due: "links and codes put on their way again",
    sending.drop: "sign-ins, links and codes deleted that were over",
    _number: "entries of the record numbered",
    refresh: "members brought up to date",
    expire: "consents that ran out",
    drop_contacts: "days of contacts forgotten",
    drop_packages: "packages deleted",
    letters_out.drop_farewells: "farewells deleted that nobody fetched",
    drop_vouchers: "vouchers deleted",
    count: "purposes counted",
    remind: "requests closed or reminded of",
}


async def _each_batch(tillit: Tillit, step: Callable[[Work], Awaitable[int]]) -> int:
    """A batch a transaction, until there is none; returns how many in all."""
    done = 0
    while True:
        async with tillit.unit() as work:
            some = await step(work)
        done += some
        if not some:
            return done


def _step_failed(error: Exception) -> None:
    """A passing fault must not end the worker; a lasting one is in the log each time.

    Words that are not ours may hold values: of such an error only the name is told.
    """
    if isinstance(error, TillitError):
        _log.warning("step_failed", error=error.slug, place=error.problems[0].place)
    else:
        broken = isinstance(error, OSError | psycopg.Error | DBAPIError)
        place = "database" if broken else "worker"
        _log.warning("step_failed", error=type(error).__name__, place=place)


async def _repeat(step: Callable[[], Awaitable[int | None]], every: float) -> None:
    while True:
        try:
            await step()
        except (TillitError, OSError, psycopg.Error, DBAPIError) as error:
            _step_failed(error)  # also when the connection broke
        await asyncio.sleep(every)
