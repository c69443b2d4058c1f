"""Whom requests are on record for: the pseudonyms that their entries in the record stand under.

Of who was erased the entry of their erasure tells it. Opens keys, and no value.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from uuid import UUID

from audit.browsing import naming_each, told
from audit.entries import Kind as EntryKind
from audit.errors import EntryInvalid, RecordError
from kernel.database import raw
from profiles import members
from profiles.unit import Unit

_ENTRIES = "SELECT id, body FROM audit_entry WHERE id = ANY(%s)"


async def subjects(
    unit: Unit, requests: Collection[tuple[UUID, UUID | None, UUID | None]]
) -> dict[UUID, bytes]:
    """By request; without those of whom that cannot be read now. A few questions for all.

    `requests`: of each the id, the member, and the entry of the erasure that it led to.
    """
    people, _ = await members.load_whole(unit, {row[1] for row in requests if row[1] is not None})
    there = {row[0]: people[row[1]] for row in requests if row[1] in people}
    gone = {row[0]: row[2] for row in requests if row[1] is None and row[2] is not None}
    known = {request: member.key.subject() for request, member in there.items()}
    return known | await of_erased(unit, gone)


async def of_erased(unit: Unit, entries: Mapping[UUID, UUID]) -> dict[UUID, bytes]:
    """By request, of those whose member was erased. `entries`: of each the erasure's entry.

    Without those for which the register names another's erasure, or an entry that is not ours.
    """
    connection = await raw(unit.session)
    cursor = await connection.execute(_ENTRIES, (list(entries.values()),))
    bodies = dict(await cursor.fetchall())
    said = {request: _erased(bodies.get(entry), request) for request, entry in entries.items()}
    found = {request: subject for request, subject in said.items() if subject is not None}
    try:
        return await _ours(unit, entries, found)
    except RecordError:
        ours = dict[UUID, bytes]()
        for request, subject in found.items():
            with suppress(RecordError):
                ours |= await _ours(unit, entries, {request: subject})
        return ours


async def _ours(
    unit: Unit, entries: Mapping[UUID, UUID], found: Mapping[UUID, bytes]
) -> dict[UUID, bytes]:
    """Those whose entry stands in the record for this subject. Raises `RecordError`."""
    asked = {request: (subject, str(entries[request])) for request, subject in found.items()}
    said = await naming_each(unit.session, asked.values(), trust=unit.record.trust)
    return {
        request: subject
        for request, subject in found.items()
        if entries[request] in {one.id for one in said[asked[request]]}
    }


def _erased(body: bytes | None, request: UUID) -> bytes | None:
    """The subject of an erasure's entry, if it is of this request's."""
    try:
        said = told(body or b"")
    except EntryInvalid:
        return None
    about = (said.kind, said.facts.get("request"))
    if about != (EntryKind.MEMBER_ERASED, str(request)) or said.subject is None:
        return None
    try:
        return bytes.fromhex(said.subject)
    except ValueError:
        return None  # nobody of ours wrote it
