"""NDJSON files: one JSON object on each line (RFC 8259, so always UTF-8)."""

from array import array
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from api.imports.columns import Encoder
from api.imports.errors import ImportRefused
from api.imports.sheet import Sheet, Wanted, check_columns, check_length

_BATCH = 2_048
# Numbers are read as decimals: 6.95 is not a binary fraction.
_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_WRITE = 'each line is one object: {"column": value, …}'
_MARK = b"\xef\xbb\xbf"  # a byte-order mark is no part of the first line
_SCALARS = str | int | Decimal


class _Unusable(Exception):
    """A value that is an object, or a list of something else than plain values."""


def read_ndjson(path: Path, wanted: Wanted) -> Sheet:
    """The wanted columns of an NDJSON file. Blank lines are no lines; a missing key is empty."""
    encoders = {column: Encoder() for column in wanted}
    numbers = array("q")
    keys: dict[str, None] = {}
    with path.open("rb") as file:
        lines = enumerate(file, 1)
        while batch := list(islice(lines, _BATCH)):
            records = []
            for number, line in batch:
                if line.strip():
                    record = _record(path.name, number, line)
                    keys.update(dict.fromkeys(record))
                    numbers.append(number)
                    records.append(record)
            check_length(path.name, len(numbers))
            for column, encoder in encoders.items():
                values = [record.get(column) for record in records]
                if (unusable := _extend(encoder, values)) is not None:
                    at = numbers[unusable - len(records)]
                    raise ImportRefused(
                        "an object, or a list of lists, where a value is expected",
                        place=f"{path.name} line {at}, column {column}",
                        remedy="write text, a number, true, false, null, or a list of those",
                    )
    if not numbers:
        raise ImportRefused("the file holds no line", place=path.name)
    check_columns(path.name, list(keys), wanted)
    made = {name: encoder.column(name) for name, encoder in encoders.items()}
    return Sheet(path.name, "line", np.frombuffer(numbers, dtype=np.int64), made)


def _record(name: str, number: int, line: bytes) -> dict[str, Any]:
    place = f"{name} line {number}"
    try:
        return _DECODER.decode(line.removeprefix(_MARK) if number == 1 else line)
    except UnicodeDecodeError as error:
        raise ImportRefused("not UTF-8 text", place=place) from error
    except (msgspec.DecodeError, InvalidOperation, RecursionError) as error:
        looks = line.lstrip().startswith(b"{")
        message = "not JSON that can be read, or broken off" if looks else "not a JSON object"
        raise ImportRefused(message, place=place, remedy=_WRITE) from error


def _extend(encoder: Encoder, values: list[object]) -> int | None:
    """Add the values of one batch, or say which of them cannot be used."""
    done: list[object] = []
    try:
        for value in values:
            done.append(value if type(value) is str else _plain(value))
    except _Unusable:
        return len(done)
    encoder.extend(done)
    return None


def _plain(value: object) -> object:
    if value is None:
        return value
    # As text, so that true never equals 1, and so that CSV says the same.
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, list):
        parts = tuple(_plain(part) for part in value if part is not None)
        if not any(isinstance(part, tuple) for part in parts):
            return parts or None
    raise _Unusable
