"""The record gone through for past uses and decisions: those about many at once, then each
member's own.

Reads the record's entries and what is sealed beside them. What is no entry is counted.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from audit.browsing import Told, told
from audit.entries import Kind
from audit.errors import EntryInvalid
from consent.footprints import Footprint
from consent.reach import COUNTED
from consent.replay.past_uses import (
    MANY,
    SINGLE,
    PastContact,
    PastQuestion,
    PastUse,
    Span,
    footprint_of,
    question_of_many,
    single_use,
)
from kernel.database import raw
from profiles.members import Member
from profiles.unit import Unit

_PAGE = 5_000
_CONTACTS = timedelta(days=COUNTED + 1)
# Bodies are canonical JSON, so that a kind is spelt in one way: see `audit.browsing`.
_OF_KINDS = """
SELECT e.id, e.body FROM audit_entry e
WHERE e.id > %s AND EXISTS (SELECT FROM unnest(%s::bytea[]) AS k WHERE position(k IN e.body) > 0)
ORDER BY e.id LIMIT %s
"""
_DETAILS = "SELECT entry, sealed FROM audit_detail WHERE entry = ANY(%s)"
# OFFSET 0 has the planner look each entry up, where it would rather read the whole record.
_ABOUT = """
SELECT s.subject, s.entry, e.body, d.sealed FROM audit_subject s
JOIN LATERAL (SELECT body FROM audit_entry WHERE id = s.entry OFFSET 0) e ON true
LEFT JOIN audit_detail d ON d.entry = s.entry
WHERE s.subject = ANY(%s)
AND EXISTS (SELECT FROM unnest(%s::bytea[]) AS k WHERE position(k IN e.body) > 0)
"""


@dataclass
class Past:
    """What the record holds of a span, before any member is looked at.

    `single`: how many uses of one member each. `nobody`: how many found nobody to use.
    `unworded`: questions in words that the programme did not know, which the record leaves out.
    `contacts`: also those of the days before, as far as they count. `erasures`: when members were
    erased, from `since` on. `lost`: entries about many whose detail is gone or another;
    `unreadable`: rows that are no entry.
    """

    questions: list[PastQuestion] = field(default_factory=list)
    contacts: list[PastContact] = field(default_factory=list)
    single: int = 0
    unworded: int = 0
    erasures: list[datetime] = field(default_factory=list)
    nobody: int = 0
    lost: int = 0
    unreadable: int = 0
    entries: int = 0


async def past(unit: Unit, span: Span) -> AsyncIterator[Past]:
    """What the record holds of a span; the same `Past` after each page, fuller every time.

    Keeps the questions about many in memory, and of uses of one member each only how many.
    """
    found, last = Past(), UUID(int=0)
    spelt = _spelt([*SINGLE, *MANY, Kind.MEMBER_ERASED])
    connection = await raw(unit.session)
    while True:
        cursor = await connection.execute(_OF_KINDS, (last, spelt, _PAGE), binary=True)
        page = await cursor.fetchall()
        many = [told for told in map(_read, page) if _noted(found, span, told) and told]
        cursor = await connection.execute(_DETAILS, ([one.id for one in many],), binary=True)
        sealed = dict(await cursor.fetchall())
        for one in many:
            try:
                _keep(found, span, one, footprint_of(unit, one, sealed.get(one.id)))
            except (TypeError, ValueError, KeyError):  # facts that no program of ours wrote
                found.unreadable += 1
        yield found
        if len(page) < _PAGE:
            return
        last = page[-1][0]


def _noted(found: Past, span: Span, one: Told | None) -> bool:
    """Take note of an entry; whether it is about many, so that its detail is to be opened."""
    if one is None:
        found.unreadable += 1
        return False
    if one.kind == Kind.MEMBER_ERASED:
        if one.at >= span.since:
            found.erasures.append(one.at)
        return False
    if not span.holds(one):
        counts = one.kind == Kind.CONTACTS_RECORDED and one.facts.get("counted")
        return bool(counts) and span.since - _CONTACTS <= one.at < span.until
    found.entries += 1
    if one.purpose is None:
        found.unworded += 1
    elif one.kind in MANY:
        return True
    elif one.subject is None:
        found.nobody += 1
    else:
        found.single += 1
    return False


def _keep(found: Past, span: Span, entry: Told, footprint: Footprint | None) -> None:
    """Keep an entry about many, as the question and the contacts that it is."""
    if footprint is None:
        found.lost += 1
        return
    if entry.kind == Kind.CONTACTS_RECORDED and (day := entry.facts.get("counted")):
        found.contacts.append(
            PastContact(entry.at, date.fromisoformat(str(day)), footprint.matched)
        )
    if not span.holds(entry):
        return
    question = question_of_many(entry, footprint)
    if question is None:
        found.unworded += 1
    else:
        found.questions.append(question)


async def uses_of_each(
    unit: Unit, span: Span, members: Iterable[Member]
) -> AsyncIterator[tuple[Member, PastUse | str]]:
    """The single uses of these members within the span, as they come; none is kept here.

    Instead of a use that cannot be asked again, why: ``detail_lost`` or ``words_not_kept``.
    """
    known = {member.key.subject(): member for member in members}
    connection = await raw(unit.session)
    async with connection.cursor(name="tillit_uses", binary=True) as cursor:
        cursor.itersize = _PAGE
        await cursor.execute(_ABOUT, (list(known), _spelt(SINGLE)))
        async for subject, id, body, sealed in cursor:
            entry = _read((id, body))
            # The index by subject is no part of what was signed: the entry's word counts.
            if entry is None or entry.subject != subject.hex() or not span.holds(entry):
                continue
            if entry.purpose is None:
                continue
            try:
                use = single_use(known[subject], entry, sealed)
            except (TypeError, ValueError):  # facts that no program of ours wrote
                use = "detail_lost"
            yield known[subject], use


def _spelt(kinds: Iterable[Kind]) -> list[bytes]:
    return [f'"kind":"{kind}"'.encode() for kind in kinds]


def _read(row: tuple[UUID, bytes]) -> Told | None:
    """The entry in a row; None for a row that is none, or another's."""
    try:
        found = told(row[1])
    except EntryInvalid:
        return None
    return found if found.id == row[0] and found.at.tzinfo is not None else None
