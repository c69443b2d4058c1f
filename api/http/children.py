"""How guardians answer for their children (Art. 8), and officers put on record who they are."""

from typing import Annotated
from uuid import UUID

import msgspec

from api.http.bodies import name
from api.http.doors import Asked, Doors
from api.http.my_choices import Choice, MyChoice, language, one_shown, shown
from audit.entries import ActorType
from consent import guardians
from consent.choices import By
from consent.choosing import LONGEST_EVIDENCE, LONGEST_HOW
from consent.programme import Ability
from dsar import own_children

doors = Doors(ActorType.MEMBER)
officers = Doors(ActorType.OFFICER)


class MyChild(msgspec.Struct):
    """A child the member answers for; `number` is the child's member number."""

    member: UUID
    number: str
    choices: list[MyChoice]


class GuardianProof(msgspec.Struct, forbid_unknown_fields=True):
    """What proves that somebody is the guardian, and by which means it came.

    `how`: such as "paper"; `evidence`: where it can be seen, such as the form's number.
    """

    evidence: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_EVIDENCE)]
    how: Annotated[str, msgspec.Meta(max_length=LONGEST_HOW)] = ""


class GuardiansNow(msgspec.Struct):
    """Who is on record to answer for the member."""

    member: UUID
    guardians: list[UUID]


@doors("GET", "/v1/me/children", query=("language",))
async def children(asked: Asked) -> list[MyChild]:
    """The children you answer for, and where they stand; they see that you looked.

    Who has come of age, or may have since their birth date was taken away, answers for themselves
    and is not shown any more. `language`: as for your own choices.
    """
    found = await own_children.children(asked.unit, asked.act, asked.active, asked.member)
    spoken = language(asked)
    return [
        MyChild(one.member.id, one.number, shown(asked.active, one.stands, spoken)) for one in found
    ]


@doors("PUT", "/v1/me/children/{child:uuid}/choices/{purpose}", problems=(409,))
async def choose(asked: Asked, choice: Choice) -> MyChoice:
    """Say yes or no for a child you answer for, as they would for themselves.

    404 for anybody else, whether or not there is such a member.
    """
    stands = await own_children.choose(
        asked.unit,
        asked.act,
        asked.active,
        asked.member,
        asked.active.footing(name(asked.path["purpose"], place="purpose")),
        child=asked.id("child"),
        allow=choice.allow,
        language=choice.language,
        terms=choice.terms,
    )
    return one_shown(asked.active, stands, choice.language)


@officers("PUT", "/v1/members/{member:uuid}/guardians/{guardian:uuid}", ability=Ability.REQUESTS)
async def name_guardian(asked: Asked, proof: GuardianProof) -> GuardiansNow:
    """Put on record that a member is the guardian of a child, with what proves it (Art. 8(2)).

    The guardian is another member, and a grown-up as far as is known; the child is no grown-up.
    """
    standings = await guardians.name(
        asked.unit,
        asked.act,
        asked.active,
        child=asked.id("member"),
        guardian=asked.id("guardian"),
        by=By.OFFICER,
        how=proof.how,
        evidence=proof.evidence,
    )
    return GuardiansNow(asked.id("member"), sorted(standings.guardians))


@officers("DELETE", "/v1/members/{member:uuid}/guardians/{guardian:uuid}", ability=Ability.REQUESTS)
async def remove_guardian(asked: Asked) -> GuardiansNow:
    """Put on record that a member is a child's guardian no more; what they said stands."""
    standings = await guardians.remove(
        asked.unit,
        asked.act,
        child=asked.id("member"),
        guardian=asked.id("guardian"),
        by=By.OFFICER,
    )
    return GuardiansNow(asked.id("member"), sorted(standings.guardians))
