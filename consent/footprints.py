"""What a use of many members leaves on record: the question, the state it saw, and who it names.

Who matched, and of decisions who was asked about, is kept as sealed sets, one a shard, named by
a keyed hash of what is in them: the same answer twice is kept once. Whose data a segment looked
at needs no keeping: it follows from the ledger.
"""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
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
    """`heads`: the change number seen of each shard. `matched`: address of each shard's set.

    `asked`: the same of those who were asked about; None where that was everybody there was.
    """

    expression: str
    heads: dict[int, int]
    matched: dict[int, bytes]
    asked: dict[int, bytes] | None = None

    @property
    def addresses(self) -> set[bytes]:
        """Of every set there is to it."""
        return {*self.matched.values(), *(self.asked or {}).values()}


def seal_footprint(unit: Unit, footprint: Footprint) -> tuple[bytes, Seal]:
    """The detail of such an entry, with what seals it."""
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
    try:
        return msgspec.msgpack.decode(salted[_SALT:], type=Footprint)
    except msgspec.DecodeError:  # it is the detail of another kind of entry
        return None


async def keep_matched(unit: Unit, matched: BitMap) -> dict[int, bytes]:
    """Keep a set of members, and return where: shard to address."""
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


@dataclass(frozen=True)
class Named:
    """Whether one member was among those asked about, and those who matched.

    None when nobody can tell: the set is not there any more, or does not open.
    """

    asked: bool | None
    matched: bool | None


async def named_in(
    unit: Unit, footprints: Mapping[UUID, Footprint], ordinal: int
) -> dict[UUID, Named]:
    """For each use, where the member of that ordinal was in it."""
    shard = ordinal >> SHARD_BITS
    wanted = {
        address
        for footprint in footprints.values()
        for kept in (footprint.matched, footprint.asked or {})
        if (address := kept.get(shard)) is not None
    }
    opened = await open_sets(unit, wanted)

    def inside(kept: Mapping[int, bytes]) -> bool | None:
        address = kept.get(shard)
        if address is None:
            return False
        those = opened[address]
        return None if those is None else ordinal in those

    return {
        entry: Named(True if one.asked is None else inside(one.asked), inside(one.matched))
        for entry, one in footprints.items()
    }


async def open_sets(unit: Unit, addresses: Collection[bytes]) -> dict[bytes, BitMap | None]:
    """The sets at these addresses; None for one that is not there or does not open.

    What opens at its address is what was sealed there. The address is not computed again: its
    key goes with its epoch, and the set outlives that, sealed anew.
    """
    kept = await sets_at(unit.session, addresses) if addresses else {}
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
