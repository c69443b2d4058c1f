"""What is on its way out: letters to members, and words to recipients about what was done.

A row is made in the transaction that causes it, and a job with it. What it carries is sealed
under the live epoch, because an erasure's recipients are told when the member's key is gone; it
is deleted as soon as nobody needs it. An id follows from request, recipient and matter: the same
word is never on its way twice, and who receives it can tell a repetition by it. It opens for whom
it was sealed alone: in a row that names another recipient, carrier or member it does not.

`next_at` is when one is tried next, or asked after; without it, an officer has to say so. Jobs
come and go: `resume` finds what is due and has none.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from dsar.errors import BrokenRequest
from kernel.database import deleted, raw
from kernel.jobs import enqueue, enqueue_each
from profiles.errors import CannotOpen
from profiles.keys import EpochKey, fill, place, strip
from profiles.labels import Label
from profiles.unit import Unit

#: Sends one; its argument is the row's id.
SEND_JOB = "outgoing.send"
#: A try that nobody has ended after so long was cut off.
LEASE = timedelta(minutes=5)
#: When what has gone wrong is tried again, if whoever tried says nothing else.
AGAIN = timedelta(hours=1)
#: The advisory lock of whoever looks for what is due: two workers would enqueue it twice.
_LOCK = 0x71114B48
_MOST = 1_000  # jobs made at a time
_PAD = 512
_COLUMNS = (
    "id, request, member, recipient, carrier, what, state, attempts, made_at, due, "
    "answered_at, problem, answer, next_at"
)
_POST = """
INSERT INTO outgoing (id, request, member, recipient, carrier, what, state, problem, next_at,
    due, sealed, made_at, epoch)
SELECT given.*, %s, %s FROM unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::text[], %b::text[],
    %b::text[], %b::text[], %b::text[], %b::timestamptz[], %b::date[], %b::bytea[]) AS given
ON CONFLICT (id) DO NOTHING RETURNING id
"""


class State(StrEnum):
    """Where it stands. `is_open`: a request it belongs to does not close before it."""

    WAITING = "waiting"  # to be sent, or to be sent again
    SENT = "sent"  # handed over; a recipient has yet to say that it is done
    DONE = "done"  # a recipient has said that it is done; a letter is on its way
    GIVEN_UP = "given_up"  # an officer has ended it, with a reason
    DOWNLOAD = "download"  # a letter that is not sent, because the member fetches it

    @property
    def is_open(self) -> bool:
        return self in (State.WAITING, State.SENT)


_STATES = frozenset(State)
#: The problem of a word whose row was gone; see `dsar.connectors.lost`.
LOST = "lost"
LETTER = "letter"  # the carrier of what goes to the member by e-mail


@dataclass(frozen=True)
class Outgoing:
    """One of them. `payload`: what it carries, opened; None once it is closed.

    `recipient` is None for a letter. `attempts`: since it last went well. `problem`: a short word
    for what went wrong last, never the recipient's own text. `answer`: SHA-256 of what it
    answered, in hex. `next_at`: when it is tried, or asked after, next; None: when somebody says.
    """

    id: UUID
    request: UUID
    member: UUID | None
    recipient: str | None
    carrier: str
    what: str
    state: State
    attempts: int
    made_at: datetime
    due: date | None
    answered_at: datetime | None
    problem: str | None
    answer: str | None
    next_at: datetime | None
    payload: bytes | None = field(default=None, repr=False)

    def is_late(self, today: date) -> bool:
        """Whether it should have been done by now."""
        return self.state.is_open and self.due is not None and self.due < today


def id_of(request: UUID, recipient: str | None, what: str) -> UUID:
    """The id of that word about that request to that recipient (None: to the member).

    Written as a version 4, which is what OpenDSR asks of whoever makes one.
    """
    digest = sha256(f"tillit/outgoing/v1|{request}|{recipient or ''}|{what}".encode()).digest()
    return UUID(bytes=digest[:16], version=4)


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What is to be put on its way. `member`: whom it goes with, should they be erased before it
    is sent; None for what an erasure itself sends. `problem`: why a letter is not sent.
    """

    request: UUID
    what: str
    carrier: str
    payload: bytes = field(repr=False)
    recipient: str | None = None
    member: UUID | None = None
    due: date | None = None
    state: State = State.WAITING
    problem: str | None = None

    @property
    def id(self) -> UUID:
        return id_of(self.request, self.recipient, self.what)


async def post(unit: Unit, parcel: Parcel) -> UUID:
    """Put it on its way, once however often it is asked for; returns its id."""
    await post_each(unit, [parcel])
    return parcel.id


