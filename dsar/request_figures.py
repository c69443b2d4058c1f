"""Figures about requests: how many, how long until the answer, how many in time. Counts alone.

The database counts; no row of it leaves. An answer is what was carried out, on that day, or a
refusal: what was taken back, lapsed or was overtaken by an erasure before was never answered. Days
are calendar days.
What is open and past its day counts as not in time: waiting longer never makes a share better.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dsar import worklist
from dsar.states import State
from dsar.worklist import Counts
from kernel.database import raw
from profiles.unit import Unit

# One pass: over all of them, by right, by month and by state.
_QUERY = """
SELECT grouping(right_, month, state), right_, month, state, count(*),
  count(*) FILTER (WHERE closed IS NULL), count(*) FILTER (WHERE late), count(days),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY days),
  percentile_disc(0.9) WITHIN GROUP (ORDER BY days),
  count(days) FILTER (WHERE answered <= due)
FROM (
  SELECT kind AS right_, to_char(received, 'YYYY-MM') AS month, state, due, closed, answered,
    closed IS NULL AND state <> %(done)s
      AND due + coalesce(%(today)s - paused_on, 0) < %(today)s AS late,
    answered - received AS days
  FROM (
    SELECT kind, state, received, due, paused_on, (closed_at AT TIME ZONE %(zone)s)::date AS closed,
      (CASE WHEN state = %(refused)s THEN closed_at ELSE carried_at END
        AT TIME ZONE %(zone)s)::date AS answered
    FROM request WHERE received BETWEEN %(since)s AND %(until)s
  ) AS received_then
) AS counted
GROUP BY GROUPING SETS ((), (right_), (month), (state))
ORDER BY 1, 2, 3, 4
"""
_ALL, _BY_STATE, _BY_MONTH, _BY_RIGHT = 0b111, 0b110, 0b101, 0b011
# A fifth of what all figures cost, for the list that is looked at all day.
_MEDIAN = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY answered - received)
FROM (
  SELECT received, (CASE WHEN state = %(refused)s THEN closed_at ELSE carried_at END
    AT TIME ZONE %(zone)s)::date AS answered
  FROM request WHERE received BETWEEN %(since)s AND %(until)s
) AS received_then
"""


@dataclass(frozen=True)
class Line:
    """Requests received: how many, how many of them are open, and how many were answered.

    `late_open`: of the open, those past their day as of today. `median_days`, `most_days`: days
    until the answer, of half and of nine in ten of the answered. `on_time`: the share that was
    answered by the day it was due, of the answered and the `late_open`. None: there is neither.
    """

    received: int = 0
    open: int = 0
    late_open: int = 0
    answered: int = 0
    median_days: float | None = None
    most_days: int | None = None
    on_time: float | None = None


@dataclass(frozen=True)
class Figures:
    """`now`: how the desk stands today; the rest is of what was received in the period.

    `by_outcome`: how many stand in each state that there are any in.
    """

    since: date
    until: date
    now: Counts
    all: Line
    by_right: Mapping[str, Line] = field(default_factory=dict)
    by_month: Mapping[str, Line] = field(default_factory=dict)
    by_outcome: Mapping[str, int] = field(default_factory=dict)


async def figures(unit: Unit, *, since: date, until: date) -> Figures:
    """Of the requests received from `since` to `until`, both days included."""
    values = {
        "done": State.CARRIED_OUT.value,
        "refused": State.REJECTED.value,
        "zone": unit.schema.zone.key,
        "today": unit.today,
        "since": since,
        "until": until,
    }
    cursor = await (await raw(unit.session)).execute(_QUERY, values)
    everything, rights, months, outcomes = Line(), {}, {}, {}
    for grouped, right, month, state, *counted in await cursor.fetchall():
        line = _line(counted)
        if grouped == _ALL:
            everything = line
        elif grouped == _BY_RIGHT:
            rights[right] = line
        elif grouped == _BY_MONTH:
            months[month] = line
        elif grouped == _BY_STATE:
            outcomes[state] = line.received
    now = await worklist.counts(unit)
    return Figures(since, until, now, everything, rights, months, outcomes)


async def median_days(unit: Unit, *, since: date, until: date) -> float | None:
    """`figures(…).all.median_days` alone."""
    values = {
        "refused": State.REJECTED.value,
        "zone": unit.schema.zone.key,
        "since": since,
        "until": until,
    }
    row = await (await (await raw(unit.session)).execute(_MEDIAN, values)).fetchone()
    assert row is not None
    median: float | None = row[0]
    return median


def _line(counted: Sequence[Any]) -> Line:
    received, open_, late, answered, median, most, on_time = counted
    share = on_time / (answered + late) if answered + late else None
    return Line(received, open_, late, answered, median, most, share)
