"""The clock of Art. 33(1): 72 hours from the moment the controller became aware. Pure.

Hours are hours: they run at night, on Sundays and on holidays, and through the change to summer
time. Regulation 1182/71 would leave out the hour in which it became known (Art. 3(1)) and lets only
periods that are *not* in hours end on the next working day (Art. 3(4)); whether its Art. 3(5), two
working days in any period of two days or more, stretches this one is disputed. The earliest reading
is counted here, so that nobody is late by any of them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

ALLOWED = timedelta(hours=72)
SOON = timedelta(hours=24)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Clock:
    """`days` and `hours` that are left, whole ones, or by which it is late. `running`: nobody has
    told the authority, and nobody has found that there is no need to."""

    due: datetime
    days: int
    hours: int
    late: bool
    soon: bool
    running: bool


def due_at(aware: datetime) -> datetime:
    """The last moment to tell the authority without giving reasons, in UTC."""
    return aware.astimezone(UTC) + ALLOWED  # in a zone, a day of 25 hours would count as one of 24


def clock(aware: datetime, now: datetime, *, ended: datetime | None = None) -> Clock:
    """How it stands at `now`, or stood when it `ended`. Late is who comes after the last moment."""
    due = due_at(aware)
    left = due - (ended or now).astimezone(UTC)
    late = left < timedelta()
    days, rest = divmod(abs(left), _DAY)
    return Clock(
        due=due,
        days=days,
        hours=rest // _HOUR,
        late=late,
        soon=not late and left <= SOON,
        running=ended is None,
    )
