"""Forgetting, in what others have handed in, by what name a member goes who is being erased.

Whoever hands it in names a member by their identifiers, which wait sealed until somebody has
looked. Of one who is erased nothing of that stays; what names others besides is left to them.
"""

from collections.abc import Iterable

from msgspec import structs

from dsar.opendsr import handed
from dsar.opendsr.handed import State
from dsar.telling import Identities
from profiles import lookup
from profiles.errors import BadValue
from profiles.unit import Unit

_MANY = 1_000_000
_UNDECIDED = (State.RECEIVED, State.HELD)


async def forget(unit: Unit, known: Iterable[Identities]) -> int:
    """Take all these identifiers out of all that waits for a look; returns out of how many.

    What names nobody else waits from then on as one about nobody does, and ends like it.
    """
    waiting = [one for one in await handed.listed(unit, limit=_MANY) if one.state in _UNDECIDED]
    if not waiting:
        return 0
    wanted = {_form(unit, *pair) for one in known for pair in one.items()}
    count = 0
    for seen in waiting:
        one = await handed.one(unit, seen.id, lock=True)
        if one.state not in _UNDECIDED or one.kept is None:
            continue
        named = one.kept.identities
        left = tuple(pair for pair in named if _form(unit, *pair) not in wanted)
        if left != named:
            state = one.state if left else State.WAITING
            await handed.looked(unit, one, state, kept=structs.replace(one.kept, identities=left))
            count += 1
    return count


def _form(unit: Unit, name: str, value: str) -> tuple[str, str]:
    """An identifier in the spelling by which it is found."""
    field = unit.schema.catalogue.fields.get(name)
    if field is None or field.lookup is None:
        return name, value
    try:
        return name, lookup.normalise(field.lookup, value, region=unit.schema.region)
    except BadValue:
        return name, value
