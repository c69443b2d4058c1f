"""What is done is told to the member when it is done, whatever recipients have yet to say."""

from collections.abc import AsyncIterator
from datetime import timedelta

import at_the_desk
import pytest
from at_the_recipients import WEBHOOK, Recipients, connected
from toy_processor import Key

from api import work as worker
from api.bootstrap import SYSTEM
from api.settings import Settings
from audit.verify import VerifierKey
from dsar import checks, outgoing, register, reminding, request_figures, worklist
from dsar.connectors import answers
from dsar.letters import desk, pages
from dsar.letters.kinds import Kind
from dsar.states import Right, State
from dsar.worklist import Wish


@pytest.fixture
async def told(settings: Settings) -> AsyncIterator[Recipients]:
    async with connected(settings, (Key(), Key()), WEBHOOK) as made:
        yield made


async def test_the_answer_comes_when_it_is_done_and_says_who_has_yet_to_confirm_it(
    told: Recipients,
) -> None:
    request = await told.asked(Right.RESTRICTION)
    assert (await told.request(request)).state is State.CARRIED_OUT
    async with told.tillit.unit() as work:
        text = pages.text(await desk.opened(work.unit, SYSTEM, request, Kind.ANSWER))
        name = work.active.programme.recipients["letters"].name
    assert "ännu inte har bekräftat det" in text
    assert name in text
    await told.later(days=5)
    word = await told.word(request)
    async with told.tillit.unit() as work:
        await answers.pressed(work.unit, SYSTEM, recipient="letters", id=word.id, link="done")
    await worker.drain(told.tillit)
    assert (await told.request(request)).state is State.FULFILLED
    made = [one.facts["letter"] for one in await told.entries("letter.made")]
    assert made.count("answer") == 1
    async with told.tillit.unit() as work:
        assert pages.text(await desk.opened(work.unit, SYSTEM, request, Kind.ANSWER)) == text


async def test_what_is_done_is_late_with_its_recipients_and_with_nobody_else(
    told: Recipients,
) -> None:
    request = await told.asked(Right.RESTRICTION)
    done = await told.request(request)
    told.clock.at += timedelta(days=60)
    key = VerifierKey.parse((await told.tillit.signer()).verifier_key)
    async with told.tillit.unit() as work:
        unit = work.unit
        shown = await register.get(unit, request)
        assert (shown.state, shown.overdue(unit.today)) == (State.CARRIED_OUT, False)
        assert await worklist.counts(unit) == worklist.Counts(open=1, due_soon=0, overdue=0)
        late = await worklist.page(unit, Wish(overdue=True))
        assert late.requests == []
        assert [one.id for one in (await worklist.page(unit, Wish(overdue=False))).requests] == [
            request
        ]
        assert await reminding.remind(unit, SYSTEM, work.active) == 0
        found = await request_figures.figures(unit, since=done.received, until=unit.today)
        assert (found.all.open, found.all.late_open, found.all.answered) == (1, 0, 1)
        assert (found.all.most_days, found.all.on_time) == (0, 1.0)
        words = await outgoing.to_recipients(unit)
        assert [one.is_late(unit.today) for one in words] == [True]
        assert await checks.check(unit, key) == []


async def test_what_nobody_has_done_is_more_urgent_than_what_waits_for_recipients(
    told: Recipients,
) -> None:
    done = await told.asked(Right.RESTRICTION)
    told.clock.at += timedelta(days=3)
    async with told.tillit.unit() as work:
        undone = (await at_the_desk.opened(work, Right.ACCESS, told.life.member)).id
        first = await worklist.page(work.unit, Wish(limit=1))
        rest = await worklist.page(work.unit, Wish(after=first.next))
    assert [one.id for one in (*first.requests, *rest.requests)] == [undone, done]


async def test_the_day_it_was_done_is_the_record_s(told: Recipients) -> None:
    request = await told.asked(Right.RESTRICTION)
    key = VerifierKey.parse((await told.tillit.signer()).verifier_key)
    await told.rows(
        "UPDATE request SET carried_at = carried_at - interval '20 days' WHERE id = %s "
        "RETURNING id", request,
    )  # fmt: skip
    async with told.tillit.unit() as work:
        assert await checks.check(work.unit, key) == [
            f"request {request} has another clock than was put on record"
        ]
