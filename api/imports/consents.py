"""Reads a file of consents: one line is one step a member took."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args

import numpy as np

from api.imports.columns import Codes, Column, Raw
from api.imports.fields import first_lines, sorted_numbers
from api.imports.findings import Findings
from api.imports.loading import consents_of
from api.imports.mapping import Action, ConsentsSection, Mapping
from api.imports.reading import read_sheet
from api.imports.sheet import Sheet, Wanted
from api.imports.values import Misread, moment, text

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One step for the ledger. `at` is UTC; texts are empty when they are not known.

    `reference` tells it from the member's other steps, in this file and in others: it is made
    of the mapping's source, the purpose, the action, the channel and the time.
    """

    number: str
    line: int
    purpose: str
    action: Action
    at: datetime
    language: str
    notice: str
    channel: str
    how: str
    evidence: str
    reference: str


@dataclass(frozen=True)
class _Columns:
    at: Column[datetime]
    purpose: Column[str] | str
    action: Column[Action] | Action
    language: Column[str] | str
    notice: Column[str] | str
    channel: Column[str] | str
    how: Column[str] | str
    evidence: Column[str] | str


@dataclass(frozen=True)
class ConsentFile:
    """A file of consents, read through and found right.

    `lines` = `taken` + all of `not_taken`. Iterating gives the steps sorted by member number,
    each member's in the order of time, steps of one time as they stand in the file.
    """

    lines: int
    taken: int
    not_taken: dict[str, int]
    numbers: tuple[str, ...]
    _sheet: Sheet
    _first: Codes
    _source: str
    _ranks: Codes
    _order: Codes
    _columns: _Columns

    def __len__(self) -> int:
        return self.taken

    def __iter__(self) -> Iterator[ConsentLine]:
        for position in self._order.tolist():
            yield self._line(position)

    def first_lines(self) -> Iterator[tuple[str, int]]:
        """Each member number, with the first line that holds it."""
        for number, position in zip(self.numbers, self._first.tolist(), strict=True):
            yield number, self._sheet.number(position)

    def purposes(self) -> Iterator[tuple[str, int]]:
        """Each purpose that steps are about, with the first line that is about it."""
        purpose = self._columns.purpose
        if isinstance(purpose, Column):
            _, first = np.unique(purpose.codes, return_index=True)
            for position in np.sort(first).tolist():
                yield _at(purpose, position), self._sheet.number(position)
        elif len(self._sheet):
            yield purpose, self._sheet.number(0)

    def place(self, line: int) -> str:
        """Where a line stands, for a message."""
        return self._sheet.place(line)

    def _line(self, position: int) -> ConsentLine:
        columns = self._columns
        number = self.numbers[int(self._ranks[position])]
        purpose = _at(columns.purpose, position)
        action = cast(Action, _at(columns.action, position))
        at = columns.at.values[int(columns.at.codes[position])]
        channel = _at(columns.channel, position)
        return ConsentLine(
            number=number,
            line=self._sheet.number(position),
            purpose=purpose,
            action=action,
            at=at,
            language=_at(columns.language, position),
            notice=_at(columns.notice, position),
            channel=channel,
            how=_at(columns.how, position),
            evidence=_at(columns.evidence, position),
            reference=f"{self._source}:{purpose}:{action}:{channel}:{at.isoformat()}",
        )


def read_consents(path: Path, mapping: Mapping, *, today: date | None = None) -> ConsentFile:
    """The consents in a file; with `today`, none may be of a later day.

    The whole file is read and checked first. Raises `ImportRefused` with the places of what
    is wrong, `MappingRefused` when the mapping does not fit the file.
    """
    section = consents_of(mapping)
    findings = Findings(read_sheet(path, mapping, _wanted(section)))
    member = findings.members(section.columns.member, section.without_member)
    columns = _read(findings, section, mapping)
    if today is not None:
        findings.not_after(columns.at, today, mapping.zone)
    findings.settle()

    numbers, ranks = sorted_numbers(member)
    held = np.flatnonzero(ranks >= 0)
    order = _in_order(held, ranks, columns)
    return ConsentFile(
        lines=len(ranks),
        taken=len(order),
        not_taken={"no_member": len(ranks) - len(held), "repeated": len(held) - len(order)},
        numbers=numbers,
        _sheet=findings.sheet,
        _first=first_lines(ranks, len(numbers)),
        _source=mapping.source,
        _ranks=ranks,
        _order=order,
        _columns=columns,
    )


def _wanted(section: ConsentsSection) -> Wanted:
    names = section.columns.model_dump(exclude_none=True)
    return {column: f"consents.columns.{name}" for name, column in names.items()}


def _read(findings: Findings, section: ConsentsSection, mapping: Mapping) -> _Columns:
    names = section.columns
    sheet = findings.sheet.columns
    for required in (names.at, names.purpose, names.action):
        if required is not None:
            findings.require(sheet[required])
    return _Columns(
        at=findings.read(sheet[names.at], moment(section.date_format, mapping.zone)),
        purpose=_text(findings, names.purpose, section.purpose),
        action=section.action or findings.read(sheet[names.action or ""], _action(section)),
        language=_text(findings, names.language, section.language),
        notice=_text(findings, names.notice, None),
        channel=_text(findings, names.channel, section.channel),
        how=_text(findings, names.how, section.how),
        evidence=_text(findings, names.evidence, section.evidence),
    )


def _text(findings: Findings, column: str | None, fixed: str | None) -> Column[str] | str:
    if column is None:
        return fixed or ""
    return findings.read(findings.sheet.columns[column], text)


def _action(section: ConsentsSection) -> Callable[[Raw], Action]:
    known: dict[str, Action] = section.values or {action: action for action in get_args(Action)}
    words = ", ".join(known)

    def read(raw: Raw) -> Action:
        action = known.get(text(raw))
        if action is None:
            raise Misread("not a word for an action", f"write one of {words}, or add it to values")
        return action

    return read


def _at(column: Column[V] | V, position: int) -> V | Literal[""]:
    if not isinstance(column, Column):
        return column
    value = column.at(position)
    return "" if value is None else value


def _codes(column: Column[Any] | str, lines: Codes) -> Codes:
    """What stands on the lines, as numbers that are equal where the values are."""
    return column.codes[lines] if isinstance(column, Column) else np.zeros_like(lines)


def _in_order(lines: Codes, ranks: Codes, columns: _Columns) -> Codes:
    """By member, time and line; of lines that say the same step, the first alone."""
    if not len(lines):
        return lines
    stamps = np.array([at.timestamp() for at in columns.at.values])[columns.at.codes[lines]]
    purpose, action = _codes(columns.purpose, lines), _codes(columns.action, lines)
    channel = _codes(columns.channel, lines)
    same = np.lexsort((lines, channel, action, purpose, stamps, ranks[lines]))
    keys = (ranks[lines][same], stamps[same], purpose[same], action[same], channel[same])
    new = np.zeros(len(lines), dtype=np.bool_)
    new[0] = True
    for key in keys:
        new[1:] |= key[1:] != key[:-1]
    kept = same[new]
    return lines[kept][np.lexsort((lines[kept], stamps[kept], ranks[lines][kept]))]
