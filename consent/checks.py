"""Checks of what is derived: ledger, programmes and footprints against the record, and what
is derived from members' values and ledgers against them; figures open.

For `tillit audit verify`, with keys in hand. The record itself is checked by `audit.check`.
"""

from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from audit.browsing import Told, ours_of
from audit.entries import Kind
from audit.trusting import Trust
from consent.contacts import contacted_days, counts
from consent.figures import kept as kept_figures
from consent.footprints import open_footprint, open_sets
from consent.programmes import Programmes
from consent.rederiving import check_guardians, derive
from kernel.database import raw
from kernel.errors import TillitError
from profiles.catalogue import field_of_set
from profiles.errors import ProfilesError
from profiles.folding import all_opened
from profiles.labels import Label
from profiles.placing import DUE
from profiles.refreshing import due
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
        *await check_figures(unit),
    ]


@dataclass(frozen=True)
class Checked:
    """What is wrong with programme versions. `stands`: the one in force is the one on record, so
    that what it says can be used to open and compare what else there is.
    """

    problems: list[str]
    stands: bool


async def check_programmes(
    session: AsyncSession, programmes: Programmes, *, trust: Trust
) -> Checked:
    """Each version signed and as its entry says, and none missing. Needs no version in force."""
    cursor = await (await raw(session)).execute("SELECT number FROM programme_version")
    numbers = sorted(row[0] for row in await cursor.fetchall())
    problems, found = list[str](), {}
    for number in numbers:
        try:
            found[number] = (await programmes.read(session, number)).programme.digest.hex()
        except TillitError as error:
            problems.append(f"programme version {number}: {error.problems[0].message}")
    said = await _applied(session, trust, problems)
    problems += [
        f"programme version {number} is not what was put on record"
        for number, digest in found.items()
        if said.get(number) != digest
    ]
    lost = sorted(said.keys() - set(numbers))
    problems += [f"programme version {number} is on record and missing" for number in lost]
    newest = max((*numbers, *said), default=None)
    stands = newest is not None and found.get(newest, "") == said.get(newest)
    return Checked(problems, stands)


async def _applied(session: AsyncSession, trust: Trust, problems: list[str]) -> dict[int, str]:
    """The digests of the versions that are on record; a problem for what is no such entry."""
    said = {}
    pass_over = _naming("programmes", problems)
    kinds = [Kind.PROGRAMME_APPLIED]
    entries = ours_of(session, kinds, trust=trust, passed_over=pass_over, by_tree=True)
    async for entry in entries:
        said[int(entry.facts["version"])] = str(entry.facts["digest"])
    return said


def _naming(what: str, problems: list[str]) -> Callable[[UUID], None]:
    """Names an entry that is none of ours, and goes on."""

    def pass_over(id: UUID) -> None:
        problems.append(f"entry {id} was not written by us: {what} are compared without it")

    return pass_over


async def check_footprints(unit: Unit) -> list[str]:
    """Each use of many still tells its question and who it names, as its entry committed to."""
    problems: list[str] = []
    addresses: set[bytes] = set()
    promised: dict[UUID, str] = {}
    async for entry in _entries(unit, _ABOUT_MANY, _naming("footprints", problems)):
        if entry.commitment is not None:
            promised[entry.id] = entry.commitment
        if len(promised) == _BATCH:
            addresses |= await _opened(unit, promised, problems)
            promised = {}
    addresses |= await _opened(unit, promised, problems)
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


def _entries(
    unit: Unit, kinds: Collection[Kind], passed_over: Callable[[UUID], None]
) -> AsyncIterator[Told]:
    return ours_of(unit.session, kinds, trust=unit.record.trust, passed_over=passed_over)


async def check_ledger(unit: Unit) -> list[str]:
    """Each ledger row as its entry says, and none missing but those of erased members."""
    said: dict[UUID, tuple[str, str | None]] = {}
    erased: set[str | None] = set()
    problems: list[str] = []
    kinds = (Kind.CHOICE_RECORDED, Kind.MEMBER_ERASED)
    async for entry in _entries(unit, kinds, _naming("choices", problems)):
        if entry.kind == Kind.CHOICE_RECORDED:
            said[entry.id] = (str(entry.facts.get("ledger")), entry.subject)
        else:
            erased.add(entry.subject)
    connection = await raw(unit.session)
    cursor = await connection.execute("SELECT id, sealed FROM ledger", binary=True)
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
    """The sets, the index of identifiers and who finds whose children, as they would be if
    derived anew from values and ledger, compared with them."""
    derived = await derive(unit)
    problems = [*derived.unopened, *derived.misled]
    if derived.unopened:
        return [*problems, "member sets cannot be compared before all members can be opened"]
    problems += await check_guardians(unit, derived)
    try:
        kept = await all_opened(await raw(unit.session), unit.epoch.sealing(Label.SETS))
        for name, those in (await contacted_days(unit)).items():
            # Without those erased since.
            derived.sets.sets[name] = those & derived.sets.everyone
    except ProfilesError as error:
        return [*problems, f"member sets cannot be compared: {error}"]
    return problems + _differences(unit, kept, derived.sets)


def _differences(unit: Unit, kept: MemberSets, derived: MemberSets) -> list[str]:
    problems = []
    both = np.frombuffer((kept.everyone & derived.everyone).to_array(), np.uint32)
    others = kept.ids.take(both, axis=0) != derived.ids.take(both, axis=0)
    if wrong := int(others.any(axis=1).sum()):
        problems.append(f"the ids in the sets are wrong about {wrong} members")
    # Members whose traits are due are brought up to date before the next answer, not before.
    waiting = due(kept, unit)
    for name in sorted(kept.sets.keys() | derived.sets.keys()):
        if field_of_set(name) == DUE or not _declared(unit, name) or not counts(name, unit.today):
            continue
        if those := (kept.get(name) ^ derived.get(name)) - waiting:
            problems.append(f"the set {name} is wrong about {len(those)} members")
    return problems


async def check_figures(unit: Unit) -> list[str]:
    """Each day's figures open where they stand. Whether one was deleted, nobody can tell."""
    problems = []
    for day in sorted(await kept_figures.days(unit, date.min, date.max)):
        try:
            await kept_figures.between(unit, day, day)
        except ProfilesError:
            problems.append(f"the figures of {day} do not open")
    return problems


def _declared(unit: Unit, name: str) -> bool:
    """Sets of fields that a programme no longer has are dead weight, not a mistake."""
    field = field_of_set(name)
    return field in unit.schema.catalogue.names or not field.isidentifier()
