"""Signing in by a link: asked for alike by everybody, used once, by a press and not by looking."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from a_way_in import asks, cookie, follows, hidden, hired, joins, mailbox, words
from structlog.testing import capture_logs

from api import work as worker
from api.bootstrap import SYSTEM, Tillit, opened
from api.pages import guarding
from api.people import sessions
from api.people.keys import keys_of
from api.settings import Settings
from consent.programme import load_programme
from kernel.clock import StoppedClock, SystemClock
from profiles import enrolment, members
from profiles.enrolment import enrol
from tests.at_a_browser import OURS, Browser, browser, member_at, officer_at
from tests.conftest import EXAMPLES

NOBODY = "nobody@post.example"
MAJA = "maja@post.example"


async def test_a_member_signs_in_with_an_address_a_link_and_a_press(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    await joins(tillit)
    async with browser(tillit) as at:
        await asks(tillit, at, MAJA)
        page = await follows(at, mail.link)
        assert page.url.path == "/my/choices"
        assert cookie(tillit, at) is not None


async def test_asking_is_answered_alike_whoever_it_is(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    await joins(tillit)
    async with browser(tillit) as at:
        found = {
            (answer.status_code, str(answer.url), words(answer))
            for answer in [
                await asks(tillit, at, address)
                for address in (MAJA, NOBODY, "no address at all", "", "x" * 5_000, *[MAJA] * 5)
            ]
        }
    [(status, url, text)] = found
    assert (status, url.partition("8000")[2]) == (200, "/sign-in/sent")
    assert "If that address is with us, a link is on its way to it." in text
    assert {one.to for one in mail.mails} == {MAJA}


async def test_looking_at_a_link_uses_nothing_up(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    await joins(tillit)
    async with browser(tillit) as at:
        await asks(tillit, at, MAJA)
        for method in ("HEAD", "GET", "GET"):
            looked = await at.client.request(method, mail.link)
            assert looked.status_code == 200
            assert guarding.session_cookie(tillit.settings) + "=" not in str(looked.headers)
        page = await follows(at, mail.link)
    assert page.url.path == "/my/choices"


async def test_a_link_that_was_used_says_so_and_signs_nobody_in(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    await joins(tillit)
    async with browser(tillit) as at, browser(tillit) as another:
        await asks(tillit, at, MAJA)
        link = mail.link
        waiting = await another.open(link)
        assert waiting.status_code == 200
        await follows(at, link)
        late = await another.send(link, next="")
        assert late.status_code == 410
        assert "This link does not hold any more" in late.text
        assert 'href="/sign-in"' in late.text
        assert cookie(tillit, another) is None


async def test_a_link_holds_for_a_quarter_of_an_hour(settings: Settings) -> None:
    clock = StoppedClock(SystemClock().now())
    async with opened(settings, clock=clock) as tillit:
        await tillit.apply(SYSTEM, load_programme(EXAMPLES / "fjallklubben.toml"))
        mail = mailbox(tillit)
        await joins(tillit)
        async with browser(tillit) as at:
            await asks(tillit, at, MAJA)
            clock.at += timedelta(minutes=14, seconds=59)
            assert (await at.open(mail.link)).status_code == 200
            clock.at += timedelta(seconds=1)
            assert (await at.open(mail.link)).status_code == 410


async def test_one_goes_on_to_where_one_was_going(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    await joins(tillit)
    async with browser(tillit) as at, browser(tillit) as telephone:
        page = await at.open("/my/sign-ins")
        assert page.url.path == "/sign-in"
        await at.send("/sign-in", address=MAJA, next=hidden(page, "next"))
        await worker.drain(tillit)
        there = await follows(telephone, mail.link)
    assert there.url.path == "/my/sign-ins"


@pytest.mark.parametrize(
    "next",
    [
        "https://else.example/",
        "//else.example/my/",
        "/\\else.example",
        "/my/\\..//else.example",
        "/desk/requests",
        "/second",
        "/my/" + "a" * 300,
        "javascript:alert(1)",
    ],
)
async def test_nobody_is_led_anywhere_but_to_their_own_pages(tillit: Tillit, next: str) -> None:
    mail = mailbox(tillit)
    await joins(tillit)
    async with browser(tillit) as at:
        await at.open("/sign-in")
        await at.send("/sign-in", address=MAJA, next=next)
        await worker.drain(tillit)
        assert "?" not in mail.link
        await at.open(mail.link)
        answer = await at.client.post(mail.link, data={"next": next}, headers=OURS)
    assert answer.headers["location"] == "/my/choices"


async def test_on_the_way_to_the_desk_one_is_asked_as_an_officer(tillit: Tillit) -> None:
    async with browser(tillit) as at:
        page = await at.open("/desk/sign-ins")
    assert page.url.path == "/sign-in/desk"
    assert hidden(page, "next") == "/desk/sign-ins"
    assert "Sign in at the desk" in words(page)


async def test_officers_and_members_have_doors_of_their_own(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    await joins(tillit)
    await hired(tillit)
    async with browser(tillit) as at:
        await asks(tillit, at, MAJA, page="/sign-in/desk")
        await asks(tillit, at, "officer-7@club.example")
        assert mail.mails == []
        sent = await asks(tillit, at, "officer-7@club.example", page="/sign-in/desk")
        assert 'href="/sign-in/desk"' in sent.text
        page = await follows(at, mail.link)
    assert page.url.path == "/second"


async def test_who_is_signed_in_just_goes_on(tillit: Tillit) -> None:
    maja = await joins(tillit)
    async with member_at(tillit, maja) as at:
        answer = await at.client.get("/sign-in?next=/my/sign-ins")
        assert (answer.status_code, answer.headers["location"]) == (303, "/my/sign-ins")
        assert (await at.client.get("/sign-in/desk")).status_code == 200
    async with officer_at(tillit) as at:
        answer = await at.client.get("/sign-in/desk")
        assert answer.headers["location"] == "/desk"


async def test_signing_in_ends_what_was_signed_in_at_this_browser(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    await joins(tillit)
    other = await joins(tillit, member_number="m2", email="nils@post.example")
    async with member_at(tillit, other) as at:
        before = cookie(tillit, at)
        assert before is not None
        async with browser(tillit) as asking:
            await asks(tillit, asking, MAJA)
        await follows(at, mail.link)
        assert cookie(tillit, at) != before
        async with tillit.unit() as work:
            assert await sessions.found(work.unit, work.active, keys_of(tillit), before) is None


async def test_signing_out_ends_the_session_and_its_cookie(tillit: Tillit) -> None:
    maja = await joins(tillit)
    async with member_at(tillit, maja) as at:
        token = cookie(tillit, at)
        assert token is not None
        await at.open("/my/sign-ins")
        page = await at.send("/sign-out")
        assert page.url.path == "/sign-in"
        assert "You are signed out." in page.text
        assert cookie(tillit, at) is None
        async with tillit.unit() as work:
            assert await sessions.found(work.unit, work.active, keys_of(tillit), token) is None
        assert (await at.open("/my/choices")).url.path == "/sign-in"


async def test_nobody_is_signed_out_by_looking(tillit: Tillit) -> None:
    maja = await joins(tillit)
    async with member_at(tillit, maja) as at:
        assert (await at.client.get("/sign-out")).status_code == 405
        assert (await at.open("/my/sign-ins")).url.path == "/my/sign-ins"


async def test_a_link_stands_in_no_log_and_no_address_is_handed_on(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    await joins(tillit)
    with capture_logs() as logs:
        async with browser(tillit) as at:
            await asks(tillit, at, MAJA)
            looked = await at.open(mail.link)
            await follows(at, mail.link)
            await at.send(mail.link, next="")
    told = repr(logs)
    token = mail.link.partition("?")[0].rpartition("/")[2]
    assert "/sign-in/link/{token}" in told
    assert token not in told
    assert MAJA not in told
    assert looked.headers["referrer-policy"] == "strict-origin"
    assert looked.headers["cache-control"] == "no-store"


async def test_the_cookie_is_for_this_site_and_no_script(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    await joins(tillit)
    async with browser(tillit) as at:
        await asks(tillit, at, MAJA)
        page = await at.open(mail.link)
        answer = await at.client.post(mail.link, data={"next": hidden(page, "next")}, headers=OURS)
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(answer.headers["set-cookie"].split("; "))


async def test_another_language_leads_no_less_far(tillit: Tillit) -> None:
    async with browser(tillit) as at:
        page = await at.open("/sign-in?next=/my/sign-ins")
        back = re.search(r'name="back" value="([^"]*)"', page.text)
        assert back is not None
        there = await at.send("/language", language="fi", back=back.group(1))
    assert '<html lang="fi">' in there.text
    assert hidden(there, "next") == "/my/sign-ins"


async def test_who_came_in_by_an_address_that_an_officer_replaced_is_out(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        values = {"member_number": "m9", "email": "old@post.example"}
        [member] = await enrol(work.unit, SYSTEM, [values], source="sign-up")
    async with member_at(tillit, member.id) as at:
        assert (await at.client.get("/my/choices")).status_code == 200
        async with tillit.unit() as work:
            person = await members.one(work.unit, member.id, lock=True)
            corrected = {"email": "new@post.example"}
            await enrolment.rectify(work.unit, SYSTEM, person, corrected, source="officer")
        assert (await at.client.get("/my/choices")).status_code == 303


async def _came_in(tillit: Tillit, at: Browser, address: str = MAJA) -> None:
    mail = mailbox(tillit)
    await asks(tillit, at, address)
    page = await follows(at, mail.link)
    assert page.url.path == "/my/choices"


async def _changed(tillit: Tillit, member: UUID, source: str, **values: str | None) -> None:
    async with tillit.unit() as work:
        person = await members.one(work.unit, member, lock=True)
        await enrolment.rectify(work.unit, SYSTEM, person, values, source=source)


@pytest.mark.parametrize("source", ["officer", "import", "member"])
@pytest.mark.parametrize("email", [None, "new@post.example"])
async def test_who_came_in_by_an_address_that_is_theirs_no_more_is_out(
    tillit: Tillit, source: str, email: str | None
) -> None:
    """Emptied or replaced, by whomever: who reads that mailbox is to be in no longer."""
    maja = await joins(tillit)
    async with browser(tillit) as at:
        await _came_in(tillit, at)
        await _changed(tillit, maja, source, name="Maja")
        assert (await at.client.get("/my/choices")).status_code == 200
        await _changed(tillit, maja, source, email=email)
        assert (await at.client.get("/my/choices")).status_code == 303
        answer = await at.client.post("/my/sign-ins/end-others", headers=OURS)
        assert answer.status_code in (303, 403)


@pytest.mark.parametrize("email", ["", "new@post.example"])
async def test_who_corrects_their_own_address_stays_and_is_out_everywhere_else(
    tillit: Tillit, email: str
) -> None:
    maja = await joins(tillit)
    async with browser(tillit) as at, browser(tillit) as elsewhere:
        await _came_in(tillit, elsewhere)
        await _came_in(tillit, at)
        mail = mailbox(tillit)
        await at.open("/my/data/email")
        await at.send("/second/send", next="/my/data/email")
        await worker.drain(tillit)
        page = await at.send("/second/code", code=mail.code, next="/my/data/email")
        assert page.url.path == "/my/data/email"
        if email:
            await at.send("/my/data/email", value=email)
        else:
            await at.send("/my/data/email/remove")
        assert (await at.client.get("/my/choices")).status_code == 200
        assert (await elsewhere.client.get("/my/choices")).status_code == 303
        # And what an officer sets after that ends this one, too.
        await _changed(tillit, maja, "officer", email="third@post.example")
        assert (await at.client.get("/my/choices")).status_code == 303


async def test_a_link_to_an_address_that_was_emptied_signs_nobody_in(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    maja = await joins(tillit)
    async with browser(tillit) as at:
        await asks(tillit, at, MAJA)
        await at.open(mail.link)
        await _changed(tillit, maja, "officer", email=None)
        assert (await at.client.get(mail.link)).status_code == 410
        late = await at.send(mail.link, next="")
    assert late.status_code == 410


async def test_the_page_behind_a_link_says_as_whom_it_signs_in(tillit: Tillit) -> None:
    mail = mailbox(tillit)
    await joins(tillit, member_number="555-10042")
    await hired(tillit)
    async with browser(tillit) as at:
        await asks(tillit, at, MAJA)
        looked = await at.open(mail.link)
        assert "as m…@post.example (member number ending in 0042)" in words(looked)
        assert "555-10042" not in looked.text
        assert MAJA not in looked.text
        assert "That sign-in ends" not in looked.text
        await asks(tillit, at, "officer-7@club.example", page="/sign-in/desk")
        looked = await at.open(mail.link)
        assert "as o…@club.example (officer-7)" in words(looked)


async def test_who_is_signed_in_as_another_is_told_before_a_link_ends_that(tillit: Tillit) -> None:
    """Somebody may have sent them a link of their own, to be told what is meant for another."""
    mail = mailbox(tillit)
    nils = await joins(tillit, member_number="m2", email="nils@other.example")
    maja = await joins(tillit)
    async with member_at(tillit, nils) as at, browser(tillit) as stranger:
        await asks(tillit, stranger, MAJA)
        looked = await at.open(mail.link)
        assert "signed in here as n…@other.example" in words(looked)
        assert "That sign-in ends" in words(looked)
        assert (await at.open("/my/sign-ins")).url.path == "/my/sign-ins"
        answer = await at.client.post(mail.link, data={"next": ""}, headers=OURS)
        assert answer.status_code == 403
        answer = await at.client.post(
            mail.link, data={"next": ""}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 403
    async with officer_at(tillit) as at:
        assert "signed in here as officer-7" in words(await at.open(mail.link))
    async with member_at(tillit, maja) as at:
        assert "That sign-in ends" not in words(await at.open(mail.link))


async def test_a_tab_from_before_a_second_proof_signs_out_too(tillit: Tillit) -> None:
    member = await joins(tillit)
    async with (
        member_at(tillit, member) as before,
        member_at(tillit, member, stepped_up=True) as after,
    ):
        tab = await before.open("/my/choices")
        sent = await after.client.post(
            "/sign-out", data={"form": hidden(tab, "form")}, headers=OURS
        )
        assert sent.headers["location"] == "/sign-in?said=signed-out"
        assert sent.headers["clear-site-data"] == '"cache"'
        assert (await after.open("/my/choices")).url.path == "/sign-in"


async def test_no_other_site_signs_anybody_out(tillit: Tillit) -> None:
    member = await joins(tillit)
    async with member_at(tillit, member) as at:
        await at.client.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
        assert (await at.open("/my/choices")).url.path == "/my/choices"
