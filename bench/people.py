"""Made-up members as columns: both sides of every comparison are filled from the same ones.

Pure: a seed and a size give the same people every time, for the same day.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

TIERS = ("basic", "bronze", "silver", "gold")
INTERESTS = ("hiking", "skiing", "climbing", "paddling", "cycling", "camping")
PURPOSES = ("offers", "newsletter", "partner_offers")
EPOCH = date(1970, 1, 1)

_TIER_SHARES = (0.40, 0.25, 0.20, 0.15)
_INTEREST_SHARES = (0.40, 0.30, 0.10, 0.08, 0.25, 0.20)
_CONSENT_SHARES = (0.70, 0.55, 0.20)
_RESTRICTED_SHARE = 0.001
_FIRST = ("Anna", "Erik", "Ingrid", "Lars", "Maja", "Nils", "Sigrid", "Olav", "Elin", "Johan")
_LAST = ("Berg", "Dahl", "Ek", "Falk", "Holm", "Lind", "Moen", "Strand", "Vik", "Åström")

Days = NDArray[np.int32]
Flags = NDArray[np.bool_]


def club_day() -> date:
    """Today where the measured club is: its members' ages and windows go by it, not by UTC."""
    return datetime.now(ZoneInfo("Europe/Stockholm")).date()


@dataclass(frozen=True)
class People:
    """One array a column, one place a member; days are counted from 1970-01-01."""

    born: Days
    tier: NDArray[np.int8]
    interests: Flags  # members × interests
    spend: NDArray[np.int64]  # öre
    visited: Days
    consents: Flags  # members × purposes: given, or else refused
    restricted: Flags

    def __len__(self) -> int:
        return len(self.born)

    def name(self, at: int) -> str:
        return f"{_FIRST[at % 10]} {_LAST[at // 10 % 10]}son"

    def email(self, at: int) -> str:
        return f"{_FIRST[at % 10].lower()}.{at}@post.example"

    def person(self, at: int) -> dict[str, object]:
        """The member at that place, as the store of a million enrols it: seven sealed fields."""
        return {
            "member_number": str(at),
            "name": self.name(at),
            "birth_date": day(int(self.born[at])),
            "tier": TIERS[self.tier[at]],
            "interests": self.likes(at),
            "spend": self.spent(at),
            "last_visit": day(int(self.visited[at])),
        }

    def spent(self, at: int) -> Decimal:
        return Decimal(int(self.spend[at])).scaleb(-2)

    def likes(self, at: int) -> list[str]:
        return [name for name, likes in zip(INTERESTS, self.interests[at], strict=True) if likes]


def made_up(count: int, *, today: date, seed: int = 20_250) -> People:
    """`count` people; their columns are independent of each other and of their places."""
    chance = np.random.default_rng(seed)
    now = (today - EPOCH).days
    ages = np.clip(chance.normal(44, 16, count), 16, 95)
    return People(
        born=(now - ages * 365.25).astype(np.int32),
        tier=chance.choice(len(TIERS), count, p=_TIER_SHARES).astype(np.int8),
        interests=chance.random((count, len(INTERESTS))) < _INTEREST_SHARES,
        spend=np.round(chance.lognormal(11.5, 1.1, count)).astype(np.int64),
        visited=(now - chance.exponential(120, count).clip(0, 1_500)).astype(np.int32),
        consents=chance.random((count, len(PURPOSES))) < _CONSENT_SHARES,
        restricted=chance.random(count) < _RESTRICTED_SHARE,
    )


def day(number: int) -> date:
    return EPOCH + timedelta(days=number)
