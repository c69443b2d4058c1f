"""The bookkeeping ledger: what a law keeps of those who are erased, apart from everything else.

A voucher is one purchase with the fields that the bookkeeping purpose names, sealed under a key
of its own. No row leads to the member it was of: its id is made with the key that is destroyed.
No lookup, no set and no gate reaches here; who may read for that one purpose reads here alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent.grants import Grant
from dsar.bookkeeping import Books
from dsar.errors import NoBookkeeping
from kernel.database import raw
from profiles import reading
from profiles.keys import EpochKey, fill, place, strip
from profiles.labels import Label
from profiles.members import Member
from profiles.purchases import Purchase
from profiles.unit import Unit
from profiles.values import Plain, encode_value

_PAD = 512
_BATCH = 1_000

_KEEP = """
INSERT INTO voucher (id, year, keep_until, epoch, sealed)
SELECT * FROM unnest(%s::uuid[], %s::integer[], %s::date[], %s::integer[], %s::bytea[])
ON CONFLICT (id) DO NOTHING
"""
_OF_YEAR = """
SELECT id, year, keep_until, sealed FROM voucher
WHERE year = %s AND id > %s AND keep_until >= %s ORDER BY id LIMIT %s
"""
_DUE = """
SELECT id, year, keep_until, sealed FROM voucher
WHERE keep_until < %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_RESEAL = """
UPDATE voucher SET epoch = %s, sealed = new.sealed
FROM unnest(%s::uuid[], %s::bytea[]) AS new(id, sealed) WHERE voucher.id = new.id
"""


class Voucher(msgspec.Struct, frozen=True):
    """One purchase as the books need it. `purpose`: what the programme called it then."""

    purpose: str
    purchase: Purchase
    fields: dict[str, Plain]

    def __repr__(self) -> str:
        return "Voucher(***)"


@dataclass(frozen=True)
class Kept:
    """A voucher in the ledger: kept through the day `keep_until`. `year`: the financial year."""

    id: UUID
    year: int
    keep_until: date
    voucher: Voucher = field(repr=False)


@dataclass(frozen=True)
class Staying:
    """How many purchases of a member stay, by the day through which the law keeps them.

    `unreadable`: how many more there are that are damaged, cannot be opened, and are lost.
    """

    books: Books
    by_day: Mapping[date, int]
    unreadable: int = 0

    @property
    def count(self) -> int:
        return sum(self.by_day.values())

    def facts(self) -> list[Fact]:
        """As entries and certificates say it, the first to go first."""
        return [
            {
                "what": "voucher",
                "count": self.by_day[day],
                "purpose": self.books.purpose.name,
                "law": self.books.law,
                "until": day.isoformat(),
            }
            for day in sorted(self.by_day)
        ]


def staying(
    unit: Unit, books: Books, bought: Sequence[Purchase], *, unreadable: int = 0
) -> Staying:
    """What the law keeps today of these purchases."""
    by_day: dict[date, int] = {}
    for purchase in bought:
        day = purchase.day(unit.schema.zone)
        if books.asks_for(day, unit.today):
            until = books.keep_until(day)
            by_day[until] = by_day.get(until, 0) + 1
    return Staying(books, by_day, unreadable)


async def keep(unit: Unit, act: Act, member: Member, books: Books, *, request: UUID) -> Staying:
    """Put what the law keeps of a member into the ledger, while their key is in hand.

    Opens their purchases and the fields that the bookkeeping purpose names. Done again, as after
    a restored backup, it adds nothing. A purchase that cannot be opened is counted, and keeps
    nobody from being erased: no later attempt would open it. On record as `vouchers.kept`.
    """
    bought, unreadable = await reading.readable_purchases(unit, member)
    known = [one for one in books.fields if one in unit.schema.catalogue.fields]
    values = await reading.values(unit, member, known)
    fields = {name: encode_value(one.value) for name, one in values.items()}
    rows = []
    for purchase in bought:
        day = purchase.day(unit.schema.zone)
        if books.asks_for(day, unit.today):
            id = member.key.voucher(purchase.source, purchase.reference)
            rows.append((id, day.year, books.keep_until(day), purchase))
    sealing = unit.epoch.sealing(Label.VOUCHERS)
    connection = await raw(unit.session)
    cursor = await connection.execute(
        _KEEP,
        (
            [row[0] for row in rows],
            [row[1] for row in rows],
            [row[2] for row in rows],
            [unit.epoch.number] * len(rows),
            [
                sealing.seal(
                    fill(msgspec.msgpack.encode(Voucher(books.purpose.name, what, fields)), _PAD),
                    at=_place(id, year, until),
                )
                for id, year, until, what in rows
            ],
        ),
    )
    if cursor.rowcount > 0:
        facts: dict[str, Fact] = {
            "request": str(request),
            "vouchers": cursor.rowcount,
            "law": books.law,
            "until": max(row[2] for row in rows).isoformat(),
        }
        about = act.about(books.purpose.name)
        await unit.record.write(
            unit.session,
            about.entry(EntryKind.VOUCHERS_KEPT, subject=member.key.subject(), facts=facts),
        )
    return staying(unit, books, bought, unreadable=unreadable)


