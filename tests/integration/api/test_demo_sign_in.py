"""The demonstration's ways in are everybody's: its links sign in, its codes are good."""

import asyncio
import base64
import io
from dataclasses import replace

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from rich.console import Console

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from api.cli.demo import _invite
from api.demo.mailbox import Mailbox
from api.demo.mailer import letters
from api.demo.signing_in import ADDRESS, hire, way_in
from api.demo.story import Story
from api.people.people import Kind
from profiles.enrolment import enrol
from profiles.members import Member
from tests.at_a_browser import BASE, Browser, browser, member_at

MAJA = "maja@post.example"


async def _maja(tillit: Tillit) -> Member:
    async with tillit.unit() as work:
        values = {"member_number": "100001", "email": MAJA}
        [member] = await enrol(work.unit, SYSTEM, [values], source="sign-up")
    return member


async def _follow(at: Browser, link: str) -> httpx.Response:
    assert link.startswith(BASE)
    await at.open(link)
    return await at.send(link, next="")


async def test_the_links_that_are_printed_sign_in(tillit: Tillit) -> None:
    told: list[str] = []
    maja = await _maja(tillit)
    tillit.mail = mailbox = Mailbox(told.append)
    factor = await hire(tillit)
    own = await way_in(tillit, mailbox, MAJA, Kind.MEMBER)
    desk = await way_in(tillit, mailbox, ADDRESS, Kind.OFFICER)
    assert told == [], "they are shown once, where they are explained"
    async with browser(tillit) as at:
        assert (await _follow(at, own.link)).url.path == "/my/choices"
    for code in (factor.recovery[0], _app(tillit, factor.secret)):
        async with browser(tillit) as at:
            desk = await way_in(tillit, mailbox, ADDRESS, Kind.OFFICER)
            assert (await _follow(at, desk.link)).url.path == "/second"
            page = await at.send("/second/code", code=code, next="/desk/sign-ins")
            assert page.url.path == "/desk/sign-ins"
            assert page.text.count("You are here") == 1
            await at.send("/sign-out")
    assert maja.id


def _app(tillit: Tillit, secret: str) -> str:
    """What an app shows in the step after the one it was set up in."""
    now = int(tillit.clock.now().timestamp()) + 30
    return TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(now).decode()  # noqa: S303


async def test_mail_is_shown_by_its_links_and_codes(tillit: Tillit) -> None:
    told: list[str] = []
    await _maja(tillit)
    tillit.mail = Mailbox(told.append)
    async with browser(tillit) as at:
        await at.open("/sign-in")
        await at.send("/sign-in", address=MAJA, next="/my/purchases")
        await worker.drain(tillit)
        [mail] = told
        assert mail.startswith(f"Mail to {MAJA}: ")
        link = mail.splitlines()[1].strip()
        page = await at.open(link)
        page = await at.send(link.partition("?")[0], next="/my/purchases")
        assert page.url.path == "/second"
        await at.send("/second/send", next="/my/purchases")
        await worker.drain(tillit)
        code = told[1].splitlines()[1].strip()
        page = await at.send("/second/code", code=code, next="/my/purchases")
    assert page.url.path == "/my/purchases"


async def test_what_is_printed_has_three_links_and_three_tokens(tillit: Tillit) -> None:
    maja = await _maja(tillit)
    story = Story(tillit, tillit.settings.data, print, another=maja.id, addresses={maja.id: MAJA})
    out = io.StringIO()
    tillit.mail = mailbox = Mailbox(print, shut=True)
    await _invite(tillit, story, Console(file=out, width=80), 8000, mailbox=mailbox)
    text = out.getvalue()
    assert text.count(f"{BASE}/sign-in/link/") == 2
    assert f"{BASE}/docs" in text
    assert text.count("\neyJ") == 3
    assert text.rindex("\neyJ") < text.index("/sign-in/link/"), "links stand last, to be seen"


async def test_a_mail_server_that_is_set_gets_the_mail(tillit: Tillit) -> None:
    maja = await _maja(tillit)
    told: list[str] = []
    tillit.mail = theirs = Mailbox(told.append)
    story = Story(tillit, tillit.settings.data, print, another=maja.id, addresses={maja.id: MAJA})
    out = io.StringIO()
    await _invite(tillit, story, Console(file=out, width=80), 8000, mailbox=None)
    assert tillit.mail is theirs
    assert "/sign-in/link/" not in out.getvalue()


@pytest.mark.parametrize("service", [None, "till"])
async def test_the_shops_sign_up_page_is_told_of_where_there_is_one(
    service: str | None, tillit: Tillit
) -> None:
    maja = await _maja(tillit)
    story = Story(tillit, tillit.settings.data, print, another=maja.id, addresses={maja.id: MAJA})
    tillit.settings = replace(tillit.settings, panel_example=service)
    out = io.StringIO()
    await _invite(tillit, story, Console(file=out, width=80), 8000, mailbox=None)
    assert (f"{BASE}/panel/in-use" in out.getvalue()) is (service is not None)


async def test_a_yes_that_waits_for_a_letter_gets_one_and_is_confirmed_by_it(
    tillit: Tillit,
) -> None:
    maja, told = await _maja(tillit), asyncio.Queue[str]()
    mailer = asyncio.create_task(letters(tillit, told.put_nowait))
    async with member_at(tillit, maja.id) as at:
        await at.open("/my/choices")
        await at.send("/my/choices/partner_offers", allow="true", language="en")
        link = (await asyncio.wait_for(told.get(), 20)).split()[-1]
        await asyncio.sleep(2.5)
        mailer.cancel()
        assert told.empty(), "one letter is enough"
        await at.client.get(link)
        assert (await at.client.post(link)).status_code == 200
        assert "The answer is yes" in (await at.open("/my/choices")).text
