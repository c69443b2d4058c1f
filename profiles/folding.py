"""Folding: a shard's changes become one new snapshot, so that old changes need not be kept.

What is folded away is gone from the table: after an erasure this is what removes the
member's past from the store's own pages, long before the key epoch ends.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import Connection, raw
from profiles.changes import change_place, snapshot_place, unpack
from profiles.errors import CannotOpen
from profiles.keys import EpochKey, SealingKey
from profiles.labels import Label
from profiles.shard import MemberSets


async def fold(session: AsyncSession, epoch: EpochKey, shard: int) -> int:
    """Write the shard's snapshot as of now and drop the changes in it; returns its head.

    Others may go on adding changes meanwhile: they are numbered after those folded here.
    Two folds of one shard wait for each other. Idempotent.
    """
    connection = await raw(session)
    key = epoch.sealing(Label.SETS)
    await connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK, shard))
    members = MemberSets()
    head = await opened(connection, key, shard, members)
    await connection.execute(
        "INSERT INTO shard_snapshot (shard, head, epoch, sealed) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (shard) DO UPDATE SET head = excluded.head, epoch = excluded.epoch, "
        "sealed = excluded.sealed",
        (shard, head, epoch.number, key.seal(members.pack(shard), at=snapshot_place(shard, head))),
    )
    await connection.execute(
        "DELETE FROM shard_change WHERE shard = %s AND number <= %s", (shard, head)
    )
    return head


async def all_opened(connection: Connection, key: SealingKey) -> MemberSets:
    """Every shard as it stands in the database."""
    members = MemberSets()
    cursor = await connection.execute("SELECT number FROM shard ORDER BY number")
    for (shard,) in await cursor.fetchall():
        await opened(connection, key, shard, members)
    return members


async def opened(connection: Connection, key: SealingKey, shard: int, members: MemberSets) -> int:
    """Open one shard into `members`; returns the number of its last change.

    Raises `CannotOpen` when a change is missing: a gap folded away would never be seen again.
    """
    told = await _head(connection, shard)
    head = 0
    snapshot = await (
        await connection.execute(
            "SELECT head, sealed FROM shard_snapshot WHERE shard = %s", (shard,), binary=True
        )
    ).fetchone()
    if snapshot is not None:
        head, sealed = snapshot
        members.load(shard, key.open(sealed, at=snapshot_place(shard, head)))
    cursor = await connection.execute(
        "SELECT number, sealed FROM shard_change WHERE shard = %s ORDER BY number",
        (shard,),
        binary=True,
    )
    for number, sealed in await cursor.fetchall():
        if number <= head:
            continue
        if number != head + 1:
            raise _missing(shard, head)
        members.apply(shard, unpack(key.open(sealed, at=change_place(shard, number))))
        head = number
    if head < told:
        raise _missing(shard, head)
    return head


async def _head(connection: Connection, shard: int) -> int:
    cursor = await connection.execute("SELECT head FROM shard WHERE number = %s", (shard,))
    row = await cursor.fetchone()
    return row[0] if row else 0


def _missing(shard: int, head: int) -> CannotOpen:
    return CannotOpen(
        f"shard {shard} lacks the change after {head}",
        place="member sets",
        remedy="run `tillit audit verify`",
    )


_LOCK = 0x7117F01D
