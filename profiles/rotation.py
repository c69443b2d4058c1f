"""Rotation of the key epoch: what the living need is sealed anew, and the old key is destroyed.

Once the old key's file is deleted (`Keyring.bury`, right after the commit), no copy of this
database from before opens for anyone, so not for a member erased before: the shred horizon.
Everybody else waits while it runs, because nothing may be sealed under a key that is going.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.errors import LockNotAvailable
from sqlalchemy.ext.asyncio import AsyncSession

from audit.sealed import details_after, reseal_details, reseal_sets, sets_after
from kernel.clock import Clock
from kernel.database import Connection, raw
from profiles import lookup
from profiles.changes import snapshot_place
from profiles.errors import CannotOpen, EpochInUse
from profiles.folding import opened
from profiles.keyring import ROTATION_LOCK, Keyring
from profiles.keys import EpochKey, place
from profiles.labels import Label
from profiles.sealing import open_value, unpack
from profiles.shard import MemberSets
from profiles.unit import Schema

_BATCH = 2_000
#: How long `hold` stands in the queue, with everybody behind it, and how long it then lets them by.
_WAIT, _PAUSE = "1s", 1.0
#: How often it does: some minutes.
_TRIES = 150

#: Seals something anew, within the rotation's transaction.
Reseal = Callable[[AsyncSession, EpochKey, EpochKey], Awaitable[None]]

_MEMBERS = """
SELECT m.id, m.ordinal, m.sealed, k.wrapped FROM member m JOIN member_key k ON k.member = m.id
WHERE m.id > %s ORDER BY m.id LIMIT %s
"""
_REWRAP = """
UPDATE member_key SET epoch = %s, wrapped = new.wrapped
FROM unnest(%s::uuid[], %s::bytea[]) AS new(member, wrapped) WHERE member_key.member = new.member
"""


@dataclass(frozen=True)
class Rotated:
    """The epoch that is live now, and how many member keys it wraps."""

    epoch: int
    members: int


async def hold(session: AsyncSession) -> None:
    """Wait until nobody uses the live epoch, and keep everybody from it until the commit.

    Whoever comes while it waits in the queue waits, too; so it lets them by every second. Raises
    `EpochInUse` after some minutes.
    """
    connection = await raw(session)
    for _ in range(_TRIES):
        if await _held(connection):
            return
        await asyncio.sleep(_PAUSE)
    raise EpochInUse(
        "the live epoch is in use all the time",
        place="keys",
        remedy="wait until long work, such as the search of a breach, has ended; then rotate again",
    )


async def _held(connection: Connection) -> bool:
    """Whether the lock was had in time; nobody waits for it any more if it was not."""
    await connection.execute("SAVEPOINT hold")
    try:
        cursor = await connection.execute("SELECT current_setting('lock_timeout')")
        before = await cursor.fetchone()
        assert before is not None
        await connection.execute("SELECT set_config('lock_timeout', %s, true)", (_WAIT,))
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (ROTATION_LOCK,))
        await connection.execute("SELECT set_config('lock_timeout', %s, true)", before)
    except LockNotAvailable:
        await connection.execute("ROLLBACK TO SAVEPOINT hold")
        return False
    finally:
        await connection.execute("RELEASE SAVEPOINT hold")
    return True


async def rotate(
    session: AsyncSession,
    keyring: Keyring,
    schema: Schema,
    clock: Clock,
    *,
    also: Sequence[Reseal] = (),
) -> Rotated:
    """One transaction, after `hold` and with nothing pending in the record. All or nothing.

    `also`: seals anew what other rooms keep under the epoch, each handed the old key and the new.

    Raises `CannotOpen` when entries are pending: their seal would be lost with the old key.
    """
    connection = await raw(session)
    await keyring.refresh(connection)
    old = keyring.live
    await _nothing_pending(connection)
    await connection.execute(
        "UPDATE epoch_key SET state = 'destroyed', destroyed_at = %s WHERE number = %s",
        (clock.now(), old.number),
    )
    new = await keyring.begin(connection, number=old.number + 1)
    members = await _members(connection, old, new, schema)
    await _shards(connection, old, new)
    await _details(session, old, new)
    await _sets(session, old, new)
    for reseal in also:
        await reseal(session, old, new)
    return Rotated(new.number, members)


async def _nothing_pending(connection: Connection) -> None:
    cursor = await connection.execute("SELECT count(*) FROM audit_pending")
    row = await cursor.fetchone()
    if row is not None and row[0]:
        raise CannotOpen(
            f"{row[0]} entries have no leaf number yet",
            place="record",
            remedy="run `tillit audit verify`: an entry that stays pending is not ours",
        )


async def _members(connection: Connection, old: EpochKey, new: EpochKey, schema: Schema) -> int:
    """Member keys wrapped anew, and identifiers hashed anew into an emptied index."""
    await connection.execute("DELETE FROM lookup")
    kinds = {
        name: field.lookup
        for name, field in schema.catalogue.fields.items()
        if field.lookup is not None
    }
    count = 0
    async for batch in _pages(connection):
        wrapped, rows = [], []
        for member, ordinal, sealed, key_bytes in batch:
            key = old.unwrap(member, key_bytes, ordinal=ordinal)
            wrapped.append(new.wrap(key, ordinal=ordinal))
            values = unpack(sealed)
            for name, kind in kinds.items():
                if name in values:
                    value, _ = open_value(key, schema.catalogue.fields[name], values[name])
                    text = lookup.normalise(kind, str(value), region=schema.region)
                    rows.append((lookup.digest(new, name, text), member, name, new.number))
        await connection.execute(_REWRAP, (new.number, [row[0] for row in batch], wrapped))
        async with (
            connection.cursor() as cursor,
            cursor.copy(
                "COPY lookup (digest, member, field, epoch) FROM STDIN (FORMAT BINARY)"
            ) as copy,
        ):
            copy.set_types(["bytea", "uuid", "text", "int4"])
            for row in rows:
                await copy.write_row(row)
        count += len(batch)
    return count


async def _pages(connection: Connection) -> AsyncIterator[list[tuple[UUID, int, bytes, bytes]]]:
    last = UUID(int=0)
    while True:
        cursor = await connection.execute(_MEMBERS, (last, _BATCH), binary=True)
        batch = await cursor.fetchall()
        if not batch:
            return
        yield batch
        last = batch[-1][0]


async def _shards(connection: Connection, old: EpochKey, new: EpochKey) -> None:
    """Every shard folded into one snapshot under the new key; old changes go."""
    cursor = await connection.execute("SELECT number FROM shard ORDER BY number FOR UPDATE")
    for (shard,) in await cursor.fetchall():
        members = MemberSets()
        head = await opened(connection, old.sealing(Label.SETS), shard, members)
        sealed = new.sealing(Label.SETS).seal(members.pack(shard), at=snapshot_place(shard, head))
        await connection.execute(
            "INSERT INTO shard_snapshot (shard, head, epoch, sealed) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (shard) DO UPDATE SET head = excluded.head, epoch = excluded.epoch, "
            "sealed = excluded.sealed",
            (shard, head, new.number, sealed),
        )
        await connection.execute("DELETE FROM shard_change WHERE shard = %s", (shard,))


async def _details(session: AsyncSession, old: EpochKey, new: EpochKey) -> None:
    """Details of entries about everybody; those about one member are under that member's key."""
    last: UUID | None = None
    while page := await details_after(session, last, limit=_BATCH):
        resealed = []
        for entry, sealed in page:
            at = place("audit_detail", entry.hex, "detail")
            try:
                plain = old.sealing(Label.AUDIT_DETAIL).open(sealed, at=at)
            except CannotOpen:
                continue
            resealed.append((entry, new.sealing(Label.AUDIT_DETAIL).seal(plain, at=at)))
        await reseal_details(session, resealed)
        last = page[-1][0]


async def _sets(session: AsyncSession, old: EpochKey, new: EpochKey) -> None:
    last = b""
    while page := await sets_after(session, last, limit=_BATCH):
        resealed = []
        for address, sealed in page:
            at = place("audit_set", address.hex(), "members")
            plain = old.sealing(Label.AUDIT_SETS).open(sealed, at=at)
            resealed.append((address, new.sealing(Label.AUDIT_SETS).seal(plain, at=at)))
        await reseal_sets(session, resealed)
        last = page[-1][0]
