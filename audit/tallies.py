"""Tallies: which leaves of each tile are of one hour, kind, actor and purpose.

Derived from the entries by the integrator, so that the record can be read back by what is looked
for without an index on what is written while somebody waits. Members are tallied together: no
pseudonym stands here. `audit.check` compares them with the entries; `recount` makes them anew.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from audit.entries import ActorType
from audit.tree import rows
from audit.verify import TILE
from kernel.database import raw

#: Held by whoever integrates, or makes what the integrator derives anew.
LOCK = 0x7111_1718
_HOUR = 3600
_PAGE = 20_000

#: Hours since 1970, tile, type of the actor, actor, kind, purpose.
Key: TypeAlias = tuple[int, int, str, str, str, str]

_INSERT = """
INSERT INTO audit_tally (hour, tile, actor_type, actor, kind, purpose, leaves)
SELECT to_timestamp(hour * 3600), tile, actor_type, actor, kind, purpose, leaves
FROM unnest(%(t_hours)s::bigint[], %(t_tiles)s::bigint[], %(t_types)s::text[],
    %(t_actors)s::text[], %(t_kinds)s::text[], %(t_purposes)s::text[], %(t_leaves)b::bytea[])
    AS t (hour, tile, actor_type, actor, kind, purpose, leaves)
"""
#: Adds tallies to those there are. Its parameters are those of `parameters`.
STORE = f"""{_INSERT}
ON CONFLICT (hour, tile, kind, actor_type, actor, purpose)
DO UPDATE SET leaves = audit_tally.leaves || EXCLUDED.leaves
"""
# OFFSET 0 has the planner look each entry up, where it would rather read the whole log.
_LEAVES = """
SELECT l.number, e.body FROM audit_leaf l
LEFT JOIN LATERAL (SELECT body FROM audit_entry WHERE id = l.entry OFFSET 0) e ON true
WHERE l.number >= %s ORDER BY l.number LIMIT %s
"""
# Walks from one actor to the next, however many entries each has.
_ACTORS = """
WITH RECURSIVE known AS (
    (SELECT actor_type, actor FROM audit_tally ORDER BY actor_type, actor LIMIT 1)
    UNION ALL
    SELECT next.actor_type, next.actor FROM known, LATERAL (
        SELECT t.actor_type, t.actor FROM audit_tally t
        WHERE (t.actor_type, t.actor) > (known.actor_type, known.actor)
        ORDER BY t.actor_type, t.actor LIMIT 1
    ) next
)
SELECT actor_type, actor FROM known WHERE actor_type <> '' LIMIT %s
"""
_COUNTS = """
SELECT date(hour AT TIME ZONE %s), kind, purpose, sum(length(leaves))::bigint
FROM audit_tally
WHERE actor_type = %s AND actor = %s AND kind = ANY(%s) AND hour >= %s AND hour < %s
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


class _Actor(msgspec.Struct, frozen=True):
    type: str
    id: str


class _Said(msgspec.Struct, frozen=True):
    """What of an entry is tallied."""

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    kind: str
    actor: _Actor
    purpose: str | None


_decode = msgspec.json.Decoder(_Said).decode
#: Of what is no entry: it has a place, so that nothing is left out, and is of no kind.
_UNREADABLE = (0, "", "", "", "")


def of(number: int, body: bytes) -> Key:
    """What the leaf of that number is tallied under."""
    try:
        said = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        hour, *rest = _UNREADABLE
        return hour, number // TILE, *rest  # type: ignore[return-value]
    actor = said.actor
    return (
        int(said.at.timestamp() // _HOUR),
        number // TILE,
        actor.type,
        "" if actor.type == ActorType.MEMBER else actor.id,
        said.kind,
        said.purpose or "",
    )


def tally(leaves: Iterable[tuple[int, bytes]]) -> dict[Key, bytearray]:
    """The tallies of these leaves, given by number."""
    found: dict[Key, bytearray] = {}
    for number, body in leaves:
        key = of(number, body)
        if (places := found.get(key)) is None:
            found[key] = places = bytearray()
        places.append(number % TILE)
    return found


def parameters(tallies: dict[Key, bytearray]) -> dict[str, Any]:
    """Those of `STORE`."""
    columns: list[tuple[Any, ...]] = list(zip(*tallies, strict=True)) or [()] * 6
    hours, tiles, types, actors, kinds, purposes = map(list, columns)
    return {
        "t_hours": hours,
        "t_tiles": tiles,
        "t_types": types,
        "t_actors": actors,
        "t_kinds": kinds,
        "t_purposes": purposes,
        "t_leaves": [bytes(places) for places in tallies.values()],
    }


def hour_of(at: datetime) -> datetime:
    """The hour in which a moment is, in UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


async def recount(session: AsyncSession, progress: Callable[[int, int], None] | None = None) -> int:
    """Make all tallies anew, from the leaves; returns of how many.

    Nothing is integrated meanwhile. For a store whose tallies `audit.check` found wrong.
    """
    connection = await raw(session)
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    await connection.execute("DELETE FROM audit_tally")
    total = (await rows(session, "SELECT count(*) FROM audit_leaf"))[0][0]
    start = done = 0
    while page := await rows(session, _LEAVES, start, _PAGE):
        found = tally((number, body or b"") for number, body in page)
        await connection.execute(STORE, parameters(found))
        start, done = page[-1][0] + 1, done + len(page)
        if progress is not None:
            progress(done, total)
    return done


@dataclass(frozen=True)
class Count:
    """How many entries of one kind and purpose (None: of none) there are of one day."""

    day: Any
    kind: str
    purpose: str | None
    entries: int


async def actors(session: AsyncSession, *, most: int = 500) -> list[tuple[str, str]]:
    """Whoever has an entry with a leaf number, by type and id; members once, without one."""
    return [(type, id) for type, id in await rows(session, _ACTORS, most)]


async def counted(
    session: AsyncSession,
    actor_type: str,
    actor: str,
    *,
    kinds: Iterable[str],
    since: datetime,
    until: datetime,
    zone: str,
) -> list[Count]:
    """What one actor did from the hour of `since` to that before `until`, by day in that zone.

    Reads no entry: what has no leaf number yet is not in it.
    """
    found = await rows(
        session, _COUNTS, zone, actor_type, actor, list(kinds), hour_of(since), hour_of(until)
    )
    return [Count(day, kind, purpose or None, entries) for day, kind, purpose, entries in found]
