"""Lists of those affected, as CSV (RFC 4180): ids; and of who is to be told, how they are reached.

Opens names, addresses and member numbers, which is a use of them: one `profile.read` entry about
each, in the same transaction (Art. 34 is what it is for).
"""

import csv
import io
from collections.abc import Iterable, Sequence
from uuid import UUID

from pyroaring import BitMap

from audit.acts import Act
from audit.entries import Kind
from consent.affected.question import Affected
from consent.cells import cell
from dsar.breaches import register, searches
from dsar.errors import NotABreach
from kernel.database import raw
from profiles import members, reading
from profiles.errors import CannotOpen, KeyDestroyed
from profiles.opened import Opened
from profiles.unit import Unit

#: So many people with names in one file.
PART = 5_000
HOW = "breach"
_CATEGORIES = ("pd:Name", "pd:EmailAddress", "pd:EmailAddressPersonal", "pd:EmailAddressWork")
_IDS = "SELECT id, ordinal FROM member WHERE ordinal = ANY(%b::bigint[]) ORDER BY ordinal"
_STANDS = ("certain", "maybe", "answered")


async def ids(unit: Unit, act: Act, breach: UUID, search: UUID) -> bytes:
    """The ids of all whom a search has found and who are members still, with how sure it is.

    On record as a step of the breach. Raises `UnknownBreach`.
    """
    found = await searches.answer(unit, breach, search)
    stands = {which: found.those(which) for which in _STANDS}
    everybody = BitMap.union(*stands.values())
    rows = await _members(unit, everybody)
    await register.note_listed(unit, act, breach, members=len(rows))
    return _csv(
        ("member", "affected"),
        ((str(id), next(one for one in _STANDS if at in stands[one])) for id, at in rows),
    )


def parts(found: Affected) -> int:
    """How many files there are of those who may have to be told."""
    return -(-len(found.told) // PART)


async def addresses(unit: Unit, act: Act, breach: UUID, search: UUID, part: int) -> bytes:
    """Name and e-mail address of each who may have to be told, in one of `parts` files, from 1.

    Those of whom something does not open are in it by their ids, and not `opened`.

    Raises `UnknownBreach`, and `NotABreach` for a part that there is not.
    """
    found = await searches.answer(unit, breach, search)
    if not 1 <= part <= parts(found):
        raise NotABreach("there is no such part of the list", place="part")
    certain = found.those("certain")
    rows = await _members(unit, found.told[(part - 1) * PART : part * PART])
    people, broken = await members.load_whole(unit, [id for id, _ in rows])
    fields = [
        name
        for name, declared in unit.schema.catalogue.fields.items()
        if declared.category in _CATEGORIES or name == members.NUMBER
    ]
    lines, entries = [], []
    for id, at in rows:
        if id not in people and id not in broken:
            continue  # erased in this very moment
        sure = "certain" if at in certain else "maybe"
        member = people.get(id)
        values = None if member is None else await _opened(unit, member, fields)
        if member is None or values is None:
            lines.append((str(id), sure, "no", *("" for _ in fields)))
            continue
        lines.append((str(id), sure, "yes", *(_text(values, name) for name in fields)))
        facts = {"fields": sorted(values), "how": HOW, "breach": str(breach)}
        entries.append(act.entry(Kind.PROFILE_READ, subject=member.key.subject(), facts=facts))
    await unit.record.write_many(unit.session, entries)
    await register.note_listed(unit, act, breach, members=len(entries))
    return _csv(("member", "affected", "opened", *fields), lines)


async def _opened(
    unit: Unit, member: members.Member, fields: Sequence[str]
) -> dict[str, Opened] | None:
    try:
        return await reading.values(unit, member, fields)
    except (CannotOpen, KeyDestroyed):
        return None


async def _members(unit: Unit, those: BitMap) -> list[tuple[UUID, int]]:
    """Ids and ordinals of those who are members still, in ordinal order."""
    connection = await raw(unit.session)
    cursor = await connection.execute(_IDS, (list(those),), binary=True)
    return [(id, ordinal) for id, ordinal in await cursor.fetchall()]


def _text(values: dict[str, Opened], name: str) -> str:
    """As text that no spreadsheet takes for a formula: a name is what a member wrote."""
    found = values.get(name)
    return "" if found is None else cell(str(found.value))


def _csv(head: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(head)
    writer.writerows(lines)
    return file.getvalue().encode("utf-8-sig")  # so that a spreadsheet reads å and ö
