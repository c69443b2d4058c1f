"""CSV files.

Read with the standard library's reader, which knows on which line each record begins, also
when quoted values hold line breaks.
"""

import csv
from array import array
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

from api.imports.columns import Encoder
from api.imports.errors import ImportRefused
from api.imports.mapping import Mapping
from api.imports.sheet import Sheet, Wanted, check_columns, check_length

_BATCH = 2_048


def read_csv(path: Path, mapping: Mapping, wanted: Wanted) -> Sheet:
    """The wanted columns of a CSV file; its first line is the header. Blank lines are no lines."""
    # A byte-order mark is no part of the first column's name.
    encoding = "utf-8-sig" if mapping.encoding.lower() in ("utf-8", "utf8") else mapping.encoding
    starts = array("q")  # the line on which each record begins
    try:
        with path.open(encoding=encoding, newline="") as file:
            records = _records(path.name, file, mapping, starts.append)
            header = [column.strip() for column in next(records, [])]
            check_header(path.name, header, mapping, wanted)
            columns = {column: (header.index(column), Encoder()) for column in wanted}
            while batch := list(islice(records, _BATCH)):
                check_length(path.name, len(starts) - 1)
                across = list(zip(*batch, strict=True))
                for index, encoder in columns.values():
                    encoder.extend(across[index])
    except UnicodeError as error:
        raise _not_text(path, mapping.encoding) from error
    made = {name: encoder.column(name) for name, (_, encoder) in columns.items()}
    return Sheet(path.name, "line", np.frombuffer(starts, dtype=np.int64)[1:], made)


def check_header(name: str, header: list[str], mapping: Mapping, wanted: Wanted) -> None:
    """Refuse a header without the wanted columns; a wrong delimiter is told apart."""
    if not any(header):
        raise ImportRefused("the header is missing", place=f"{name} line 1")
    if len(header) == 1 and len(wanted) > 1:
        for other in ";\t|,":
            if other != mapping.delimiter and other in header[0]:
                written = "\\t" if other == "\t" else other
                raise ImportRefused(
                    "the header is one single column",
                    place=f"{name} line 1",
                    remedy=f'set delimiter = "{written}" in the mapping',
                )
    check_columns(name, header, wanted)


def _records(
    name: str, file: IO[str], mapping: Mapping, starts_at: Callable[[int], None]
) -> Iterator[list[str]]:
    """The header and the records, all as wide; where each began is told before it is given."""
    reader = csv.reader(file, delimiter=mapping.delimiter, strict=True)
    start, width = 1, 0
    try:
        for record in reader:
            width = width or len(record)
            if len(record) == width:
                starts_at(start)
                yield record
            elif record:
                raise ImportRefused(
                    f"{len(record)} values, where the header has {width}",
                    place=f"{name} line {start}",
                    remedy="put a value that holds the delimiter in quotes",
                )
            start = reader.line_num + 1
    except csv.Error as error:
        raise ImportRefused(
            "a quoted value is not closed, or goes on after its closing quote",
            place=f"{name} line {start}",
            remedy='a quote inside a quoted value is written twice: ""',
        ) from error


def _not_text(path: Path, encoding: str) -> ImportRefused:
    with path.open("rb") as file:
        line = _first_undecodable(file, encoding)
    place = path.name if line is None else f"{path.name} line {line}"
    return ImportRefused(
        f"not {encoding.upper()} text", place=place, remedy="set encoding in the mapping"
    )


def _first_undecodable(file: IO[bytes], encoding: str) -> int | None:
    """The line that cannot be decoded; None where lines cannot be told apart byte by byte."""
    if "\n".encode(encoding) != b"\n":
        return None
    for number, line in enumerate(file, 1):
        try:
            line.decode(encoding)
        except UnicodeError:
            return number
    return None
