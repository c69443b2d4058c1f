"""Brings the consents of a file into the ledger."""

import asyncio
from collections import Counter
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import msgspec

from api.bootstrap import Tillit, Work
from api.imports import checking
from api.imports.batches import READING, Counts, act_of, held_by_number, not_taken, write_all
from api.imports.consents import ConsentFile, ConsentLine, read_consents
from api.imports.loading import consents_of
from api.imports.mapping import ConsentsSection, Mapping
from api.imports.outcome import Outcome, Progress
from consent import ledger
from consent.ages import was_child
from consent.choices import Action, Choice
from profiles import members
from profiles.members import Member

_Step = tuple[str | None, Action, str | None, datetime, str]


async def import_consents(
    tillit: Tillit, path: Path, mapping: Mapping, progress: Progress
) -> Outcome:
    """Put the choices of a file into the ledger, each once.

    A choice is known again by member, purpose, action, channel and time. A yes that nothing
    proves is kept as unproven, and counted as that. Raises `ImportRefused`, and then nothing
    was written.
    """
    section = consents_of(mapping)
    progress(READING, 0, None)
    async with tillit.unit() as work:
        today = work.unit.now.astimezone(mapping.zone).date()
    file = await asyncio.to_thread(read_consents, path, mapping, today=today)
    async with tillit.unit() as work:
        numbers = await _check(work, file, section, path.name)
    by_member = ((number, list(of)) for number, of in groupby(file, key=attrgetter("number")))
    counts = await write_all(
        tillit, by_member, _Writer(numbers).write, progress=progress, total=len(numbers)
    )
    return Outcome(
        lines=file.lines,
        taken=counts["taken_lines"],
        members=counts["taken_members"],
        not_taken=not_taken(file.not_taken, file.taken - counts["taken_lines"]),
        things={"choices": counts["taken_lines"], "unproven": counts["unproven"]},
        new={"choices": counts["choices"]},
    )


async def _check(
    work: Work, file: ConsentFile, section: ConsentsSection, name: str
) -> dict[str, str]:
    """The file's member numbers as the store keeps them, once everything is found right."""
    numbers = checking.check_numbers(work.unit, file, name)
    checking.check_consents(work.unit, work.active.programme, file, name)
    if section.on_unknown_member == "refuse":
        known = await members.find_numbers(work.unit, numbers.values())
        there = {number for number, kept in numbers.items() if kept in known}
        checking.refuse_unknown(file, there, name)
    return numbers


@dataclass(frozen=True)
class _Writer:
    numbers: Dict[str, str]

    async def write(self, work: Work, batch: Sequence[tuple[str, list[ConsentLine]]]) -> Counts:
        steps = {self.numbers[number]: lines for number, lines in batch}
        held = await held_by_number(work, list(steps))
        before = await ledger.opened(work.unit, {one.id: one.key for one in held.values()})
        said: dict[Member, list[Choice]] = {}
        unproven = 0
        for number, member in held.items():
            known = {_step(choice) for choice in before[member.id]}
            lines = [
                checking.choice_of(work.unit, work.active.programme, line) for line in steps[number]
            ]
            choices = [_of_age(work, member, choice) for choice in lines]
            unproven += sum(choice.action is Action.UNPROVEN for choice in choices)
            if fresh := [choice for choice in choices if _step(choice) not in known]:
                said[member] = fresh
        if said:
            await ledger.record(work.unit, act_of(work), said)
        return Counter(
            choices=sum(map(len, said.values())),
            taken_members=len(held),
            unproven=unproven,
            taken_lines=sum(len(steps[number]) for number in held),
        )


def _of_age(work: Work, member: Member, choice: Choice) -> Choice:
    """The choice; a child's own yes is kept as what it was, no consent (Art. 8)."""
    footing = work.active.footing(choice.purpose or "")
    if choice.action is not Action.GIVEN or not was_child(work.unit, footing, member, choice.at):
        return choice
    return msgspec.structs.replace(choice, action=Action.INVALIDATED, until=None, terms=None)


def _step(choice: Choice) -> _Step:
    """What tells one imported choice from another of the same member."""
    given = choice.action is Action.RENEWED  # as the ledger keeps one given while one stood
    action = Action.GIVEN if given else choice.action
    return choice.purpose, action, choice.channel, choice.at, choice.by
