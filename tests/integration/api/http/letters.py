"""Letters that services write: how they get the links to put into them, and what links do."""

import re
from typing import Any
from uuid import UUID

import httpx
from callers_at_doors import Club

from api.work import drain
from consent import ledger
from consent.choices import Choice
from profiles import members

LETTER, TRIPS, INSIGHT = "newsletter", "partner_offers", "assortment_insight"
ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def path_of(link: str) -> str:
    """The path in a link, as a browser asks for it."""
    base = "http://127.0.0.1:8000"
    assert link.startswith(f"{base}/v1/")
    return link.removeprefix(base)


async def said(club: Club, member: str) -> list[Choice]:
    """Every line of a member's ledger, oldest first."""
    async with club.tillit.unit() as work:
        one = await members.one(work.unit, UUID(member))
        return (await ledger.opened(work.unit, {one.id: one.key}))[one.id]


async def tells(club: Club, member: str, action: str, purpose: str = LETTER, **more: Any) -> Any:
    """The till writes down what a member said."""
    till = await club.service("till")
    body = {"member": member, "purpose": purpose, "action": action, **more}
    if action == "given":
        body.setdefault("language", "sv")
    return await till.ok("POST", "/v1/consents", body)


async def unsubscribe_link(
    club: Club, member: str, purpose: str = LETTER, channel: str | None = None
) -> str:
    """The path of a fresh link to unsubscribe."""
    service = await club.service("partner-offers" if purpose == TRIPS else "newsletter")
    body = {"purpose": purpose, "members": [member], "channel": channel}
    made = await service.ok("POST", "/v1/unsubscribe-links", body)
    return path_of(made["links"][0]["link"])


async def due(club: Club, purpose: str = TRIPS, **more: Any) -> Any:
    till = await club.service("till")
    return await till.ok("POST", "/v1/consents/due", {"purpose": purpose, **more})


async def confirm_link(club: Club, member: str) -> str:
    """The path of a fresh link to confirm the member's request."""
    waiting = (await due(club))["confirm"]["members"]
    return next(path_of(one["link"]) for one in waiting if one["member"] == member)


async def click(http: httpx.AsyncClient, path: str) -> httpx.Response:
    """What a mail provider does for RFC 8058."""
    return await http.post(path, content=ONE_CLICK, headers=FORM)


def checked_page(answer: httpx.Response) -> str:
    """A page with every door shut; its text."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script" not in policy
    assert "set-cookie" not in answer.headers
    assert not re.search(r"<script|<img|<link|http", answer.text)
    return answer.text


async def erase(club: Club, member: str) -> None:
    """The member asks for it, an officer approves, the worker does it."""
    own, officer = await club.member(member), await club.officer()
    made = await own.ok("POST", "/v1/me/requests", {"right": "erasure"})
    await officer.ok("POST", f"/v1/requests/{made['request']}/approve")
    await drain(club.tillit)
