"""A club whose clock the test sets, and members who bought something in this year and that."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import at_the_desk

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from consent.programme import read_programme
from dsar.states import Right
from kernel.clock import StoppedClock
from kernel.database import raw
from profiles import events
from profiles.enrolment import enrol
from profiles.members import load
from profiles.purchases import Item, Purchase

#: In the past by the queue's own clock, so that what is put off by days is due there at once.
BEGAN = datetime(2025, 6, 16, 9, tzinfo=UTC)


@dataclass
class Books:
    """One process; `clock` stands until a test sets it."""

    tillit: Tillit
    clock: StoppedClock
    number: int = field(default=0)

    async def joins(self, days: Sequence[datetime] = (), **values: Any) -> UUID:
        """A member who bought something on each of these days."""
        self.number += 1
        given = {
            "member_number": f"FK-{self.number}",
            "name": f"Åsa Öberg-{self.number}",
            "email": f"asa{self.number}@post.example",
            **values,
        }
        async with self.tillit.unit() as work:
            [made] = await enrol(work.unit, SYSTEM, [given], source="till")
        async with self.tillit.unit() as work:
            locked = await load(work.unit, [made.id], lock=True)
            bought = [
                Purchase("till", f"R-{n}", at, Decimal("199.50"), False, _items(n))
                for n, at in enumerate(days)
            ]
            if bought:
                await events.record(work.unit, SYSTEM, {locked[made.id]: bought})
        return made.id

    async def approved(self, member: UUID) -> UUID:
        async with self.tillit.unit() as work:
            return (await at_the_desk.approved(work, Right.ERASURE, member)).id

    async def erased(self, member: UUID) -> UUID:
        request = await self.approved(member)
        await worker.drain(self.tillit)
        return request

    async def handles(self, *lines: str) -> None:
        """Have the programme handle requests so."""
        async with self.tillit.unit() as work:
            source = work.active.programme.source
        text = source.replace("[requests]\n", "[requests]\n" + "".join(f"{one}\n" for one in lines))
        assert text != source
        await self.tillit.apply(SYSTEM, read_programme(text))

    async def query(self, statement: str, *values: Any) -> list[Any]:
        async with self.tillit.database.transaction() as session:
            cursor = await (await raw(session)).execute(statement, values)
            return await cursor.fetchall() if cursor.description else []


def _items(number: int) -> tuple[Item, ...]:
    return (Item(f"SKU-{number}", "Tält, två personer", Decimal(1), Decimal("199.50")),)
