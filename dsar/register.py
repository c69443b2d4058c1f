"""The register of requests: its rows, read, and moved by one step at a time.

`step` is the one place where a request's state changes: by the tables of `dsar.states`, with an
entry in the record of who, when and why.

The table alone has nobody erased or released: an approval is sealed under the member's own key,
and what is carried out is what opens there.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import col, select

from audit.acts import Act
from audit.browsing import naming
from audit.entries import Entry, Fact
from audit.entries import Kind as EntryKind
from dsar.deadlines import due_day
from dsar.errors import BrokenRequest, NotReady, UnknownRequest, WrongState
from dsar.states import Right, State, Step, after, taken_from
from dsar.tables import RequestRow
from dsar.words import Channel, Snag
from kernel.jobs import enqueue_each
from profiles import members
from profiles.members import Member
from profiles.unit import Unit

TABLE = "request"
#: A request that another company handed in has taken a step; its argument is the request's id.
MOVED_JOB = "handed_in.moved"

#: The kinds of entries that steps leave; all others leave `request.moved`.
KINDS = {
    Step.APPROVE: EntryKind.REQUEST_APPROVED,
    Step.REFUSE: EntryKind.REQUEST_REFUSED,
    Step.FULFIL: EntryKind.REQUEST_COMPLETED,
}
_RIGHTS, _STATES, _CHANNELS = frozenset(Right), frozenset(State), frozenset(Channel)
_SNAGS = frozenset(Snag)


@dataclass(frozen=True)
class Request:
    """A request as it stands. `member` is None once an erasure is done.

    `received`: the day from which the clock runs; `due`: the last day to answer. `paused_on`:
    since when the clock stands, while a question about identity is open. `two`: one officer has
    approved, and a second one is asked for. `not_before`: until when an approved erasure waits.
    `joined`: it was open already when the same was asked for now.
    """

    id: UUID
    right: Right
    state: State
    member: UUID | None
    channel: Channel
    language: str
    received: date
    opened_at: datetime
    due: date
    extended: bool
    paused_on: date | None
    not_before: datetime | None
    reason: str | None
    closed_at: datetime | None
    two: bool = False
    joined: bool = False

    @property
    def paused(self) -> bool:
        return self.paused_on is not None

    def days_left(self, today: date) -> int:
        """Days until it is due, as many as when its clock stopped; below zero when overdue."""
        return (self.due - (self.paused_on or today)).days

    @property
    def unanswered(self) -> bool:
        """Whether the member waits: once it is carried out, recipients alone are waited for."""
        return self.state.is_open and self.state is not State.CARRIED_OUT

    @property
    def told_reason(self) -> str | None:
        """As the member is told it: why it was refused or put off, and not why it came back."""
        return None if self.reason in _SNAGS else self.reason

    def overdue(self, today: date) -> bool:
        return self.unanswered and self.days_left(today) < 0


async def get(unit: Unit, request: UUID) -> Request:
    """Raises `UnknownRequest`, and `BrokenRequest` for a row that nobody can make sense of."""
    return shown(await row_of(unit, request))


async def listed(
    unit: Unit,
    *,
    member: UUID | None = None,
    only_open: bool = False,
    limit: int = 100,
) -> list[Request]:
    """Requests by the day they are due, the most urgent first; `dsar.worklist` has the filters."""
    query = select(RequestRow).order_by(col(RequestRow.due), col(RequestRow.id)).limit(limit)
    if member is not None:
        query = query.where(col(RequestRow.member) == member)
    if only_open:
        query = query.where(col(RequestRow.closed_at).is_(None))
    return [shown(row) for row in (await unit.session.execute(query)).scalars()]


async def open_ones(unit: Unit, right: Right, member: UUID) -> list[RequestRow]:
    """The member's open requests for that right, oldest first."""
    query = (
        select(RequestRow)
        .where(col(RequestRow.member) == member)
        .where(col(RequestRow.kind) == right.value)
        .where(col(RequestRow.closed_at).is_(None))
        .order_by(col(RequestRow.id))
    )
    return list((await unit.session.execute(query)).scalars())


async def row_of(unit: Unit, request: UUID, *, lock: bool = False) -> RequestRow:
    """Raises `UnknownRequest`, and `BrokenRequest` for one that nobody can make sense of."""
    row = await unit.session.get(
        RequestRow, request, with_for_update=lock or None, populate_existing=lock
    )
    if row is None:
        raise UnknownRequest("there is no such request", place="request")
    if not readable(row):
        raise _unreadable()
    return row


async def members_of(unit: Unit, requests: Collection[UUID]) -> list[UUID]:
    """Whom these are about, of those that are about anybody still."""
    query = select(RequestRow.member).where(col(RequestRow.id).in_(requests))
    found = (await unit.session.execute(query)).scalars()
    return [member for member in found if member is not None]


