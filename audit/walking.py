"""The whole record gone through, in order, each entry seen to be the one that was signed.

For whoever answers by what the record says *and* by what it does not: an entry that was altered or
taken away is told, because it may have said anything. Reads only, a page at a time.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from audit.browsing import Told, told
from audit.entries import Kind
from audit.errors import EntryInvalid
from audit.tree import last_signed, rows
from audit.trusting import Stored, Trust
from audit.verify import TILE

_PAGE = 20 * TILE
#: A number without a leaf, or a leaf without an entry, is a row of nothing.
_LEAVES = """
SELECT n.number, l.entry, e.body FROM generate_series(%s::bigint, %s::bigint) AS n (number)
LEFT JOIN audit_leaf l USING (number)
LEFT JOIN LATERAL (SELECT body FROM audit_entry WHERE id = l.entry OFFSET 0) e ON true
ORDER BY n.number
"""
_PENDING = """
SELECT p.entry, e.body, p.mac FROM audit_pending p LEFT JOIN audit_entry e ON e.id = p.entry
WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.entry = p.entry) ORDER BY p.entry
"""


@dataclass(frozen=True)
class Walked:
    """One page. `found`: entries of the kinds asked for; `broken`: how many were not what was
    signed, or are gone; `strangers`: rows that wait for a number and are not as we
    wrote them, if we wrote them at all. `done` of `total` entries are behind.
    """

    found: list[Told]
    broken: int
    strangers: int
    done: int
    total: int


async def walk(
    session: AsyncSession, kinds: Collection[Kind], *, trust: Trust
) -> AsyncIterator[Walked]:
    """Every entry that was signed, and those that wait with a MAC of ours, each once.

    Ends with what was signed when it began. Raises `RecordTampered` where the newest checkpoint is
    not ours: then nothing can be told at all.
    """
    # Those that wait are read first: what gets its number meanwhile is seen twice, never missed.
    waiting = await rows(session, _PENDING)
    stored = [Stored(id, body, None, mac) for id, body, mac in waiting if body is not None]
    strangers = await trust.foreign(session, stored)
    spelt = [f'"kind":"{kind}"'.encode() for kind in kinds]
    seen = {one.id for one in stored} - strangers
    signed = await last_signed(session)
    total = (signed.size if signed else 0) + len(seen)
    fresh = [one for one in stored if one.id not in strangers]
    found, broken = _read(fresh, spelt)
    broken += len(waiting) - len(stored)
    yield Walked(found, broken, len(strangers), len(seen), total)
    done = len(seen)
    for first in range(0, signed.size if signed else 0, _PAGE):
        last = min(first + _PAGE, signed.size if signed else 0) - 1
        page = await rows(session, _LEAVES, first, last)
        there = [Stored(id, body, number, None) for number, id, body in page if body is not None]
        altered = await trust.foreign(session, there)
        trust.forget(session)
        sound = [one for one in there if one.id not in altered and one.id not in seen]
        found, unread = _read(sound, spelt)
        done += len(page)
        lost = len(page) - len(there)
        yield Walked(found, lost + len(altered) + unread, 0, done, total)


def _read(entries: Collection[Stored], spelt: Collection[bytes]) -> tuple[list[Told], int]:
    """Those of the kinds asked for, and how many are no entry, or another than their row's."""
    found, broken = list[Told](), 0
    for one in entries:
        if not any(kind in one.body for kind in spelt):
            continue
        said: Told | None = None
        with suppress(EntryInvalid):
            said = told(one.body)
        if said is None or said.id != one.id:
            broken += 1
        else:
            found.append(said)
    return found, broken
