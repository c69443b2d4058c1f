"""A form that came too late: nothing is saved, and nothing that was written is lost."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape, unescape
from uuid import UUID

import httpx
import psycopg
import pytest
from a_way_in import asks, cookie, follows, joins, mailbox, words
from structlog.testing import capture_logs

from api import work as worker
from api.bootstrap import Tillit, Work
from kernel.database import libpq
from profiles import members
from profiles.sealing import open_value
from tests.at_a_browser import OURS, Browser, browser, member_at, officer_at

WRITTEN = 'Åsa "Öh" <b>Berg</b>'


def ended(tillit: Tillit) -> None:
    """Every session is over."""
    with psycopg.connect(libpq(tillit.url, role=None)) as connection:
        connection.execute("DELETE FROM person_session")


async def named(tillit: Tillit, member: UUID) -> str:
    async with tillit.unit() as work:
        found = await members.one(work.unit, member)
        field = work.unit.schema.catalogue.fields["name"]
        return str(open_value(found.key, field, found.sealed["name"])[0])


def fields(page: httpx.Response, action: str) -> dict[str, str | list[str]]:
    """What the form with that action holds, but for its token."""
    form = page.text.split(f'action="{action}"', 1)[1].split("</form>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    held: dict[str, str | list[str]] = {}
    for name, value in found:
        if name.endswith("[]"):
            lines = held.setdefault(name, [])
            assert isinstance(lines, list)
            lines.append(unescape(value))
        elif name != "form":
            held[name] = unescape(value)
    return held


async def comes_back(tillit: Tillit, at: Browser) -> None:
    """Signs in again, in another tab."""
    mail, before = mailbox(tillit), at.page
    await asks(tillit, at, "maja@post.example")
    await follows(at, mail.link)
    at.page = before


async def test_what_was_written_is_there_after_signing_in_again(tillit: Tillit) -> None:
    maja = await joins(tillit, name="Maja")
    async with member_at(tillit, maja) as at:
        await at.open("/my/data/name")
        ended(tillit)
        with capture_logs() as logs:
            late = await at.send("/my/data/name", value=WRITTEN)
        assert late.status_code == 403
        assert "Not done yet" in words(late)
        assert 'href="/sign-in?next=%2Fmy%2Fdata%2Fname"' in late.text
        assert "<b>Berg" not in late.text
        assert WRITTEN in unescape(late.text)
        assert late.headers["cache-control"] == "no-store"
        assert "Berg" not in str(late.url) + repr(logs)
        kept = fields(late, "/my/data/name")
        assert kept == {"value": WRITTEN}
        still = await at.send("/my/data/name", **kept)
        assert still.status_code == 403
        await comes_back(tillit, at)
        anew = await at.send("/my/data/name", **kept)
        assert anew.status_code == 403
        assert "of a sign-in that is over" in words(anew)
        assert await named(tillit, maja) == "Maja"
        kept = fields(anew, "/my/data/name")
        done = await at.send("/my/data/name", **kept)
        assert done.url.path == "/my/data"
    assert await named(tillit, maja) == WRITTEN


async def test_a_form_of_another_sign_in_is_shown_and_not_saved(tillit: Tillit) -> None:
    """Whoever sits there now has not written it."""
    maja = await joins(tillit, name="Maja")
    nils = await joins(tillit, member_number="m2", email="nils@post.example", name="Nils")
    async with member_at(tillit, maja) as at, member_at(tillit, nils) as other:
        await at.open("/my/data/name")
        name = "tillit"
        at.client.cookies.set(name, cookie(tillit, other) or "", domain="127.0.0.1")
        answer = await at.send("/my/data/name", value="Maja Berg")
        assert answer.status_code == 403
        assert "Maja Berg" in words(answer)
    assert (await named(tillit, maja), await named(tillit, nils)) == ("Maja", "Nils")


@pytest.mark.parametrize(
    ("path", "sent", "page"),
    [
        ("/my/choices/newsletter", {"allow": "true", "language": "en"}, "/my/choices"),
        ("/my/choices/all-at-once", {"objects": "false"}, "/my/choices/all-at-once"),
        ("/my/requests/new/erasure", {}, "/my/requests/new/erasure"),
    ],
)
async def test_a_press_of_another_sign_in_is_not_there_to_be_pressed_again(
    tillit: Tillit, path: str, sent: dict[str, str], page: str
) -> None:
    maja = await joins(tillit)
    nils = await joins(tillit, member_number="m2", email="nils@post.example")
    async with member_at(tillit, maja) as at, member_at(tillit, nils) as other:
        await at.open("/my/choices")
        at.client.cookies.set("tillit", cookie(tillit, other) or "", domain="127.0.0.1")
        answer = await at.send(path, **sent)
        assert answer.status_code == 403
        assert "nothing was done" in words(answer)
        assert f'action="{path}"' not in answer.text
        assert f'<a class="button" href="{page}"' in answer.text
        assert (await at.open(page)).status_code == 200


async def test_a_press_after_the_sign_in_ended_leads_to_its_page_by_way_of_a_sign_in(
    tillit: Tillit,
) -> None:
    maja = await joins(tillit)
    async with member_at(tillit, maja) as at:
        await at.open("/my/choices")
        ended(tillit)
        answer = await at.send("/my/choices/newsletter", allow="true", language="en")
    assert answer.status_code == 403
    assert 'action="/my/choices/newsletter"' not in answer.text
    assert 'href="/sign-in?next=%2Fmy%2Fchoices"' in answer.text


async def test_what_comes_back_says_as_whom_and_for_what_it_would_be_sent(tillit: Tillit) -> None:
    maja = await joins(tillit)
    nils = await joins(tillit, member_number="m2", email="nils@post.example")
    async with member_at(tillit, maja) as at, member_at(tillit, nils) as other:
        await at.open("/my/requests/new/erasure")
        at.client.cookies.set("tillit", cookie(tillit, other) or "", domain="127.0.0.1")
        answer = await at.send("/my/requests/new/erasure", note="all")
    assert answer.status_code == 403
    assert fields(answer, "/my/requests/new/erasure")["note"] == "all"
    assert "It is of this page: Ask for it." in words(answer)
    said = words(answer).partition("as you are signed in now: ")[2]
    assert "post.example" in said.split()[0]


async def test_what_another_site_sends_is_repeated_to_nobody(tillit: Tillit) -> None:
    maja = await joins(tillit, name="Maja")
    async with member_at(tillit, maja) as at, browser(tillit) as nobody:
        for one in (at, nobody):
            answer = await one.client.post(
                "/my/data/name",
                data={"value": "pressed on you"},
                headers={"Sec-Fetch-Site": "cross-site"},
            )
            assert answer.status_code == 403
            assert "pressed on you" not in answer.text


async def test_only_what_the_page_asks_for_is_repeated(tillit: Tillit) -> None:
    async with browser(tillit) as at:
        sent = {"value": "Maja", "form": "x", "other": "not ours", "values[]": ["one", "two"]}
        answer = await at.client.post("/my/data/name", data=sent, headers=OURS)
    assert answer.status_code == 403
    assert "not ours" not in answer.text
    held = fields(answer, "/my/data/name")
    assert held == {"value": "Maja", "values[]": ["one", "two"]}


async def test_an_officers_words_are_kept_too(tillit: Tillit) -> None:
    async with officer_at(tillit) as at:
        await at.open("/desk/requests/new")
        ended(tillit)
        late = await at.send("/desk/requests/new", kind="email", value="Maja@post.example")
        assert late.status_code == 403
        assert "Maja@post.example" in words(late)
        assert 'href="/sign-in?next=%2Fdesk%2Frequests%2Fnew"' in late.text


async def test_a_code_is_not_repeated(tillit: Tillit) -> None:
    maja = await joins(tillit)
    async with member_at(tillit, maja) as at:
        await at.open("/second")
        ended(tillit)
        answer = await at.client.post("/second/code", data={"code": "12345678"}, headers=OURS)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
    async with member_at(tillit, maja) as at:
        answer = await at.client.post("/second/code", data={"code": "12345678"}, headers=OURS)
        assert answer.status_code == 403
        assert "12345678" not in answer.text
        assert "is too old. Go back, load the page again" in words(answer)


@pytest.mark.parametrize("form", ["send", "code"])
async def test_a_session_that_ends_while_a_code_is_asked_for_or_given_leads_to_the_sign_in(
    tillit: Tillit, form: str
) -> None:
    mail = mailbox(tillit)
    maja = await joins(tillit)
    async with member_at(tillit, maja) as at:
        await at.open("/second")
        if form == "code":
            await at.send("/second/send")
            await worker.drain(tillit)
        sent = {"code": mail.code} if form == "code" else {}
        url = libpq(tillit.url, role=None)
        async with await psycopg.AsyncConnection.connect(url) as elsewhere:
            await elsewhere.execute("SELECT FROM person_session FOR UPDATE")
            sending = asyncio.create_task(at.send(f"/second/{form}", next="/my/data", **sent))
            await asyncio.sleep(0.5)
            assert not sending.done()
            await elsewhere.execute("DELETE FROM person_session")
        answer = await sending
        assert (answer.status_code, answer.url.path) == (200, "/sign-in")


@pytest.mark.parametrize("done", [True, False])
async def test_where_the_connection_is_lost_nobody_says_that_nothing_was_changed(
    tillit: Tillit, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    unit, times = Tillit.unit, iter(range(9))

    @asynccontextmanager
    async def lost(self: Tillit) -> AsyncIterator[Work]:
        first = next(times) == 0
        async with unit(self) as work:
            yield work
            if first and not done:
                raise psycopg.OperationalError
        if first:
            raise psycopg.OperationalError

    member = await joins(tillit)
    async with member_at(tillit, member, stepped_up=True) as at:
        await at.open("/my/data/name")
        monkeypatch.setattr(Tillit, "unit", lost)
        page = await at.send("/my/data/name", value=WRITTEN)
        monkeypatch.undo()
    assert page.status_code == 503
    assert "We cannot tell whether it was done. Look first." in words(page)
    assert "Nothing was changed" not in words(page)
    assert fields(page, "/my/data/name") == {"value": WRITTEN}


async def test_a_page_that_cannot_be_read_just_now_says_so(
    tillit: Tillit, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(_: object) -> None:
        raise psycopg.OperationalError

    member = await joins(tillit)
    async with member_at(tillit, member) as at:
        monkeypatch.setattr("api.people.sessions.listed", lambda *_: lost(_))
        page = await at.open("/my/sign-ins")
    assert page.status_code == 503
    assert "We cannot do this right now." in words(page)


async def test_what_an_officer_typed_for_a_request_comes_back_with_what_is_wrong(
    tillit: Tillit,
) -> None:
    member = await joins(tillit)
    new = f"/desk/requests/new/{member}"
    sent: dict[str, str | list[str]] = {
        "right": "rectification", "received": "2026-01-02", "language": "fi", "identified": "true",
        "note": WRITTEN, "values[]": ["Åsa", "", ""],
    }  # fmt: skip
    async with officer_at(tillit) as at:
        await at.open(f"{new}?right=rectification")
        for named, said in (
            (["", "", ""], "A value is written and not what it is of."),
            (["name", "name", ""], "The same is chosen twice."),
            (["birth_date", "", ""], "Something of this does not fit."),
        ):
            page = await at.send(new, **sent, **{"fields[]": named})
            assert page.status_code == 422
            assert said in words(page)
            assert escape(WRITTEN, quote=False) in page.text.replace("&#34;", '"')
            for kept in ('value="Åsa"', 'value="2026-01-02"', 'value="fi" selected',
                         'value="true" checked'):  # fmt: skip
                assert kept in page.text
            for name in filter(None, named):
                assert f'value="{name}" selected' in page.text


async def test_a_line_end_counts_once_as_it_does_for_the_browser(tillit: Tillit) -> None:
    member = await joins(tillit)
    new = f"/desk/requests/new/{member}"
    note = "\r\n".join(["x" * 39] * 100)
    async with officer_at(tillit) as at:
        await at.open(f"{new}?right=access")
        page = await at.send(new, right="access", note=note)
    assert page.status_code == 200
