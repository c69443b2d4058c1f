"""What people do with a request: open it, ask who they are, put it off, approve it, refuse it.

Each function takes one step of `dsar.states`, in the caller's transaction. What an approval leads
to is done by a job that is enqueued with it (`dsar.carrying`), so that neither exists without
the other; so are the letters that a step asks for.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent.programmes import Active
from dsar import admitting, approvals, holds, identity, register, speaking, wanted
from dsar.deadlines import due_day, months_on, refuse_late
from dsar.errors import NotARequest, NotIdentified, SameOfficer
from dsar.identity import Proof
from dsar.languages import written
from dsar.register import Request, shown
from dsar.states import AT_ONCE, Right, State, Step
from dsar.tables import RequestRow
from dsar.wanted import Wanted
from dsar.words import Channel, Delay, Reason, check_doubt, grounds
from kernel.ids import uuid7
from kernel.jobs import enqueue
from profiles import members
from profiles.errors import CannotOpen
from profiles.members import Member
from profiles.unit import Unit

#: The job that carries out what was approved, by right; its one argument is the request's id.
JOBS: Mapping[Right, str] = {right: f"request.{right.value}" for right in Right}
#: Writes a letter about a request; its arguments are the request's id and which letter.
LETTER_JOB = "request.letter"
#: The letters that steps ask for. An erasure's answer is written before its key is gone.
_LETTERS = {
    Step.ACKNOWLEDGE: "acknowledgement",
    Step.ASK_IDENTITY: "identity_query",
    Step.EXTEND: "extension",
    Step.REFUSE: "refusal",
    # Nothing is done, and they are told why and where to complain (Art. 12(4)).
    Step.LAPSE: "refusal",
}
#: On record beside the steps: the same was asked for once more.
JOIN = "join"
#: Within which a request came in that is written down now. Farther back lie misspelt years.
_OLDEST = 36  # months


async def open_request(
    unit: Unit,
    act: Act,
    active: Active,
    right: Right,
    member: UUID,
    *,
    channel: Channel,
    proof: Proof | None,
    wish: Wanted | None = None,
    language: str | None = None,
    received: date | None = None,
) -> Request:
    """Put a member's request into the register; the clock runs from its receipt (Art. 12(3)).

    `proof`: how they have shown who they are, None if they have not. `received`: the day it came
    in, when that was before today, up to three years; it may be overdue from the start.

    A request for the same right that is still open is joined: it is returned as `joined`, with what
    was proved now on top of what was proved before, and its clock runs from the earlier day. One
    that is about something in particular, such as a correction, joins one about the very same; a
    withdrawal or an objection whatever is noted beside it, and the first note stays.

    `language`: the member's, by its BCP 47 tag. One in which nobody writes letters is passed over
    for the programme's first. Who joins and names one is answered in it, until it is decided.

    A withdrawal or an objection of somebody who was identified is approved in the same step.
    Raises `NotARequest`, `UnknownPurpose`, `UnknownField`, `BadValue`, `UnknownMember`, and
    `TooMany` when a member has as many open as they may; never to an officer, nor for these two.
    """
    wish = wish or Wanted()
    wanted.check(unit, active, right, wish)
    came = _receipt(unit, received)
    person = await members.one(unit, member, lock=True)
    already = await _same(unit, right, person, wish)
    if already is not None:
        again = _Again(came, channel, proof, language)
        await _join(unit, act, active, (already, person), again)
        return replace(shown(already), joined=True)
    await admitting.refuse(unit, act, right, person)
    row = _new(unit, right, person, wish, came)
    row.channel, row.language = channel.value, _language(active, language)
    unit.session.add(row)
    facts: dict[str, Fact] = {"channel": channel.value, "received": came.isoformat()}
    subject = person.key.subject()
    await register.note(unit, act, EntryKind.REQUEST_OPENED, row, subject=subject, facts=facts)
    if proof is not None:
        await identity.prove(unit, act, row.id, person, proof)
    await _step(unit, act, row, Step.ACKNOWLEDGE, person)
    if right in AT_ONCE and not await _lacking(unit, active, row, person):
        await _accept(unit, act, active, row, person)
    return shown(row)


async def ask_identity(unit: Unit, act: Act, active: Active, request: UUID) -> Request:
    """Ask who they are, because it cannot be told (Art. 12(6)); the clock stands meanwhile.

    It stands only if this is asked promptly: within `prompt_days` of the request. Raises
    `WrongState`, and `NotARequest` when nothing lacks.
    """
    row, person = await _locked(unit, request)
    if not await _lacking(unit, active, row, person):
        raise NotARequest("everything it hangs on has been proved", place="request")
    await _step(unit, act, row, Step.ASK_IDENTITY, person)
    row.asked_on = unit.today
    if (unit.today - row.received).days <= active.programme.requests.prompt_days:
        row.paused_on = unit.today
    return shown(row)


async def identified(unit: Unit, act: Act, active: Active, request: UUID) -> Request:
    """After a proof: if nothing lacks any more, the request goes on and its clock runs again."""
    row, person = await _locked(unit, request)
    if not await _lacking(unit, active, row, person):
        await _go_on(unit, act, active, row, person)
    return shown(row)


async def lapse(unit: Unit, act: Act, active: Active, request: UUID) -> bool:
    """Close a request whose question about identity was never answered; whether it was closed.

    Not when it is too soon. One of which nothing lacks any more goes on instead.
    """
    row, person = await _locked(unit, request)
    if not register.can(row, Step.LAPSE) or row.asked_on is None:
        return False
    if (unit.today - row.asked_on).days < active.programme.requests.identity_days:
        return False
    if not await _lacking(unit, active, row, person):
        await _go_on(unit, act, active, row, person)
        return False
    await _step(unit, act, row, Step.LAPSE, person, reason=Reason.IDENTITY.value)
    return True


async def extend(unit: Unit, act: Act, request: UUID, *, reason: Delay) -> Request:
    """Two months more, with the reason told to the member (Art. 12(3)).

    Raises `TooLate` once the first month is over, and `WrongState`.
    """
    row, person = await _locked(unit, request)
    if row.extended or not register.can(row, Step.EXTEND):
        raise register.refusal(row, Step.EXTEND)
    refuse_late(unit.today, row.received, unit.schema.region, paused=row.paused_days)
    row.extended = True
    register.count_anew(unit, row)
    await _step(unit, act, row, Step.EXTEND, person, reason=reason.value)
    return shown(row)


async def approve(
    unit: Unit, act: Act, active: Active, request: UUID, *, outcome: str = ""
) -> Request:
    """Accept a request and enqueue what carries it out.

    Where the programme asks for four eyes, the first officer's approval waits for another's.
    `outcome`: for a review, what the officer found who looked again. Raises `WrongState`,
    `UnknownRequest`, `NotIdentified`, `SameOfficer`, `Held` for an erasure under a legal hold,
    `NotARequest` for a review without an outcome, and `Unavailable` for what was not put on record.
    """
    row, person = await _locked(unit, request)
    if State(row.state) is State.INITIATED:
        await _step(unit, act, row, Step.ACKNOWLEDGE, person)
    if not register.can(row, Step.APPROVE):
        raise register.refusal(row, Step.APPROVE)
    await register.refuse_changed(unit, row, subject=person.key.subject())
    if missing := await _lacking(unit, active, row, person):
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
        await _step(unit, act, row, Step.ENDORSE, person)
        return shown(row)
    await _accept(unit, act, active, row, person)
    return shown(row)


async def refuse(unit: Unit, act: Act, active: Active, request: UUID, *, reason: Reason) -> Request:
    """Refuse a request; the member is told why (Art. 12(4)).

    Raises `WrongState`, `UnknownRequest`, and `UnfitReason` for one by which the law does not let
    this right be refused, and for a doubt about who asked where nothing lacks.
    """
    row, person = await _locked(unit, request)
    grounds(Right(row.kind), reason)
    if not register.can(row, Step.REFUSE):
        raise register.refusal(row, Step.REFUSE)
    if reason is Reason.IDENTITY:
        check_doubt(await _lacking(unit, active, row, person))
    await _step(unit, act, row, Step.REFUSE, person, reason=reason.value)
    return shown(row)


async def cancel(unit: Unit, act: Act, request: UUID) -> Request:
    """Who asked has thought better of it. Raises `WrongState` once it is carried out."""
    row, person = await _locked(unit, request)
    row.approval = None
    await _step(unit, act, row, Step.CANCEL, person)
    return shown(row)


async def lacking(unit: Unit, active: Active, request: UUID) -> frozenset[str]:
    """The identifiers whose proof lacks; none once the member is erased."""
    row = await register.row_of(unit, request)
    if row.member is None:
        return frozenset()
    person = await members.one(unit, row.member)
    return await speaking.lacking(unit, active, shown(row), person)


async def wish_of(unit: Unit, request: UUID) -> Wanted:
    """What exactly is asked for, opened. Raises `NotReady` once the member is erased."""
    row = await register.row_of(unit, request)
    return wanted.opened((await register.member_of(unit, row)).key, row.id, row.wanted)


def _new(unit: Unit, right: Right, person: Member, wish: Wanted, came: date) -> RequestRow:
    id = uuid7(unit.milliseconds)
    return RequestRow(
        id=id,
        kind=right.value,
        state=State.INITIATED.value,
        member=person.id,
        channel="",
        language="",
        received=came,
        opened_at=unit.now,
        due=due_day(came, unit.schema.region),
        wanted=None if wish == Wanted() else wanted.seal(person.key, id, wish),
    )


async def _same(unit: Unit, right: Right, person: Member, wish: Wanted) -> RequestRow | None:
    """The open request that this would only repeat; what is done already is done anew."""
    for row in await register.open_ones(unit, right, person.id):
        if not register.readable(row) or row.state == State.CARRIED_OUT:
            continue
        with suppress(CannotOpen):  # what nobody of ours has sealed keeps no member from asking
            if wanted.repeats(right, wish, wanted.opened(person.key, row.id, row.wanted)):
                return row
    return None


@dataclass(frozen=True)
class _Again:
    """How the same was asked for once more."""

    received: date
    channel: Channel
    proof: Proof | None
    language: str | None


async def _join(
    unit: Unit,
    act: Act,
    active: Active,
    case: tuple[RequestRow, Member],
    again: _Again,
) -> None:
    """The same asked again: one request, known to have been asked for twice.

    Its clock runs from the earlier of the two: a letter that was found late was late.
    """
    person, proof = case[1], again.proof
    row = await register.row_of(unit, case[0].id, lock=True)
    if again.received < row.received:
        row.received = again.received
        register.count_anew(unit, row)
    facts: dict[str, Fact] = {
        "step": JOIN,
        "state": row.state,
        "channel": again.channel.value,
        "received": again.received.isoformat(),
    }
    undecided = State(row.state) not in (State.ACCEPTED, State.CARRIED_OUT)
    if undecided and (tongue := _written(active, again.language)) is not None:
        row.language = facts["language"] = tongue
    subject = person.key.subject()
    await register.note(unit, act, EntryKind.REQUEST_MOVED, row, subject=subject, facts=facts)
    if proof is None or not await _lacking(unit, active, row, person):
        return
    await identity.prove(unit, act, row.id, person, proof)
    if State(row.state) in (State.ACCEPTED, State.CARRIED_OUT):
        return
    if not await _lacking(unit, active, row, person):
        await _go_on(unit, act, active, row, person)


async def _go_on(unit: Unit, act: Act, active: Active, row: RequestRow, person: Member) -> None:
    """Nothing lacks any more: the clock runs again, and what waits for nobody is accepted."""
    if register.can(row, Step.IDENTIFY):
        if row.paused_on is not None:
            row.paused_days += (unit.today - row.paused_on).days
            row.paused_on = None
            register.count_anew(unit, row)
        await _step(unit, act, row, Step.IDENTIFY, person)
    if Right(row.kind) in AT_ONCE and register.can(row, Step.APPROVE):
        await register.refuse_changed(unit, row, subject=person.key.subject())
        await _accept(unit, act, active, row, person)


async def _accept(unit: Unit, act: Act, active: Active, row: RequestRow, person: Member) -> None:
    before = await approvals.so_far(unit, row, person)
    waits = active.programme.requests.cooling_off_days if row.kind == Right.ERASURE else 0
    at = None
    if waits:
        row.not_before = at = unit.now + timedelta(days=waits)
    approvals.add(row, person.key, before, act.actor, whole=True)
    await _step(unit, act, row, Step.APPROVE, person)
    await enqueue(unit.session, JOBS[Right(row.kind)], at=at, request=str(row.id))


async def _step(
    unit: Unit, act: Act, row: RequestRow, taken: Step, person: Member, *, reason: str | None = None
) -> None:
    await register.step(unit, act, row, taken, subject=person.key.subject(), reason=reason)
    if (letter := _LETTERS.get(taken)) is not None:
        await enqueue(unit.session, LETTER_JOB, request=str(row.id), letter=letter)


async def _locked(unit: Unit, request: UUID) -> tuple[RequestRow, Member]:
    row = await register.row_of(unit, request, lock=True)
    return row, await register.member_of(unit, row)


async def _lacking(unit: Unit, active: Active, row: RequestRow, person: Member) -> frozenset[str]:
    have = await speaking.proved(unit, active, row.id, person)
    return identity.lacking(unit, Right(row.kind), person, have)


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


def _receipt(unit: Unit, received: date | None) -> date:
    """The day it came in. A letter found late is late: its clock began when it reached us."""
    came = received or unit.today
    if not came <= unit.today <= months_on(came, _OLDEST):
        raise NotARequest(
            "a request came in today, or within the last three years",
            place="received",
            remedy="give the day on which it reached you, however late that makes the answer",
        )
    return came


def _language(active: Active, language: str | None) -> str:
    """The one wanted, where the programme or its letters have it; else the programme's first."""
    return _written(active, language) or active.programme.languages[0]


def _written(active: Active, language: str | None) -> str | None:
    """That language, where the programme or its letters have it; else None."""
    own = active.programme.languages
    return language if language is None or language in own else written(language)
