"""Which key epochs there have been, and what each still wraps. Opens nothing, holds no key."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import raw

_EPOCHS = """
SELECT e.number, e.state, e.created_at, e.destroyed_at FROM epoch_key e ORDER BY e.number
"""
_WRAPPED = "SELECT epoch, count(*) FROM member_key GROUP BY epoch"


@dataclass(frozen=True)
class Epoch:
    """One epoch key. `state`: ``live`` or ``destroyed``."""

    number: int
    state: str
    created_at: datetime
    destroyed_at: datetime | None


async def epochs(session: AsyncSession) -> list[Epoch]:
    """Every epoch, the first one first."""
    rows = await (await (await raw(session)).execute(_EPOCHS)).fetchall()
    return [Epoch(*row) for row in rows]


async def wrapped(session: AsyncSession) -> dict[int, int]:
    """How many member keys each epoch wraps, by its number. Reads a row of every member."""
    return dict(await (await (await raw(session)).execute(_WRAPPED)).fetchall())
