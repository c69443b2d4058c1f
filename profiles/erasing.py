"""Making a member unrecoverable: rows deleted, sets left, key destroyed (Art. 17).

Needs the power to destroy keys, a thing that only erasure is handed. From the commit on
nothing in the database opens what was sealed under the key; copies in backups are noise once
the key epoch has been rotated (the shred horizon).
"""

from dataclasses import dataclass

from audit.sealed import erase_details
from kernel.database import raw
from kernel.jobs import enqueue
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


async def destroy(unit: Unit, member: Member, power: DestroyKeys) -> Destroyed:
    """Delete everything this room keeps of a member loaded with `lock=True`.

    The shard is folded soon after, so that its old changes go too. The caller deletes what
    other rooms keep, and puts the erasure on record.
    """
    assert isinstance(power, DestroyKeys)
    connection = await raw(unit.session)
    rows = {}
    for table in ("event", "lookup", "member_key"):
        cursor = await connection.execute(f"DELETE FROM {table} WHERE member = %s", (member.id,))  # noqa: S608
        rows[table] = cursor.rowcount
    cursor = await connection.execute("DELETE FROM member WHERE id = %s", (member.id,))
    rows["member"] = cursor.rowcount
    rows["audit_detail"] = await erase_details(unit.session, member.key.subject())
    unit.changes.forget(member.ordinal)
    await enqueue(unit.session, FOLD_JOB, shard=member.ordinal >> SHARD_BITS)
    return Destroyed(rows, member.key.fingerprint())
