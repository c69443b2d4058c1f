"""The register of requests: opened, approved or refused, fulfilled; each step on record.

    initiated ──approve──► accepted ──job──► fulfilled
        └────────refuse──► rejected

States are DPV's (`dpv:RequestInitiated`, …). What an approval leads to is done by a job that
is enqueued with it, so that neither exists without the other.

The table alone has nobody erased or released: an approval is sealed under the member's own key,
and what is carried out is what opens there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import col, select

from audit.acts import Act
from audit.browsing import naming
from audit.entries import Kind as EntryKind
from consent.programme.suggestion import did_you_mean, shown
from dsar.deadlines import due_day
from dsar.errors import NotReady, UnknownKind, UnknownReason, UnknownRequest, WrongState
from dsar.tables import RequestRow
from kernel.errors import Unavailable
from kernel.ids import uuid7
from kernel.jobs import enqueue
from profiles import members
from profiles.errors import CannotOpen
from profiles.members import Member
from profiles.unit import Unit


class Kind(StrEnum):
    """What a member can ask for; restriction and its end take effect with the approval."""

    ACCESS = "access"  # Art. 15
    ERASURE = "erasure"  # Art. 17
    RESTRICTION = "restriction"  # Art. 18
    RELEASE = "release"  # the end of a restriction, Art. 18(3)


class State(StrEnum):
    INITIATED = "initiated"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FULFILLED = "fulfilled"


class Reason(StrEnum):
    """Why a request is refused (Art. 12(4)), in the words of the Data Privacy Vocabulary.

    A closed list: a reason stands in the record for ever, where no free text about a person may.
    """

    IDENTITY = "IdentityVerificationFailure"  # nobody could tell that it was the member who asked
    LAW = "LegalObligation"  # Art. 17(3)(b)
    EXCESSIVE = "ProcessExcessive"  # Art. 12(5)
    UNFOUNDED = "ProcessUnfounded"  # Art. 12(5)
    OTHERS = "ThirdPartyRightsImpaired"  # Art. 15(4)


TABLE = "request"
#: The job that carries out what was approved, by kind; its one argument is the request's id.
JOBS: Mapping[Kind, str] = {kind: f"request.{kind.value}" for kind in Kind}


@dataclass(frozen=True)
class Request:
    """A request as it stands. `member` is None once an erasure is done."""

    id: UUID
    kind: Kind
    state: State
    member: UUID | None
    opened_at: datetime
    due: date
    closed_at: datetime | None


def kind_named(name: str) -> Kind:
    """Raises `UnknownKind`."""
    if name not in set(Kind):
        raise UnknownKind(
            f"there is no request for {shown(name)}",
            place="kind",
            remedy=did_you_mean(name, Kind),
        )
    return Kind(name)


def reason_named(name: str) -> Reason:
    """Raises `UnknownReason`, which repeats nothing: what was written may be about a person."""
    if name not in set(Reason):
        raise UnknownReason(
            "this is no reason to refuse", place="reason", remedy=did_you_mean(name, Reason)
        )
    return Reason(name)


async def open_request(unit: Unit, act: Act, kind: Kind, member: UUID) -> Request:
    """Put a member's request into the register; the clock runs from now (Art. 12(3)).

    The same request, still open, is not opened twice: the open one is returned.
    """
    person = await members.one(unit, member, lock=True)
    open_ones = await unit.session.execute(
        select(RequestRow)
        .where(col(RequestRow.member) == member)
        .where(col(RequestRow.kind) == kind.value)
        .where(col(RequestRow.closed_at).is_(None))
    )
    if (already := open_ones.scalars().first()) is not None:
        return _request(already)
    row = RequestRow(
        id=uuid7(),
        kind=kind.value,
        state=State.INITIATED.value,
        member=member,
        opened_at=unit.now,
        due=due_day(unit.today, unit.schema.region),
        closed_at=None,
    )
    unit.session.add(row)
    await unit.session.flush()
    await _note(unit, act, EntryKind.REQUEST_OPENED, row, person.key.subject())
    return _request(row)


async def approve(unit: Unit, act: Act, request: UUID) -> Request:
    """Accept a request and enqueue what carries it out. Raises `WrongState`, `UnknownRequest`."""
    row = await _locked(unit, request, State.INITIATED)
    member = await _member(unit, row)
    row.state = State.ACCEPTED.value
    row.approval = member.key.seal_field(TABLE, row.id.hex, row.kind.encode())
    await enqueue(unit.session, JOBS[Kind(row.kind)], request=str(row.id))
    await _note(unit, act, EntryKind.REQUEST_APPROVED, row, member.key.subject())
    return _request(row)


async def refuse(unit: Unit, act: Act, request: UUID, *, reason: Reason) -> Request:
    """Refuse a request; the member is told why (Art. 12(4)). Raises as `approve`."""
    row = await _locked(unit, request, State.INITIATED)
    row.state, row.closed_at = State.REJECTED.value, unit.now
    subject = (await _member(unit, row)).key.subject()
    await _note(unit, act, EntryKind.REQUEST_REFUSED, row, subject, reason=reason.value)
    return _request(row)


async def fulfil(unit: Unit, act: Act, request: UUID, *, subject: bytes) -> None:
    """Close a request that has been carried out in this transaction."""
    await _fulfilled(unit, act, await _locked(unit, request, State.ACCEPTED), subject=subject)


async def fulfil_again(unit: Unit, act: Act, request: UUID, *, subject: bytes) -> bool:
    """Close an erasure that the journal says was carried out, whatever a restore made of it.

    A backup may hold it as not yet approved, and its member is erased all the same. False when
    it stands as carried out, or the backup is older than the request.
    """
    row = await unit.session.get(RequestRow, request, with_for_update=True)
    if row is None or row.state == State.FULFILLED.value:
        return False
    await _fulfilled(unit, act, row, subject=subject)
    return True


async def get(unit: Unit, request: UUID) -> Request:
    """Raises `UnknownRequest`."""
    row = await unit.session.get(RequestRow, request)
    if row is None:
        raise UnknownRequest("there is no such request", place="request")
    return _request(row)


async def listed(
    unit: Unit, *, member: UUID | None = None, only_open: bool = False, limit: int = 100
) -> list[Request]:
    """Requests by the day they are due, the most urgent first."""
    query = select(RequestRow).order_by(col(RequestRow.due), col(RequestRow.id)).limit(limit)
    if member is not None:
        query = query.where(col(RequestRow.member) == member)
    if only_open:
        query = query.where(col(RequestRow.closed_at).is_(None))
    return [_request(row) for row in (await unit.session.execute(query)).scalars()]


async def accepted(unit: Unit, request: UUID) -> Request | None:
    """The request, locked, if it is still to be carried out; None if that has been done.

    Raises `Unavailable` for a row that says approved when this was not approved for this
    member, or was and has been carried out before: somebody has changed the table.
    """
    row = await unit.session.get(RequestRow, request, with_for_update=True)
    if row is None:
        raise UnknownRequest("there is no such request", place="request")
    if row.state != State.ACCEPTED.value:
        return None
    if row.member is None:
        raise _not_approved()
    member = await members.one(unit, row.member)
    if not approves(row, member):
        raise _not_approved()
    # An approval copied from a backup opens too, and was used up.
    said = await naming(unit.session, str(row.id), subject=member.key.subject())
    if any(entry.kind == EntryKind.REQUEST_COMPLETED for entry in said):
        raise _not_approved()
    return _request(row)


def approves(row: RequestRow, member: Member) -> bool:
    """Whether the row's approval is of this kind of request, and of this one by this member."""
    if row.approval is None:
        return False
    try:
        return member.key.open_field(TABLE, row.id.hex, row.approval) == row.kind.encode()
    except CannotOpen:
        return False


