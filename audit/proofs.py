"""What others are shown of the record: proofs, tiles, bundles, and the uses of one member.

Reads only. All proofs are against the newest checkpoint, whose text they carry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from audit.errors import EntryPending, EntryUnknown, TileUnknown
from audit.merkle import consistency_path, inclusion_path
from audit.tables import AuditDetail, AuditEntry, AuditLeaf
from audit.tree import Signed, StoredTree, bodies, last_signed, rows
from audit.verify import TILE, Proof, VerificationError, parse_tile_path, tile_width

_NUMBERS = """
SELECT e.id, l.number FROM audit_entry e LEFT JOIN audit_leaf l ON l.entry = e.id
WHERE e.id = ANY(%s)
"""
_USES = """
SELECT e.id, e.body, l.number, d.sealed FROM audit_subject s JOIN audit_entry e ON e.id = s.entry
LEFT JOIN audit_leaf l ON l.entry = e.id LEFT JOIN audit_detail d ON d.entry = e.id
WHERE s.subject = %s AND s.entry < %s ORDER BY s.entry DESC LIMIT %s
"""
MAX_UUID = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True)
class Use:
    """One entry as it stands: the leaf's bytes, its number (None: pending), its sealed detail."""

    id: UUID
    body: bytes
    number: int | None
    sealed_detail: bytes | None = field(repr=False)


async def latest_checkpoint(session: AsyncSession) -> str:
    """The newest signed checkpoint. Raises `TileUnknown` while nothing has been integrated."""
    return (await _signed(session)).note


async def inclusion(session: AsyncSession, entry_id: UUID) -> str:
    """The ``c2sp.org/tlog-proof@v1`` file that proves the entry is on record.

    Raises `EntryUnknown`; `EntryPending` in the second before a checkpoint covers it.
    """
    return (await inclusions(session, [entry_id]))[0]


async def inclusions(session: AsyncSession, entry_ids: Sequence[UUID]) -> list[str]:
    """Proofs of several entries against one checkpoint, in the order asked for."""
    proofs = await proofs_of(session, await _numbers(session, entry_ids))
    return [proofs[id] for id in entry_ids]


async def proofs_of(session: AsyncSession, leaves: Mapping[UUID, int]) -> dict[UUID, str]:
    """The same of entries whose numbers are known, by entry; all in one walk of the tree.

    Raises `EntryPending` for a number that no checkpoint covers.
    """
    if not leaves:
        return {}
    signed = await _signed(session)
    for id, leaf in leaves.items():
        if leaf >= signed.size:
            raise _pending(id)
    tree = await StoredTree.at(session, signed.size)
    proofs = await tree.prove_all(inclusion_path(leaf, signed.size) for leaf in leaves.values())
    return {
        id: str(Proof(leaf, tuple(hashes), signed.note))
        for (id, leaf), hashes in zip(leaves.items(), proofs, strict=True)
    }


async def consistency(session: AsyncSession, *, old: int, size: int) -> list[bytes]:
    """The hashes that prove the log of `old` leaves to be the beginning of that of `size`.

    Raises `TileUnknown` when `size` is more than is signed or `old` more than `size`.
    """
    if not 0 <= old <= size <= (await _signed(session)).size:
        raise TileUnknown(f"no proof from {old} to {size} leaves", place="consistency")
    return await (await StoredTree.at(session, size)).prove(consistency_path(old, size))


async def tile(session: AsyncSession, level: int, number: int, width: int = TILE) -> bytes:
    """The first `width` hashes of a tile, 32 bytes each. Raises `TileUnknown`."""
    signed = await _signed(session)
    if not 0 < width <= tile_width(level, number, signed.size):
        raise TileUnknown("no such tile, or not so wide", place=f"{level}/{number}.p/{width}")
    tree = await StoredTree.at(session, signed.size)
    return b"".join((await tree.tile(level, number))[:width])


async def entries_bundle(session: AsyncSession, number: int, width: int = TILE) -> bytes:
    """The first `width` entries of a bundle, each after its length. Raises `TileUnknown`."""
    signed = await _signed(session)
    if not 0 < width <= tile_width(0, number, signed.size):
        raise TileUnknown("no such bundle, or not so wide", place=f"entries/{number}.p/{width}")
    start = number * TILE
    return bundle(await bodies(session, start, start + width))


async def resource(session: AsyncSession, path: str) -> bytes:
    """What lies at a path of the C2SP layout, such as ``tile/0/x001/234``.

    Raises `TileUnknown`.
    """
    if path == "checkpoint":
        return (await latest_checkpoint(session)).encode()
    try:
        level, number, width = parse_tile_path(path)
    except VerificationError as error:
        raise TileUnknown(str(error), place="path") from error
    if level is None:
        return await entries_bundle(session, number, width)
    return await tile(session, level, number, width)


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as C2SP bundles them: two big-endian bytes of length before each."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


async def uses_of(
    session: AsyncSession, subject: bytes, *, limit: int = 100, before: UUID | None = None
) -> list[Use]:
    """The newest `limit` entries about a member, newest first, before the entry `before`.

    `subject` is the member's keyed hash; details come sealed.
    """
    return [Use(*row) for row in await rows(session, _USES, subject, before or MAX_UUID, limit)]


async def entry_use(session: AsyncSession, entry_id: UUID) -> Use:
    """One entry by its id. Raises `EntryUnknown`."""
    query = (
        select(AuditEntry.id, AuditEntry.body, AuditLeaf.number, AuditDetail.sealed)
        .outerjoin(AuditLeaf, col(AuditLeaf.entry) == col(AuditEntry.id))
        .outerjoin(AuditDetail, col(AuditDetail.entry) == col(AuditEntry.id))
        .where(col(AuditEntry.id) == entry_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise EntryUnknown("no such entry", place=str(entry_id))
    return Use(*row)


async def leaf_numbers(session: AsyncSession, entry_ids: Sequence[UUID]) -> dict[UUID, int | None]:
    """The number of each entry in the record; None while it has none, or there is no such entry."""
    # One array, however many: a statement takes no more than 65,535 parameters.
    found = dict(await rows(session, _NUMBERS, list(entry_ids)))
    return {id: found.get(id) for id in entry_ids}


async def _signed(session: AsyncSession) -> Signed:
    signed = await last_signed(session)
    if signed is None:
        raise TileUnknown(
            "nothing has been integrated yet", place="checkpoint", remedy="ask again in a second"
        )
    return signed


async def _numbers(session: AsyncSession, entry_ids: Sequence[UUID]) -> dict[UUID, int]:
    # One array, however many: a statement takes no more than 65,535 parameters.
    found: dict[UUID, int | None] = dict(await rows(session, _NUMBERS, list(entry_ids)))
    numbers: dict[UUID, int] = {}
    for id in entry_ids:
        if id not in found:
            raise EntryUnknown("no such entry", place=str(id))
        number = found[id]
        if number is None:
            raise _pending(id)
        numbers[id] = number
    return numbers


def _pending(id: UUID) -> EntryPending:
    return EntryPending(
        "on record, and not yet under a checkpoint", place=str(id), remedy="ask again in a second"
    )
