"""When an answer is due: Art. 12(3) GDPR, counted as Regulation 1182/71 Art. 3 says.

One month from receipt, on the same day number or the last day of the month; a day that is no
working day in the controller's country rolls to the next that is. Days during which a promptly
sent question about identity was open come on top (EDPB Guidelines 01/2022, on Art. 12(6)).
"""

import calendar
from datetime import date, timedelta
from functools import lru_cache

import holidays

from dsar.errors import TooLate
from kernel.errors import Invalid


def due_day(received: date, country: str, *, extended: bool = False, paused: int = 0) -> date:
    """The last day for the answer; `extended` by two further months (reasons given in time).

    `country`: ISO 3166 alpha-2. `paused`: days during which the clock stood. Raises `Invalid`
    for a country whose calendar is not known.
    """
    day = months_on(received, 3 if extended else 1) + timedelta(days=paused)
    while day.weekday() >= calendar.SATURDAY or day in _free_days(country, day.year):
        day += timedelta(days=1)
    return day


def extendable_until(received: date, country: str, *, paused: int = 0) -> date:
    """The last day on which an extension and its reasons can be sent: within the first month."""
    return due_day(received, country, paused=paused)


def refuse_late(today: date, received: date, country: str, *, paused: int = 0) -> None:
    """Raises `TooLate` once the day is past on which an answer could still be put off."""
    last = extendable_until(received, country, paused=paused)
    if today > last:
        raise TooLate(
            "an extension and its reasons are sent within the first month",
            place="request",
            remedy=f"the last day was {last}: answer now (Art. 12(3))",
        )


def months_on(day: date, months: int) -> date:
    """The same day number so many months on, else that month's last day (Art. 3(2)(c))."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


@lru_cache(maxsize=256)
def _free_days(country: str, year: int) -> frozenset[date]:
    try:
        listed = frozenset(holidays.country_holidays(country, years=(year,)))
    except NotImplementedError as error:
        raise Invalid(
            "there is no calendar for this country", place="country", remedy="give SE, NO, DK, …"
        ) from error
    return listed - _eves(year) if country == "FI" else listed


def _eves(year: int) -> frozenset[date]:
    """Midsummer Eve and Christmas Eve: listed for Finland, and made holidays by no law there.

    People are off by agreement. The Act on time limits (150/1930) passes over them for what is
    done at courts and authorities; an answer to a member is due by the regulation.
    """
    midsummer = next(
        day
        for day in (date(year, 6, number) for number in range(19, 26))
        if day.weekday() == calendar.FRIDAY
    )
    return frozenset({midsummer, date(year, 12, 24)})
