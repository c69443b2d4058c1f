"""What was handed in, and what is kept of it: the table `handed_in`.

Who it is about stands in it, sealed under the live epoch, for as long as it takes to look; where
it led to two members, until an officer has looked too. What stays is who sent it, under which
reference, and how it ended.

What is sealed is bound to who sent it, what they asked for, and the request that it led to: a row
that was changed in the table is `broken`, opens nothing, and `tillit audit verify` names it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from audit.acts import Act
from audit.entries import ActorType
from dsar.errors import UnknownRequest
from dsar.opendsr.statuses import OF, Status
from dsar.states import Right
from dsar.states import State as RequestState
from dsar.words import Channel
from kernel.database import raw
from kernel.errors import Unavailable
from profiles.errors import CannotOpen
from profiles.keys import EpochKey, fill, place, strip
from profiles.labels import Label
from profiles.unit import Unit

#: What officers see of a row that is not as it was sealed.
BROKEN = "not-as-sealed"

_PAD = 2_048
_COLUMNS = """
SELECT h.id, h.sender, h.reference, h.kind, h.request, h.state, h.told, h.received_at,
       h.asked_on, h.ended_at, h.problems, r.state, r.due, h.sealed
FROM handed_in h LEFT JOIN request r ON r.id = h.request
"""


class State(StrEnum):
    """Where it stands with us. Its sender is told a `Status`."""

    RECEIVED = "received"  # nobody has looked yet whom it is about
    WAITING = "waiting"  # about nobody, or about what its member has asked for themselves
    HELD = "held"  # about two members, or one too many of its sender: an officer has to look
    OPENED = "opened"  # a request of that member, who has been asked
    ENDED = "ended"  # its time has run out, or its sender took it back


@dataclass(frozen=True)
class Sender:
    """Who hands it in. `name`: as the programme has it."""

    type: ActorType
    name: str

    def __str__(self) -> str:
        return f"{self.type}/{self.name}"

    @property
    def channel(self) -> Channel:
        return Channel.OPENDSR if self.type is ActorType.AGENT else Channel.SERVICE

    def act(self, version: int) -> Act:
        return Act(self.type, self.name, programme=version)


class Kept(msgspec.Struct, frozen=True):
    """What is sealed. `digest`: of the request as it came. `identities`: fields with values.

    `note`: in the member's own words, what is to be looked at again.
    """

    digest: bytes
    identities: tuple[tuple[str, str], ...] = ()
    callbacks: tuple[str, ...] = ()
    language: str | None = None
    note: str = ""

    def __repr__(self) -> str:
        return "Kept(***)"


@dataclass(frozen=True)
class HandedIn:
    """One of them. `told`: the status its sender was told last. `problems`: why it could not be, a
    word for each of its addresses that did not take it.

    `kept` is None once it is over and everybody who was to be called has been, and where the row is
    `broken`: not as it was sealed.
    """

    id: UUID
    sender: Sender
    reference: str
    right: Right
    request: UUID | None
    state: State
    told: Status
    received_at: datetime
    asked_on: date | None
    ended_at: datetime | None
    problems: tuple[str, ...]
    status: Status
    due: date | None
    kept: Kept | None = field(default=None, repr=False)
    broken: bool = False

    def whole(self) -> Kept:
        """What is kept of it. Raises `Unavailable` where the row is not as it was sealed."""
        if self.kept is None:
            raise changed()
        return self.kept


def changed() -> Unavailable:
    """What is said where a row is not what was handed in."""
    return Unavailable(
        "this is not what was handed in",
        place="handed",
        remedy="run `tillit audit verify`: somebody has changed the database",
    )


async def add(
    unit: Unit, id: UUID, sender: Sender, *, reference: str, right: Right, kept: Kept
) -> bool:
    """Write it down; False when this sender has handed in that reference before."""
    connection = await raw(unit.session)
    where = _place(id, str(sender), reference, right.value, unit.now, None)
    cursor = await connection.execute(
        "INSERT INTO handed_in (id, sender, reference, kind, state, told, received_at, epoch, "
        "sealed) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (sender, reference) DO NOTHING",
        (
            *(id, str(sender), reference, right.value, State.RECEIVED.value),
            *(Status.PENDING.value, unit.now, unit.epoch.number, _sealed(unit, where, kept)),
        ),
    )
    return cursor.rowcount == 1


async def of_sender(
    unit: Unit, sender: Sender, reference: str, *, lock: bool = False
) -> HandedIn | None:
    where = "WHERE h.sender = %s AND h.reference = %s" + (" FOR UPDATE OF h" if lock else "")
    found = await _select(unit, where, (str(sender), reference))
    return found[0] if found else None


async def one(unit: Unit, id: UUID, *, lock: bool = False) -> HandedIn:
    """Raises `UnknownRequest`."""
    where = "WHERE h.id = %s" + (" FOR UPDATE OF h" if lock else "")
    found = await _select(unit, where, (id,))
    if not found:
        raise UnknownRequest("nothing was handed in under that id", place="handed")
    return found[0]


async def of_request(unit: Unit, request: UUID) -> HandedIn | None:
    """What a request was opened by, locked."""
    found = await _select(unit, "WHERE h.request = %s FOR UPDATE OF h", (request,))
    return found[0] if found else None


async def listed(unit: Unit, *, limit: int = 100) -> list[HandedIn]:
    """Those that are not over, or whose sender could not be told: held ones first."""
    where = "WHERE h.state <> 'ended' AND h.told NOT IN ('completed', 'cancelled') "
    where += "OR h.problems <> '{}' ORDER BY h.state <> 'held', h.received_at, h.id LIMIT %s"
    return await _select(unit, where, (limit,))


async def unanswered(unit: Unit, before: date, *, limit: int) -> list[HandedIn]:
    """Locked: those looked into on `before` or earlier that led to no request, or to one whose
    question about identity is still open.
    """
    where = "WHERE (h.state IN ('waiting', 'held') OR h.state = 'opened' "
    where += "AND r.state IN ('initiated', 'requires_action')) AND h.asked_on <= %s "
    where += "ORDER BY h.asked_on, h.id LIMIT %s FOR UPDATE OF h SKIP LOCKED"
    return await _select(unit, where, (before, limit))


async def count_since(unit: Unit, sender: Sender, since: datetime) -> int:
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT count(*) FROM handed_in WHERE sender = %s AND received_at > %s",
        (str(sender), since),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def looked(
    unit: Unit, one: HandedIn, state: State, *, request: UUID | None = None, kept: Kept
) -> None:
    """Write down what looking has found, and `kept` in the place of what was kept."""
    connection = await raw(unit.session)
    where = _place_of(one, request)
    await connection.execute(
        "UPDATE handed_in SET state = %s, request = %s, asked_on = coalesce(asked_on, %s), "
        "epoch = %s, sealed = %s WHERE id = %s",
        (
            *(state.value, request, unit.today),
            *(unit.epoch.number, _sealed(unit, where, kept), one.id),
        ),
    )


async def end(unit: Unit, id: UUID) -> None:
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE handed_in SET state = %s WHERE id = %s", (State.ENDED.value, id)
    )


async def tell(unit: Unit, id: UUID, status: Status) -> None:
    """Write down that its sender is told this from now on."""
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE handed_in SET told = %s, problems = '{}', ended_at = %s WHERE id = %s",
        (status.value, unit.now if status.is_last else None, id),
    )


async def note(unit: Unit, id: UUID, number: int, problem: str | None) -> None:
    """Write down why its sender's address of that number did not take the call; None: it did."""
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE handed_in SET problems = problems - %s WHERE id = %s", (str(number), id)
    )
    if problem is not None:
        await connection.execute(
            "UPDATE handed_in SET problems = problems || jsonb_build_object(%s::text, %s::text) "
            "WHERE id = %s",
            (str(number), problem, id),
        )


