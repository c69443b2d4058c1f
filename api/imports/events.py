"""Reads a file of events: checks every line of it, then hands out purchases by member."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from api.imports.columns import Codes, Column, merged
from api.imports.fields import Members, first_lines, newest, read_fields, sorted_numbers
from api.imports.findings import Findings
from api.imports.grouping import group
from api.imports.loading import events_of
from api.imports.made_up import Inventor
from api.imports.mapping import EventsSection, Mapping
from api.imports.purchases import EPOCH, PurchaseLines, PurchasesByMember
from api.imports.reading import read_sheet
from api.imports.sheet import Wanted
from api.imports.values import FieldValue, moment, number, text, whole

_MICROSECOND = timedelta(microseconds=1)
_FAR = "mend the newest date, or leave shift_to out"


@dataclass(frozen=True)
class PurchaseFile:
    """A file of purchases, read through and found right.

    `lines` = `taken` + all of `not_taken`. `taken` lines make up `purchases` purchases, each
    line in exactly one. All dates were moved by `shifted_days`.
    """

    lines: int
    taken: int
    not_taken: dict[str, int]
    purchases: int
    shifted_days: int
    members: PurchasesByMember

    @property
    def numbers(self) -> tuple[str, ...]:
        """The member numbers, in the order of `members`."""
        return self.members.members.numbers

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that new members may be given."""
        return self.members.members.fields

    def first_lines(self) -> Iterator[tuple[str, int]]:
        """Each member number, with the first line that holds it."""
        return self.members.members.first_lines()

    def distinct_values(self, field: str) -> Iterator[tuple[FieldValue, int]]:
        """Each different value that members are given for a field, with a line that holds it."""
        return self.members.members.distinct_values(field)

    def place(self, line: int, field: str = "") -> str:
        """Where a line stands, for a message; with a field, also the column it comes from."""
        return self.members.members.place(line, field)


def read_purchases(path: Path, mapping: Mapping, *, today: date) -> PurchaseFile:
    """The purchases in a file; `today` is the last day on which one may have happened.

    The whole file is read and checked first. Raises `ImportRefused` with the places of what
    is wrong, `MappingRefused` when the mapping does not fit the file.
    """
    section = events_of(mapping)
    findings = Findings(read_sheet(path, mapping, _wanted(section)))
    member = findings.members(section.columns.member, section.without_member)
    at, shifted = _times(findings, section, mapping.zone, today)
    lines = _purchase_lines(findings, section, mapping, at)
    columns = read_fields(findings, section.members.fields, mapping.decimal)
    findings.settle()

    numbers, ranks = sorted_numbers(member)
    made_up = section.members.made_up
    members = Members(
        sheet=findings.sheet,
        numbers=numbers,
        first=first_lines(ranks, len(numbers)),
        columns=columns,
        chosen={
            name: newest(ranks, column, at=at, members=len(numbers))
            for name, column in columns.items()
        },
        inventor=Inventor(made_up) if made_up else None,
    )
    _, references = sorted_numbers(lines.reference)
    grouping = group(member=ranks, reference=references, cancelled=lines.cancelled, at=at)
    taken = len(grouping.order)
    return PurchaseFile(
        lines=len(findings.sheet),
        taken=taken,
        not_taken={"no_member": len(findings.sheet) - taken},
        purchases=len(grouping.purchase_starts) - 1,
        shifted_days=shifted,
        members=PurchasesByMember(members, grouping, lines),
    )


def _wanted(section: EventsSection) -> Wanted:
    wanted = {}
    for name, column in section.columns.model_dump(exclude_none=True).items():
        wanted[column] = f"events.columns.{name}"
    if section.cancelled is not None and section.cancelled.column is not None:
        wanted.setdefault(section.cancelled.column, "events.cancelled.column")
    for name, spec in section.members.fields.items():
        wanted.setdefault(spec.column, f"events.members.fields.{name}")
    return wanted


def _times(
    findings: Findings, section: EventsSection, zone: ZoneInfo, today: date
) -> tuple[Codes, int]:
    """Each line's time in microseconds since 1970, moved; and by how many days it was moved."""
    raw = findings.sheet.columns[section.columns.at]
    findings.require(raw)
    read = findings.read(raw, moment(section.date_format, zone))
    days = 0
    if section.shift_to == "today" and read.values:
        days = (today - max(read.values).astimezone(zone).date()).days
        read = _not_moved_before_1970(findings, read, days, zone)
        read = merged(read.name, [moved(at, days, zone) for at in read.values], read.codes)
    findings.not_after(read, today, zone)
    # A line that could not be read is -1; the file is refused before anything uses its 0.
    stamps = [(at - EPOCH) // _MICROSECOND for at in read.values]
    return np.array([*stamps, 0], dtype=np.int64)[read.codes], days


def _not_moved_before_1970(
    findings: Findings, at: Column[datetime], days: int, zone: ZoneInfo
) -> Column[datetime]:
    """The column without such times, which are found wrong: the newest lies far in the future."""
    if days >= 0:
        return at
    first = EPOCH.toordinal() + 1  # whatever the zone
    early = [
        place
        for place, one in enumerate(at.values)
        if one.astimezone(zone).toordinal() + days < first
    ]
    if not early:
        return at
    message = f"the newest date of the file is {-days:,} days ahead: moved, this lies before 1970"
    findings.add(np.flatnonzero(np.isin(at.codes, early)), at.name, message, _FAR)
    kept = [None if place in set(early) else one for place, one in enumerate(at.values)]
    return merged(at.name, kept, at.codes)


def moved(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The time that the clock in `zone` shows alike, so many days later, as UTC."""
    local = at.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
    return local.replace(tzinfo=zone).astimezone(UTC)


def _purchase_lines(
    findings: Findings, section: EventsSection, mapping: Mapping, at: Codes
) -> PurchaseLines:
    names = section.columns
    sheet = findings.sheet.columns
    reference = sheet[names.reference]
    findings.require(reference)
    read = findings.read(reference, text)
    money = sheet[names.price or names.amount or ""]
    findings.require(money)
    quantity = sheet[names.quantity] if names.quantity else None
    if quantity is not None:
        findings.require(quantity)
    numeric = number(mapping.decimal)
    rule = section.cancelled
    return PurchaseLines(
        at=at,
        reference=Column(read.name, [f"{mapping.source}:{one}" for one in read.values], read.codes),
        cancelled=_cancelled(findings, section),
        marked=":cancelled" if rule and rule.column not in (None, names.reference) else "",
        negative_cancels=rule is not None and rule.negative_amount,
        money=findings.read(money, numeric),
        quantity=findings.read(quantity, lambda raw: whole(numeric(raw))) if quantity else None,
        sku=findings.read(sheet[names.sku], text) if names.sku else None,
        description=findings.read(sheet[names.description], text) if names.description else None,
        itemised=names.price is not None or bool(names.sku or names.description),
    )


def _cancelled(findings: Findings, section: EventsSection) -> Codes:
    rule = section.cancelled
    if rule is None or rule.column is None:
        return np.zeros(len(findings.sheet), dtype=np.int64)
    column = findings.read(findings.sheet.columns[rule.column], text)
    start = rule.starts_with
    told = [value.startswith(start) if start else value == rule.equals for value in column.values]
    return np.array([*told, False], dtype=np.int64)[column.codes]
