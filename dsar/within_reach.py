"""How many erasures old backups could still undo: those whose key epoch is not destroyed yet."""

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import raw

_WITHIN = """
SELECT count(*) FROM certificate WHERE part = 'erasure'
AND epoch >= (SELECT min(number) FROM epoch_key WHERE state = 'live')
"""


async def within_reach(session: AsyncSession) -> int:
    """Certified erasures before the shred horizon: the next rotation puts them beyond it."""
    row = await (await (await raw(session)).execute(_WITHIN)).fetchone()
    return int(row[0]) if row else 0
