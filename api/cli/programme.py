"""`tillit programme`: what the programme file says, would change, and has in force."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from api.bootstrap import Tillit
from api.cli.door import MISTAKE, run
from api.cli.speaking import ActingAs, AsJson, officer, say_json
from audit.acts import Act
from consent.errors import NoProgramme
from consent.programme import Programme, check_programme, load_programme
from consent.programme.difference import Change, difference
from consent.programmes import Active
from kernel.errors import Problem

app = typer.Typer(
    no_args_is_help=True, help="Check, apply and show the programme file (docs/programme.md)."
)

File = Annotated[Path, typer.Argument(help="The programme file, TOML.")]


@app.command()
def check(file: File, as_json: AsJson = False) -> None:
    """Everything wrong with a programme file, and everything worth a second look."""
    checked = check_programme(file.read_bytes())
    if as_json:
        say_json(
            {
                "errors": [asdict(one) for one in checked.errors],
                "warnings": [asdict(one) for one in checked.warnings],
            }
        )
    else:
        _say("error", checked.errors)
        _say("warning", checked.warnings)
        if not checked.errors:
            typer.echo("this programme can be applied")
    if checked.errors:
        raise typer.Exit(MISTAKE)


@app.command()
def apply(
    file: File,
    acting: ActingAs,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a programme changes and what follows from it, then put it in force."""
    programme = load_programme(file)
    act = officer(acting)

    async def step(tillit: Tillit) -> tuple[int, list[Change]]:
        return await _apply(tillit, act, programme, ask=not (yes or as_json), show=not as_json)

    version, changes = run(step)
    if as_json:
        say_json({"version": version, "changes": [_plain(change) for change in changes]})
    elif changes:
        typer.echo(f"version {version} is in force")
    else:
        typer.echo(f"nothing changes: version {version} stays in force")


@app.command()
def show(as_json: AsJson = False) -> None:
    """The programme in force, as it was written."""

    async def step(tillit: Tillit) -> Active:
        async with tillit.unit() as work:
            return work.active

    active = run(step)
    if as_json:
        say_json(
            {
                "version": active.version,
                "applied_at": active.applied_at.isoformat(),
                "digest": active.programme.digest.hex(),
                "programme": active.programme.content,
            }
        )
    else:
        typer.echo(f"# version {active.version}, applied {active.applied_at:%Y-%m-%d %H:%M %Z}")
        typer.echo(active.programme.source, nl=not active.programme.source.endswith("\n"))


async def _apply(
    tillit: Tillit, act: Act, programme: Programme, *, ask: bool, show: bool
) -> tuple[int, list[Change]]:
    async with tillit.database.transaction() as session:
        try:
            before = await tillit.programmes.active(session)
        except NoProgramme:
            before = None
    changes = difference(before.programme if before else None, programme)
    if before is not None and not changes:
        return before.version, []
    if show:
        for change in changes:
            typer.echo(str(change))
    if ask and sys.stdin.isatty():
        typer.confirm("Apply these changes?", abort=True, err=True)
    version = await tillit.apply(act, programme)
    await tillit.integrate()
    return version, changes


def _plain(change: Change) -> dict[str, Any]:
    return asdict(change) | {"kind": change.kind.value}


def _say(kind: str, problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        typer.echo(f"{kind}: {problem}", err=True)
