"""One column of a file: its distinct values, and which of them stands on each line.

A column of half a million dates holds some twenty thousand different ones; whatever reads,
checks or translates values does so once for each distinct value.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Raw = str | int | Decimal | date | datetime | tuple[object, ...]
"""What a file's value is read as. Text has no space at its ends and is never empty."""

V = TypeVar("V")


@dataclass(frozen=True)
class Column(Generic[V]):
    """`codes[i]` is the place in `values` of what line `i` holds, or -1 where it holds nothing."""

    name: str
    values: Sequence[V]
    codes: Codes

    def at(self, position: int) -> V | None:
        code = int(self.codes[position])
        return None if code < 0 else self.values[code]


class Encoder:
    """Gathers a column's values as they are read, and keeps each distinct one once."""

    def __init__(self) -> None:
        self._index: defaultdict[object, int] = defaultdict()
        # A value that was not there before gets the next number; all in C.
        self._index.default_factory = self._index.__len__
        self._codes: list[Codes] = []

    def extend(self, values: Iterable[object]) -> None:
        """Add hashable values, one for each line."""
        codes = array("q", map(self._index.__getitem__, values))
        self._codes.append(np.frombuffer(codes, dtype=np.int64))

    def extend_encoded(self, distinct: Iterable[object], codes: Codes) -> None:
        """Add lines as places in `distinct`; -1 is nothing."""
        places = array("q", map(self._index.__getitem__, distinct))
        places.append(self._index[None])
        self._codes.append(np.frombuffer(places, dtype=np.int64)[codes])

    def column(self, name: str) -> Column[Raw]:
        """What was gathered. Values that are the same but for space at their ends become one."""
        cleaned = [_clean(value) for value in self._index]
        codes = np.concatenate(self._codes) if self._codes else np.empty(0, np.int64)
        return merged(name, cleaned, codes)


def merged(name: str, values: Sequence[V | None], codes: Codes) -> Column[V]:
    """The column in which equal values have one place and None none. -1 stays nothing."""
    index: dict[V, int] = {}
    places = [-1 if value is None else index.setdefault(value, len(index)) for value in values]
    return Column(name, tuple(index), np.array([*places, -1], np.int64)[codes])


def _clean(value: object) -> Raw | None:
    if isinstance(value, str):
        return value.strip() or None
    if value is None or isinstance(value, int | Decimal | date | tuple):
        return value
    raise TypeError(f"a {type(value).__name__} is no value of a column")
