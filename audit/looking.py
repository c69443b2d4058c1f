"""The record read back, newest first, by what is looked for: a page at a time.

The order is that of hours, and within an hour of leaf numbers; entries that have no number yet
come first. What is looked for is found by the tallies (`audit.tallies`), and each entry is then
held against what it says itself and against the signed tree, so that no tally and no row makes an
entry true. Reads only.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from audit.browsing import Told, told
from audit.entries import ActorType, Kind
from audit.errors import EntryInvalid, EntryUnknown, RecordTampered
from audit.tallies import hour_of
from audit.tree import rows
from audit.trusting import Stored, Trust
from audit.verify import TILE
from kernel.database import raw

#: Entries without a number that are looked through, the newest; the integrator leaves few.
_WAITING = 2_000
_EVERY_KIND = (*(kind.value for kind in Kind), "")

_NUMBERED = """
SELECT l.number, l.entry, e.body, p.mac
FROM unnest(%s::bigint[]) AS asked (number) JOIN audit_leaf l ON l.number = asked.number
LEFT JOIN LATERAL (SELECT body FROM audit_entry WHERE id = l.entry OFFSET 0) e ON true
LEFT JOIN LATERAL (SELECT mac FROM audit_pending WHERE entry = l.entry OFFSET 0) p ON true
"""
_PENDING = """
SELECT p.entry, e.body, p.mac FROM
    (SELECT entry, mac FROM audit_pending ORDER BY entry DESC LIMIT %s) p
LEFT JOIN LATERAL (SELECT body FROM audit_entry WHERE id = p.entry OFFSET 0) e ON true
LEFT JOIN LATERAL (SELECT number FROM audit_leaf WHERE entry = p.entry OFFSET 0) l ON true
WHERE l.number IS NULL ORDER BY p.entry DESC
"""
_TALLIES = "SELECT hour, tile, leaves FROM audit_tally"
# Walks from one purpose to the next, however many entries each has.
_PURPOSES = """(WITH RECURSIVE known AS (
    (SELECT purpose FROM audit_tally ORDER BY purpose LIMIT 1)
    UNION ALL
    SELECT next.purpose FROM known, LATERAL (
        SELECT purpose FROM audit_tally t WHERE t.purpose > known.purpose ORDER BY purpose LIMIT 1
    ) next
) SELECT purpose FROM known) AS p"""
_PLACE = re.compile(r"([0-9]{1,7})-([0-9]{1,18})")
_HOUR = timedelta(hours=1)
_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is looked for; None and nothing: any.

    From `since` up to, and without, `until`: both begin an hour, as `days` gives them. `actor`
    goes with an `actor_type` that is not `member`: members are not looked for by pseudonym.
    `purpose` is empty for entries of none.
    """

    kinds: tuple[Kind, ...] = ()
    actor_type: ActorType | None = None
    actor: str | None = None
    purpose: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.actor is not None and self.actor_type in (None, ActorType.MEMBER):
            raise ValueError("an actor has a type, and members are not looked for one by one")
        if any(one is not None and one != hour_of(one) for one in (self.since, self.until)):
            raise ValueError("entries are looked for by whole hours")

    def is_met(self, said: Told) -> bool:
        return (
            (not self.kinds or said.kind in self.kinds)
            and self.actor_type in (None, said.actor.type)
            and self.actor in (None, said.actor.id)
            and self.purpose in (None, said.purpose or "")
            and (self.since is None or said.at >= self.since)
            and (self.until is None or said.at < self.until)
        )


class Standing(StrEnum):
    """What vouches for an entry."""

    PROVED = "proved"
    """The signed tree."""
    WAITING = "waiting"
    """Its MAC: it has no number yet, and gets one within a second."""
    FOREIGN = "foreign"
    """Nothing: somebody has put it there, or changed it."""
    MISSING = "missing"
    """There was one, and it has been taken away."""


@dataclass(frozen=True)
class Seen:
    """One entry, and whether it is to be believed. `said`: None where there is nothing to read.

    `id` is None for a number whose leaf is gone.
    """

    number: int | None
    id: UUID | None
    said: Told | None
    standing: Standing


