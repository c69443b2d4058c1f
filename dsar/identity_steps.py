"""Proofs of the whole person: a sign-in with a second proof, and what an officer has seen.

An officer who attests stands in the record with it. What they saw may be noted; the note is
sealed with the proof, and goes when the member does.
"""

from uuid import UUID

from audit.acts import Act
from audit.entries import Kind as EntryKind
from consent.programmes import Active
from dsar import identity, register, speaking
from dsar.errors import NotARequest, WrongState
from dsar.identity import How, Kept, Proof
from dsar.identity_cases import Case, Outcome, opened, proved, tried
from dsar.register import Request
from profiles.unit import Unit
from profiles.values import has_controls

#: What an officer can put on record.
ATTESTED = (How.OFFICER, How.MANDATE, How.GUARDIAN)
LONGEST_NOTE = 200


async def step_up(unit: Unit, act: Act, active: Active, request: UUID, *, lately: bool) -> Outcome:
    """The member has signed in with a second proof; `lately`: so lately that it counts.

    On record whatever came of it. Raises `UnknownRequest`, and `NotReady` once they are erased.
    """
    case = await opened(unit, active, request, lock=True)
    proof = Proof(How.STEP_UP)
    if not (lately and case.is_open):
        return await tried(unit, act, case, proof, outcome=Outcome.EXPIRED)
    # Another may have spoken for them, and may no more: that is not their own proof.
    before = await identity.given(unit, request, case.member)
    if any(one.holds and one.proof.how is How.STEP_UP for one in before):
        return await tried(unit, act, case, proof, outcome=Outcome.PROVED)
    return await proved(unit, act, active, case, proof)


async def attest(
    unit: Unit, act: Act, active: Active, request: UUID, *, how: How, note: str = ""
) -> Request:
    """An officer has seen who it is, a mandate, or what makes somebody a child's guardian.

    Raises `NotARequest` for any other proof, `WrongState` once the request is decided.
    """
    if how not in ATTESTED:
        raise NotARequest(
            "an officer attests to what they have seen",
            place="how",
            remedy="one of " + ", ".join(ATTESTED),
        )
    if has_controls(note):
        raise NotARequest("a note has no control characters", place="note")
    case = await opened(unit, active, request, lock=True)
    if not case.is_open:
        raise WrongState(
            f"this request is {case.request.state}",
            place="request",
            remedy="who they are is shown before it is decided",
        )
    await proved(unit, act, active, case, Proof(how, note=note))
    return await register.get(unit, request)


async def given(unit: Unit, act: Act, active: Active, request: UUID) -> tuple[Case, list[Kept]]:
    """The proofs of a request, for an officer, and which of them hold; on record where they
    contain what one has noted.

    Raises `UnknownRequest`, and `NotReady` once the member is erased.
    """
    case = await opened(unit, active, request)
    found = await speaking.given(unit, active, request, case.member)
    if any(one.proof.note for one in found):
        entry = act.entry(
            EntryKind.PROFILE_READ,
            subject=case.member.key.subject(),
            facts={"fields": [], "how": "identity"},
        )
        await unit.record.write(unit.session, entry)
    return case, found
