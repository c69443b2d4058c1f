"""Who may be used for a purpose: one set, from the purpose's footing and what members said.

Twice over: as set algebra about everybody, and about one member from their standings. Both say
the same of everybody, reason by reason; a test holds them to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from pyroaring import BitMap

from consent import sets
from consent.choices import State
from consent.footing import Footing
from consent.standings import Standings
from profiles import stacks
from profiles.catalogue import field_of_set, known_set
from profiles.shard import EVERYONE, MemberSets
from profiles.stacks import Op
from profiles.values import to_number


class Reason(StrEnum):
    """Why a member is held back; the first that applies, in this order. The list is closed."""

    RESTRICTED = "restricted"  # Art. 18: silences every purpose
    OBJECTED = "objected"  # Art. 21, to this purpose or to the marketing it profiles for
    PAUSED = "paused"
    NO_CONSENT = "no_consent"  # never asked, refused, withdrawn: services are not told which
    UNPROVEN = "unproven"
    UNCONFIRMED = "unconfirmed"
    EXPIRED = "expired"
    ASK_AGAIN = "ask_again"  # what they agreed to was less than what is done now
    GUARDIAN_NEEDED = "guardian_needed"  # Art. 8
    AGE_UNKNOWN = "age_unknown"
    COME_OF_AGE = "come_of_age"  # a guardian said yes, and they can answer themselves now


@dataclass(frozen=True)
class Eligibility:
    """The members who may be used, and how many were held back for which reason.

    Invariant: `eligible` and the counts of `held_back` add up to all members.
    """

    eligible: BitMap
    held_back: dict[str, int]
    #: Who was held back for what; disjoint. Not to be changed by readers.
    those: dict[Reason, BitMap] = field(default_factory=dict, repr=False)

    def reason(self, ordinal: int) -> Reason | None:
        """Why that member is held back; None when they are not, or are no member."""
        return next((one for one, those in self.those.items() if ordinal in those), None)


def eligibility(footing: Footing, members: MemberSets, today: date) -> Eligibility:
    """Everyone, less those that something holds back."""
    left = members.everyone.copy()
    those: dict[Reason, BitMap] = {}
    for reason, held in _held_back(footing, members, today):
        if held:
            here = left & held
            if here:
                those[reason] = those.get(reason, BitMap()) | here
                left -= here
    return Eligibility(left, {reason.value: len(who) for reason, who in those.items()}, those)


class Eligibles:
    """Eligibilities worked out before, for one process's sets.

    Each is given again only while every set it follows from is as it was, so it cannot be stale.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Footing, date, tuple[int, ...], Eligibility]] = {}

    def of(self, footing: Footing, members: MemberSets, today: date) -> Eligibility:
        """As `eligibility`; what it holds is shared and must not be changed."""
        known = self.known(footing, members, today)
        if known is not None:
            return known
        found = eligibility(footing, members, today)
        stamp = tuple(members.version(one) for one in _follows_from(footing))
        self._kept[footing.purpose.name] = (footing, today, stamp, found)
        return found

    def known(self, footing: Footing, members: MemberSets, today: date) -> Eligibility | None:
        """What was worked out before, if it still holds."""
        kept = self._kept.get(footing.purpose.name)
        if kept is None or kept[0] is not footing or kept[1] != today:
            return None
        stamp = tuple(members.version(one) for one in _follows_from(footing))
        return kept[3] if kept[2] == stamp else None


def reason_of(
    footing: Footing, standings: Standings, today: date, *, born: date | None
) -> Reason | None:
    """Why a member with these standings is held back; None when they are not."""
    if standings.restricted:
        return Reason.RESTRICTED
    if _objects(footing, standings):
        return Reason.OBJECTED
    if footing.is_choice and standings.paused:
        until = standings.paused_until
        if until is None or until > today:
            return Reason.PAUSED
    return _consent_reason(footing, standings, today, born) if footing.needs_consent else None


def _objects(footing: Footing, standings: Standings) -> bool:
    """Also by a no to the consent that was asked for once, before the basis was another."""
    if footing.heeds_old_no and standings.of(footing.purpose.name).said_no:
        return True
    return any(
        standings.objects_to(one.purpose, marketing=one.marketing) for one in footing.silencers
    )


def _consent_reason(
    footing: Footing, standings: Standings, today: date, born: date | None
) -> Reason | None:
    standing = standings.of(footing.purpose.name)
    if (waiting := _WAITING.get(standing.state)) is not None:
        return waiting
    if not standing.consented:
        return Reason.NO_CONSENT
    if standing.until is not None and standing.until <= today:
        return Reason.EXPIRED
    if standing.terms not in footing.accepted:
        return Reason.ASK_AGAIN
    return _age_reason(footing, today, born, by_guardian=standing.guardian is not None)


