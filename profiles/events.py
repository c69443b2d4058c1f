"""Events: purchases, sealed and kept once, and the traits that follow from them.

Whoever records purchases holds the members' rows locked, so that two tills at once do not
compute traits from half of the purchases each.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.acts import Act
from audit.entries import Kind
from kernel.database import raw
from kernel.ids import uuid7
from profiles.errors import BadValue, CannotOpen
from profiles.keys import MemberKey
from profiles.members import Member
from profiles.placing import place, place_traits
from profiles.purchases import Purchase, pack, unpack
from profiles.sealing import TRAITS, open_traits, open_value, seal_traits
from profiles.sealing import pack as pack_fields
from profiles.traits import compute, dated, next_due
from profiles.unit import Unit
from profiles.values import Value

TABLE = "event"
LARGEST_AMOUNT = 10**10

_KEEP = """
INSERT INTO event (id, member, reference, sealed)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[], %s::bytea[])
ON CONFLICT (reference) DO NOTHING RETURNING id
"""


@dataclass(frozen=True)
class Recorded:
    """What became of purchases: those new, those that were there already, by member."""

    new: int
    known: int


async def record(unit: Unit, act: Act, purchases: Mapping[Member, Sequence[Purchase]]) -> Recorded:
    """Keep the purchases of members loaded with `lock=True`, and bring their traits up to date.

    A purchase whose source and reference are known for that member is left as it is: sending
    it again changes nothing. Writes one `events.recorded` entry for each member with something
    new. Raises `BadValue` for a purchase of a day to come.
    """
    drafts: dict[UUID, tuple[Member, bytes, bytes]] = {}
    for member, bought in purchases.items():
        for purchase in bought:
            _check(unit, purchase)
            drafts[uuid7()] = (
                member,
                member.key.reference(purchase.source, purchase.reference),
                pack(purchase),
            )
    connection = await raw(unit.session)
    ids = list(drafts)
    cursor = await connection.execute(
        _KEEP,
        (
            ids,
            [member.id for member, _, _ in drafts.values()],
            [reference for _, reference, _ in drafts.values()],
            [m.key.seal_field(TABLE, i.hex, plain) for i, (m, _, plain) in drafts.items()],
        ),
    )
    kept = [row[0] for row in await cursor.fetchall()]
    counts: dict[UUID, int] = defaultdict(int)
    for event in kept:
        counts[drafts[event][0].id] += 1
    touched = [member for member in purchases if counts[member.id]]
    await refresh(unit, touched)
    await unit.record.write_many(
        unit.session,
        [
            act.entry(
                Kind.EVENTS_RECORDED,
                subject=member.key.subject(),
                facts={"purchases": counts[member.id]},
            )
            for member in touched
        ],
    )
    return Recorded(new=len(kept), known=len(ids) - len(kept))


async def refresh(unit: Unit, members: Sequence[Member]) -> None:
    """Compute the traits of members loaded with `lock=True` anew, as of today.

    Whoever was last computed under an earlier programme is placed in the sets of their fields
    too: from here on nothing tells that they were out of date.
    """
    catalogue = unit.schema.catalogue
    traits = list(catalogue.traits.values())
    events = await opened(unit, {member.id: member.key for member in members})
    rows = []
    for member in members:
        _, before = open_traits(member.key, catalogue, member.sealed)
        if before is None or before.version != unit.schema.version:
            place(unit.changes, catalogue, member.ordinal, _fields(unit, member))
        bought = dated(events[member.id], unit.schema.zone)
        values = compute(traits, bought, unit.today)
        due = next_due(traits, bought, unit.today)
        place_traits(unit.changes, catalogue, member.ordinal, values=values, due=due)
        sealed = dict(member.sealed)
        sealed[TRAITS] = seal_traits(member.key, values, version=unit.schema.version, due=due)
        rows.append((member.id, pack_fields(sealed)))
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE member SET sealed = new.sealed "
        "FROM unnest(%s::uuid[], %s::bytea[]) AS new(id, sealed) WHERE member.id = new.id",
        ([member for member, _ in rows], [sealed for _, sealed in rows]),
    )


async def opened(unit: Unit, keys: Mapping[UUID, MemberKey]) -> dict[UUID, list[Purchase]]:
    """Every purchase of these members, opened, oldest first."""
    found: dict[bytes, list[Purchase]] = {member.bytes: [] for member in keys}
    key_of = {member.bytes: key for member, key in keys.items()}
    for event, member, sealed in await _sealed(unit, keys):
        found[member].append(unpack(key_of[member].open_field(TABLE, event.hex(), sealed)))
    return {member: sorted(found[member.bytes], key=_order) for member in keys}


async def readable(unit: Unit, member: Member) -> tuple[list[Purchase], int]:
    """Every purchase of a member that can be opened, oldest first, and how many cannot be."""
    found, damaged = [], 0
    for event, _, sealed in await _sealed(unit, [member.id]):
        try:
            found.append(unpack(member.key.open_field(TABLE, event.hex(), sealed)))
        except CannotOpen:
            damaged += 1
    return sorted(found, key=_order), damaged


async def _sealed(unit: Unit, members: Collection[UUID]) -> list[Any]:
    """Ids as their 16 bytes: a long history needs no object for each."""
    cursor = await (await raw(unit.session)).execute(
        "SELECT uuid_send(id), uuid_send(member), sealed FROM event WHERE member = ANY(%s)",
        (list(members),),
        binary=True,
    )
    return await cursor.fetchall()


def _order(purchase: Purchase) -> tuple[datetime, str]:
    return purchase.at, purchase.reference


def _fields(unit: Unit, member: Member) -> dict[str, Value]:
    """The member's field values that the programme in force knows."""
    fields = unit.schema.catalogue.fields
    return {
        name: open_value(member.key, fields[name], sealed)[0]
        for name, sealed in member.sealed.items()
        if name in fields
    }


def _check(unit: Unit, purchase: Purchase) -> None:
    if purchase.day(unit.schema.zone) > unit.today:
        raise BadValue("this purchase lies in the future", place="purchase.at")
    numbers = [purchase.amount]
    for item in purchase.items:
        numbers += (item.quantity, item.price)
    if not all(number.is_finite() and abs(number) <= LARGEST_AMOUNT for number in numbers):
        raise BadValue(
            "this amount is beyond what a purchase can cost",
            place="purchase.amount",
            remedy=f"amounts, prices and quantities lie within ±{LARGEST_AMOUNT:,}",
        )
