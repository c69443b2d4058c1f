"""What a value of each type looks like, how it is written down, and the number it sorts by.

Pure functions over one value. An error here names the field and the type, never the value:
it may be a member's.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from profiles.errors import BadValue

EPOCH = date(1970, 1, 1)
LARGEST = 2**53
LONGEST_TEXT = 1_000
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
#: What nobody sees and nothing of ours keeps: Unicode's controls, but for tabs and line ends.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_CENT = Decimal("0.01")
_DIGITS = 16  # of an amount: more are not worked out


class FieldType(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    MONEY = "money"  # Decimal with two decimals; whole minor units wherever a number is needed
    DATE = "date"
    BOOLEAN = "boolean"
    TEXTS = "texts"  # several texts, no order, none twice

    @property
    def numeric(self) -> bool:
        """Held as a stack of sets, so that it can be compared."""
        return self in (FieldType.INTEGER, FieldType.MONEY, FieldType.DATE)


Value = str | int | Decimal | date | bool | tuple[str, ...]
Plain = str | int | bool | list[str]


class _Misfit(Exception):
    """Why a value does not fit; becomes a `BadValue` that knows the field."""


def check_value(type_: FieldType, raw: object, *, place: str) -> Value:
    """`raw` as the value of `type_` that Tillit keeps.

    Texts come out in Unicode NFC, lists sorted, money with two decimals. Dates may be given as
    YYYY-MM-DD. Raises `BadValue`, which names `place` and says what would be right.
    """
    try:
        return _CHECKS[type_](raw)
    except _Misfit as misfit:
        raise BadValue(
            f"the value is not of type {type_}", place=place, remedy=str(misfit)
        ) from None


def has_controls(text: str) -> bool:
    """Whether there are characters in it that no text of a person's has, such as NUL.

    They cannot be seen, the database keeps no NUL, and terminals and spreadsheets obey others.
    """
    return _CONTROLS.search(text) is not None


def without_controls(text: str) -> str:
    """The text as it looks: without such characters."""
    return _CONTROLS.sub("", text)


def encode_value(value: Value) -> Plain:
    """A checked value in the plain form that is packed and sealed."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def decode_value(type_: FieldType, plain: object, *, place: str) -> Value:
    """The value that `encode_value` wrote. Raises `BadValue` if it is of another type."""
    return check_value(type_, plain, place=place)


def to_number(value: Value) -> int:
    """The whole number a stack holds: days since 1970-01-01, minor units, or the integer.

    Raises `TypeError` for a text, a list or a boolean: those have sets, not stacks.
    """
    if isinstance(value, Decimal):
        return int(value.scaleb(2))
    if isinstance(value, date):
        return (value - EPOCH).days
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise TypeError(f"a {type(value).__name__} has no number")


def from_number(type_: FieldType, number: int) -> Value:
    """The value whose `to_number` is `number`."""
    if type_ is FieldType.MONEY:
        return Decimal(number).scaleb(-2)
    if type_ is FieldType.DATE:
        return EPOCH + timedelta(days=number)
    if type_ is FieldType.INTEGER:
        return number
    raise TypeError(f"a {type_} has no number")


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise _Misfit("give a text")
    text = unicodedata.normalize("NFC", raw)
    if not text.strip():
        raise _Misfit("give a text that is not blank, or leave the field out")
    if len(text) > LONGEST_TEXT:
        raise _Misfit(f"give at most {LONGEST_TEXT:,} characters")
    if has_controls(text):
        raise _Misfit("leave out characters that cannot be seen; tabs and line ends may stand")
    try:
        text.encode()  # of all characters, these alone have no UTF-8
    except UnicodeEncodeError:
        misfit = "give whole Unicode characters; half of a surrogate pair is none"
        raise _Misfit(misfit) from None
    return text


def _integer(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise _Misfit("give a whole number")
    if abs(raw) > LARGEST:
        raise _Misfit("give a whole number between -2^53 and 2^53")
    return raw


def _money(raw: object) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, Decimal | str | int):
        raise _Misfit('give an amount as a text such as "12.50", never as a binary fraction')
    try:
        amount = Decimal(raw)
    except InvalidOperation:
        raise _Misfit('give an amount such as "12.50"') from None
    if not amount.is_finite() or amount.adjusted() > _DIGITS or abs(amount) * 100 > LARGEST:
        raise _Misfit("give an amount below 90 million million")
    exact = amount.quantize(_CENT)
    if exact != amount:
        raise _Misfit("give at most two decimals")
    return abs(exact) if exact == 0 else exact


def _date(raw: object) -> date:
    if isinstance(raw, datetime):
        raise _Misfit("give a day without a time of day")
    if isinstance(raw, date):
        return raw
    if isinstance(raw, str) and _ISO_DATE.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            raise _Misfit("there is no such day in the calendar") from None
    raise _Misfit("give a day as YYYY-MM-DD")


def _boolean(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise _Misfit("give true or false")
    return raw


def _texts(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple | set | frozenset):
        raise _Misfit("give a list of texts")
    texts = sorted(_text(one) for one in raw)
    if len(set(texts)) != len(texts):
        raise _Misfit("give each text once")
    return tuple(texts)


_CHECKS: Mapping[FieldType, Callable[[object], Value]] = {
    FieldType.TEXT: _text,
    FieldType.INTEGER: _integer,
    FieldType.MONEY: _money,
    FieldType.DATE: _date,
    FieldType.BOOLEAN: _boolean,
    FieldType.TEXTS: _texts,
}
