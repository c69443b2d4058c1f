"""Those who speak for a member: a child's guardian, an agent under a mandate.

What they said for the member is proof for as long as they may say it. Who is a guardian no more,
or an agent that the programme knows no more, has shown nothing; whatever waits for their word
waits on, until somebody who may has shown who they are. Opens the child's birth date and ledger.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from consent import guardians
from consent.programmes import Active
from dsar import identity
from dsar.identity import How, Kept, Proof, Proved
from dsar.register import Request
from dsar.states import Right, State
from dsar.tables import RequestRow
from profiles.members import Member
from profiles.unit import Unit

_DECIDED = (State.ACCEPTED, State.CARRIED_OUT)
_GUARDIANS = (How.GUARDIAN, How.GUARDIAN_SIGN_IN)


async def given(unit: Unit, active: Active, request: UUID, member: Member) -> list[Kept]:
    """As `identity.given`; what somebody said who may speak for the member no more holds not."""
    return await _holding(unit, active, member, await identity.given(unit, request, member))


async def proved(unit: Unit, active: Active, request: UUID, member: Member) -> Proved:
    """As `identity.proved`, without the word of whoever may speak for the member no more."""
    found = await given(unit, active, request, member)
    return identity.of(one.proof for one in found if one.holds)


async def lacking(unit: Unit, active: Active, request: Request, member: Member) -> frozenset[str]:
    """What must be proved before the request can be approved or, once it is, carried out."""
    said = await identity.given(unit, request.id, member)
    return await lacking_by(unit, active, request, member, said)


async def lacking_by(
    unit: Unit, active: Active, request: Request, member: Member, said: Sequence[Kept]
) -> frozenset[str]:
    """The same, by the proofs given for it as `identity.given` has them."""
    if request.state not in _DECIDED:
        said = await _holding(unit, active, member, said)
        have = identity.of(one.proof for one in said if one.holds)
    else:
        have = identity.of(await _heard(unit, active, member, _for(said, request.right)))
    return identity.lacking(unit, request.right, member, have)


async def unproved(unit: Unit, active: Active, row: RequestRow, member: Member) -> frozenset[str]:
    """The same as it stands now, whatever was decided before."""
    have = await proved(unit, active, row.id, member)
    return identity.lacking(unit, Right(row.kind), member, have)


async def silenced(
    unit: Unit, active: Active, given: Iterable[Kept], member: Member, right: Right
) -> bool:
    """Whether an approved request rests on the word of somebody who may speak no more.

    `given`: its proofs. An identifier that has changed since it was approved was proved when
    that counted.
    """
    said = _for(given, right)
    heard = await _heard(unit, active, member, said)
    if len(heard) == len(said):
        return False
    return bool(identity.lacking(unit, right, member, identity.of(heard)))


async def _holding(unit: Unit, active: Active, member: Member, said: Iterable[Kept]) -> list[Kept]:
    return [
        replace(one, holds=one.holds and await _may(unit, active, member, one.proof))
        for one in said
    ]


def _for(given: Iterable[Kept], right: Right) -> list[Proof]:
    return [one.proof for one in given if one.proof.right == right]


async def _heard(
    unit: Unit, active: Active, member: Member, proofs: Iterable[Proof]
) -> list[Proof]:
    return [one for one in proofs if await _may(unit, active, member, one)]


async def _may(unit: Unit, active: Active, member: Member, proof: Proof) -> bool:
    if not proof.by:
        return True  # nobody else spoke, or an officer has seen the papers and answers for them
    if proof.how in _GUARDIANS:
        footing = next(iter(active.footings.values()))
        return await guardians.speaks(unit, footing, UUID(proof.by), member)
    if proof.how is How.MANDATE:
        agent = active.programme.agents.get(proof.by)
        return agent is not None and agent.mandate
    return False
