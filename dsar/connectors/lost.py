"""Words that the record has as open, and the table of what is on its way has not.

Whoever deletes a row, or calls one done that nobody answered, closes no request by it: that goes
by the record. It stayed open for ever instead, and nobody was shown why. So each is put back as
the record has it and shown as trouble; a human has it told again, or gives it up. Nothing is closed
here.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog

from audit.errors import RecordError
from consent.programmes import Active
from dsar import heard, mislaid, outgoing, register, telling, wanted
from dsar.errors import BrokenRequest, WrongState
from dsar.heard import Heard
from dsar.outgoing import Outgoing, id_of
from dsar.states import Right, State
from dsar.subjects import subjects
from kernel.database import raw
from profiles import members
from profiles.unit import Unit

_BATCH = 500
_log = structlog.get_logger()
_CARRIED_OUT = """
SELECT id, member, erased FROM request WHERE state = 'carried_out' AND id > %s
ORDER BY id LIMIT %s
"""


async def put_back(unit: Unit) -> int:
    """Put back every word that is lost; returns how many. Done again, it finds none of them."""
    connection, last, back = await raw(unit.session), UUID(int=0), 0
    while True:
        # The requests first, then the rows, then the record: each is no older than the one before,
        # so that a word that is answered meanwhile is not taken for a lost one.
        cursor = await connection.execute(_CARRIED_OUT, (last, _BATCH))
        batch = await cursor.fetchall()
        there = await mislaid.standing(unit, [row[0] for row in batch])
        said = await _heard(unit, await subjects(unit, batch))
        for request, *_ in batch:
            if any(id not in there for id in _open_words(request, said.get(request, {}))):
                back += await _put_back(unit, request)
        if len(batch) < _BATCH:
            return back
        last = batch[-1][0]


async def refill(unit: Unit, active: Active, word: Outgoing) -> None:
    """Give a lost word back what it carried, by what the member is known by now, and a new day.

    Opens the identifiers that its recipient is told. Raises `WrongState` where that cannot be: the
    member is erased, or is not known there by what they are known by now.
    """
    row, name = await register.row_of(unit, word.request), word.recipient
    recipient = active.programme.recipients.get(name or "")
    connector = recipient.connector if recipient is not None else None
    if name is None or connector is None or row.member is None:
        raise _gone()
    member = await members.one(unit, row.member)
    corrected: Mapping[str, Any] = {}
    if Right(row.kind) is Right.RECTIFICATION:
        corrected = wanted.opened(member.key, row.id, row.wanted).values
    # Of what was set right, the recipient still has the old.
    identities = telling.identities(unit, member)
    known = {one: value for one, value in identities.items() if one not in corrected}
    said = telling.word_to(active, name, register.shown(row), known, corrected)
    if said is None:
        raise _gone()
    whole = replace(word, payload=msgspec.json.encode(said))
    due = unit.today + timedelta(days=connector.answer_days)
    await outgoing.reroute(unit, whole, connector.by.value, due=due)


def _open_words(request: UUID, said: Mapping[str, Heard]) -> dict[UUID, str]:
    """By id, the recipients who have yet to answer by the record."""
    return {id_of(request, name, one.what): name for name, one in said.items() if one.state.is_open}


async def _heard(unit: Unit, known: Mapping[UUID, bytes]) -> dict[UUID, dict[str, Heard]]:
    """By request; without those about which somebody has slipped something into the record."""
    try:
        return await heard.of_requests(unit, known)
    except RecordError:
        said = dict[UUID, dict[str, Heard]]()
        for request, subject in known.items():  # it does not say of which of them it was
            try:
                said |= await heard.of_requests(unit, {request: subject})
            except RecordError:
                _log.warning("record_not_believed", request=str(request))
        return said


async def _put_back(unit: Unit, request: UUID) -> int:
    """With the request and its words locked, by what the record says then.

    None of a request that nobody can make sense of, or whose record is not ours: it keeps nobody
    else's from coming back, and `tillit audit verify` names it.
    """
    try:
        row = await register.row_of(unit, request, lock=True)
    except BrokenRequest:
        return 0
    if row.state != State.CARRIED_OUT:
        return 0
    connection = await raw(unit.session)
    await connection.execute(
        "SELECT FROM outgoing WHERE request = %s ORDER BY id FOR UPDATE", (request,)
    )
    known = await subjects(unit, [(request, row.member, row.erased)])
    said = (await _heard(unit, known)).get(request, {})
    there = await mislaid.standing(unit, [request])
    lost = [name for id, name in _open_words(request, said).items() if id not in there]
    for name in lost:
        await mislaid.put_back(
            unit,
            request=request,
            member=row.member,
            recipient=name,
            what=said[name].what,
            carrier=said[name].by or "",
        )
    return len(lost)


def _gone() -> WrongState:
    return WrongState(
        "what it was told is lost, and cannot be said again",
        place="outgoing",
        remedy="tell it by letter or telephone, then give it up as `told_otherwise`",
    )
