"""`tillit programme`: what the programme file says, would change, and has in force."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import psycopg
import sqlalchemy.exc
import typer

from api.bootstrap import Tillit
from api.cli.door import MISTAKE, run
from api.cli.speaking import ActingAs, AsJson, officer, say_json
from api.settings import read_settings
from audit.acts import Act
from consent.errors import NoProgramme
from consent.programme import Programme, check_programme, load_programme
from consent.programme.difference import Change, difference
from consent.programme.ropa import record_of_processing
from consent.programme.ropa_text import Form, written
from consent.programme.rules_change import check_change, refuse_silent_changes
from consent.programmes import Active
from kernel.errors import Problem, TillitError

FEWEST = 10  # a count below it could be about somebody

app = typer.Typer(
    no_args_is_help=True, help="Check, apply and show the programme file (docs/programme.md)."
)

File = Annotated[Path, typer.Argument(help="The programme file, TOML.")]


@dataclass(frozen=True)
class Foreseen:
    """How many members a programme concerns, by purpose, before it is applied."""

    ask_again: Mapping[str, int] = field(default_factory=dict)
    newly_eligible: Mapping[str, int] = field(default_factory=dict)


class Format(StrEnum):
    """What `show` shows."""

    TOML = "toml"
    ROPA = "ropa"


@app.command()
def check(file: File, as_json: AsJson = False) -> None:
    """Everything wrong with a programme file, and everything worth a second look."""
    checked = check_programme(file.read_bytes())
    errors, warnings = list(checked.errors), list(checked.warnings)
    active = _in_force() if checked.programme else None
    if checked.programme and active:
        more = check_change(active.programme, checked.programme, earlier=_earlier(active))
        errors += more[0]
        warnings += more[1]
    if as_json:
        say_json(
            {
                "errors": [asdict(one) for one in errors],
                "warnings": [asdict(one) for one in warnings],
                "compared_with": active.version if active else None,
            }
        )
    else:
        _say("error", errors)
        _say("warning", warnings)
        if active:
            typer.echo(f"compared with version {active.version}, which is in force")
        if not errors:
            typer.echo("this programme can be applied")
    if errors:
        raise typer.Exit(MISTAKE)


@app.command()
def apply(
    file: File,
    acting: ActingAs,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a programme changes, what follows from it and for how many, then apply it."""
    programme = load_programme(file)
    act = officer(acting)

    async def step(tillit: Tillit) -> tuple[int, list[Change], Foreseen]:
        return await _apply(tillit, act, programme, ask=not (yes or as_json), show=not as_json)

    version, changes, foreseen = run(step)
    if as_json:
        say_json(
            {
                "version": version,
                "changes": [_plain(change) for change in changes],
                "ask_again": _counts(foreseen.ask_again),
                "newly_eligible": _counts(foreseen.newly_eligible),
            }
        )
    elif changes:
        typer.echo(f"version {version} is in force")
    else:
        typer.echo(f"nothing changes: version {version} stays in force")


@app.command()
def show(
    file: Annotated[
        Path | None, typer.Argument(help="A programme file, in place of the one in force.")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="As it was written, or the Art. 30 record.")
    ] = Format.TOML,
    record_form: Annotated[
        Form | None, typer.Option("--as", help="How to write the Art. 30 record.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The programme in force, or one in a file: as written, or as the Art. 30 record."""
    if record_form and form is not Format.ROPA:
        raise typer.BadParameter("it goes with --format ropa", param_hint="--as")
    active = None if file else run(_active)
    programme = active.programme if active else load_programme(file or Path())
    if form is Format.ROPA:
        wanted = Form.JSON if as_json else record_form or Form.MARKDOWN
        # Bytes: a CSV's line ends are its own, and no console's.
        sys.stdout.flush()
        typer.echo(written(record_of_processing(programme), wanted).encode(), nl=False)
    elif as_json:
        say_json(
            {
                "version": active.version if active else None,
                "applied_at": active.applied_at.isoformat() if active else None,
                "digest": programme.digest.hex(),
                "programme": programme.content,
            }
        )
    else:
        if active:
            typer.echo(f"# version {active.version}, applied {active.applied_at:%Y-%m-%d %H:%M %Z}")
        typer.echo(programme.source, nl=not programme.source.endswith("\n"))


async def _active(tillit: Tillit) -> Active:
    async with tillit.unit() as work:
        return work.active


def _in_force() -> Active | None:
    """The version in force where there is a store; none is made, nor waited for."""
    settings = read_settings()
    store = settings.database_url is not None or (settings.data / "postgres").exists()
    if not (store and settings.record_key.exists()):
        return None
    try:
        return run(_active)
    except NoProgramme:
        return None
    except (TillitError, psycopg.OperationalError, sqlalchemy.exc.OperationalError):
        typer.echo("not compared with the version in force: the store does not answer", err=True)
        return None


def _earlier(active: Active) -> list[Programme]:
    return [active.earlier[number].programme for number in sorted(active.earlier)]


async def _apply(
    tillit: Tillit, act: Act, programme: Programme, *, ask: bool, show: bool
) -> tuple[int, list[Change], Foreseen]:
    before, foreseen = await _before(tillit, programme)
    changes = difference(before.programme if before else None, programme)
    if before is not None and not changes:
        return before.version, [], Foreseen()
    if before is not None:
        refuse_silent_changes(before.programme, programme, earlier=_earlier(before))
    if show:
        _show(changes, foreseen)
    if ask and sys.stdin.isatty():
        typer.confirm("Apply these changes?", abort=True, err=True)
    version = await tillit.apply(act, programme)
    await tillit.integrate()
    return version, changes, foreseen


async def _before(tillit: Tillit, programme: Programme) -> tuple[Active | None, Foreseen]:
    """The version in force, and how many members the next one concerns."""
    try:
        async with tillit.unit() as work:
            again = await tillit.gate.affected(work.unit, work.active, programme)
            newly = await tillit.gate.newly_eligible(work.unit, work.active, programme)
            return work.active, Foreseen(again, newly)
    except NoProgramme:
        return None, Foreseen()


def _show(changes: Sequence[Change], foreseen: Foreseen) -> None:
    for change in changes:
        typer.echo(str(change))
    for name, count in foreseen.ask_again.items():
        typer.echo(f"! {name}: {_count(count)} members must be asked again; until then it is no")
    for name, count in foreseen.newly_eligible.items():
        typer.echo(f"! {name}: {_count(count)} members may be used who may not be today")


def _counts(counts: Mapping[str, int]) -> dict[str, int | str]:
    return {name: _count(count) for name, count in counts.items()}


def _count(count: int) -> int | str:
    return count if count >= FEWEST else f"fewer than {FEWEST}"


def _plain(change: Change) -> dict[str, Any]:
    return asdict(change) | {"kind": change.kind.value}


def _say(word: str, problems: Sequence[Problem]) -> None:
    for problem in problems:
        typer.echo(f"{word}: {problem}", err=True)
