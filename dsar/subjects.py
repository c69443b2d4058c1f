"""Whom requests are on record for: the pseudonyms that their entries in the record stand under.

Of who was erased the entry of their erasure tells it. Opens keys, and no value.
"""

from collections.abc import Collection
from uuid import UUID

from audit.browsing import told
from audit.entries import Kind as EntryKind
from audit.errors import EntryInvalid
from kernel.database import raw
from profiles import members
from profiles.unit import Unit

_ENTRIES = "SELECT id, body FROM audit_entry WHERE id = ANY(%s)"


async def subjects(
    unit: Unit, requests: Collection[tuple[UUID, UUID | None, UUID | None]]
) -> dict[UUID, bytes]:
    """By request; without those of whom that cannot be read now. Two questions for all.

    `requests`: of each the id, the member, and the entry of the erasure that it led to.
    """
    connection = await raw(unit.session)
    people, _ = await members.load_whole(unit, {row[1] for row in requests if row[1] is not None})
    cursor = await connection.execute(_ENTRIES, ([row[2] for row in requests if row[2]],))
    bodies = dict(await cursor.fetchall())
    found = {}
    for request, member, erased in requests:
        if member is not None:
            if member in people:
                found[request] = people[member].key.subject()
        elif (subject := _erased(bodies.get(erased), request)) is not None:
            found[request] = subject
    return found


def _erased(body: bytes | None, request: UUID) -> bytes | None:
    """The subject of an erasure's entry, if it is of this request's."""
    try:
        said = told(body or b"")
    except EntryInvalid:
        return None
    about = (said.kind, said.facts.get("request"))
    if about != (EntryKind.MEMBER_ERASED, str(request)) or said.subject is None:
        return None
    return bytes.fromhex(said.subject)
