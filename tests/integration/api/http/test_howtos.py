"""The how-to pages are contracts: each request on them is sent, and gives what the page says."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from callers_at_doors import PURPOSE, Club

from api.tokens import Caller, mint
from api.work import drain
from consent.panel import terms_shown

_BLOCK = re.compile(r"^```(http|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [
    page
    for page in sorted((Path(__file__).parents[4] / "docs" / "howto").glob("*.md"))
    if _BLOCK.search(page.read_text(encoding="utf-8"))
]
VALUES = {"name": "Kari Exempel", "tier": "gold", "interests": ["hiking"], "county": "Jämtland"}


async def _caller(club: Club, who: str, member: str) -> Caller:
    if who == "member":
        return Caller.member(UUID(member), stepped_up=datetime.now(UTC))
    if who == "officer":
        return Caller.officer("officer-7", role="privacy_officer")
    return Caller.service(who)


async def _send(club: Club, text: str, known: dict[str, str]) -> Any:
    """What the door answers. What was approved is carried out before the page goes on."""
    head, _, body = text.strip().partition("\n\n")
    first, authorization = head.split("\n")
    method, path = first.split(" ")
    who = re.fullmatch("Authorization: Bearer <(.+)>", authorization)
    assert who is not None, text
    token = (await mint(club.tillit, await _caller(club, who.group(1), known["<member>"]))).token
    response = await club.http.request(
        method,
        _with(known, path),
        content=_with(known, body) or None,
        headers={"Authorization": f"Bearer {token}"},
    )
    assert response.is_success, f"{first}: {response.text}"
    if "/requests" in path and method == "POST":
        await drain(club.tillit)
    return response.json()


def _with(known: dict[str, str], text: str) -> str:
    for placeholder, value in known.items():
        text = text.replace(placeholder, value)
    return text


def _differs(said: Any, got: Any) -> bool:
    """Whether the answer lacks something that the page shows; it may have more."""
    if isinstance(said, dict) and isinstance(got, dict) and said:
        return any(key not in got or _differs(one, got[key]) for key, one in said.items())
    return bool(said != got)


async def _panel(club: Club) -> str:
    """What a panel puts into a form for a yes to the newsletter, as it stands in a JSON text."""
    async with club.tillit.unit() as work:
        terms = terms_shown(work.active.programme.purposes["newsletter"], "sv")
        said = {"allow": True, "language": "sv", "terms": terms}
        told = {"programme": work.active.version, "shown": work.unit.now.isoformat()}
    return json.dumps(json.dumps({**told, "answers": {"newsletter": said}}))[1:-1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
async def test_every_request_on_the_page_gives_what_it_says(club: Club, page: Path) -> None:
    member = await club.joins("H-1", **VALUES)
    await club.agrees(member, purpose=PURPOSE)
    if page.stem in ("mailer", "officer"):
        await club.agrees(member, purpose="newsletter")
    answer: Any = None
    known = {"<member>": member, "<panel>": await _panel(club)}
    for kind, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "http":
            answer = await _send(club, text, known)
            if isinstance(answer, dict) and isinstance(answer.get("request"), str):
                known["<request>"] = answer["request"]
        else:
            said = json.loads(_with(known, text))
            assert not _differs(said, answer), f"{text}\n{answer}"


def test_each_kind_of_caller_has_a_page() -> None:
    assert {"member-app", "till", "offers", "mailer", "officer"} <= {page.stem for page in PAGES}
