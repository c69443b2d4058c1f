"""The members of a file, and what their fields are: from columns, or made up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from api.imports.columns import Codes, Column
from api.imports.findings import Findings
from api.imports.made_up import Inventor
from api.imports.mapping import FieldColumn
from api.imports.sheet import Sheet
from api.imports.values import FieldValue, field

Fields = dict[str, FieldValue]


@dataclass(frozen=True)
class Members:
    """Every member of a file once, sorted by member number.

    `first[m]` is the first line that holds member `m`, and `chosen[field][m]` the line whose
    value for the field counts, or -1 when no line has one.
    """

    sheet: Sheet
    numbers: tuple[str, ...]
    first: Codes
    columns: Mapping[str, Column[FieldValue]]
    chosen: Mapping[str, Codes]
    inventor: Inventor | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that members may have."""
        return (*self.columns, *(self.inventor.fields if self.inventor else ()))

    def line(self, member: int) -> int:
        """The first line that holds the member, as a person counts."""
        return self.sheet.number(int(self.first[member]))

    def first_lines(self) -> Iterator[tuple[str, int]]:
        """Each member number, with the first line that holds it."""
        for member, number in enumerate(self.numbers):
            yield number, self.line(member)

    def place(self, line: int, field: str = "") -> str:
        """Where a line stands, for a message; with a field, also the column it comes from."""
        column = self.columns.get(field)
        return self.sheet.place(line, column.name if column else "")

    def fields_of(self, member: int) -> Fields:
        """The member's fields that have a value."""
        found: Fields = {}
        for name, column in self.columns.items():
            position = int(self.chosen[name][member])
            if position >= 0:
                value = column.at(position)
                if value is not None:
                    found[name] = value
        if self.inventor is not None:
            found.update(self.inventor.invent(self.numbers[member]))
        return found

    def distinct_values(self, name: str) -> Iterator[tuple[FieldValue, int]]:
        """Each different value that `fields_of` gives for a field, with a line that holds it."""
        column = self.columns.get(name)
        if column is None:
            if self.inventor is not None and name in self.inventor.fields:
                # What is made up is alike; one stands for all.
                for number in self.numbers[:1]:
                    yield self.inventor.invent(number)[name], self.line(0)
            return
        lines = self.chosen[name]
        lines = np.sort(lines[lines >= 0])
        codes, places = np.unique(column.codes[lines], return_index=True)
        for code, position in zip(codes.tolist(), lines[places].tolist(), strict=True):
            yield column.values[code], self.sheet.number(position)


def first_lines(ranks: Codes, members: int) -> Codes:
    """For each member the first line that holds them."""
    first = np.empty(members, dtype=np.int64)
    lines = np.flatnonzero(ranks >= 0)[::-1]
    first[ranks[lines]] = lines
    return first


def read_fields(
    findings: Findings, specs: Mapping[str, FieldColumn], decimal: str
) -> dict[str, Column[FieldValue]]:
    """The columns of the fields, read as the mapping says."""
    columns = findings.sheet.columns
    return {
        name: findings.read(columns[spec.column], field(spec, decimal))
        for name, spec in specs.items()
    }


def sorted_numbers(member: Column[str]) -> tuple[tuple[str, ...], Codes]:
    """The member numbers in order, and each line's place among them, or -1."""
    order = sorted(range(len(member.values)), key=member.values.__getitem__)
    ranks = np.full(len(order) + 1, -1, dtype=np.int64)
    ranks[order] = np.arange(len(order))
    return tuple(member.values[place] for place in order), ranks[member.codes]


def newest(ranks: Codes, column: Column[FieldValue], *, at: Codes, members: int) -> Codes:
    """For each member the line with the latest `at`, of equals the last, that has a value."""
    lines = np.flatnonzero((ranks >= 0) & (column.codes >= 0))
    lines = lines[np.lexsort((lines, at[lines], ranks[lines]))]
    chosen = np.full(members, -1, dtype=np.int64)
    if len(lines):
        last = np.append(ranks[lines][1:] != ranks[lines][:-1], True)
        chosen[ranks[lines][last]] = lines[last]
    return chosen
