"""How an import writes: a batch of members in each transaction, in any state of the store.

An import may be stopped anywhere and run again: each batch looks up, under lock, what is there
already, and leaves it as it is.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from api.bootstrap import Tillit, Work
from api.imports.outcome import Progress
from audit.acts import Act
from audit.entries import ActorType
from profiles import members
from profiles.errors import AlreadyEnrolled
from profiles.members import Member

BATCH = 400
READING, CHECKING, WRITING = "Reading", "Checking", "Writing"
_ATTEMPTS = 3

T = TypeVar("T")
Counts = Counter[str]


async def write_all(
    tillit: Tillit,
    things: Iterable[T],
    write: Callable[[Work, Sequence[T]], Awaitable[Counts]],
    *,
    progress: Progress,
    total: int,
) -> Counts:
    """Each batch in a transaction of its own; then the record is brought up to date."""
    counts: Counts = Counter()
    done = 0
    progress(WRITING, 0, total)
    for batch in _batches(things):
        counts += await _batch(tillit, batch, write)
        done += len(batch)
        progress(WRITING, done, total)
    await tillit.integrate()
    return counts


async def _batch(
    tillit: Tillit, batch: list[T], write: Callable[[Work, Sequence[T]], Awaitable[Counts]]
) -> Counts:
    """Tried again when somebody else has enrolled one of these members meanwhile."""
    for _ in range(_ATTEMPTS - 1):
        try:
            async with tillit.unit() as work:
                return await write(work, batch)
        except AlreadyEnrolled:
            continue
    async with tillit.unit() as work:
        return await write(work, batch)


async def held_by_number(work: Work, numbers: Sequence[str]) -> dict[str, Member]:
    """The members who have these numbers, locked until the transaction ends.

    Raises `CannotOpen` where the index of numbers leads to somebody else.
    """
    return await members.by_number(work.unit, numbers, lock=True)


def act_of(work: Work) -> Act:
    return Act(ActorType.SYSTEM, "import", programme=work.active.version)


def not_taken(read: Mapping[str, int], unknown: int) -> dict[str, int]:
    return {**read, "unknown_member": unknown} if unknown else dict(read)


def _batches(things: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(things)
    while batch := list(islice(remaining, BATCH)):
        yield batch
