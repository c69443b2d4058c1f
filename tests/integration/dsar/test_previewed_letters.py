"""A letter that is looked at before its step says what the one says that is then sent."""

from datetime import timedelta
from uuid import UUID

import at_the_desk
import pytest
from at_the_books import Books
from at_the_recipients import WEBHOOK, connected
from toy_processor import Key

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from api.settings import Settings
from dsar import deciding, requests
from dsar.errors import UnknownLetter
from dsar.letters import desk
from dsar.letters.kinds import Kind
from dsar.letters.written import Written
from dsar.states import Right


async def _seen(tillit: Tillit, request: UUID, kind: Kind) -> Written:
    async with tillit.unit() as work:
        return await desk.preview(work.unit, SYSTEM, work.active, request, kind=kind)


async def _sent(tillit: Tillit, request: UUID, kind: Kind) -> Written:
    await worker.drain(tillit)
    async with tillit.unit() as work:
        return await desk.opened(work.unit, SYSTEM, request, kind)


def _is_what_was_sent(seen: Written, sent: Written) -> bool:
    """But for a link, which a letter has only when it is sent, and for whom it is."""
    pairs = zip(seen.blocks, sent.blocks, strict=True)
    return all(before == after for before, after in pairs if not after.link)


@pytest.mark.parametrize("days", [0, 20])
async def test_a_question_about_identity(books: Books, days: int) -> None:
    """Asked promptly the clock stands; asked late it goes on."""
    member = await books.joins()
    async with books.tillit.unit() as work:
        received = work.unit.today - timedelta(days=days)
        asked = await at_the_desk.opened(work, Right.ERASURE, member, proof=None, received=received)
        request = asked.id
    await worker.drain(books.tillit)
    seen = await _seen(books.tillit, request, Kind.IDENTITY_QUERY)
    async with books.tillit.unit() as work:
        await requests.ask_identity(work.unit, SYSTEM, work.active, request)
    assert _is_what_was_sent(seen, await _sent(books.tillit, request, Kind.IDENTITY_QUERY))


@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY])
async def test_an_answer_with_something_to_fetch(books: Books, right: Right) -> None:
    member = await books.joins([books.clock.at - timedelta(days=3)])
    async with books.tillit.unit() as work:
        request = (await at_the_desk.opened(work, right, member)).id
    seen = await _seen(books.tillit, request, Kind.ANSWER)
    async with books.tillit.unit() as work:
        await deciding.approve(work.unit, SYSTEM, work.active, request)
    assert _is_what_was_sent(seen, await _sent(books.tillit, request, Kind.ANSWER))


async def test_an_answer_that_names_who_has_yet_to_confirm(settings: Settings) -> None:
    async with connected(settings, (Key(), Key()), WEBHOOK) as told:
        async with told.tillit.unit() as work:
            request = (await at_the_desk.opened(work, Right.RESTRICTION, told.life.member)).id
        seen = await _seen(told.tillit, request, Kind.ANSWER)
        async with told.tillit.unit() as work:
            await deciding.approve(work.unit, SYSTEM, work.active, request)
            name = work.active.programme.recipients["letters"].name
        assert any(name in point for one in seen.blocks for point in one.points)
        assert _is_what_was_sent(seen, await _sent(told.tillit, request, Kind.ANSWER))


async def test_a_farewell(books: Books) -> None:
    member = await books.joins([books.clock.at - timedelta(days=3)])
    async with books.tillit.unit() as work:
        request = (await at_the_desk.opened(work, Right.ERASURE, member)).id
    seen = await _seen(books.tillit, request, Kind.FAREWELL)
    async with books.tillit.unit() as work:
        await deciding.approve(work.unit, SYSTEM, work.active, request)
    assert _is_what_was_sent(seen, await _sent(books.tillit, request, Kind.FAREWELL))


async def test_there_is_no_farewell_but_from_an_erasure(books: Books) -> None:
    async with books.tillit.unit() as work:
        member = await books.joins()
        request = (await at_the_desk.opened(work, Right.ACCESS, member)).id
    with pytest.raises(UnknownLetter):
        await _seen(books.tillit, request, Kind.FAREWELL)
