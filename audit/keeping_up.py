"""Whether the record keeps up: entries that wait for their leaf number, and what was signed last.

Reads counts and the newest checkpoint; opens no entry, and proves nothing: `audit.check` does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from audit.integrator import waiting
from audit.tree import rows
from kernel.clock import Clock

_PENDING = "SELECT count(*) FROM audit_pending"
# A time that Python cannot hold cannot have been signed either.
_NEWEST = """
SELECT size, CASE WHEN at BETWEEN '1970-01-01Z' AND '9999-12-31Z' THEN at END
FROM audit_checkpoint ORDER BY size DESC LIMIT 1
"""


@dataclass(frozen=True)
class KeepingUp:
    """`pending`: entries without a number, the oldest of which has waited for `oldest`. `size`: how
    many the newest checkpoint covers, signed at `signed_at`; nought and None before the first.
    A time that cannot be is None too: somebody has changed the database.
    """

    pending: int
    oldest: timedelta
    size: int
    signed_at: datetime | None

    @property
    def altered(self) -> bool:
        """Whether the newest checkpoint is not as it was signed, as far as is looked at here."""
        return self.size > 0 and self.signed_at is None


async def keeping_up(session: AsyncSession, clock: Clock) -> KeepingUp:
    """As of now."""
    [(pending,)] = await rows(session, _PENDING)
    newest = await rows(session, _NEWEST)
    size, signed_at = newest[0] if newest else (0, None)
    return KeepingUp(pending, await waiting(session, clock), size, signed_at)
