"""`/sign-in`, for members, and `/sign-in/desk`, for officers: by a link to one's e-mail address.

Asking is answered alike, whoever's address it is and if it is nobody's. Opening the link changes
nothing, for programs that look through mail open it too: the button on its page signs in. A link
stands in no log, and no page it leads to is told of it.
"""

from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import quote

import msgspec

from api.bootstrap import SYSTEM
from api.pages import guarding, naming, pressing
from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.onward import SIGN_IN, carrying, onward, whose
from api.people import links, sessions
from api.people.people import Kind
from api.people.ways import SENT, Asking, ByLink
from dsar.packages.marking import mark

pages = Pages(None)
LINK = "/sign-in/link/{token}"
DESK = "desk"
#: The browser forgets what it keeps of our pages (Clear Site Data).
_CLEARED = {"Clear-Site-Data": '"cache"'}


@dataclass(frozen=True)
class SigningIn(View):
    """`action`: where the form goes; `next`: where to go on to; `desk`: whether it is officers'."""

    template: ClassVar[str] = "signing_in/ask.html"
    title: ClassVar[str] = mark("Sign in")

    action: str
    next: str
    desk: bool


@dataclass(frozen=True)
class SigningInAtTheDesk(SigningIn):
    title: ClassVar[str] = mark("Sign in at the desk")


@dataclass(frozen=True)
class Sent(View):
    """`again`: where to ask once more."""

    template: ClassVar[str] = "signing_in/sent.html"
    title: ClassVar[str] = mark("Look in your mailbox")

    again: str


@dataclass(frozen=True)
class Followed(View):
    """A link that holds. `action`: its own address; `who`: whom it signs in, in part, and `more`:
    what tells them apart from others with that address; `ends`: as whom one is signed in till then.
    """

    template: ClassVar[str] = "signing_in/link.html"
    title: ClassVar[str] = mark("Go on signing in")

    action: str
    next: str
    who: str = field(repr=False)
    more: str = field(repr=False)
    ends: str = field(repr=False)


@dataclass(frozen=True)
class LinkOver(View):
    """One that does not. `again`: where to ask for another."""

    template: ClassVar[str] = "signing_in/link_over.html"
    title: ClassVar[str] = mark("This link does not hold any more")
    status: ClassVar[int] = 410

    again: str


class Typed(msgspec.Struct, forbid_unknown_fields=True):
    """An address, however it is written: what is none is answered as any other."""

    address: str = ""
    next: str = ""

    def __repr__(self) -> str:
        return "Typed(***)"


class Onward(msgspec.Struct, forbid_unknown_fields=True):
    next: str = ""


@pages("GET", SIGN_IN[Kind.MEMBER])
async def ask(asked: Asked) -> SigningIn | Go:
    """A member's way in; who was on the way to the desk goes there."""
    if whose(asked.query.get("next", "")) is Kind.OFFICER:
        return Go(carrying(SIGN_IN[Kind.OFFICER], asked.query["next"]))
    return _way_in(asked, Kind.MEMBER)


@pages("GET", SIGN_IN[Kind.OFFICER])
async def ask_at_the_desk(asked: Asked) -> SigningIn | Go:
    """An officer's."""
    return _way_in(asked, Kind.OFFICER)


@pages("POST", SIGN_IN[Kind.MEMBER])
async def send(asked: Asked, typed: Typed) -> Go:
    """Have a link sent to a member."""
    return await _send(asked, typed, Kind.MEMBER)


@pages("POST", SIGN_IN[Kind.OFFICER])
async def send_to_the_desk(asked: Asked, typed: Typed) -> Go:
    """Have one sent to an officer."""
    return await _send(asked, typed, Kind.OFFICER)


@pages("GET", SENT, query=(DESK,))
async def sent(asked: Asked) -> Sent:
    """The same page for every address."""
    kind = Kind.OFFICER if DESK in asked.query else Kind.MEMBER
    return Sent(again=carrying(SIGN_IN[kind], _next(asked.query.get("next", ""), kind)))


