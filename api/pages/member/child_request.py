"""`/my/family/{child}/requests/{id}`: what a guardian has asked for a child, and taking it back.

Theirs alone: what the child or another guardian has asked for is not opened here. After a second
proof; each look is on record under the child's pseudonym, and the child sees it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.member import standing, steps, whose
from api.pages.member.one_request import ShownWish, shown_wish
from api.pages.member.standing import Summary
from api.pages.member.steps import ShownStep
from api.people.people import Kind
from dsar import child_requests, desk
from dsar.packages.marking import mark

pages = Pages(Kind.MEMBER)
PATH = whose.CHILDS + "/{request:uuid}"


@dataclass(frozen=True)
class ChildRequest(View):
    """`base`: where the child's requests are; `history`: None where the record cannot tell."""

    template: ClassVar[str] = "member/child_request.html"
    title: ClassVar[str] = mark("A request for your child")

    base: str
    one: Summary
    wish: ShownWish | None
    history: Sequence[ShownStep] | None


@pages("GET", PATH, proved=True)
async def see(asked: Asked) -> ChildRequest:
    """Where it stands, what was asked for, and what has happened."""
    about = await whose.childs(asked)
    found = await child_requests.one(
        asked.unit, about.about, guardian=asked.member, request=asked.id("request")
    )
    wish = await desk.wish_opened(asked.unit, about.act, found)
    return ChildRequest(
        base=about.base,
        one=await standing.of(asked, about, found.id),
        wish=shown_wish(asked, about.about, wish),
        history=await steps.steps(asked, found, of=about.about),
    )


@pages("POST", PATH + "/cancel", proved=True)
async def cancel(asked: Asked) -> Go:
    """Take it back, while it has not been carried out."""
    about, request = await whose.childs(asked), asked.id("request")
    await child_requests.cancel(
        asked.unit, asked.act, about.about, guardian=asked.member, request=request
    )
    return Go(f"{about.base}/{request}", said="cancelled")
