"""`tillit consent`: how many members consent, why others may not be used, what runs out when."""

import sys
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from api.bootstrap import Tillit
from api.cli.door import run
from api.cli.speaking import ActingAs, AsJson, Bars, bars, officer, say_json
from api.http.errors import Misshapen
from api.http.figures import shown, since_day
from api.work import count
from consent.figures import showing
from consent.figures.backfill import fill_in
from consent.figures.showing import By, Told
from consent.programme.suggestion import did_you_mean

app = typer.Typer(
    no_args_is_help=True,
    help="Figures about groups of members; none of fewer than ten (docs/figures.md).",
)

OnePurpose = Annotated[str | None, typer.Option("--purpose", help="Of this purpose only.")]

_HIDDEN = "hidden"
_WHY = (
    f"{_HIDDEN}: fewer than 10 members, or kept back so that those cannot be worked out. "
    "Numbers are rounded to 10."
)
_OTHERS = "others, together"
_BAR = 20  # characters for 100 %
_WIDE = 120  # columns where there is no terminal to ask


@app.command()
def rates(
    acting: ActingAs,
    purpose: OnePurpose = None,
    since: Annotated[
        str | None, typer.Option("--since", help="A month or day, such as 2025-01; fills it in.")
    ] = None,
    by: Annotated[By, typer.Option("--by", help="Every day, or the last of each.")] = By.MONTH,
    as_json: AsJson = False,
) -> None:
    """How many said yes, no or nothing, for each purpose over time.

    With --since, days that nobody counted are computed from the ledger first.
    """

    async def step(tillit: Tillit) -> list[Told]:
        with bars(quiet=as_json) as progress:
            first = await _filled(tillit, since, progress)
        async with tillit.unit() as work:
            return await showing.rates(
                work.unit, officer(acting), work.active, purpose=purpose, since=first, by=by
            )

    told = run(step)
    if as_json:
        say_json({"figures": _plain(told)})
        return
    for name in dict.fromkeys(one.purpose for one in told):
        _say_rates(name, [one for one in told if one.purpose == name])
    _say_why(any(told))


@app.command()
def funnel(
    purpose: Annotated[str, typer.Option("--purpose", help="For which purpose.")],
    acting: ActingAs,
    channel: Annotated[
        str | None, typer.Option("--channel", help="And on to those this channel reaches.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """From all members to those who may be used for a purpose today, reason by reason."""

    async def step(tillit: Tillit) -> tuple[Told | None, dict[str, Told]]:
        await count(tillit)
        async with tillit.unit() as work:
            _check_channel(work.active.programme.purpose(purpose).channels, channel)
            act = officer(acting)
            return await showing.funnel(work.unit, act, work.active, purpose=purpose)

    told, channels = run(step)
    channels = {name: one for name, one in channels.items() if channel in (None, name)}
    if as_json:
        funnels = {name: _plain([one])[0] for name, one in channels.items()}
        say_json({"funnel": _plain([told])[0] if told else None, "channels": funnels})
        return
    if told is not None:
        _say_groups(f"{purpose}, {told.day}", told)
    for name, one in channels.items():
        _say_groups(f"{purpose} by {name}, {one.day}", one)
    _say_why(told is not None)


@app.command()
def expiring(acting: ActingAs, purpose: OnePurpose = None, as_json: AsJson = False) -> None:
    """How many consents run out in which month, and how many reminders are due."""

    async def step(tillit: Tillit) -> list[Told]:
        await count(tillit)
        async with tillit.unit() as work:
            return await showing.expiring(work.unit, officer(acting), work.active, purpose=purpose)

    told = run(step)
    if as_json:
        say_json({"figures": _plain(told)})
        return
    for one in told:
        _say_groups(f"{one.purpose}, {one.day}", one)
    _say_why(any(told))


async def _filled(tillit: Tillit, since: str | None, progress: Bars) -> date:
    """Have every day counted from that one on; the day itself, a year ago if none was given."""
    await count(tillit)
    async with tillit.unit() as work:
        today = work.unit.today
        if since is None:
            return today - timedelta(days=365)
        first = since_day(since, today=today)
        await fill_in(
            work.unit,
            work.active,
            first,
            lambda done, total: progress("Members", done, total),
        )
        return first


def _check_channel(channels: Sequence[str], wanted: str | None) -> None:
    if wanted is not None and wanted not in channels:
        raise Misshapen(
            "members are not reached by that channel for this purpose",
            place="--channel",
            remedy=did_you_mean(wanted, channels),
        )


def _plain(told: list[Told]) -> Any:
    return msgspec.to_builtins([shown(one) for one in told])


def _say_rates(purpose: str, told: list[Told]) -> None:
    table = Table(title=purpose, title_justify="left")
    groups = [name for name in _all_groups(told) if any(name in one.shown for one in told)]
    table.add_column("day", no_wrap=True)
    for name in groups:
        table.add_column(name.replace("_", " "), justify="right")
    first = told[0].groups[0]
    table.add_column(_OTHERS, justify="right")
    table.add_column(f"share {first.replace('_', ' ')}", no_wrap=True)
    for one in told:
        numbers = [_number(one.shown.get(name)) for name in groups]
        others = _number(one.together) if one.hidden else "0"
        table.add_row(str(one.day), *numbers, others, _bar(one.share(first)))
    _console().print(table)


def _say_groups(title: str, told: Told) -> None:
    table = Table(title=title, title_justify="left")
    table.add_column("group", no_wrap=True)
    table.add_column("members", justify="right", no_wrap=True)
    table.add_column("share", no_wrap=True)
    for name, members in told.shown.items():
        table.add_row(name.replace("_", " "), _number(members), _bar(told.share(name)))
    if told.hidden:
        table.add_row(_OTHERS, _number(told.together), _bar(told.part(told.together)))
    table.add_section()
    table.add_row("in all", _number(told.members if told.whole else None), "")
    _console().print(table)
    if told.hidden:
        typer.echo(f"{_OTHERS}: " + ", ".join(name.replace("_", " ") for name in told.hidden))


def _all_groups(told: list[Told]) -> list[str]:
    return list(dict.fromkeys(name for one in told for name in one.groups))


def _number(count: int | None) -> str:
    return _HIDDEN if count is None else f"{count:,}"


def _bar(share: int | None) -> str:
    return "" if share is None else f"{'█' * round(share * _BAR / 100):<{_BAR}} {share:>3} %"


def _say_why(shown_any: bool) -> None:
    if not shown_any:
        typer.echo("nothing has been counted: there are no such figures, or too few members")
    typer.echo(_WHY, err=True)


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else _WIDE)