async def read(
    unit: Unit, grant: Grant, books: Books, *, year: int, after: UUID | None, limit: int
) -> list[Kept]:
    """Vouchers of one financial year, by id, those after the id `after`; on record.

    `grant`: to read for the bookkeeping purpose; of fields, what it covers is opened. What has
    run out and is about to be deleted is not given. Raises `NoBookkeeping` for another purpose's.
    """
    if grant.purpose.name != books.purpose.name:
        raise NoBookkeeping("vouchers are read for bookkeeping alone", place="purpose")
    connection = await raw(unit.session)
    cursor = await connection.execute(
        _OF_YEAR, (year, after or UUID(int=0), unit.today, limit), binary=True
    )
    found = []
    for id, its_year, until, sealed in await cursor.fetchall():
        voucher = opened(unit.epoch, id=id, year=its_year, until=until, sealed=sealed)
        fields = {name: one for name, one in voucher.fields.items() if name in grant.fields}
        found.append(Kept(id, its_year, until, msgspec.structs.replace(voucher, fields=fields)))
    facts: dict[str, Fact] = {"vouchers": len(found), "year": year}
    await unit.record.write(unit.session, grant.act.entry(EntryKind.VOUCHERS_READ, facts=facts))
    return found


async def delete_due(unit: Unit, act: Act) -> int:
    """Delete a batch of what no law asks for any more; returns how many. On record.

    Raises `CannotOpen` for one that is not ours as it stands.
    """
    connection = await raw(unit.session)
    cursor = await connection.execute(_DUE, (unit.today, _BATCH), binary=True)
    rows = await cursor.fetchall()
    for id, year, until, sealed in rows:
        # A day that somebody has changed in the table takes no voucher away before its time.
        opened(unit.epoch, id=id, year=year, until=until, sealed=sealed)
    if rows:
        await connection.execute(
            "DELETE FROM voucher WHERE id = ANY(%s)", ([row[0] for row in rows],)
        )
        facts: dict[str, Fact] = {"vouchers": len(rows)}
        await unit.record.write(unit.session, act.entry(EntryKind.VOUCHERS_DELETED, facts=facts))
    return len(rows)


async def gone_through(unit: Unit, day: date) -> bool:
    """Whether every voucher that was kept through that day, or through one before, is deleted."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT EXISTS (SELECT FROM voucher WHERE keep_until <= %s)", (day,)
    )
    row = await cursor.fetchone()
    return day < unit.today and row is not None and not row[0]


async def reseal(session: AsyncSession, old: EpochKey, new: EpochKey) -> None:
    """Within a rotation: every voucher under the new epoch, a batch at a time."""
    connection = await raw(session)
    last = UUID(int=0)
    while True:
        cursor = await connection.execute(
            "SELECT id, year, keep_until, sealed FROM voucher WHERE id > %s ORDER BY id LIMIT %s",
            (last, _BATCH),
            binary=True,
        )
        rows = await cursor.fetchall()
        if not rows:
            return
        anew = []
        for id, year, until, sealed in rows:
            at = _place(id, year, until)
            plain = old.sealing(Label.VOUCHERS).open(sealed, at=at)
            anew.append(new.sealing(Label.VOUCHERS).seal(plain, at=at))
        await connection.execute(_RESEAL, (new.number, [row[0] for row in rows], anew))
        last = rows[-1][0]


def opened(epoch: EpochKey, *, id: UUID, year: int, until: date, sealed: bytes) -> Voucher:
    """One row, opened. Raises `CannotOpen` for one that was moved, altered, or kept longer."""
    plain = epoch.sealing(Label.VOUCHERS).open(sealed, at=_place(id, year, until))
    return msgspec.msgpack.decode(strip(plain), type=Voucher)


def _place(id: UUID, year: int, until: date) -> bytes:
    """Bound to its day too: nobody makes a voucher stay longer than its law."""
    return place("voucher", id.hex, f"{year}:{until.isoformat()}")
