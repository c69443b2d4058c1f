"""Entries read back: what their bodies say, a page at a time or for one subject."""

from collections.abc import AsyncIterator, Callable, Collection
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from audit.entries import Kind
from audit.errors import EntryInvalid
from audit.tree import rows
from audit.trusting import Stored, Trust

_PAGE = 5_000


class Actor(msgspec.Struct, frozen=True):
    type: str
    id: str


class Told(msgspec.Struct, frozen=True):
    """What a stored body says."""

    id: UUID
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    kind: str
    actor: Actor
    purpose: str | None
    programme: int | None
    subject: str | None
    facts: dict[str, Any]
    commitment: str | None


_decode = msgspec.json.Decoder(Told).decode


def told(body: bytes) -> Told:
    """Raises `EntryInvalid` when the bytes are no entry."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EntryInvalid("the stored bytes are no entry") from error


_EVERY = "SELECT id, body FROM audit_entry WHERE id > %s ORDER BY id LIMIT %s"
_OF_KINDS = """
SELECT id, body FROM audit_entry e
WHERE id > %s AND EXISTS (SELECT FROM unnest(%s::bytea[]) AS k WHERE position(k IN e.body) > 0)
ORDER BY id LIMIT %s
"""
_OURS = """
SELECT e.id, e.body, (SELECT max(number) FROM audit_leaf WHERE entry = e.id),
    (SELECT mac FROM audit_pending WHERE entry = e.id)
FROM audit_entry e
WHERE id > %s AND EXISTS (SELECT FROM unnest(%s::bytea[]) AS k WHERE position(k IN e.body) > 0)
ORDER BY id LIMIT %s
"""
_NAMING = """
SELECT asked.subject, asked.text, e.id, e.body, l.number, p.mac
FROM unnest(%b::bytea[], %b::bytea[]) AS asked (subject, text)
JOIN audit_subject s ON s.subject = asked.subject JOIN audit_entry e ON e.id = s.entry
LEFT JOIN audit_leaf l ON l.entry = e.id LEFT JOIN audit_pending p ON p.entry = e.id
WHERE position(asked.text IN e.body) > 0 ORDER BY e.id
"""


async def all_entries(
    session: AsyncSession, *, kinds: Collection[Kind] | None = None
) -> AsyncIterator[Told]:
    """Every entry there is, or those of some kinds, in id order; a page at a time in memory."""
    # Bodies are canonical JSON, so that a kind is spelt in one way; a quote inside a fact is
    # escaped, and cannot be mistaken for it.
    spelt = None if kinds is None else _spelt(kinds)
    last = UUID(int=0)
    while True:
        if spelt is None:
            page = await rows(session, _EVERY, last, _PAGE)
        else:
            page = await rows(session, _OF_KINDS, last, spelt, _PAGE)
        for _, body in page:
            yield told(body)
        if len(page) < _PAGE:
            return
        last = page[-1][0]


async def ours_of(
    session: AsyncSession,
    kinds: Collection[Kind],
    *,
    trust: Trust,
    passed_over: Callable[[UUID], None],
    by_tree: bool = False,
) -> AsyncIterator[Told]:
    """Those of some kinds that have a number or a MAC of ours, in id order, for who checks them.

    `passed_over` is told of every other, and of what is no entry: one row stops nobody. Whether
    an entry is the one that its number was given to, `audit.check` finds; with `by_tree` it is
    looked at here too, one by one, for kinds of which there are few.
    """
    last = UUID(int=0)
    while page := await rows(session, _OURS, last, _spelt(kinds), _PAGE):
        for row in page:
            one = Stored(*row)
            try:
                said = told(one.body)
            except EntryInvalid:
                said = None
            if said is None or said.id != one.id or not trust.has_place(one):
                passed_over(one.id)
            elif said.kind in kinds:
                if by_tree and not await trust.holds(session, one):
                    passed_over(one.id)
                    continue
                yield said
        last = page[-1][0]


def _spelt(kinds: Collection[Kind]) -> list[bytes]:
    return [f'"kind":"{kind}"'.encode() for kind in kinds]


async def naming(session: AsyncSession, text: str, *, subject: bytes, trust: Trust) -> list[Told]:
    """The entries about a subject in whose bodies `text` stands, the oldest first.

    Raises `RecordTampered` for one that is not ours: something hangs on what they say.
    """
    return (await naming_each(session, [(subject, text)], trust=trust))[subject, text]


async def naming_each(
    session: AsyncSession, asked: Collection[tuple[bytes, str]], *, trust: Trust
) -> dict[tuple[bytes, str], list[Told]]:
    """The same for many at once, by subject and text."""
    found: dict[tuple[bytes, str], list[Told]] = {one: [] for one in asked}
    stored = []
    subjects, texts = [one[0] for one in asked], [one[1].encode() for one in asked]
    for subject, text, *row in await rows(session, _NAMING, subjects, texts):
        one = Stored(*row)
        stored.append(one)
        found[subject, text.decode()].append(told(one.body))
    await trust.check(session, stored)
    return found
