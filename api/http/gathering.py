"""Questions that arrive together, answered together: one transaction and one commit for many.

While one group is being answered the next gathers. Each caller gets their answer after the
commit, or their own mistake; a fault that is nobody's falls back to asking one by one.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import psycopg
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.bootstrap import Tillit, Work
from consent.errors import NoProgramme
from kernel.errors import TillitError, Unavailable

Question = TypeVar("Question")
Answer = TypeVar("Answer")

#: Answers to some questions, in their order; a mistake of one stands in its place.
Answering = Callable[[Work, Sequence[Question]], Awaitable[Sequence[Answer | TillitError]]]

MOST = 256  # questions in one transaction
WAITING = 8_192  # questions that may wait; more are turned away at once
LANES = 1  # groups at the same time: while one commits, a larger one gathers


class Gathering(Generic[Question, Answer]):
    """One door's questions in one process. `answering` runs inside a transaction of its own."""

    def __init__(
        self, tillit: Tillit, answering: Callable[..., Awaitable[Sequence[Answer | TillitError]]]
    ) -> None:
        self._tillit = tillit
        self._answering = answering
        self._waiting: deque[tuple[Question, asyncio.Future[Answer]]] = deque()
        #: Lanes that will look at what is waiting once more before they end. Counted by hand: a
        #: task is not done yet when it has looked for the last time.
        self._open = 0
        self._lanes: set[asyncio.Task[None]] = set()

    async def ask(self, question: Question) -> Answer:
        """The answer, durable. Raises what is wrong with this question, and `Unavailable` when
        there are too many to wait for."""
        if len(self._waiting) >= WAITING:
            raise Unavailable("too many questions are waiting", place="decisions")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._open < LANES:
            self._open += 1
            lane = asyncio.create_task(self._answer_all())
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)
        return await future

    async def _answer_all(self) -> None:
        try:
            while self._waiting:
                group: list[tuple[Question, asyncio.Future[Answer]]] = []
                while self._waiting and len(group) < MOST:
                    question, future = self._waiting.popleft()
                    if not future.done():  # whoever asked may be gone
                        group.append((question, future))
                if group:
                    await self._answer(group)
        finally:
            self._open -= 1

    async def _answer(self, group: Sequence[tuple[Question, asyncio.Future[Answer]]]) -> None:
        try:
            async with self._tillit.unit() as work:
                answers = await self._answering(work, [question for question, _ in group])
        except asyncio.CancelledError:
            for _, future in group:
                future.cancel()
            raise
        except Exception as error:  # the door of this transaction: told to whoever asked
            if len(group) > 1 and not _everybodys(error):
                for one in group:
                    await self._answer([one])
                return
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(group, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, TillitError):
                future.set_exception(answer)
            else:
                future.set_result(answer)


def _everybodys(error: Exception) -> bool:
    """Whether each question by itself would end the same: no database, or nothing to answer by."""
    lost = psycopg.OperationalError | OperationalError | PoolTimeout | NoProgramme
    return isinstance(error, lost) or type(error) is Unavailable
