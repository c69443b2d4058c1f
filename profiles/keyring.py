"""The keyring: the epoch keys this process may use, and the one place the root key works.

Every unit of work that seals pins the live epoch first. A rotation waits for all who pinned
the old epoch and holds back the next ones, so nothing is sealed under a key that is going.
"""

import os
from typing import Any

import psycopg
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import raw
from kernel.errors import Unavailable
from profiles.epochs import EpochFiles
from profiles.errors import CannotOpen, KeyDestroyed
from profiles.keys import EpochKey, place
from profiles.roots import RootKey

#: The advisory lock that `tillit_pin_epoch` shares and a rotation takes alone.
ROTATION_LOCK = 0x71114B45
_FIRST_LOCK = ROTATION_LOCK + 1

#: Begins every unit of work; for whoever sends it together with something else.
PIN = "SELECT tillit_pin_epoch()"
_LIVE = "SELECT number, name FROM epoch_key WHERE state = 'live'"
_GONE = "SELECT number, name FROM epoch_key WHERE state = 'destroyed'"
_BEGIN = "INSERT INTO epoch_key (number, name, state, created_at) VALUES (%s, %s, 'live', %s)"


class Keyring:
    """The live epoch key, opened with the root key and held in memory only."""

    def __init__(self, root: RootKey, epochs: EpochFiles, clock: Clock) -> None:
        self._root = root
        self._epochs = epochs
        self._clock = clock
        self._live: EpochKey | None = None

    def __repr__(self) -> str:
        return f"Keyring(epoch {self._live.number if self._live else None})"

    @property
    def live(self) -> EpochKey:
        """The epoch under which everything is sealed."""
        if self._live is None:
            raise Unavailable("no epoch key is open yet", place="keyring")
        return self._live

    async def pin(self, session: AsyncSession) -> EpochKey:
        """Hold the live epoch until this transaction ends; the first call ever makes epoch 1."""
        connection = await raw(session)
        row = await (await connection.execute(PIN)).fetchone()
        return await self.use(connection, row[0] if row else None)

    async def use(self, connection: psycopg.AsyncConnection[Any], number: int | None) -> EpochKey:
        """The epoch that `PIN` answered with in this transaction, open."""
        if number is None:
            # Two first processes at once: the second waits here, and finds what the first made.
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_FIRST_LOCK,))
            await self.refresh(connection)
            if self._live is None:
                await self._none_yet(connection)
                await self.begin(connection, number=1)
        elif self._live is None or number != self._live.number:
            await self.refresh(connection)
        return self.live

    async def alone(self, session: AsyncSession) -> None:
        """Wait for all transactions that pinned, and hold back the next until this one ends.

        For what must not happen beside any other unit of work. Before `pin`, never after it:
        two who hold the pin and both want to be alone would wait for each other.
        """
        await (await raw(session)).execute("SELECT pg_advisory_xact_lock(%s)", (ROTATION_LOCK,))

    async def refresh(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Open the epoch that is live now, and forget any other."""
        row = await (await connection.execute(_LIVE)).fetchone()
        self._live = None
        if row is not None:
            number, name = row
            wrapped = self._epochs.read(number, name)
            secret = self._root.unwrap(wrapped, context=_context(number, name))
            self._live = EpochKey(number, secret)

    async def begin(self, connection: psycopg.AsyncConnection[Any], *, number: int) -> EpochKey:
        """A fresh epoch key, kept wrapped by the root key. The caller retires the one before.

        Its file is on disk before the row can be committed. Should the transaction fail, the
        file stays behind and opens nothing.
        """
        secret, name = os.urandom(32), os.urandom(8).hex()
        self._epochs.keep(number, name, self._root.wrap(secret, context=_context(number, name)))
        await connection.execute(_BEGIN, (number, name, self._clock.now()))
        self._live = EpochKey(number, secret)
        return self._live

    async def _none_yet(self, connection: psycopg.AsyncConnection[Any]) -> None:
        row = await (await connection.execute("SELECT count(*) FROM epoch_key")).fetchone()
        if row is not None and row[0]:
            raise CannotOpen(
                "no epoch is live, and there have been some",
                place="keyring",
                remedy="somebody has changed the table epoch_key: restore it",
            )

    async def bury(self, session: AsyncSession) -> None:
        """Delete the files of epochs that are destroyed: after the rotation has committed.

        Also at start-up, for a rotation that was cut off in between. Idempotent.
        """
        connection = await raw(session)
        await self.refresh(connection)
        for number, name in await (await connection.execute(_GONE)).fetchall():
            # Only what an epoch that we could open has replaced: no row, changed by whoever
            # has the database, may talk us into deleting the one key there is.
            if self._live is not None and number < self._live.number:
                self._epochs.destroy(number, name)

    def epoch(self, number: int) -> EpochKey:
        """Raises `KeyDestroyed` for an epoch that is not (or not any more) the live one."""
        if self._live is None or self._live.number != number:
            raise KeyDestroyed(f"epoch {number} has no key here", place="keyring")
        return self._live


def _context(number: int, name: str) -> bytes:
    return place("epoch_key", name, str(number))
