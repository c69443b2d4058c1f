"""`python -m bench`: measure the rows, print one table, publish it.

A run of another size than the published one prints its table and publishes nothing, unless it is
told where to (`--out`).
"""

import argparse
import sys
import time
import traceback
from difflib import get_close_matches
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console

from bench import publishing
from bench.context import MILLION, Bench
from bench.machine import machine
from bench.measuring import ROUNDS, Result
from bench.rows import ROWS
from bench.store import Tell


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; 1 when any row failed, and the others are published all the same."""
    asked = _parser().parse_args(arguments)
    results: list[Result] = []
    failed: list[str] = []
    where, tell = machine(), _teller(Console(stderr=True))
    with Bench(asked.members, asked.rounds, asked.keep, tell) as bench:
        for row in asked.only or ROWS:
            tell(f"{row} …")
            try:
                results.append(replace(ROWS[row](bench), machine=where))
            except Exception:  # the door of this program: said in full, and the rest goes on
                traceback.print_exc()
                failed.append(row)
    out = asked.out or (publishing.RESULTS if asked.members == MILLION else None)
    if out is not None and results:
        results = publishing.merged(publishing.read(out), results, list(ROWS))
        publishing.write(out, results)
        if out == publishing.RESULTS:
            page = publishing.DOCS.read_text("utf-8")
            publishing.DOCS.write_text(publishing.with_table(page, results), "utf-8")
    screen = Console()
    Console(width=None if screen.is_terminal else 140).print(publishing.shown(results))
    tell("failed: " + ", ".join(failed) if failed else "done")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add("--only", metavar="ROW", action="append", type=_row, help="this row only; may be repeated")
    add("--members", type=int, default=MILLION, help="members in the store (default: %(default)s)")
    add("--rounds", type=int, default=ROUNDS, help="rounds of each row (default: %(default)s)")
    add("--keep", type=Path, metavar="FOLDER", help="build the store there, or use the one there")
    add("--out", type=Path, metavar="FILE", help="where results go (default: bench/results.json)")
    return parser


def _row(name: str) -> str:
    if name in ROWS:
        return name
    close = get_close_matches(name, ROWS, n=1)
    hint = f"did you mean {close[0]}?" if close else "the rows are " + ", ".join(ROWS)
    raise argparse.ArgumentTypeError(f"there is no row {name}; {hint}")


def _teller(console: Console) -> Tell:
    started = time.perf_counter()

    def tell(what: str) -> None:
        taken = time.perf_counter() - started
        console.print(f"{taken:4.0f} s  {what}", markup=False, highlight=False)

    return tell


if __name__ == "__main__":
    sys.exit(main())