def _age_reason(
    footing: Footing, today: date, born: date | None, *, by_guardian: bool
) -> Reason | None:
    if footing.birth_field is None or born is None:
        if footing.children:
            return None if by_guardian else Reason.AGE_UNKNOWN
        # Where no children join, whose age nobody knows is grown up, and speaks for themselves.
        return Reason.COME_OF_AGE if by_guardian else None
    child = born > footing.youngest(today)
    if child == by_guardian:
        return None
    return Reason.GUARDIAN_NEEDED if child else Reason.COME_OF_AGE


_WAITING = {
    State.UNPROVEN: Reason.UNPROVEN,
    State.REQUESTED: Reason.UNCONFIRMED,
    State.EXPIRED: Reason.EXPIRED,
}


def _held_back(
    footing: Footing, members: MemberSets, today: date
) -> Iterator[tuple[Reason, BitMap]]:
    """Each reason with those it holds back, whatever came before it."""
    day = to_number(today)
    yield Reason.RESTRICTED, members.get(sets.RESTRICTED)
    for one in footing.silencers:
        yield Reason.OBJECTED, _objected(members, one.purpose, marketing=one.marketing)
    if footing.heeds_old_no:
        yield Reason.OBJECTED, members.get(sets.no_set(footing.purpose.name))
    if footing.is_choice and (paused := members.get(sets.PAUSED)):
        over = stacks.compare(members, sets.PAUSED_UNTIL, Op.LE, day)
        yield Reason.PAUSED, paused - over
    if footing.needs_consent:
        yield from _without_consent(footing, members, day)
        yield from _of_another_age(footing, members, today)


def _objected(members: MemberSets, purpose: str, *, marketing: bool) -> BitMap:
    by_name = members.get(sets.objection_set(purpose))
    if not marketing or not (all_of_it := members.get(sets.MARKETING)):
        return by_name
    return by_name | (all_of_it - members.get(sets.lifted_set(purpose)))


def _without_consent(
    footing: Footing, members: MemberSets, day: int
) -> Iterator[tuple[Reason, BitMap]]:
    name = footing.purpose.name
    given = members.get(sets.consent_set(name))
    waiting = {state: members.get(sets.state_set(name, state)) for state in sets.KEPT_STATES}
    yield Reason.NO_CONSENT, members.everyone - BitMap.union(given, *waiting.values())
    yield Reason.UNPROVEN, waiting[State.UNPROVEN]
    yield Reason.UNCONFIRMED, waiting[State.REQUESTED]
    yield Reason.EXPIRED, waiting[State.EXPIRED]
    yield Reason.EXPIRED, stacks.compare(members, sets.until_stack(name), Op.LE, day)
    under = [members.get(sets.terms_set(name, one)) for one in footing.accepted]
    yield Reason.ASK_AGAIN, given - BitMap.union(*under) if under else given


def _of_another_age(
    footing: Footing, members: MemberSets, today: date
) -> Iterator[tuple[Reason, BitMap]]:
    by_guardian = members.get(sets.guardian_set(footing.purpose.name))
    known = members.get(known_set(footing.birth_field)) if footing.birth_field else BitMap()
    if footing.birth_field is not None and known:
        eldest = to_number(footing.youngest(today))
        children = stacks.compare(members, footing.birth_field, Op.GT, eldest)
        yield Reason.GUARDIAN_NEEDED, children - by_guardian
        yield Reason.COME_OF_AGE, (by_guardian & known) - children
    if footing.children:
        yield Reason.AGE_UNKNOWN, members.everyone - known - by_guardian
    else:
        yield Reason.COME_OF_AGE, by_guardian - known


def _follows_from(footing: Footing) -> tuple[str, ...]:
    """The fields whose sets an eligibility is worked out from."""
    name = footing.purpose.name
    names = [EVERYONE, sets.RESTRICTED, sets.MARKETING, sets.PAUSED, sets.PAUSED_UNTIL]
    for one in footing.silencers:
        names += [sets.objection_set(one.purpose), sets.lifted_set(one.purpose)]
    if footing.needs_consent:
        names += [sets.consent_set(name), sets.until_stack(name), sets.guardian_set(name)]
        names += [field_of_set(sets.terms_set(name, b""))]
        names += [field_of_set(sets.state_set(name, State.GIVEN))]
        names += [footing.birth_field] if footing.birth_field else []
    if footing.heeds_old_no:
        names += [sets.no_set(name)]
    return tuple(names)
