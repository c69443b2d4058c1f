"""When a recipient is tried again, asked again, or reminded: further and further apart, for days.

Never at the same moment for all: whoever comes back after an outage is not run over.
"""

from datetime import date, datetime, timedelta
from secrets import SystemRandom

from consent.programme.handling import Carrier

_FIRST, _FACTOR, _LAST = timedelta(minutes=1), 3, timedelta(days=1)
#: For how long nothing else is tried with a recipient that is not there.
PAUSE = timedelta(minutes=2)
#: How often it is asked whether it is done: by how long it has known.
_ASKED = (
    (timedelta(hours=1), timedelta(minutes=10)),
    (timedelta(days=1), timedelta(hours=1)),
)
_ASKED_THEN = timedelta(hours=6)
_LONGEST_WISH = timedelta(days=1)
_chance = SystemRandom()


def after_failure(attempts: int, *, wish: timedelta = timedelta()) -> timedelta:
    """How long to wait after so many attempts that failed; at least what the recipient wishes."""
    wait = min(_FIRST * _FACTOR ** min(max(attempts, 1) - 1, 10), _LAST)
    return max(_scattered(wait), min(wish, _LONGEST_WISH))


def until_asked(by: Carrier, *, made_at: datetime, due: date | None, now: datetime) -> timedelta:
    """How long to wait for a recipient that has been told and is not done.

    By OpenDSR it is asked. By the other ways it says so itself; it is told once more, with the
    same id, when it should have, and then each week.
    """
    if by is Carrier.OPENDSR:
        age = now - made_at
        known = next((wait for young, wait in _ASKED if age < young), _ASKED_THEN)
        return _scattered(known)
    days = (due - now.date()).days + 1 if due is not None else 0
    # Never before its day is over.
    return timedelta(days=days if days > 0 else 7) + timedelta(hours=_chance.uniform(0, 6))


def _scattered(wait: timedelta) -> timedelta:
    return wait * _chance.uniform(0.8, 1.2)
