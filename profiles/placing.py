"""Which sets a member's values put them in, and out of."""

from collections.abc import Mapping
from datetime import date

from profiles.catalogue import Catalogue, Field, sets_of
from profiles.changes import Changes
from profiles.values import Value, to_number

#: A stack with the day on which a member's traits next change by themselves.
DUE = "~due"


def place(
    changes: Changes, catalogue: Catalogue, ordinal: int, values: Mapping[str, Value]
) -> None:
    """Into the sets of these field values."""
    for name, value in values.items():
        field = catalogue.fields[name]
        if not field.segmentable:
            continue
        if field.type.numeric:
            changes.assign(name, ordinal, to_number(value))
        else:
            for set_name in sets_of(field, value):
                changes.add(set_name, ordinal)


def take_out(changes: Changes, field: Field, ordinal: int, value: Value) -> None:
    """Out of the sets of a value that no longer holds."""
    if not field.segmentable:
        return
    if field.type.numeric:
        changes.assign(field.name, ordinal, None)
    else:
        for set_name in sets_of(field, value):
            changes.remove(set_name, ordinal)


def place_traits(
    changes: Changes,
    catalogue: Catalogue,
    ordinal: int,
    *,
    values: Mapping[str, Value],
    due: date | None,
) -> None:
    """Onto the stacks of these traits; a trait without a value becomes unknown."""
    for trait in catalogue.traits.values():
        if trait.stored:
            value = values.get(trait.name)
            changes.assign(trait.name, ordinal, None if value is None else to_number(value))
    changes.assign(DUE, ordinal, None if due is None else to_number(due))
