"""Sealed details and sealed sets of members: kept, handed back, sealed anew, erased.

Touches ``audit_detail`` and ``audit_set``. Sees ciphertext only; seals and opens nothing.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from audit.tables import AuditDetail, AuditSet
from kernel.database import raw

_ERASE = """
WITH gone AS (
    DELETE FROM audit_detail d USING audit_subject s
    WHERE s.subject = ANY(%b::bytea[]) AND d.entry = s.entry RETURNING s.subject
) SELECT subject, count(*) FROM gone GROUP BY subject
"""


async def details(session: AsyncSession, entries: Sequence[UUID]) -> dict[UUID, bytes]:
    """The sealed details of these entries, those there are."""
    connection = await raw(session)
    cursor = await connection.execute(
        "SELECT entry, sealed FROM audit_detail WHERE entry = ANY(%s)",
        (list(entries),),
        binary=True,
    )
    return dict(await cursor.fetchall())


async def keep_set(session: AsyncSession, *, address: bytes, sealed: bytes) -> None:
    """Keep a sealed set under its content's address; the same content is kept once."""
    statement = insert(AuditSet).values(address=address, sealed=sealed)
    await session.execute(statement.on_conflict_do_nothing())


async def set_at(session: AsyncSession, address: bytes) -> bytes | None:
    """The sealed set at an address, or None."""
    query = select(AuditSet.sealed).where(col(AuditSet.address) == address)
    return (await session.execute(query)).scalar_one_or_none()


async def keep_sets(session: AsyncSession, sets: Sequence[tuple[bytes, bytes]]) -> None:
    """Keep sealed sets, (address, sealed) each; one that is there already stays as it is.

    Written in address order, so that two transactions never wait for each other.
    """
    if sets:
        connection = await raw(session)
        in_order = sorted(sets)
        await connection.execute(
            "INSERT INTO audit_set (address, sealed) "
            "SELECT * FROM unnest(%s::bytea[], %s::bytea[]) ON CONFLICT DO NOTHING",
            ([address for address, _ in in_order], [sealed for _, sealed in in_order]),
        )


async def sets_at(session: AsyncSession, addresses: Collection[bytes]) -> dict[bytes, bytes]:
    """The sealed sets at these addresses, those there are."""
    connection = await raw(session)
    # One array, however many: a statement takes no more than 65,535 parameters.
    cursor = await connection.execute(
        "SELECT address, sealed FROM audit_set WHERE address = ANY(%s)",
        (list(addresses),),
        binary=True,
    )
    return dict(await cursor.fetchall())


async def sets_after(
    session: AsyncSession, address: bytes = b"", *, limit: int = 1_000
) -> list[tuple[bytes, bytes]]:
    """The next sets by address, for a rotation to go through: (address, sealed)."""
    query = (
        select(AuditSet.address, AuditSet.sealed)
        .where(col(AuditSet.address) > address)
        .order_by(col(AuditSet.address))
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await session.execute(query)]


async def reseal_set(session: AsyncSession, *, address: bytes, sealed: bytes) -> None:
    """Replace a set's seal after a rotation; the address stays."""
    await session.execute(
        update(AuditSet).where(col(AuditSet.address) == address).values(sealed=sealed)
    )


async def reseal_sets(session: AsyncSession, sealed: Sequence[tuple[bytes, bytes]]) -> None:
    """Replace the seals of sets after a rotation; addresses stay: (address, sealed)."""
    for address, anew in sealed:
        await reseal_set(session, address=address, sealed=anew)


async def details_after(
    session: AsyncSession, entry: UUID | None = None, *, limit: int = 1_000
) -> list[tuple[UUID, bytes]]:
    """The next sealed details by entry, for a rotation to go through: (entry, sealed)."""
    query = (
        select(AuditDetail.entry, AuditDetail.sealed)
        .where(col(AuditDetail.entry) > (entry or UUID(int=0)))
        .order_by(col(AuditDetail.entry))
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await session.execute(query)]


async def reseal_details(session: AsyncSession, sealed: Sequence[tuple[UUID, bytes]]) -> None:
    """Replace the seals of details after a rotation: (entry, sealed)."""
    for entry, anew in sealed:
        await session.execute(
            update(AuditDetail).where(col(AuditDetail.entry) == entry).values(sealed=anew)
        )


async def erase_details(session: AsyncSession, subjects: Collection[bytes]) -> dict[bytes, int]:
    """Delete the sealed details of all entries about members (Art. 17); how many of each.

    The entries stay: without detail and salt their commitments tell nothing.
    """
    connection = await raw(session)
    cursor = await connection.execute(_ERASE, (list(subjects),), binary=True)
    return dict.fromkeys(subjects, 0) | dict(await cursor.fetchall())
