"""A request while somebody shows who they are: locked, so that tries at one time count one by one.

Everything here is answered with an `Outcome` and never with an exception: a transaction that is
rolled back would forget that somebody had tried.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from audit.acts import Act
from audit.entries import Kind as EntryKind
from consent.programmes import Active
from dsar import identity, register, requests, speaking
from dsar.identity import Proof, Proved
from dsar.register import Request
from dsar.states import Step, after
from profiles.members import Member
from profiles.unit import Unit


class Outcome(StrEnum):
    """What came of asking for a code, or of trying to prove something."""

    SENT = "sent"  # a code is on its way to the address on file
    UNAVAILABLE = "unavailable"  # no such address on file, none of long standing, or no way to it
    PROVED = "proved"
    WRONG = "wrong"
    EXPIRED = "expired"  # the code, the sign-in or the request is over, or there never was one
    LIMITED = "limited"  # too often; what was brought has not been looked at


@dataclass(frozen=True)
class Case:
    """A request, its member, and what was proved so far."""

    request: Request
    member: Member
    have: Proved

    @property
    def is_open(self) -> bool:
        """Whether a proof can still change what comes of it: nobody has decided yet."""
        return after(self.request.right, self.request.state, Step.REFUSE) is not None


async def opened(unit: Unit, active: Active, request: UUID, *, lock: bool = False) -> Case:
    """As an approval would have it: without the word of who may speak for the member no more.

    With `lock`, nobody else tries anything for this member until the transaction ends.

    Raises `UnknownRequest`, and `NotReady` once the member is erased.
    """
    row = await register.row_of(unit, request)
    member = await register.member_of(unit, row, lock=lock)
    if lock:
        await unit.session.refresh(row)  # as it is now that we have waited
    have = await speaking.proved(unit, active, request, member)
    return Case(register.shown(row), member, have)


async def asked(unit: Unit, act: Act, case: Case, identifier: str, *, outcome: Outcome) -> Outcome:
    """Put it on record that a code was asked for; returns the outcome."""
    facts = {
        "request": str(case.request.id),
        "identifier": identifier,
        "outcome": outcome.value,
    }
    await unit.record.write(
        unit.session,
        act.entry(EntryKind.IDENTITY_ASKED, subject=case.member.key.subject(), facts=facts),
    )
    return outcome


async def tried(unit: Unit, act: Act, case: Case, proof: Proof, *, outcome: Outcome) -> Outcome:
    """Put it on record that a proof was tried and was none; returns the outcome."""
    await identity.tried(unit, act, case.request.id, case.member, proof, outcome=outcome.value)
    return outcome


async def proved(unit: Unit, act: Act, active: Active, case: Case, proof: Proof) -> Outcome:
    """Keep the proof, and let the request go on if nothing lacks any more."""
    await identity.prove(unit, act, case.request.id, case.member, proof)
    await requests.identified(unit, act, active, case.request.id)
    return Outcome.PROVED
