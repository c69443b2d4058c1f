"""Reads a file of members: one line is one member."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from api.imports.columns import Codes
from api.imports.errors import ImportRefused
from api.imports.fields import Fields, Members, first_lines, read_fields, sorted_numbers
from api.imports.findings import Findings
from api.imports.loading import members_of
from api.imports.mapping import Mapping
from api.imports.reading import read_sheet
from api.imports.sheet import Sheet, Wanted
from api.imports.values import FieldValue


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One member of the file, and the line they stand on."""

    number: str
    line: int
    fields: Fields


@dataclass(frozen=True)
class MembersFile:
    """A file of members, read through and found right; no number stands in it twice.

    `lines` = `taken` + all of `not_taken`. Iterating gives the members sorted by number.
    """

    lines: int
    taken: int
    not_taken: dict[str, int]
    _members: Members

    def __len__(self) -> int:
        return self.taken

    def __iter__(self) -> Iterator[MemberLine]:
        for member, number in enumerate(self._members.numbers):
            yield MemberLine(number, self._members.line(member), self._members.fields_of(member))

    @property
    def numbers(self) -> tuple[str, ...]:
        """The member numbers, sorted."""
        return self._members.numbers

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that the mapping names."""
        return self._members.fields

    def first_lines(self) -> Iterator[tuple[str, int]]:
        """Each member number, with the first line that holds it."""
        return self._members.first_lines()

    def distinct_values(self, field: str) -> Iterator[tuple[FieldValue, int]]:
        """Each different value that members have for a field, with a line that holds it."""
        return self._members.distinct_values(field)

    def place(self, line: int, field: str = "") -> str:
        """Where a line stands, for a message; with a field, also the column it comes from."""
        return self._members.place(line, field)


def read_members(path: Path, mapping: Mapping) -> MembersFile:
    """The members in a file.

    The whole file is read and checked first. Raises `ImportRefused` with the places of what
    is wrong, `MappingRefused` when the mapping does not fit the file.
    """
    section = members_of(mapping)
    wanted: Wanted = {
        **{spec.column: f"members.fields.{name}" for name, spec in section.fields.items()},
        section.number: "members.number",
    }
    findings = Findings(read_sheet(path, mapping, wanted))
    member = findings.members(section.number, section.without_member)
    columns = read_fields(findings, section.fields, mapping.decimal)
    findings.settle()

    numbers, ranks = sorted_numbers(member)
    first = first_lines(ranks, len(numbers))
    _refuse_twice(findings.sheet, ranks, first, section.number)
    chosen = {
        name: np.where(column.codes[first] >= 0, first, -1) for name, column in columns.items()
    }
    left_out = int((ranks < 0).sum())
    return MembersFile(
        lines=len(findings.sheet),
        taken=len(findings.sheet) - left_out,
        not_taken={"no_member": left_out},
        _members=Members(findings.sheet, numbers, first, columns, chosen),
    )


def _refuse_twice(sheet: Sheet, ranks: Codes, first: Codes, column: str) -> None:
    again = np.flatnonzero(ranks >= 0)
    again = again[first[ranks[again]] != again]
    if len(again):
        line, before = int(again[0]), int(first[ranks[again[0]]])
        raise ImportRefused(
            f"the same member number as on {sheet.unit} {sheet.number(before)}",
            place=sheet.place(sheet.number(line), column),
            remedy="keep one line for each member",
        )
