"""CSV files of a package: one table each, the same values as in its JSON. Pure.

RFC 4180, UTF-8. For people a byte order mark goes before, so that spreadsheets read the letters
right; for machines none. A text that a spreadsheet would take for a formula gets an apostrophe
before it, wherever a cell may begin: spreadsheets of some countries split at a semicolon, and
then know no quotation mark that stands inside. The JSON beside it has the text exactly as it is
kept.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from consent.cells import cell
from dsar.packages.bought import Bought, Taken
from dsar.packages.once import Once

_MARK = "\ufeff"

Row = Mapping[str, Any]


def access_sheets(told: Mapping[str, Any]) -> dict[str, bytes]:
    """The CSV files of an access package, by name."""
    return {
        "values.csv": _sheet(_VALUES, map(_value, [*told["values"], *told["traits"]]), mark=True),
        "purchases.csv": _written(_PURCHASES, _purchases(told["purchases"]), mark=True),
        "items.csv": _written(_ITEMS, _items(told["purchases"]), mark=True),
        "consents.csv": _sheet(_CONSENTS, map(_consent, told["consents"]), mark=True),
        "uses.csv": _sheet(_USES, map(_use, told["uses"]), mark=True),
    }


def portable_sheets(told: Mapping[str, Any]) -> dict[str, bytes]:
    """The CSV files of what can be taken elsewhere, by name."""
    values = ({**one, "value": _joined(one["value"])} for one in told["values"])
    columns = ("name", "category", "type", "value", "source", "since")
    choices = ("at", "said", "purpose", "by", "how", "channel", "setting", "language")
    return {
        "csv/values.csv": _sheet(columns, values),
        "csv/purchases.csv": _written(_TAKEN, _taken(told["purchases"])),
        "csv/items.csv": _written(_ITEMS, _items(told["purchases"])),
        "csv/choices.csv": _sheet(
            (*choices, "notice_sha256", "holds_until"), told["choices"], numbers=("setting",)
        ),
    }


_VALUES = ("name", "label", "value", "words", "category", "source", "since", "how", "purposes")
_PURCHASES = ("at", "reference", "source", "amount", "currency", "cancelled")
_TAKEN = ("reference", "source", "at", "amount", "cancelled")
_ITEMS = ("reference", "sku", "description", "quantity", "price")
_CONSENTS = (
    *("entry", "at", "said", "purpose", "by", "how", "evidence", "channel", "language", "notice"),
    *("notice_sha256", "programme_version", "holds_until"),
)
_USES = ("entry", "at", "what", "by", "purpose", "outcome", "fields", "question", "leaf")
#: Columns that hold numbers and nothing else: a minus sign there is a minus sign.
_NUMBERS = ("leaf", "programme_version")
_TRUTH = ("false", "true")


def _value(one: Row) -> Row:
    return {
        **one,
        "value": _joined(one["value"]),
        "category": one["category"]["words"],
        "source": one["source"]["words"],
        "since": one.get("since") or one["as_of"],
        "purposes": _joined(one["purposes"]),
    }


# Of purchases there may be many thousands: their cells are made one by one, and what is neither
# a text of theirs nor of ours (times, sums, currencies) is no formula.


def _purchases(purchases: Iterable[Bought]) -> Iterator[Sequence[str]]:
    text = Once(cell)
    for one in purchases:
        reference, source = text[one.reference], text[one.source["words"]]
        yield one.at, reference, source, one.amount, one.currency, _TRUTH[one.cancelled]


def _taken(purchases: Iterable[Taken]) -> Iterator[Sequence[str]]:
    text = Once(cell)
    for one in purchases:
        yield text[one.reference], text[one.source], one.at, one.amount, _TRUTH[one.cancelled]


def _items(purchases: Iterable[Bought | Taken]) -> Iterator[Sequence[str]]:
    text = Once(cell)
    for one in purchases:
        reference = text[one.reference]
        for item in one.items:
            yield (
                reference,
                text[item.sku],
                text[item.description],
                item.quantity,
                item.price,
            )


def _consent(one: Row) -> Row:
    channel = one["channel"]
    return {
        **one,
        "said": one["said"]["words"],
        "by": one["by"]["words"],
        "channel": channel and channel["words"],
    }


def _use(one: Row) -> Row:
    return {
        **one,
        "what": one["what"]["words"],
        "by": one["by"]["words"],
        "outcome": one["outcome"]["words"],
        "fields": _joined([field["name"] for field in one["fields"]]),
    }


def _joined(value: Any) -> Any:
    return "; ".join(value) if isinstance(value, list) else value


def _sheet(
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    mark: bool = False,
    numbers: Sequence[str] = _NUMBERS,
) -> bytes:
    return _written(
        columns,
        ([_cell(row.get(name), number=name in numbers) for name in columns] for row in rows),
        mark=mark,
    )


def _written(columns: Sequence[str], rows: Iterable[Sequence[str]], *, mark: bool = False) -> bytes:
    written = io.StringIO(newline="")
    sheet = csv.writer(written, lineterminator="\r\n")
    sheet.writerow(columns)
    sheet.writerows(rows)
    return ((_MARK if mark else "") + written.getvalue()).encode()


def _cell(value: Any, *, number: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _TRUTH[value]
    return str(value) if number or isinstance(value, int) else cell(str(value))
