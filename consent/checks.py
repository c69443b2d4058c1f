"""Checks of what is derived: the ledger against the record, and the sets against the ledger.

For `tillit audit verify`, with keys in hand. The record itself is checked by `audit.check`.
"""

from hashlib import sha256
from uuid import UUID

from audit.browsing import all_entries
from audit.entries import Kind
from audit.errors import EntryInvalid
from consent import eligibility, ledger
from consent.choices import fold
from kernel.database import raw
from profiles.catalogue import field_of_set
from profiles.changes import Changes, unpack
from profiles.errors import ProfilesError
from profiles.folding import all_opened
from profiles.labels import Label
from profiles.members import Member, load
from profiles.placing import DUE, place, place_traits
from profiles.refreshing import due
from profiles.sealing import open_traits, open_value
from profiles.shard import MemberSets
from profiles.unit import Unit

_BATCH = 1_000


async def check(unit: Unit) -> list[str]:
    """What is wrong, in words; nothing when all is well. Reads everything; changes nothing."""
    return [*await check_ledger(unit), *await check_sets(unit)]


async def check_ledger(unit: Unit) -> list[str]:
    """Each ledger row as its entry says, and none missing but those of erased members."""
    said: dict[UUID, tuple[str, str | None]] = {}
    erased: set[str | None] = set()
    try:
        async for entry in all_entries(unit.session):
            if entry.kind == Kind.CHOICE_RECORDED:
                said[entry.id] = (str(entry.facts.get("ledger")), entry.subject)
            elif entry.kind == Kind.MEMBER_ERASED:
                erased.add(entry.subject)
    except EntryInvalid as error:
        return [f"the ledger cannot be compared with the record: {error}"]
    connection = await raw(unit.session)
    cursor = await connection.execute("SELECT id, sealed FROM ledger", binary=True)
    problems = []
    for row, sealed in await cursor.fetchall():
        digest, _ = said.pop(row, (None, None))
        if digest is None:
            problems.append(f"ledger row {row} has no entry in the record")
        elif digest != sha256(sealed).hexdigest():
            problems.append(f"ledger row {row} is not what was put on record")
    problems += [
        f"ledger row {row} is on record and missing"
        for row, (_, subject) in said.items()
        if subject not in erased
    ]
    return problems


async def check_sets(unit: Unit) -> list[str]:
    """The sets as they would be if derived anew from values and ledger, compared with them."""
    try:
        kept = await all_opened(await raw(unit.session), unit.epoch.sealing(Label.SETS))
        derived = await _derived(unit)
    except ProfilesError as error:
        return [f"member sets cannot be compared: {error}"]
    # Members whose traits are due are brought up to date before the next answer, not before.
    waiting = due(kept, unit)
    problems = []
    for name in sorted(kept.sets.keys() | derived.sets.keys()):
        if field_of_set(name) == DUE or not _declared(unit, name):
            continue
        wrong = (kept.get(name) ^ derived.get(name)) - waiting
        if wrong:
            problems.append(f"the set {name} is wrong about {len(wrong)} members")
    return problems


def _declared(unit: Unit, name: str) -> bool:
    """Sets of fields that a programme no longer has are dead weight, not a mistake."""
    field = field_of_set(name)
    return field in unit.schema.catalogue.names or not field.isidentifier()


async def _derived(unit: Unit) -> MemberSets:
    """The sets of every member, from what is sealed under their own keys alone."""
    connection = await raw(unit.session)
    cursor = await connection.execute("SELECT id FROM member ORDER BY ordinal")
    everyone = [row[0] for row in await cursor.fetchall()]
    derived = MemberSets()
    for first in range(0, len(everyone), _BATCH):
        changes = Changes()
        batch = await load(unit, everyone[first : first + _BATCH])
        ledgers = await ledger.opened(unit, {one.id: one.key for one in batch.values()})
        for member in batch.values():
            changes.join(member.ordinal, member.id)
            _place_values(unit, changes, member)
            said = ledgers[member.id]
            purposes = {choice.purpose for choice in said}
            eligibility.place(changes, member.ordinal, fold(said), purposes)
        for shard, change in changes.finished():
            derived.apply(shard, unpack(change))
    return derived


def _place_values(unit: Unit, changes: Changes, member: Member) -> None:
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
