"""How often somebody may try to prove who they are. Pure: what was tried is handed in.

Codes are of 8 digits. By these limits a member's day has room for 50 guesses at most, over all
their requests together: one chance in two million.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

HOLDS = timedelta(minutes=10)  # a code
ATTEMPTS = 5  # at one code
SAME = 3  # codes to one identifier for one request, in an hour
HOURLY = 5  # codes to one member in an hour, for whatever request
DAILY = 10  # codes to one member in a day
SETTLES = timedelta(days=14)  # before an address that a member has changed proves anything
CARDS = 5  # tries with a purchase in a day, for one member

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Sent:
    """A code that was sent: when, for which request, to which identifier."""

    at: datetime
    request: UUID
    identifier: str


def may_send(before: Iterable[Sent], wanted: Sent) -> bool:
    """Whether one code more may leave, after those that a member was sent before."""
    day = [one for one in before if one.at > wanted.at - DAY]
    hour = [one for one in day if one.at > wanted.at - HOUR]
    same = sum(one.request == wanted.request for one in hour if one.identifier == wanted.identifier)
    return same < SAME and len(hour) < HOURLY and len(day) < DAILY


def may_show(before: Iterable[datetime], now: datetime) -> bool:
    """Whether a card may be tried once more, after the tries that there were before."""
    return sum(at > now - DAY for at in before) < CARDS
