"""Tallies against the entries that they are derived from: the part of `audit.check` for what
readers find their way by. A tally that is missing would hide an entry from whoever looks for it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from audit.check_tree import Problem
from audit.tallies import Key, parameters, tally
from audit.tree import rows
from audit.verify import TILE
from kernel.database import raw

_FOUND = """
SELECT t.tile, count(*) FROM audit_tally t JOIN unnest(%(t_hours)s::bigint[], %(t_tiles)s::bigint[],
    %(t_types)s::text[], %(t_actors)s::text[], %(t_kinds)s::text[], %(t_purposes)s::text[],
    %(t_leaves)b::bytea[]) AS g (hour, tile, actor_type, actor, kind, purpose, leaves)
ON t.hour = to_timestamp(g.hour * 3600) AND t.tile = g.tile AND t.actor_type = g.actor_type
    AND t.actor = g.actor AND t.kind = g.kind AND t.purpose = g.purpose AND t.leaves = g.leaves
GROUP BY t.tile
"""


class TallyCheck:
    """Goes along with the pass over the leaves. `problem` is told what is wrong, tile by tile."""

    def __init__(self, session: AsyncSession, *, problem: Problem) -> None:
        self._session = session
        self._problem = problem
        self._open: dict[Key, bytearray] = {}  # of the tile that the next page goes on with
        self._sound = 0

    async def page(self, leaves: Sequence[tuple[int, bytes]]) -> None:
        """The leaves that come next, with their numbers."""
        if not leaves:
            return
        for key, places in tally(leaves).items():
            self._open.setdefault(key, bytearray()).extend(places)
        last = leaves[-1][0] // TILE
        await self._compare({key: one for key, one in self._open.items() if key[1] != last})
        self._open = {key: one for key, one in self._open.items() if key[1] == last}

    async def rest(self) -> None:
        """The last tile, and tallies that no leaf accounts for."""
        await self._compare(self._open)
        total = (await rows(self._session, "SELECT count(*) FROM audit_tally"))[0][0]
        if total != self._sound:
            self._problem(
                f"{total} tallies are kept, and entries account for {self._sound}: "
                "`tillit audit recount` makes them anew"
            )

    async def _compare(self, wanted: dict[Key, bytearray]) -> None:
        if not wanted:
            return
        per_tile: dict[int, int] = {}
        for key in wanted:
            per_tile[key[1]] = per_tile.get(key[1], 0) + 1
        cursor = await (await raw(self._session)).execute(_FOUND, parameters(wanted))
        found: dict[Any, int] = dict(await cursor.fetchall())
        self._sound += sum(found.values())
        for tile, count in per_tile.items():
            if found.get(tile, 0) != count:
                self._problem(
                    f"the tallies of tile {tile} are not what its entries say: "
                    "`tillit audit recount` makes them anew"
                )
