"""Brings the members of a file into the store."""

import asyncio
from collections import Counter
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api.bootstrap import Tillit, Work
from api.imports import checking
from api.imports.batches import READING, Counts, act_of, held_by_number, write_all
from api.imports.fields import Fields
from api.imports.loading import members_of
from api.imports.mapping import Mapping
from api.imports.members import MemberLine, read_members
from api.imports.outcome import Outcome, Progress
from profiles.enrolment import differing, enrol, rectify
from profiles.members import NUMBER, Member


async def import_members(
    tillit: Tillit, path: Path, mapping: Mapping, progress: Progress
) -> Outcome:
    """Enrol the members of a file; those there already are kept, or brought in line with it.

    Raises `ImportRefused`, and then nothing was written.
    """
    section = members_of(mapping)
    progress(READING, 0, None)
    file = await asyncio.to_thread(read_members, path, mapping)
    async with tillit.unit() as work:
        checking.check_fields(work.unit, file, name=path.name, section="members.fields")
        numbers = checking.check_numbers(work.unit, file, path.name)
    writer = _Writer(mapping.source, numbers, update=section.on_existing == "update")
    new = await write_all(tillit, file, writer.write, progress=progress, total=len(file))
    return Outcome(
        lines=file.lines,
        taken=file.taken,
        members=len(file),
        not_taken=file.not_taken,
        things={},
        new={"members": new["members"], "updated": new["updated"]},
    )


@dataclass(frozen=True)
class _Writer:
    source: str
    numbers: Dict[str, str]
    update: bool

    async def write(self, work: Work, batch: Sequence[MemberLine]) -> Counts:
        people = {self.numbers[line.number]: line.fields for line in batch}
        there = await held_by_number(work, list(people))
        fresh = [
            {**fields, NUMBER: number} for number, fields in people.items() if number not in there
        ]
        enrolled = await enrol(work.unit, act_of(work), fresh, source=self.source)
        told = {member: people[number] for number, member in there.items()} if self.update else {}
        return Counter(members=len(enrolled), updated=await self._bring_in_line(work, told))

    async def _bring_in_line(self, work: Work, told: Dict[Member, Fields]) -> int:
        """Set what the file says otherwise; a field it says nothing about stays."""
        updated = 0
        for member, fields in told.items():
            if other := differing(work.unit, member, fields):
                await rectify(work.unit, act_of(work), member, other, source=self.source)
                updated += 1
        return updated
