"""The worker: jobs, the integrator, and what time alone makes due.

One step is one transaction. Any number of workers may run; the queue and advisory locks keep
them from doing a thing twice.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from api import erasing, letters_out, outward
from api.bootstrap import SYSTEM, Tillit, Work
from consent import contacts, expiring
from consent.errors import NoProgramme
from consent.figures.counting import count_today
from dsar import carrying, certificates, outgoing, overdue, packages, reminding, vouchers, worklist
from dsar.carrying import CERTIFICATE_JOB, SETTLE_JOB
from dsar.certificates import HORIZON_JOB
from dsar.deciding import JOBS
from dsar.errors import NotTold
from dsar.letters.kinds import Kind
from dsar.opendsr import callbacks, receiving
from dsar.opendsr.receiving import CALL_JOB, CANCEL_JOB, LOOK_JOB
from dsar.outgoing import SEND_JOB
from dsar.register import MOVED_JOB
from dsar.states import Right
from dsar.stepping import LETTER_JOB
from kernel.errors import TillitError
from kernel.jobs import STALLED, Queue, Step
from profiles.changes import FOLD_JOB
from profiles.folding import fold
from profiles.refreshing import WHILE_WAITING, bring_up_to_date, due, members_at

INTEGRATE_EVERY = 0.5  # seconds: an entry has its number, and a proof, within one
REFRESH_EVERY = 60.0
RESUME_EVERY = 60.0
SEND_EVERY = 15.0
COUNT_EVERY = 60.0
REMIND_EVERY = 3600.0
EXPIRE_EVERY = 300.0  # nobody waits for it: a consent stops counting on its day by itself

#: A step of a worker that returns how many of whatever it is it has done.
Counted = Callable[[Tillit], Awaitable[int]]
#: What jobs are counted under, before their names; and letters that a mail server has taken over.
JOB = "jobs done: "
LETTERS = "letters sent"

_log = structlog.get_logger("tillit.worker")


@asynccontextmanager
async def queue_of(tillit: Tillit, done: Counter[str] | None = None) -> AsyncIterator[Queue]:
    """The job queue, open, knowing what to do for each job there is.

    `done`: where jobs are counted that were done, by kind, and the letters that left.
    """
    done = Counter() if done is None else done
    steps = Steps(tillit, done)
    queue = Queue(tillit.url)
    for name, step in (
        (FOLD_JOB, steps.fold),
        (JOBS[Right.ACCESS], steps.package),
        (JOBS[Right.PORTABILITY], steps.package),
        (JOBS[Right.RECTIFICATION], steps.rectification),
        (JOBS[Right.ERASURE], steps.erasure),
        (JOBS[Right.RESTRICTION], steps.restriction),
        (JOBS[Right.RELEASE], steps.restriction),
        (JOBS[Right.OBJECTION], steps.objection),
        (JOBS[Right.WITHDRAWAL], steps.objection),
        (JOBS[Right.REVIEW], steps.review),
        (SETTLE_JOB, steps.settle),
        (LETTER_JOB, steps.letter),
        (SEND_JOB, steps.send),
        (CERTIFICATE_JOB, steps.certificate),
        (HORIZON_JOB, steps.horizon),
        (LOOK_JOB, steps.look),
        (CANCEL_JOB, steps.cancel),
        (MOVED_JOB, steps.moved),
        (CALL_JOB, steps.call),
    ):
        queue.register(name, _told(name, step, done))
    await queue.open()
    try:
        yield queue
    finally:
        await queue.close()


class Steps:
    """What each job does. All are idempotent: a job done twice is a job done once."""

    def __init__(self, tillit: Tillit, done: Counter[str] | None = None) -> None:
        self._tillit = tillit
        self._done = Counter() if done is None else done

    async def fold(self, shard: int) -> None:
        async with self._tillit.unit() as work:
            await fold(work.session, work.unit.epoch, shard)

    async def package(self, request: str) -> None:
        await self._tillit.integrate()  # so that every use up to now comes with its proof
        async with self._tillit.unit() as work:
            await packages.make(work.unit, SYSTEM, work.active, UUID(request))

    async def erasure(self, request: str) -> None:
        await erasing.erase(self._tillit, UUID(request))

    async def rectification(self, request: str) -> None:
        async with self._tillit.unit() as work:
            await carrying.rectification(work.unit, SYSTEM, work.active, UUID(request))

    async def restriction(self, request: str) -> None:
        # Whose restriction is to end is told before it does (Art. 18(3)).
        told = await letters_out.write(self._tillit, UUID(request), Kind.RELEASE)
        if told is not None:
            self._done[LETTERS] += await outward.send(self._tillit, told)
        async with self._tillit.unit() as work:
            await carrying.restriction(work.unit, SYSTEM, work.active, UUID(request))

    async def objection(self, request: str) -> None:
        async with self._tillit.unit() as work:
            await carrying.objection(work.unit, SYSTEM, work.active, UUID(request))

    async def review(self, request: str) -> None:
        async with self._tillit.unit() as work:
            await carrying.review(work.unit, SYSTEM, work.active, UUID(request))

    async def settle(self, request: str) -> None:
        async with self._tillit.unit() as work:
            await carrying.settle(work.unit, SYSTEM, UUID(request))

    async def letter(self, request: str, letter: str) -> None:
        await letters_out.write(self._tillit, UUID(request), Kind(letter))

    async def send(self, outgoing: str) -> None:
        """What is on its way leaves from here."""
        self._done[LETTERS] += await outward.send(self._tillit, UUID(outgoing))

    async def look(self, handed: str) -> None:
        async with self._tillit.unit() as work:
            await receiving.look(work.unit, work.active, UUID(handed))

    async def cancel(self, handed: str) -> None:
        async with self._tillit.unit() as work:
            await receiving.cancel(work.unit, work.active, UUID(handed))

    async def moved(self, request: str) -> None:
        async with self._tillit.unit() as work:
            await receiving.moved(work.unit, UUID(request))

    async def call(self, handed: str, number: int, status: str) -> None:
        """Nothing is held open while another company takes its time to answer."""
        seal, id = await self._tillit.seal(), UUID(handed)
        async with self._tillit.unit() as work:
            made = await callbacks.callback(work.unit, seal, id, number=number, status=status)
        if made is None:
            return
        trouble = await callbacks.send(made)
        async with self._tillit.unit() as work:
            await callbacks.note(work.unit, id, number, trouble)
        if trouble is not None:
            raise NotTold(trouble)  # so that the job is done again

    async def certificate(self, request: str, entry: str) -> None:
        await self._tillit.integrate()
        signer = await self._tillit.signer()
        async with self._tillit.unit() as work:
            await certificates.issue(
                work.unit,
                SYSTEM,
                work.active,
                signer,
                request=UUID(request),
                entry=UUID(entry),
            )

    async def horizon(self, request: str) -> None:
        """After a rotation: its epoch's key file is gone before anything says so."""
        await self._tillit.bury()
        await self._tillit.integrate()
        signer = await self._tillit.signer()
        async with self._tillit.unit() as work:
            await certificates.horizon(
                work.unit, SYSTEM, work.active, signer, request=UUID(request)
            )


