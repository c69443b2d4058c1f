"""Carrying out what was approved, from the job's start to the request's end.

    accepted ──carry out──► carried_out ──every recipient has answered──► fulfilled

One job a step, each idempotent: done again, it finds the step taken and changes nothing. Where
no recipient has to be told, both steps are taken in one transaction.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from audit.acts import Act
from audit.browsing import naming, told
from audit.proofs import entry_use
from consent import choosing, ledger
from consent.choices import Action as Said
from consent.choices import By, Choice
from consent.programmes import Active
from dsar import approvals, heard, register, speaking, telling, wanted
from dsar.register import shown
from dsar.requests import LETTER_JOB
from dsar.states import TERMINAL, Right, State, Step
from dsar.tables import RequestRow
from dsar.wanted import Wanted
from dsar.words import Snag
from kernel.errors import Unavailable
from kernel.jobs import enqueue
from profiles import enrolment, members
from profiles.errors import BadValue, UnknownField
from profiles.members import NUMBER, Member
from profiles.unit import Unit

#: Closes a request once every recipient has answered; its argument is the request's id.
SETTLE_JOB = "request.settle"
#: Issues an erasure's certificate; its arguments are the request's id and the erasure's entry.
CERTIFICATE_JOB = "request.certificate"


async def accepted(unit: Unit, active: Active, request: UUID) -> tuple[RequestRow, Member] | None:
    """The request and its member, both locked, if it is now to be carried out; None if not.

    Not when that has been done, not before the time that it waits for, and not while it rests on
    the word of somebody who may speak for the member no more. Raises `Unavailable`
    for a row that says approved when this was not approved for this member, or was and has been
    carried out before: somebody has changed the table.
    """
    asked = await register.get(unit, request)
    # Members before requests, as everybody locks them who locks both.
    people = await members.load(unit, [asked.member] if asked.member else [], lock=True)
    row = await register.row_of(unit, request, lock=True)
    if State(row.state) is not State.ACCEPTED:
        return None
    if row.not_before is not None and row.not_before > unit.now:
        return None
    member = people.get(row.member) if row.member else None
    if member is None:
        raise _not_approved()
    approval = approvals.given(row, member)
    if approval is None or not approval.whole:
        raise _not_approved()
    # An approval copied from a backup opens too, and was used up or taken back.
    said = await naming(unit.session, str(row.id), subject=member.key.subject())
    if any(_is_over(entry.facts) for entry in said):
        raise _not_approved()
    if await speaking.silenced(unit, active, row.id, member, Right(row.kind)):
        return None
    return row, member


async def carried(
    unit: Unit,
    act: Act,
    active: Active,
    row: RequestRow,
    *,
    subject: bytes,
    identities: telling.Identities,
    corrected: Mapping[str, Any] | None = None,
) -> None:
    """The request has been carried out in this transaction: recipients are told (Art. 19).

    `identities`: the identifiers by which recipients may know the member. `corrected`: what was
    set right.
    """
    await register.step(unit, act, row, Step.CARRY_OUT, subject=subject)
    row.approval = None
    if row.kind == Right.ERASURE:
        row.member = None
        row.wanted = None
    await telling.tell(
        unit,
        act,
        active,
        shown(row),
        subject=subject,
        identities=identities,
        corrected=corrected,
    )
    await _settle(unit, act, row, subject=subject)


async def settle(unit: Unit, act: Act, request: UUID) -> bool:
    """Close a request that is carried out, once no recipient has to answer any more."""
    row = await register.row_of(unit, request, lock=True)
    if State(row.state) is not State.CARRIED_OUT:
        return False
    return await _settle(unit, act, row, subject=await subject_of(unit, row))


async def subject_of(unit: Unit, row: RequestRow) -> bytes:
    """The pseudonym a request is on record under, also after an erasure. Raises `Unavailable`."""
    if row.member is not None:
        return (await members.one(unit, row.member)).key.subject()
    if row.erased is None:
        raise _not_approved()
    said = told((await entry_use(unit.session, row.erased)).body)
    return bytes.fromhex(said.subject or "")


async def restriction(unit: Unit, act: Act, active: Active, request: UUID) -> bool:
    """Restrict, or end a restriction (Art. 18)."""
    if (found := await accepted(unit, active, request)) is None:
        return False
    on = Right(found[0].kind) is Right.RESTRICTION
    word = choosing.restriction(unit, on=on, by=By.REQUEST)
    await _say(unit, act, active, case=found, words=[word])
    return True


async def objection(unit: Unit, act: Act, active: Active, request: UUID) -> bool:
    """Write down an objection (Art. 21), or a withdrawal (Art. 7(3))."""
    if (found := await accepted(unit, active, request)) is None:
        return False
    row, member = found
    wish = _wish(row, member)
    said = Said.OBJECTED if Right(row.kind) is Right.OBJECTION else Said.WITHDRAWN
    words = [
        choosing.choose(unit, active.programme.purpose(name), said, at=unit.now, by=By.REQUEST)
        for name in wish.purposes
        # A purpose that a later programme has dropped uses nothing any more.
        if name in active.programme.purposes
    ]
    if wish.marketing:
        words.append(choosing.marketing(unit, objects=True, by=By.REQUEST))
    await _say(unit, act, active, case=found, words=words)
    return True


async def rectification(unit: Unit, act: Act, active: Active, request: UUID) -> bool:
    """Set right what was wrong (Art. 16), and tell recipients (Art. 19).

    What cannot be set any more goes back to be decided, with the reason on record; then False.
    """
    if (found := await accepted(unit, active, request)) is None:
        return False
    row, member = found
    subject = member.key.subject()
    await _refuse_used(unit, row, subject=subject)
    before = telling.identities(unit, member)
    wish = _wish(row, member)
    if (snag := await _snag(unit, member, wish)) is not None:
        row.approval = None
        await register.step(unit, act, row, Step.RETURN, subject=subject, reason=snag.value)
        return False
    await enrolment.rectify(unit, act, member, wish.values, source="request")
    await carried(unit, act, active, row, subject=subject, identities=before, corrected=wish.values)
    return True


async def review(unit: Unit, act: Act, active: Active, request: UUID) -> bool:
    """A human has looked again (Art. 22(3)); what they found is in the answer."""
    if (found := await accepted(unit, active, request)) is None:
        return False
    row, member = found
    await carried(unit, act, active, row, subject=member.key.subject(), identities={})
    return True


async def overtake(unit: Unit, act: Act, member: UUID, rows: Iterable[RequestRow]) -> None:
    """Close what else somebody had asked for who is being erased: there is nobody left."""
    person = await members.one(unit, member)
    for row in rows:
        if State(row.state).is_open:
            await register.step(unit, act, row, Step.OVERTAKE, subject=person.key.subject())
        row.member = row.approval = row.wanted = None


async def _say(
    unit: Unit,
    act: Act,
    active: Active,
    *,
    case: tuple[RequestRow, Member],
    words: list[Choice],
) -> None:
    row, member = case
    if words:
        await ledger.record(unit, act, {member: words})
    known = telling.identities(unit, member)
    await carried(unit, act, active, row, subject=member.key.subject(), identities=known)


async def _settle(unit: Unit, act: Act, row: RequestRow, *, subject: bytes) -> bool:
    await unit.session.flush()
    # By the record: whoever writes to the table of words closes nothing.
    said = await heard.of_request(unit, row.id, subject=subject)
    if any(one.state.is_open for one in said.values()):
        return False
    await register.step(unit, act, row, Step.FULFIL, subject=subject)
    if row.kind == Right.ERASURE:
        await enqueue(unit.session, CERTIFICATE_JOB, request=str(row.id), entry=str(row.erased))
    else:
        await enqueue(unit.session, LETTER_JOB, request=str(row.id), letter="answer")
    return True


async def _snag(unit: Unit, member: Member, wish: Wanted) -> Snag | None:
    """Why this correction, which could be made when it was asked for, cannot be made now."""
    try:
        checked = enrolment.check_correction(unit, wish.values)
    except (UnknownField, BadValue):
        return Snag.NOT_KEPT
    if NUMBER in checked and await enrolment.is_taken(unit, member, str(checked[NUMBER])):
        return Snag.TAKEN
    return None


async def _refuse_used(unit: Unit, row: RequestRow, *, subject: bytes) -> None:
    """Raises `Unavailable` for an approval that has been used up by a return."""
    said = await naming(unit.session, str(row.id), subject=subject)
    steps = [entry.facts.get("step") for entry in said]
    if steps.count(Step.APPROVE) <= steps.count(Step.RETURN):
        raise _not_approved()


def _wish(row: RequestRow, member: Member) -> Wanted:
    """What is to be done, which is never nothing. Raises `Unavailable` and `CannotOpen`."""
    wish = wanted.opened(member.key, row.id, row.wanted)
    if wish == Wanted():
        raise _not_approved()
    return wish


def _is_over(facts: dict[str, object]) -> bool:
    return facts.get("step") == Step.CARRY_OUT or facts.get("state") in TERMINAL


def _not_approved() -> Unavailable:
    return Unavailable(
        "the register says approved, and nobody approved this",
        place="request",
        remedy="run `tillit audit verify`: somebody has changed the database",
    )
