"""An answer is due a month on, on a working day of the controller's country (Art. 12(3))."""

from datetime import date, timedelta

import holidays
import naive_deadlines as naive
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsar.deadlines import due_day, extendable_until, months_on
from kernel.errors import Invalid

COUNTRIES = ("SE", "NO", "DK", "FI")
FIRST, LAST = date(2024, 1, 1), date(2030, 12, 31)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
LONGEST_PAUSE = 30


@pytest.mark.parametrize(
    ("received", "before_rolling", "due"),
    [
        (date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 2)),  # a Saturday
        (date(2026, 3, 31), date(2026, 4, 30), date(2026, 4, 30)),
        (date(2028, 1, 31), date(2028, 2, 29), date(2028, 2, 29)),
        (date(2026, 8, 25), date(2026, 9, 25), date(2026, 9, 25)),
    ],
)
def test_the_regulation_s_worked_examples(received: date, before_rolling: date, due: date) -> None:
    assert months_on(received, 1) == before_rolling
    assert naive.later(received, 1) == before_rolling
    for country in COUNTRIES:
        assert due_day(received, country) == naive.due(received, country) == due


def test_easter_is_when_it_is() -> None:
    assert [naive.easter(year) for year in range(2024, 2032)] == [
        date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28),
        date(2028, 4, 16), date(2029, 4, 1), date(2030, 4, 21), date(2031, 4, 13),
    ]  # fmt: skip


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_day_of_seven_years_is_answered_when_the_laws_say(country: str) -> None:
    """Put off and not, paused for up to thirty days and not."""
    for received in DAYS:
        for paused in range(LONGEST_PAUSE + 1):
            for extended in (False, True):
                months = 3 if extended else 1
                wanted = naive.due(received, country, months=months, paused=paused)
                found = due_day(received, country, extended=extended, paused=paused)
                assert found == wanted, (received, paused, extended)
            last = naive.due(received, country, paused=paused)
            assert extendable_until(received, country, paused=paused) == last


#: Days on which people are off and no law makes a holiday, one that lasts a weekday, by country.
WORKING = [
    ("SE", date(2026, 6, 19)),  # Midsummer Eve
    ("SE", date(2026, 12, 24)),
    ("SE", date(2027, 12, 31)),
    ("NO", date(2026, 12, 24)),
    ("DK", date(2024, 4, 26)),  # store bededag was the fourth Friday after Easter until 2023
    ("DK", date(2026, 6, 5)),  # Constitution Day closes shops, and is no holiday
    ("DK", date(2026, 12, 24)),
    ("FI", date(2026, 6, 19)),
    ("FI", date(2026, 12, 24)),
    ("FI", date(2027, 5, 17)),  # Whit Monday is a working day
    ("SE", date(2027, 5, 17)),
]
FREE = [
    ("SE", date(2029, 6, 6), date(2029, 6, 7)),
    ("NO", date(2027, 5, 17), date(2027, 5, 18)),  # Constitution Day, and Whit Monday
    ("NO", date(2029, 5, 17), date(2029, 5, 18)),
    ("DK", date(2027, 5, 17), date(2027, 5, 18)),
    ("DK", date(2026, 4, 2), date(2026, 4, 7)),  # Maundy Thursday to Easter Monday
    ("SE", date(2026, 4, 2), date(2026, 4, 2)),  # Maundy Thursday is worked in Sweden
    ("SE", date(2026, 4, 3), date(2026, 4, 7)),
    ("FI", date(2027, 12, 6), date(2027, 12, 7)),  # Independence Day
    ("DK", date(2026, 5, 1), date(2026, 5, 1)),  # May Day is no holiday in Denmark
    ("NO", date(2026, 5, 1), date(2026, 5, 4)),
    ("SE", date(2026, 12, 25), date(2026, 12, 28)),  # Christmas, then a weekend
    ("SE", date(2027, 1, 6), date(2027, 1, 7)),  # Epiphany
    ("NO", date(2027, 1, 6), date(2027, 1, 6)),
]


@pytest.mark.parametrize(("country", "day"), WORKING)
def test_an_eve_is_a_working_day_whoever_is_off(country: str, day: date) -> None:
    assert _due_on(day, country) == day


@pytest.mark.parametrize(("country", "day", "due"), FREE)
def test_a_holiday_rolls_to_the_next_working_day(country: str, day: date, due: date) -> None:
    assert _due_on(day, country) == due


def _due_on(day: date, country: str) -> date:
    """When an answer is due that is due on `day` before it rolls: a month and one paused day."""
    eve = day - timedelta(days=1)
    received = next(one for one in DAYS if naive.later(one, 1) == eve)
    return due_day(received, country, paused=1)


def test_the_calendar_and_the_laws_differ_in_the_two_eves_of_finland_and_nothing_else() -> None:
    """What the library of calendars lists, and the laws: a new version of it that differs shows."""
    for country in COUNTRIES:
        for year in range(FIRST.year, LAST.year + 2):
            listed = set(holidays.country_holidays(country, years=(year,)))
            listed -= {day for day in listed if day.weekday() == 6}
            by_law = {day for day in naive.holidays(country, year) if day.weekday() != 6}
            eves = {naive._next(4, date(year, 6, 19)), date(year, 12, 24)}
            eves = {day for day in eves if day.weekday() != 6}
            assert listed - by_law == (eves if country == "FI" else set()), (country, year)
            assert by_law <= listed


@given(
    st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    st.sampled_from(["SE", "NO", "DK", "FI", "GB", "DE"]),
    st.integers(0, 90),
    st.booleans(),
)
def test_the_day_is_a_working_day_and_a_longer_clock_is_never_due_earlier(
    received: date, country: str, paused: int, extended: bool
) -> None:
    due = due_day(received, country, paused=paused, extended=extended)
    assert due.weekday() < 5
    assert due >= naive.later(received, 3 if extended else 1) + timedelta(days=paused)
    assert due <= due_day(received, country, paused=paused + 1, extended=extended)
    assert due < due_day(received, country, paused=paused, extended=True) or extended
    tomorrow = received + timedelta(days=1)
    assert due <= due_day(tomorrow, country, paused=paused, extended=extended)


def test_a_country_without_a_calendar_is_refused() -> None:
    with pytest.raises(Invalid, match="no calendar"):
        due_day(date(2026, 3, 10), "??")