@dataclass(frozen=True, order=True)
class Place:
    """Where an entry is in the order, as the tallies have it and not by what it says itself.

    So whoever alters or deletes an entry at the edge of a page hides none of those behind it.
    `str` is its word for an address.
    """

    hour: datetime
    number: int

    @property
    def tile(self) -> int:
        return self.number // TILE

    def __str__(self) -> str:
        return f"{(self.hour - _BEGAN) // _HOUR}-{self.number}"

    @classmethod
    def read(cls, word: str) -> "Place | None":
        """What `str` made; None for anything else."""
        found = _PLACE.fullmatch(word)
        return cls(_BEGAN + int(found[1]) * _HOUR, int(found[2])) if found else None


@dataclass(frozen=True)
class Page:
    """`waiting`: without a number, of the first page only; `more`: there may be more of those.

    `entries`: the newest first. `older`, `newer`: the place before or after which the next page
    is, None where there is none. `stray`: entries that the tallies name and that, proved, do not
    say so: then the tallies are wrong, and there may be entries that they do not find. `broken`:
    the signed tree cannot be read, so that nothing with a number is vouched for.
    """

    waiting: Sequence[Seen]
    more: bool
    entries: Sequence[Seen]
    older: Place | None
    newer: Place | None
    stray: int
    broken: bool


class Span(TypedDict):
    """The two moments of a `Wanted`."""

    since: datetime | None
    until: datetime | None


def days(first: date | None, last: date | None, zone: ZoneInfo) -> Span:
    """`since` and `until` of these days in a zone; where its days begin within an hour, that
    hour is in both."""
    since = until = None
    if first is not None:
        since = hour_of(datetime.combine(first, time(), zone))
    if last is not None:
        end = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
        until = hour_of(end + timedelta(hours=1) - timedelta(microseconds=1))
    return {"since": since, "until": until}


async def look(
    session: AsyncSession,
    wanted: Wanted,
    *,
    trust: Trust,
    count: int = 50,
    before: Place | None = None,
    after: Place | None = None,
) -> Page:
    """A page of at most `count` numbered entries: the newest, or those next to a place.

    However long the record is, it costs as much as the page. What was altered or taken away is in
    it as that, and pages go on behind it.
    """
    place = before if before is not None else after
    forward = before is None and after is not None
    found = await _places(session, wanted, count + 1, place=place, forward=forward)
    more, shown = len(found) > count, found[:count]
    if forward:
        shown = shown[::-1]
    entries, stray, broken = await _read(session, wanted, [one.number for one in shown], trust)
    waiting, unread = ([], False) if place else await _waiting(session, wanted, trust)
    has_older = more if not forward else place is not None
    has_newer = more if forward else place is not None
    return Page(
        waiting=waiting,
        more=unread,
        entries=entries,
        older=shown[-1] if has_older and shown else None,
        newer=(shown[0] if shown else place) if has_newer else None,
        stray=stray,
        broken=broken,
    )


async def _places(
    session: AsyncSession, wanted: Wanted, count: int, *, place: Place | None, forward: bool
) -> list[Place]:
    """The next `count` places by the tallies, from that one on, which is not among them."""
    query, given = _tallies(wanted, count, place, forward=forward)
    connection = await raw(session)
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(query, given)
        found = await cursor.fetchall()
    leaves = [Place(hour, tile * TILE + at) for hour, tile, places in found for at in places]
    if place is not None:
        leaves = [one for one in leaves if (one > place if forward else one < place)]
    return sorted(leaves, reverse=not forward)[:count]


