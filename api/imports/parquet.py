"""Parquet files, read batch by batch with pyarrow."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from api.imports.columns import Encoder
from api.imports.errors import ImportRefused
from api.imports.sheet import Sheet, Wanted, check_columns, check_length

MAGIC = b"PAR1"
_BATCH = 131_072
_TEXTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)


class _Unusable(Exception):
    """A column of a type that holds no plain values."""


class _NoTime(Exception):
    """A time or day that Python's calendar does not reach, and the first line it is on."""

    def __init__(self, position: int) -> None:
        self.position = position


def read_parquet(path: Path, wanted: Wanted) -> Sheet:
    """The wanted columns of a Parquet file; its first row is row 1."""
    encoders = {column: Encoder() for column in wanted}
    rows = 0
    try:
        with pq.ParquetFile(path) as file:
            check_length(path.name, file.metadata.num_rows)
            check_columns(path.name, file.schema_arrow.names, wanted)
            for batch in file.iter_batches(_BATCH, columns=list(wanted)):
                for column, encoder in encoders.items():
                    try:
                        _extend(encoder, batch.column(column), place=(path.name, column))
                    except _NoTime as error:
                        raise ImportRefused(
                            "a time or day outside the years 1 to 9999",
                            place=f"{path.name} row {rows + error.position + 1}, column {column}",
                        ) from None
                rows += batch.num_rows
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        # pyarrow reports a file that breaks off as OSError or as ArrowInvalid.
        raise ImportRefused(
            "not a whole Parquet file",
            place=path.name,
            remedy="it may have broken off: copy it anew",
        ) from error
    made = {name: encoder.column(name) for name, encoder in encoders.items()}
    return Sheet(path.name, "row", np.arange(1, rows + 1, dtype=np.int64), made)


def _extend(encoder: Encoder, values: pa.Array, *, place: tuple[str, str]) -> None:
    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.dictionary_decode()
        kind = values.type
    try:
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            encoder.extend([_list(value, kind.value_type) for value in values.to_pylist()])
            return
        encoded = _encodable(values).dictionary_encode()
        _check_times(values)
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        encoder.extend_encoded(_distinct(encoded.dictionary), codes)
    except _Unusable as error:
        name, column = place
        raise ImportRefused(
            f"a column of type {kind} cannot be imported",
            place=f"{name}, column {column}",
            remedy="write text, numbers, days, times, true or false, or lists of text",
        ) from error


def _encodable(values: pa.Array) -> pa.Array:
    kind = values.type
    if any(test(kind) for test in _TEXTS):
        return values.cast(pa.large_string())
    if pa.types.is_timestamp(kind):
        # Python's times go no finer than a microsecond.
        return values.cast(pa.timestamp("us", kind.tz), safe=False)
    plain = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    others = (pa.types.is_date, pa.types.is_boolean, pa.types.is_null)
    if any(test(kind) for test in (*plain, *others)):
        return values
    raise _Unusable


def _check_times(values: pa.Array) -> None:
    if not (pa.types.is_timestamp(values.type) or pa.types.is_date(values.type)):
        return
    years = pc.year(values)
    wrong = pc.fill_null(pc.or_(pc.less(years, 1), pc.greater(years, 9999)), False)
    if (position := pc.index(wrong, True).as_py()) >= 0:
        raise _NoTime(position)


def _distinct(values: pa.Array) -> Sequence[object]:
    kind = values.type
    if pa.types.is_floating(kind):
        # str() of a numpy number is the shortest decimal that means it: 6.95, of 4 bytes or 8.
        numbers = values.to_numpy(zero_copy_only=False)
        return [None if np.isnan(number) else Decimal(str(number)) for number in numbers]
    if pa.types.is_boolean(kind):
        return ["true" if value else "false" for value in values.to_pylist()]
    found: list[object] = values.to_pylist()
    return found


def _list(values: list[Any] | None, kind: pa.DataType) -> object:
    if values is None:
        return None
    if not any(test(kind) for test in _TEXTS):
        raise _Unusable
    return tuple(value for value in values if value is not None) or None
