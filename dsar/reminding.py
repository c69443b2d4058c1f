"""Reminders to whoever answers for requests, and what time alone does to a request.

    14, 7 and 3 days before an answer is due ──► one message     overdue ──► one each day

One message tells of all that a reminder is due for; it names requests by their ids and members
not at all. Each is on record as a step `remind`, which moves nothing.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import col, select

from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent.programmes import Active
from dsar import carrying, mail, outgoing, register, requests
from dsar.errors import BrokenRequest
from dsar.mail import Message
from dsar.opendsr import receiving
from dsar.states import State
from dsar.tables import RequestRow
from kernel.errors import TillitError
from profiles.errors import ProfilesError
from profiles.unit import Unit

#: Days before an answer is due on which it is reminded of.
BEFORE = (14, 7, 3)
#: On record beside the steps.
REMIND = "remind"
#: Officers' tools speak English, whatever members are written to in.
LANGUAGE = "en"
_AT_ONCE = 500
_TOLD = 100  # lines of a message


def is_due(left: int, before: int | None) -> bool:
    """Whether to remind with `left` days to go, the last reminder having come at `before`.

    `before`: the days that were left then, counted to the day it is due now; None: none came.
    """
    if left < 0:
        return before is None or left < before
    return any(left <= at and (before is None or before > at) for at in BEFORE)


def mailbox(active: Active) -> str | None:
    """Who is reminded; None where the programme names no e-mail address."""
    contact = active.programme.controller.contact
    return active.programme.requests.mailbox or (contact if "@" in contact else None)


async def remind(unit: Unit, act: Act, active: Active) -> int:
    """Put one message on its way about everything a reminder is due for; returns how many.

    What somebody else has in hand in this moment is left for the next time. A request whose
    clock stands is not reminded of.
    """
    if (to := mailbox(active)) is None:
        return 0
    rows = [row for row in await _near(unit) if is_due(_left(row, unit.today), _before(row))]
    if not rows:
        return 0
    broken = set()
    for row in rows:
        row.reminded = unit.today
        try:
            subject = await carrying.subject_of(unit, row)
        except TillitError:
            subject = None  # whoever it is about, an answer is due
            broken.add(row.id)
        left = _left(row, unit.today)
        facts: dict[str, Fact] = {"step": REMIND, "state": row.state, "left": left}
        await register.note(unit, act, EntryKind.REQUEST_MOVED, row, subject=subject, facts=facts)
    await outgoing.post(
        unit,
        outgoing.Parcel(
            request=rows[0].id,
            what=f"reminder:{unit.today}:{_left(rows[0], unit.today)}",
            carrier=mail.EMAIL,
            payload=mail.packed(_message(to, rows, unit.today, broken)),
        ),
    )
    return len(rows)


async def remind_of_recipients(unit: Unit, active: Active) -> int:
    """Once a day, say which recipients have let their time pass; returns how many words wait."""
    late = [one for one in await outgoing.to_recipients(unit) if one.is_late(unit.today)]
    if not late or (to := mailbox(active)) is None:
        return len(late)
    names = Counter(one.recipient or "" for one in late)
    lines = [f"{name}: {count}" for name, count in sorted(names.items())]
    text = "\n".join(
        [
            "These recipients were told what members asked for, and have not said in time that",
            "it is done. A request stays open until they have. How many each:",
            *("", *lines, ""),
            "tillit connectors list",
        ]
    )
    message = Message(to, f"Recipients who have not answered: {len(late)}", text, language=LANGUAGE)
    await outgoing.post(
        unit,
        outgoing.Parcel(
            request=late[0].request,
            what=f"late:{unit.today}",
            carrier=mail.EMAIL,
            payload=mail.packed(message),
        ),
    )
    return len(late)


async def lapse(unit: Unit, act: Act, active: Active) -> int:
    """Close what was asked by nobody who would say who they are; returns how many.

    One that cannot be closed, because something of it is broken, holds up none of the others.
    """
    asked = unit.today - timedelta(days=active.programme.requests.identity_days)
    query = (
        select(RequestRow.id)
        .where(col(RequestRow.state) == State.REQUIRES_ACTION.value)
        .where(col(RequestRow.asked_on) <= asked)
        .order_by(col(RequestRow.id))
        .limit(_AT_ONCE)
    )
    done, last = 0, UUID(int=0)
    while done < _AT_ONCE:
        found = (await unit.session.execute(query.where(col(RequestRow.id) > last))).scalars().all()
        for request in found:
            done += await _lapse(unit, act, active, request, asked)
        if len(found) < _AT_ONCE:
            break
        last = found[-1]
    return done


async def _lapse(unit: Unit, act: Act, active: Active, request: UUID, asked: date) -> bool:
    try:
        async with unit.session.begin_nested():
            # Who joined what another had handed in has as long to answer as anybody.
            joined = await receiving.joined_on(unit, request)
            if joined is not None and joined > asked:
                return False
            return await requests.lapse(unit, act, active, request)
    except (BrokenRequest, ProfilesError):
        return False  # it stands in the list as broken


async def _near(unit: Unit) -> Sequence[RequestRow]:
    query = (
        select(RequestRow)
        .where(col(RequestRow.closed_at).is_(None))
        # The member has the answer: of recipients there is another message.
        .where(col(RequestRow.state) != State.CARRIED_OUT.value)
        .where(col(RequestRow.paused_on).is_(None))
        .where(col(RequestRow.due) <= unit.today + timedelta(days=max(BEFORE)))
        .order_by(col(RequestRow.due), col(RequestRow.id))
        .with_for_update(skip_locked=True)
    )
    return (await unit.session.execute(query)).scalars().all()


def _left(row: RequestRow, day: date) -> int:
    return (row.due - day).days


def _before(row: RequestRow) -> int | None:
    return None if row.reminded is None else _left(row, row.reminded)


def _message(to: str, rows: Sequence[RequestRow], today: date, broken: Collection[UUID]) -> Message:
    late = sum(row.due < today for row in rows)
    counts = [f"{late} overdue"] if late else []
    counts += [f"{len(rows) - late} due soon"] if len(rows) > late else []
    lines = [_line(row, today, broken=row.id in broken) for row in rows]
    more = [f"and {len(lines) - _TOLD} more"] if len(lines) > _TOLD else []
    text = "\n".join(
        [
            "Answers to members are due within a month (Art. 12(3) GDPR).",
            *("", *lines[:_TOLD], *more, ""),
            "tillit request list --open",
        ]
    )
    return Message(to, "Requests: " + ", ".join(counts), text, language=LANGUAGE)


def _line(row: RequestRow, today: date, *, broken: bool) -> str:
    line = f"{row.id}  {row.kind:<13} due {row.due}  {_words(row, today)}"
    return f"{line}  BROKEN: run `tillit audit verify`" if broken else line


def _words(row: RequestRow, today: date) -> str:
    left = _left(row, today)
    days = "day" if abs(left) == 1 else "days"
    return f"{left} {days} left" if left >= 0 else f"OVERDUE by {-left} {days}"
