"""What belongs to an entry besides its leaf: its id, its subject, its place in the queue.

The part of `audit.check` that looks at rows rather than at the tree. Reads only, a page at
a time.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from audit.check_tree import PAGE, Problem
from audit.entries import entry_mac, written
from audit.errors import EntryInvalid
from audit.tree import rows
from kernel.database import raw

_SUBJECTS = """
SELECT s.entry FROM unnest(%b::bytea[], %b::uuid[]) AS given (subject, entry)
JOIN audit_subject s USING (subject, entry)
"""
_ALL_SUBJECTS = """
SELECT s.subject, s.entry, e.body FROM audit_subject s LEFT JOIN audit_entry e ON e.id = s.entry
"""
_PENDING = """
SELECT p.entry, p.mac, e.body, l.number FROM audit_pending p
LEFT JOIN audit_entry e ON e.id = p.entry LEFT JOIN audit_leaf l ON l.entry = p.entry
WHERE p.entry > %s OR %s ORDER BY p.entry LIMIT %s
"""
_STRAY = """
SELECT e.id FROM audit_entry e
WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.entry = e.id)
    AND NOT EXISTS (SELECT FROM audit_pending p WHERE p.entry = e.id)
LIMIT 20
"""
_LONELY_DETAILS = """
SELECT d.entry FROM audit_detail d
WHERE NOT EXISTS (SELECT FROM audit_entry e WHERE e.id = d.entry) LIMIT 20
"""


class EntryCheck:
    """Entries against the rows that belong to them. `problem` is told what is wrong."""

    def __init__(
        self, session: AsyncSession, *, mac_keys: Sequence[bytes], problem: Problem
    ) -> None:
        self.pending = 0
        self._session = session
        self._mac_keys = mac_keys
        self._problem = problem
        self._subjects = 0  # rows of audit_subject that an entry accounts for

    async def page(self, entries: Sequence[tuple[UUID, bytes]]) -> None:
        """Each entry says its own id, and its subject leads to it."""
        named: dict[UUID, bytes] = {}
        for id, body in entries:
            try:
                said = written(body)
            except EntryInvalid as error:
                self._problem(f"entry {id}: {error}")
                continue
            if said.id != id:
                self._problem(f"entry {id}: it says it is {said.id}")
            if said.subject is not None:
                named[id] = bytes.fromhex(said.subject)
        if not named:
            return
        found = await rows(self._session, _SUBJECTS, list(named.values()), list(named))
        self._subjects += len(found)
        if len(found) < len(named):
            for id in named.keys() - {id for (id,) in found}:
                self._problem(f"entry {id}: its subject does not lead to it")

    async def rest(self) -> None:
        """What the leaves do not reach: pending and stray entries, subjects, details."""
        await self._check_pending()
        for (id,) in await rows(self._session, _STRAY):
            self._problem(f"entry {id}: neither in the log nor waiting for it")
        total = (await rows(self._session, "SELECT count(*) FROM audit_subject"))[0][0]
        if total != self._subjects:
            self._problem(f"{total} subject rows, and entries account for {self._subjects}")
            await self._find_surplus_subjects()
        for (id,) in await rows(self._session, _LONELY_DETAILS):
            self._problem(f"detail {id}: its entry is missing")

    async def _check_pending(self) -> None:
        after, first = UUID(int=0), True
        while page := await rows(self._session, _PENDING, after, first, PAGE):
            present = []
            for id, mac, body, number in page:
                if body is None:
                    self._problem(f"pending entry {id}: it is missing")
                elif number is not None:
                    self._problem(f"pending entry {id}: it is leaf {number} already")
                elif not any(mac == entry_mac(key, id=id, body=body) for key in self._mac_keys):
                    self._problem(f"pending entry {id}: it was not written by us")
                else:
                    present.append((id, body))
            await self.page(present)
            self.pending += len(present)
            after, first = page[-1][0], False

    async def _find_surplus_subjects(self) -> None:
        """Name the rows: a pass over all of them, made only once there is something to find."""
        connection = await raw(self._session)
        async with connection.cursor(name="audit_subjects", binary=True) as cursor:
            await cursor.execute(_ALL_SUBJECTS)
            async for subject, id, body in cursor:
                if body is None:
                    self._problem(f"subject of entry {id}: the entry is missing")
                    continue
                try:
                    said = written(body).subject
                except EntryInvalid:
                    continue  # told already
                if said != subject.hex():
                    self._problem(f"subject of entry {id}: the entry names another")
