"""Long work about breaches: looking for those affected, and writing down that they were told."""

from contextlib import suppress
from uuid import UUID

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from api.bootstrap import Tillit
from audit.acts import Act
from audit.entries import ActorType
from dsar.breaches import searches, telling
from kernel.errors import TillitError

_log = structlog.get_logger("tillit.worker")


async def search(tillit: Tillit, id: UUID) -> None:
    """Look for those affected; what cannot be told is written down as that, and not tried again.

    What else goes wrong is written down as an interruption, and raised, upon which the job is done
    again: a search that nobody is working at does not pass for one that is.

    How far it is stands in transactions of their own, which hold no key: a rotation waits for the
    search, and must not be waited for by it.
    """
    settled = False
    try:
        await tillit.integrate()  # also sees that the record is no shorter than it was
        await tillit.replica.barrier()
        async with tillit.unit() as work:
            async for step in searches.run(work.unit, work.active, id, tillit.replica.members):
                async with tillit.database.transaction() as session:
                    await searches.progressed(session, id, step)
        settled = True
    except TillitError as error:
        _log.warning("breach_search_failed", error=error.slug, place=error.problems[0].place)
        async with tillit.database.transaction() as session:
            await searches.failed(session, id, error.slug)
        settled = True
    finally:
        if not settled:
            with suppress(TillitError, OSError, psycopg.Error, DBAPIError):
                async with tillit.database.transaction() as session:
                    await searches.failed(session, id, searches.INTERRUPTED)


async def tell(tillit: Tillit, breach: UUID, search: UUID, officer: str) -> int:
    """Write down that the next members were told; returns how many."""
    async with tillit.unit() as work:
        act = Act(ActorType.OFFICER, officer, programme=work.active.version)
        return await telling.tell_next(work.unit, act, breach, search)