def _not_approved() -> Unavailable:
    return Unavailable(
        "the register says approved, and nobody approved this",
        place="request",
        remedy="run `tillit audit verify`: somebody has changed the database",
    )


async def _fulfilled(unit: Unit, act: Act, row: RequestRow, *, subject: bytes) -> None:
    row.state, row.closed_at, row.approval = State.FULFILLED.value, unit.now, None
    if row.kind == Kind.ERASURE.value:
        row.member = None
    await _note(unit, act, EntryKind.REQUEST_COMPLETED, row, subject)


async def _locked(unit: Unit, request: UUID, state: State) -> RequestRow:
    row = await unit.session.get(RequestRow, request, with_for_update=True)
    if row is None:
        raise UnknownRequest("there is no such request", place="request")
    if row.state != state.value:
        raise WrongState(
            f"this request is {row.state}", place="request", remedy=f"it must be {state.value}"
        )
    return row


async def _member(unit: Unit, row: RequestRow) -> Member:
    if row.member is None:
        raise NotReady("the member of this request has been erased", place="request")
    return await members.one(unit, row.member)


async def _note(
    unit: Unit, act: Act, kind: EntryKind, row: RequestRow, subject: bytes, **facts: str
) -> None:
    await unit.session.flush()
    about = {"request": str(row.id), "right": row.kind, **facts}
    await unit.record.write(unit.session, act.entry(kind, subject=subject, facts=about))


def _request(row: RequestRow) -> Request:
    return Request(
        row.id,
        Kind(row.kind),
        State(row.state),
        row.member,
        row.opened_at,
        row.due,
        row.closed_at,
    )
