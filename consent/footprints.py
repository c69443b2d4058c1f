"""What a segment's use leaves on record: the question, the state it saw, and who matched.

Who matched is kept as sealed sets, one a shard, named by a keyed hash of what is in them: the
same answer twice is kept once. Whose data was looked at needs no keeping: it follows from the
ledger.
"""

import hmac
from collections.abc import Collection, Mapping
from hashlib import sha256
from uuid import UUID

import msgspec
from pyroaring import BitMap

from audit.acts import Seal
from audit.entries import opens
from audit.sealed import keep_sets, sets_at
from profiles.changes import SHARD_BITS
from profiles.errors import CannotOpen
from profiles.keys import EpochKey, place
from profiles.labels import Label
from profiles.shard import span
from profiles.unit import Unit

#: The subject of an entry that is about all members at once; no member has this pseudonym.
EVERYBODY = sha256(b"tillit/everybody/v1").digest()
_SALT = 32


class Footprint(msgspec.Struct, frozen=True, array_like=True):
    """`heads`: the change number seen of each shard. `matched`: address of each shard's set."""

    expression: str
    heads: dict[int, int]
    matched: dict[int, bytes]


def seal_footprint(unit: Unit, footprint: Footprint) -> tuple[bytes, Seal]:
    """The detail of a segment's entry, with what seals it."""
    key = unit.epoch.sealing(Label.AUDIT_DETAIL)

    def seal(entry: UUID, plain: bytes) -> bytes:
        return key.seal(plain, at=detail_place(entry))

    return msgspec.msgpack.encode(footprint), seal


def open_footprint(
    epoch: EpochKey, entry: UUID, sealed: bytes, *, commitment: str
) -> Footprint | None:
    """The footprint behind an entry; None when that does not open, or is another than the entry
    committed to: what one row has lost must not keep a member from the rest."""
    try:
        salted = epoch.sealing(Label.AUDIT_DETAIL).open(sealed, at=detail_place(entry))
    except CannotOpen:
        return None
    if not opens(commitment, salted):
        return None
    return msgspec.msgpack.decode(salted[_SALT:], type=Footprint)


async def keep_matched(unit: Unit, matched: BitMap) -> dict[int, bytes]:
    """Keep who matched, and return where: shard to address."""
    kept: dict[int, bytes] = {}
    rows: list[tuple[bytes, bytes]] = []
    key = unit.epoch.sealing(Label.AUDIT_SETS)
    shards = range((matched.max() >> SHARD_BITS) + 1) if matched else range(0)
    for shard in shards:
        part = matched & span(shard)
        if part:
            part.run_optimize()
            packed = part.serialize()
            address = hmac.digest(unit.epoch.derive(Label.AUDIT_ADDRESS), packed, "sha256")
            kept[shard] = address
            rows.append((address, key.seal(packed, at=set_place(address))))
    await keep_sets(unit.session, rows)
    return kept


async def matched_in(
    unit: Unit, footprints: Mapping[UUID, Footprint], ordinal: int
) -> dict[UUID, bool | None]:
    """For each use, whether the member of that ordinal was among those who matched.

    None when nobody can tell: the set is not there any more, or does not open.
    """
    shard = ordinal >> SHARD_BITS
    addresses = {
        entry: footprint.matched[shard]
        for entry, footprint in footprints.items()
        if shard in footprint.matched
    }
    opened = await open_sets(unit, set(addresses.values()))
    inside = {
        address: None if kept is None else ordinal in kept for address, kept in opened.items()
    }
    return {
        entry: inside[addresses[entry]] if entry in addresses else False for entry in footprints
    }


async def open_sets(unit: Unit, addresses: Collection[bytes]) -> dict[bytes, BitMap | None]:
    """The sets at these addresses; None for one that is not there or does not open.

    What opens at its address is what was sealed there. The address is not computed again: its
    key goes with its epoch, and the set outlives that, sealed anew.
    """
    kept = await sets_at(unit.session, addresses)
    key = unit.epoch.sealing(Label.AUDIT_SETS)
    opened: dict[bytes, BitMap | None] = dict.fromkeys(addresses)
    for address, sealed in kept.items():
        try:
            opened[address] = BitMap.deserialize(key.open(sealed, at=set_place(address)))
        except CannotOpen:
            continue
    return opened


def detail_place(entry: UUID) -> bytes:
    return place("audit_detail", entry.hex, "detail")


def set_place(address: bytes) -> bytes:
    return place("audit_set", address.hex(), "members")
