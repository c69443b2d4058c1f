"""The answer to a request for a copy, taken away as a file: as it is, or under a passphrase.

Only after a second proof. A passphrase has to reach the reader together with the file it opens,
and nobody may keep either. A browser shows no header of a download, so the passphrase comes first:
the page makes one, shows it, and holds it sealed in its form, for this session and this request
and five minutes. Whoever presses the button has the package locked under just that one. Nothing of
it is in the database; loaded again, the page has another; and what the form holds opens nowhere
else. The seal is `PeopleKeys`' (AES-256-GCM).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

import msgspec

from api.pages.answers import File, Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.member import whose
from api.pages.member.standing import RIGHTS
from api.pages.member.whose import Whose
from api.people.people import Kind
from dsar import child_requests, packages, register
from dsar.errors import NotReady, UnknownRequest
from dsar.packages import Fetched, encrypting, keeping
from dsar.packages.keeping import Package
from dsar.packages.marking import mark
from dsar.register import Request
from profiles.errors import CannotOpen

pages = Pages(Kind.MEMBER)
OWN, CHILDS = whose.OWN + "/{request:uuid}/file", whose.CHILDS + "/{request:uuid}/file"
HOLDS = timedelta(minutes=5)
_ZIP = "application/zip"
_TABLE, _LONGEST = "package", 4_096


@dataclass(frozen=True)
class TakeAway(View):
    """`sealed`: the passphrase, for the form alone; `until`: when the file is deleted here."""

    template: ClassVar[str] = "member/file.html"
    title: ClassVar[str] = mark("Fetch the file")

    right: str
    until: datetime
    passphrase: str
    sealed: str
    back: str
    to: str

    def __repr__(self) -> str:
        return "TakeAway(***)"


class Sealed(msgspec.Struct, forbid_unknown_fields=True):
    """What the form held."""

    sealed: Annotated[str, msgspec.Meta(max_length=_LONGEST, pattern="^([0-9a-f]{2})*$")]

    def __repr__(self) -> str:
        return "Sealed(***)"


class _Passphrase(msgspec.Struct, frozen=True, array_like=True):
    passphrase: str
    until: datetime


@pages("GET", OWN, proved=True)
async def see(asked: Asked) -> TakeAway:
    """Two ways to take it away, and a passphrase for the one."""
    about = whose.own(asked)
    return await _page(
        asked, about, await whose.request_of(asked), back=whose.at(asked.id("request"))
    )


@pages("GET", CHILDS, proved=True)
async def see_for_child(asked: Asked) -> TakeAway:
    """The same of what this guardian has asked for a child."""
    about = await whose.childs(asked)
    return await _page(asked, about, await _childs(asked, about), back=about.base)


@pages("POST", OWN + "/plain")
async def plain(asked: Asked) -> File | Go:
    """As it is, over this connection."""
    await whose.request_of(asked)
    return await _plain(asked, whose.own(asked), _fetch)


@pages("POST", CHILDS + "/plain")
async def plain_for_child(asked: Asked) -> File | Go:
    return await _plain(asked, await whose.childs(asked), _fetch_for_child)


@pages("POST", OWN + "/locked")
async def locked(asked: Asked, form: Sealed) -> File | Go:
    """Under the passphrase that the page has shown."""
    await whose.request_of(asked)
    return await _locked(asked, whose.own(asked), form, _fetch)


@pages("POST", CHILDS + "/locked")
async def locked_for_child(asked: Asked, form: Sealed) -> File | Go:
    return await _locked(asked, await whose.childs(asked), form, _fetch_for_child)


async def _page(asked: Asked, about: Whose, found: Request, *, back: str) -> TakeAway:
    until = (await keeping.until(asked.unit, about.about.id)).get(found.id)
    if until is None:
        raise NotReady("there is no package for this request", place="request")
    passphrase = encrypting.fresh()
    return TakeAway(
        right=asked.speaking.say(RIGHTS[found.right][0]),
        until=until,
        passphrase=passphrase,
        sealed=_sealed(asked, passphrase),
        back=back,
        to=_to(asked, about),
    )


_Fetch = Callable[[Asked, Whose, Fetched], Awaitable[Package]]


async def _plain(asked: Asked, about: Whose, fetch: _Fetch) -> File | Go:
    if not asked.proved_lately:
        return Go(_to(asked, about))
    found = await fetch(asked, about, Fetched.PLAIN)
    return File(found.zipped, _ZIP, await _name(asked))


async def _locked(asked: Asked, about: Whose, form: Sealed, fetch: _Fetch) -> File | Go:
    passphrase = _opened(asked, form)
    if passphrase is None or not asked.proved_lately:
        return Go(_to(asked, about), said="passphrase-over")
    found = await fetch(asked, about, Fetched.ENCRYPTED)
    locked = await asyncio.to_thread(packages.lock, found.zipped, passphrase)
    return File(locked.zipped, _ZIP, await _name(asked))


async def _fetch(asked: Asked, _: Whose, how: Fetched) -> Package:
    return await packages.fetch(
        asked.unit, asked.act, asked.id("request"), asked.member.id, how=how
    )


async def _fetch_for_child(asked: Asked, about: Whose, how: Fetched) -> Package:
    return await child_requests.package(
        asked.unit,
        asked.act,
        about.about,
        guardian=asked.member,
        request=asked.id("request"),
        how=how,
    )


async def _childs(asked: Asked, about: Whose) -> Request:
    """What this guardian has asked for. Raises `UnknownRequest` for all else."""
    theirs = await child_requests.asked_for(asked.unit, about.about, guardian=asked.member)
    if asked.id("request") not in theirs:
        raise UnknownRequest("there is no such request", place="request")
    return await register.get(asked.unit, asked.id("request"))


def _to(asked: Asked, about: Whose) -> str:
    return f"{about.base}/{asked.id('request')}/file"


async def _name(asked: Asked) -> str:
    """Tells no one who sees the file's name more than what it is."""
    found = await register.get(asked.unit, asked.id("request"))
    return f"{found.right.value}-{asked.unit.today.isoformat()}.zip"


def _sealed(asked: Asked, passphrase: str) -> str:
    held = msgspec.msgpack.encode(_Passphrase(passphrase, asked.unit.now + HOLDS))
    return asked.keys.seal(_TABLE, asked.id("request"), _session(asked), held).hex()


def _opened(asked: Asked, form: Sealed) -> str | None:
    """The passphrase; None for one of another session or request, or that is over."""
    try:
        held = asked.keys.open(
            _TABLE, asked.id("request"), _session(asked), bytes.fromhex(form.sealed)
        )
    except CannotOpen:
        return None
    found = msgspec.msgpack.decode(held, type=_Passphrase)
    return found.passphrase if asked.unit.now < found.until else None


def _session(asked: Asked) -> str:
    return f"passphrase:{asked.who.session.hex()}"
