"""Whom officers have to tell by hand: recipients that may have had data, and no connector tells.

Who they are is written down when a request is carried out (`telling.tell`): of an erasure, nothing
about the member is left to go by afterwards. Names of recipients, and nothing about the member.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlmodel import col, select

from audit.browsing import Told, naming_each
from audit.entries import Kind as EntryKind
from audit.errors import RecordError
from consent.programme.parties import Recipient
from consent.programmes import Active
from dsar.register import Request
from dsar.states import Right, State
from dsar.subjects import subjects
from dsar.tables import RequestRow
from profiles.unit import Unit

_DONE = frozenset({State.CARRIED_OUT, State.FULFILLED})


@dataclass(frozen=True)
class ByHand:
    """A recipient to be told by hand: its name in the programme, the company, how it is reached.

    `name`, `contact`: empty of one that no version of the programme has.
    """

    recipient: str
    name: str
    contact: str

    def facts(self) -> dict[str, str]:
        return asdict(self)


def described(active: Active, names: Iterable[str]) -> tuple[ByHand, ...]:
    """Who they are, by the programme in force, or by the last one that had them."""
    found = ((name, _recipient(active, name)) for name in names)
    return tuple(
        ByHand(name, one.name if one else "", one.contact if one else "") for name, one in found
    )


async def left(unit: Unit, found: Collection[Request]) -> dict[UUID, tuple[str, ...] | None]:
    """Whom each of these left to officers when it was carried out, by name; empty before.

    None where the record cannot tell, because somebody has changed it or the register: nobody
    may take that for nobody. `tillit audit verify` names what was changed.
    """
    done = [one.id for one in found if one.state in _DONE]
    names: dict[UUID, tuple[str, ...] | None] = {one.id: () for one in found}
    if not done:
        return names
    query = select(RequestRow.id, RequestRow.kind, RequestRow.member, RequestRow.erased).where(
        col(RequestRow.id).in_(done)
    )
    rows = (await unit.session.execute(query)).all()
    # Of who was erased by another request since: that one has told, and left, everybody.
    asked = [
        (id, member, erased)
        for id, kind, member, erased in rows
        if kind == Right.ERASURE or member is not None
    ]
    known = await subjects(unit, asked)
    names |= {id: None for id, *_ in asked if id not in known}
    try:
        return names | await _said(unit, known)
    except RecordError:
        for id, subject in known.items():
            try:
                names |= await _said(unit, {id: subject})
            except RecordError:
                names[id] = None
        return names


async def _said(unit: Unit, known: Mapping[UUID, bytes]) -> dict[UUID, tuple[str, ...]]:
    asked = {id: (subject, str(id)) for id, subject in known.items()}
    entries = await naming_each(unit.session, asked.values(), trust=unit.record.trust)
    return {id: named(entries[about], about[1]) for id, about in asked.items()}


def named(entries: Iterable[Told], request: str) -> tuple[str, ...]:
    """Whom the entries about a request leave to officers, by name.

    Each once: an erasure that a restore undid is carried out, and says this, again.
    """
    names = [
        str(name)
        for one in entries
        if one.kind == EntryKind.RECIPIENT_BY_HAND and one.facts.get("request") == request
        for name in one.facts.get("recipients", ())
    ]
    return tuple(dict.fromkeys(names))


def _recipient(active: Active, name: str) -> Recipient | None:
    before = (active.earlier[number] for number in sorted(active.earlier, reverse=True))
    found = (one.programme.recipients.get(name) for one in (active, *before))
    return next((one for one in found if one is not None), None)
