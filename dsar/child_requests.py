"""What guardians ask for their children (Art. 8), and fetch when it is there.

The child is the member whom the request is about, and sees it among their own. What the guardian
does stands in the record under the child's pseudonym: it must not tell which two belong together.
A child who has come of age is spoken for no more, not even for what was asked before.
"""

from uuid import UUID

from audit.acts import Act
from consent import guardians
from consent.programmes import Active
from dsar import deciding, identity, packages, register, requests
from dsar.errors import UnknownRequest
from dsar.identity import How, Kept
from dsar.packages import Fetched, Package
from dsar.register import Request
from dsar.states import Right
from dsar.wanted import Wanted
from dsar.words import Channel
from profiles.members import Member
from profiles.unit import Unit


async def ward(unit: Unit, active: Active, guardian: Member, child: UUID) -> Member:
    """The child, for whom this member may speak today. Raises `ChildUnknown` and `OfAge`."""
    footing = next(iter(active.footings.values()))
    return await guardians.ward(unit, footing, guardian, child)


async def open_request(
    unit: Unit,
    act: Act,
    active: Active,
    child: Member,
    *,
    guardian: Member,
    right: Right,
    lately: bool,
    wish: Wanted | None = None,
    language: str | None = None,
) -> Request:
    """Ask for a child who is the guardian's `ward`; the time to answer runs from now (Art. 12(3)).

    `lately`: the guardian has shown a moment ago who they are. Their word is the proof of identity
    then; without, it is for a withdrawal and an objection, and proves nothing for all else.
    Raises as `requests.open_request`.
    """
    return await requests.open_request(
        unit,
        guardians.speaking_for(act, child),
        active,
        right,
        child.id,
        channel=Channel.GUARDIAN,
        proof=identity.signed_in(right, lately=lately, guardian=guardian.id),
        wish=wish,
        language=language,
    )


async def listed(unit: Unit, child: Member) -> list[Request]:
    """What guardians have asked for their `ward`, the most urgent first."""
    found = await register.listed(unit, member=child.id)
    return [one for one in found if one.channel is Channel.GUARDIAN]


async def asked_for(unit: Unit, child: Member, *, guardian: Member) -> frozenset[UUID]:
    """Of those, what this guardian has asked for themselves: its answers are theirs to fetch."""
    found = await listed(unit, child)
    given = await identity.given_each(unit, {one.id: child for one in found})
    return frozenset(
        request
        for request, proofs in given.items()
        if any(_is_word_of(guardian, one) for one in proofs)
    )


async def one(unit: Unit, child: Member, *, guardian: Member, request: UUID) -> Request:
    """What this guardian has asked for their `ward` themselves.

    Raises `UnknownRequest` also for what the child, or somebody else for them, has asked for:
    what another guardian has written is not theirs to read or to take back.
    """
    found = await register.get(unit, request)
    given = await identity.given(unit, request, child) if found.member == child.id else []
    theirs = any(_is_word_of(guardian, one) for one in given)
    if not theirs or found.channel is not Channel.GUARDIAN:
        raise UnknownRequest("there is no such request", place="request")
    return found


async def cancel(
    unit: Unit, act: Act, child: Member, *, guardian: Member, request: UUID
) -> Request:
    """The same guardian has thought better of it; the child sees it. Raises as `one` does, and
    `WrongState` once it is carried out."""
    await one(unit, child, guardian=guardian, request=request)
    return await deciding.cancel(unit, guardians.speaking_for(act, child), request)


async def package(
    unit: Unit,
    act: Act,
    child: Member,
    *,
    guardian: Member,
    request: UUID,
    how: Fetched = Fetched.PLAIN,
) -> Package:
    """The answer to what this guardian asked for their `ward`, opened; the child sees it.

    It goes by their own proof, sealed with the request. Raises `NotReady`, and `UnknownRequest`
    also for what the child, or somebody else for them, has asked for.
    """
    await one(unit, child, guardian=guardian, request=request)
    return await packages.fetch(
        unit, guardians.speaking_for(act, child), request, child.id, how=how
    )


def _is_word_of(guardian: Member, kept: Kept) -> bool:
    proof = kept.proof
    return kept.holds and proof.how is How.GUARDIAN and proof.by == str(guardian.id)
