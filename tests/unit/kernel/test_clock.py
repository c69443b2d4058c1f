"""Time is handed in; the day depends on where the programme runs."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from kernel.clock import StoppedClock, SystemClock, today


def test_a_stopped_clock_stands_until_it_is_set() -> None:
    clock = StoppedClock(datetime(2026, 3, 1, tzinfo=UTC))
    assert clock.now() == clock.now()
    clock.at += timedelta(days=1)
    assert clock.now() == datetime(2026, 3, 2, tzinfo=UTC)


def test_a_clock_shows_utc_whatever_it_is_set_by() -> None:
    summer = timezone(timedelta(hours=2))
    clock = StoppedClock(datetime(2026, 7, 1, 1, tzinfo=summer))
    assert clock.now().tzinfo is UTC
    assert clock.now().hour == 23
    assert SystemClock().now().tzinfo is UTC


def test_a_clock_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        StoppedClock(datetime(2026, 3, 1))


def test_it_is_tomorrow_in_stockholm_before_it_is_in_london() -> None:
    clock = StoppedClock(datetime(2026, 2, 28, 23, 30, tzinfo=UTC))
    assert today(clock, ZoneInfo("Europe/Stockholm")) == date(2026, 3, 1)
    assert today(clock, ZoneInfo("Europe/London")) == date(2026, 2, 28)
