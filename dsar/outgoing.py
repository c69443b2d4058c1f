"""What is on its way out: letters to members, and words to recipients about what was done.

A row is made in the transaction that causes it, and a job with it. What it carries is sealed
under the live epoch, because an erasure's recipients are told when the member's key is gone; it
is deleted as soon as nobody needs it. An id follows from request, recipient and matter: the same
word is never on its way twice, and who receives it can tell a repetition by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import raw
from kernel.jobs import enqueue
from profiles.keys import EpochKey, fill, place, strip
from profiles.labels import Label
from profiles.unit import Unit

#: Sends one; its argument is the row's id.
SEND_JOB = "outgoing.send"
_NAMESPACE = UUID("7d0f5b9e-52f0-4c43-8c3b-6f0c5a0b5d11")
_PAD = 512
_COLUMNS = (
    "id, request, member, recipient, carrier, what, state, attempts, made_at, due, "
    "answered_at, problem, answer"
)


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


LETTER = "letter"  # the carrier of what goes to the member by e-mail


@dataclass(frozen=True)
class Outgoing:
    """One of them. `payload`: what it carries, opened; None once it is closed.

    `recipient` is None for a letter. `problem`: a short word for what went wrong last, never
    the recipient's own text. `answer`: SHA-256 of what it answered, in hex.
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
    payload: bytes | None = field(default=None, repr=False)


def id_of(request: UUID, recipient: str | None, what: str) -> UUID:
    """The id of that word about that request to that recipient (None: to the member)."""
    return uuid5(_NAMESPACE, f"{request}|{recipient or ''}|{what}")


async def post(
    unit: Unit,
    *,
    request: UUID,
    what: str,
    carrier: str,
    payload: bytes,
    recipient: str | None = None,
    member: UUID | None = None,
    due: date | None = None,
    state: State = State.WAITING,
) -> UUID:
    """Put it on its way, once however often it is asked for; returns its id.

    `member`: whom it goes with, should they be erased before it is sent; None for what an
    erasure itself sends.
    """
    made = id_of(request, recipient, what)
    sealed = unit.epoch.sealing(Label.OUTGOING).seal(fill(payload, _PAD), at=_place(made))
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "INSERT INTO outgoing (id, request, member, recipient, carrier, what, state, made_at, "
        "due, epoch, sealed) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (id) DO NOTHING",
        (
            *(made, request, member, recipient, carrier, what, state.value, unit.now, due),
            *(unit.epoch.number, sealed),
        ),
    )
    if cursor.rowcount and state is State.WAITING:
        await enqueue(unit.session, SEND_JOB, outgoing=str(made))
    return made


async def take(unit: Unit, id: UUID) -> Outgoing | None:
    """One, opened and locked until this transaction ends; None when there is none."""
    found = await _select(unit, "WHERE id = %s FOR UPDATE", (id,), opened=True)
    return found[0] if found else None


async def of_request(unit: Unit, request: UUID) -> list[Outgoing]:
    """All that a request has sent or is sending, oldest first; not opened."""
    return await _select(unit, "WHERE request = %s ORDER BY made_at, id", (request,))


async def to_recipients(unit: Unit, *, only_open: bool = True) -> list[Outgoing]:
    """What recipients have been told; with `only_open`, what is not closed. Not opened."""
    where = "WHERE recipient IS NOT NULL "
    where += "AND state IN ('waiting', 'sent') " if only_open else ""
    return await _select(unit, where + "ORDER BY due NULLS LAST, id LIMIT 1000", ())


async def open_for(unit: Unit, request: UUID) -> int:
    """How many recipients have yet to say that it is done."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT count(*) FROM outgoing WHERE request = %s AND recipient IS NOT NULL "
        "AND state IN ('waiting', 'sent')",
        (request,),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def move(
    unit: Unit,
    id: UUID,
    state: State,
    *,
    problem: str | None = None,
    answer: str | None = None,
    attempted: bool = False,
) -> None:
    """Write down where it stands now. What it carried is deleted once it is closed."""
    closed = not state.is_open and state is not State.DOWNLOAD
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE outgoing SET state = %s, problem = %s, answer = coalesce(%s, answer), "
        "attempts = attempts + %s, answered_at = CASE WHEN %s THEN %s ELSE answered_at END, "
        "sealed = CASE WHEN %s THEN NULL ELSE sealed END WHERE id = %s",
        (state.value, problem, answer, int(attempted), closed, unit.now, closed, id),
    )


async def forget(unit: Unit, member: UUID) -> int:
    """Delete what was still to go to a member who is being erased; returns how many."""
    connection = await raw(unit.session)
    cursor = await connection.execute("DELETE FROM outgoing WHERE member = %s", (member,))
    return cursor.rowcount


async def reseal(session: AsyncSession, old: EpochKey, new: EpochKey) -> None:
    """Within a rotation: what is still on its way, under the new epoch."""
    connection = await raw(session)
    cursor = await connection.execute(
        "SELECT id, sealed FROM outgoing WHERE epoch = %s AND sealed IS NOT NULL",
        (old.number,),
        binary=True,
    )
    for id, sealed in await cursor.fetchall():
        plain = old.sealing(Label.OUTGOING).open(sealed, at=_place(id))
        anew = new.sealing(Label.OUTGOING).seal(plain, at=_place(id))
        await connection.execute(
            "UPDATE outgoing SET epoch = %s, sealed = %s WHERE id = %s", (new.number, anew, id)
        )


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
            payload = strip(unit.epoch.sealing(Label.OUTGOING).open(sealed, at=_place(columns[0])))
        columns[6] = State(columns[6])
        found.append(replace(Outgoing(*columns), payload=payload))
    return found


def _place(id: UUID) -> bytes:
    return place("outgoing", id.hex, "payload")