@pages("GET", LINK, presses=True)
async def look(asked: Asked) -> Followed | LinkOver | Go:
    """Whom the link signs in, if it holds; it is not used up by looking.

    Who was signed in by it here a moment ago just goes on.
    """
    to, token = asked.query.get("next", ""), str(asked.path["token"])
    kind = whose(to) or Kind.MEMBER
    somebody = await links.look(asked.unit, asked.keys, token)
    if somebody is None:
        begun = pressing.by_link(asked, token)
        if begun == asked.token and (person := await pressing.done(asked, begun)) is not None:
            return Go(onward(to, person.kind))
        return LinkOver(again=carrying(SIGN_IN[kind], _next(to, kind)))
    who, more = await naming.of_link(asked, somebody)
    return Followed(
        action=_address(token),
        next=_next(to, kind),
        who=who,
        more=more,
        ends=naming.of_another(asked, somebody),
    )


@pages("POST", LINK)
async def follow(asked: Asked, on: Onward) -> Go:
    """Sign in: the link is used up, and whoever was signed in at this browser is so no more.

    The same press once more leads where the first has led.
    """
    token, cookie = str(asked.path["token"]), guarding.session_cookie(asked.tillit.settings)
    begun = pressing.by_link(asked, token)
    await links.wait(asked.unit, token)
    if begun is not None and (person := await pressing.done(asked, begun)) is not None:
        return Go(onward(on.next, person.kind), cookies={cookie: begun})
    way = ByLink(asked.keys, SYSTEM)
    somebody = await way.finish(asked.unit, {"token": token}, client=asked.client)
    if somebody is None:
        return Go(carrying(_address(token), on.next if whose(on.next) else ""))
    if asked.person is not None:
        await sessions.end(asked.unit, asked.act, asked.person, asked.person.short)
    begun = await sessions.begin(
        asked.unit,
        asked.active,
        asked.keys,
        somebody,
        user_agent=asked.headers.get("user-agent", ""),
        token=begun,
    )
    return Go(onward(on.next, somebody.kind), cookies={cookie: begun})


@pages("POST", "/sign-out", any_form=True)
async def leave(asked: Asked) -> Go:
    """End this session, and its cookie."""
    person = asked.person
    if person is not None:
        await sessions.end(asked.unit, asked.act, person, person.short)
    return signed_out(asked, Kind.MEMBER if person is None else person.kind)


def signed_out(asked: Asked, kind: Kind) -> Go:
    """To the sign-in, without the cookie of a session that has ended, nor the pages it showed."""
    cookie = guarding.session_cookie(asked.tillit.settings)
    return Go(SIGN_IN[kind], said="signed-out", cookies={cookie: None}, headers=_CLEARED)


def _way_in(asked: Asked, kind: Kind) -> SigningIn | Go:
    """The form; who is signed in so already just goes on."""
    to = asked.query.get("next", "")
    if asked.person is not None and asked.person.kind is kind:
        return Go(onward(to, kind))
    desk = kind is Kind.OFFICER
    page = SigningInAtTheDesk if desk else SigningIn
    return page(action=SIGN_IN[kind], next=_next(to, kind), desk=desk)


async def _send(asked: Asked, typed: Typed, kind: Kind) -> Go:
    to = _next(typed.next, kind)
    said = {"address": typed.address, "next": to}
    asking = Asking(kind, asked.speaking.code, asked.client, said)
    where = await ByLink(asked.keys, SYSTEM).begin(asked.unit, asking)
    return Go(carrying(where, to, **({DESK: "1"} if kind is Kind.OFFICER else {})))


def _next(to: str, kind: Kind) -> str:
    """Where to go on to, where that is not where they go anyway."""
    return to if whose(to) is kind else ""


def _address(token: str) -> str:
    return LINK.replace("{token}", quote(token, safe=""))
