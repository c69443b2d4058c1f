"""What those who sign in find in their mailbox, and what they read and press at the browser."""

import base64
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from uuid import UUID

import httpx
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from api.mail import Mail, Outcome
from api.pages import guarding
from api.people import officers
from api.people.keys import keys_of
from profiles.enrolment import enrol
from tests.at_a_browser import BASE, Browser, browser

_LINK = re.compile(rf"{re.escape(BASE)}(/sign-in/link/\S+)")
_CODE = re.compile(r"\b(\d{8})\b")


@dataclass
class Mailbox:
    """Takes every message."""

    mails: list[Mail] = field(default_factory=list)

    async def send(self, mail: Mail) -> Outcome:
        self.mails.append(mail)
        return Outcome.ACCEPTED

    @property
    def link(self) -> str:
        """The address of the newest link, without the host."""
        return _LINK.findall(self.mails[-1].text)[0]

    @property
    def code(self) -> str:
        return _CODE.findall(self.mails[-1].text)[0]


def mailbox(tillit: Tillit) -> Mailbox:
    """What this process's messages are handed to from now on."""
    made = Mailbox()
    tillit.mail = made
    return made


async def joins(tillit: Tillit, **values: str) -> UUID:
    person = {"member_number": "m1", "email": "maja@post.example", **values}
    async with tillit.unit() as work:
        [member] = await enrol(work.unit, SYSTEM, [person], source="sign-up")
    return member.id


async def hired(tillit: Tillit, *, name: str = "officer-7") -> UUID:
    async with tillit.unit() as work:
        return await officers.add(
            work.unit, work.active, keys_of(tillit), SYSTEM,
            name=name, address=f"{name}@club.example", role="privacy_officer",
        )  # fmt: skip


async def asks(
    tillit: Tillit, at: Browser, address: str, *, page: str = "/sign-in", next: str = ""
) -> httpx.Response:
    """Ask for a link; the worker sends it."""
    await at.open(f"{page}?next={next}" if next else page)
    assert at.page is not None
    answer = await at.send(page, address=address, next=hidden(at.page, "next"))
    await worker.drain(tillit)
    return answer


async def follows(at: Browser, link: str) -> httpx.Response:
    """Open a link, and press its button."""
    page = await at.open(link)
    return await at.send(link.partition("?")[0], next=hidden(page, "next"))


def hidden(page: httpx.Response, name: str) -> str:
    """What a hidden field of the page holds, the first of that name."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None, f"there is no {name}"
    return unescape(found.group(1))


def words(page: httpx.Response) -> str:
    """What can be read in its middle."""
    main = page.text.split("<main", 1)[1].split("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


def cookie(tillit: Tillit, at: Browser) -> str | None:
    return at.client.cookies.get(guarding.session_cookie(tillit.settings))


def shown(secret: str, tillit: Tillit, *, later: int = 0) -> str:
    """What an authenticator app with that secret shows; `later`: so many steps on."""
    key = base64.b32decode(secret.replace(" ", ""))
    now = int(tillit.clock.now().timestamp()) + 30 * later
    return TOTP(key, 6, SHA1(), 30).generate(now).decode()  # noqa: S303


@dataclass(frozen=True)
class SetUp:
    """An officer who has just set up a second factor."""

    at: Browser
    secret: str
    recovery: Sequence[str]
    page: httpx.Response


@asynccontextmanager
async def officer_with_a_factor(
    tillit: Tillit, mail: Mailbox, *, next: str = ""
) -> AsyncIterator[SetUp]:
    """Signed in by a link, with an authenticator app set up on the page for it."""
    await hired(tillit)
    async with browser(tillit) as at:
        await asks(tillit, at, "officer-7@club.example", page="/sign-in/desk", next=next)
        page = await follows(at, mail.link)
        found = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
        assert found is not None
        secret = found.group(1)
        done = await at.send(
            "/second/set-up", code=shown(secret, tillit), next=hidden(page, "next")
        )
        codes = re.findall(r"<li>([a-z2-7-]{19})</li>", done.text)
        yield SetUp(at, secret, codes, done)
