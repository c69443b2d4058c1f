"""Reads CSV, NDJSON and Parquet files into sheets, or says on which line a file is broken.

The three formats give the same sheet for the same rows. Only the columns that the mapping
names are kept. A file is read through before anything is made of it, so a file that breaks
off at its end is refused as a whole.
"""

from pathlib import Path

from api.imports.delimited import read_csv
from api.imports.errors import ImportRefused
from api.imports.mapping import Format, Mapping
from api.imports.ndjson import read_ndjson
from api.imports.parquet import MAGIC, read_parquet
from api.imports.sheet import Sheet, Wanted

_ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".pq": "parquet",
}


def read_sheet(path: Path, mapping: Mapping, wanted: Wanted) -> Sheet:
    """The wanted columns of a file. Raises `ImportRefused`; `MappingRefused` for a column."""
    format_ = mapping.format or _format(path)
    try:
        with path.open("rb") as file:
            _look(path.name, format_, file.read(4))
        match format_:
            case "csv":
                return read_csv(path, mapping, wanted)
            case "ndjson":
                return read_ndjson(path, wanted)
            case "parquet":
                return read_parquet(path, wanted)
    except OSError as error:
        raise ImportRefused(
            f"the file cannot be opened ({error.strerror or type(error).__name__})", place=path.name
        ) from error


def _format(path: Path) -> Format:
    try:
        return _ENDINGS[path.suffix.lower()]
    except KeyError:
        raise ImportRefused(
            "the file's name does not tell its format",
            place=path.name,
            remedy="end it in .csv, .ndjson or .parquet, or set format in the mapping",
        ) from None


def _look(name: str, format_: Format, start: bytes) -> None:
    """Refuse at once what is plainly something else than it says."""
    if not start:
        raise ImportRefused("the file is empty", place=name)
    if start.startswith(b"\x1f\x8b"):
        raise ImportRefused("the file is compressed", place=name, remedy="unpack it first")
    if format_ != "parquet" and start == MAGIC:
        raise ImportRefused(
            f"this is a Parquet file, not {format_.upper()}",
            place=name,
            remedy='end its name in .parquet, or set format = "parquet" in the mapping',
        )
