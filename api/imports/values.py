"""What the values of a column mean: text, numbers, times, days, yes or no.

Each reading is a function over one distinct value that raises `Misread`; `Findings.read` puts
it to a whole column. No message repeats a value.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal, Inexact
from zoneinfo import ZoneInfo

from api.imports.columns import Raw
from api.imports.mapping import ISO, FieldColumn
from profiles.values import has_controls


class Misread(Exception):
    """Why a value is not what its column should hold, and what would be right."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


FieldValue = str | int | Decimal | date | bool | tuple[str, ...]

_EXAMPLE = datetime(2009, 12, 1, 7, 45)
_WHOLE = re.compile(r"(\d+)\.0+")
# Twelve digits before the point and nine after: sums over a file stay exact.
_NUMBER = {
    ".": re.compile(r"[+-]?\d{1,12}(?:\.\d{1,9})?"),
    ",": re.compile(r"[+-]?\d{1,12}(?:,\d{1,9})?"),
}
_OLDEST, _LATEST = 1970, 9998  # the year 9999 has no room for zones
_DIGITS = 30
EXACT = Context(prec=80, traps=[Inexact])
"""Arithmetic that raises rather than round."""


def text(raw: Raw) -> str:
    """Anything but a list, as text: 13085 and 13085.0 are "13085", days and times ISO 8601."""
    if isinstance(raw, tuple):
        raise Misread("a list, where one value is expected")
    if isinstance(raw, int | Decimal):
        return format(_sane(raw), "f")
    if isinstance(raw, date):
        return raw.isoformat()
    if has_controls(raw):
        raise Misread("it has a character that cannot be seen", "leave out control characters")
    return raw


def member_number(raw: Raw) -> str:
    """As text; a spreadsheet's 13085.0 is member 13085 also where the file holds text."""
    written = text(raw)
    whole = _WHOLE.fullmatch(written)
    return whole[1] if whole else written


def number(decimal: str) -> Callable[[Raw], Decimal]:
    """Reads numbers, exactly; `decimal` is the sign before the decimals where they are text."""
    pattern = _NUMBER[decimal]
    misread = f"not a number like 1234{decimal}50", "leave out spaces, units and the like"

    def read(raw: Raw) -> Decimal:
        if isinstance(raw, int | Decimal):
            value = _sane(raw)
            if _NUMBER["."].fullmatch(format(value, "f")):
                return value
        elif isinstance(raw, str) and pattern.fullmatch(raw):
            return plain(Decimal(raw.replace(",", ".")))
        raise Misread(*misread)

    return read


def plain(value: Decimal) -> Decimal:
    """The same number in its one shortest form: 6.950 is 6.95, 1E+2 is 100, -0 is 0."""
    if value == value.to_integral_value():
        return Decimal(int(value))
    return EXACT.normalize(value)


def _sane(raw: int | Decimal) -> Decimal:
    """A typed number, unless writing it out would take for ever (1e999999999 is valid JSON)."""
    huge = raw.bit_length() > 100 if isinstance(raw, int) else not raw.is_finite()
    value = Decimal(0) if huge else Decimal(raw)
    if huge or (value and not -_DIGITS < value.adjusted() < _DIGITS):
        raise Misread("not a number of ordinary size")
    return plain(value) if value else Decimal(0)


def moment(format_: str, zone: ZoneInfo) -> Callable[[Raw], datetime]:
    """Reads times, as UTC; a time without an offset is read off the clock in `zone`.

    A day is its midnight. A time that the clock shows twice is the first of the two; one that
    it skips is as much later. Misread before 1970 and after 9998.
    """
    misread = _not_a_date(format_)

    def read(raw: Raw) -> datetime:
        try:
            read = raw if isinstance(raw, date) else _parsed(raw, format_)
            if not isinstance(read, datetime):
                read = datetime.combine(read, time())
        except (ValueError, OverflowError):
            raise Misread(misread) from None
        if read.year > _LATEST:
            raise Misread(f"a date after {_LATEST}", "see how the year is written")
        if read.year >= _OLDEST - 1:  # else it may have no room for a zone
            at = (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
            if at.year >= _OLDEST:
                return at
        raise Misread(f"a date before {_OLDEST}", "write the year with four digits")

    return read


def day(format_: str) -> Callable[[Raw], date]:
    """Reads days; a time of day is dropped."""
    misread = _not_a_date(format_)

    def read(raw: Raw) -> date:
        try:
            read = raw if isinstance(raw, date) else _parsed(raw, format_)
        except ValueError:
            raise Misread(misread) from None
        return read.date() if isinstance(read, datetime) else read

    return read


def field(spec: FieldColumn, decimal: str) -> Callable[[Raw], FieldValue]:
    """Reads a member's field as its entry in the mapping says."""
    if spec.format is not None:
        return day(spec.format)
    if spec.number:
        return _number_of(number(decimal))
    if spec.split is not None:
        return _texts(spec.split)
    if spec.true_is:
        return _yes_or_no(frozenset(spec.true_is), frozenset(spec.false_is))
    return text


def _number_of(read: Callable[[Raw], Decimal]) -> Callable[[Raw], FieldValue]:
    return lambda raw: whole(read(raw))


def whole(value: Decimal) -> int | Decimal:
    """A number without decimals as an integer."""
    return int(value) if value == value.to_integral_value() else value


def _texts(between: str) -> Callable[[Raw], FieldValue]:
    def read(raw: Raw) -> FieldValue:
        parts = raw if isinstance(raw, tuple) else text(raw).split(between)
        texts = (str(part).strip() for part in parts)
        return tuple(dict.fromkeys(part for part in texts if part))

    return read


def _yes_or_no(yes: frozenset[str], no: frozenset[str]) -> Callable[[Raw], FieldValue]:
    words = ", ".join(sorted(yes | no))

    def read(raw: Raw) -> FieldValue:
        written = text(raw)
        if written not in yes and written not in no:
            raise Misread("neither yes nor no", f"write one of {words}, or add to the mapping")
        return written in yes

    return read


def _not_a_date(format_: str) -> str:
    if format_ == ISO:
        return f"not a date like {_EXAMPLE} or {_EXAMPLE.date()} (format iso)"
    return f"not a date like {_EXAMPLE.strftime(format_)} (format {format_})"


def _parsed(raw: Raw, format_: str) -> datetime:
    if format_ == ISO:
        return datetime.fromisoformat(text(raw))
    return datetime.strptime(text(raw), format_)
