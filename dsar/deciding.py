"""What is decided of a request: it is approved, refused, put off, or taken back.

Each function takes one step of `dsar.states`, in the caller's transaction. What an approval leads
to is done by a job that is enqueued with it (`dsar.carrying`), so that neither exists without
the other.
"""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from audit.acts import Act
from consent.programmes import Active
from dsar import approvals, holds, register, speaking, stepping, wanted
from dsar.deadlines import refuse_late
from dsar.errors import NotARequest, NotIdentified, SameOfficer
from dsar.register import Request, shown
from dsar.states import Right, State, Step
from dsar.tables import RequestRow
from dsar.wanted import Wanted
from dsar.words import Delay, Reason, check_doubt, check_unusable, grounds
from kernel.jobs import enqueue
from profiles.members import Member
from profiles.unit import Unit

#: The job that carries out what was approved, by right; its one argument is the request's id.
JOBS: Mapping[Right, str] = {right: f"request.{right.value}" for right in Right}


async def approve(
    unit: Unit, act: Act, active: Active, request: UUID, *, outcome: str = ""
) -> Request:
    """Accept a request and enqueue what carries it out.

    Where the programme asks for four eyes, the first officer's approval waits for another's.
    `outcome`: for a review, what the officer found who looked again. Raises `WrongState`,
    `UnknownRequest`, `NotIdentified`, `SameOfficer`, `Held` for an erasure under a legal hold,
    `NotARequest` for a review without an outcome, and `Unavailable` for what was not put on record.
    """
    row, person = await register.locked(unit, request)
    if State(row.state) is State.INITIATED:
        await stepping.take(unit, act, row, Step.ACKNOWLEDGE, person)
    if not register.can(row, Step.APPROVE):
        raise register.refusal(row, Step.APPROVE)
    await register.refuse_changed(unit, row, subject=person.key.subject())
    if missing := await speaking.unproved(unit, active, row, person):
        raise NotIdentified(
            "nobody has shown that this is the member",
            place="request",
            remedy="ask who they are; what lacks is proof of " + ", ".join(sorted(missing)),
        )
    if row.kind == Right.ERASURE:
        await holds.refuse_held(unit, person)
    _keep_outcome(unit, active, row, person, outcome)
    before = await approvals.so_far(unit, row, person)
    if act.actor in before.by:
        raise SameOfficer(
            "you have approved it already",
            place="request",
            remedy="the programme asks for a second officer",
        )
    if not before.by and active.programme.requests.asks_two.get(row.kind, False):
        approvals.add(row, person.key, before, act.actor, whole=False)
        await stepping.take(unit, act, row, Step.ENDORSE, person)
        return shown(row)
    await accept(unit, act, active, row, person)
    return shown(row)


async def accept(unit: Unit, act: Act, active: Active, row: RequestRow, person: Member) -> None:
    """Approve a locked request as a whole, and enqueue what carries it out.

    For what is granted in the same step as it is asked for. Who calls has seen that nothing lacks,
    and that the row is what the record says.
    """
    before = await approvals.so_far(unit, row, person)
    waits = active.programme.requests.cooling_off_days if row.kind == Right.ERASURE else 0
    at = None
    if waits:
        row.not_before = at = unit.now + timedelta(days=waits)
    approvals.add(row, person.key, before, act.actor, whole=True)
    await stepping.take(unit, act, row, Step.APPROVE, person)
    await enqueue(unit.session, JOBS[Right(row.kind)], at=at, request=str(row.id))


async def refuse(unit: Unit, act: Act, active: Active, request: UUID, *, reason: Reason) -> Request:
    """Refuse a request; the member is told why (Art. 12(4)).

    Raises `WrongState`, `UnknownRequest`, and `UnfitReason` for one by which the law does not let
    this right be refused, for a doubt about who asked where nothing lacks, and for an identifier
    that cannot be used where none is to be set right.
    """
    row, person = await register.locked(unit, request)
    grounds(Right(row.kind), reason)
    if not register.can(row, Step.REFUSE):
        raise register.refusal(row, Step.REFUSE)
    if reason is Reason.IDENTITY:
        check_doubt(await speaking.unproved(unit, active, row, person))
    if reason is Reason.UNUSABLE:
        wish = wanted.opened(person.key, row.id, row.wanted)
        check_unusable(wanted.identifiers(unit, wish))
    approvals.clear(row)
    await stepping.take(unit, act, row, Step.REFUSE, person, reason=reason.value)
    return shown(row)


async def extend(unit: Unit, act: Act, request: UUID, *, reason: Delay) -> Request:
    """Two months more, with the reason told to the member (Art. 12(3)).

    Raises `TooLate` once the first month is over, and `WrongState`.
    """
    row, person = await register.locked(unit, request)
    if row.extended or not register.can(row, Step.EXTEND):
        raise register.refusal(row, Step.EXTEND)
    refuse_late(unit.today, row.received, unit.schema.region, paused=row.paused_days)
    row.extended = True
    register.count_anew(unit, row)
    await stepping.take(unit, act, row, Step.EXTEND, person, reason=reason.value)
    return shown(row)


async def cancel(unit: Unit, act: Act, request: UUID) -> Request:
    """Who asked has thought better of it. Raises `WrongState` once it is carried out."""
    row, person = await register.locked(unit, request)
    approvals.clear(row)
    await stepping.take(unit, act, row, Step.CANCEL, person)
    return shown(row)


def _keep_outcome(
    unit: Unit, active: Active, row: RequestRow, person: Member, outcome: str
) -> None:
    """Before the approval, which is of what was wanted and of what was found."""
    if row.kind != Right.REVIEW:
        if outcome:
            raise NotARequest("only a review has an outcome", place="outcome")
        return
    wish = wanted.opened(person.key, row.id, row.wanted)
    if not (outcome or wish.outcome):
        raise NotARequest(
            "a review says what a human found",
            place="outcome",
            remedy="say what you looked at, and whether the decision stands (Art. 22(3))",
        )
    if outcome and outcome != wish.outcome:
        found = Wanted(note=wish.note, outcome=outcome)
        wanted.check(unit, active, Right.REVIEW, found)
        row.wanted = wanted.seal(person.key, row.id, found)
