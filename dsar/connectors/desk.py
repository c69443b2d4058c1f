"""What officers see of recipients, and what they can do: have one told again, or give it up."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.acts import Act
from consent.programmes import Active
from dsar import heard as recorded
from dsar import outgoing, register
from dsar.carrying import SETTLE_JOB, subject_of
from dsar.connectors import lost
from dsar.connectors.addresses import host_of
from dsar.connectors.taking import note
from dsar.connectors.trouble import GivingUp
from dsar.errors import UnknownOutgoing, WrongState
from dsar.heard import Heard
from dsar.outgoing import Outgoing, State
from dsar.tables import RequestRow
from kernel.database import raw
from kernel.jobs import enqueue
from profiles.unit import Unit

_COUNTS = """
SELECT recipient, count(*), count(*) FILTER (WHERE due < %s), count(*) FILTER (WHERE problem IS
    NOT NULL), (array_agg(problem ORDER BY next_at DESC NULLS FIRST)
    FILTER (WHERE problem IS NOT NULL))[1]
FROM outgoing WHERE recipient IS NOT NULL AND state IN ('waiting', 'sent') GROUP BY recipient
"""
_WAITING = """
SELECT count(*), count(*) FILTER (WHERE due < %s) FROM outgoing
WHERE recipient IS NOT NULL AND state IN ('waiting', 'sent')
"""
_LAST = "SELECT recipient, max(at) FROM recipient_answer GROUP BY recipient"


@dataclass(frozen=True)
class Standing:
    """One recipient. `by` and `host`: how it is told, and where; None for one that the programme
    does not name any more. `troubled`: of those open, how many have a problem.
    """

    recipient: str
    by: str | None
    host: str | None
    open: int
    late: int
    troubled: int
    problem: str | None
    answered_at: datetime | None


@dataclass(frozen=True)
class Told:
    """A word to a recipient: as it is carried, and what the record says became of it.

    `heard` is None for a word that the record knows nothing of.
    """

    word: Outgoing
    heard: Heard | None

    @property
    def reason(self) -> str | None:
        """Why an officer gave it up, by the record."""
        return self.heard.reason if self.heard else None


@dataclass(frozen=True)
class Waiting:
    """How many words recipients have yet to answer, and how many of them are past their day."""

    open: int
    late: int


async def waiting(unit: Unit) -> Waiting:
    connection = await raw(unit.session)
    row = await (await connection.execute(_WAITING, (unit.today,))).fetchone()
    assert row is not None
    return Waiting(*row)


async def standings(unit: Unit, active: Active) -> list[Standing]:
    """Every recipient that is told of anything, or has yet to answer, by name."""
    connection = await raw(unit.session)
    counted = await (await connection.execute(_COUNTS, (unit.today,))).fetchall()
    last = dict(await (await connection.execute(_LAST)).fetchall())
    counts = {row[0]: row[1:] for row in counted}
    recipients = active.programme.recipients
    connectors = {name: one.connector for name, one in recipients.items() if one.connector}
    found = []
    for name in sorted(connectors.keys() | counts.keys()):
        connector = connectors.get(name)
        found.append(
            Standing(
                name,
                connector.by.value if connector else None,
                host_of(connector.address) if connector else None,
                *(*counts.get(name, (0, 0, 0, None)), last.get(name)),
            )
        )
    return found


async def of_request(unit: Unit, request: UUID) -> list[Told]:
    """What recipients were told because of a request. Raises `UnknownRequest`."""
    row = await register.row_of(unit, request)
    words = [one for one in await outgoing.of_request(unit, request) if one.recipient is not None]
    if not words:
        return []
    heard = await _heard(unit, row)
    return [Told(one, heard.get(one.recipient or "")) for one in words]


async def waiting_for(unit: Unit, recipient: str) -> list[Outgoing]:
    """The words that a recipient has yet to answer, the one due first before the others."""
    return [one for one in await outgoing.to_recipients(unit) if one.recipient == recipient]


async def retry(unit: Unit, active: Active, id: UUID) -> Told:
    """Have a recipient told again now, also one that wanted no more.

    Raises `UnknownOutgoing`, or `WrongState` for what is closed, and for what is lost and cannot
    be said again.
    """
    word = await _open(unit, id)
    if word.payload is None:
        await lost.refill(unit, active, word)
    await outgoing.wake(unit, id)
    return await _told(unit, id)


async def give_up(unit: Unit, act: Act, id: UUID, *, reason: GivingUp) -> Told:
    """Wait for this recipient no more (Art. 19), for a reason that stands in the record.

    Raises `UnknownOutgoing`, or `WrongState` for what the record calls closed, or never told.
    """
    row = await _one(unit, id)
    # By the record: a row that was called done by somebody else can be given up.
    heard = await _heard(unit, await register.row_of(unit, row.request))
    said = heard.get(row.recipient or "")
    if said is None or not said.state.is_open:
        raise WrongState("this is closed: nobody is waited for", place="outgoing")
    await outgoing.move(unit, id, State.GIVEN_UP, problem=row.problem)
    facts = {"state": State.GIVEN_UP.value, "answer": None, "reason": reason.value}
    await note(unit, act, row, dict(facts))
    await enqueue(unit.session, SETTLE_JOB, request=str(row.request))
    return await _told(unit, id)


async def _heard(unit: Unit, row: RequestRow) -> dict[str, Heard]:
    return await recorded.of_request(unit, row.id, subject=await subject_of(unit, row))


async def _told(unit: Unit, id: UUID) -> Told:
    word = await _one(unit, id)
    heard = await _heard(unit, await register.row_of(unit, word.request))
    return Told(word, heard.get(word.recipient or ""))


async def _open(unit: Unit, id: UUID) -> Outgoing:
    row = await _one(unit, id)
    if not row.state.is_open:
        raise WrongState(f"this is {row.state}: nobody is waited for", place="outgoing")
    return row


async def _one(unit: Unit, id: UUID) -> Outgoing:
    # What a word carried may be lost, and its request is to be closed all the same.
    row = await outgoing.take(unit, id, must_open=False)
    if row is None or row.recipient is None:
        raise UnknownOutgoing("nothing of that id goes to a recipient", place="outgoing")
    return row


async def of_recipient(unit: Unit, id: UUID, recipient: str) -> Outgoing | None:
    """A word to that recipient; None when there is none."""
    row = await outgoing.take(unit, id)
    return row if row is not None and row.recipient == recipient else None
