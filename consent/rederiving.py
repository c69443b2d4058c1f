"""What follows from what members have sealed under their own keys, derived anew: the sets, the
index of identifiers, and who finds whose children.

For the check alone, with keys in hand. Reads every member; changes nothing.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from consent import ledger, sets
from consent.guardians import TABLE as GUARDIANSHIP
from consent.standings import Standings, fold
from kernel.database import raw
from profiles import lookup
from profiles import members as people
from profiles.catalogue import LOOKUPS
from profiles.changes import Changes, unpack
from profiles.errors import BadValue, ProfilesError
from profiles.members import NUMBER, Member
from profiles.placing import place, place_traits
from profiles.sealing import TABLE, Kept, open_traits, open_value
from profiles.shard import MemberSets
from profiles.unit import Unit
from profiles.values import Value

_BATCH = 1_000
_INDEX = "SELECT digest, member, field, epoch FROM lookup WHERE member = ANY(%s)"
_ASTRAY = {
    "lines of the index of identifiers": "SELECT count(*) FROM lookup WHERE member NOT IN "
    "(SELECT id FROM member)",
    "keys": "SELECT count(*) FROM member_key WHERE member NOT IN (SELECT id FROM member)",
}


@dataclass
class Derived:
    """`unopened` and `misled` say in words what is wrong with a member, and with the index.

    `wards`: by guardian, the children whose ledgers name them, as kinship and id.
    """

    sets: MemberSets = field(default_factory=MemberSets)
    wards: dict[UUID, dict[bytes, UUID]] = field(default_factory=lambda: defaultdict(dict))
    unopened: list[str] = field(default_factory=list)
    misled: list[str] = field(default_factory=list)


async def derive(unit: Unit) -> Derived:
    """Everything anew. A member who does not open is named, and keeps nobody else from it."""
    connection = await raw(unit.session)
    cursor = await connection.execute("SELECT id FROM member ORDER BY ordinal")
    everyone = [row[0] for row in await cursor.fetchall()]
    derived = Derived()
    for first in range(0, len(everyone), _BATCH):
        batch = everyone[first : first + _BATCH]
        try:
            await _add(unit, derived, batch)
        except ProfilesError:
            await _one_by_one(unit, derived, batch)
    for what, query in _ASTRAY.items():
        row = await (await connection.execute(query)).fetchone()
        if row is not None and row[0]:
            derived.misled.append(f"{row[0]} {what} are of nobody there is")
    return derived


async def check_guardians(unit: Unit, derived: Derived) -> list[str]:
    """Whether each guardian finds the children whose ledgers name them, and nobody else's."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT guardian, child, sealed FROM guardianship", binary=True
    )
    kept = {(guardian, child): sealed for guardian, child, sealed in await cursor.fetchall()}
    problems = []
    for guardian, (_, key) in (await people.keys(unit, list(derived.wards))).items():
        for tag, child in derived.wards[guardian].items():
            sealed = kept.pop((key.kinship(), tag), None)
            if sealed is None:
                problems.append(f"guardian {guardian} is on record and does not find their child")
                continue
            found = None
            with suppress(ProfilesError):
                found = key.open_field(GUARDIANSHIP, tag.hex(), sealed)
            if found != child.bytes:
                problems.append(f"guardian {guardian} is led to another than their child")
    if kept:
        problems.append(f"{len(kept)} rows of guardianship are of nobody's guardian")
    return problems


async def _one_by_one(unit: Unit, derived: Derived, batch: Sequence[UUID]) -> None:
    for member in batch:
        try:
            await _add(unit, derived, [member])
        except ProfilesError as error:
            why = error.problems[0].message
            derived.unopened.append(f"member {member} cannot be opened: {why}")


async def _add(unit: Unit, derived: Derived, ids: Sequence[UUID]) -> None:
    """These members, all or, when one of them does not open, none."""
    changes = Changes()
    batch = await people.load(unit, ids)
    ledgers = await ledger.opened(unit, {one.id: one.key for one in batch.values()})
    standings, values = dict[UUID, Standings](), dict[UUID, Mapping[str, Value]]()
    for member in batch.values():
        changes.join(member.ordinal, member.id)
        values[member.id] = _place_values(unit, changes, member)
        standings[member.id] = fold(ledgers[member.id])
        sets.place(changes, member.ordinal, standings[member.id], ledgers[member.id])
    misled = await _misled(unit, batch, values)
    for shard, change in changes.finished():
        derived.sets.apply(shard, unpack(change))
    derived.misled += misled
    for id, stands in standings.items():
        for guardian in stands.guardians:
            derived.wards[guardian][batch[id].key.kinship()] = id


def _place_values(unit: Unit, changes: Changes, member: Member) -> Mapping[str, Value]:
    """Into the sets; returns the member's values."""
    catalogue = unit.schema.catalogue
    values = {
        name: open_value(member.key, catalogue.fields[name], sealed)[0]
        for name, sealed in member.sealed.items()
        if name in catalogue.fields
    }
    place(changes, catalogue, member.ordinal, values)
    traits, computed = open_traits(member.key, catalogue, member.sealed)
    day = computed.due if computed else None
    place_traits(changes, catalogue, member.ordinal, values=traits, due=day)
    return values


async def _misled(
    unit: Unit, batch: Mapping[UUID, Member], values: Mapping[UUID, Mapping[str, Value]]
) -> list[str]:
    """Where the index leads to one of these members by what is not theirs, or not at all.

    A field may have become an identifier after its value was written; so only a member number
    is missed.
    """
    cursor = await (await raw(unit.session)).execute(_INDEX, (list(batch),), binary=True)
    catalogue, region = unit.schema.catalogue, unit.schema.region
    own = {
        id: lookup.digests(unit.epoch, catalogue, of_member, region=region)
        for id, of_member in values.items()
    }
    problems, numbered = [], set()
    for digest, id, name, epoch in await cursor.fetchall():
        if epoch != unit.epoch.number or not (
            own[id].get(name) == digest or _went_by(unit, batch[id], name, digest)
        ):
            problems.append(f"the index leads to member {id} by a {name} that is not theirs")
        elif name == NUMBER:
            numbered.add(id)
    lost = [id for id in batch if id not in numbered]
    return problems + [f"member {id} is not in the index of member numbers" for id in lost]


def _went_by(unit: Unit, member: Member, name: str, digest: bytes) -> bool:
    """Whether an earlier programme may have put the member's value into the index like that."""
    if name not in member.sealed:
        return False
    plain = member.key.open_field(TABLE, name, member.sealed[name])
    text = str(msgspec.msgpack.decode(plain, type=Kept).value)
    for kind in LOOKUPS:
        with suppress(BadValue):
            spelled = lookup.normalise(kind, text, region=unit.schema.region)
            if lookup.digest(unit.epoch, name, spelled) == digest:
                return True
    return False
