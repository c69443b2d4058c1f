"""The values in a segment expression, made exact: numbers, days, and ages as ranges of birth dates.

Pure functions over sqlglot's nodes and whole numbers. They return None where there is no such
value, and leave it to the caller to say what would be right.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from math import floor

from sqlglot import exp

from profiles.conditions import And, Compare, Condition
from profiles.stacks import Op
from profiles.values import LARGEST, to_number

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_COUNT = re.compile(r"\d{1,6}", re.ASCII)

# No stack holds a number this large: comparing with one is always, or never, true of the known.
BEYOND = LARGEST + 1


def text_of(node: exp.Expr) -> str | None:
    return str(node.this) if isinstance(node, exp.Literal) and node.is_string else None


def number_of(node: exp.Expr) -> Fraction | None:
    """A literal number with or without a minus sign, exactly as written."""
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        number = number_of(node.this)
        return None if number is None else -number
    if isinstance(node, exp.Literal) and not node.is_string:
        return Fraction(str(node.this))
    return None


def day_of(node: exp.Expr, today: date) -> date | None:
    """'YYYY-MM-DD', DATE 'YYYY-MM-DD' or CURRENT_DATE, plus or minus any number of intervals."""
    steps: list[Callable[[date], date | None]] = []
    while isinstance(node, exp.Add | exp.Sub):
        step = _step(node.expression, -1 if isinstance(node, exp.Sub) else 1)
        if step is None:
            return None
        steps.append(step)
        node = node.this.unnest()
    day = _plain_day(node, today)
    for step in reversed(steps):
        day = None if day is None else step(day)
    return day


def _plain_day(node: exp.Expr, today: date) -> date | None:
    if isinstance(node, exp.CurrentDate):
        return today
    if isinstance(node, exp.Cast) and node.to.this == exp.DType.DATE:
        node = node.this
    text = text_of(node)
    if text is None or not _ISO_DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _step(node: exp.Expr, sign: int) -> Callable[[date], date | None] | None:
    if not isinstance(node, exp.Interval) or not isinstance(node.this, exp.Literal):
        return None
    unit = str(node.args.get("unit") or "").upper().removesuffix("S")
    if not _COUNT.fullmatch(str(node.this.this)):
        return None
    count = sign * int(node.this.this)
    match unit:
        case "DAY" | "WEEK":
            return lambda day: _days_later(day, count * (7 if unit == "WEEK" else 1))
        case "MONTH" | "YEAR":
            return lambda day: _months_later(day, count * (12 if unit == "YEAR" else 1))
        case _:
            return None


def _days_later(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def _months_later(day: date, months: int) -> date | None:
    """The same day of another month, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def whole(op: Op, constant: Fraction, *, scale: int) -> tuple[Op, int]:
    """The comparison of whole numbers that says the same as `value op constant`.

    `scale` is the number of decimals a stack's unit stands for. No whole number equals a
    fraction: that is said by a comparison that is never true of a known number.
    """
    scaled = constant * 10**scale
    if scaled.denominator != 1:
        if op is Op.EQ:
            return Op.LT, -BEYOND
        op = Op.GT if op in (Op.GT, Op.GE) else Op.LE
    return op, max(-BEYOND, min(BEYOND, floor(scaled)))


def age_compare(name: str, born: str, op: Op, years: int, *, today: date) -> Condition:
    """An age compared with whole years, as a condition on the day of birth.

    One grows a year older on one's birthday; who was born on 29 February has it on 1 March in
    common years.
    """

    def compare(op: Op, limit: int) -> Compare:
        return Compare(name, born, op, limit)

    match op:
        case Op.GE:
            return compare(Op.LE, _born_by(years, today))
        case Op.GT:
            return compare(Op.LE, _born_by(years + 1, today))
        case Op.LT:
            return compare(Op.GT, _born_by(years, today))
        case Op.LE:
            return compare(Op.GT, _born_by(years + 1, today))
        case Op.EQ:
            return And(
                (
                    compare(Op.GT, _born_by(years + 1, today)),
                    compare(Op.LE, _born_by(years, today)),
                )
            )


def _born_by(years: int, today: date) -> int:
    """The last day of birth, as a number, of someone who is `years` old today."""
    year = today.year - years
    if year < 1:
        return -BEYOND
    if year > 9999:
        return BEYOND
    return to_number(date(year, today.month, min(today.day, monthrange(year, today.month)[1])))
