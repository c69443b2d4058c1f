"""The officers' desk: what stands there of a request, and what can be done with it now.

A step is offered only where it would be taken: the tables of `dsar.states` say where it leads,
and what lacks, what is late and who has approved say whether it would.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from audit.acts import Act
from audit.entries import Kind as EntryKind
from consent.programmes import Active
from dsar import deciding, identity, requests, speaking
from dsar.errors import BrokenRequest, NotARequest
from dsar.identity import Kept
from dsar.register import Request
from dsar.states import Right, State, Step, steps_from
from dsar.wanted import Wanted
from dsar.words import Delay, Reason, delay_named, reason_named
from profiles import members
from profiles.errors import ProfilesError
from profiles.members import Member
from profiles.unit import Unit

#: What people do; the other steps follow from these, from time, and from jobs.
BY_OFFICERS = (Step.ASK_IDENTITY, Step.EXTEND, Step.APPROVE, Step.REFUSE, Step.CANCEL)
BY_MEMBERS = (Step.CANCEL,)
HOW = "request"
_SEALED = "what is sealed of its member does not open"
_UNREAD = "a proof of identity does not open"
_LED_TO = {
    Step.APPROVE: (State.ACCEPTED, State.CARRIED_OUT, State.FULFILLED),
    Step.REFUSE: (State.REJECTED,),
    Step.EXTEND: (State.DELAYED,),
    Step.ASK_IDENTITY: (State.REQUIRES_ACTION,),
    Step.CANCEL: (State.UNFULFILLED,),
}


@dataclass(frozen=True)
class Seen:
    """`lacking`: the identifiers whose proof lacks, any one of which may be enough.

    `broken`: what is wrong with what is sealed of it; nothing can be done with it then.
    """

    request: Request
    lacking: frozenset[str] = frozenset()
    steps: tuple[Step, ...] = ()
    broken: BrokenRequest | None = None


async def seen(
    unit: Unit, active: Active, found: Sequence[Request], *, among: Sequence[Step] = BY_OFFICERS
) -> list[Seen]:
    """Requests with what lacks and what can be done now, of the steps `among`.

    By what an approval goes by: opens no value but those that show who may speak for a member.

    One of which something does not open is told as `broken`, and the others as they are.
    """
    wanted = {one.member for one in found if one.member is not None}
    people, broken = await members.load_whole(unit, wanted)
    cases = {
        one.id: people[one.member]
        for one in found
        if one.state.is_open and one.member is not None and one.member in people
    }
    proofs, unread = await identity.given_whole(unit, cases)
    seen = []
    for one in found:
        if one.member in broken:
            seen.append(Seen(one, broken=BrokenRequest(_SEALED)))
        elif one.id in unread:
            seen.append(Seen(one, broken=BrokenRequest(_UNREAD)))
        elif one.member is None or one.member not in people:
            seen.append(Seen(one))
        else:
            person = people[one.member]
            seen.append(await _seen(unit, active, one, person, proofs.get(one.id, ()), among=among))
    return seen


async def seen_one(
    unit: Unit, active: Active, request: Request, *, among: Sequence[Step] = BY_OFFICERS
) -> Seen:
    """The same of one alone. Raises `BrokenRequest`."""
    (one,) = await seen(unit, active, [request], among=among)
    if one.broken is not None:
        raise one.broken
    return one


async def _seen(
    unit: Unit,
    active: Active,
    one: Request,
    person: Member,
    said: Sequence[Kept],
    *,
    among: Sequence[Step],
) -> Seen:
    lacking: frozenset[str] = frozenset()
    if one.state.is_open:
        try:
            lacking = await speaking.lacking_by(unit, active, one, person, said)
        except ProfilesError:
            return Seen(one, broken=BrokenRequest(_UNREAD))
    possible = steps_from(one.right, one.state)
    steps = (step for step in possible if step in among and _would(unit, one, step, lacking))
    return Seen(one, lacking, tuple(steps))


async def wish_opened(unit: Unit, act: Act, request: Request) -> Wanted | None:
    """What exactly is asked for, where it is something in particular; None once they are erased.

    Opens what the member has said, for whoever decides and for themselves; on record as
    `profile.read`, with the names of the fields that would be set right.
    """
    if request.member is None:
        return None
    wish = await requests.wish_of(unit, request.id)
    if wish == Wanted():
        return None
    key = (await members.one(unit, request.member)).key
    facts = {"fields": sorted(wish.values), "how": HOW, "request": str(request.id)}
    await unit.record.write(
        unit.session, act.entry(EntryKind.PROFILE_READ, subject=key.subject(), facts=facts)
    )
    return wish


async def take(
    unit: Unit,
    act: Act,
    active: Active,
    request: UUID,
    step: Step,
    *,
    reason: str | None = None,
    outcome: str = "",
) -> Request:
    """Take one of the steps that officers take. Raises as each of them does, and `check_reason`."""
    check_reason(step, reason)
    match step:
        case Step.APPROVE:
            return await deciding.approve(unit, act, active, request, outcome=outcome)
        case Step.REFUSE:
            return await deciding.refuse(
                unit, act, active, request, reason=reason_named(reason or "")
            )
        case Step.EXTEND:
            return await deciding.extend(unit, act, request, reason=delay_named(reason or ""))
        case Step.ASK_IDENTITY:
            return await requests.ask_identity(unit, act, active, request)
        case Step.CANCEL:
            return await deciding.cancel(unit, act, request)
    raise AssertionError(f"no officer takes the step {step}")


def check_reason(step: Step, reason: str | None) -> None:
    """A refusal has a `Reason`, an extension a `Delay`, by name, and nothing else has one.

    Raises `NotARequest` and `UnknownReason`.
    """
    if (reason is not None) != (step in (Step.REFUSE, Step.EXTEND)):
        words = {Step.REFUSE: Reason, Step.EXTEND: Delay}.get(step)
        raise NotARequest(
            "a refusal and an extension have a reason, and nothing else has",
            place="reason",
            remedy=f"give one of {', '.join(words)}" if words else "leave it out",
        )
    if step is Step.REFUSE:
        reason_named(reason or "")
    elif step is Step.EXTEND:
        delay_named(reason or "")


def taken(request: Request, step: Step) -> bool:
    """Whether that step has led the request to where it stands: taken again, it changes nothing."""
    return request.state in _LED_TO[step]


def _would(unit: Unit, request: Request, step: Step, lacking: frozenset[str]) -> bool:
    match step:
        case Step.APPROVE:
            return not lacking
        case Step.ASK_IDENTITY:
            return bool(lacking)
        case Step.EXTEND:
            return not request.extended and unit.today <= request.due
        case Step.REFUSE if request.right in (Right.WITHDRAWAL, Right.OBJECTION):
            return bool(lacking)
    return True
