"""The integrator: gives entries their leaf numbers, fills tiles, signs the checkpoint.

Writes ``audit_leaf``, ``audit_tile``, ``audit_checkpoint`` and, for whoever reads the record back,
``audit_tally``, and removes the pointers from ``audit_pending``, all in one transaction that the
door commits. Several processes may try;
one at a time does.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from audit.entries import entry_mac
from audit.errors import RecordTampered
from audit.memory import check_follows
from audit.merkle import Edge, Tile
from audit.notes import Signer, row_bytes
from audit.tallies import LOCK, STORE, Key, parameters, tally
from audit.tree import last_signed, load_edge, rows, tampered
from audit.verify import VerificationError, VerifierKey, leaf_hash, open_checkpoint
from kernel.clock import Clock
from kernel.database import raw
from kernel.ids import made_at

# OFFSET 0 has the planner look each entry up, where it would rather read the whole log.
_PENDING = """
SELECT p.entry, p.mac, e.body, l.number FROM
    (SELECT entry, mac FROM audit_pending WHERE entry > %s ORDER BY entry LIMIT %s) p
LEFT JOIN LATERAL (SELECT body FROM audit_entry WHERE id = p.entry OFFSET 0) e ON true
LEFT JOIN LATERAL (SELECT number FROM audit_leaf WHERE entry = p.entry OFFSET 0) l ON true
ORDER BY p.entry
"""
_OLDEST = "SELECT entry FROM audit_pending ORDER BY entry LIMIT 1"
_STORE = f"""
WITH leaves AS (
    INSERT INTO audit_leaf (number, entry)
    SELECT %(size)s + position - 1, entry
    FROM unnest(%(entries)b::uuid[]) WITH ORDINALITY AS given (entry, position)
), tiles AS (
    INSERT INTO audit_tile (level, number, hashes, root)
    SELECT * FROM unnest(%(levels)s::integer[], %(numbers)s::bigint[], %(hashes)b::bytea[],
        %(roots)b::bytea[])
), queue AS (
    DELETE FROM audit_pending WHERE entry = ANY(%(entries)b::uuid[])
), tallies AS (
{STORE}
)
INSERT INTO audit_checkpoint (size, previous, note, at, signature)
VALUES (%(new_size)s, %(size)s, %(note)s, %(at)s, %(signature)b)
"""  # noqa: S608 - all of it is ours

Report = Callable[[RecordTampered], None]
Signed = Callable[[str], None]


def log_tampered(found: RecordTampered) -> None:
    """Say it in the process's log; the entry's id is all it names."""
    logging.getLogger("tillit.record").error("%s", found)


async def integrate(
    session: AsyncSession,
    *,
    mac_keys: Sequence[bytes],
    signer: Signer,
    clock: Clock,
    limit: int = 10_000,
    report: Report = log_tampered,
    remembered: str | None = None,
    signed: Signed | None = None,
) -> int:
    """Give up to `limit` pending entries leaf numbers under a new checkpoint; returns how many.

    Durable when the caller commits. Returns 0 when nothing is pending or another process is
    at it. An entry whose MAC none of `mac_keys` made, or that is on record already, stays
    pending and goes to `report`. Raises `RecordTampered`, and signs nothing, when what is
    stored does not lead to the last checkpoint, or not on from the `remembered` one
    (`audit.memory`). `signed` is told the new checkpoint's note: to be remembered once the
    caller has committed, and not before. Costs the same however long the log is.
    """
    if not (await rows(session, "SELECT pg_try_advisory_xact_lock(%s)", LOCK))[0][0]:
        return 0
    accepted = await _accept(session, mac_keys, limit, report)
    if not accepted:
        return 0
    edge = await _trusted_edge(session, signer.key)
    if remembered is not None:
        await check_follows(session, edge, remembered=remembered, key=signer.key)
    size = edge.size
    tiles = edge.append(leaf_hash(body) for _, body in accepted)
    note = signer.checkpoint(edge.size, edge.root())
    await _store(
        session,
        entries=[id for id, _ in accepted],
        tallies=tally((size + at, body) for at, (_, body) in enumerate(accepted)),
        tiles=tiles,
        size=size,
        note=note,
        signer=signer,
        at=clock.now(),
    )
    if signed is not None:
        signed(note)
    return len(accepted)


async def waiting(session: AsyncSession, clock: Clock) -> timedelta:
    """How long the oldest entry without a leaf number has waited for one; zero if none does.

    Within a second while the integrator runs; more means that none does, or that an entry is
    pending which is not ours.
    """
    oldest = await rows(session, _OLDEST)
    return max(clock.now() - made_at(oldest[0][0]), timedelta()) if oldest else timedelta()


async def _accept(
    session: AsyncSession, mac_keys: Sequence[bytes], limit: int, report: Report
) -> list[tuple[UUID, bytes]]:
    """Pending entries that are what was written, in the order of their ids."""
    accepted: list[tuple[UUID, bytes]] = []
    after = UUID(int=0)
    while len(accepted) < limit:
        wanted = limit - len(accepted)
        page = await rows(session, _PENDING, after, wanted)
        for id, mac, body, number in page:
            if body is None:
                report(RecordTampered("a pending entry is gone", place=str(id)))
            elif number is not None:
                report(RecordTampered("a pending entry is on record already", place=str(id)))
            elif not any(mac == entry_mac(key, id=id, body=body) for key in mac_keys):
                report(RecordTampered("a pending entry was not written by us", place=str(id)))
            else:
                accepted.append((id, body))
        if len(page) < wanted:
            break
        after = page[-1][0]
    return accepted


async def _trusted_edge(session: AsyncSession, key: VerifierKey) -> Edge:
    """The stored tree's edge, once it is seen to be what we signed last.

    Without this, whoever changed a stored hash would have us sign the change.
    """
    signed = await last_signed(session)
    size = 0 if signed is None else signed.size
    stored = (await rows(session, "SELECT coalesce(max(number) + 1, 0) FROM audit_leaf"))[0][0]
    if stored != size:
        raise tampered(f"{stored} leaves are stored, {size} were signed")
    edge = await load_edge(session, size)
    if signed is not None:
        try:
            checkpoint = open_checkpoint(signed.note, key)
        except VerificationError as error:
            raise tampered(f"the last checkpoint is not ours ({error})") from error
        if (checkpoint.size, checkpoint.root) != (size, edge.root()):
            raise tampered("the stored tree does not lead to the last checkpoint")
    return edge


async def _store(
    session: AsyncSession,
    *,
    entries: list[UUID],
    tallies: dict[Key, bytearray],
    tiles: list[Tile],
    size: int,
    note: str,
    signer: Signer,
    at: datetime,
) -> None:
    new_size = size + len(entries)
    connection = await raw(session)
    await connection.execute(
        _STORE,
        {
            "size": size,
            "new_size": new_size,
            "entries": entries,
            "levels": [tile.level for tile in tiles],
            "numbers": [tile.number for tile in tiles],
            "hashes": [tile.hashes for tile in tiles],
            "roots": [tile.root for tile in tiles],
            "note": note,
            "at": at,
            **parameters(tallies),
            "signature": signer.sign(row_bytes(size=new_size, previous=size, note=note, at=at)),
        },
    )
