"""Brings the purchases of a file into the store, and their members where the mapping says so."""

import asyncio
from collections import Counter
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from api.bootstrap import Tillit, Work
from api.imports import checking
from api.imports.batches import (
    CHECKING,
    READING,
    Counts,
    act_of,
    held_by_number,
    not_taken,
    write_all,
)
from api.imports.events import PurchaseFile, read_purchases
from api.imports.loading import events_of
from api.imports.mapping import EventsSection, Mapping
from api.imports.outcome import Outcome, Progress
from api.imports.purchases import MemberPurchases
from api.imports.purchases import Purchase as ReadPurchase
from profiles import events, members
from profiles.enrolment import enrol
from profiles.members import NUMBER
from profiles.purchases import Item, Purchase


async def import_events(
    tillit: Tillit, path: Path, mapping: Mapping, progress: Progress
) -> Outcome:
    """Keep the purchases of a file, each once, making members where the mapping says so.

    Raises `ImportRefused`, and then nothing was written.
    """
    section = events_of(mapping)
    progress(READING, 0, None)
    async with tillit.unit() as work:
        today = work.unit.today
    file = await asyncio.to_thread(read_purchases, path, mapping, today=today)
    async with tillit.unit() as work:
        numbers = await _check(work, file, section, name=path.name, progress=progress)
    writer = _Writer(mapping.source, numbers, create=section.members.create)
    counts = await write_all(
        tillit, file.members, writer.write, progress=progress, total=len(file.members)
    )
    return Outcome(
        lines=file.lines,
        taken=counts["taken_lines"],
        members=counts["taken_members"],
        not_taken=not_taken(file.not_taken, file.taken - counts["taken_lines"]),
        things={"purchases": counts["taken_purchases"]},
        new={"members": counts["members"], "purchases": counts["purchases"]},
    )


async def _check(
    work: Work, file: PurchaseFile, section: EventsSection, *, name: str, progress: Progress
) -> dict[str, str]:
    """The file's member numbers as the store keeps them, once everything is found right."""
    checking.check_fields(work.unit, file, name=name, section="events.members.fields")
    numbers = checking.check_numbers(work.unit, file, name)
    for done in checking.check_purchases(work.unit, file, name):
        progress(CHECKING, done, len(file.members))
    if section.on_unknown_member == "refuse" and not section.members.create:
        known = await members.find_numbers(work.unit, numbers.values())
        there = {number for number, kept in numbers.items() if kept in known}
        checking.refuse_unknown(file, there, name)
    return numbers


@dataclass(frozen=True)
class _Writer:
    source: str
    numbers: Dict[str, str]
    create: bool

    async def write(self, work: Work, batch: Sequence[MemberPurchases]) -> Counts:
        people = {self.numbers[one.number]: one for one in batch}
        held = await held_by_number(work, list(people))
        fresh = [
            {**one.fields, NUMBER: number}
            for number, one in people.items()
            if self.create and number not in held
        ]
        enrolled = await enrol(work.unit, act_of(work), fresh, source=self.source)
        held |= {str(one[NUMBER]): member for one, member in zip(fresh, enrolled, strict=True)}
        taken = {number: one for number, one in people.items() if number in held}
        bought = {
            held[number]: [_purchase(self.source, each) for each in one.purchases]
            for number, one in taken.items()
        }
        recorded = await events.record(work.unit, act_of(work), bought)
        return Counter(
            members=len(enrolled),
            purchases=recorded.new,
            taken_members=len(taken),
            taken_purchases=sum(map(len, bought.values())),
            taken_lines=sum(one.lines for one in taken.values()),
        )


def _purchase(source: str, read: ReadPurchase) -> Purchase:
    return Purchase(
        source=source,
        reference=read.reference.removeprefix(f"{source}:"),
        at=read.at,
        amount=read.amount,
        cancelled=read.cancelled,
        items=tuple(
            Item(item.sku, item.description, Decimal(item.quantity), item.price)
            for item in read.items
        ),
    )