def _told(name: str, step: Step, done: Counter[str]) -> Step:
    """The step, counted and with a line in the log when it is done: which, and how long it took."""

    async def timed(**arguments: Any) -> None:
        started = time.perf_counter()
        await step(**arguments)
        done[JOB + name] += 1
        _log.info("job", name=name, milliseconds=round((time.perf_counter() - started) * 1000, 1))

    return timed


async def work(tillit: Tillit) -> None:
    """Run until cancelled."""
    async with queue_of(tillit) as queue, asyncio.TaskGroup() as tasks:
        tasks.create_task(queue.work())
        tasks.create_task(_repeat(queue.take_back, STALLED))
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
    first: tuple[Counted, ...] = (resume, send_due, jobs)
    failed: list[Exception] = []
    for step in (*first, *(step for step, _ in IN_TIME), *first):
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
    await _jobs_due(tillit)


async def _jobs_due(tillit: Tillit, done: Counter[str] | None = None) -> int:
    async with queue_of(tillit, done) as queue:
        await queue.work(wait=False)
    return await tillit.integrate()


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


async def _repeat(step: Callable[[], Awaitable[int]], every: float) -> None:
    while True:
        try:
            await step()
        except (TillitError, OSError, psycopg.Error, DBAPIError) as error:
            _step_failed(error)  # also when the connection broke
        await asyncio.sleep(every)
