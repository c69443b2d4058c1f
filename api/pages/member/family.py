"""`/my/family`: who speaks for a member who is a child, and what a guardian says for theirs.

Opens a child's member number and choices for a guardian on record (`dsar.own_children`); each
look is on record, and the child sees it. What is asked for a child has pages of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from api.http.bodies import name
from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.member.choices import Answer, said_of
from api.pages.member.purposes import JustSaid, ShownPurpose, just_said, shown
from api.people.people import Kind
from consent.errors import TermsChanged
from dsar import child_requests, own_children, own_standing
from dsar.own_children import Child
from dsar.packages.marking import mark
from dsar.packages.meanings import BY

pages = Pages(Kind.MEMBER)
PATH = "/my/family"


@dataclass(frozen=True)
class ShownGuardian:
    """Since when one is on record, and who put it there; not who it is."""

    since: datetime
    by: str


@dataclass(frozen=True)
class ShownChild:
    """`number`: their member number; `purposes`: those there is a choice about.

    `open_requests`: how many of what was asked for the child is not closed.
    """

    id: UUID
    number: str
    purposes: Sequence[ShownPurpose]
    open_requests: int


@dataclass(frozen=True)
class Family(View):
    """`child`: the member is known to be one; `age`: from which members say yes themselves."""

    template: ClassVar[str] = "member/family.html"
    title: ClassVar[str] = mark("Family")

    child: bool
    age: int
    guardians: Sequence[ShownGuardian]
    children: Sequence[ShownChild]
    just_said: JustSaid | None


@pages("GET", PATH, query=("about", "child"))
async def see(asked: Asked) -> Family:
    """One's guardians, and one's children with their choices and requests.

    `about` and `child`: the purpose answered just now, and for whom.
    """
    unit, active = asked.unit, asked.active
    own = await own_standing.standing(unit, active, asked.member)
    found = await own_children.children(unit, asked.act, active, asked.member)
    children = [await _child(asked, one) for one in found]
    return Family(
        child=own.child,
        age=active.programme.age_of_consent,
        guardians=[
            ShownGuardian(one.since, asked.speaking.coded(one.by, BY)) for one in own.guardians
        ],
        children=children,
        just_said=_just_said(asked, children),
    )


@pages("POST", "/my/family/{child:uuid}/choices/{purpose}")
async def choose(asked: Asked, answer: Answer) -> Go:
    """Say yes or no for a child, as they would for themselves, and to the text that was shown."""
    footing = asked.active.footing(name(asked.path["purpose"], place="purpose"))
    child = asked.id("child")
    to = f"{PATH}?about={footing.purpose.name}&child={child}"
    try:
        stand = await own_children.choose(
            asked.unit,
            asked.act,
            asked.active,
            asked.member,
            footing,
            child=child,
            allow=answer.allow,
            language=answer.language,
            terms=answer.terms,
        )
    except TermsChanged:  # nothing was written down
        return Go(to, said="text-changed")
    return Go(to, said=said_of(stand, allow=answer.allow))


def _just_said(asked: Asked, children: Sequence[ShownChild]) -> JustSaid | None:
    about = asked.query.get("child", "")
    child = next((one for one in children if str(one.id) == about), None)
    if child is None:
        return None
    to = f"{PATH}/{child.id}/choices"
    return just_said(asked, child.purposes, to=to, after=f"-{child.id}")


async def _child(asked: Asked, child: Child) -> ShownChild:
    found = await child_requests.listed(asked.unit, child.member)
    purposes = [shown(asked, one) for one in child.stands]
    return ShownChild(
        id=child.member.id,
        number=child.number,
        purposes=[one for one in purposes if one.can_choose],
        open_requests=sum(one.state.is_open for one in found),
    )
