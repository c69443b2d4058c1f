"""Members in hand: loaded with their open key, found by an identifier.

Nothing here gives values to a caller; `profiles.reading` opens them, for the gate and for
data subject requests alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from kernel.database import raw
from profiles import lookup
from profiles.errors import UnknownMember
from profiles.keys import MemberKey
from profiles.sealing import open_value, unpack
from profiles.unit import Unit

NUMBER = "member_number"

_LOAD = """
SELECT m.id, m.ordinal, m.sealed, k.epoch, k.wrapped
FROM member m JOIN member_key k ON k.member = m.id
WHERE m.id = ANY(%s) ORDER BY m.id
"""


_KEYS = """
SELECT m.id, m.ordinal, k.epoch, k.wrapped
FROM member m JOIN member_key k ON k.member = m.id
WHERE m.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A member in hand: the key is open, the values are still sealed."""

    id: UUID
    ordinal: int
    key: MemberKey
    sealed: Mapping[str, bytes]


async def load(unit: Unit, members: Collection[UUID], *, lock: bool = False) -> dict[UUID, Member]:
    """Those of `members` that exist, by id; with `lock`, nobody else changes them meanwhile.

    Locks are taken in id order, so that two transactions never wait for each other.
    """
    connection = await raw(unit.session)
    query = _LOAD + " FOR UPDATE" if lock else _LOAD
    cursor = await connection.execute(query, (list(members),), binary=True)
    return {
        member: Member(
            member, ordinal, unit.epoch.unwrap_at(epoch, member, wrapped), unpack(sealed)
        )
        for member, ordinal, sealed, epoch, wrapped in await cursor.fetchall()
    }


async def keys(unit: Unit, members: Collection[UUID]) -> dict[UUID, tuple[int, MemberKey]]:
    """The ordinals and keys of those of `members` that exist, by id: for who needs no value."""
    connection = await raw(unit.session)
    cursor = await connection.execute(_KEYS, (list(members),), binary=True)
    return {
        member: (ordinal, unit.epoch.unwrap_at(epoch, member, wrapped))
        for member, ordinal, epoch, wrapped in await cursor.fetchall()
    }


async def one(unit: Unit, member: UUID, *, lock: bool = False) -> Member:
    """One member by id. Raises `UnknownMember`, also for one who was erased."""
    found = await load(unit, [member], lock=lock)
    if member not in found:
        raise UnknownMember("there is no such member", place="member")
    return found[member]


async def find(unit: Unit, field: str, value: str) -> list[UUID]:
    """The members whose identifier `field` has this value, whatever its spelling.

    Each hit is verified by opening the member's own value. Raises `UnknownField` for a field
    that is no identifier, `BadValue` for a value that cannot be one.
    """
    declared = lookup.identifier(unit.schema.catalogue, field)
    assert declared.lookup is not None
    wanted = lookup.normalise(declared.lookup, value, region=unit.schema.region)
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT member FROM lookup WHERE digest = %s", (lookup.digest(unit.epoch, field, wanted),)
    )
    candidates = await load(unit, [row[0] for row in await cursor.fetchall()])
    found = []
    for member in candidates.values():
        if field not in member.sealed:
            continue
        kept, _ = open_value(member.key, declared, member.sealed[field])
        if lookup.normalise(declared.lookup, str(kept), region=unit.schema.region) == wanted:
            found.append(member.id)
    return found


async def find_numbers(unit: Unit, numbers: Collection[str]) -> dict[str, UUID]:
    """Members by member number, many at a time; numbers nobody has are left out.

    Not verified by opening: used where what is found is opened right afterwards.
    """
    digests = {
        lookup.digest(
            unit.epoch, NUMBER, lookup.normalise(NUMBER, number, region=unit.schema.region)
        ): number
        for number in numbers
    }
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT digest, member FROM lookup WHERE digest = ANY(%s)", (list(digests),), binary=True
    )
    return {digests[digest]: member for digest, member in await cursor.fetchall()}
