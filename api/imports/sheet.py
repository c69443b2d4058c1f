"""A file that has been read: its columns, and how a person finds a line in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from api.imports.columns import Codes, Column, Raw
from api.imports.errors import ImportRefused, MappingRefused
from kernel.errors import Problem

MOST_LINES = 5_000_000
"""In one file: a small compressed file can hold more lines than there is memory for."""

Wanted = Mapping[str, str]
"""The columns a mapping names, each with the mapping's key that names it."""


@dataclass(frozen=True)
class Sheet:
    """`numbers[i]` is the number a person sees for line `i`: in a CSV file the header is line 1."""

    name: str
    unit: Literal["line", "row"]
    numbers: Codes
    columns: dict[str, Column[Raw]]

    def __len__(self) -> int:
        return len(self.numbers)

    def number(self, position: int) -> int:
        return int(self.numbers[position])

    def place(self, number: int, column: str = "") -> str:
        """Where a line stands, as messages write it."""
        place = f"{self.name} {self.unit} {number}"
        return f"{place}, column {column}" if column else place


def check_length(name: str, lines: int) -> None:
    """Refuse a file of more than `MOST_LINES` lines, as soon as it is known to be."""
    if lines > MOST_LINES:
        raise ImportRefused(f"more than {MOST_LINES:,} lines", place=name, remedy="split the file")


def check_columns(name: str, there: Sequence[str], wanted: Wanted) -> None:
    """Refuse a file that lacks a wanted column, or has it twice, with the nearest it has.

    The file's other columns are not listed: in a file without a header they are a member.
    """
    problems = []
    for column, key in wanted.items():
        if column not in there:
            near = get_close_matches(column, there, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else "see how the file spells it"
            problems.append(Problem(name, f"no column {column!r} (the mapping's {key})", remedy))
        elif there.count(column) > 1:
            remedy = "give each column a name of its own"
            problems.append(Problem(name, f"more than one column {column!r}", remedy))
    if problems:
        raise MappingRefused.of(tuple(problems))
