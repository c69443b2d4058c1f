"""The job of one erasure, which takes along the others that are due.

Many are erased in little more time than one, and whatever is broken keeps no other (see
`docs/decisions/0029-erasures-go-together.md`). Opens transactions, and commits them.
"""

from uuid import UUID

import structlog

from api.bootstrap import SYSTEM, Tillit
from api.links import links_of

AT_ONCE = 250  # members in one transaction

_log = structlog.get_logger("tillit.worker")


async def erase(tillit: Tillit, mine: UUID) -> None:
    """Carry out this erasure and the others that are due; raises what is wrong with this one."""
    async with tillit.unit() as work:
        ready = await tillit.erasure.ready(work.unit, limit=AT_ONCE)
    try:
        if others := [one for one in ready if one != mine]:
            await _together(tillit, [mine, *others])
        # Done by now, or it says what is wrong with it.
        await _erase(tillit, [mine])
    finally:
        # No copy in this process outlives the commit; others pass the barrier as they answer.
        await tillit.replica.barrier()


async def _together(tillit: Tillit, requests: list[UUID]) -> None:
    """All of them at once; should that fail, in halves, until whatever is broken is alone."""
    try:
        await _erase(tillit, requests)
    except OSError:
        raise  # the journal cannot be written: no half of them can go either
    except Exception as error:
        # Whatever it was, for the others' own jobs say what is wrong with them.
        _log.warning("erased_apart", requests=len(requests), error=type(error).__name__)
        if half := len(requests) // 2:
            await _together(tillit, requests[half:])
            await _together(tillit, requests[:half])


async def _erase(tillit: Tillit, requests: list[UUID]) -> None:
    """All or none of them; the journal does not go on saying what was not done."""
    began = tillit.erasure.mark()
    try:
        async with tillit.unit() as work:
            await tillit.erasure.fulfil(
                work.unit,
                SYSTEM,
                work.active,
                requests,
                certificate_at=links_of(tillit).certifying,
            )
    except Exception:
        async with tillit.unit() as work:
            await tillit.erasure.take_back(work.unit, requests, since=began)
        raise
