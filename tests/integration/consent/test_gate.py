"""The gate, from enrolment to answer, on a real database."""

from decimal import Decimal

from api.bootstrap import SYSTEM, Tillit
from consent.choices import Action as Said
from consent.grants import authorise
from consent.ledger import choose, record
from consent.programme import Action
from profiles import events
from profiles.enrolment import enrol
from profiles.members import load
from profiles.purchases import Purchase


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
        yes = choose(unit, purpose, Said.GIVEN, at=unit.now, how="member", language="sv")
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
        no = choose(unit, purpose, Said.WITHDRAWN, at=unit.now, how="member")
        await record(unit, SYSTEM, {locked[members[0].id]: [no]})
    async with tillit.unit() as work:
        answer = await tillit.gate.evaluate(work.unit, grant, "tier = 'gold'")
        assert tillit.gate.ids(answer) == [members[2].id]
    await tillit.integrate()
