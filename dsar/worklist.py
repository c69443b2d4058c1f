"""The list that officers work through: filtered, the most urgent first, a page at a time.

What is overdue comes first, then what is due soonest; a request whose clock stands is as urgent
as when it stopped. Then comes what is done and waits for recipients; what is closed comes last.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, case, cast, func, literal, tuple_
from sqlmodel import col, select

from dsar.errors import NotARequest
from dsar.register import Request, readable, shown
from dsar.states import Right, State
from dsar.tables import RequestRow
from dsar.words import Channel
from kernel.database import raw
from profiles.unit import Unit

MOST = 500
#: Due within so many days is due soon.
SOON = timedelta(days=7)

_MARK = re.compile(r"([012])\.(\d{4}-\d{2}-\d{2})\.([0-9a-f]{32})")
_COUNTS = """
SELECT count(*), count(*) FILTER (WHERE effective BETWEEN %(today)s AND %(soon)s),
  count(*) FILTER (WHERE effective < %(today)s)
FROM (
  SELECT CASE WHEN state <> 'carried_out' THEN due + coalesce(%(today)s - paused_on, 0) END
    AS effective
  FROM request WHERE closed_at IS NULL
) AS open_ones
"""


@dataclass(frozen=True)
class Wish:
    """Which requests are wanted; None leaves a thing open.

    `due_by`: due on that day or before. `overdue`: only those, or only the others. `after`: the
    mark of the page before, where the next one begins.
    """

    only_open: bool = False
    right: Right | None = None
    state: State | None = None
    channel: Channel | None = None
    member: UUID | None = None
    due_by: date | None = None
    overdue: bool | None = None
    after: str | None = None
    limit: int = 100


@dataclass(frozen=True)
class Page:
    """`next`: the mark to give for the next page; None on the last one.

    `unreadable`: those of the page whose row nobody can make sense of, by their ids.
    """

    requests: Sequence[Request]
    next: str | None
    unreadable: Sequence[UUID] = ()


@dataclass(frozen=True)
class Counts:
    """How many are open; of those, how many are due within a week, and how many are overdue.

    What is carried out is neither, however long its recipients take.
    """

    open: int
    due_soon: int
    overdue: int


async def page(unit: Unit, wish: Wish) -> Page:
    """At most `limit` requests, at most 500. Raises `NotARequest` for a mark that is none."""
    limit = min(wish.limit, MOST)
    done = col(RequestRow.state) == State.CARRIED_OUT.value
    place = case((col(RequestRow.closed_at).is_not(None), 2), (done, 1), else_=0)
    stood = func.coalesce(literal(unit.today, Date) - col(RequestRow.paused_on), 0)
    due = cast(col(RequestRow.due) + stood, Date)
    order = (place, due, col(RequestRow.id))
    query = select(RequestRow, due).order_by(*order).limit(limit + 1)
    for condition in _conditions(unit, wish, due):
        query = query.where(condition)
    if wish.after is not None:
        query = query.where(tuple_(*order) > tuple_(*_place(wish.after)))
    found = (await unit.session.execute(query)).all()
    more = _mark(*found[limit - 1]) if len(found) > limit else None
    rows = [row for row, _ in found[:limit]]
    broken = [row.id for row in rows if not readable(row)]
    return Page([shown(row) for row in rows if row.id not in broken], more, broken)


async def counts(unit: Unit) -> Counts:
    """How the desk stands today."""
    values = {"today": unit.today, "soon": unit.today + SOON}
    row = await (await (await raw(unit.session)).execute(_COUNTS, values)).fetchone()
    assert row is not None
    return Counts(*row)


def _conditions(unit: Unit, wish: Wish, due: Any) -> list[Any]:
    closed = col(RequestRow.closed_at)
    undone = col(RequestRow.state) != State.CARRIED_OUT.value
    late = closed.is_(None) & undone & (due < unit.today)
    found: list[Any] = []
    if wish.only_open:
        found.append(closed.is_(None))
    if wish.right is not None:
        found.append(col(RequestRow.kind) == wish.right.value)
    if wish.state is not None:
        found.append(col(RequestRow.state) == wish.state.value)
    if wish.channel is not None:
        found.append(col(RequestRow.channel) == wish.channel.value)
    if wish.member is not None:
        found.append(col(RequestRow.member) == wish.member)
    if wish.due_by is not None:
        found.append(due <= wish.due_by)
    if wish.overdue is not None:
        found.append(late if wish.overdue else ~late)
    return found


def _mark(row: RequestRow, due: date) -> str:
    done = int(row.state == State.CARRIED_OUT)
    place = 2 if row.closed_at is not None else done
    return f"{place}.{due.isoformat()}.{row.id.hex}"


def _place(mark: str) -> tuple[Any, ...]:
    wrong = NotARequest(
        "this is no mark of a page", place="after", remedy="give `next` of the page before"
    )
    if (parts := _MARK.fullmatch(mark)) is None:
        raise wrong
    place, day, request = parts.groups()
    try:
        due = date.fromisoformat(day)
    except ValueError:
        raise wrong from None
    return literal(int(place)), literal(due, Date), literal(UUID(hex=request))
