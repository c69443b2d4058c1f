"""Requests that others hand in for members: written down, looked into, and asked about.

    received ─► opened: the member is asked who they are ─► as every request
        │  └──► held: it is about two members, an officer looks
        │         └ also a second for a right, while its member has yet to answer about the first
        └─────► waiting: about nobody ─► ended, when a member would have had to answer

Whether there is such a member shows nowhere outside: not in the answer, which is given before
anybody looks; not in its time, for the same reason; and not in how it ends.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from uuid import UUID

from audit.acts import Act
from audit.browsing import naming
from audit.entries import ActorType
from consent.programmes import Active
from dsar import deciding, finding, identity, register, requests
from dsar.deadlines import due_day
from dsar.errors import NotARequest, TooMany, UnknownRequest, WrongState
from dsar.identity import How, Proof
from dsar.opendsr import handed
from dsar.opendsr.handed import HandedIn, Kept, Sender, State
from dsar.opendsr.statuses import OF, Status
from dsar.register import Request
from dsar.states import Right
from dsar.states import State as RequestState
from dsar.wanted import Wanted
from kernel.ids import uuid7
from kernel.jobs import enqueue
from profiles.unit import Unit

#: Looks whom it is about; its argument is the id of what was handed in.
LOOK_JOB = "handed_in.look"
#: Takes back the request of what its sender has taken back; the same argument.
CANCEL_JOB = "handed_in.cancel"
#: Calls a sender back: `handed`, the number of its address, and the status to tell.
CALL_JOB = "handed_in.call"
#: How many a service of the programme may hand in within an hour.
PER_HOUR = 100
_BATCH = 200
_FOR_OTHERS = (ActorType.AGENT, ActorType.SERVICE)
#: For so long after the end a repetition is compared with what was sent, and calls are repeated.
KEPT_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Handed:
    """What was handed in, checked. `body`: as it came, to know a repetition by."""

    reference: str
    right: Right
    identities: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    callbacks: tuple[str, ...] = field(default=(), repr=False)
    language: str | None = None
    note: str = field(default="", repr=False)


async def hand_in(unit: Unit, sender: Sender, said: Handed, *, per_hour: int) -> HandedIn:
    """Write it down, and enqueue the look; the same reference again is the same one again.

    Raises `NotARequest` where that reference was something else before, and `TooMany`.
    """
    digest = sha256(said.body).digest()
    before = await handed.of_sender(unit, sender, said.reference)
    if before is None:
        hour = unit.now - timedelta(hours=1)
        if await handed.count_since(unit, sender, hour) >= per_hour:
            raise TooMany(
                f"you have handed in {per_hour} within an hour",
                place="Retry-After",
                remedy="hand the others in later; nothing is lost by it",
            )
        kept = Kept(digest, said.identities, said.callbacks, said.language, said.note)
        made = uuid7(unit.milliseconds)
        if await handed.add(
            unit, made, sender, reference=said.reference, right=said.right, kept=kept
        ):
            await enqueue(unit.session, LOOK_JOB, handed=str(made))
            return await handed.one(unit, made)
        before = await handed.of_sender(unit, sender, said.reference)
        assert before is not None  # somebody was faster, and has committed
    if before.kept is not None and before.kept.digest != digest:
        raise NotARequest(
            "you have handed in something else under this id",
            place="subject_request_id",
            remedy="give each request an id of its own",
        )
    return before


async def look(unit: Unit, active: Active, id: UUID) -> bool:
    """Find out whom it is about, and ask them who they are (Art. 12(6)); False if that was done.

    Opens the identifiers of whoever is found: on record as a look by its sender. Every identity
    has to lead to the same member, or to nobody. Where the programme lets its sender ask for this
    no more, nobody is looked for, and it ends as one about nobody. Raises `Unavailable` for a row
    that is not as it was sealed.
    """
    one = await handed.one(unit, id, lock=True)
    if one.state is not State.RECEIVED:
        return False
    kept = one.whole()
    bare = Kept(kept.digest, (), kept.callbacks, kept.language)
    if not _may(active, one):
        await handed.looked(unit, one, State.WAITING, kept=bare)
        return True
    act = one.sender.act(active.version)
    found = await _found(unit, act, one)
    people = {member for _, hits in found for member in hits}
    if len(people) > 1:
        await handed.looked(unit, one, State.HELD, kept=kept)
        return True
    try:
        request = await _open(unit, act, active, one, people.pop()) if people else None
    except NotARequest:  # nothing of them is restricted that could be released: as if of nobody
        request = None
    except TooMany:  # which its sender is not told, or it would tell of a member
        await handed.looked(unit, one, State.HELD, kept=kept)
        return True
    state = State.WAITING if request is None else State.OPENED
    await handed.looked(unit, one, state, request=request, kept=bare)
    return True


async def leads_to(unit: Unit, act: Act, id: UUID) -> list[tuple[str, list[UUID]]]:
    """For an officer: the fields it named, and the members that each leads to; on record.

    Empty once it is not held any more.
    """
    one = await handed.one(unit, id)
    if one.state is not State.HELD:
        return []
    return await _found(unit, act, one)


async def open_for(unit: Unit, act: Act, active: Active, id: UUID, member: UUID) -> Request:
    """An officer says whom a held one is about; that member is asked who they are.

    Raises `WrongState` where it is not held, or the member has asked for this already, and
    `UnknownRequest` for a member whom it does not name, `NotARequest` where its sender may ask for
    this no more, and `Unavailable` for a row that is not as it was sealed.
    """
    one = await handed.one(unit, id, lock=True)
    if one.state is not State.HELD:
        raise WrongState("this is not held", place="handed", remedy="see what became of it")
    kept = one.whole()
    _check(active, one)
    found = await _found(unit, act, one)
    if member not in {each for _, hits in found for each in hits}:
        raise UnknownRequest("it says nothing of this member", place="member")
    request = await _open(unit, act, active, one, member)
    if request is None:
        raise WrongState("the member has asked for this already", place="member")
    bare = Kept(kept.digest, (), kept.callbacks, kept.language)
    await handed.looked(unit, one, State.OPENED, request=request, kept=bare)
    return await register.get(unit, request)


async def attest(unit: Unit, act: Act, active: Active, request: UUID) -> Request:
    """An officer has seen the agent's mandate, and answers for it: the member need not be asked.

    Raises `NotARequest` where the programme says of no mandate, or lets this agent ask for this no
    more, `WrongState`, and `Unavailable` where this is not what was handed in.
    """
    one = await handed.of_request(unit, request)
    agent = None if one is None else active.programme.agents.get(one.sender.name)
    if one is None or one.sender.type is not ActorType.AGENT or agent is None or not agent.mandate:
        raise NotARequest(
            "nobody handed this in under a mandate",
            place="request",
            remedy="write mandate = true under the agent, if its members give it one",
        )
    if one.status is not Status.PENDING:
        raise WrongState("who is behind it has been shown", place="request")
    one.whole()
    _check(active, one)
    row = await register.row_of(unit, request, lock=True)
    if row.kind != one.right:
        raise handed.changed()
    person = await register.member_of(unit, row)
    await identity.prove(unit, act, request, person, Proof(How.MANDATE, by=one.sender.name))
    return await requests.identified(unit, act, active, request)


async def take_back(unit: Unit, sender: Sender, reference: str) -> HandedIn:
    """Its sender takes it back, while it is pending. Raises `UnknownRequest`, `WrongState`."""
    one = await handed.of_sender(unit, sender, reference, lock=True)
    if one is None:
        raise UnknownRequest("you have handed in no such request", place="subject_request_id")
    if one.state is State.ENDED:
        return one
    if one.status is not Status.PENDING:
        raise WrongState(
            f"this request is {one.status}",
            place="request_status",
            remedy="only what is pending can be cancelled; the member can still ask us to",
        )
    await handed.end(unit, one.id)
    await enqueue(unit.session, CANCEL_JOB, handed=str(one.id))
    return await tell(unit, one.id)


async def cancel(unit: Unit, active: Active, id: UUID) -> bool:
    """Take back the request, unless its member has made it their own meanwhile."""
    one = await handed.one(unit, id, lock=True)
    if one.state is not State.ENDED or one.request is None:
        return False
    row = await register.row_of(unit, one.request, lock=True)
    if OF[RequestState(row.state)] is not Status.PENDING:
        return False
    if await joined_on(unit, row.id) is not None:
        return False
    await deciding.cancel(unit, one.sender.act(active.version), row.id)
    return True


async def joined_on(unit: Unit, request: UUID) -> date | None:
    """The day on which the member, or an officer for them, first asked for the same as well; None
    if nobody has. From then on it is theirs: whoever handed it in takes it back no more.
    """
    row = await register.row_of(unit, request)
    subject = (await register.member_of(unit, row)).key.subject()
    said = [
        entry.at.astimezone(unit.schema.zone).date()
        for entry in await naming(
            unit.session, str(request), subject=subject, trust=unit.record.trust
        )
        if entry.facts.get("step") == requests.JOIN and entry.actor.type not in _FOR_OTHERS
    ]
    return min(said, default=None)


async def lapse(unit: Unit, active: Active) -> int:
    """End those that led to nobody, on the day on which a member's time would be over; how many.

    Also those whose member has joined them since, and has longer to answer for their own.

    Done in the same step as closing the requests of members who never answered.
    """
    last = unit.today - timedelta(days=active.programme.requests.identity_days)
    over = await handed.unanswered(unit, last, limit=_BATCH)
    for one in over:
        await handed.end(unit, one.id)
        await tell(unit, one.id)
    await handed.clear(unit, unit.now - KEPT_FOR)
    return len(over)


async def moved(unit: Unit, request: UUID) -> bool:
    """A request has taken a step: whoever handed it in is told, if that is news to them."""
    one = await handed.of_request(unit, request)
    if one is None or one.told is one.status:
        return False
    await tell(unit, one.id)
    return True


async def tell(unit: Unit, id: UUID) -> HandedIn:
    """Write down how it stands, and enqueue a call to each address its sender has given."""
    one = await handed.one(unit, id, lock=True)
    if one.told is one.status:
        return one
    await handed.tell(unit, id, one.status)
    for number in range(len(one.kept.callbacks) if one.kept else 0):
        await enqueue(
            unit.session, CALL_JOB, handed=str(id), number=number, status=one.status.value
        )
    return one


def due_of(unit: Unit, one: HandedIn) -> date:
    """Until when an answer is expected: while it is pending, by the day on which it came alone."""
    if one.due is not None:
        return one.due
    return due_day(one.received_at.astimezone(unit.schema.zone).date(), unit.schema.region)


def _may(active: Active, one: HandedIn) -> bool:
    """Whether the programme in force still lets its sender ask for this."""
    if one.sender.type is not ActorType.AGENT:
        return one.sender.name in active.programme.services
    agent = active.programme.agents.get(one.sender.name)
    return agent is not None and one.right.value in agent.rights


def _check(active: Active, one: HandedIn) -> None:
    if not _may(active, one):
        raise NotARequest(
            "its sender may not ask for this any more",
            place="handed",
            remedy="write the right under the sender in the programme, if it may",
        )


async def _found(unit: Unit, act: Act, one: HandedIn) -> list[tuple[str, list[UUID]]]:
    declared = unit.schema.catalogue.fields
    kept = one.whole()
    return [
        (field, await finding.find(unit, act, field, value))
        for field, value in kept.identities
        if field in declared and declared[field].lookup is not None
    ]


async def _open(unit: Unit, act: Act, active: Active, one: HandedIn, member: UUID) -> UUID | None:
    """The request's id; None when the member has asked for the same themselves.

    What they have asked for is theirs: a sender neither follows it nor takes it back.
    """
    already = {row.id for row in await register.open_ones(unit, one.right, member)}
    request = await requests.open_request(
        unit,
        act,
        active,
        one.right,
        member,
        channel=one.sender.channel,
        proof=None,
        wish=Wanted(note=one.whole().note),
        language=one.whole().language,
        received=one.received_at.astimezone(unit.schema.zone).date(),
    )
    if request.id in already:
        return None
    await requests.ask_identity(unit, act, active, request.id)
    return request.id
