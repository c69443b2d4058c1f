"""Who may be used for a purpose: one set, from the purpose's legal basis and what members said.

Restriction (Art. 18) silences every purpose: while it lasts, data is kept and not used.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from pyroaring import BitMap

from consent.choices import Standing, Standings
from consent.programme.declarations import LegalBasis, Purpose
from profiles import stacks
from profiles.changes import Changes
from profiles.conditions import Compare
from profiles.evaluation import PredicateCache
from profiles.shard import MemberSets
from profiles.stacks import Op
from profiles.values import EPOCH, to_number

RESTRICTED = "~restricted"


class Reason(StrEnum):
    """Why a member is held back; the first that applies, in this order."""

    RESTRICTED = "restricted"
    OBJECTED = "objected"
    NO_CONSENT = "no_consent"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Eligibility:
    """The members who may be used, and how many were held back for which reason.

    Invariant: `eligible` and the counts of `held_back` add up to all members.
    """

    eligible: BitMap
    held_back: dict[str, int]


def consent_set(purpose: str) -> str:
    return f"consent:{purpose}"


def until_stack(purpose: str) -> str:
    return f"consent_until:{purpose}"


def objection_set(purpose: str) -> str:
    return f"objection:{purpose}"


def eligibility(
    purpose: Purpose, members: MemberSets, today: date, cache: PredicateCache
) -> Eligibility:
    """Everyone, less those that restriction, objection or a lacking consent holds back."""
    left = members.everyone.copy()
    held_back: dict[str, int] = {}
    for reason, those in _held_back(purpose, members, today, cache):
        kept = left - those if reason is not Reason.NO_CONSENT else left & those
        held_back[reason.value] = len(left) - len(kept)
        left = kept
    return Eligibility(left, {reason: count for reason, count in held_back.items() if count})


def standing_in(members: MemberSets, purpose: str, ordinal: int) -> Standings:
    """One member's standings as the sets have them, for one purpose."""
    until = stacks.value_of(members, until_stack(purpose), ordinal)
    standing = Standing(
        consented=ordinal in members.get(consent_set(purpose)),
        until=None if until is None else EPOCH + timedelta(days=until),
        objected=ordinal in members.get(objection_set(purpose)),
    )
    return Standings({purpose: standing}, restricted=ordinal in members.get(RESTRICTED))


def standing_reason(purpose: Purpose, standings: Standings, today: date) -> Reason | None:
    """The same answer from a member's ledger alone: what sets are derived from."""
    standing = standings.of(purpose.name)
    if standings.restricted:
        return Reason.RESTRICTED
    if heeds_objection(purpose) and standing.objected:
        return Reason.OBJECTED
    if purpose.legal_basis is LegalBasis.CONSENT:
        if not standing.consented:
            return Reason.NO_CONSENT
        if standing.until is not None and standing.until <= today:
            return Reason.EXPIRED
    return None


def heeds_objection(purpose: Purpose) -> bool:
    """Art. 21(1) for legitimate interest, 21(2) for direct marketing on any basis."""
    return purpose.legal_basis is LegalBasis.LEGITIMATE_INTEREST or purpose.direct_marketing


def place(changes: Changes, ordinal: int, standings: Standings, purposes: set[str | None]) -> None:
    """Bring the sets of these purposes (None: restriction) in line with a member's standings."""
    for purpose in purposes:
        if purpose is None:
            _set(changes, RESTRICTED, ordinal, standings.restricted)
            continue
        standing = standings.of(purpose)
        _set(changes, consent_set(purpose), ordinal, standing.consented)
        _set(changes, objection_set(purpose), ordinal, standing.objected)
        until = None if standing.until is None else to_number(standing.until)
        changes.assign(until_stack(purpose), ordinal, until)


def _set(changes: Changes, name: str, ordinal: int, inside: bool) -> None:
    (changes.add if inside else changes.remove)(name, ordinal)


def _held_back(
    purpose: Purpose, members: MemberSets, today: date, cache: PredicateCache
) -> Iterator[tuple[Reason, BitMap]]:
    """Each reason with the set that decides it; for NO_CONSENT, those who do consent."""
    yield Reason.RESTRICTED, members.get(RESTRICTED)
    if heeds_objection(purpose):
        yield Reason.OBJECTED, members.get(objection_set(purpose.name))
    if purpose.legal_basis is LegalBasis.CONSENT:
        yield Reason.NO_CONSENT, members.get(consent_set(purpose.name))
        stack = until_stack(purpose.name)
        over = Compare(stack, stack, Op.LE, to_number(today))
        yield Reason.EXPIRED, cache.answer(over, members)
