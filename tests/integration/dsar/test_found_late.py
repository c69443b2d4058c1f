"""A letter that lay in a drawer: written down with the day it came, and late from that moment."""

from datetime import date, timedelta
from uuid import UUID

import at_the_desk
import naive_deadlines
import pytest
from at_the_books import Books

from api import work as worker
from api.bootstrap import SYSTEM
from audit.verify import VerifierKey
from dsar import checks, deciding, register, reminding, worklist
from dsar.errors import NotARequest, TooLate
from dsar.letters import desk, pages
from dsar.letters.kinds import Kind
from dsar.states import Right
from dsar.words import Delay
from dsar.worklist import Wish


async def found(books: Books, member: UUID, came: date, right: Right = Right.ACCESS) -> UUID:
    async with books.tillit.unit() as work:
        return (await at_the_desk.opened(work, right, member, received=came, language="sv")).id


def days_ago(books: Books, days: int) -> date:
    return books.clock.now().date() - timedelta(days=days)


async def test_what_was_found_after_a_hundred_days_is_overdue_at_once_and_everybody_hears(
    books: Books,
) -> None:
    anna, other = await books.joins(), await books.joins()
    came = days_ago(books, 100)
    fresh = await found(books, other, days_ago(books, 0))
    late = await found(books, anna, came)
    due = naive_deadlines.due(came, "SE")
    async with books.tillit.unit() as work:
        shown = await register.get(work.unit, late)
        assert (shown.received, shown.due, shown.overdue(work.unit.today)) == (came, due, True)
        listed = await worklist.page(work.unit, Wish(only_open=True))
        assert [one.id for one in listed.requests] == [late, fresh]
        assert (await worklist.counts(work.unit)).overdue == 1
        assert await reminding.remind(work.unit, SYSTEM, work.active) == 1
    await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        letter = await desk.opened(work.unit, SYSTEM, late, Kind.ACKNOWLEDGEMENT)
        text = pages.text(letter)
        key = VerifierKey.parse((await books.tillit.signer()).verifier_key)
        assert await checks.check(work.unit, key) == []
    assert "Det är försenat" in text
    assert "Du får vårt svar senast" not in text


async def test_what_is_late_is_put_off_by_nobody_and_handled_as_every_other(books: Books) -> None:
    anna = await books.joins()
    late = await found(books, anna, days_ago(books, 100))
    with pytest.raises(TooLate):
        async with books.tillit.unit() as work:
            await deciding.extend(work.unit, SYSTEM, late, reason=Delay.MANY)
    with pytest.raises(TooLate):
        async with books.tillit.unit() as work:
            await desk.preview(
                work.unit, SYSTEM, work.active, late, kind=Kind.EXTENSION, reason=Delay.MANY.value
            )
    async with books.tillit.unit() as work:
        await deciding.approve(work.unit, SYSTEM, work.active, late)
    await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        assert not (await register.get(work.unit, late)).state.is_open
        assert (await desk.opened(work.unit, SYSTEM, late, Kind.ANSWER)).kind == "answer"


async def test_an_older_letter_about_the_same_makes_the_open_request_late(books: Books) -> None:
    anna = await books.joins()
    first = await found(books, anna, days_ago(books, 2))
    came = days_ago(books, 100)
    assert await found(books, anna, came) == first
    async with books.tillit.unit() as work:
        shown = await register.get(work.unit, first)
        assert (shown.received, shown.overdue(work.unit.today)) == (came, True)


async def test_a_letter_is_taken_up_to_three_years_after_it_came(books: Books) -> None:
    assert books.clock.now().date() == date(2025, 6, 16)
    await found(books, await books.joins(), date(2022, 6, 16))
    for never in (date(2022, 6, 15), date(2025, 6, 17), date(202, 6, 16), date.max, date.min):
        member = await books.joins()
        with pytest.raises(NotARequest, match="three years"):
            await found(books, member, never)
