"""A member with a full life: values, purchases with items, choices, uses, a neighbour."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import at_the_desk

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from consent import ledger
from consent.choices import Action as Said
from consent.choosing import choose
from consent.grants import authorise
from consent.programme import Action
from dsar import deciding
from dsar.states import Right
from profiles import events
from profiles.enrolment import enrol
from profiles.members import load
from profiles.purchases import Item, Purchase

VALUES: dict[str, Any] = {
    "member_number": "FK-1001",
    "name": "Åsa Öberg",
    "email": "asa.oberg@post.example",
    "phone": "+46701234567",
    "birth_date": "1984-02-29",
    "tier": "gold",
    "interests": ["hiking", "skiing"],
    "county": "Dalarna",
    "country": "SE",
}
ITEMS = (
    Item("TENT-2", "Tält, två personer", Decimal(1), Decimal("2499.00")),
    Item("STAV", "Stavar", Decimal(2), Decimal("199.50")),
)


@dataclass(frozen=True)
class Life:
    tillit: Tillit
    member: UUID
    neighbour: UUID

    async def ask(self, kind: Right, member: UUID | None = None) -> UUID:
        """A request, approved; the job that answers it is due."""
        async with self.tillit.unit() as work:
            asked = await at_the_desk.opened(work, kind, member or self.member)
            await deciding.approve(work.unit, SYSTEM, work.active, asked.id)
        return asked.id

    async def answered(self, kind: Right, member: UUID | None = None) -> UUID:
        request = await self.ask(kind, member)
        await worker.drain(self.tillit)
        return request

    async def segment(self, expression: str = "tier = 'gold'") -> set[UUID]:
        gate = self.tillit.gate
        async with self.tillit.unit() as work:
            await gate.freshen(work.unit)
        async with self.tillit.unit() as work:
            may = {"purpose": "personalised_offers", "action": Action.SEGMENT}
            grant = authorise(work.active, "offers-engine", **may)
            return set(gate.ids(await gate.evaluate(work.unit, grant, expression)))


async def lived(tillit: Tillit) -> Life:
    """The life, as the club has come to know it."""
    other = {
        **VALUES,
        "member_number": "FK-1002",
        "email": "o@post.example",
        "phone": "+4791234567",
    }
    async with tillit.unit() as work:
        people = await enrol(work.unit, SYSTEM, [VALUES, other], source="till")
    async with tillit.unit() as work:
        unit, purposes = work.unit, work.active.programme.purposes
        locked = await load(unit, [one.id for one in people], lock=True)
        bought = [
            Purchase("till", "R-1", unit.now - timedelta(days=3), Decimal("2898.00"), False, ITEMS),
            Purchase("till", "R-2", unit.now - timedelta(days=1), Decimal("-199.50"), True),
        ]
        await events.record(unit, SYSTEM, dict.fromkeys(locked.values(), bought))
        said = [
            choose(unit, purposes[name], word, at=unit.now, by="member", language=language)
            for name, word, language in (
                ("personalised_offers", Said.GIVEN, "sv"),
                ("newsletter", Said.GIVEN, "en"),
                ("newsletter", Said.WITHDRAWN, None),
            )
        ]
        await ledger.record(unit, SYSTEM, dict.fromkeys(locked.values(), said))
    life = Life(tillit, people[0].id, people[1].id)
    assert await life.segment() == {life.member, life.neighbour}
    async with tillit.unit() as work:
        may = {"purpose": "personalised_offers", "action": Action.READ}
        grant = authorise(work.active, "offers-engine", **may)
        await tillit.gate.read(work.unit, grant, [life.member])
    return life
