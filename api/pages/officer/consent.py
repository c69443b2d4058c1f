"""`/desk/consent`: where members stand with a purpose over time, who of all may be used, and what
runs out when, as tables with a chart beside each.

Figures are those of `consent.figures.showing`: no small group is told, and each look is an entry.
So one view is made at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar
from urllib.parse import urlencode

from babel.dates import format_skeleton
from babel.numbers import format_percent
from markupsafe import Markup

from api.http.errors import Misshapen
from api.pages.answers import View
from api.pages.asked import Asked
from api.pages.charts import Bar, Series, bars, lines
from api.pages.declaring import Pages
from api.pages.member.purposes import CHANNELS
from api.pages.officer.consent_words import ANSWERS, BY, ENDS, REACH, STEPS
from api.pages.officer.inbox import Option, Tab
from api.people.people import Kind
from consent.figures import showing
from consent.figures.counting import count_today
from consent.figures.disclosure import SMALLEST
from consent.figures.groups import Answer
from consent.figures.showing import By, Told
from consent.programme import Ability
from dsar.packages.marking import mark

pages = Pages(Kind.OFFICER)

PATH = "/desk/consent"
_A_YEAR = timedelta(days=365)
_FUNNEL, _EXPIRING = mark("Who may be used"), mark("What runs out when")
VIEWS: Mapping[str, str] = {
    "rates": mark("Answers over time"),
    "funnel": _FUNNEL,
    "expiring": _EXPIRING,
}
#: Of which the chart over time has a line, in the order of their patterns.
_DRAWN = (Answer.CONSENTED, Answer.SAID_NO, Answer.NEVER_ASKED)
_DRAWN_OF_INTEREST = (Answer.NO_OBJECTION, Answer.OBJECTED)
_PATTERNS = (mark("Whole line: %(what)s"), mark("Dashed: %(what)s"), mark("Dotted: %(what)s"))
_BESIDE = mark("The table beside it has the same figures.")


@dataclass(frozen=True)
class Line:
    """A group: how many, and their share of all; empty where it is hidden."""

    text: str
    members: str
    share: str


@dataclass(frozen=True)
class Table:
    """One figure, group by group. `together`: how many the hidden ones have; empty if untold.
    `chart`: None where nothing is told that could be drawn.
    """

    title: str
    lines: Sequence[Line]
    hidden: int
    together: str
    members: str
    chart: Markup | None


@dataclass(frozen=True)
class Day:
    """A line of the table over time: a group's number and share each, empty where hidden.

    `hidden`: how many groups are. `together`: how many members those have; empty if untold.
    """

    day: date
    cells: Sequence[str]
    hidden: int
    together: str


@dataclass(frozen=True)
class ConsentPage(View):
    """`days`: of the view over time, under `heads`; `tables`: of the others. `smallest`: what
    fewer members are is hidden. `names`: whether the reader may see whom some of it is about.
    """

    template: ClassVar[str] = "officer/consent.html"
    title: ClassVar[str] = mark("Consent")

    views: Sequence[Tab]
    view: str
    purposes: Sequence[Option]
    steps: Sequence[Option]
    heads: Sequence[str]
    days: Sequence[Day]
    chart: Markup | None
    legend: Sequence[str]
    tables: Sequence[Table]
    smallest: int
    names: bool


@pages("GET", PATH, ability=Ability.PROGRAMME, query=("view", "purpose", "by"))
async def see(asked: Asked) -> ConsentPage:
    """Of one purpose: the first that members have a choice about, if none is picked."""
    declared = asked.active.programme.purposes.values()
    asking = [one.name for one in declared if one.is_choice] or [one.name for one in declared]
    view = _word(asked, "view", VIEWS, "rates")
    purpose = asked.query.get("purpose") or asking[0]
    if purpose not in asking:
        raise Misshapen("there is no such purpose to choose about", place="purpose")
    by = By(_word(asked, "by", BY, By.MONTH))
    await asked.tillit.replica.barrier()
    await count_today(asked.unit, asked.active, asked.tillit.replica.members)
    told: list[Told] = []
    tables: list[Table] = []
    if view == "rates":
        since = asked.unit.today - _A_YEAR
        told = await showing.rates(
            asked.unit, asked.act, asked.active, purpose=purpose, since=since, by=by
        )
    elif view == "funnel":
        tables = await _funnel(asked, purpose)
    else:
        found = await showing.expiring(asked.unit, asked.act, asked.active, purpose=purpose)
        title = asked.speaking.say(_EXPIRING)
        tables = [_table(asked, "ends", title, one, _ends(asked, one)) for one in found]
    chart, legend = _over_time(asked, told)
    say = asked.speaking.say
    picked = {"purpose": purpose, "by": by.value}
    return ConsentPage(
        views=[
            Tab(f"{PATH}?{urlencode(picked | {'view': one})}", say(text), one == view)
            for one, text in VIEWS.items()
        ],
        view=view,
        purposes=[
            Option(one, asked.speaking.titled(asked.active, one), one == purpose) for one in asking
        ],
        steps=[Option(one, say(text), one == by) for one, text in BY.items()],
        heads=[say(ANSWERS[one]) for one in (told[-1].groups if told else ())],
        days=[_day(asked, one, told[-1].groups) for one in reversed(told)],
        chart=chart,
        legend=legend,
        tables=tables,
        smallest=SMALLEST,
        names=asked.may(Ability.REQUESTS),
    )


def _word(asked: Asked, name: str, known: Mapping[str, str], first: str) -> str:
    sent = asked.query.get(name) or first
    if sent not in known:
        raise Misshapen("there is no such word", place=name)
    return sent


async def _funnel(asked: Asked, purpose: str) -> list[Table]:
    told, channels = await showing.funnel(asked.unit, asked.act, asked.active, purpose=purpose)
    if told is None:
        return []
    say = asked.speaking.say
    words = {name: say(STEPS[name]) for name in told.groups}
    found = [_table(asked, "funnel", say(_FUNNEL), told, words)]
    for channel, one in channels.items():
        title = say(mark("Reached by: %(channel)s"), channel=say(CHANNELS[channel]))
        reach = {name: say(REACH[name]) for name in one.groups}
        found.append(_table(asked, f"reach-{channel}", title, one, reach))
    return found


def _ends(asked: Asked, told: Told) -> dict[str, str]:
    """The groups of what runs out, each month by its name."""
    say, locale = asked.speaking.say, asked.speaking.language.locale
    return {
        name: say(ENDS[name])
        if name in ENDS
        else format_skeleton("yMMM", date.fromisoformat(f"{name}-01"), locale=locale)
        for name in told.groups
    }


def _table(asked: Asked, name: str, title: str, told: Told, words: Mapping[str, str]) -> Table:
    number = asked.speaking.number
    shown = [
        Bar(words[group], told.shown[group], number(told.shown[group]))
        for group in told.groups
        if group in told.shown
    ]
    beside = asked.speaking.say(_BESIDE)
    return Table(
        title=title,
        lines=[
            Line(
                words[group],
                number(told.shown[group]) if group in told.shown else "",
                _percent(asked, told.share(group)),
            )
            for group in told.groups
        ],
        hidden=len(told.hidden),
        together=_together(asked, told),
        members=number(told.members),
        chart=bars(name, title=title, desc=beside, rows=shown) if shown else None,
    )


def _over_time(asked: Asked, told: Sequence[Told]) -> tuple[Markup | None, list[str]]:
    """The chart of shares, if there are days enough for a line, and which line is what."""
    if len(told) < 2:
        return None, []
    say, newest = asked.speaking.say, told[-1]
    drawn = _DRAWN if Answer.CONSENTED in newest.groups else _DRAWN_OF_INTEREST
    series = [Series(say(ANSWERS[one]), [day.share(one) for day in told]) for one in drawn]
    if not any(value is not None for one in series for value in one.values):
        return None, []
    chart = lines(
        "rates",
        title=say(mark("Share of all members, in percent")),
        desc=say(_BESIDE),
        labels=[_short(asked, one.day) for one in told],
        series=series,
        most=100,
    )
    legend = [
        say(pattern, what=one.name)
        for pattern, one in zip(_PATTERNS, series, strict=False)
        if any(value is not None for value in one.values)  # of a hidden group there is no line
    ]
    return chart, legend


def _short(asked: Asked, day: date) -> str:
    return format_skeleton("MMMd", day, locale=asked.speaking.language.locale)


def _day(asked: Asked, told: Told, groups: Sequence[str]) -> Day:
    return Day(
        told.day,
        [_cell(asked, told, group) for group in groups],
        len(told.hidden),
        _together(asked, told),
    )


def _together(asked: Asked, told: Told) -> str:
    """How many members the hidden groups have, where that is told."""
    return "" if told.together is None else asked.speaking.number(told.together)


def _cell(asked: Asked, told: Told, group: str) -> str:
    if group not in told.shown:
        return ""
    count, share = asked.speaking.number(told.shown[group]), _percent(asked, told.share(group))
    return f"{count} ({share})" if share else count


def _percent(asked: Asked, share: int | None) -> str:
    if share is None:
        return ""
    return str(format_percent(share / 100, locale=asked.speaking.language.locale))
