"""`/my/requests`: what one has asked for, where it stands and what it waits for; and the same of
what a guardian has asked for a child.

Reads the register; what each request is about in particular is opened on its own page.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar
from uuid import UUID

from api.pages.answers import View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.member import standing, whose
from api.pages.member.offers import Offer, offers
from api.pages.member.standing import Summary
from api.people.people import Kind
from dsar import child_requests, register
from dsar.packages.marking import mark
from dsar.register import Request

pages = Pages(Kind.MEMBER)


@dataclass(frozen=True)
class Requests(View):
    """`base`: where they are; `offers`: what can be asked for, where nothing was asked yet.

    `fetches`: those whose package this reader may fetch.
    """

    template: ClassVar[str] = "member/requests.html"
    title: ClassVar[str] = mark("My requests")

    base: str
    child: bool
    open: Sequence[Summary]
    closed: Sequence[Summary]
    fetches: Collection[UUID]
    offers: Sequence[Offer]


@dataclass(frozen=True)
class ChildRequests(Requests):
    title: ClassVar[str] = mark("Requests for your child")


@pages("GET", whose.OWN)
async def mine(asked: Asked) -> Requests:
    """One's own, the most urgent first."""
    found = await register.listed(asked.unit, member=asked.member.id)
    fetches = {one.id for one in found}
    return await _listing(Requests, asked, whose.own(asked), found, fetches)


@pages("GET", whose.CHILDS)
async def theirs(asked: Asked) -> ChildRequests:
    """What guardians have asked for a child one answers for."""
    about = await whose.childs(asked)
    found = await child_requests.listed(asked.unit, about.about)
    fetches = await child_requests.asked_for(asked.unit, about.about, guardian=asked.member)
    return await _listing(ChildRequests, asked, about, found, fetches)


V = TypeVar("V", bound=Requests)


async def _listing(
    kind: type[V],
    asked: Asked,
    about: whose.Whose,
    found: Sequence[Request],
    fetches: Collection[UUID],
) -> V:
    shown = await standing.summaries(asked, about, found)
    return kind(
        base=about.base,
        child=about.child,
        open=[one for one in shown if one.is_open],
        closed=[one for one in reversed(shown) if not one.is_open],
        fetches=fetches,
        offers=[] if found else offers(asked),
    )
