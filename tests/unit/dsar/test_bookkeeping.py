"""How long the law keeps a voucher, against a rule as plain as the law itself."""

import string
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.errors import ProgrammeInvalid
from consent.programme import load_programme, read_programme
from consent.programme.countries import COUNTRIES
from dsar.bookkeeping import Books, books_of

CLUB = load_programme(Path(__file__).parents[3] / "examples" / "fjallklubben.toml")
_RETENTION = 'fields = ["member_number", "name"]\nretention = "7 years"'


def _text(country: str, retention: str = "99 years") -> str:
    text = CLUB.source.replace(
        'country = "SE"                                  #',
        f'country = "{country}"\ntimezone = "Europe/Stockholm"\ncurrency = "EUR"  #',
        1,
    )
    assert text != CLUB.source
    return text.replace(_RETENTION, _RETENTION.replace("7 years", retention))


def _books(country: str, retention: str = "99 years") -> Books:
    found = books_of(read_programme(_text(country, retention)))
    assert found is not None
    return found


def _naive(bought: date, years: int) -> date:
    """Walk to the end of the year in which the books closed, then past so many more New Years."""

    def new_years_eves() -> Iterator[date]:
        day = bought
        while True:
            if (day.month, day.day) == (12, 31):
                yield day
            day += timedelta(days=1)

    eves = new_years_eves()
    next(eves)  # the books close
    last = bought
    for _ in range(years):
        last = next(eves)
    return last


@pytest.mark.parametrize("country", sorted(COUNTRIES))
@given(day=st.dates(date(2000, 1, 1), date(2060, 12, 31)))
def test_a_voucher_stays_through_the_years_after_the_one_in_which_the_books_closed(
    country: str, day: date
) -> None:
    books = Books(CLUB.purposes["bookkeeping"], (), COUNTRIES[country].bookkeeping_years, "")
    last = _naive(day, COUNTRIES[country].bookkeeping_years)
    assert books.keep_until(day) == last
    assert books.asks_for(day, last)
    assert not books.asks_for(day, last + timedelta(days=1))


@given(
    bought=st.dates(date(2000, 1, 1), date(2060, 12, 31)),
    today=st.dates(date(2000, 1, 1), date(2080, 12, 31)),
)
def test_the_law_asks_for_it_until_that_day_and_not_after(bought: date, today: date) -> None:
    books = _SWEDEN
    assert books.asks_for(bought, today) == (today <= _naive(bought, 7))


_SWEDEN = _books("SE")


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_the_years_and_the_law_are_the_countrys_whatever_more_a_purpose_says(country: str) -> None:
    books = _books(country)
    assert books.years == COUNTRIES[country].bookkeeping_years
    assert books.law
    assert books.law[-1] in string.digits + "§"
    assert books.fields == ("member_number", "name")


def test_a_country_we_do_not_know_keeps_them_as_long_as_the_purpose_says() -> None:
    books = _books("IS", "11 years")
    assert (books.years, books.law) == (11, "purposes.bookkeeping")


def _wrong(text: str) -> set[str]:
    with pytest.raises(ProgrammeInvalid) as raised:
        read_programme(text)
    return {one.place for one in raised.value.problems}


@pytest.mark.parametrize(
    ("country", "retention"),
    [("SE", "6 years"), ("SE", "84 months"), ("FI", "5 years"), ("IS", "120 months")],
)
def test_a_purpose_that_keeps_them_shorter_than_the_law_is_a_mistake(
    country: str, retention: str
) -> None:
    assert "purposes.bookkeeping.retention" in _wrong(_text(country, retention))


@pytest.mark.parametrize("name", ["newsletter", "membership", "assortment_insight", "nothing"])
def test_only_a_purpose_that_a_law_asks_for_keeps_anything(name: str) -> None:
    text = CLUB.source.replace('bookkeeping = "bookkeeping" ', f'bookkeeping = "{name}" ', 1)
    assert "requests.bookkeeping" in _wrong(text)


def test_a_programme_that_says_nothing_keeps_nothing() -> None:
    line = next(one for one in CLUB.source.splitlines() if one.startswith('bookkeeping = "book'))
    assert books_of(read_programme(CLUB.source.replace(line, ""))) is None
