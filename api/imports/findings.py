"""What is wrong in a file, gathered until all of it was looked at, and then said at once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from api.imports.columns import Codes, Column, Raw, merged
from api.imports.errors import ImportRefused
from api.imports.sheet import Sheet
from api.imports.values import Misread, member_number
from kernel.errors import Problem

_SHOWN = 10
_LEAVE_OUT = 'set without_member = "leave_out" in the mapping to leave such lines out'
_LOOK = "mend the date, or look at date_format in the mapping"

V = TypeVar("V")


@dataclass
class Findings:
    """What is wrong in a sheet, gathered until all of it was looked at."""

    sheet: Sheet
    _found: list[tuple[int, Problem]] = field(default_factory=list)
    _lines: int = 0

    def add(self, positions: Codes, column: str, message: str, remedy: str = "") -> None:
        """The same thing is wrong at each of `positions` (in ascending order)."""
        self._lines += len(positions)
        for position in positions[:_SHOWN].tolist():
            place = self.sheet.place(self.sheet.number(position), column)
            self._found.append((position, Problem(place, message, remedy)))

    def require(self, column: Column[Raw]) -> None:
        """Every line must hold something in this column."""
        self.add(np.flatnonzero(column.codes < 0), column.name, "empty; a value is needed")

    def read(self, column: Column[Raw], reading: Callable[[Raw], V]) -> Column[V]:
        """The column with each value read; what cannot be read is found wrong, and left out."""
        values: list[V | None] = []
        wrong: dict[tuple[str, str], list[int]] = {}
        for place, raw in enumerate(column.values):
            try:
                values.append(reading(raw))
            except Misread as misread:
                values.append(None)
                wrong.setdefault((misread.message, misread.remedy), []).append(place)
        for (message, remedy), places in wrong.items():
            self.add(np.flatnonzero(np.isin(column.codes, places)), column.name, message, remedy)
        return merged(column.name, values, column.codes)

    def members(self, name: str, without: Literal["refuse", "leave_out"]) -> Column[str]:
        """The column of member numbers; lines without one are left out, or found wrong."""
        column = self.sheet.columns[name]
        if without == "refuse":
            lines = np.flatnonzero(column.codes < 0)
            self.add(lines, name, "no member number", _LEAVE_OUT)
        return self.read(column, member_number)

    def not_after(self, at: Column[datetime], today: date, zone: ZoneInfo) -> None:
        """No time may be of a later day than `today` on the calendar in `zone`."""
        late = [place for place, one in enumerate(at.values) if one.astimezone(zone).date() > today]
        lines = np.flatnonzero(np.isin(at.codes, late))
        self.add(lines, at.name, f"a date after today, {today}", _LOOK)

    def settle(self) -> None:
        """Raises `ImportRefused` with the first of what was found, if anything was."""
        if not self._found:
            return
        # Stable: two problems of one line keep the order in which they were found.
        found = [problem for _, problem in sorted(self._found, key=lambda one: one[0])[:_SHOWN]]
        if self._lines > len(found):
            rest = self._lines - len(found)
            found.append(Problem(self.sheet.name, f"{rest:,} more values are wrong"))
        raise ImportRefused.of(tuple(found))
