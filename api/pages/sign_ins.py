"""`/my/sign-ins` and `/desk/sign-ins`: where one is signed in, and how to end that.

Shows what is kept of a sign-in: a browser's and a system's name, when it began, and when it was
last used. Each ending is on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.signing_in import signed_out
from api.people import sessions
from api.people.devices import OTHER, Device
from api.people.people import Kind
from dsar.packages.marking import mark

members, officers = Pages(Kind.MEMBER), Pages(Kind.OFFICER)
PATHS = {Kind.MEMBER: "/my/sign-ins", Kind.OFFICER: "/desk/sign-ins"}


@dataclass(frozen=True)
class ShownSignIn:
    """`which`: what ends it; `device`: in words; `this`: the one that is looked by."""

    which: str
    device: str
    since: datetime
    seen: datetime
    this: bool


@dataclass(frozen=True)
class SignIns(View):
    """`path`: the page's own address, below which its forms go."""

    template: ClassVar[str] = "signing_in/sign_ins.html"
    title: ClassVar[str] = mark("Where you are signed in")

    path: str
    all: Sequence[ShownSignIn]


class Which(msgspec.Struct, forbid_unknown_fields=True):
    which: Annotated[str, msgspec.Meta(max_length=64)]


async def see(asked: Asked) -> SignIns:
    """The one that is looked by first, then the newest."""
    found = await sessions.listed(asked.unit, asked.who)
    found.sort(key=lambda one: not one.this)
    return SignIns(
        path=PATHS[asked.who.kind],
        all=[
            ShownSignIn(
                one.which, _said(asked, one.device), one.made_at, one.seen_at, one.this
            )
            for one in found
        ],
    )  # fmt: skip


async def end(asked: Asked, form: Which) -> Go:
    """End one of them; with this one, sign out."""
    await sessions.end(asked.unit, asked.act, asked.who, form.which)
    if form.which == asked.who.short:
        return signed_out(asked, asked.who.kind)
    return Go(PATHS[asked.who.kind], said="ended")


async def end_others(asked: Asked) -> Go:
    """End all but this one."""
    await sessions.end_others(asked.unit, asked.act, asked.who)
    return Go(PATHS[asked.who.kind], said="others-ended")


for _kind, _pages in ((Kind.MEMBER, members), (Kind.OFFICER, officers)):
    _pages("GET", PATHS[_kind])(see)
    _pages("POST", PATHS[_kind] + "/end")(end)
    _pages("POST", PATHS[_kind] + "/end-others")(end_others)


def _said(asked: Asked, device: Device) -> str:
    """Names of what is made elsewhere are alike in every language."""
    say = asked.speaking.say
    browser = say(mark("Unknown browser")) if device.browser == OTHER else device.browser
    if device.system == OTHER:
        return browser
    return say(mark("%(browser)s on %(system)s"), browser=browser, system=device.system)
