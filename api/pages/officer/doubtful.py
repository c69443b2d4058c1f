"""`/desk/consent/people`: whose yes nothing proves and whose runs out soon, by member number.

After a second proof only, some on each page; every look is on record, and those who are named see
it. For officers who handle requests: the programme's own page tells figures, and nobody by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode
from uuid import UUID

from api.http.bodies import whole
from api.http.errors import Misshapen
from api.pages.answers import View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.inbox import Option, Tab
from api.people.people import Kind
from consent.due import SOON, Due
from consent.programme import Ability
from dsar import doubtful
from dsar.packages.marking import mark

pages = Pages(Kind.OFFICER)
PATH = "/desk/consent/people"
SHOWN = 50  # on a page
LISTS: Mapping[Due, str] = {
    Due.RECONFIRM: mark("A yes that nothing proves"),
    Due.REMIND: mark("A yes that runs out soon"),
}


@dataclass(frozen=True)
class Person:
    id: UUID
    number: str


@dataclass(frozen=True)
class People(View):
    """`number`: of the page, of `pages`; `days`: within which a yes runs out, if that is the list;
    `to`: this list's address, before a page's number."""

    template: ClassVar[str] = "officer/people.html"
    title: ClassVar[str] = mark("Whose yes is in doubt")

    views: Sequence[Tab]
    view: str
    what: str
    purposes: Sequence[Option]
    days: int | None
    people: Sequence[Person]
    count: int
    number: int
    pages: int
    to: str


@pages("GET", PATH, ability=Ability.REQUESTS, proved=True, query=("list", "purpose", "page"))
async def see(asked: Asked) -> People:
    """One list of one purpose: the first that rests on consent, if none is picked."""
    footings = asked.active.footings
    asking = [name for name, one in footings.items() if one.needs_consent]
    purpose = asked.query.get("purpose") or next(iter(asking), "")
    if purpose not in asking:
        raise Misshapen("there is no such purpose to say yes to", place="purpose")
    which = _list(asked)
    number = whole(asked.query.get("page", "1"), most=1_000_000, place="page")
    found = await doubtful.listed(
        asked.unit,
        asked.act,
        asked.active,
        asked.tillit.replica,
        purpose=purpose,
        which=which,
        skip=(number - 1) * SHOWN,
        limit=SHOWN,
        lately=asked.proved_lately,
    )
    say = asked.speaking.say
    declared = asked.active.programme.purposes
    return People(
        views=[Tab(_to(purpose, one), say(text), one is which) for one, text in LISTS.items()],
        view=which.value,
        what=say(LISTS[which]),
        purposes=[
            Option(one, asked.speaking.titled(asked.active, one), one == purpose) for one in asking
        ],
        days=(declared[purpose].remind_days or SOON) if which is Due.REMIND else None,
        people=[Person(one.member, one.number) for one in found.people],
        count=found.total,
        number=number,
        pages=-(-found.total // SHOWN),
        to=_to(purpose, which),
    )


def _list(asked: Asked) -> Due:
    sent = asked.query.get("list") or Due.RECONFIRM.value
    known = {one.value: one for one in LISTS}
    if sent not in known:
        raise Misshapen("there is no such list", place="list")
    return known[sent]


def _to(purpose: str, which: Due) -> str:
    return f"{PATH}?{urlencode({'purpose': purpose, 'list': which.value})}"
