"""What guardians see of their children, and say for them (Art. 8).

Opens a child's member number, for a guardian on record, so that they know which child they
speak for; each look is on record, and the child sees it.
"""

from dataclasses import dataclass
from uuid import UUID

from audit.acts import Act
from audit.entries import Kind
from consent import guardians
from consent.footing import Footing
from consent.history import Stand
from consent.programmes import Active
from dsar import own_choices
from profiles import reading
from profiles.members import NUMBER, Member
from profiles.unit import Unit


@dataclass(frozen=True)
class Child:
    """A child, and where they stand."""

    member: Member
    number: str
    stands: list[Stand]


async def children(unit: Unit, act: Act, active: Active, guardian: Member) -> list[Child]:
    """Those whom this member may answer for; on record, of each, as `choices.viewed`.

    Who answers for themselves is not shown any more, just as `guardians.ward` hears nobody for
    them.
    """
    footing = next(iter(active.footings.values()))
    found = await guardians.wards(unit, footing, guardian)
    shown = []
    for child, standings in sorted(found.items(), key=lambda one: one[0].id):
        number = (await reading.values(unit, child, [NUMBER]))[NUMBER].value
        stands = own_choices.stands(unit, active, child, standings)
        shown.append(Child(child, str(number), stands))
        entry = guardians.speaking_for(act, child).entry(
            Kind.CHOICES_VIEWED,
            subject=child.key.subject(),
            facts={"fields": [NUMBER], "how": "guardian"},
        )
        await unit.record.write(unit.session, entry)
    return shown


async def choose(
    unit: Unit,
    act: Act,
    active: Active,
    guardian: Member,
    footing: Footing,
    *,
    child: UUID,
    allow: bool,
    language: str | None,
    terms: str | None = None,
) -> Stand:
    """What a guardian says for their child. Raises as `own_choices.choose` and `guardians.ward`."""
    ward = await guardians.ward(unit, footing, guardian, child)
    return await own_choices.choose(
        unit,
        guardians.speaking_for(act, ward),
        active,
        ward,
        footing,
        allow=allow,
        language=language,
        terms=terms,
        guardian=guardian.id,
    )