async def broken(unit: Unit) -> list[UUID]:
    """Those that are not as they were sealed. Reads all that are not over for long."""
    found = await _select(unit, "WHERE h.sealed IS NOT NULL OR h.ended_at IS NULL", ())
    return sorted(one.id for one in found if one.broken)


async def clear(unit: Unit, before: datetime) -> int:
    """Delete what is sealed of those that were over before then; returns of how many."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "UPDATE handed_in SET sealed = NULL WHERE ended_at < %s AND sealed IS NOT NULL", (before,)
    )
    return cursor.rowcount


async def reseal(session: AsyncSession, old: EpochKey, new: EpochKey) -> None:
    """Within a rotation: what is still sealed, under the new epoch."""
    connection = await raw(session)
    cursor = await connection.execute(
        "SELECT id, sender, reference, kind, received_at, request, sealed FROM handed_in "
        "WHERE epoch = %s AND sealed IS NOT NULL",
        (old.number,),
        binary=True,
    )
    for id, sender, reference, kind, received, request, sealed in await cursor.fetchall():
        where = _place(id, sender, reference, kind, received, request)
        try:
            plain = old.sealing(Label.HANDED_IN).open(sealed, at=where)
        except CannotOpen:
            continue  # it opened nothing before, and opens nothing hereafter: checked and named
        anew = new.sealing(Label.HANDED_IN).seal(plain, at=where)
        await connection.execute(
            "UPDATE handed_in SET epoch = %s, sealed = %s WHERE id = %s", (new.number, anew, id)
        )


async def _select(unit: Unit, where: str, values: Sequence[Any]) -> list[HandedIn]:
    connection = await raw(unit.session)
    cursor = await connection.execute(_COLUMNS + where, values, binary=True)
    return [_row(unit, row) for row in await cursor.fetchall()]


def _row(unit: Unit, row: Sequence[Any]) -> HandedIn:
    id, sender, reference, kind, request, state, told, received, asked, ended, problems = row[:11]
    request_state, due, sealed = row[11:]
    type_, _, name = sender.partition("/")
    kept = None
    broken = sealed is None and ended is None
    if sealed is not None:
        where = _place(id, sender, reference, kind, received, request)
        try:
            opened = unit.epoch.sealing(Label.HANDED_IN).open(sealed, at=where)
            kept = msgspec.msgpack.decode(strip(opened), type=Kept)
        except CannotOpen:
            broken = True
    status = Status.PENDING
    if state == State.ENDED:
        status = Status.CANCELLED
    elif request_state is not None:
        status = OF[RequestState(request_state)]
    return HandedIn(
        id=id,
        sender=Sender(ActorType(type_), name),
        reference=reference,
        right=Right(kind),
        request=request,
        state=State(state),
        told=Status(told),
        received_at=received,
        asked_on=asked,
        ended_at=ended,
        problems=(*((BROKEN,) if broken else ()), *(problems[one] for one in sorted(problems))),
        status=status,
        due=None if status is Status.PENDING else due,
        kept=kept,
        broken=broken,
    )


def _sealed(unit: Unit, where: bytes, kept: Kept) -> bytes:
    """Padded, so that neither who it is about nor that it led nowhere shows in its length."""
    plain = fill(msgspec.msgpack.encode(kept), _PAD)
    return unit.epoch.sealing(Label.HANDED_IN).seal(plain, at=where)


def _place_of(one: HandedIn, request: UUID | None) -> bytes:
    return _place(one.id, str(one.sender), one.reference, one.right.value, one.received_at, request)


def _place(  # noqa: PLR0917 - all that a row is bound to, in the order of its columns
    id: UUID, sender: str, reference: str, kind: str, received: datetime, request: UUID | None
) -> bytes:
    """Where it may be opened: in this row, as long as it says what it said."""
    # A reference is the sender's own words: the others are fixed in form, so it comes last.
    at = received.astimezone(UTC).isoformat(timespec="microseconds")
    bound = "|".join((kind, at, request.hex if request else "", sender, reference))
    return place("handed_in", f"{id.hex}|{bound}", "kept")
