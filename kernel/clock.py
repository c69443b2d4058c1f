"""Time, injected: no room asks the operating system what time it is."""

from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Tells the time in UTC, aware, to the microsecond."""

    def now(self) -> datetime: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class StoppedClock:
    """A clock that stands still until it is set, for tests and replays."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs a time with a zone")
        self.at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self.at


def today(clock: Clock, zone: ZoneInfo) -> date:
    """The calendar day it is where the programme runs."""
    return clock.now().astimezone(zone).date()
