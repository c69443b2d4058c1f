"""`tillit request figures`: how many, how long until the answer, how many in time."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Annotated

import typer

from api.bootstrap import Tillit
from api.cli.days import day_at
from api.cli.door import run
from api.cli.speaking import AsJson, say_json
from dsar import request_figures
from dsar.request_figures import Figures, Line
from kernel.errors import Invalid

_A_YEAR = timedelta(days=365)


def figures(
    since: Annotated[
        date | None,
        typer.Option("--from", parser=day_at("--from"), help="Received on that day or after."),
    ] = None,
    until: Annotated[
        date | None,
        typer.Option("--to", parser=day_at("--to"), help="Received on that day or before."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How requests are going; of those received in the last year, unless days are given."""

    async def step(tillit: Tillit) -> Figures:
        async with tillit.unit() as work:
            last = until or work.unit.today
            first = since or last - _A_YEAR
            if first > last:
                raise Invalid("this is after --to", place="--from", remedy="the earlier day first")
            return await request_figures.figures(work.unit, since=first, until=last)

    found = run(step)
    if as_json:
        told = asdict(found)
        days = {name: found_day.isoformat() for name, found_day in _days(found).items()}
        say_json({**told.pop("now"), **told, **days})
        return
    for text in _lines(found):
        typer.echo(text)


def _days(found: Figures) -> dict[str, date]:
    return {"since": found.since, "until": found.until}


def _lines(found: Figures) -> list[str]:
    now = found.now
    lines = [f"open {now.open}, due within 7 days {now.due_soon}, overdue {now.overdue}", ""]
    counts, days = f"{'all':>4}{'open':>6}{'late':>6}", f"{'median':>8}{'9 of 10':>9}"
    lines.append(f"{'received':<26}{counts}{days}{'in time':>9}")
    lines.append(_line(f"{found.since} to {found.until}", found.all))
    lines += [_line(f"  {name}", line) for name, line in found.by_right.items()]
    lines += [_line(f"  {name}", line) for name, line in found.by_month.items()]
    outcomes = ", ".join(f"{state} {count}" for state, count in found.by_outcome.items())
    return [*lines, "", outcomes or "none was received"]


def _line(name: str, line: Line) -> str:
    median = "–" if line.median_days is None else f"{line.median_days:g} d"
    most = "–" if line.most_days is None else f"{line.most_days} d"
    share = "–" if line.on_time is None else f"{line.on_time:.0%}"
    counts = f"{line.received:>4}{line.open:>6}{line.late_open:>6}"
    return f"{name:<26}{counts}{median:>8}{most:>9}{share:>9}"
