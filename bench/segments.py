"""The one segment that the segment rows ask for: as ours, as plain SQL, and naively.

Five predicates, and everything that decides whether a member may be used at all: consent, its
end, objection and restriction. Pure.
"""

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from bench.people import EPOCH, INTERESTS, TIERS, People

PURPOSE = "offers"
SERVICE = "offers-engine"

EXPRESSION = (
    "tier IN ('silver', 'gold') AND 'hiking' IN interests AND age BETWEEN 25 AND 45"
    " AND spend >= 1000 AND last_visit >= CURRENT_DATE - INTERVAL 90 DAY"
)
#: Where hiking stands among the interests.
HIKING = INTERESTS.index("hiking")
#: How long the consents of plaintext tables hold; no consent has run out on either side.
CONSENT_DAYS = 700


def plain_conditions(likes: str, today: date) -> str:
    """The same in SQL over plaintext columns; `likes` is how the table says who likes hiking.

    Days are written as constants: neither side computes them while it is measured.
    """
    return f"""
        tier IN ('silver', 'gold') AND {likes}
        AND birth_date > DATE '{_years_before(today, 46)}'
        AND birth_date <= DATE '{_years_before(today, 25)}'
        AND spend >= 1000
        AND last_visit >= DATE '{today - timedelta(days=90)}'
        AND consented AND consented_until > DATE '{today}'
        AND NOT objected AND NOT restricted
    """


def naive(people: People, today: date) -> NDArray[np.intp]:
    """The places of those who match, computed from the columns that both sides were filled with."""
    matches = (
        (people.tier >= TIERS.index("silver"))
        & people.interests[:, HIKING]
        & (people.born > _number(_years_before(today, 46)))
        & (people.born <= _number(_years_before(today, 25)))
        & (people.spend >= 100_000)
        & (people.visited >= _number(today - timedelta(days=90)))
        & people.consents[:, 0]
        & ~people.restricted
    )
    return np.flatnonzero(matches)


def _years_before(day: date, years: int) -> date:
    """The latest birth date of those who are `years` old on `day`."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February: who is born then is a year older from 1 March
        return day.replace(year=day.year - years, day=28)


def _number(day: date) -> int:
    return (day - EPOCH).days
