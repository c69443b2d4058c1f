"""Rows of `outgoing` that are not as they should be: which those are, and putting them back.

Only the table's side; that a word is to stand there at all is for the record to say
(`dsar.connectors.lost`).
"""

from collections.abc import Collection
from uuid import UUID

from dsar.outgoing import LOST, id_of, place_of
from kernel.database import raw
from profiles.errors import CannotOpen
from profiles.labels import Label
from profiles.unit import Unit


async def standing(unit: Unit, requests: Collection[UUID]) -> set[UUID]:
    """Of these requests' words to recipients, the ids of those that are open as they should be.

    They open for whom the row names, and are tried again or say what is wrong. One that was put
    back (`put_back`) is one of them, though it carries nothing any more.
    """
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT id, request, member, recipient, carrier, what, problem, next_at, sealed "
        "FROM outgoing WHERE request = ANY(%s) AND recipient IS NOT NULL "
        "AND state IN ('waiting', 'sent')",
        (list(requests),),
        binary=True,
    )
    found = set()
    for id, *row, problem, next_at, sealed in await cursor.fetchall():
        request, _, recipient, _, what = row
        if id != id_of(request, recipient, what) or (problem is None and next_at is None):
            continue
        if problem == LOST or (sealed is not None and _opens(unit, sealed, place_of(id, *row))):
            found.add(id)
    return found


def _opens(unit: Unit, sealed: bytes, at: bytes) -> bool:
    try:
        unit.epoch.sealing(Label.OUTGOING).open(sealed, at=at)
    except CannotOpen:
        return False
    return True


async def put_back(
    unit: Unit, *, request: UUID, member: UUID | None, recipient: str, what: str, carrier: str
) -> None:
    """A row that somebody has deleted or changed stands again, open, and says that it was lost.

    What it carried is there if its seal is, and opens in this row. It is not tried before somebody
    says so; when its day was is lost with it, so that it is late from tomorrow.
    """
    connection = await raw(unit.session)
    await connection.execute(
        "INSERT INTO outgoing (id, request, member, recipient, carrier, what, state, problem, "
        "made_at, due, epoch) VALUES (%(id)s, %(request)s, %(member)s, %(recipient)s, %(carrier)s, "
        "%(what)s, 'waiting', %(lost)s, %(now)s, %(today)s, %(epoch)s) ON CONFLICT (id) DO UPDATE "
        "SET request = %(request)s, member = %(member)s, recipient = %(recipient)s, "
        "what = %(what)s, state = 'waiting', problem = %(lost)s, next_at = NULL, "
        "answered_at = NULL, answer = NULL",
        {
            "id": id_of(request, recipient, what),
            "request": request,
            "member": member,
            "recipient": recipient,
            "carrier": carrier,
            "what": what,
            "lost": LOST,
            "now": unit.now,
            "today": unit.today,
            "epoch": unit.epoch.number,
        },
    )
