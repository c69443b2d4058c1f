"""A form that makes something new, sent twice by an impatient finger: it is made once."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from html import unescape
from uuid import UUID

import httpx
import pytest
from test_page_breaches import SECRET, club, write_down

from api.bootstrap import SYSTEM, Tillit
from dsar import holds
from dsar.breaches import register, searches
from dsar.states import Right
from kernel.clock import StoppedClock
from profiles import members
from profiles.enrolment import enrol
from tests.at_a_browser import OURS, Browser, officer_at
from tests.at_the_desk import opened

__all__ = ["club"]
Made = Callable[[], Awaitable[int]]
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


async def form_of(at: Browser, page: str, action: str) -> dict[str, str]:
    """What a form of a page holds that nobody sees."""
    text = (await at.open(page)).text
    [form] = re.findall(
        rf'<form method="post" action="{action}"[^>]*>(.*?)</form>', text, re.DOTALL
    )
    return {name: unescape(value) for name, value in _HIDDEN.findall(form)}


async def sent(at: Browser, action: str, form: dict[str, str]) -> httpx.Response:
    return await at.client.post(action, data=form, headers=OURS)


async def places(tillit: Tillit, at: Browser, what: str) -> tuple[str, str, dict[str, str], Made]:
    """A page, where its form goes, what is written into it, and how much it has made."""
    if what == "breach":

        async def breaches() -> int:
            async with tillit.unit() as work:
                return len(await register.listed(work.unit))

        form = {"happened": SECRET, "aware": "2026-03-29T20:00"}
        return "/desk/breaches/new", "/desk/breaches/new", form, breaches
    if what == "search":
        breach = await write_down(at)

        async def asked() -> int:
            async with tillit.unit() as work:
                return len(await searches.of_breach(work.unit, UUID(breach.rsplit("/", 1)[1])))

        form = {"since": "2026-03-20T00:00", "until": "2026-03-31T00:00"}
        return f"{breach}/ask", f"{breach}/ask", form, asked
    async with tillit.unit() as work:
        [one] = await enrol(work.unit, SYSTEM, [{"member_number": "m1"}], source="test")
        request = await opened(work, Right.ERASURE, one.id)

    async def placed() -> int:
        async with tillit.unit() as work:
            return len(await holds.of_member(work.unit, await members.one(work.unit, one.id)))

    page = f"/desk/requests/{request.id}"
    return page, f"{page}/holds", {"ground": "dispute", "note": "An open bill"}, placed


@pytest.mark.parametrize("what", ["breach", "search", "hold"])
async def test_two_presses_at_once_make_one_and_lead_to_the_same(club: Tillit, what: str) -> None:
    async with officer_at(club) as at:
        page, action, written, made = await places(club, at, what)
        form = written | await form_of(at, page, action)
        answers = await asyncio.gather(*(sent(at, action, form) for _ in range(3)))
        assert [one.status_code for one in answers] == [303] * 3
        assert len({one.headers["location"] for one in answers}) == 1
        assert await made() == 1
        # From a page that was opened anew, or with something else in it, it is another.
        again = written | await form_of(at, page, action)
        assert (await sent(at, action, again)).status_code == 303
        assert await made() == 2


async def test_what_was_refused_counts_for_nothing_and_other_words_are_another(
    club: Tillit,
) -> None:
    async with officer_at(club) as at:
        page, action, written, made = await places(club, at, "breach")
        form = await form_of(at, page, action)
        late = {"happened": SECRET, "aware": "2026-04-29T20:00"}
        for _ in range(2):
            assert (await sent(at, action, late | form)).status_code == 422
        assert (await sent(at, action, written | form)).status_code == 303
        other = written | {"happened": "Something else"}
        assert (await sent(at, action, other | form)).status_code == 303
        assert await made() == 2
        assert isinstance(club.clock, StoppedClock)
        club.clock.at += timedelta(minutes=2)
        assert (await sent(at, action, written | form)).status_code == 303
        assert await made() == 3
