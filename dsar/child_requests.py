"""What guardians ask for their children (Art. 8), and fetch when it is there.

The child is the member whom the request is about, and sees it among their own. What the guardian
does stands in the record under the child's pseudonym: it must not tell which two belong together.
A child who has come of age is spoken for no more, not even for what was asked before.
"""

from uuid import UUID

from audit.acts import Act
from consent import guardians
from consent.programmes import Active
from dsar import packages, register, requests
from dsar.errors import NotIdentified, UnknownRequest
from dsar.identity import How, Proof
from dsar.packages import Package
from dsar.register import Request
from dsar.states import Right
from dsar.wanted import Wanted
from dsar.words import Channel
from profiles.members import Member
from profiles.unit import Unit


async def open_request(
    unit: Unit,
    act: Act,
    active: Active,
    guardian: Member,
    child: UUID,
    *,
    right: Right,
    lately: bool,
    wish: Wanted | None = None,
    language: str | None = None,
) -> Request:
    """Ask for a child; the time to answer runs from now (Art. 12(3)).

    `lately`: the guardian has signed in with a second proof a moment ago, and so shown who they
    are. Raises `NotIdentified` if not, `ChildUnknown` and `OfAge`, and as `requests.open_request`.
    """
    ward = await _ward(unit, active, guardian, child)
    _refuse_late(lately)
    return await requests.open_request(
        unit,
        guardians.speaking_for(act, ward),
        active,
        right,
        ward.id,
        channel=Channel.GUARDIAN,
        proof=Proof(How.GUARDIAN),
        wish=wish,
        language=language,
    )


async def listed(unit: Unit, active: Active, guardian: Member, child: UUID) -> list[Request]:
    """What guardians have asked for the child, the most urgent first. Raises as `ward` does."""
    ward = await _ward(unit, active, guardian, child)
    found = await register.listed(unit, member=ward.id)
    return [one for one in found if one.channel is Channel.GUARDIAN]


async def package(
    unit: Unit,
    act: Act,
    active: Active,
    guardian: Member,
    child: UUID,
    *,
    request: UUID,
    lately: bool,
) -> Package:
    """The answer to what a guardian asked for, opened for them; on record, and the child sees it.

    Raises `UnknownRequest` for what the child has asked for themselves, `NotIdentified` without
    a second proof, `NotReady`, and as `guardians.ward` does.
    """
    ward = await _ward(unit, active, guardian, child)
    _refuse_late(lately)
    found = await register.get(unit, request)
    if found.member != ward.id or found.channel is not Channel.GUARDIAN:
        raise UnknownRequest("there is no such request", place="request")
    return await packages.fetch(unit, guardians.speaking_for(act, ward), request, ward.id)


async def _ward(unit: Unit, active: Active, guardian: Member, child: UUID) -> Member:
    footing = next(iter(active.footings.values()))
    return await guardians.ward(unit, footing, guardian, child)


def _refuse_late(lately: bool) -> None:
    if not lately:
        raise NotIdentified(
            "whoever asks for a child has shown a moment ago who they are",
            place="Authorization",
            remedy="sign in again with a second proof",
        )
