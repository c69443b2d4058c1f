"""How services bring members in and keep their values right."""

from typing import Annotated, Any
from uuid import UUID

import msgspec

from api.http.bodies import Name
from api.http.doors import Asked, Doors
from audit.entries import ActorType
from consent import guardians
from consent.choices import By
from consent.choosing import LONGEST_EVIDENCE, LONGEST_HOW
from consent.grants import authorise
from consent.programme import Action
from profiles import enrolment, members

doors = Doors(ActorType.SERVICE)

#: Where data came from (Art. 14(2)(f)); it stands in the record, so it is a name and no text.
Source = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Values = Annotated[dict[Name, Any], msgspec.Meta(min_length=1)]


class NamedGuardian(msgspec.Struct, forbid_unknown_fields=True):
    """The member who answers for a child who joins, and what proves it (Art. 8(2))."""

    member: UUID
    evidence: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_EVIDENCE)]
    how: Annotated[str, msgspec.Meta(max_length=LONGEST_HOW)] = ""


class Newcomer(msgspec.Struct, forbid_unknown_fields=True):
    """Somebody who joins. `source`: where the values came from, else the service's name.

    `guardian`: who answers for them, where they are a child.
    """

    purpose: Name
    values: Values
    source: Source | None = None
    guardian: NamedGuardian | None = None


class Correction(msgspec.Struct, forbid_unknown_fields=True):
    """Values to set; null removes one."""

    purpose: Name
    values: Values
    source: Source | None = None


class Enrolled(msgspec.Struct):
    """The id by which services know the member from now on."""

    member: UUID


@doors("POST", "/v1/members", status=201, problems=(404, 409))
async def enrol(asked: Asked, newcomer: Newcomer) -> Enrolled:
    """Enrol a member with the values the purpose may use.

    Needs `enrol`. The member number must be among the values, and nobody else's. A child's
    guardian, who is a member already, is put on record with them or not at all.
    """
    grant = authorise(
        asked.active,
        asked.who.name,
        purpose=newcomer.purpose,
        action=Action.ENROL,
        fields=newcomer.values,
    )
    made = await enrolment.enrol(
        asked.unit, grant.act, [newcomer.values], source=newcomer.source or grant.service
    )
    if (guardian := newcomer.guardian) is not None:
        await guardians.name(
            asked.unit,
            grant.act,
            asked.active,
            child=made[0].id,
            guardian=guardian.member,
            by=By.TILL,
            how=guardian.how,
            evidence=guardian.evidence,
        )
    return Enrolled(made[0].id)


@doors("PATCH", "/v1/members/{member:uuid}", problems=(409,))
async def correct(asked: Asked, correction: Correction) -> Enrolled:
    """Set some values of a member, those that the purpose may use.

    Needs `enrol`. What is not named stays as it is.
    """
    grant = authorise(
        asked.active,
        asked.who.name,
        purpose=correction.purpose,
        action=Action.ENROL,
        fields=correction.values,
    )
    member = await members.one(asked.unit, asked.id("member"), lock=True)
    await enrolment.rectify(
        asked.unit,
        grant.act,
        member,
        correction.values,
        source=correction.source or grant.service,
    )
    return Enrolled(member.id)
