"""`/desk/requests/figures`: how requests are going, as tables with a chart beside each.

Counts alone, about nobody (`dsar.request_figures`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from babel.dates import format_skeleton
from babel.numbers import format_percent
from markupsafe import Markup

from api.http.errors import Misshapen
from api.http.request_figures import day
from api.pages.answers import View
from api.pages.asked import Asked
from api.pages.charts import Bar, Series, bars, lines
from api.pages.declaring import Pages
from api.pages.officer.rows import PATH
from api.pages.officer.words import RIGHTS, STATES
from api.people.people import Kind
from consent.programme import Ability
from dsar import request_figures
from dsar.packages.marking import mark
from dsar.request_figures import Line
from dsar.worklist import Counts

pages = Pages(Kind.OFFICER)

_A_YEAR = timedelta(days=365)
_EARLIEST = 1971  # a year; nothing was asked for before


@dataclass(frozen=True)
class Shown:
    """A line of a table. `median`, `most`, `on_time`: in words; empty where there is none."""

    text: str
    received: int
    open: int
    late: int
    answered: int
    median: str
    most: str
    on_time: str


@dataclass(frozen=True)
class FiguresPage(View):
    """`now`: as of today; the rest of what came in from `since` to `until`. `outcomes`: how many
    stand where.
    """

    template: ClassVar[str] = "officer/request_figures.html"
    title: ClassVar[str] = mark("How requests are going")

    now: Counts
    since: date
    until: date
    all: Shown
    by_right: Sequence[Shown]
    by_month: Sequence[Shown]
    outcomes: Sequence[tuple[str, int]]
    rights_chart: Markup
    months_chart: Markup
    days_chart: Markup


@pages("GET", f"{PATH}/figures", ability=Ability.REQUESTS, query=("from", "to"))
async def see(asked: Asked) -> FiguresPage:
    """Of those received within a year, or between two days."""
    sent = {name: value for name, value in asked.query.items() if value}
    until = day(sent, "to") or asked.unit.today
    if until.year <= _EARLIEST:
        raise Misshapen(f"this lies before {_EARLIEST + 1}", place="to")
    since = day(sent, "from") or until - _A_YEAR
    if since.year < _EARLIEST:
        raise Misshapen(f"this lies before {_EARLIEST}", place="from")
    if since > until:
        raise Misshapen("this is after `to`", place="from")
    found = await request_figures.figures(asked.unit, since=since, until=until)
    say = asked.speaking.say
    rights = {say(RIGHTS[name]): line for name, line in found.by_right.items() if name in RIGHTS}
    months = {_month(asked, name): line for name, line in found.by_month.items()}
    by_right = sorted(rights.items(), key=lambda one: -one[1].received)
    number = asked.speaking.number
    return FiguresPage(
        now=found.now,
        since=since,
        until=until,
        all=_shown(asked, say(mark("All")), found.all),
        by_right=[_shown(asked, name, line) for name, line in by_right],
        by_month=[_shown(asked, name, line) for name, line in months.items()],
        outcomes=[
            (say(STATES[state]), count)
            for state, count in found.by_outcome.items()
            if state in STATES
        ],
        rights_chart=bars(
            "by-right",
            title=say(mark("Received, by right")),
            desc=say(mark("The table beside it has the same figures.")),
            rows=[Bar(name, line.received, number(line.received)) for name, line in by_right],
        ),
        months_chart=bars(
            "by-month",
            title=say(mark("Received, by month")),
            desc=say(mark("The table beside it has the same figures.")),
            rows=[Bar(name, line.received, number(line.received)) for name, line in months.items()],
        ),
        days_chart=lines(
            "days",
            title=say(mark("Days until the answer, by month")),
            desc=say(mark("Of half of those answered. The table beside it has the same figures.")),
            labels=list(months),
            series=[Series("median", [line.median_days for line in months.values()])],
        ),
    )


def _shown(asked: Asked, text: str, line: Line) -> Shown:
    number = asked.speaking.wording.number
    return Shown(
        text=text,
        received=line.received,
        open=line.open,
        late=line.late_open,
        answered=line.answered,
        median="" if line.median_days is None else number(f"{line.median_days:g}"),
        most="" if line.most_days is None else number(line.most_days),
        on_time="" if line.on_time is None else _share(asked, line.on_time),
    )


def _month(asked: Asked, month: str) -> str:
    """``2026-03`` as ``mars 2026``, short."""
    first = date.fromisoformat(f"{month}-01")
    return format_skeleton("yMMM", first, locale=asked.speaking.language.locale)


def _share(asked: Asked, share: float) -> str:
    return str(format_percent(share, locale=asked.speaking.language.locale))