async def rows_of(unit: Unit, requests: Sequence[UUID]) -> list[RequestRow]:
    """The rows of these that there are, `readable` or not, by id, locked in that order; anew."""
    query = (
        select(RequestRow)
        .where(col(RequestRow.id).in_(requests))
        .order_by(col(RequestRow.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list((await unit.session.execute(query)).scalars())


async def step(
    unit: Unit,
    act: Act,
    row: RequestRow,
    taken: Step,
    *,
    subject: bytes,
    reason: str | None = None,
) -> UUID:
    """Take a step with a locked row; returns its entry's id. Raises `WrongState`."""
    written = await step_each(unit, act, [(row, subject)], taken, reason=reason)
    await unit.session.flush()
    return written[0]


async def step_each(
    unit: Unit,
    act: Act,
    rows: Sequence[tuple[RequestRow, bytes]],
    taken: Step,
    *,
    reason: str | None = None,
) -> list[UUID]:
    """The same step with many rows, each with its subject; written to the table at the end."""
    made = [
        _entry(act, KINDS.get(taken, EntryKind.REQUEST_MOVED), row, subject=subject, facts=facts)
        for row, subject in rows
        if (facts := _moved(unit, row, taken, reason))
    ]
    handed_in = [row for row, _ in rows if row.channel == Channel.OPENDSR]
    await enqueue_each(unit.session, MOVED_JOB, [{"request": str(row.id)} for row in handed_in])
    return await unit.record.write_many(unit.session, made)


def _moved(unit: Unit, row: RequestRow, taken: Step, reason: str | None) -> dict[str, Fact]:
    """The row where the step leads, and what is to be said of it."""
    to = after(Right(row.kind), State(row.state), taken)
    if to is None:
        raise refusal(row, taken)
    row.state = to.value
    if taken is Step.CARRY_OUT:
        row.carried_at = unit.now
    if not to.is_open:
        row.closed_at, row.paused_on = unit.now, None
    if reason is None:
        return {"step": taken.value, "state": to.value}
    row.reason = reason
    return {"step": taken.value, "state": to.value, "reason": reason}


async def refuse_changed(unit: Unit, row: RequestRow, *, subject: bytes) -> None:
    """Raises `BrokenRequest` unless this right of this member was put on record when it came."""
    said = await naming(unit.session, str(row.id), subject=subject, trust=unit.record.trust)
    rights = [
        one.facts.get("right")
        for one in said
        if one.kind == EntryKind.REQUEST_OPENED and one.facts.get("request") == str(row.id)
    ]
    if rights != [row.kind]:
        raise BrokenRequest("the register says what nobody has asked for")


def can(row: RequestRow, taken: Step) -> bool:
    return after(Right(row.kind), State(row.state), taken) is not None


def refusal(row: RequestRow, taken: Step) -> WrongState:
    """What is said to whoever would take a step that cannot be taken."""
    found = taken_from(Right(row.kind), taken)
    remedy = "it must be " + " or ".join(found) if found else f"no {row.kind} knows such a step"
    return WrongState(f"this request is {row.state}", place="request", remedy=remedy)


async def note(
    unit: Unit,
    act: Act,
    kind: EntryKind,
    row: RequestRow,
    *,
    subject: bytes | None,
    facts: dict[str, Fact],
) -> UUID:
    """Put something about a request on record."""
    await unit.session.flush()
    entry = _entry(act, kind, row, subject=subject, facts=facts)
    return await unit.record.write(unit.session, entry)


def _entry(
    act: Act, kind: EntryKind, row: RequestRow, *, subject: bytes | None, facts: dict[str, Fact]
) -> Entry:
    about: dict[str, Fact] = {"request": str(row.id), "right": row.kind, **facts}
    return act.entry(kind, subject=subject, facts=about)


async def member_of(unit: Unit, row: RequestRow, *, lock: bool = False) -> Member:
    """The member a request is about. Raises `NotReady` once they are erased."""
    if row.member is None:
        raise NotReady("the member of this request has been erased", place="request")
    return await members.one(unit, row.member, lock=lock)


async def locked(unit: Unit, request: UUID) -> tuple[RequestRow, Member]:
    """A request's row, locked, and its member. Raises `UnknownRequest` and as `member_of` does."""
    row = await row_of(unit, request, lock=True)
    return row, await member_of(unit, row)


def count_anew(unit: Unit, row: RequestRow) -> None:
    """When the answer is due, now that the clock stood or was put off."""
    row.due = due_day(
        row.received, unit.schema.region, extended=row.extended, paused=row.paused_days
    )


def readable(row: RequestRow) -> bool:
    """Whether its words are words of ours; what is sealed of it is another matter."""
    return row.kind in _RIGHTS and row.state in _STATES and row.channel in _CHANNELS


def _unreadable() -> BrokenRequest:
    # Not which word it is: whoever has changed it chose it.
    return BrokenRequest("the register has a word of this request that nobody of ours wrote")


def shown(row: RequestRow) -> Request:
    """Raises `BrokenRequest` for a row that is not `readable`."""
    if not readable(row):
        raise _unreadable()
    return Request(
        id=row.id,
        right=Right(row.kind),
        state=State(row.state),
        member=row.member,
        channel=Channel(row.channel),
        language=row.language,
        received=row.received,
        opened_at=row.opened_at,
        due=row.due,
        extended=row.extended,
        paused_on=row.paused_on,
        not_before=row.not_before,
        reason=row.reason,
        closed_at=row.closed_at,
        two=row.approval is not None and State(row.state) in (State.ACKNOWLEDGED, State.DELAYED),
    )
