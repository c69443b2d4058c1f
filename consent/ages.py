"""How old a member is, as far as consent asks (Art. 8): opens the birth date and nothing else."""

from datetime import date

from consent.footing import Footing
from profiles.members import Member
from profiles.sealing import open_value
from profiles.unit import Unit


def born(unit: Unit, footing: Footing, member: Member) -> date | None:
    """The member's birth date, where the programme has one; None when it is not known."""
    field = footing.birth_field
    declared = unit.schema.catalogue.fields.get(field or "")
    if declared is None or field is None or field not in member.sealed:
        return None
    value, _ = open_value(member.key, declared, member.sealed[field])
    return value if isinstance(value, date) else None


def is_child(footing: Footing, today: date, born: date | None) -> bool | None:
    """Whether they are under the age of consent today; None when nobody knows."""
    return None if born is None else born > footing.youngest(today)
