"""The replica: this process's copy of the member sets, and the barrier before every answer.

The promise: an answer reflects every consent, withdrawal, objection and restriction
committed before the question arrived. It is kept by asking, each time, which changes are
missing; there is no cache with a life of its own.
"""

import asyncio
from typing import Any

import psycopg

from kernel.database import libpq
from kernel.errors import Unavailable
from profiles.changes import Change, change_place, snapshot_place, unpack
from profiles.errors import KeyDestroyed
from profiles.keyring import Keyring
from profiles.labels import Label
from profiles.shard import MemberSets

_BEHIND = """
SELECT s.number, s.head, c.number, c.epoch, c.sealed
FROM shard s
LEFT JOIN unnest(%s::integer[], %s::bigint[]) AS known(shard, head) ON known.shard = s.number
LEFT JOIN shard_change c ON c.shard = s.number AND c.number > coalesce(known.head, 0)
WHERE known.head IS DISTINCT FROM s.head
ORDER BY s.number, c.number
"""
_SNAPSHOT = "SELECT head, epoch, sealed FROM shard_snapshot WHERE shard = %s"
_CHANGES = "SELECT number, epoch, sealed FROM shard_change WHERE shard = %s ORDER BY number"
_EPOCHS = "SELECT tillit_pin_epoch()"


class Replica:
    """Member sets kept up to date by `barrier`; one for each process and database."""

    def __init__(self, url: str, keyring: Keyring) -> None:
        self._url = url
        self._keyring = keyring
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None
        self.members = MemberSets()
        #: The number of the last change applied, for each shard.
        self.heads: dict[int, int] = {}

    async def barrier(self) -> None:
        """Return once every change committed before this call is in `members`.

        Callers that arrive while a barrier runs share the next one: it starts after they
        asked, so it sees what they must see. Raises `Unavailable` when the database cannot
        be asked; then nothing may be answered.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._running))
        await asyncio.shield(self._next)

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def _after(self, running: asyncio.Task[None] | None) -> None:
        if running is not None:
            await asyncio.wait([running])
        self._running, self._next = self._next, None
        try:
            await self._catch_up()
        except psycopg.OperationalError as error:
            await self.close()
            self._connection = None
            raise Unavailable("the member sets cannot be brought up to date") from error

    async def _catch_up(self) -> None:
        connection = await self._connected()
        cursor = await connection.execute(
            _BEHIND, (list(self.heads.keys()), list(self.heads.values())), binary=True
        )
        missing: dict[int, list[tuple[int, int, bytes]]] = {}
        heads: dict[int, int] = {}
        for shard, head, number, epoch, sealed in await cursor.fetchall():
            heads[shard] = head
            if number is not None:
                missing.setdefault(shard, []).append((number, epoch, sealed))
        for shard, head in heads.items():
            await self._advance(connection, shard, head, missing.get(shard, []))

    async def _advance(
        self,
        connection: psycopg.AsyncConnection[Any],
        shard: int,
        head: int,
        changes: list[tuple[int, int, bytes]],
    ) -> None:
        known = self.heads.get(shard, 0)
        if head < known:
            raise Unavailable(
                f"shard {shard} went back from change {known} to {head}",
                place="member sets",
                remedy="run `tillit audit verify`: somebody has put back an older state",
            )
        numbers = [number for number, _, _ in changes]
        if numbers == list(range(known + 1, head + 1)):
            try:
                opened = [self._open(shard, *change) for change in changes]
            except KeyDestroyed:
                opened = None  # keys were rotated: everything here was sealed anew
            if opened is not None:
                for change in opened:
                    self.members.apply(shard, change)
                self.heads[shard] = head
                return
        await self._reload(connection, shard)
        if self.heads[shard] < head:
            raise Unavailable(
                f"shard {shard} stands at change {head}, and changes after "
                f"{self.heads[shard]} are missing",
                place="member sets",
                remedy="run `tillit audit verify`",
            )

    async def _reload(self, connection: psycopg.AsyncConnection[Any], shard: int) -> None:
        """From the snapshot, when the changes since then no longer reach back far enough."""
        async with connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            snapshot = await (await connection.execute(_SNAPSHOT, (shard,), binary=True)).fetchone()
            rows = await (await connection.execute(_CHANGES, (shard,), binary=True)).fetchall()
            await self._keyring.refresh(connection)
        packed, head = None, 0
        if snapshot is not None:
            head, epoch, sealed = snapshot
            key = self._keyring.epoch(epoch).sealing(Label.SETS)
            packed = key.open(sealed, at=snapshot_place(shard, head))
        opened = [(row[0], self._open(shard, *row)) for row in rows if row[0] > head]
        if [number for number, _ in opened] != list(range(head + 1, head + 1 + len(opened))):
            raise Unavailable(f"shard {shard} lacks changes after {head}", place="member sets")
        self.members.load(shard, packed)
        for number, change in opened:
            self.members.apply(shard, change)
            head = number
        self.heads[shard] = head

    def _open(self, shard: int, number: int, epoch: int, sealed: bytes) -> Change:
        key = self._keyring.epoch(epoch).sealing(Label.SETS)
        plain = key.open(sealed, at=change_place(shard, number))
        return unpack(plain)

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                libpq(self._url), autocommit=True
            )
            await self._keyring.refresh(self._connection)
        return self._connection
