"""When an answer is due, counted anew from the laws: shares no code and no calendar with Tillit.

Art. 12(3) GDPR; Regulation 1182/71 Art. 3(2)(c) (the same day number or the month's last day) and
3(4) (a public holiday, a Sunday or a Saturday: the next working day). A public holiday is a day
that the country's own law makes one:

- Sweden: lag (1989:253) om allmänna helgdagar.
- Norway: lov om helligdager og helligdagsfred (1995) § 2; lov om 1. og 17. mai som høgtidsdagar.
- Denmark: the days of the national church; store bededag went with lov nr. 214 of 2023, from 2024.
- Finland: the church law's feast days; laki 388/1937 (6 December); laki 272/1944 (1 May).

Midsummer Eve, Christmas Eve and New Year's Eve are holidays in none of the four. Sweden (lag
1930:173) and Finland (laki 150/1930 § 5) let *those acts'* time limits pass over some of them;
a limit of the regulation is counted by the regulation.
"""

from datetime import date, timedelta
from functools import cache

DAY = timedelta(days=1)
MON, THU, FRI, SAT, SUN = 0, 3, 4, 5, 6


def due(received: date, country: str, *, months: int = 1, paused: int = 0) -> date:
    """The last day for the answer."""
    day = later(received, months)
    for _ in range(paused):
        day += DAY
    while day.weekday() in (SAT, SUN) or day in holidays(country, day.year):
        day += DAY
    return day


def later(day: date, months: int) -> date:
    """So many months on: a month at a time by the calendar, then down to a day that exists."""
    year, month, number = day.year, day.month, day.day
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    while number > _length(year, month):
        number -= 1
    return date(year, month, number)


def _length(year: int, month: int) -> int:
    if month == 2:
        leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
        return 29 if leap else 28
    return 30 if month in (4, 6, 9, 11) else 31


@cache
def easter(year: int) -> date:
    """The Sunday after the full moon of the calendar on or after 21 March (the epact's rule)."""
    golden, century = year % 19 + 1, year // 100 + 1
    skipped_leaps, moon = 3 * century // 4 - 12, (8 * century + 5) // 25 - 5
    epact = (11 * golden + 20 + moon - skipped_leaps) % 30
    if epact == 24 or (epact == 25 and golden > 11):
        epact += 1
    full = date(year, 3, 1) + (44 - epact - 1) * DAY
    if full < date(year, 3, 21):
        full += 30 * DAY
    return _next(SUN, full + DAY)


@cache
def holidays(country: str, year: int) -> frozenset[date]:
    """The public holidays by law, for the years 2024 to 2031. Sundays are left to the caller."""
    e = easter(year)
    good_friday, easter_monday = e - 2 * DAY, e + DAY
    ascension = _next(THU, e + 5 * 7 * DAY)  # the sixth Thursday after Easter
    assert ascension == e + 39 * DAY
    whit_monday = e + 50 * DAY
    everywhere = {date(year, 1, 1), good_friday, easter_monday, ascension}
    everywhere |= {date(year, 12, 25), date(year, 12, 26)}
    epiphany, mayday = date(year, 1, 6), date(year, 5, 1)
    midsummer, all_saints = _next(SAT, date(year, 6, 20)), _next(SAT, date(year, 10, 31))
    maundy_thursday = e - 3 * DAY
    own = {
        "SE": {epiphany, mayday, date(year, 6, 6), midsummer, all_saints},
        "FI": {epiphany, mayday, midsummer, all_saints, date(year, 12, 6)},
        "NO": {maundy_thursday, mayday, date(year, 5, 17), whit_monday},
        "DK": {maundy_thursday, whit_monday},
    }[country]
    return frozenset(everywhere | own)


def _next(weekday: int, day: date) -> date:
    """That day or the first such weekday after it."""
    while day.weekday() != weekday:
        day += DAY
    return day
