"""Jobs: what is done for each name that the rooms below enqueue under.

Each opens its own transaction, one for one job, and calls the domain function that does it.
"""

import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import structlog

from api import breaching, erasing, letters_out, outward
from api.bootstrap import SYSTEM, Tillit
from api.people import sending
from api.people.post import POST_JOB
from dsar import carrying, certificates, packages
from dsar.breaches.searches import SEARCH_JOB
from dsar.breaches.telling import TELL_JOB
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
from kernel.jobs import Queue, Step
from profiles.changes import FOLD_JOB
from profiles.folding import fold

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
        (POST_JOB, steps.post),
        (SEARCH_JOB, steps.search_breach),
        (TELL_JOB, steps.tell_of_breach),
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

    async def post(self, post: str) -> None:
        """A link or a code to somebody who signs in."""
        await sending.send(self._tillit, UUID(post))

    async def search_breach(self, search: str) -> None:
        await breaching.search(self._tillit, UUID(search))

    async def tell_of_breach(self, breach: str, search: str, officer: str) -> None:
        await breaching.tell(self._tillit, UUID(breach), UUID(search), officer)

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
