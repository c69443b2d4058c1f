"""Making a member unrecoverable: rows deleted, sets left, key destroyed (Art. 17).

Needs the power to destroy keys, a thing that only erasure is handed. From the commit on
nothing in the database opens what was sealed under the key; copies in backups are noise once
the key epoch has been rotated (the shred horizon).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from audit.sealed import erase_details
from kernel.database import deleted
from kernel.jobs import enqueue_each
from profiles.changes import FOLD_JOB, SHARD_BITS
from profiles.members import Member
from profiles.unit import Unit


class DestroyKeys:
    """The power to destroy members' keys. Made once, at start-up, for erasure alone."""

    def __reduce__(self) -> str:
        raise TypeError("a power is not to be copied")


@dataclass(frozen=True)
class Destroyed:
    """How many rows went, by what they were; and the fingerprint of the key that is gone."""

    rows: dict[str, int]
    key: str


async def destroy(
    unit: Unit, members: Sequence[Member], power: DestroyKeys
) -> dict[UUID, Destroyed]:
    """Delete everything this room keeps of members loaded with `lock=True`; what went, by id.

    Their shards are folded soon after, so that old changes go too. The caller deletes what
    other rooms keep, and puts the erasures on record.
    """
    assert isinstance(power, DestroyKeys)
    ids = [one.id for one in members]
    rows = {
        table: await deleted(unit.session, table, column, ids)
        for table, column in (
            ("event", "member"), ("lookup", "member"), ("member_key", "member"), ("member", "id"),
        )
    }  # fmt: skip
    details = await erase_details(unit.session, [one.key.subject() for one in members])
    for one in members:
        unit.changes.forget(one.ordinal)
    shards = sorted({one.ordinal >> SHARD_BITS for one in members})
    await enqueue_each(unit.session, FOLD_JOB, [{"shard": shard} for shard in shards])
    return {
        one.id: Destroyed(
            {table: counts[one.id] for table, counts in rows.items()}
            | {"audit_detail": details[one.key.subject()]},
            one.key.fingerprint(),
        )
        for one in members
    }
