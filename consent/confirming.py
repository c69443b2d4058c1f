"""Double opt-in: a yes that was requested, and the member's own word that it was theirs.

Reads and writes one member's ledger. A request is known by its row; it can be confirmed for as
long as nothing was said against it since, and it is confirmed once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from audit.acts import Act
from consent import ledger
from consent.choices import Action, Choice, State
from consent.choosing import confirmed
from consent.footing import Footing
from consent.programmes import Active
from consent.standings import fold, order
from profiles.keys import MemberKey
from profiles.members import Member
from profiles.unit import Unit

_NOES = (Action.REFUSED, Action.WITHDRAWN, Action.INVALIDATED)


@dataclass(frozen=True)
class Request:
    """A yes that waits for its member's word, or has had it (`answered`)."""

    footing: Footing
    said: Choice
    answered: bool


async def requested(unit: Unit, purpose: str, keys: Mapping[UUID, MemberKey]) -> dict[UUID, UUID]:
    """The ledger row of each of these members' newest request for the purpose, if they have one."""
    rows = await ledger.opened_rows(unit, keys)
    found = {member: _newest(purpose, said) for member, said in rows.items()}
    return {member: row for member, row in found.items() if row is not None}


async def request(
    unit: Unit, active: Active, member: Member, purpose: str, row: UUID
) -> Request | None:
    """The request that stands in that row; None when there is nothing to confirm any more.

    So it is once they refused, withdrew or objected, and when the purpose is gone from the
    programme or asks for no consent.
    """
    footing = active.footings.get(purpose)
    if footing is None or not footing.needs_consent:
        return None
    rows = (await ledger.opened_rows(unit, {member.id: member.key}))[member.id]
    said = rows.get(row)
    if said is None or said.action is not Action.REQUESTED or said.purpose != purpose:
        return None
    if any(_against(said, one) for one in rows.values()):
        return None
    standing = fold(rows.values()).of(purpose)
    if standing.state is State.REQUESTED or standing.consented:
        return Request(footing, said, answered=standing.consented)
    return None


async def confirm(
    unit: Unit, act: Act, active: Active, member: Member, *, purpose: str, row: UUID
) -> Request | None:
    """Write down that the member (loaded with `lock=True`) has confirmed; None as `request`.

    What was confirmed before is not written down again. Raises `GuardianUnknown` when a
    guardian asked who is not the member's any more.
    """
    found = await request(unit, active, member, purpose, row)
    if found is not None and not found.answered:
        line = confirmed(unit, found.footing.purpose, found.said, at=unit.now, evidence=str(row))
        await ledger.record(unit, act, {member: [line]})
    return found


def _newest(purpose: str, rows: Mapping[UUID, Choice]) -> UUID | None:
    asked: Iterable[tuple[UUID, Choice]] = (
        (row, one)
        for row, one in rows.items()
        if one.purpose == purpose and one.action is Action.REQUESTED
    )
    return max(asked, key=lambda pair: order(pair[1]), default=(None, None))[0]


def _against(said: Choice, one: Choice) -> bool:
    """Whether this is a no to what was requested, said no earlier."""
    if one.at < said.at:
        return False
    if one.action is Action.OBJECTED:
        return one.purpose in (said.purpose, None)
    return one.action in _NOES and one.purpose == said.purpose
