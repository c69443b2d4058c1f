"""The demonstration's mailer: a service that sends the letters by which a yes is confirmed.

It does what `docs/howto/mailer.md` has a real one do once a day, as soon as somebody waits for it.
"""

import asyncio
from collections.abc import Callable

from pyroaring import BitMap

from api.bootstrap import Tillit
from api.links import links_of
from consent.confirming import requested
from consent.due import Due, due, listed
from consent.errors import OutOfDate
from consent.grants import authorise
from consent.programme import Action
from profiles import members

SERVICE, PURPOSE = "partner-offers", "partner_offers"
_OFTEN = 1.0  # seconds


async def letters(tillit: Tillit, tell: Callable[[str], None]) -> None:
    """Tell of each new letter, until this is cancelled."""
    written: BitMap = BitMap()
    while True:
        await asyncio.sleep(_OFTEN)
        try:
            written = await _write(tillit, tell, written)
        except OutOfDate:  # members are brought up to date by whoever asks next
            async with tillit.unit() as work:
                await tillit.gate.freshen(work.unit)


async def _write(tillit: Tillit, tell: Callable[[str], None], written: BitMap) -> BitMap:
    """Letters to those who wait and have none yet; returns who has one. Who waits no more may
    get another one day."""
    await tillit.replica.barrier()
    async with tillit.unit() as work:
        footing = work.active.footing(PURPOSE)
        waiting = due(work.unit, footing, tillit.replica.members)[Due.CONFIRM]
        if not waiting - written:
            return waiting
        grant = authorise(work.active, SERVICE, purpose=PURPOSE, action=Action.CONSENT)
        pages, _ = await listed(work.unit, grant, tillit.replica, skip=0, limit=len(waiting))
        those = await members.load(work.unit, pages[Due.CONFIRM].members)
        new = [one for one in those.values() if one.ordinal not in written]
        rows = await requested(work.unit, PURPOSE, {one.id: one.key for one in new})
    for one in new:
        if one.id in rows:
            link = links_of(tillit).confirming(one.id, PURPOSE, rows[one.id])
            tell(f"A letter of the service {SERVICE}: please confirm your yes\n  {link}")
    return written | BitMap(one.ordinal for one in new)
