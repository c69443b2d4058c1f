"""The member's copy of each letter: sealed under their own key, and gone with them.

Not changed once it is there: what was sent is what is shown.
"""

from collections.abc import Sequence
from uuid import UUID

from dsar import outgoing
from dsar.letters.kinds import Kind, matter
from dsar.letters.written import Written, packed, unpacked
from kernel.database import deleted, raw
from profiles.members import Member
from profiles.unit import Unit

TABLE = "letter"
_PAD = 1024


async def keep(unit: Unit, request: UUID, member: Member, letter: Written) -> bool:
    """Keep it, once for its kind and request; False when there is one already."""
    kind = Kind(letter.kind)
    id = _id(request, kind)
    sealed = member.key.seal_field(TABLE, id.hex, packed(letter), pad=_PAD)
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "INSERT INTO letter (id, request, member, kind, language, made_at, sealed) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
        (id, request, member.id, kind.value, letter.language, unit.now, sealed),
    )
    return cursor.rowcount > 0


async def is_kept(unit: Unit, request: UUID, kind: Kind) -> bool:
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT EXISTS (SELECT FROM letter WHERE id = %s)", (_id(request, kind),)
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def opened(unit: Unit, request: UUID, member: Member, kind: Kind) -> Written | None:
    """The letter as it was written; None when it was not. Raises `CannotOpen` for another's."""
    id = _id(request, kind)
    connection = await raw(unit.session)
    cursor = await connection.execute("SELECT sealed FROM letter WHERE id = %s", (id,), binary=True)
    row = await cursor.fetchone()
    return unpacked(member.key.open_field(TABLE, id.hex, row[0])) if row else None


async def forget(unit: Unit, members: Sequence[UUID]) -> dict[UUID, int]:
    """Delete all letters to members who are being erased; how many, by member."""
    return await deleted(unit.session, TABLE, "member", members)


def _id(request: UUID, kind: Kind) -> UUID:
    return outgoing.id_of(request, None, matter(kind))
