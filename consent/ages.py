"""How old a member is, as far as consent asks (Art. 8): opens the birth date and nothing else."""

from datetime import date, datetime

from audit.browsing import naming
from audit.entries import Kind
from consent.errors import GuardianNeeded
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


async def last_changed(unit: Unit, footing: Footing, member: Member) -> datetime | None:
    """When the birth date was last set right or taken away, as the record has it; None if never.

    Opens nothing. Raises `RecordTampered` for an entry that is not ours.
    """
    changes = await naming(
        unit.session,
        f'"kind":"{Kind.PROFILE_CHANGED}"',
        subject=member.key.subject(),
        trust=unit.record.trust,
    )
    about = [one.at for one in changes if footing.birth_field in one.facts.get("fields", ())]
    return max(about, default=None)


def is_child(footing: Footing, today: date, born: date | None) -> bool | None:
    """Whether they are under the age of consent today; None when nobody knows."""
    return None if born is None else born > footing.youngest(today)


def was_child(unit: Unit, footing: Footing, member: Member, at: datetime) -> bool:
    """Whether the member, as far as is known, was under the age of consent at that time."""
    day = at.astimezone(unit.schema.zone).date()
    return bool(is_child(footing, day, born(unit, footing, member)))


def refuse_own_yes(unit: Unit, footing: Footing, member: Member, at: datetime) -> None:
    """Raises `GuardianNeeded` for a consent that the member gave themselves while a child.

    It is not kept for later: what was no consent then is none when they come of age.
    """
    if footing.needs_consent and was_child(unit, footing, member, at):
        raise GuardianNeeded(
            f"who is not yet {footing.age_of_consent} needs a guardian's word for this",
            place="allow",
            remedy="their guardian says it (Art. 8)",
        )
