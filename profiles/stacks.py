"""Numbers as stacks of member sets, and comparisons as set algebra.

A member's number is kept as sign and magnitude: set ``name#k`` holds the members in whose
magnitude bit k is one, ``name#-`` those below zero (zero is not), ``name#?`` those whose number
is known at all. Comparing a million members with a constant then costs one operation on sets
for each bit, and no member's number is looked at.

Pure functions over a mapping from set names to sets; a set that is absent is empty.
"""

from array import array
from collections.abc import MutableMapping
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from profiles.catalogue import known_set, negative_set, plane_set
from profiles.values import LARGEST

Ordinals = NDArray[np.uint32]
Numbers = NDArray[np.int64]

PLANES = LARGEST.bit_length()
_NOBODY = BitMap()


class SetReader(Protocol):
    """Gives a set by name; None or an empty set where there is none. Never changed by a reader."""

    def get(self, name: str, /) -> BitMap | None: ...


class Op(StrEnum):
    EQ = "="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


def assign(
    sets: MutableMapping[str, BitMap], name: str, ordinals: Ordinals, values: Numbers
) -> None:
    """Give each member in `ordinals` the number at the same place in `values`.

    What those members had before is gone; nobody else's number changes. Sets are changed in
    place. Raises `ValueError` when an ordinal comes twice or a number lies beyond ±2^53.
    """
    if len(ordinals) != len(values):
        raise ValueError("as many ordinals as values are needed")
    if len(ordinals) == 0:
        return
    order = np.argsort(ordinals, kind="stable")
    ordinals, values = ordinals[order].astype(np.uint32), values[order].astype(np.int64)
    touched = bitmap(ordinals)
    if len(touched) != len(ordinals):
        raise ValueError("an ordinal comes twice")
    if int(values.min()) < -LARGEST or int(values.max()) > LARGEST:
        raise ValueError("a number lies beyond 2^53")
    _remove(sets, name, touched)
    magnitudes = np.abs(values)
    _add(sets, known_set(name), touched)
    _add(sets, negative_set(name), bitmap(ordinals[values < 0]))
    for bit in range(int(magnitudes.max()).bit_length()):
        _add(sets, plane_set(name, bit), bitmap(ordinals[(magnitudes >> bit) & 1 == 1]))


def clear(sets: MutableMapping[str, BitMap], name: str, ordinals: Ordinals) -> None:
    """Make the numbers of these members unknown. Sets are changed in place."""
    _remove(sets, name, bitmap(np.sort(ordinals).astype(np.uint32)))


def compare(sets: SetReader, name: str, op: Op, constant: int) -> BitMap:
    """The members whose number is known and stands to `constant` as `op` says.

    The result is new, the caller's own. Costs one set operation for each bit plane.
    """
    match op:
        case Op.GT:
            return _greater(sets, name, constant)
        case Op.GE:
            return _greater(sets, name, constant - 1)
        case Op.LE:
            return _at_most(sets, name, constant)
        case Op.LT:
            return _at_most(sets, name, constant - 1)
        case Op.EQ:
            return _equal(sets, name, constant)


def values_of(sets: SetReader, name: str, ordinals: Ordinals) -> tuple[Numbers, NDArray[np.bool_]]:
    """The numbers of these members, in their order, and which of them are known.

    An unknown number reads as 0 beside a False.
    """
    wanted = bitmap(np.unique(ordinals).astype(np.uint32))

    def has(set_name: str) -> NDArray[np.bool_]:
        members = np.array((_get(sets, set_name) & wanted).to_array(), dtype=np.uint32)
        return np.isin(ordinals, members)

    magnitudes = np.zeros(len(ordinals), dtype=np.int64)
    for bit in range(PLANES):
        if _get(sets, plane_set(name, bit)):
            magnitudes |= has(plane_set(name, bit)).astype(np.int64) << bit
    numbers = np.where(has(negative_set(name)), -magnitudes, magnitudes)
    return numbers, has(known_set(name))


def value_of(sets: SetReader, name: str, ordinal: int) -> int | None:
    """The number of one member, None when it is unknown: a few membership tests."""
    if ordinal not in _get(sets, known_set(name)):
        return None
    ones = (bit for bit in range(PLANES) if ordinal in _get(sets, plane_set(name, bit)))
    magnitude = sum(1 << bit for bit in ones)
    return -magnitude if ordinal in _get(sets, negative_set(name)) else magnitude


def bitmap(ordinals: Ordinals) -> BitMap:
    """A set of these ordinals; building from a typed buffer is ten times faster than from numpy."""
    buffer = array("I")
    buffer.frombytes(np.ascontiguousarray(ordinals, dtype=np.uint32).tobytes())
    return BitMap(buffer)


def _get(sets: SetReader, set_name: str) -> BitMap:
    found = sets.get(set_name)
    return _NOBODY if found is None else found


def _add(sets: MutableMapping[str, BitMap], set_name: str, members: BitMap) -> None:
    if not members:
        return
    if set_name in sets:
        sets[set_name] |= members
    else:
        sets[set_name] = members.copy()


def _remove(sets: MutableMapping[str, BitMap], name: str, members: BitMap) -> None:
    planes = (plane_set(name, bit) for bit in range(PLANES))
    for set_name in (known_set(name), negative_set(name), *planes):
        if set_name in sets:
            sets[set_name] -= members


def _greater(sets: SetReader, name: str, constant: int) -> BitMap:
    negative = _get(sets, negative_set(name))
    if constant >= 0:
        return _magnitude_above(sets, name, constant) - negative
    return _get(sets, known_set(name)) - (negative & _magnitude_above(sets, name, -constant - 1))


def _at_most(sets: SetReader, name: str, constant: int) -> BitMap:
    negative = _get(sets, negative_set(name))
    if constant < 0:
        return negative & _magnitude_above(sets, name, -constant - 1)
    return _get(sets, known_set(name)) - (_magnitude_above(sets, name, constant) - negative)


def _equal(sets: SetReader, name: str, constant: int) -> BitMap:
    magnitude = abs(constant)
    if magnitude > LARGEST:
        return BitMap()
    known, negative = _get(sets, known_set(name)), _get(sets, negative_set(name))
    found = known & negative if constant < 0 else known - negative
    # Planes whose bit is one first: they leave fewest members for the rest to be taken from.
    for bit in sorted(range(PLANES), key=lambda bit: not magnitude >> bit & 1):
        if not found:
            break
        if magnitude >> bit & 1:
            found &= _get(sets, plane_set(name, bit))
        else:
            found -= _get(sets, plane_set(name, bit))
    return found


def _magnitude_above(sets: SetReader, name: str, magnitude: int) -> BitMap:
    """Members whose |number| > `magnitude`, from the lowest plane up.

    After plane k, `above` holds those whose bits 0..k exceed the constant's bits 0..k: where the
    constant's bit is one, a member stays above by having it too; where it is zero, by having it
    or by being above already.
    """
    above = BitMap()
    if magnitude > LARGEST:
        return above
    for bit in range(PLANES):
        if magnitude >> bit & 1:
            above &= _get(sets, plane_set(name, bit))
        else:
            above |= _get(sets, plane_set(name, bit))
    return above
