"""Whether both sides said the same, looked at before anything is measured."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


class Unequal(AssertionError):
    """The two sides of a row differ: a ratio between them would mean nothing."""


def same_members(ours: NDArray[np.uint64], theirs: NDArray[np.uint64]) -> int:
    """How many members both sides found, the same ones. Raises `Unequal`; nobody is not enough."""
    found = [{(int(high), int(low)) for high, low in side} for side in (ours, theirs)]
    return same(found[0], found[1])


def same(ours: Iterable[object], theirs: Iterable[object]) -> int:
    """How many things both sides gave, the same ones in any order. Raises `Unequal`."""
    mine, others = set(ours), set(theirs)
    if mine != others:
        only = len(mine - others), len(others - mine)
        raise Unequal(f"{only[0]} are in ours only, {only[1]} in theirs only")
    if not mine:
        raise Unequal("neither side gave anything: that proves nothing")
    return len(mine)
