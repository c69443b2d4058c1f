"""`tillit import`: members, events and consents from files."""

from pathlib import Path
from typing import Annotated

import typer

from api.bootstrap import Tillit
from api.cli.door import run
from api.cli.speaking import AsJson, bars, say_json
from api.imports import load_mapping
from api.imports import running as importing
from api.imports.mapping import Noun
from api.imports.outcome import Outcome

app = typer.Typer(no_args_is_help=True, help="Bring in members, purchases or consents from a file.")

File = Annotated[Path, typer.Argument(help="A CSV, NDJSON or Parquet file.")]
MappingFile = Annotated[
    Path, typer.Option("--mapping", help="Which column is which: a TOML file, see docs/import.md.")
]

_UNPROVEN = "  unproven: kept, and not used until the member says yes again (docs/import.md)"


@app.command()
def members(file: File, mapping: MappingFile, as_json: AsJson = False) -> None:
    """Enrol the members of a file."""
    _import("members", file, mapping, as_json=as_json)


@app.command()
def events(file: File, mapping: MappingFile, as_json: AsJson = False) -> None:
    """Keep the purchases of a file, each once."""
    _import("events", file, mapping, as_json=as_json)


@app.command()
def consents(file: File, mapping: MappingFile, as_json: AsJson = False) -> None:
    """Put the choices of a file into the ledger, each once."""
    _import("consents", file, mapping, as_json=as_json)


def _import(noun: Noun, path: Path, mapping: Path, *, as_json: bool) -> None:
    wanted = load_mapping(mapping)
    with bars(quiet=as_json) as progress:

        async def step(tillit: Tillit) -> Outcome:
            return await importing.run(tillit, noun, path, wanted, progress=progress)

        outcome = run(step)
    if as_json:
        say_json(outcome.plain())
        return
    for line in _told(outcome):
        typer.echo(line)


def _told(outcome: Outcome) -> list[str]:
    things = "".join(f", {count:,} {name}" for name, count in outcome.things.items())
    left = [
        f"  {count:,} {reason.replace('_', ' ')}" for reason, count in outcome.not_taken.items()
    ]
    unproven = [_UNPROVEN] if outcome.things.get("unproven") else []
    new = ", ".join(f"{count:,} {name}" for name, count in outcome.new.items())
    return [
        f"{outcome.lines:,} lines: {outcome.taken:,} taken, "
        f"{sum(outcome.not_taken.values()):,} not taken",
        *left,
        f"taken: {outcome.members:,} members{things}",
        *unproven,
        f"new with this run: {new}",
    ]
