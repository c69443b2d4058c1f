"""Who matches a condition: set algebra over member sets, always within those who may be used.

Reads sets and changes none. The set of eligible members is the first operand of everything:
each step takes a subset of what it is given, so no condition can bring in anybody else.
"""

from collections import OrderedDict
from typing import Protocol

from pyroaring import BitMap

from profiles.catalogue import known_set, member_set
from profiles.conditions import (
    And,
    Compare,
    Condition,
    Constant,
    HasValue,
    Known,
    Not,
    Or,
    normalise,
    stored_field,
)
from profiles.stacks import compare


class Sets(Protocol):
    """The member sets as they stood at one barrier."""

    def get(self, name: str, /) -> BitMap:
        """The set of that name, empty when there is none; not to be changed by whoever asks."""
        ...

    @property
    def everyone(self) -> BitMap:
        """Every living member; not to be changed by whoever asks."""
        ...

    def version(self, field: str, /) -> int:
        """Another number whenever any set of that field has changed, and never an old one."""
        ...


class PredicateCache:
    """The answers of comparisons asked before, for one process's sets; at most `limit` of them.

    An answer is kept with the version of its field and given only for that same version, so it
    cannot be stale. Not for sharing between threads, nor between two replicas of the sets.
    """

    def __init__(self, limit: int = 512) -> None:
        self._limit = limit
        self._answers: OrderedDict[Compare, tuple[int, BitMap]] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._answers)

    def answer(self, predicate: Compare, sets: Sets) -> BitMap:
        """Who matches the predicate; the set is shared and must not be changed."""
        version = sets.version(predicate.stored)
        kept = self._answers.get(predicate)
        if kept is not None and kept[0] == version:
            self._answers.move_to_end(predicate)
            self.hits += 1
            return kept[1]
        self.misses += 1
        found = _compared(predicate, sets)
        self._answers[predicate] = (version, found)
        self._answers.move_to_end(predicate)
        while len(self._answers) > self._limit:
            self._answers.popitem(last=False)
        return found


def evaluate(condition: Condition, sets: Sets, cache: PredicateCache | None = None) -> BitMap:
    """All living members who match; a new set. For questions about the sets themselves.

    Whoever answers a service wants `evaluate_within`.
    """
    return evaluate_within(condition, sets, sets.everyone, cache)


def evaluate_within(
    condition: Condition, sets: Sets, eligible: BitMap, cache: PredicateCache | None = None
) -> BitMap:
    """The members of `eligible` who match; a new set, a subset of `eligible` by construction.

    A member whose value is unknown does not match, under NOT neither.
    """
    found = _within(condition, sets, eligible, cache)
    return found.copy() if found is eligible else found


def _within(condition: Condition, sets: Sets, base: BitMap, cache: PredicateCache | None) -> BitMap:
    """Those of `base` who match: `base` itself or a new set, never one of `sets`."""
    match condition:
        case And():
            for part in sorted(condition.parts, key=_cost):
                if not base:
                    break
                base = _within(part, sets, base, cache)
            return base
        case Or():
            found = BitMap()
            for part in condition.parts:
                found |= _within(part, sets, base, cache)
            return found
        case Not():
            return _without(condition, sets, base, cache)
        case Compare():
            return base & (
                _compared(condition, sets) if cache is None else cache.answer(condition, sets)
            )
        case HasValue() | Known():
            return base & sets.get(_set_of(condition))
        case Constant():
            return base if condition.value else BitMap()


def _without(condition: Not, sets: Sets, base: BitMap, cache: PredicateCache | None) -> BitMap:
    part = condition.part
    match part:
        case Known():
            return base - sets.get(known_set(part.stored))
        case HasValue() | Compare():
            known = base & sets.get(known_set(stored_field(part)))
            return known - _within(part, sets, known, cache)
        case _:
            return _within(normalise(condition), sets, base, cache)


def _set_of(leaf: HasValue | Known) -> str:
    match leaf:
        case HasValue():
            return member_set(leaf.field, leaf.value)
        case Known():
            return known_set(leaf.stored)


def _compared(predicate: Compare, sets: Sets) -> BitMap:
    return compare(sets, predicate.stored, predicate.op, predicate.constant)


def _cost(condition: Condition) -> int:
    """Which part of an AND to ask first: those that are one set operation."""
    match condition:
        case HasValue() | Known() | Constant() | Not(part=HasValue() | Known()):
            return 0
        case Compare() | Not():
            return 1
        case And() | Or():
            return 2
