"""Putting uses on record: in the transaction of what is recorded, in one round trip.

Touches ``audit_entry``, ``audit_pending``, ``audit_subject`` and ``audit_detail``, by INSERT
only. Knows one key, that of the MAC; details come in sealed.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from audit.entries import Entry, body, entry_mac
from audit.errors import OutsideTransaction
from audit.trusting import Trust
from kernel.clock import Clock
from kernel.database import raw
from kernel.ids import uuid7

_BATCH = 5_000

_ONE = """
WITH pending AS (
    INSERT INTO audit_pending (entry, mac) VALUES (%(id)b, %(mac)b)
), subject AS (
    INSERT INTO audit_subject (subject, entry)
    SELECT %(subject)b::bytea, %(id)b WHERE %(subject)b::bytea IS NOT NULL
), detail AS (
    INSERT INTO audit_detail (entry, sealed)
    SELECT %(id)b, %(detail)b::bytea WHERE %(detail)b::bytea IS NOT NULL
)
INSERT INTO audit_entry (id, body) VALUES (%(id)b, %(body)b)
"""

_MANY = """
WITH pending AS (
    INSERT INTO audit_pending (entry, mac)
    SELECT * FROM unnest(%(ids)b::uuid[], %(macs)b::bytea[])
), subject AS (
    INSERT INTO audit_subject (subject, entry)
    SELECT * FROM unnest(%(subjects)b::bytea[], %(ids)b::uuid[]) AS given (subject, entry)
    WHERE subject IS NOT NULL
), detail AS (
    INSERT INTO audit_detail (entry, sealed)
    SELECT * FROM unnest(%(ids)b::uuid[], %(details)b::bytea[]) AS given (entry, sealed)
    WHERE sealed IS NOT NULL
)
INSERT INTO audit_entry (id, body) SELECT * FROM unnest(%(ids)b::uuid[], %(bodies)b::bytea[])
"""


class Record:
    """The pen of the record. One for each process; holds no state but a key and a clock."""

    def __init__(
        self, mac_key: Callable[[], bytes], clock: Clock, public: Callable[[], bytes]
    ) -> None:
        self._mac_key = mac_key
        self._clock = clock
        #: What tells the entries of this pen from others.
        self.trust = Trust(mac_key, public)

    def __repr__(self) -> str:
        return "Record(mac_key=…)"

    async def write(self, session: AsyncSession, entry: Entry) -> UUID:
        """Put one entry on record, in the caller's transaction; returns its id.

        Durable when that transaction commits, and not before. One round trip. Raises
        `OutsideTransaction`, `EntryInvalid`.
        """
        _inside(session)
        return await self._write_one(session, entry)

    async def write_many(self, session: AsyncSession, entries: Iterable[Entry]) -> list[UUID]:
        """Put entries on record as `write` does, some thousands in each round trip.

        Returns their ids in the order given. Takes any iterable and holds one batch of it.
        """
        _inside(session)
        remaining = iter(entries)
        ids: list[UUID] = []
        while batch := list(islice(remaining, _BATCH)):
            if len(batch) == 1:  # arrays of one cost more than they carry
                ids.append(await self._write_one(session, batch[0]))
            else:
                ids += await self._write_batch(session, batch)
        return ids

    async def _write_one(self, session: AsyncSession, entry: Entry) -> UUID:
        id, text, mac = self._make(entry, self._key(), self._clock.now())
        connection = await raw(session)
        await connection.execute(
            _ONE,
            {
                "id": id,
                "body": text,
                "mac": mac,
                "subject": entry.subject,
                "detail": entry.sealed_detail,
            },
        )
        return id

    async def _write_batch(self, session: AsyncSession, batch: Sequence[Entry]) -> list[UUID]:
        key, now = self._key(), self._clock.now()
        made = [self._make(entry, key, now) for entry in batch]
        ids = [id for id, _, _ in made]
        connection = await raw(session)
        await connection.execute(
            _MANY,
            {
                "ids": ids,
                "bodies": [text for _, text, _ in made],
                "macs": [mac for _, _, mac in made],
                "subjects": [entry.subject for entry in batch],
                "details": [entry.sealed_detail for entry in batch],
            },
        )
        return ids

    def _key(self) -> bytes:
        return self._mac_key()

    def _make(self, entry: Entry, key: bytes, now: datetime) -> tuple[UUID, bytes, bytes]:
        at = entry.at or now
        id = entry.id or uuid7(int(now.timestamp() * 1000))
        text = body(entry, id=id, at=at)
        return id, text, entry_mac(key, id=id, body=text)


def _inside(session: AsyncSession) -> None:
    if not session.in_transaction():
        raise OutsideTransaction(
            "an entry is written in the transaction of what it records",
            remedy="open one with Database.transaction() first",
        )
