"""Keeping what is derived up to date: traits when a window moves, sets when the programme does.

A member whose derived state is out of date stands on the `~due` stack with a day that has
come. Whoever is about to answer from the sets looks there first.
"""

from collections.abc import Sequence
from uuid import UUID

from pyroaring import BitMap

from kernel.database import raw
from kernel.errors import Unavailable
from profiles import stacks
from profiles.catalogue import Catalogue
from profiles.changes import SHARD_BITS
from profiles.events import refresh
from profiles.members import load
from profiles.placing import DUE
from profiles.shard import MemberSets
from profiles.unit import Unit
from profiles.values import to_number

#: As many members as are brought up to date while somebody waits for an answer.
WHILE_WAITING = 2_000
BATCH = 500


def due(members: MemberSets, unit: Unit) -> BitMap:
    """The members whose traits or sets are out of date today."""
    return stacks.compare(members.sets, DUE, stacks.Op.LE, to_number(unit.today))


def members_at(members: MemberSets, ordinals: BitMap) -> list[UUID]:
    """The ids behind ordinals, in ordinal order."""
    packed = members.ids[ordinals.to_array()].tobytes()
    return [UUID(bytes=packed[at : at + 16]) for at in range(0, len(packed), 16)]


async def bring_up_to_date(unit: Unit, members: Sequence[UUID]) -> None:
    """Compute traits anew, and place fields in their sets where the programme has changed.

    Sealed values are the truth; sets follow them. Idempotent.
    """
    locked = await load(unit, members, lock=True)
    await refresh(unit, list(locked.values()))


def refuse_if_many(waiting: BitMap) -> None:
    """Fail closed: better no answer than one from sets that are not brought up to date."""
    if len(waiting) > WHILE_WAITING:
        raise Unavailable(
            f"{len(waiting)} members are being brought up to date",
            place="member sets",
            remedy="try again in a moment; a running worker does it",
        )


async def mark_all_due(unit: Unit, *, old: Catalogue) -> None:
    """After the catalogue has changed: everything derived is computed anew before it is used.

    Sets of what can no longer be asked about are emptied: a value that changes meanwhile is not
    placed, and must not be found where it stood when the field comes back.
    """
    connection = await raw(unit.session)
    cursor = await connection.execute("SELECT ordinal FROM member ORDER BY ordinal")
    gone = _gone(old, unit.schema.catalogue)
    for (ordinal,) in await cursor.fetchall():
        unit.changes.assign(DUE, ordinal, to_number(unit.today))
        for name in gone:
            unit.changes.drop(name, ordinal >> SHARD_BITS)


def _gone(old: Catalogue, new: Catalogue) -> list[str]:
    """What had sets under the old catalogue and has none of that type under the new one."""
    kept = {name: entry.type for name, entry in new if new.segmentable(name)}
    return [
        name for name, entry in old if old.segmentable(name) and kept.get(name) is not entry.type
    ]


def changed(old: Catalogue | None, new: Catalogue) -> bool:
    """Whether sets derived under the old catalogue may be wrong under the new one."""
    return old is not None and (
        {n: f for n, f in old.fields.items() if f.segmentable}
        != {n: f for n, f in new.fields.items() if f.segmentable}
        or old.traits != new.traits
    )
