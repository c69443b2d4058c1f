"""What a backup would hold of a member, and whether anything there is opens it."""

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from kernel.database import raw
from profiles.errors import ProfilesError
from profiles.keys import MemberKey, place
from profiles.sealing import unpack
from profiles.unit import Unit

_KEYS = "SELECT m.id, m.ordinal, k.wrapped FROM member m JOIN member_key k ON k.member = m.id"


@dataclass(frozen=True)
class Copies:
    """Sealed values with their places, and the member's key as it was wrapped."""

    member: UUID
    ordinal: int
    wrapped: bytes
    sealed: list[tuple[bytes, bytes]]


async def copy_sealed(unit: Unit, member: UUID) -> Copies:
    """Everything of a member that rests in the database, as it rests there."""
    connection = await raw(unit.session)

    async def rows(query: str) -> list[tuple[UUID, bytes]]:
        cursor = await connection.execute(query, (member,), binary=True)
        return await cursor.fetchall()

    sealed = [
        (place("member", member.hex, name), value)
        for _, packed in await rows("SELECT id, sealed FROM member WHERE id = %s")
        for name, value in unpack(packed).items()
    ]
    for table in ("event", "ledger"):
        found = await rows(f"SELECT id, sealed FROM {table} WHERE member = %s")  # noqa: S608
        sealed += [(place(table, member.hex, row.hex), value) for row, value in found]
    cursor = await connection.execute(f"{_KEYS} WHERE m.id = %s", (member,), binary=True)
    [(_, ordinal, wrapped)] = await cursor.fetchall()
    return Copies(member, ordinal, wrapped, sealed)


async def openable(unit: Unit, copies: Copies) -> int:
    """How many of the copies open with the copied key, or with any key still there."""
    keys: list[MemberKey] = []
    with suppress(ProfilesError):  # the epoch it was wrapped under has no key any more
        keys.append(unit.epoch.unwrap(copies.member, copies.wrapped, ordinal=copies.ordinal))
    connection = await raw(unit.session)
    cursor = await connection.execute(_KEYS, binary=True)
    keys += [
        unit.epoch.unwrap(member, wrapped, ordinal=ordinal)
        for member, ordinal, wrapped in await cursor.fetchall()
    ]
    return sum(any(_opens(key, at, value) for key in keys) for at, value in copies.sealed)


def _opens(key: MemberKey, at: bytes, sealed: bytes) -> bool:
    try:
        key.open(sealed, at=at)
    except ProfilesError:
        return False
    return True
