"""A shard opened: its sets in memory, changed one change at a time, and packed again.

No database here. The same code serves the replica that answers questions, the fold that
makes a new snapshot, and the check that compares sets with what they are derived from.
"""

from collections import Counter

import msgspec
import numpy as np
from pyroaring import BitMap

from profiles import stacks
from profiles.catalogue import field_of_set
from profiles.changes import SHARD_BITS, SHARD_SIZE, Change, ordinals

EVERYONE = "~everyone"
_NOBODY = BitMap()


class Snapshot(msgspec.Struct, array_like=True):
    """A shard at rest: serialised roaring sets by name, and the ids of its members."""

    sets: dict[str, bytes]
    ids: bytes


class MemberSets:
    """Sets by name over ordinals, with the id behind each ordinal.

    Invariant: `version(field)` changes whenever a set of that field does, so that whatever
    was computed from it can tell.
    """

    def __init__(self) -> None:
        self.sets: dict[str, BitMap] = {EVERYONE: BitMap()}
        self.ids = np.zeros((0, 2), dtype=">u8")
        self._versions: Counter[str] = Counter()

    @property
    def everyone(self) -> BitMap:
        """All members there are. Not to be changed by whoever reads it."""
        return self.sets[EVERYONE]

    def get(self, name: str) -> BitMap:
        """The set of that name, empty when nobody is in it. Not to be changed by readers."""
        return self.sets.get(name, _NOBODY)

    def version(self, field: str) -> int:
        return self._versions[field]

    def apply(self, shard: int, change: Change) -> None:
        """One committed change; see `Change` for the order within it."""
        if change.dropped:
            self._drop(shard, frozenset(change.dropped))
        if change.joined:
            self._join(shard, change.joined)
        for name, positions in change.removed.items():
            if name in self.sets:
                self.sets[name].difference_update(BitMap(ordinals(positions, shard)))
            self._touch(name)
        for stack, positions in change.unknown.items():
            stacks.clear(self.sets, stack, ordinals(positions, shard))
            self._touch(stack)
        for name, positions in change.added.items():
            self.sets.setdefault(name, BitMap()).update(ordinals(positions, shard))
            self._touch(name)
        for stack, numbers in change.numbers.items():
            values = np.frombuffer(numbers.values, "<i8").astype(np.int64)
            stacks.assign(self.sets, stack, ordinals(numbers.positions, shard), values)
            self._touch(stack)
        if change.forgotten:
            self._forget(BitMap(ordinals(change.forgotten, shard)))

    def pack(self, shard: int) -> bytes:
        """One shard of these sets, as it goes into a snapshot."""
        within = span(shard)
        sets = {}
        for name, members in self.sets.items():
            part = members & within
            if part:
                part.run_optimize()
                sets[name] = part.serialize()
        first = shard << SHARD_BITS
        return msgspec.msgpack.encode(
            Snapshot(sets=sets, ids=self.ids[first : first + SHARD_SIZE].tobytes())
        )

    def load(self, shard: int, packed: bytes | None) -> None:
        """Replace a shard by a snapshot, or by nothing."""
        within = span(shard)
        for name, members in self.sets.items():
            members.difference_update(within)
            self._touch(name)
        if packed is None:
            return
        snapshot = msgspec.msgpack.decode(packed, type=Snapshot)
        for name, serialised in snapshot.sets.items():
            part = BitMap.deserialize(serialised)
            self.sets.setdefault(name, BitMap()).update(part)
            self._touch(name)
        first = shard << SHARD_BITS
        ids = np.frombuffer(snapshot.ids, dtype=">u8").reshape(-1, 2)
        self._reserve(first + len(ids))
        self.ids[first : first + len(ids)] = ids

    def _drop(self, shard: int, fields: frozenset[str]) -> None:
        within = span(shard)
        for name, members in self.sets.items():
            if field_of_set(name) in fields:
                members.difference_update(within)
                self._touch(name)

    def _join(self, shard: int, joined: dict[int, bytes]) -> None:
        base = shard << SHARD_BITS
        at = np.fromiter(joined.keys(), np.int64) + base
        before = BitMap(at.astype(np.uint32)) & self.everyone
        if before:  # an ordinal is given once: whatever stood there is nothing of the newcomer's
            self._forget(before)
        self._reserve(int(at.max()) + 1)
        self.ids[at] = np.frombuffer(b"".join(joined.values()), dtype=">u8").reshape(-1, 2)
        self.sets[EVERYONE].update(at.astype(np.uint32))
        self._touch(EVERYONE)

    def _forget(self, members: BitMap) -> None:
        for name, those in self.sets.items():
            those.difference_update(members)
            self._touch(name)
        gone = np.frombuffer(members.to_array(), np.uint32)
        self.ids[gone[gone < len(self.ids)]] = 0

    def _reserve(self, size: int) -> None:
        if size > len(self.ids):
            room = max(size, len(self.ids) * 3 // 2)
            grown = np.zeros((room, 2), dtype=">u8")
            grown[: len(self.ids)] = self.ids
            self.ids = grown

    def _touch(self, set_name: str) -> None:
        self._versions[field_of_set(set_name)] += 1


def span(shard: int) -> BitMap:
    """Every ordinal of a shard."""
    return BitMap(range(shard << SHARD_BITS, (shard + 1) << SHARD_BITS))
