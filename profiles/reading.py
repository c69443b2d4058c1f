"""Opening what is sealed. Called by the gate and by data subject requests, by nobody else."""

from collections.abc import Collection

from profiles.catalogue import Field, Trait, TraitKind
from profiles.events import opened, readable
from profiles.members import Member
from profiles.opened import Opened
from profiles.purchases import Purchase
from profiles.sealing import open_traits, open_value
from profiles.traits import compute, dated
from profiles.unit import Unit
from profiles.values import Value


async def values(unit: Unit, member: Member, names: Collection[str]) -> dict[str, Opened]:
    """Those of `names` (fields and traits) that are known about the member.

    Opens exactly these and what they are computed from. Raises `UnknownField`.
    """
    catalogue = unit.schema.catalogue
    found: dict[str, Opened] = {}
    wanted = [catalogue.get(name) for name in names]
    for entry in wanted:
        if isinstance(entry, Field) and entry.name in member.sealed:
            value, kept = open_value(member.key, entry, member.sealed[entry.name])
            found[entry.name] = Opened(value, kept.source, kept.at)
    traits = [entry for entry in wanted if isinstance(entry, Trait)]
    if any(trait.kind is not TraitKind.AGE for trait in traits):
        computed = await _traits(unit, member)
        for trait in traits:
            if trait.name in computed:
                found[trait.name] = Opened(computed[trait.name], "computed", unit.now)
    for trait in traits:
        if trait.kind is TraitKind.AGE and trait.source in member.sealed:
            born, kept = open_value(
                member.key, catalogue.fields[trait.source], member.sealed[trait.source]
            )
            found[trait.name] = Opened(age_on(born, unit), "computed", kept.at)
    return found


async def purchases(unit: Unit, member: Member) -> list[Purchase]:
    """Everything the member bought and we know of, oldest first."""
    found = await opened(unit, {member.id: member.key})
    return found[member.id]


async def readable_purchases(unit: Unit, member: Member) -> tuple[list[Purchase], int]:
    """As `purchases`, without those that were damaged; and how many these are. For erasure."""
    return await readable(unit, member)


def age_on(born: Value, unit: Unit) -> int:
    """Whole years lived; who is born on 29 February grows older on 1 March in common years."""
    today = unit.today
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))  # type: ignore[union-attr]


async def _traits(unit: Unit, member: Member) -> dict[str, Value]:
    """The traits as of today: those kept if no window has moved since, else computed."""
    catalogue = unit.schema.catalogue
    values, computed = open_traits(member.key, catalogue, member.sealed)
    if (
        computed is not None
        and (computed.due is None or computed.due > unit.today)
        and computed.version == unit.schema.version
    ):
        return values
    found = await opened(unit, {member.id: member.key})
    bought = dated(found[member.id], unit.schema.zone)
    return compute(catalogue.traits.values(), bought, unit.today)
