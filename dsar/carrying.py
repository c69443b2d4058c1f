"""Carrying out what was approved, from the job's start to the request's end.

    accepted ──carry out──► carried_out ──every recipient has answered──► fulfilled

One job a step, each idempotent: done again, it finds the step taken and changes nothing. Where
no recipient has to be told, both steps are taken in one transaction. The member is answered when it
is carried out: no recipient puts that off.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.acts import Act
from audit.browsing import naming_each
from consent import choosing, ledger
from consent.choices import Action as Said
from consent.choices import By, Choice
from consent.programmes import Active
from dsar import approvals, heard, identity, register, speaking, subjects, telling, wanted
from dsar.letters.announcing import is_announced
from dsar.letters.kinds import Kind
from dsar.register import shown
from dsar.states import AT_ONCE, TERMINAL, Right, State, Step
from dsar.stepping import LETTER_JOB
from dsar.tables import RequestRow
from dsar.wanted import Wanted
from dsar.words import Snag
from kernel.errors import TillitError, Unavailable
from kernel.jobs import enqueue_each
from profiles import enrolment, members
from profiles.errors import BadValue, CannotOpen, UnknownField
from profiles.members import NUMBER, Member
from profiles.unit import Unit

#: Closes a request once every recipient has answered; its argument is the request's id.
SETTLE_JOB = "request.settle"
#: Issues an erasure's certificate; its arguments are the request's id and the erasure's entry.
CERTIFICATE_JOB = "request.certificate"

_RESTRICTS = frozenset({Right.RESTRICTION, Right.RELEASE})


async def accepted(
    unit: Unit, active: Active, request: UUID, *, rights: Collection[Right]
) -> tuple[RequestRow, Member] | None:
    """The request and its member, both locked, if it is now to be carried out; None if not.

    Not when that has been done, not before the time that it waits for, and not while it rests on
    the word of somebody who may speak for the member no more. Raises `UnknownRequest`, and
    `Unavailable` for a row that says approved when this was not approved for this member, or was
    and has been carried out before, and for a request of none of these `rights`: somebody has
    changed the table, or made the job.
    """
    await register.get(unit, request)
    found, broken = await accepted_each(unit, active, [request], rights=rights)
    if request in broken:
        raise broken[request]
    return found[0] if found else None


async def accepted_each(
    unit: Unit, active: Active, requests: Sequence[UUID], *, rights: Collection[Right]
) -> tuple[list[tuple[RequestRow, Member]], dict[UUID, TillitError]]:
    """Those of many that are now to be carried out, as `accepted` has it, in order of their ids.

    Apart from them, what `accepted` would raise for each that cannot be: it keeps no other.
    """
    asked = await register.members_of(unit, requests)
    # Members before requests, as everybody locks them who locks both.
    people, closed = await members.load_whole(unit, asked, lock=True)
    found, broken = list[tuple[RequestRow, Member]](), dict[UUID, TillitError]()
    for row in await register.rows_of(unit, requests):
        try:
            if _is_due(row, unit.now):
                if Right(row.kind) not in rights:
                    raise _not_approved()
                found.append((row, _approved(row, people, closed)))
        except TillitError as error:
            broken[row.id] = error
    try:
        return await _cleared(unit, active, found), broken
    except TillitError as error:
        if len(found) == 1:
            return [], broken | {found[0][0].id: error}
    cleared = list[tuple[RequestRow, Member]]()
    for case in found:  # it does not say of which of them it was
        try:
            cleared += await _cleared(unit, active, [case])
        except TillitError as error:
            broken[case[0].id] = error
    return cleared, broken


async def _cleared(
    unit: Unit, active: Active, found: Sequence[tuple[RequestRow, Member]]
) -> list[tuple[RequestRow, Member]]:
    """Those of these that the record and whoever spoke for the member let be carried out."""
    await _refuse_over(unit, found)
    proofs = await identity.given_each(unit, {row.id: member for row, member in found})
    return [
        (row, member)
        for row, member in found
        if not await speaking.silenced(unit, active, proofs[row.id], member, Right(row.kind))
    ]


def _is_due(row: RequestRow, now: datetime) -> bool:
    waits = row.not_before is not None and row.not_before > now
    return shown(row).state is State.ACCEPTED and not waits


def _approved(row: RequestRow, people: Mapping[UUID, Member], closed: Collection[UUID]) -> Member:
    if row.member in closed:
        raise CannotOpen(
            "nothing of its member opens",
            place="member",
            remedy="run `tillit audit verify`: somebody has changed the database",
        )
    member = people.get(row.member) if row.member else None
    if member is None:
        raise _not_approved()
    approval = approvals.given(row, member)
    if approval is None or not approval.whole:
        raise _not_approved()
    return member


async def _refuse_over(unit: Unit, found: Sequence[tuple[RequestRow, Member]]) -> None:
    """An approval copied from a backup opens too, and was used up or taken back."""
    asked = [(member.key.subject(), str(row.id)) for row, member in found]
    said = await naming_each(unit.session, asked, trust=unit.record.trust)
    if any(_is_over(entry.facts) for entries in said.values() for entry in entries):
        raise _not_approved()


async def carried(
    unit: Unit,
    act: Act,
    active: Active,
    row: RequestRow,
    *,
    subject: bytes,
    known: telling.Known = telling.UNKNOWN,
    corrected: Mapping[str, Any] | None = None,
) -> None:
    """The request has been carried out in this transaction: recipients are told (Art. 19).

    `known`: how recipients may know the member. `corrected`: what was set right.
    """
    await carried_each(unit, act, active, [Carried(row, subject, known, corrected or {})])


@dataclass(frozen=True)
class Carried:
    """A request that has been carried out, as `carried` is told of it."""

    row: RequestRow
    subject: bytes
    known: telling.Known = field(repr=False)
    corrected: Mapping[str, Any] = field(default_factory=dict, repr=False)


async def carried_each(unit: Unit, act: Act, active: Active, done: Sequence[Carried]) -> None:
    """The same for many requests."""
    cases = [(one.row, one.subject) for one in done]
    await register.step_each(unit, act, cases, Step.CARRY_OUT)
    for row, _ in cases:
        row.approval = None
        if row.kind == Right.ERASURE:
            row.member = None
            row.wanted = None
    told = [telling.Done(shown(one.row), one.subject, one.known, one.corrected) for one in done]
    await telling.tell(unit, act, active, told)
    # The member is answered now: they wait for no recipient (Art. 12(3)).
    others = [row for row, _ in cases if row.kind != Right.ERASURE]
    answered = [{"request": str(row.id), "letter": Kind.ANSWER.value} for row in others]
    await enqueue_each(unit.session, LETTER_JOB, answered)
    await _settle(unit, act, cases)


async def settle(unit: Unit, act: Act, request: UUID) -> bool:
    """Close a request that is carried out, once no recipient has to answer any more."""
    row = await register.row_of(unit, request, lock=True)
    if State(row.state) is not State.CARRIED_OUT:
        return False
    return await _settle(unit, act, [(row, await subject_of(unit, row))])


async def subject_of(unit: Unit, row: RequestRow) -> bytes:
    """The pseudonym a request is on record under, also after an erasure. Raises `Unavailable`."""
    if row.member is not None:
        return (await members.one(unit, row.member)).key.subject()
    # Of another's erasure, whom the table names, no recipient was told anything for this one.
    known = await subjects.of_erased(unit, {row.id: row.erased} if row.erased is not None else {})
    if row.id not in known:
        raise _not_approved()
    return known[row.id]


async def restriction(unit: Unit, act: Act, active: Active, request: UUID) -> bool:
    """Restrict, or end a restriction (Art. 18).

    It does not end, and False is returned, before the member has been told that it will
    (Art. 18(3)): `dsar.letters.announcing` says when that is.
    """
    if (found := await accepted(unit, active, request, rights=_RESTRICTS)) is None:
        return False
    on = Right(found[0].kind) is Right.RESTRICTION
    if not on and not await is_announced(unit, active, request, found[1]):
        return False
    word = choosing.restriction(unit, on=on, by=By.REQUEST)
    await _say(unit, act, active, case=found, words=[word])
    return True


async def objection(unit: Unit, act: Act, active: Active, request: UUID) -> bool:
    """Write down an objection (Art. 21), or a withdrawal (Art. 7(3))."""
    if (found := await accepted(unit, active, request, rights=AT_ONCE)) is None:
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
    if (found := await accepted(unit, active, request, rights={Right.RECTIFICATION})) is None:
        return False
    row, member = found
    subject = member.key.subject()
    await _refuse_used(unit, row, member)
    before = await telling.known_of(unit, active, member)
    wish = _wish(row, member)
    if (snag := await _snag(unit, member, wish)) is not None:
        row.approval = None
        await register.step(unit, act, row, Step.RETURN, subject=subject, reason=snag.value)
        return False
    await enrolment.rectify(unit, act, member, wish.values, source="request")
    await carried(unit, act, active, row, subject=subject, known=before, corrected=wish.values)
    return True


async def review(unit: Unit, act: Act, active: Active, request: UUID) -> bool:
    """A human has looked again (Art. 22(3)); what they found is in the answer."""
    if (found := await accepted(unit, active, request, rights={Right.REVIEW})) is None:
        return False
    row, member = found
    await carried(unit, act, active, row, subject=member.key.subject())
    return True


async def overtake(unit: Unit, act: Act, rows: Iterable[tuple[RequestRow, Member]]) -> None:
    """Close what else they had asked for who are being erased: there is nobody left.

    A row that nobody can make sense of takes no step: it is closed as it is, for the audit to name.
    """
    rows = list(rows)
    known = [(row, one.key.subject()) for row, one in rows if register.readable(row)]
    open_ones = [(row, subject) for row, subject in known if State(row.state).is_open]
    await register.step_each(unit, act, open_ones, Step.OVERTAKE)
    for row, _ in rows:
        approvals.clear(row)
        row.member = row.wanted = None
        row.closed_at = row.closed_at or unit.now


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
    known = await telling.known_of(unit, active, member)
    await carried(unit, act, active, row, subject=member.key.subject(), known=known)


async def _settle(unit: Unit, act: Act, cases: Sequence[tuple[RequestRow, bytes]]) -> bool:
    """Close those for which no recipient is open; whether there were any."""
    # By the record: whoever writes to the table of words closes nothing.
    said = await heard.of_requests(unit, {row.id: subject for row, subject in cases})
    settled = [
        (row, subject)
        for row, subject in cases
        if not any(one.state.is_open for one in said[row.id].values())
    ]
    await register.step_each(unit, act, settled, Step.FULFIL)
    erased = [row for row, _ in settled if row.kind == Right.ERASURE]
    certified = [{"request": str(row.id), "entry": str(row.erased)} for row in erased]
    await enqueue_each(unit.session, CERTIFICATE_JOB, certified)
    return bool(settled)


async def _snag(unit: Unit, member: Member, wish: Wanted) -> Snag | None:
    """Why this correction, which could be made when it was asked for, cannot be made now."""
    try:
        checked = enrolment.check_correction(unit, wish.values)
    except (UnknownField, BadValue):
        return Snag.NOT_KEPT
    if NUMBER in checked and await enrolment.is_taken(unit, member, str(checked[NUMBER])):
        return Snag.NOT_SET
    return None


async def _refuse_used(unit: Unit, row: RequestRow, member: Member) -> None:
    """Raises `Unavailable` for an approval that has been used up by a return."""
    if not (await approvals.so_far(unit, row, member)).by:
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
