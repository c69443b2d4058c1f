"""An answer is due a month on, on a working day of the controller's country (Art. 12(3))."""

import calendar
from datetime import date, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsar.deadlines import due_day
from kernel.errors import Invalid


@pytest.mark.parametrize(
    ("received", "country", "due"),
    [
        (date(2026, 3, 10), "SE", date(2026, 4, 10)),
        (date(2026, 1, 30), "SE", date(2026, 3, 2)),  # 28 February is a Saturday
        (date(2027, 12, 31), "SE", date(2028, 1, 31)),
        (date(2026, 3, 3), "SE", date(2026, 4, 7)),  # Good Friday to Easter Monday
        (date(2026, 11, 25), "SE", date(2026, 12, 28)),  # Christmas, then a weekend
        (date(2026, 4, 17), "NO", date(2026, 5, 18)),  # the seventeenth of May, a Sunday
        (date(2027, 4, 17), "NO", date(2027, 5, 18)),  # and a Monday: a holiday in Norway
        (date(2027, 4, 17), "DK", date(2027, 5, 18)),  # where Whit Monday falls on it too
    ],
)
def test_a_month_on_and_then_the_next_working_day(received: date, country: str, due: date) -> None:
    assert due_day(received, country) == due


def test_two_months_more_when_there_are_reasons_for_it() -> None:
    assert due_day(date(2026, 3, 10), "SE", extended=True) == date(2026, 6, 10)
    assert due_day(date(2026, 11, 30), "SE", extended=True) == date(2027, 3, 1)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.sampled_from(["SE", "NO", "DK", "GB"]))
def test_the_day_is_a_working_day_never_before_a_month_and_the_first_one(
    received: date, country: str
) -> None:
    due = due_day(received, country)
    year, month = divmod(received.year * 12 + received.month, 12)
    length = calendar.monthrange(year, month + 1)[1]
    month_on = date(year, month + 1, min(received.day, length))
    free = holidays.country_holidays(country, years=(due.year, due.year - 1))
    days = [month_on + timedelta(days=n) for n in range((due - month_on).days)]
    assert due >= month_on
    assert due.weekday() < 5
    assert due not in free
    assert all(day.weekday() >= 5 or day in free for day in days)


def test_a_country_without_a_calendar_is_refused() -> None:
    with pytest.raises(Invalid, match="no calendar"):
        due_day(date(2026, 3, 10), "??")
