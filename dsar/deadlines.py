"""When an answer is due: Art. 12(3) GDPR, counted as Regulation 1182/71 Art. 3 says.

One month from receipt, on the same day number or the last day of the month; a day that is no
working day in the controller's country rolls to the next that is.
"""

import calendar
from datetime import date, timedelta

import holidays

from kernel.errors import Invalid


def due_day(received: date, country: str, *, extended: bool = False) -> date:
    """The last day for the answer; `extended` by two further months (reasons given in time).

    `country`: ISO 3166 alpha-2. Raises `Invalid` for a country whose calendar is not known.
    """
    day = _months_on(received, 3 if extended else 1)
    try:
        calendar_of = holidays.country_holidays(country, years=(day.year, day.year + 1))
    except NotImplementedError as error:
        raise Invalid(
            "there is no calendar for this country", place="country", remedy="give SE, NO, DK, …"
        ) from error
    while day.weekday() >= calendar.SATURDAY or day in calendar_of:
        day += timedelta(days=1)
    return day


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
