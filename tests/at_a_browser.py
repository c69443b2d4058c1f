"""Somebody at a browser: signed in, reading pages and sending their forms, over the app itself."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from api.bootstrap import SYSTEM, Tillit
from api.http.app import create_app
from api.pages import guarding
from api.people import officers, sessions
from api.people.keys import keys_of
from api.people.people import Kind, Somebody
from profiles.members import one

BASE = "http://127.0.0.1:8000"
_FORM = re.compile(r'<input type="hidden" name="form" value="([^"]*)">')


_FORMS = re.compile(r'<form method="post" action="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


@dataclass
class Browser:
    """One browser with its cookies. `language`: what it asks for."""

    client: httpx.AsyncClient = field(repr=False)
    page: httpx.Response | None = field(default=None, repr=False)

    async def open(self, path: str) -> httpx.Response:
        """A page, wherever it leads."""
        self.page = await self.client.get(path, follow_redirects=True)
        return self.page

    async def send(self, path: str, **fields: str | list[str]) -> httpx.Response:
        """A form of the page that is open, and the page it leads to."""
        assert self.page is not None, "open the page with the form first"
        found = _FORM.search(self.page.text)
        data: dict[str, str | list[str]] = {**_terms(self.page.text, path, fields), **fields}
        if found is not None:
            data["form"] = unescape(found.group(1))
        self.page = await self.client.post(path, data=data, headers=OURS, follow_redirects=True)
        return self.page


def _terms(page: str, path: str, fields: Mapping[str, str | list[str]]) -> dict[str, str]:
    """What the form with this answer holds besides: the terms of what is said yes or no to, and
    after which step a page has shown something."""
    for action, inside in _FORMS.findall(page):
        held = {name: unescape(value) for name, value in _HIDDEN.findall(inside)}
        if action == path and "terms" in held and held.get("allow") == fields.get("allow"):
            return {"terms": held["terms"]}
        if action == path and "stood" in held:
            return {"stood": held["stood"]}
    return {}


#: What a browser says of a form that a page of the same site sends.
OURS = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}


async def signed_in(tillit: Tillit, somebody: Somebody, *, stepped_up: bool = False) -> str:
    """The token of a new session; with `stepped_up`, after a second proof."""
    keys = keys_of(tillit)
    async with tillit.unit() as work:
        token = await sessions.begin(work.unit, work.active, keys, somebody)
        if stepped_up:
            person = await sessions.found(work.unit, work.active, keys, token)
            assert person is not None
            member = None if person.member is None else await one(work.unit, person.member)
            act = person.act(member, work.active.version)
            token = await sessions.step_up(work.unit, keys, act, person, how="code")
    return token


@asynccontextmanager
async def browser(
    tillit: Tillit, token: str | None = None, *, language: str = "en"
) -> AsyncIterator[Browser]:
    """A browser at the app, with a session's cookie if there is one."""
    app = create_app(tillit, worker=False)
    cookies = httpx.Cookies()
    if token is not None:
        # As the app sets it, so that what the app sets later takes its place.
        cookies.set(
            guarding.session_cookie(tillit.settings), token, domain=urlsplit(BASE).hostname or ""
        )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url=BASE,
        cookies=cookies,
        headers={"Accept-Language": language},
    ) as client:
        yield Browser(client)


@asynccontextmanager
async def member_at(
    tillit: Tillit, member: UUID, *, language: str = "en", stepped_up: bool = False
) -> AsyncIterator[Browser]:
    """A member who has signed in."""
    somebody = Somebody(kind=Kind.MEMBER, member=member)
    token = await signed_in(tillit, somebody, stepped_up=stepped_up)
    async with browser(tillit, token, language=language) as found:
        yield found


@asynccontextmanager
async def officer_at(
    tillit: Tillit, *, role: str = "privacy_officer", name: str = "officer-7", language: str = "en"
) -> AsyncIterator[Browser]:
    """An officer who has signed in with both factors."""
    keys = keys_of(tillit)
    async with tillit.unit() as work:
        account = await officers.add(
            work.unit, work.active, keys, SYSTEM,
            name=name, address=f"{name}@club.example", role=role,
        )  # fmt: skip
    somebody = Somebody(kind=Kind.OFFICER, account=account)
    token = await signed_in(tillit, somebody, stepped_up=True)
    async with browser(tillit, token, language=language) as found:
        yield found
