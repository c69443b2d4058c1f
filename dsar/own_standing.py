"""Where a member stands with everything, told by one reading of their ledger.

Opens what the member who asks has said, and their birth date, which tells whether a guardian
speaks for them; writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from consent import ledger
from consent.ages import born, is_child
from consent.choices import Action, By, Choice
from consent.history import Stand
from consent.programmes import Active
from consent.standings import Standings, fold, order
from dsar import own_choices, own_preferences
from dsar.own_preferences import Preferences
from profiles.members import Member
from profiles.unit import Unit

_OF_MARKETING = (Action.OBJECTED, Action.OBJECTION_LIFTED)


@dataclass(frozen=True)
class Guardian:
    """A guardian on record: since when, and who put it there; not who, which is theirs to tell."""

    since: datetime
    by: By


@dataclass(frozen=True)
class Standing:
    """`stands`: purpose by purpose, in the file's order; `preferences`: about everything at once.

    `answered`: they have said yes or no to all direct marketing at some time.
    `child`: known to be below the age of consent, so that a guardian says yes for them (Art. 8).
    """

    stands: Sequence[Stand]
    preferences: Preferences
    answered: bool
    child: bool
    guardians: Sequence[Guardian]


async def standing(unit: Unit, active: Active, member: Member) -> Standing:
    """Where the member stands today."""
    said = (await ledger.opened(unit, {member.id: member.key}))[member.id]
    standings = fold(said)
    footing = next(iter(active.footings.values()))
    return Standing(
        stands=own_choices.stands(unit, active, member, standings),
        preferences=own_preferences.told(unit, standings),
        answered=any(one.action in _OF_MARKETING and one.purpose is None for one in said),
        child=bool(is_child(footing, unit.today, born(unit, footing, member))),
        guardians=_guardians(said, standings),
    )


def _guardians(said: Sequence[Choice], standings: Standings) -> list[Guardian]:
    """Those on record today, each since it was last put there."""
    named = {
        one.guardian: Guardian(one.at, one.by)
        for one in sorted(said, key=order)
        if one.action is Action.GUARDIAN_NAMED and one.guardian in standings.guardians
    }
    return sorted(named.values(), key=lambda one: one.since)
