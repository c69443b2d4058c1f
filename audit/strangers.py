"""Entries that can be shown never to have been ours: what was slipped in, and may be deleted.

What is ours has a leaf in the signed tree, or waits for one with a MAC. A row with neither, whose
hash is no leaf's, says nothing that was ever on record. Anything less clear is told apart from it:
one of ours may have been changed, or may have lost its number, and has to be put back.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from audit.errors import RecordError
from audit.tree import last_signed, rows
from audit.trusting import Trust
from audit.verify import TILE, leaf_hash

#: Of whom an entry is about, all those with no number that wait for none.
_NOWHERE = """
SELECT DISTINCT e.id, e.body FROM audit_subject asked
JOIN audit_subject s ON s.subject = asked.subject JOIN audit_entry e ON e.id = s.entry
WHERE asked.entry = %s
  AND NOT EXISTS (SELECT FROM audit_leaf l WHERE l.entry = e.id)
  AND NOT EXISTS (SELECT FROM audit_pending p WHERE p.entry = e.id)
ORDER BY e.id
"""
_TILES = 256  # looked through at a time


async def strangers(session: AsyncSession, entry: UUID, *, trust: Trust) -> list[UUID]:
    """Those about the subjects of this entry, in id order; nothing when it is none of them itself.

    Looks through the whole signed tree, and at nothing where that is not whole.
    """
    found = {id: leaf_hash(body) for id, body in await rows(session, _NOWHERE, entry)}
    if entry not in found:
        return []
    try:
        size = signed.size if (signed := await last_signed(session)) is not None else 0
        for first in range(0, -(-size // TILE), _TILES):
            past = min(first + _TILES, -(-size // TILE))
            leaves = await trust.leaves(session, range(first, past))
            found = {id: hash for id, hash in found.items() if hash not in leaves}
    except RecordError:
        return []
    return list(found) if entry in found else []
