"""What bookkeeping law keeps of somebody who is erased, and until when (Art. 17(3)(b)).

Pure. The programme says for which purpose; the country's law says for how many years.
"""

from dataclasses import dataclass
from datetime import date

from consent.programme.countries import COUNTRIES, TABLES
from consent.programme.declarations import Purpose
from consent.programme.handling import years_of
from consent.programme.model import Programme


@dataclass(frozen=True)
class Books:
    """The books of a programme: vouchers stay `years` years after the end of their own.

    `fields`: what of the member a voucher shows. `law`: what asks for it, in a few words.
    """

    purpose: Purpose
    fields: tuple[str, ...]
    years: int
    law: str

    def keep_until(self, day: date) -> date:
        """The last day on which the voucher of a purchase of that day is kept.

        The financial year is the calendar year, so that it closes in the year of the purchase.
        """
        return date(day.year + self.years, 12, 31)

    def asks_for(self, day: date, today: date) -> bool:
        """Whether the law still asks today for the voucher of a purchase of that day."""
        return today <= self.keep_until(day)


def books_of(programme: Programme) -> Books | None:
    """The programme's books; None where it keeps none here.

    The law's years are the law's, where we know it: a purpose that says more keeps no more.
    """
    name = programme.requests.bookkeeping
    if name is None:
        return None
    purpose = programme.purpose(name)
    code = programme.controller.country
    stored = tuple(one for one in purpose.fields if one not in programme.traits)
    if code in COUNTRIES:
        source, _, _ = TABLES[code].bookkeeping_years.source.partition(": ")
        return Books(purpose, stored, COUNTRIES[code].bookkeeping_years, source)
    years = years_of(programme.retention_of(name))
    assert years is not None  # checked when the programme was
    return Books(purpose, stored, years, f"purposes.{name}")
