"""Challenges: what somebody was asked to prove, kept so that it proves that and nothing else.

A code is kept as a digest under the member's key that is bound to its challenge, and the whole is
sealed under the same key at its row. Rows older than a day are deleted: no limit looks further
back, and the record keeps that there were tries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from dsar.identity import How
from dsar.identity_limits import DAY
from kernel.database import raw
from kernel.ids import uuid7
from profiles.members import Member
from profiles.unit import Unit

TABLE = "identity_challenge"


class _Sealed(msgspec.Struct, frozen=True, array_like=True):
    """`of`: the fingerprint of the value that the code went to. `expires`: seconds of Unix."""

    identifier: str
    of: bytes
    digest: bytes
    expires: int


@dataclass(frozen=True)
class Challenge:
    """One of them, opened. `digest`: of the code; empty for a card."""

    id: UUID
    request: UUID
    how: How
    made_at: datetime
    attempts: int
    is_open: bool
    identifier: str
    of: bytes
    digest: bytes
    expires: datetime

    def __repr__(self) -> str:
        return f"Challenge({self.id}, {self.how})"


def new(
    unit: Unit, request: UUID, how: How, *, identifier: str, of: bytes, expires: datetime
) -> Challenge:
    """One that is not kept yet, and has no code."""
    made = uuid7(unit.milliseconds)
    return Challenge(made, request, how, unit.now, 0, True, identifier, of, b"", expires)


async def keep(unit: Unit, member: Member, one: Challenge) -> None:
    connection = await raw(unit.session)
    await connection.execute(
        "DELETE FROM identity_challenge WHERE member = %s AND made_at <= %s",
        (member.id, unit.now - DAY),
    )
    plain = _Sealed(one.identifier, one.of, one.digest, int(one.expires.timestamp()))
    sealed = member.key.seal_field(TABLE, _at(one.id, one.request), msgspec.msgpack.encode(plain))
    await connection.execute(
        "INSERT INTO identity_challenge (id, request, member, how, made_at, closed_at, sealed) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            *(one.id, one.request, member.id, one.how.value, one.made_at),
            *(None if one.is_open else unit.now, sealed),
        ),
    )


async def recent(unit: Unit, member: Member, how: How) -> list[Challenge]:
    """Those of the last day, newest first, whatever request they are for.

    Raises `CannotOpen` for one that stands where it was not put.
    """
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT id, request, made_at, attempts, closed_at, sealed FROM identity_challenge "
        "WHERE member = %s AND how = %s AND made_at > %s ORDER BY made_at DESC, id DESC",
        (member.id, how.value, unit.now - DAY),
        binary=True,
    )
    return [_opened(member, how, row) for row in await cursor.fetchall()]


async def count(unit: Unit, one: Challenge) -> None:
    """One attempt more."""
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE identity_challenge SET attempts = attempts + 1 WHERE id = %s", (one.id,)
    )


async def close(unit: Unit, some: Sequence[Challenge]) -> None:
    """Used, run out, or there is a newer one: they prove nothing any more."""
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE identity_challenge SET closed_at = %s WHERE id = ANY(%s)",
        (unit.now, [one.id for one in some]),
    )


def _opened(member: Member, how: How, row: Sequence[Any]) -> Challenge:
    id, request, made_at, attempts, closed_at, sealed = row
    plain = member.key.open_field(TABLE, _at(id, request), sealed)
    kept = msgspec.msgpack.decode(plain, type=_Sealed)
    return Challenge(
        id,
        request,
        how,
        made_at,
        attempts,
        closed_at is None,
        kept.identifier,
        kept.of,
        kept.digest,
        datetime.fromtimestamp(kept.expires, UTC),
    )


def _at(id: UUID, request: UUID) -> str:
    return f"{id.hex}:{request.hex}"
