"""What a preview of an erasure says of a member's other requests."""

from uuid import UUID

import at_the_desk
import pytest
from at_the_books import Books

from api import work as worker
from api.bootstrap import SYSTEM
from dsar import previews
from dsar.states import Right
from profiles import members


async def _closes(books: Books, member: UUID, request: UUID | None = None) -> list[int]:
    """As the member sees it and, once there is a request, as an officer does."""
    async with books.tillit.unit() as work:
        person = await members.one(work.unit, member)
        seen = [await previews.of_member(work.unit, SYSTEM, work.active, person)]
        if request is not None:
            seen.append(await previews.of_request(work.unit, SYSTEM, work.active, request))
    return [one.closes for one in seen]


@pytest.mark.parametrize("others", [0, 1, 2])
@pytest.mark.parametrize("approved", [False, True])
async def test_an_erasure_that_was_asked_for_is_not_among_what_it_closes(
    books: Books, others: int, approved: bool
) -> None:
    await books.handles("cooling_off_days = 5")
    member = await books.joins()
    async with books.tillit.unit() as work:
        for right in (Right.ACCESS, Right.RESTRICTION)[:others]:
            await at_the_desk.opened(work, right, member)
    assert await _closes(books, member) == [others]
    async with books.tillit.unit() as work:
        ask = at_the_desk.approved if approved else at_the_desk.opened
        asked = await ask(work, Right.ERASURE, member)
    assert await _closes(books, member, asked.id) == [others, others]


async def test_what_is_closed_already_and_what_others_asked_for_ends_with_no_erasure(
    books: Books,
) -> None:
    member, other = await books.joins(), await books.joins()
    async with books.tillit.unit() as work:
        await at_the_desk.approved(work, Right.ACCESS, member)
        await at_the_desk.opened(work, Right.ACCESS, other)
    await worker.drain(books.tillit)
    assert await _closes(books, member) == [0]