async def post_each(unit: Unit, parcels: Sequence[Parcel]) -> None:
    """The same for many, in two round trips."""
    sealing = unit.epoch.sealing(Label.OUTGOING)
    rows = []
    for one in parcels:
        at = place_of(one.id, one.request, one.member, one.recipient, one.carrier, one.what)
        next_at = unit.now if one.state.is_open else None
        rows.append(
            (
                *(one.id, one.request, one.member, one.recipient, one.carrier, one.what),
                *(one.state.value, one.problem, next_at, one.due),
                sealing.seal(fill(one.payload, _PAD), at=at),
            )
        )
    if not rows:
        return
    connection = await raw(unit.session)
    cursor = await connection.execute(
        _POST, [unit.now, unit.epoch.number, *(list(column) for column in zip(*rows, strict=True))]
    )
    posted = {row[0] for row in await cursor.fetchall()}
    to_send = [one for one in parcels if one.id in posted and one.state is State.WAITING]
    jobs = [{"outgoing": str(one.id)} for one in to_send]
    await enqueue_each(unit.session, SEND_JOB, jobs, outward=True)


async def known(unit: Unit, ids: Collection[UUID]) -> set[UUID]:
    """Those that there are; not opened."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT id FROM outgoing WHERE id = ANY(%b::uuid[])", (list(ids),), binary=True
    )
    return {row[0] for row in await cursor.fetchall()}


async def take(unit: Unit, id: UUID, *, must_open: bool = True) -> Outgoing | None:
    """One, opened and locked until this transaction ends; None when there is none.

    Raises `CannotOpen` or `BrokenRequest` for one whose row somebody has changed. `must_open`:
    without it, what it carries may be lost; whom it is for is still what the id says.
    """
    where = "WHERE id = %s FOR UPDATE"
    try:
        found = await _select(unit, where, (id,), opened=True)
    except CannotOpen:
        if must_open:
            raise
        found = await _select(unit, where, (id,))
    for one in found:
        if one.id != id_of(one.request, one.recipient, one.what):
            raise CannotOpen(
                "what is on its way is not for whom it was made",
                place="outgoing",
                remedy="run `tillit audit verify`: somebody has changed the database",
            )
    return found[0] if found else None


async def begin(unit: Unit, id: UUID) -> Outgoing | None:
    """One whose time has come, opened, its attempt written down; None for any other.

    Nobody else begins it until whoever did ends it by `move`, or is long overdue to.
    """
    found = await take(unit, id)
    if found is None or not found.state.is_open:
        return None
    if found.next_at is None or found.next_at > unit.now:
        return None
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE outgoing SET attempts = attempts + 1, next_at = %s WHERE id = %s",
        (unit.now + LEASE, id),
    )
    return replace(found, attempts=found.attempts + 1)


async def of_request(unit: Unit, request: UUID) -> list[Outgoing]:
    """All that a request has sent or is sending, oldest first; not opened. Raises
    `BrokenRequest` for a row that nobody can make sense of."""
    return await _select(unit, "WHERE request = %s ORDER BY made_at, id", (request,))


async def to_recipients(unit: Unit, *, only_open: bool = True) -> list[Outgoing]:
    """What recipients have been told; with `only_open`, what is not closed. Not opened."""
    where = "WHERE recipient IS NOT NULL "
    where += "AND state IN ('waiting', 'sent') " if only_open else ""
    return await _select(unit, where + "ORDER BY due NULLS LAST, id LIMIT 1000", ())


async def move(
    unit: Unit,
    id: UUID,
    state: State,
    *,
    problem: str | None = None,
    answer: str | None = None,
    attempted: bool = False,
    again: timedelta | None = AGAIN,
) -> None:
    """Write down where it stands now. What it carried is deleted once it is closed.

    `attempted`: this was an attempt that `begin` has not counted. `again`: after how long one
    that stays open is tried next; None: not before somebody says so.
    """
    closed = not state.is_open and state is not State.DOWNLOAD
    next_at = unit.now + again if state.is_open and again is not None else None
    well = state is State.SENT and problem is None
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE outgoing SET state = %s, problem = %s, answer = coalesce(%s, answer), "
        "next_at = %s, attempts = CASE WHEN %s THEN 0 ELSE attempts + %s END, "
        "answered_at = CASE WHEN %s THEN %s ELSE answered_at END, "
        "sealed = CASE WHEN %s THEN NULL ELSE sealed END WHERE id = %s",
        (
            *(state.value, problem, answer, next_at, well, int(attempted)),
            *(closed, unit.now, closed, id),
        ),
    )


async def reroute(unit: Unit, one: Outgoing, carrier: str, *, due: date | None = None) -> None:
    """One that was taken goes by another way than it was made for: the programme has changed.

    `due`: its day, where that is another one too.
    """
    assert one.payload is not None
    at = place_of(one.id, one.request, one.member, one.recipient, carrier, one.what)
    sealed = unit.epoch.sealing(Label.OUTGOING).seal(fill(one.payload, _PAD), at=at)
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE outgoing SET carrier = %s, epoch = %s, sealed = %s, due = coalesce(%s, due) "
        "WHERE id = %s",
        (carrier, unit.epoch.number, sealed, due, one.id),
    )


async def postpone(unit: Unit, recipient: str, wait: timedelta) -> None:
    """Try nothing that waits for this recipient before so long has passed: it is not there."""
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE outgoing SET next_at = %(at)s WHERE recipient = %(recipient)s "
        "AND state IN ('waiting', 'sent') AND next_at < %(at)s",
        {"at": unit.now + wait, "recipient": recipient},
    )


async def wake(unit: Unit, id: UUID) -> None:
    """Have an open one sent now, and sent again if it had been."""
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE outgoing SET state = 'waiting', next_at = %s WHERE id = %s "
        "AND state IN ('waiting', 'sent')",
        (unit.now, id),
    )
    await enqueue(unit.session, SEND_JOB, outward=True, outgoing=str(id))


async def resume(unit: Unit) -> int:
    """Enqueue what is due and has no live job, once, however many ask at a time."""
    connection = await raw(unit.session)
    # A statement of its own: the next one sees what whoever held the lock has enqueued.
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    cursor = await connection.execute(
        "SELECT o.id FROM outgoing o WHERE o.state IN ('waiting', 'sent') AND o.next_at <= %s "
        "AND NOT EXISTS (SELECT FROM procrastinate_jobs j WHERE j.args->>'outgoing' = o.id::text "
        "AND j.status IN ('todo', 'doing')) ORDER BY o.next_at LIMIT %s",
        (unit.now, _MOST),
    )
    due = await cursor.fetchall()
    for (id,) in due:
        await enqueue(unit.session, SEND_JOB, outward=True, outgoing=str(id))
    return len(due)


async def forget(unit: Unit, members: Sequence[UUID]) -> dict[UUID, int]:
    """Delete what was still to go to members who are being erased; how many, by member."""
    return await deleted(unit.session, "outgoing", "member", members)


async def reseal(session: AsyncSession, old: EpochKey, new: EpochKey) -> None:
    """Within a rotation: what is still on its way, under the new epoch.

    Whatever epoch a row says it is of: what is passed over is lost with the old key. What does not
    open stays as it is, for `tillit audit verify` to name.
    """
    connection = await raw(session)
    cursor = await connection.execute(
        "SELECT id, request, member, recipient, carrier, what, sealed FROM outgoing "
        "WHERE sealed IS NOT NULL FOR UPDATE",
        binary=True,
    )
    for id, *row, sealed in await cursor.fetchall():
        at = place_of(id, *row)
        try:
            plain = old.sealing(Label.OUTGOING).open(sealed, at=at)
        except CannotOpen:
            continue
        anew = new.sealing(Label.OUTGOING).seal(plain, at=at)
        await connection.execute(
            "UPDATE outgoing SET epoch = %s, sealed = %s WHERE id = %s", (new.number, anew, id)
        )


async def unopened(unit: Unit) -> list[UUID]:
    """What is on its way and does not open, or is of another epoch: for `tillit audit verify`."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT id, request, member, recipient, carrier, what, epoch, sealed FROM outgoing "
        "WHERE sealed IS NOT NULL OR state IN ('waiting', 'sent') ORDER BY id",
        binary=True,
    )
    found = []
    for id, *row, epoch, sealed in await cursor.fetchall():
        try:
            unit.epoch.sealing(Label.OUTGOING).open(sealed or b"", at=place_of(id, *row))
        except CannotOpen:
            found.append(id)
            continue
        if epoch != unit.epoch.number:
            found.append(id)
    return found


async def _select(
    unit: Unit, where: str, values: Sequence[Any], *, opened: bool = False
) -> list[Outgoing]:
    connection = await raw(unit.session)
    cursor = await connection.execute(
        f"SELECT {_COLUMNS}, sealed FROM outgoing {where}",  # noqa: S608 - constants of this file
        values,
        binary=True,
    )
    found = []
    for *columns, sealed in await cursor.fetchall():
        payload = None
        if opened and sealed is not None:
            at = place_of(*columns[:6])
            payload = strip(unit.epoch.sealing(Label.OUTGOING).open(sealed, at=at))
        if columns[6] not in _STATES:
            # Not which word it is: whoever has changed it chose it.
            raise BrokenRequest("what is on its way for it has a state that is none of ours")
        columns[6] = State(columns[6])
        found.append(replace(Outgoing(*columns), payload=payload))
    return found


def place_of(id: UUID, *row: UUID | str | None) -> bytes:
    """What binds a payload to whom it goes to and how.

    `row`: its request, member, recipient, carrier and matter, in this order.
    """
    return place("outgoing", "|".join([id.hex, *(str(one or "") for one in row)]), "payload")
