"""Letters about requests: for officers as they were and as they would be, for members their own.

A sheet is drawn in another thread. Whatever is opened here is on record, previews too.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from api.http.doors import Asked, Doors, Media
from api.http.errors import StepUpNeeded
from api.http.one_button import HEADERS, HTML, policy
from audit.entries import ActorType
from consent.programme import Ability
from dsar import register
from dsar.errors import UnknownRequest
from dsar.letters import desk, pages, sheets
from dsar.letters.kinds import kind_named, wants_proof
from dsar.letters.written import Written
from dsar.register import Request

doors = Doors(ActorType.OFFICER)
members = Doors(ActorType.MEMBER)

PDF = "application/pdf"
_HEADERS = {**HEADERS, "Content-Security-Policy": policy(pages.STYLE)}


class LetterShown(msgspec.Struct):
    """A letter that was written. `state`: ``waiting``, ``done``, ``download`` or ``given_up``.

    `sent_at`: when it was handed over, by mail or to whoever fetched it. `problem`: a word for
    why it has not been sent, or was not the last time.
    """

    letter: str
    state: str
    made_at: datetime
    sent_at: datetime | None
    problem: str | None


def _drawn(
    doors: Doors, path: str, **how: Any
) -> Callable[[Callable[[Asked], Awaitable[Written]]], None]:
    """Declare the two doors of a letter: `path`.html for a screen, `path`.pdf for paper."""

    def declare(find: Callable[[Asked], Awaitable[Written]]) -> None:
        async def page(asked: Asked) -> Media:
            return await _page(await find(asked))

        async def sheet(asked: Asked) -> Media:
            return await _sheet(await find(asked))

        first, _, rest = (find.__doc__ or "").partition("\n")
        page.__doc__, sheet.__doc__ = find.__doc__, f"{first} On paper.\n{rest}"
        page.__name__, sheet.__name__ = f"{find.__name__}_page", f"{find.__name__}_sheet"
        doors("GET", f"{path}.html", media=HTML, **how)(page)
        doors("GET", f"{path}.pdf", media=PDF, **how)(sheet)

    return declare


@doors("GET", "/v1/requests/{request:uuid}/letters", ability=Ability.REQUESTS)
async def listed(asked: Asked) -> list[LetterShown]:
    """The letters that were written about a request, oldest first, and what became of them."""
    found = await register.get(asked.unit, asked.id("request"))
    return await _listed(asked, found.id)


@_drawn(
    doors,
    "/v1/requests/{request:uuid}/letters/preview",
    ability=Ability.REQUESTS,
    query=("letter", "reason"),
)
async def preview(asked: Asked) -> Written:
    """A letter as it would be if it were written now; nothing is kept and nothing is sent.

    `letter`: which one; `reason`: for a refusal or an extension that has yet to be decided.
    """
    return await desk.preview(
        asked.unit,
        asked.act,
        asked.active,
        asked.id("request"),
        kind=kind_named(asked.query.get("letter", "")),
        reason=asked.query.get("reason"),
    )


@_drawn(doors, "/v1/requests/{request:uuid}/letters/{letter}", ability=Ability.REQUESTS)
async def written(asked: Asked) -> Written:
    """A letter as it was written, for an officer."""
    return await _written(asked)


@members("GET", "/v1/me/requests/{request:uuid}/letters")
async def mine(asked: Asked) -> list[LetterShown]:
    """The letters that were written to you about a request, oldest first."""
    return await _listed(asked, (await _own(asked)).id)


@_drawn(members, "/v1/me/requests/{request:uuid}/letters/{letter}")
async def my_letter(asked: Asked) -> Written:
    """A letter to you, as it was written."""
    _refuse_unproved(asked, await _own(asked))
    return await _written(asked)


def _refuse_unproved(asked: Asked, found: Request) -> None:
    """Raises `StepUpNeeded` for what a token that somebody has found does not open."""
    kind = kind_named(str(asked.path["letter"]))
    if wants_proof(kind, found.right) and not asked.who.proved_lately(asked.unit.now):
        raise StepUpNeeded(
            "this letter is read after a second proof",
            place="Authorization",
            remedy="sign in with a second proof, or read it as it was sent to you",
        )


async def _own(asked: Asked) -> Request:
    found = await register.get(asked.unit, asked.id("request"))
    if found.member != asked.member.id:
        raise UnknownRequest("there is no such request", place="request")
    return found


async def _listed(asked: Asked, request: UUID) -> list[LetterShown]:
    return [
        LetterShown(one.kind.value, one.state.value, one.made_at, one.sent_at, one.problem)
        for one in await desk.listed(asked.unit, request)
    ]


async def _written(asked: Asked) -> Written:
    kind = kind_named(str(asked.path["letter"]))
    return await desk.opened(asked.unit, asked.act, asked.id("request"), kind)


async def _page(letter: Written) -> Media:
    return Media(pages.html(letter).encode(), HTML, headers=_HEADERS)


async def _sheet(letter: Written) -> Media:
    drawn = await asyncio.to_thread(sheets.pdf, letter)
    return Media(drawn, PDF, filename=f"{letter.kind}.pdf", headers={"Cache-Control": "no-store"})
