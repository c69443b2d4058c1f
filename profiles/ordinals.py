"""From ids to ordinals, many at once: where each of a million members stands in the sets.

Pure, on packed arrays; no database, and no object for each id. The index is made for the members
there are, kept while others join, and made anew when many have. It holds nothing that the sets
do not: every answer is compared with the id that stands at the ordinal now, so one who has been
erased since is not found.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from profiles.shard import MemberSets

Ids = NDArray[Any]
Ordinals = NDArray[np.int64]
Words = NDArray[np.uint64]

NOBODY = -1
#: So many newcomers, or a sixteenth of all, are indexed beside the rest; more, and all are anew.
_FEW = 4_096
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: spreads whatever comes in


@dataclass(frozen=True)
class Index:
    """Ordinals in buckets of their ids' hashes: bucket b is `ordinals[starts[b]:starts[b + 1]]`."""

    shift: np.uint64
    starts: NDArray[np.uint32]
    ordinals: NDArray[np.uint32]

    @classmethod
    def of(cls, ids: Ids, members: BitMap) -> "Index":
        """The index of these members; `ids` has a row for each ordinal there is."""
        ordinals = np.frombuffer(members.to_array(), np.uint32)
        bits = max(1, (2 * len(ordinals)).bit_length())
        shift = np.uint64(64 - bits)
        buckets = _buckets(_words(ids.take(ordinals, axis=0)), shift)
        order = np.argsort(buckets, kind="stable")
        starts = np.zeros((1 << bits) + 1, np.uint32)
        np.cumsum(np.bincount(buckets, minlength=1 << bits), out=starts[1:])
        return cls(shift, starts, ordinals[order])

    def find(self, asked: Ids, ids: Ids) -> Ordinals:
        """The ordinal of each id, `NOBODY` for one that none of these members has now."""
        if not len(self.ordinals) or not len(asked):
            return np.full(len(asked), NOBODY, np.int64)
        wanted, there = _words(asked), _words(ids)
        buckets = _buckets(wanted, self.shift)
        at = self.starts.take(buckets, mode="clip")
        # The first of each bucket is most often the one; empty buckets lead to another's.
        found = self.ordinals.take(at, mode="clip").astype(np.int64)
        waiting = np.flatnonzero(~_same(there.take(found, axis=0), wanted))
        found[waiting] = NOBODY
        at, wanted = at.take(waiting), wanted.take(waiting, axis=0)
        ends = self.starts.take(buckets.take(waiting) + 1)
        while len(waiting):
            at += np.uint32(1)
            left = np.flatnonzero(at < ends)
            waiting, at, ends = waiting.take(left), at.take(left), ends.take(left)
            wanted = wanted.take(left, axis=0)
            here = self.ordinals.take(at)
            same = _same(there.take(here, axis=0), wanted)
            found[waiting[same]] = here[same]
            left = np.flatnonzero(~same)
            waiting, at, ends = waiting.take(left), at.take(left), ends.take(left)
            wanted = wanted.take(left, axis=0)
        return found


@dataclass(frozen=True)
class View:
    """Ids to ordinals as of one moment; may be used by another thread while members join."""

    base: Index
    tail: Index
    ids: Ids

    def find(self, asked: Ids) -> Ordinals:
        """The ordinal of each id (a row of two big-endian 64-bit words), or `NOBODY`."""
        found = self.base.find(asked, self.ids)
        if len(self.tail.ordinals):
            missing = np.flatnonzero(found == NOBODY)
            found[missing] = self.tail.find(asked.take(missing, axis=0), self.ids)
        return found


class OrdinalIndex:
    """The index of one process's members, brought up to date by whoever asks."""

    def __init__(self) -> None:
        self._base = self._tail = Index.of(np.zeros((0, 2), ">u8"), BitMap())
        self._indexed = BitMap()
        self._newcomers = BitMap()

    def is_far_behind(self, members: MemberSets) -> bool:
        """Whether the base should be made anew first (`Index.of`): a matter of speed alone."""
        behind = len(members.everyone - self._indexed)
        return behind > max(_FEW, len(members.everyone) // 16)

    def rest_on(self, base: Index, members: BitMap) -> None:
        """From now on, look in this base, which was made for these members."""
        self._base, self._indexed, self._newcomers = base, members, BitMap()

    def view(self, members: MemberSets) -> View:
        """Right however far behind the base is: who it does not know is indexed here and now."""
        newcomers = members.everyone - self._indexed
        if newcomers != self._newcomers:
            self._tail, self._newcomers = Index.of(members.ids, newcomers), newcomers
        empty = Index.of(np.zeros((0, 2), ">u8"), BitMap())
        return View(self._base, self._tail if newcomers else empty, members.ids)


def _words(ids: Ids) -> Words:
    """The same bytes as this machine's numbers: to be compared and mixed, whatever they mean."""
    return np.ascontiguousarray(ids, dtype=">u8").view(np.uint64)


def _same(one: Words, other: Words) -> NDArray[np.bool_]:
    """Row by row; zeros stand where an erased member's id stood, and are nobody's."""
    same: NDArray[np.bool_] = (one[:, 1] == other[:, 1]) & (one[:, 0] == other[:, 0])
    same &= other[:, 1] != 0
    return same


def _buckets(words: Words, shift: np.uint64) -> NDArray[np.int64]:
    mixed: Words = (words[:, 0] ^ words[:, 1]) * _MIX
    return (mixed >> shift).astype(np.int64)
