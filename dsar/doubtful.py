"""Whose yes is not proved, and whose runs out soon: by name, for the officers who answer for it.

The controller has to be able to show each consent (Arts. 5(2) and 7(1)), and so to find those that
it cannot. Opens member numbers and nothing else; each look is on record, and each member who was
named sees it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from audit.acts import Act
from audit.entries import Kind
from consent import due
from consent.due import Due
from consent.programmes import Active
from dsar.errors import NotIdentified
from profiles import members, reading
from profiles.members import NUMBER
from profiles.replica import Replica
from profiles.unit import Unit


@dataclass(frozen=True)
class Named:
    """`number`: their member number."""

    member: UUID
    number: str


@dataclass(frozen=True)
class Doubtful:
    """Some of `total`, in the order in which they joined."""

    total: int
    people: Sequence[Named]


async def listed(
    unit: Unit,
    act: Act,
    active: Active,
    replica: Replica,
    *,
    purpose: str,
    which: Due,
    skip: int,
    limit: int,
    lately: bool,
) -> Doubtful:
    """At most `limit` of the list after the first `skip`.

    `lately`: the officer has given a second proof a moment ago; without one nobody is named, and
    `NotIdentified` is raised. On record as `consents.listed`, and each number as `profile.read`.
    Raises also as `consent.due.doubtful`.
    """
    if not lately:
        raise NotIdentified("nobody is named without a second proof", place="officer")
    footing = active.footing(purpose)
    page = await due.doubtful(unit, act, footing, replica, which=which, skip=skip, limit=limit)
    found = await members.load(unit, page.members)
    people, entries = [], []
    for id in page.members:
        if id not in found:
            continue  # erased in this very moment
        member = found[id]
        opened = await reading.values(unit, member, [NUMBER])
        people.append(Named(id, str(opened[NUMBER].value)))
        entries.append(
            act.about(purpose).entry(
                Kind.PROFILE_READ, subject=member.key.subject(), facts={"fields": [NUMBER]}
            )
        )
    await unit.record.write_many(unit.session, entries)
    return Doubtful(page.total, people)
