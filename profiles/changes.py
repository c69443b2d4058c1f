"""What a transaction does to member sets, gathered while it runs and written at its very end.

One sealed change for each shard it touched. The shard's row lock is taken last, so that it
is held for no longer than a commit, and numbers follow commit order without gaps.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import before_commit, raw
from kernel.jobs import enqueue
from profiles.errors import BadValue
from profiles.keys import EpochKey, fill, place, strip
from profiles.labels import Label
from profiles.values import LARGEST

SHARD_BITS = 16
SHARD_SIZE = 1 << SHARD_BITS
#: After this many changes a shard is folded into a new snapshot, so that starting stays quick.
FOLD_EVERY = 256
FOLD_JOB = "sets.fold"
#: Changes are sealed in steps of this many bytes, so that a yes is as long as a no.
_STEP = 1024


class Numbers(msgspec.Struct, array_like=True):
    """Numbers for some members: parallel little-endian uint16 positions and int64 values."""

    positions: bytes
    values: bytes


class Change(msgspec.Struct, array_like=True, omit_defaults=True):
    """One transaction's change to one shard; positions are ordinals within the shard.

    Applied in this order: dropped, joined, removed, unknown, added, numbers, forgotten. So one
    transaction may take a member out of a field's old sets and into its new ones. `dropped` are
    fields all of whose sets lose all their members in this shard.
    """

    joined: dict[int, bytes] = {}
    removed: dict[str, bytes] = {}
    unknown: dict[str, bytes] = {}
    added: dict[str, bytes] = {}
    numbers: dict[str, Numbers] = {}
    forgotten: bytes = b""
    dropped: list[str] = []


@dataclass
class _Draft:
    joined: dict[int, bytes] = field(default_factory=dict)
    removed: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    added: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    numbers: dict[str, dict[int, int | None]] = field(default_factory=lambda: defaultdict(dict))
    forgotten: set[int] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)

    def finish(self) -> Change:
        numbers, unknown = {}, {}
        for stack, values in self.numbers.items():
            known = {at: value for at, value in values.items() if value is not None}
            if known:
                numbers[stack] = Numbers(
                    np.fromiter(known.keys(), "<u2").tobytes(),
                    np.fromiter(known.values(), "<i8").tobytes(),
                )
            if len(known) < len(values):
                unknown[stack] = _positions(at for at in values if at not in known)
        return Change(
            joined=self.joined,
            removed={name: _positions(at) for name, at in self.removed.items() if at},
            unknown=unknown,
            added={name: _positions(at) for name, at in self.added.items() if at},
            numbers=numbers,
            forgotten=_positions(self.forgotten),
            dropped=sorted(self.dropped),
        )


class Changes:
    """The set changes of one transaction, by shard. Later words about a member win."""

    def __init__(self) -> None:
        self._drafts: dict[int, _Draft] = defaultdict(_Draft)

    def join(self, ordinal: int, member: UUID) -> None:
        draft, at = self._at(ordinal)
        draft.joined[at] = member.bytes

    def add(self, set_name: str, ordinal: int) -> None:
        draft, at = self._at(ordinal)
        draft.removed[set_name].discard(at)
        draft.added[set_name].add(at)

    def remove(self, set_name: str, ordinal: int) -> None:
        draft, at = self._at(ordinal)
        draft.added[set_name].discard(at)
        draft.removed[set_name].add(at)

    def assign(self, stack: str, ordinal: int, value: int | None) -> None:
        """Put a number on a stack; None makes it unknown. Raises `BadValue` beyond ±2^53.

        Here, and not when it is applied: a change that a replica cannot apply must never commit.
        """
        if value is not None and abs(value) > LARGEST:
            raise BadValue("the number is too large to be compared", place=stack)
        draft, at = self._at(ordinal)
        draft.numbers[stack][at] = value

    def forget(self, ordinal: int) -> None:
        """Take the member out of every set there is, and drop their id."""
        draft, at = self._at(ordinal)
        draft.forgotten.add(at)

    def drop(self, field_name: str, shard: int) -> None:
        """Empty every set of a field in one shard: what the programme no longer speaks of."""
        self._drafts[shard].dropped.add(field_name)

    def finished(self) -> Iterable[tuple[int, bytes]]:
        """Each shard touched, in order, with its encoded change."""
        for shard in sorted(self._drafts):
            yield shard, fill(msgspec.msgpack.encode(self._drafts[shard].finish()), _STEP)

    def _at(self, ordinal: int) -> tuple[_Draft, int]:
        return self._drafts[ordinal >> SHARD_BITS], ordinal & (SHARD_SIZE - 1)


def changes_of(session: AsyncSession, epoch: EpochKey) -> Changes:
    """The changes of this transaction; written, sealed, as the last thing before its commit."""
    found = session.info.get(_KEY)
    if found is None:
        found = session.info[_KEY] = Changes()

        async def write() -> None:
            await _write(session, epoch, found)

        before_commit(session, write)
    assert isinstance(found, Changes)
    return found


_KEY = "profiles.changes"


async def _write(session: AsyncSession, epoch: EpochKey, changes: Changes) -> None:
    """Lock, number and add one sealed change a shard, in shard order so that none deadlock."""
    connection = await raw(session)
    key = epoch.sealing(Label.SETS)
    for shard, change in changes.finished():
        row = await (
            await connection.execute(
                "INSERT INTO shard AS s (number, head) VALUES (%s, 1) "
                "ON CONFLICT (number) DO UPDATE SET head = s.head + 1 RETURNING head",
                (shard,),
            )
        ).fetchone()
        assert row is not None
        head: int = row[0]
        sealed = key.seal(change, at=change_place(shard, head))
        await connection.execute(
            "INSERT INTO shard_change (shard, number, epoch, sealed) VALUES (%s, %s, %s, %s)",
            (shard, head, epoch.number, sealed),
        )
        if head % FOLD_EVERY == 0:
            await enqueue(session, FOLD_JOB, shard=shard)


def unpack(packed: bytes) -> Change:
    """A change as `Changes.finished` encoded it."""
    return msgspec.msgpack.decode(strip(packed), type=Change)


def change_place(shard: int, number: int) -> bytes:
    return place("shard_change", str(shard), str(number))


def snapshot_place(shard: int, head: int) -> bytes:
    return place("shard_snapshot", str(shard), str(head))


def _positions(positions: Iterable[int]) -> bytes:
    return np.fromiter(positions, "<u2").tobytes()


def ordinals(positions: bytes, shard: int) -> "np.ndarray[tuple[int], np.dtype[np.uint32]]":
    """Packed positions of a shard as ordinals of the programme."""
    return np.frombuffer(positions, "<u2").astype(np.uint32) + np.uint32(shard << SHARD_BITS)
