"""Checks of what is derived: ledger, programmes and footprints against the record, and the
sets against the ledger.

For `tillit audit verify`, with keys in hand. The record itself is checked by `audit.check`.
"""

from hashlib import sha256
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from audit.browsing import all_entries
from audit.entries import Kind
from audit.errors import EntryInvalid
from consent import ledger, sets
from consent.contacts import contacted_days, counts
from consent.footprints import open_footprint, open_sets
from consent.programmes import Programmes
from consent.standings import fold
from kernel.database import raw
from kernel.errors import TillitError
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
#: Entries about many members, each with a footprint.
_ABOUT_MANY = (
    Kind.SEGMENT_EVALUATED,
    Kind.SEGMENT_PREVIEWED,
    Kind.DECISIONS_MADE,
    Kind.CONTACTS_RECORDED,
    Kind.CONSENTS_LISTED,
)


async def check(unit: Unit) -> list[str]:
    """What is wrong, in words; nothing when all is well. Reads everything; changes nothing."""
    return [
        *await check_ledger(unit),
        *await check_sets(unit),
        *await check_footprints(unit),
    ]


async def check_programmes(session: AsyncSession, programmes: Programmes) -> list[str]:
    """Each version signed and as its entry says, and none missing. Needs no version in force."""
    cursor = await (await raw(session)).execute("SELECT number FROM programme_version")
    numbers = sorted(row[0] for row in await cursor.fetchall())
    problems, found = [], {}
    for number in numbers:
        try:
            found[number] = (await programmes.read(session, number)).programme.digest.hex()
        except TillitError as error:
            problems.append(f"programme version {number}: {error.problems[0].message}")
    try:
        kinds = [Kind.PROGRAMME_APPLIED]
        entries = [entry.facts async for entry in all_entries(session, kinds=kinds)]
    except EntryInvalid as error:
        return [*problems, f"programmes cannot be compared with the record: {error}"]
    said = {facts.get("version"): facts.get("digest") for facts in entries}
    problems += [
        f"programme version {number} is not what was put on record"
        for number, digest in found.items()
        if said.get(number) != digest
    ]
    lost = said.keys() - set(numbers)
    return problems + [f"programme version {number} is on record and missing" for number in lost]


async def check_footprints(unit: Unit) -> list[str]:
    """Each use of many still tells its question and who it names, as its entry committed to."""
    problems: list[str] = []
    addresses: set[bytes] = set()
    promised: dict[UUID, str] = {}
    try:
        async for entry in all_entries(unit.session, kinds=_ABOUT_MANY):
            if entry.commitment is not None:
                promised[entry.id] = entry.commitment
            if len(promised) == _BATCH:
                addresses |= await _opened(unit, promised, problems)
                promised = {}
        addresses |= await _opened(unit, promised, problems)
    except EntryInvalid as error:
        return [f"footprints cannot be compared with the record: {error}"]
    in_order = sorted(addresses)
    for first in range(0, len(in_order), _BATCH):
        kept_sets = await open_sets(unit, in_order[first : first + _BATCH])
        problems += [
            f"a set of members, kept at {address.hex()}, is lost"
            for address, kept in kept_sets.items()
            if kept is None
        ]
    return problems


async def _opened(unit: Unit, promised: dict[UUID, str], problems: list[str]) -> set[bytes]:
    """The addresses that these entries' footprints name; a problem for each that is lost."""
    cursor = await (await raw(unit.session)).execute(
        "SELECT entry, sealed FROM audit_detail WHERE entry = ANY(%s)",
        (list(promised),),
        binary=True,
    )
    sealed = dict(await cursor.fetchall())
    addresses: set[bytes] = set()
    for entry, commitment in promised.items():
        kept = sealed.get(entry)
        footprint = kept and open_footprint(unit.epoch, entry, kept, commitment=commitment)
        if footprint:
            addresses |= footprint.addresses
        else:
            problems.append(f"the detail of entry {entry} is lost or another")
    return addresses


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
        for name, those in (await contacted_days(unit)).items():
            derived.sets[name] = those & derived.everyone  # without those erased since
    except (ProfilesError, EntryInvalid) as error:
        return [f"member sets cannot be compared: {error}"]
    # Members whose traits are due are brought up to date before the next answer, not before.
    waiting = due(kept, unit)
    problems = []
    for name in sorted(kept.sets.keys() | derived.sets.keys()):
        if field_of_set(name) == DUE or not _declared(unit, name) or not counts(name, unit.today):
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
            sets.place(changes, member.ordinal, fold(said), said)
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
