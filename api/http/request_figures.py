"""Figures about requests, for officers: counts alone, about nobody."""

from collections.abc import Mapping
from datetime import date, timedelta

import msgspec

from api.http.doors import Asked, Doors
from api.http.errors import Misshapen
from audit.entries import ActorType
from consent.programme import Ability
from dsar import request_figures
from dsar.request_figures import Line

doors = Doors(ActorType.OFFICER)

_A_YEAR = timedelta(days=365)


class LineShown(msgspec.Struct):
    """Requests received: how many, how many of them are open, and how many were answered.

    `late_open`: of the open, those past their day as of today. `median_days`, `most_days`: days
    until the answer, of half and of nine in ten of the answered. `on_time`: the share that was
    answered by the day it was due, of the answered and the `late_open`. Null: there is neither.
    """

    received: int
    open: int
    late_open: int
    answered: int
    median_days: float | None
    most_days: int | None
    on_time: float | None


class RequestFigures(msgspec.Struct, kw_only=True):
    """`open`, `due_soon` (within 7 days) and `overdue`: as of today, whenever they came in.

    The rest is of the requests received from `since` to `until`; `by_outcome`: how many stand
    where.
    """

    open: int
    due_soon: int
    overdue: int
    since: date
    until: date
    all: LineShown
    by_right: dict[str, LineShown]
    by_month: dict[str, LineShown]
    by_outcome: dict[str, int]


@doors("GET", "/v1/requests/figures", ability=Ability.REQUESTS, query=("from", "to"))
async def figures(asked: Asked) -> RequestFigures:
    """How requests are going: open, due, overdue; days until the answer, by right and month.

    Of those received `from` a day, a year ago if left out, `to` a day, today if left out.
    """
    until = day(asked.query, "to") or asked.unit.today
    since = day(asked.query, "from") or until - _A_YEAR
    if since > until:
        raise Misshapen("this is after `to`", place="from", remedy="the earlier day first")
    found = await request_figures.figures(asked.unit, since=since, until=until)
    return RequestFigures(
        open=found.now.open,
        due_soon=found.now.due_soon,
        overdue=found.now.overdue,
        since=since,
        until=until,
        all=_shown(found.all),
        by_right={name: _shown(line) for name, line in found.by_right.items()},
        by_month={name: _shown(line) for name, line in found.by_month.items()},
        by_outcome=dict(found.by_outcome),
    )


def day(query: Mapping[str, str], name: str) -> date | None:
    """A day that stands in an address. Raises `Misshapen`."""
    if (sent := query.get(name)) is None:
        return None
    try:
        return msgspec.convert(sent, date)
    except msgspec.ValidationError:
        raise Misshapen("this is no day", place=name, remedy="such as 2026-03-01") from None


def _shown(line: Line) -> LineShown:
    return msgspec.convert(line, LineShown, from_attributes=True)
