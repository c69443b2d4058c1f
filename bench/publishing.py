"""Results as they are published: a list in JSON, a table on the screen, the same table in docs.

`bench/results.json` is the source; the table in `docs/benchmarks.md` is made from it and a test
holds the two together.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.table import Table

from bench.measuring import Result

RESULTS = Path(__file__).parent / "results.json"
DOCS = Path(__file__).parents[1] / "docs" / "benchmarks.md"
HEADER = ("row", "size", "ours", "theirs", "ratio (min–max)", "goal")

_BEGIN = "<!-- table: made by `make bench` from bench/results.json -->"
_END = "<!-- end of table -->"


def read(path: Path) -> list[Result]:
    """The results in a file, none when there is no such file."""
    if not path.exists():
        return []
    return msgspec.json.decode(path.read_bytes(), type=list[Result])


def merged(before: Sequence[Result], new: Sequence[Result], order: Sequence[str]) -> list[Result]:
    """The rows in `order`, each as it was measured last; rows there are no more are dropped."""
    latest = {one.row: one for one in [*before, *new]}
    return [latest[row] for row in order if row in latest]


def write(path: Path, results: Sequence[Result]) -> None:
    """Replace the file, whole or not at all."""
    draft = path.with_name(path.name + ".tmp")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")
    draft.replace(path)


def cells(one: Result) -> tuple[str, ...]:
    """A result as the table shows it."""
    ratio = "—"
    if one.ratio is not None:
        ratio = f"{one.ratio:g}× ({one.ratio_min:g}–{one.ratio_max:g})"
    return one.row, one.size, one.ours, one.theirs, ratio, one.goal


def shown(results: Sequence[Result]) -> Table:
    """The table for a terminal."""
    table = Table(*HEADER)
    for one in results:
        table.add_row(*cells(one))
    return table


def in_markdown(results: Sequence[Result]) -> str:
    """The table for the docs, between the marks that say where it goes."""
    rows = [HEADER, ("---",) * len(HEADER), *([f"`{c[0]}`", *c[1:]] for c in map(cells, results))]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    machines = dict.fromkeys(one.machine for one in results)
    lines += ["", *(f"Measured on {one}." for one in machines)]
    return "\n".join([_BEGIN, *lines, _END])


def with_table(page: str, results: Sequence[Result]) -> str:
    """The page with its table made anew. Raises `ValueError` when the marks are gone."""
    start, end = page.index(_BEGIN), page.index(_END) + len(_END)
    return page[:start] + in_markdown(results) + page[end:]
