"""The gate, from enrolment to answer, on a real database."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import at_the_desk
import pytest
from pyroaring import BitMap

from api.bootstrap import SYSTEM, Tillit, Work, opened
from api.settings import Settings
from consent import gate
from consent.choices import Action as Said
from consent.choosing import choose
from consent.errors import OutOfDate
from consent.grants import Grant, authorise
from consent.ledger import record
from consent.programme import Action, load_programme
from dsar import deciding
from dsar.states import Right
from kernel.clock import StoppedClock
from profiles import events
from profiles.enrolment import enrol
from profiles.errors import BadExpression
from profiles.members import load
from profiles.purchases import Purchase
from profiles.unit import Unit

PURPOSE = "personalised_offers"
EXAMPLE = Path(__file__).parents[3] / "examples" / "fjallklubben.toml"


def _grant(work: Work, action: Action = Action.SEGMENT) -> Grant:
    return authorise(work.active, "offers-engine", purpose=PURPOSE, action=action)


async def _two_who_agree(tillit: Tillit) -> list[UUID]:
    people = [{"member_number": number, "tier": "gold"} for number in ("1", "2")]
    async with tillit.unit() as work:
        members = await enrol(work.unit, SYSTEM, people, source="test")
        purpose = work.active.programme.purpose(PURPOSE)
        yes = choose(work.unit, purpose, Said.GIVEN, at=work.unit.now, by="till", language="sv")
        await record(work.unit, SYSTEM, {member: [yes] for member in members})
    return [member.id for member in members]


async def _erase(tillit: Tillit, member: UUID) -> None:
    async with tillit.unit() as work:
        asked = await at_the_desk.opened(work, Right.ERASURE, member)
        await deciding.approve(work.unit, SYSTEM, work.active, asked.id)
    async with tillit.unit() as work:
        await tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [asked.id])


async def test_a_segment_holds_only_members_who_allow_it(tillit: Tillit) -> None:
    people = [
        {"member_number": str(number), "name": f"Test {number}", "tier": tier}
        for number, tier in enumerate(["gold", "silver", "gold", "gold"])
    ]
    async with tillit.unit() as work:
        members = await enrol(work.unit, SYSTEM, people, source="test")
    async with tillit.unit() as work:
        unit = work.unit
        purpose = work.active.programme.purpose("personalised_offers")
        locked = await load(unit, [m.id for m in members], lock=True)
        yes = choose(unit, purpose, Said.GIVEN, at=unit.now, by="member", language="sv")
        await record(unit, SYSTEM, {locked[m.id]: [yes] for m in members[:3]})
        bought = Purchase("test", "1", unit.now, Decimal("250.00"), False)
        await events.record(unit, SYSTEM, {locked[m.id]: [bought] for m in members})
    async with tillit.unit() as work:
        grant = authorise(
            work.active, "offers-engine", purpose="personalised_offers", action=Action.SEGMENT
        )
        answer = await tillit.gate.evaluate(work.unit, grant, "tier = 'gold' AND spend_365d >= 250")
        assert await tillit.gate.numbers(work.unit, answer) == ["0", "2"]
        assert (answer.eligible, answer.held_back) == (3, {"no_consent": 1})
    async with tillit.unit() as work:
        unit = work.unit
        locked = await load(unit, [members[0].id], lock=True)
        no = choose(unit, purpose, Said.WITHDRAWN, at=unit.now, by="member")
        await record(unit, SYSTEM, {locked[members[0].id]: [no]})
    async with tillit.unit() as work:
        answer = await tillit.gate.evaluate(work.unit, grant, "tier = 'gold'")
        assert tillit.gate.ids(answer) == [members[2].id]
    await tillit.integrate()


async def test_who_is_erased_while_an_answer_is_written_down_is_still_in_it_by_their_own_id(
    tillit: Tillit, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = await _two_who_agree(tillit)
    keep = gate.keep_matched

    async def erased_meanwhile(unit: Unit, matched: BitMap) -> dict[int, bytes]:
        await _erase(tillit, members[0])
        await tillit.replica.barrier()
        return await keep(unit, matched)

    monkeypatch.setattr(gate, "keep_matched", erased_meanwhile)
    async with tillit.unit() as work:
        answer = await tillit.gate.evaluate(work.unit, _grant(work), "tier = 'gold'")
        assert tillit.gate.ids(answer) == members
        assert (answer.eligible, answer.matched) == (2, 2)
        assert await tillit.gate.numbers(work.unit, answer) == ["2"]
    monkeypatch.undo()
    async with tillit.unit() as work:
        answer = await tillit.gate.evaluate(work.unit, _grant(work), "tier = 'gold'")
        assert tillit.gate.ids(answer) == members[1:]


async def test_a_preview_holds_nobodys_id(tillit: Tillit) -> None:
    await _two_who_agree(tillit)
    async with tillit.unit() as work:
        grant = _grant(work, Action.PREVIEW)
        answer = await tillit.gate.evaluate(work.unit, grant, "tier = 'gold'")
    assert answer.matched == 2
    assert tillit.gate.ids(answer) == []


async def test_a_question_that_comes_before_its_members_are_up_to_date_is_not_answered(
    settings: Settings,
) -> None:
    clock = StoppedClock(datetime.now(UTC))
    async with opened(settings, clock=clock) as tillit:
        await tillit.apply(SYSTEM, load_programme(EXAMPLE))
        [first, _] = await _two_who_agree(tillit)
        async with tillit.unit() as work:
            member = (await load(work.unit, [first], lock=True))[first]
            bought = Purchase("test", "1", work.unit.now, Decimal("250.00"), False)
            await events.record(work.unit, SYSTEM, {member: [bought]})
        async with tillit.unit() as work:
            await tillit.gate.evaluate(work.unit, _grant(work), "orders_365d = 1")
            assert not tillit.gate.stale(work.unit)
        clock.at += timedelta(days=366)
        async with tillit.unit() as work:
            assert tillit.gate.stale(work.unit)
            with pytest.raises(OutOfDate):
                await tillit.gate.evaluate(work.unit, _grant(work), "orders_365d = 1")
        async with tillit.unit() as work:
            assert await tillit.gate.freshen(work.unit) == 1
        async with tillit.unit() as work:
            answer = await tillit.gate.evaluate(work.unit, _grant(work), "orders_365d = 1")
            assert (answer.matched, tillit.gate.stale(work.unit)) == (0, False)


async def test_an_expression_is_read_once_for_one_day_programme_and_set_of_fields(
    tillit: Tillit, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    parse = gate.parse

    def reading(text: str, *given: object, **more: object) -> object:
        read.append(text)
        return parse(text, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(gate, "parse", reading)
    async with tillit.unit() as work:
        for _ in range(3):
            await tillit.gate.evaluate(work.unit, _grant(work), "tier = 'gold'")
        for _ in range(2):
            with pytest.raises(BadExpression):
                await tillit.gate.evaluate(work.unit, _grant(work), "tier = ")
        assert read == ["tier = 'gold'", "tier = ", "tier = "]
        monkeypatch.setattr(gate, "_KEPT", 4)
        for number in range(20):
            await tillit.gate.evaluate(work.unit, _grant(work), f"spend_365d > {number}")
        assert len(tillit.gate._conditions) <= 4