def _tallies(
    wanted: Wanted, count: int, place: Place | None, *, forward: bool
) -> tuple[str, dict[str, Any]]:
    """The question for tallies that hold `count` leaves or all there are.

    Kind by kind, and of an actor purpose by purpose, each in the order of an index, so that little
    more is read than is given out; whoever looks for nothing in particular has the order of the
    whole. What lies on one tile in one hour is never cut in half.
    """
    given: dict[str, Any] = {"count": count}
    conditions = [
        _equal(given, column, value)
        for column, value in (
            ("actor_type", wanted.actor_type),
            ("actor", wanted.actor),
            ("purpose", wanted.purpose),
        )
        if value is not None
    ]
    walked = ["(SELECT 1) AS one"]
    if conditions or wanted.kinds:
        given["kinds"] = list(wanted.kinds or _EVERY_KIND)
        conditions.append("kind = k.kind")
        walked.append("unnest(%(kinds)s::text[]) AS k (kind)")
    if wanted.actor_type is not None and wanted.purpose is None:
        conditions.append("purpose = p.purpose")
        walked.append(_PURPOSES)
    for column, bound in (("since", wanted.since), ("until", wanted.until)):
        if bound is not None:
            conditions.append(f"hour {'>=' if column == 'since' else '<'} %({column})s")
            given[column] = bound
    where = " AND ".join(conditions or ["true"])
    order, ahead, own = ("ASC" if forward else "DESC"), "", ""
    if place is not None:
        given |= {"hour": place.hour, "tile": place.tile}
        ahead = f"AND (hour, tile) {'>' if forward else '<'} (%(hour)s, %(tile)s)"
        own = f"UNION ALL {_TALLIES} WHERE {where} AND hour = %(hour)s AND tile = %(tile)s"
    query = f"""
        SELECT t.* FROM {", ".join(walked)}, LATERAL (
            ({_TALLIES} WHERE {where} {ahead}
            ORDER BY hour {order}, tile {order} FETCH FIRST (%(count)s) ROWS WITH TIES) {own}
        ) t"""  # noqa: S608 - what is put in is ours
    return query, given


def _equal(given: dict[str, Any], column: str, value: str) -> str:
    given[column] = str(value)
    return f"{column} = %({column})s"


async def _read(
    session: AsyncSession, wanted: Wanted, numbers: Sequence[int], trust: Trust
) -> tuple[list[Seen], int, bool]:
    """The entries of these numbers, in their order, how many are proved not to be what is looked
    for, and whether nothing vouches for any."""
    found = {row[0]: row for row in await rows(session, _NUMBERED, list(numbers))}
    stored = [
        Stored(id, body, number, mac)
        for number, id, body, mac in found.values()
        if body is not None
    ]
    broken = False
    try:
        foreign = await trust.foreign(session, stored)
    except RecordTampered:
        broken, foreign = True, {one.id for one in stored}
    entries, stray = [], 0
    for number in numbers:
        _, id, body, _ = found.get(number, (number, None, None, None))
        one = _seen(number, id, body, foreign)
        # What was altered may have been looked for: it is shown as altered, and not left out.
        if one.standing is Standing.PROVED and one.said and not wanted.is_met(one.said):
            stray += 1
        else:
            entries.append(one)
    return entries, stray, broken


async def _waiting(session: AsyncSession, wanted: Wanted, trust: Trust) -> tuple[list[Seen], bool]:
    """Those without a number, the newest first, and whether there are more than were looked at."""
    page = await rows(session, _PENDING, _WAITING)
    entries = []
    for id, body, mac in page:
        own = body is not None and trust.has_place(Stored(id, body, None, mac))
        one = _seen(None, id, body, set() if own else {id})
        if one.said is None or not own or wanted.is_met(one.said):
            entries.append(one)
    return entries, len(page) == _WAITING


def _seen(number: int | None, id: UUID | None, body: bytes | None, foreign: set[UUID]) -> Seen:
    if id is None or body is None:
        return Seen(number, id, None, Standing.MISSING)
    standing = Standing.PROVED if number is not None else Standing.WAITING
    try:
        said = told(body)
    except EntryInvalid:
        return Seen(number, id, None, Standing.FOREIGN)
    if id in foreign or said.id != id:
        standing = Standing.FOREIGN
    return Seen(number, id, said, standing)


async def one(session: AsyncSession, number: int, *, trust: Trust) -> Seen:
    """The entry of a leaf number. Raises `EntryUnknown`."""
    entries, _, _ = await _read(session, Wanted(), [number], trust)
    if entries[0].id is None:
        raise EntryUnknown("no entry has that number", place=str(number))
    return entries[0]
