"""Checks of the register of breaches, against the record. For `tillit audit verify`."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import select

from audit.browsing import Told
from audit.entries import Kind
from dsar.breaches import account
from dsar.breaches.searches import one as search_of
from dsar.tables import BreachRow, BreachSearchRow
from profiles.errors import CannotOpen
from profiles.unit import Unit

KINDS = (Kind.BREACH_OPENED, Kind.BREACH_MOVED, Kind.BREACH_SEARCHED)


async def check(unit: Unit, entries: Sequence[Told]) -> list[str]:
    """What is wrong, in words. `entries`: those of `KINDS`, in their order."""
    said, asked = dict[str, object](), set[str]()
    for entry in entries:
        if entry.kind == Kind.BREACH_SEARCHED:
            asked.add(str(entry.facts.get("search")))
        elif "account" in entry.facts:
            said[str(entry.facts.get("breach"))] = entry.facts["account"]
    problems, there = [], set[str]()
    for row in (await unit.session.execute(select(BreachRow))).scalars():
        there.add(str(row.id))
        wrong = _wrong(unit, row, said.get(str(row.id)))
        problems += [f"breach {row.id} {wrong}"] if wrong else []
    problems += [f"breach {one} is on record and missing" for one in sorted(said.keys() - there)]
    return problems + await _searches(unit, asked)


def _wrong(unit: Unit, row: BreachRow, digest: object) -> str | None:
    if digest is None:
        return "has no entry in the record"
    try:
        same = account.digest(unit.epoch, row.id, row.sealed) == digest
    except CannotOpen:
        return "is not as it was sealed"
    return None if same else "is not what was put on record last"


async def _searches(unit: Unit, asked: set[str]) -> list[str]:
    rows = list((await unit.session.execute(select(BreachSearchRow))).scalars())
    problems = []
    for row in rows:
        if str(row.id) not in asked:
            problems.append(f"search {row.id} of a breach has no entry in the record")
        found = await search_of(unit, row.breach, row.id)
        if found.question is None or (row.result is not None and found.result is None):
            problems.append(f"search {row.id} of a breach is not as it was sealed")
    there: set[UUID] = {row.id for row in rows}
    lost = asked - {str(one) for one in there}
    return problems + [f"search {one} of a breach is on record and missing" for one in sorted(lost)]
