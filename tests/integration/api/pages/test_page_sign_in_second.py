"""The second proof on pages: asked for where it is needed, given, and on to where one was going."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote
from uuid import UUID

import httpx
import pytest
from a_way_in import (
    Mailbox,
    asks,
    cookie,
    follows,
    hidden,
    hired,
    joins,
    mailbox,
    officer_with_a_factor,
    shown,
    words,
)

from api import work as worker
from api.bootstrap import SYSTEM, Tillit, opened
from api.people import sessions, tokens
from api.people.keys import keys_of
from api.people.people import Kind, Person, Somebody
from api.settings import Settings, SmsGateway
from consent.programme import load_programme
from kernel.clock import StoppedClock, SystemClock
from profiles.enrolment import enrol
from tests.at_a_browser import OURS, Browser, browser, member_at, officer_at, signed_in
from tests.conftest import EXAMPLES

#: A page that wants a second proof.
PURCHASES = "/my/purchases"


async def who(tillit: Tillit, token: str | None) -> Person | None:
    assert token is not None
    async with tillit.unit() as work:
        return await sessions.found(work.unit, work.active, keys_of(tillit), token)


async def sends(tillit: Tillit, at: Browser) -> str:
    """Press the button that has a code sent; the words of the page after."""
    assert at.page is not None
    page = await at.send("/second/send", next=hidden(at.page, "next"))
    await worker.drain(tillit)
    return words(page)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"


async def test_a_page_that_wants_it_sends_there_and_the_code_leads_back(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    maja = await joins(tillit)
    async with member_at(tillit, maja) as at:
        before = cookie(tillit, at)
        page = await at.open(PURCHASES)
        assert str(page.url).endswith("/second?next=%2Fmy%2Fpurchases")
        assert "We send a code in an e-mail to m…@p…." in words(page)
        assert "maja@post.example" not in page.text
        assert "A code is on its way" in await sends(tillit, at)
        there = await at.send("/second/code", code=f" {mail.code} ", next=PURCHASES)
        assert there.url.path == PURCHASES
        assert "Thank you. That counts for ten minutes." in there.text
        assert await who(tillit, before) is None
        assert await who(tillit, cookie(tillit, at)) is not None


async def test_who_has_shown_it_lately_is_not_asked_again(tillit: Tillit) -> None:
    maja = await joins(tillit)
    async with member_at(tillit, maja, stepped_up=True) as at:
        assert (await at.open(PURCHASES)).url.path == PURCHASES
        answer = await at.client.get(f"/second?next={PURCHASES}")
        assert answer.headers["location"] == PURCHASES
        elsewhere = await at.client.get("/second?next=//else.example")
        assert elsewhere.headers["location"] == "/my/choices"


async def test_a_wrong_code_is_told_in_words_and_counts(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    maja = await joins(tillit)
    async with member_at(tillit, maja) as at:
        await at.open(PURCHASES)
        await sends(tillit, at)
        for _ in range(5):
            page = await at.send("/second/code", code=wrong(mail.code), next=PURCHASES)
            assert "That was not the code." in words(page)
            assert 'aria-invalid="true"' in page.text
            assert hidden(page, "next") == PURCHASES
        page = await at.send("/second/code", code=mail.code, next=PURCHASES)
        assert "That was too many times." in words(page)
        assert (await at.open(PURCHASES)).url.path == "/second"


async def test_without_a_code_sent_none_is_right(tillit: Tillit) -> None:
    mailbox(tillit)
    maja = await joins(tillit)
    async with member_at(tillit, maja) as at:
        await at.open(PURCHASES)
        page = await at.send("/second/code", code="12345678", next=PURCHASES)
    assert "There is no code that holds." in words(page)
    assert "Send the code" in words(page)


async def test_who_has_no_address_on_file_is_told_whom_to_write_to(tillit: Tillit) -> None:
    mailbox(tillit)
    async with tillit.unit() as work:
        from_desk = work.active.programme.controller.contact
    maja = await joins(tillit, phone="+46701740605")
    nobody = await _without_address(tillit)
    async with member_at(tillit, nobody) as at:
        page = await at.open(PURCHASES)
        assert from_desk in words(page)
        assert 'action="/second/send"' not in page.text
    async with member_at(tillit, maja) as at:
        assert 'action="/second/send"' in (await at.open(PURCHASES)).text


async def _without_address(tillit: Tillit) -> UUID:
    async with tillit.unit() as work:
        [member] = await enrol(work.unit, SYSTEM, [{"member_number": "m9"}], source="sign-up")
    return member.id


async def test_who_signed_in_by_a_changed_address_opens_the_rest_by_another_way(
    settings: Settings,
) -> None:
    texting = replace(settings, sms=SmsGateway("http://127.0.0.1:1/sms", settings.data / "keys"))
    async with opened(texting) as tillit:
        await tillit.apply(SYSTEM, load_programme(EXAMPLES / "fjallklubben.toml"))
        maja = await joins(tillit, phone="+46701740605")
        somebody = Somebody(kind=Kind.MEMBER, member=maja, settled=False)
        async with browser(tillit, await signed_in(tillit, somebody)) as at:
            assert (await at.open("/my/choices")).status_code == 200
            refused = await at.open("/my/sign-ins")
            assert refused.status_code == 403
            assert "Your e-mail address was changed a short while ago." in words(refused)
            found = re.search(r'href="(/second[^"]*)"', refused.text)
            assert found is not None
            page = await at.open(unquote(found.group(1)))
        assert "A code by another way opens the rest of your pages." in words(page)
        assert "in a text message to" in words(page)
        assert hidden(page, "next") == "/my/sign-ins"


async def test_an_officer_sets_up_a_factor_and_sees_recovery_codes_until_they_are_kept(
    tillit: Tillit,
) -> None:
    mail = mailbox(tillit)
    async with officer_with_a_factor(tillit, mail, next="/desk/sign-ins") as made:
        assert len(set(made.recovery)) == 10
        assert made.page.status_code == 200
        assert made.page.headers["cache-control"] == "no-store"
        assert made.page.url.path == "/desk/recovery-codes"
        assert hidden(made.page, "next") == "/desk/sign-ins"
        file = re.search(r'href="data:text/plain;charset=utf-8,([^"]*)" download', made.page.text)
        assert file is not None
        assert [one for one in unquote(file.group(1)).splitlines() if one in made.recovery] == list(
            made.recovery
        )
        await made.at.open("/desk/sign-ins")
        again = await made.at.open("/desk/recovery-codes")
        assert all(code in again.text for code in made.recovery), "they are not kept yet"
        page = await made.at.send("/desk/recovery-codes", next="/desk/sign-ins")
        assert page.url.path == "/desk/sign-ins"
        for path in ("/second", "/desk/recovery-codes"):
            after = await made.at.open(path)
            assert not any(code in after.text for code in made.recovery)


def _as_before(at: Browser) -> dict[str, str]:
    """The cookies that the page was opened with: what a press sends whose answer is awaited."""
    return {"cookie": "; ".join(f"{one.name}={one.value}" for one in at.client.cookies.jar)}


async def _twice(
    tillit: Tillit, at: Browser, path: str, headers: dict[str, str], *, at_once: bool, **data: str
) -> list[httpx.Response]:
    """The same form sent twice by one browser, which has no answer between."""
    async with browser(tillit) as one:
        sent = {**data, "form": hidden(at.page, "form")} if "form" in at.page.text else data

        async def press() -> httpx.Response:
            return await one.client.post(path, data=sent, headers={**OURS, **headers})

        if at_once:
            return list(await asyncio.gather(press(), press()))
        first = await press()
        one.client.cookies.clear()
        return [first, await press()]


@pytest.mark.parametrize("at_once", [True, False])
async def test_setting_up_pressed_twice_leads_to_the_same_codes(
    tillit: Tillit, at_once: bool
) -> None:
    mail = mailbox(tillit)
    await hired(tillit)
    async with browser(tillit) as at:
        await asks(tillit, at, "officer-7@club.example", page="/sign-in/desk")
        page = await follows(at, mail.link)
        found = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
        assert found is not None
        code, cookies = shown(found.group(1), tillit), _as_before(at)
        answers = await _twice(
            tillit, at, "/second/set-up", cookies, at_once=at_once, code=code, next=""
        )
        assert {one.headers["location"] for one in answers} == {"/desk/recovery-codes"}
        [token] = {one.cookies["tillit"] for one in answers}
        session = {"cookie": f"tillit={token}"}
        at.client.cookies.clear()
        codes = await at.client.get("/desk/recovery-codes", headers=session)
        assert len(re.findall(r"<li>([a-z2-7-]{19})</li>", codes.text)) == 10


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_code_pressed_twice_leads_on(tillit: Tillit, at_once: bool) -> None:
    mail = mailbox(tillit)
    member = await joins(tillit)
    async with member_at(tillit, member) as at:
        await at.open(f"/second?next={PURCHASES}")
        await at.send("/second/send", next=PURCHASES)
        await worker.drain(tillit)
        cookies = _as_before(at)
        answers = await _twice(
            tillit, at, "/second/code", cookies, at_once=at_once, code=mail.code, next=PURCHASES
        )
        assert {one.headers["location"] for one in answers} == {f"{PURCHASES}?said=proved"}
        assert len({one.cookies["tillit"] for one in answers}) == 1


async def test_who_has_the_former_token_alone_is_led_nowhere(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    member = await joins(tillit)
    async with member_at(tillit, member) as at:
        await at.open(f"/second?next={PURCHASES}")
        await at.send("/second/send", next=PURCHASES)
        await worker.drain(tillit)
        former = cookie(tillit, at)
        await at.send("/second/code", code=mail.code, next=PURCHASES)
        assert at.page is not None
        assert at.page.url.path == PURCHASES
    for more in ("", "; tillit-press=", f"; tillit-press={tokens.new()}"):
        async with browser(tillit) as thief:
            answer = await thief.client.post(
                "/second/code",
                data={"code": mail.code, "next": PURCHASES},
                headers={**OURS, "cookie": f"tillit={former}{more}"},
            )
        assert answer.headers["location"].startswith("/sign-in")
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(("seconds", "again"), [(59, True), (61, False)])
async def test_a_press_leads_on_for_a_minute(settings: Settings, seconds: int, again: bool) -> None:
    clock = StoppedClock(SystemClock().now())
    async with opened(settings, clock=clock) as tillit:
        await tillit.apply(SYSTEM, load_programme(EXAMPLES / "fjallklubben.toml"))
        mail = mailbox(tillit)
        member = await joins(tillit)
        async with member_at(tillit, member) as at:
            await at.open(f"/second?next={PURCHASES}")
            await at.send("/second/send", next=PURCHASES)
            await worker.drain(tillit)
            sent = {"code": mail.code, "next": PURCHASES, "form": hidden(at.page, "form")}
            headers = {**OURS, **_as_before(at)}
            async with browser(tillit) as one:
                await one.client.post("/second/code", data=sent, headers=headers)
                clock.at += timedelta(seconds=seconds)
                one.client.cookies.clear()
                late = await one.client.post("/second/code", data=sent, headers=headers)
        assert late.headers["location"].startswith(PURCHASES) is again


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_link_pressed_twice_begins_one_session(tillit: Tillit, at_once: bool) -> None:
    mail = mailbox(tillit)
    member = await joins(tillit)
    async with browser(tillit) as at:
        await asks(tillit, at, "maja@post.example")
        link = mail.link.partition("?")[0]
        await at.open(link)
        answers = await _twice(tillit, at, link, _as_before(at), at_once=at_once, next="")
        assert {one.headers["location"] for one in answers} == {"/my/choices"}
        [token] = {one.cookies["tillit"] for one in answers}
    person = await who(tillit, token)
    assert person is not None
    assert person.member == member
    async with tillit.unit() as work:
        assert len(await sessions.listed(work.unit, person)) == 1


async def test_the_page_with_the_codes_is_of_the_new_session(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    async with officer_with_a_factor(tillit, mail) as made:
        out = await made.at.send("/sign-out")
        assert "You are signed out." in out.text


async def test_what_is_set_up_is_drawn_without_style_and_said_as_text(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    await hired(tillit)
    async with browser(tillit) as at:
        await asks(tillit, at, "officer-7@club.example", page="/sign-in/desk")
        page = await follows(at, mail.link)
        assert "<svg" in page.text
        assert "style" not in page.text.split("<svg")[1].split("</svg>")[0]
        assert 'href="otpauth://totp/' in page.text
        secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
        assert secret is not None
        failed = await at.send("/second/set-up", code="000000", next="")
        assert "That code does not hold." in words(failed)
        assert secret.group(1) in failed.text, "the same one, for it may be in the app by now"
        assert (await at.open("/desk/sign-ins")).url.path == "/second"


async def _comes_back(tillit: Tillit, mail: Mailbox, at: Browser) -> str:
    """Sign out, and in again as far as the second factor."""
    await at.send("/sign-out")
    await asks(tillit, at, "officer-7@club.example", page="/sign-in/desk", next="/desk/sign-ins")
    return words(await follows(at, mail.link))


async def test_an_officer_comes_back_by_the_app_or_by_a_recovery_code(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    async with officer_with_a_factor(tillit, mail) as made:
        at = made.at
        assert "10 are left. Each works once." in await _comes_back(tillit, mail, at)
        page = await at.send("/second/code", code=made.recovery[3], next="/desk/sign-ins")
        assert page.url.path == "/desk/sign-ins"
        assert "9 are left." in await _comes_back(tillit, mail, at)
        page = await at.send("/second/code", code=made.recovery[3], next="/desk/sign-ins")
        assert page.url.path == "/second"
        assert "or a recovery code that you have not used" in words(page)
        app = shown(made.secret, tillit, later=1)
        page = await at.send("/second/code", code=app, next="/desk/sign-ins")
        assert page.url.path == "/desk/sign-ins"


@pytest.mark.parametrize("form", ["send", "code", "set-up"])
async def test_nobody_gives_a_proof_who_is_not_signed_in(tillit: Tillit, form: str) -> None:
    async with browser(tillit) as at:
        assert (await at.open("/second?next=/my/purchases")).url.path == "/sign-in"
        fields = {"next": "/my/purchases"} | ({} if form == "send" else {"code": "123456"})
        page = await at.send(f"/second/{form}", **fields)
    assert page.url.path == "/sign-in"
    assert hidden(page, "next") == "/my/purchases"


async def test_a_member_sets_up_no_factor_and_an_officer_has_no_code_sent(tillit: Tillit) -> None:
    maja = await joins(tillit)
    async with member_at(tillit, maja) as at:
        await at.open("/second")
        assert (await at.send("/second/set-up", code="123456", next="")).url.path == "/my/choices"
        assert not (await at.open("/my/sign-ins")).url.path.startswith("/second")
    async with officer_at(tillit) as at:
        await at.open("/desk/sign-ins")
        page = await at.send("/second/send", next="")
        assert page.status_code == 200
