"""Packages, kept sealed under the member's own key until they are fetched or run out.

Whoever erases the member takes them along. Each making, fetching and deleting is on record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent.programmes import Active
from dsar import carrying
from dsar.errors import NotReady
from dsar.packages.gathering import gather
from dsar.packages.zipping import packed
from dsar.states import Right
from dsar.tables import PackageRow
from kernel.database import raw
from profiles import members
from profiles.unit import Unit

TABLE = "package"
_AT_ONCE = 500
_PACKED = frozenset({Right.ACCESS, Right.PORTABILITY})
_THERE = "SELECT request, expires_at FROM package WHERE member = %s AND expires_at > %s"
_OVER = """
DELETE FROM package WHERE request IN (
    SELECT request FROM package WHERE expires_at <= %s ORDER BY expires_at LIMIT %s
) RETURNING request, member
"""


class Fetched(StrEnum):
    """How a package was handed out. The list is closed."""

    PLAIN = "plain"  # as it is, over the connection that asked for it
    ENCRYPTED = "encrypted"  # under a passphrase that was shown once


@dataclass(frozen=True)
class Package:
    """A package in hand, to be given to the member and nobody else."""

    request: UUID
    zipped: bytes

    def __repr__(self) -> str:
        return f"Package({self.request})"


async def make(unit: Unit, act: Act, active: Active, request: UUID) -> bool:
    """Gather, seal and keep the package of an accepted request; False if that is done already.

    Answers access (Art. 15) and portability (Art. 20), with what hangs on proved identifiers.
    Entries that have no leaf number yet are in it without a proof. Writes `package.made`.
    """
    if (found := await carrying.accepted(unit, active, request, rights=_PACKED)) is None:
        return False
    row, member = found
    zipped = packed(await gather(unit, active, row, member))
    kept = PackageRow(
        request=request,
        member=member.id,
        sealed=member.key.seal_field(TABLE, request.hex, zipped),
        made_at=unit.now,
        expires_at=unit.now + timedelta(days=active.programme.requests.package_days),
    )
    unit.session.add(kept)
    facts: dict[str, Fact] = {"request": str(request), "bytes": len(zipped)}
    subject = member.key.subject()
    await unit.session.flush()
    await unit.record.write(
        unit.session, act.entry(EntryKind.PACKAGE_MADE, subject=subject, facts=facts)
    )
    await carrying.carried(unit, act, active, row, subject=subject)
    return True


async def until(unit: Unit, member: UUID) -> dict[UUID, datetime]:
    """Until when each package of a member can be fetched, by request. Opens nothing."""
    connection = await raw(unit.session)
    cursor = await connection.execute(_THERE, (member, unit.now), binary=True)
    return dict(await cursor.fetchall())


async def fetch(
    unit: Unit, act: Act, request: UUID, member: UUID, *, how: Fetched = Fetched.PLAIN
) -> Package:
    """Open a package for the member it is about; on record. Raises `NotReady`.

    One that has run out is not there any more, whether or not it has been deleted yet.
    """
    row = await unit.session.get(PackageRow, request)
    if row is None or row.member != member or row.expires_at <= unit.now:
        raise NotReady(
            "there is no package for this request",
            place="request",
            remedy="it is still being made, or it has run out: then ask again, it is free of "
            "charge (Art. 12(5))",
        )
    person = await members.one(unit, member)
    zipped = person.key.open_field(TABLE, request.hex, row.sealed)
    await unit.record.write(
        unit.session,
        act.entry(
            EntryKind.PACKAGE_FETCHED,
            subject=person.key.subject(),
            facts={"request": str(request), "how": how.value},
        ),
    )
    return Package(request, zipped)


async def expire(unit: Unit, act: Act) -> int:
    """Delete packages that have run out, at most 500 at once; returns how many.

    Each is on record as `package.deleted`, under its member.
    """
    connection = await raw(unit.session)
    cursor = await connection.execute(_OVER, (unit.now, _AT_ONCE), binary=True)
    deleted: Mapping[UUID, UUID] = dict(await cursor.fetchall())
    keys = await members.keys(unit, set(deleted.values()))
    await unit.record.write_many(
        unit.session,
        [
            act.entry(
                EntryKind.PACKAGE_DELETED,
                subject=keys[member][1].subject() if member in keys else None,
                facts={"request": str(request)},
            )
            for request, member in deleted.items()
        ],
    )
    return len(deleted)
