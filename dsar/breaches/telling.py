"""That members were told of a breach: an entry about each of them, which they see in their uses.

Done by a worker, some thousands a transaction. `told_after` moves with each, so that a batch done
twice writes nothing twice; nor do two searches that have found the same member.
"""

from datetime import datetime
from uuid import UUID

from pyroaring import BitMap

from audit.acts import Act
from audit.entries import Kind
from dsar.breaches import register, searches
from dsar.breaches.register import Breach
from kernel.database import raw
from kernel.jobs import enqueue
from profiles import members
from profiles.unit import Unit

#: Writes the next entries; its arguments are the breach, the search, and the officer's id.
TELL_JOB = "breach.tell"
_BATCH = 2_000
_NOBODY_YET = -1
_IDS = "SELECT id, ordinal FROM member WHERE ordinal = ANY(%b::bigint[]) ORDER BY ordinal"


async def told(
    unit: Unit, act: Act, breach: UUID, *, stood: UUID, at: datetime, search: UUID | None
) -> Breach:
    """An officer says that those whom a search has found were told (Art. 34); a worker goes on.

    A further search tells those whom it has found beside those who were told before. Raises as
    `register.tell_members`, and `UnknownBreach` for a search without an answer.
    """
    found = await register.get(unit, breach)
    before = found.account.told if found.account is not None else None
    if search is not None:
        await searches.answer(unit, breach, search)
    said = await register.tell_members(unit, act, breach, stood=stood, at=at, told=search or before)
    if search is not None:  # not before the step stands: it may be refused
        connection = await raw(unit.session)
        begun = await connection.execute(
            "UPDATE breach_search SET told_after = %s WHERE id = %s AND told_after IS NULL",
            (_NOBODY_YET, search),
        )
        if begun.rowcount:
            await enqueue(
                unit.session, TELL_JOB, breach=str(breach), search=str(search), officer=act.actor
            )
    return said


async def tell_next(unit: Unit, act: Act, breach: UUID, search: UUID) -> int:
    """Write the entries of the next members, and have the rest done after; returns how many.

    `act`: the officer who said it.
    """
    connection = await raw(unit.session)
    # All of them are locked: two searches that find one member tell them once.
    cursor = await connection.execute(
        "SELECT id, told_after FROM breach_search WHERE breach = %s AND told_after IS NOT NULL "
        "ORDER BY id FOR UPDATE",
        (breach,),
        binary=True,
    )
    after: dict[UUID, int] = dict(await cursor.fetchall())
    if search not in after:
        return 0
    left = (await searches.answer(unit, breach, search)).told
    for id, told_after in after.items():
        result = (await searches.one(unit, breach, id)).result
        if result is not None:  # of one that somebody has changed, its members are told once more
            left -= result.told & BitMap(range(told_after + 1))
    batch = left[:_BATCH] if left else BitMap()
    if not batch:
        return 0
    cursor = await connection.execute(_IDS, (list(batch),), binary=True)
    ids = [id for id, _ in await cursor.fetchall()]
    keys = await members.keys_whole(unit, ids)  # the list of names says who was left out
    await unit.record.write_many(
        unit.session,
        [
            act.entry(Kind.BREACH_TOLD, subject=key.subject(), facts={"breach": str(breach)})
            for _, key in keys.values()
        ],
    )
    await connection.execute(
        "UPDATE breach_search SET told_after = %s WHERE id = %s", (batch.max(), search)
    )
    if len(left) > len(batch):
        await enqueue(
            unit.session, TELL_JOB, breach=str(breach), search=str(search), officer=act.actor
        )
    return len(keys)
