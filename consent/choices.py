"""What a member can say, and what it comes to: the fold from choices to a standing.

Pure. The ledger holds choices; whether a member may be used for a purpose follows from this
fold and from nothing else. Member sets hold its result.
"""

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec


class Action(StrEnum):
    """What was said. Restriction is about all purposes, everything else about one."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"
    OBJECTION_LIFTED = "objection_lifted"
    RESTRICTED = "restricted"
    RESTRICTION_LIFTED = "restriction_lifted"


#: When two choices bear the same time, the one that lets out less decides.
_YES = frozenset({Action.GIVEN, Action.OBJECTION_LIFTED, Action.RESTRICTION_LIFTED})


class Choice(msgspec.Struct, frozen=True, array_like=True):
    """One line of the ledger (Art. 7(1)): what was said, when, how, and under which notice.

    `until` is the first day on which a consent no longer holds; none for everything else.
    `how`: "member", "till", "officer" or "import"; `notice`: SHA-256 of the text shown.
    """

    action: Action
    purpose: str | None
    at: datetime
    how: str
    programme: int
    language: str | None = None
    notice: bytes | None = None
    until: date | None = None

    def __repr__(self) -> str:
        return "Choice(***)"


@dataclass(frozen=True)
class Standing:
    """Where a member stands with one purpose."""

    consented: bool = False
    until: date | None = None
    objected: bool = False
    since: datetime | None = None


@dataclass(frozen=True)
class Standings:
    """Where a member stands: purpose by purpose, and restricted or not."""

    purposes: Mapping[str, Standing] = field(default_factory=dict)
    restricted: bool = False

    def of(self, purpose: str) -> Standing:
        return self.purposes.get(purpose, Standing())


def fold(choices: Iterable[Choice]) -> Standings:
    """What a member's choices come to. The latest decides.

    Of several at one time the no decides, and of several yeses the one that ends first: so the
    order in which they are handed over makes no difference.
    """
    purposes: dict[str, Standing] = {}
    restricted = False
    for choice in sorted(choices, key=_order):
        if choice.purpose is None:
            restricted = choice.action is Action.RESTRICTED
        else:
            before = purposes.get(choice.purpose, Standing())
            purposes[choice.purpose] = _after(before, choice)
    return Standings(purposes, restricted)


def _order(choice: Choice) -> tuple[datetime, bool, int]:
    ends = date.max if choice.until is None else choice.until
    return choice.at, choice.action not in _YES, -ends.toordinal()


def _after(before: Standing, choice: Choice) -> Standing:
    if choice.action in (Action.OBJECTED, Action.OBJECTION_LIFTED):
        objected = choice.action is Action.OBJECTED
        return Standing(before.consented, before.until, objected, choice.at)
    given = choice.action is Action.GIVEN
    return Standing(given, choice.until if given else None, before.objected, choice.at)


def holds_until(given: datetime, months: int | None, zone: ZoneInfo) -> date | None:
    """The first day on which a consent given then no longer holds: the same day, months on."""
    if months is None:
        return None
    day = given.astimezone(zone).date()
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
