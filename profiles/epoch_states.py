"""Which key epochs there have been, and what each still wraps. Opens nothing, holds no key."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import raw

_EPOCHS = """
SELECT e.number, e.state, e.created_at, e.destroyed_at,
    (SELECT count(*) FROM member_key k WHERE k.epoch = e.number)
FROM epoch_key e ORDER BY e.number
"""


@dataclass(frozen=True)
class Epoch:
    """One epoch key, and how many member keys it wraps. `state`: ``live`` or ``destroyed``."""

    number: int
    state: str
    created_at: datetime
    destroyed_at: datetime | None
    member_keys: int


async def epochs(session: AsyncSession) -> list[Epoch]:
    """Every epoch, the first one first."""
    rows = await (await (await raw(session)).execute(_EPOCHS)).fetchall()
    return [Epoch(*row) for row in rows]
