"""How a request comes in, and what becomes of it until it can be decided: who asks is shown.

Each function takes steps of `dsar.states`, in the caller's transaction. What is decided then is
`dsar.deciding`'s; a withdrawal or an objection of somebody identified is granted here at once.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent.programmes import Active
from dsar import admitting, approvals, deciding, identity, register, speaking, stepping, wanted
from dsar.deadlines import due_day, months_on
from dsar.errors import NotARequest
from dsar.identity import Proof
from dsar.languages import written
from dsar.register import Request, shown
from dsar.states import AT_ONCE, Right, State, Step
from dsar.tables import RequestRow
from dsar.wanted import Wanted
from dsar.words import Channel, Reason
from kernel.ids import uuid7
from profiles import members
from profiles.errors import CannotOpen
from profiles.members import Member
from profiles.unit import Unit

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
    await stepping.take(unit, act, row, Step.ACKNOWLEDGE, person)
    if right in AT_ONCE and not await speaking.unproved(unit, active, row, person):
        await deciding.accept(unit, act, active, row, person)
    return shown(row)


async def ask_identity(unit: Unit, act: Act, active: Active, request: UUID) -> Request:
    """Ask who they are, because it cannot be told (Art. 12(6)); the clock stands meanwhile.

    It stands only if this is asked promptly: within `prompt_days` of the request. Raises
    `WrongState`, and `NotARequest` when nothing lacks.
    """
    row, person = await register.locked(unit, request)
    if not await speaking.unproved(unit, active, row, person):
        raise NotARequest("everything it hangs on has been proved", place="request")
    await stepping.take(unit, act, row, Step.ASK_IDENTITY, person)
    row.asked_on = unit.today
    if (unit.today - row.received).days <= active.programme.requests.prompt_days:
        row.paused_on = unit.today
    return shown(row)


async def identified(unit: Unit, act: Act, active: Active, request: UUID) -> Request:
    """After a proof: if nothing lacks any more, the request goes on and its clock runs again."""
    row, person = await register.locked(unit, request)
    if not await speaking.unproved(unit, active, row, person):
        await _go_on(unit, act, active, row, person)
    return shown(row)


async def lapse(unit: Unit, act: Act, active: Active, request: UUID) -> bool:
    """Close a request whose question about identity was never answered; whether it was closed.

    Not when it is too soon. One of which nothing lacks any more goes on instead.
    """
    row, person = await register.locked(unit, request)
    if not register.can(row, Step.LAPSE) or row.asked_on is None:
        return False
    if (unit.today - row.asked_on).days < active.programme.requests.identity_days:
        return False
    if not await speaking.unproved(unit, active, row, person):
        await _go_on(unit, act, active, row, person)
        return False
    approvals.clear(row)
    await stepping.take(unit, act, row, Step.LAPSE, person, reason=Reason.IDENTITY.value)
    return True


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
    if proof is None or not await speaking.unproved(unit, active, row, person):
        return
    await identity.prove(unit, act, row.id, person, proof)
    if State(row.state) in (State.ACCEPTED, State.CARRIED_OUT):
        return
    if not await speaking.unproved(unit, active, row, person):
        await _go_on(unit, act, active, row, person)


async def _go_on(unit: Unit, act: Act, active: Active, row: RequestRow, person: Member) -> None:
    """Nothing lacks any more: the clock runs again, and what waits for nobody is accepted."""
    if register.can(row, Step.IDENTIFY):
        if row.paused_on is not None:
            row.paused_days += (unit.today - row.paused_on).days
            row.paused_on = None
            register.count_anew(unit, row)
        await stepping.take(unit, act, row, Step.IDENTIFY, person)
    if Right(row.kind) in AT_ONCE and register.can(row, Step.APPROVE):
        await register.refuse_changed(unit, row, subject=person.key.subject())
        await deciding.accept(unit, act, active, row, person)


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
