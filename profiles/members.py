"""Members in hand: loaded with their open key, found by an identifier.

Nothing here gives values to a caller; `profiles.reading` opens them, for the gate and for
data subject requests alone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kernel.database import raw
from profiles import lookup
from profiles.errors import CannotOpen, KeyDestroyed, UnknownMember
from profiles.keys import MemberKey
from profiles.sealing import open_value, unpack
from profiles.unit import Unit

NUMBER = "member_number"

_LOAD = """
SELECT m.id, m.ordinal, m.sealed, k.epoch, k.wrapped
FROM member m JOIN member_key k ON k.member = m.id
WHERE m.id = ANY(%b::uuid[]) ORDER BY m.id
"""


_KEYS = """
SELECT m.id, m.ordinal, k.epoch, k.wrapped
FROM member m JOIN member_key k ON k.member = m.id
WHERE m.id = ANY(%b::uuid[])
"""

# One statement, so that index and members are of one moment; locked, in the order of `load`.
_BY_NUMBER = """
SELECT m.id, m.ordinal, m.sealed, k.epoch, k.wrapped, l.digest
FROM member m JOIN member_key k ON k.member = m.id JOIN lookup l ON l.member = m.id
WHERE l.digest = ANY(%s) ORDER BY m.id
"""
_AT_ONCE = 1_000


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
    return {row[0]: _opened(unit, row) for row in await cursor.fetchall()}


async def load_whole(
    unit: Unit, members: Collection[UUID], *, lock: bool = False
) -> tuple[dict[UUID, Member], frozenset[UUID]]:
    """The same, and those of which something does not open: for lists, which tell of each."""
    try:
        return await load(unit, members, lock=lock), frozenset()
    except (CannotOpen, KeyDestroyed):
        found, broken = dict[UUID, Member](), set()
        for one in sorted(set(members)):
            try:
                found |= await load(unit, [one], lock=lock)
            except (CannotOpen, KeyDestroyed):
                broken.add(one)
        return found, frozenset(broken)


async def present(unit: Unit, members: Collection[UUID]) -> set[UUID]:
    """Those of `members` that exist; opens nothing."""
    connection = await raw(unit.session)
    cursor = await connection.execute("SELECT id FROM member WHERE id = ANY(%s)", (list(members),))
    return {row[0] for row in await cursor.fetchall()}


async def keys(unit: Unit, members: Collection[UUID]) -> dict[UUID, tuple[int, MemberKey]]:
    """The ordinals and keys of those of `members` that exist, by id: for who needs no value."""
    connection = await raw(unit.session)
    cursor = await connection.execute(_KEYS, (list(members),), binary=True)
    return {
        member: (ordinal, unit.epoch.unwrap_at(epoch, member, wrapped, ordinal=ordinal))
        for member, ordinal, epoch, wrapped in await cursor.fetchall()
    }


async def keys_whole(unit: Unit, members: Sequence[UUID]) -> dict[UUID, tuple[int, MemberKey]]:
    """The same, without those whose key does not open: what one row has lost keeps nobody else."""
    try:
        return await keys(unit, members)
    except (CannotOpen, KeyDestroyed):
        if len(members) == 1:
            return {}
        half = len(members) // 2
        first = await keys_whole(unit, members[:half])
        return first | await keys_whole(unit, members[half:])


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


async def by_number(
    unit: Unit, numbers: Collection[str], *, lock: bool = False
) -> dict[str, Member]:
    """Those who have these member numbers, by number; with `lock`, as `load` has it.

    Each is verified by opening the member's own number. Raises `CannotOpen` where the index leads
    to somebody else: whatever is to be written about a member must not land on another.
    """
    region = unit.schema.region
    digests = {
        lookup.digest(unit.epoch, NUMBER, lookup.normalise(NUMBER, number, region=region)): number
        for number in numbers
    }
    connection = await raw(unit.session)
    query = _BY_NUMBER + " FOR UPDATE" if lock else _BY_NUMBER
    cursor = await connection.execute(query, (list(digests),), binary=True)
    found = {}
    for *row, digest in await cursor.fetchall():
        member = _opened(unit, row)
        if not _goes_by(unit, member, digest):
            raise CannotOpen(
                "the index of member numbers leads to another member",
                place="lookup",
                remedy="run `tillit audit verify`: somebody has changed the table lookup",
            )
        found[digests[digest]] = member
    return found


async def find_numbers(unit: Unit, numbers: Collection[str]) -> dict[str, UUID]:
    """Members by member number, however many; verified as `by_number` does it."""
    asked, found = list(numbers), dict[str, UUID]()
    for first in range(0, len(asked), _AT_ONCE):
        some = await by_number(unit, asked[first : first + _AT_ONCE])
        found |= {number: member.id for number, member in some.items()}
    return found


def _opened(unit: Unit, row: Sequence[Any]) -> Member:
    """One row of `_LOAD`."""
    id, ordinal, sealed, epoch, wrapped = row
    key = unit.epoch.unwrap_at(epoch, id, wrapped, ordinal=ordinal)
    return Member(id, ordinal, key, unpack(sealed))


def _goes_by(unit: Unit, member: Member, digest: bytes) -> bool:
    """Whether the member's own number is the one that stands in the index as `digest`."""
    if NUMBER not in member.sealed:
        return False
    field = unit.schema.catalogue.fields[NUMBER]
    own, _ = open_value(member.key, field, member.sealed[NUMBER])
    text = lookup.normalise(NUMBER, str(own), region=unit.schema.region)
    return lookup.digest(unit.epoch, NUMBER, text) == digest
