"""What is to be sent to people who sign in, on its way: links that were asked for, and codes.

A row is made in the transaction that causes it, and a job with it, whose argument is the row's id.
What it carries is sealed under the token key's file, and deleted when it has left or is given up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from api.people.keys import PeopleKeys
from api.people.limits import DAY
from api.people.people import Kind
from kernel.database import raw
from kernel.ids import uuid7
from kernel.jobs import enqueue
from profiles.errors import CannotOpen
from profiles.unit import Unit

#: Sends one; its argument is the row's id.
POST_JOB = "people.post"
TABLE = "sign_in_post"
#: A link or a code holds for minutes: it is tried again soon, or never.
AGAIN = timedelta(seconds=30)
#: A try that nobody has ended after so long was cut off.
LEASE = timedelta(minutes=2)
#: Nobody waits for it any more.
WORTH = timedelta(minutes=15)
RAN_OUT, ALTERED = "ran_out", "altered"
#: The advisory lock of whoever looks for what is due.
_LOCK = 0x71114B53
_MOST = 1_000  # jobs made at a time


class What(StrEnum):
    LINK = "link"
    CODE = "code"


class State(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    GIVEN_UP = "given_up"


@dataclass(frozen=True)
class Post:
    """One of them, taken to be sent. `attempts`: this one counted."""

    id: UUID
    what: What
    kind: Kind
    made_at: datetime
    attempts: int
    payload: bytes = field(repr=False)


async def put(
    unit: Unit, keys: PeopleKeys, what: What, kind: Kind, payload: bytes, *, member: UUID | None
) -> UUID:
    """Put it on its way; it leaves when the transaction commits. `member`: whom it goes with."""
    id = uuid7(unit.milliseconds)
    connection = await raw(unit.session)
    await connection.execute(
        "INSERT INTO sign_in_post (id, what, kind, member, state, made_at, next_at, sealed) "
        "VALUES (%s, %s, %s, %s, 'waiting', %s, %s, %s)",
        (
            *(id, what.value, kind.value, member, unit.now, unit.now),
            keys.seal(TABLE, id, _field(what, kind), payload),
        ),
    )
    await enqueue(unit.session, POST_JOB, outward=True, post=str(id))
    return id


async def begin(unit: Unit, keys: PeopleKeys, id: UUID) -> Post | None:
    """One whose time has come, its attempt written down; None for any other.

    Nobody else begins it until whoever did ends it, or is long overdue to. One that nobody waits
    for any more, or that somebody has altered, is given up.
    """
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT what, kind, made_at, attempts, next_at, sealed FROM sign_in_post "
        "WHERE id = %s AND state = 'waiting' FOR UPDATE",
        (id,),
        binary=True,
    )
    line = await cursor.fetchone()
    if line is None or (line[4] is not None and line[4] > unit.now):
        return None
    what, kind, made_at, attempts, _, sealed = line
    if unit.now >= made_at + WORTH:
        await end(unit, id, RAN_OUT)
        return None
    try:
        payload = keys.open(TABLE, id, _field(What(what), Kind(kind)), sealed)
    except CannotOpen:
        await end(unit, id, ALTERED)
        return None
    await connection.execute(
        "UPDATE sign_in_post SET attempts = attempts + 1, next_at = %s WHERE id = %s",
        (unit.now + LEASE, id),
    )
    return Post(id, What(what), Kind(kind), made_at, attempts + 1, payload)


async def end(unit: Unit, id: UUID, problem: str | None = None) -> None:
    """It has left, or with a `problem` is given up; what it carried is deleted."""
    state = State.DONE if problem is None else State.GIVEN_UP
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE sign_in_post SET state = %s, problem = %s, next_at = NULL, sealed = NULL "
        "WHERE id = %s AND state = 'waiting'",
        (state.value, problem, id),
    )


async def again(unit: Unit, id: UUID, problem: str) -> None:
    """It could not leave, and may in a moment."""
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE sign_in_post SET problem = %s, next_at = %s WHERE id = %s AND state = 'waiting'",
        (problem, unit.now + AGAIN, id),
    )


async def resume(unit: Unit) -> int:
    """Enqueue what is due and has no live job, once, however many ask at a time."""
    connection = await raw(unit.session)
    # A statement of its own: the next one sees what whoever held the lock has enqueued.
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    cursor = await connection.execute(
        "SELECT p.id FROM sign_in_post p WHERE p.state = 'waiting' AND p.next_at <= %s "
        "AND NOT EXISTS (SELECT FROM procrastinate_jobs j WHERE j.args->>'post' = p.id::text "
        "AND j.status IN ('todo', 'doing')) ORDER BY p.next_at LIMIT %s",
        (unit.now, _MOST),
    )
    due: Sequence[tuple[UUID]] = await cursor.fetchall()
    for (id,) in due:
        await enqueue(unit.session, POST_JOB, outward=True, post=str(id))
    return len(due)


async def drop(unit: Unit) -> int:
    """Delete those of the day before; returns how many."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "DELETE FROM sign_in_post WHERE made_at <= %s", (unit.now - DAY,)
    )
    return cursor.rowcount


def _field(what: What, kind: Kind) -> str:
    """Where it is sealed: it opens for what it was made for alone."""
    return f"{what}:{kind}"
