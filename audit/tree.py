"""The tree as it stands in the tables: its right edge, its nodes, and the entries beneath.

Reads ``audit_leaf``, ``audit_entry``, ``audit_tile`` and ``audit_checkpoint``. Everything is
asked for at a fixed size, and rows are only ever added, so what is read here stays true
while others integrate.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from audit.errors import RecordTampered
from audit.merkle import TILE_HEIGHT, Edge, Node, Path, edge_widths, prove, split, tile_of
from audit.verify import TILE, leaf_hash, node_hash, tile_width
from kernel.database import raw

_LAST = "SELECT size, note FROM audit_checkpoint ORDER BY size DESC LIMIT 1"
# OFFSET 0 has the planner look each entry up, where it would rather read the whole log.
_BODIES = """
SELECT e.body FROM audit_leaf l
JOIN LATERAL (SELECT body FROM audit_entry WHERE id = l.entry OFFSET 0) e ON true
WHERE l.number >= %s AND l.number < %s ORDER BY l.number
"""
_ROOTS = """
SELECT t.level, t.root
FROM unnest(%s::integer[], %s::bigint[], %s::bigint[]) AS r (level, first, past)
JOIN audit_tile t ON t.level = r.level AND t.number >= r.first AND t.number < r.past
ORDER BY t.level, t.number
"""
_TILES = """
SELECT t.level, t.number, t.hashes FROM unnest(%b::integer[], %b::bigint[]) AS r (level, number)
JOIN audit_tile t USING (level, number)
"""


@dataclass(frozen=True)
class Signed:
    """A checkpoint as it was signed: the size it covers and the note."""

    size: int
    note: str


async def rows(session: AsyncSession, query: str, *parameters: Any) -> list[Any]:
    """The rows of one query, over the binary protocol: hashes and bodies come as they are."""
    connection = await raw(session)
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchall()


async def last_signed(session: AsyncSession) -> Signed | None:
    """The newest checkpoint, or None while nothing has been integrated."""
    found = await rows(session, _LAST)
    return Signed(*found[0]) if found else None


async def bodies(session: AsyncSession, start: int, end: int) -> list[bytes]:
    """The entries with leaf numbers from `start` up to `end`. Raises `RecordTampered`."""
    found = [body for (body,) in await rows(session, _BODIES, start, end)]
    if len(found) != end - start:
        raise tampered(f"an entry between leaves {start} and {end} is missing")
    return found


async def load_edge(session: AsyncSession, size: int) -> Edge:
    """The right edge of the tree of the first `size` leaves.

    Reads at most 255 entries and, for each level above, 255 hashes: not the log. Raises
    `RecordTampered` when any of them is missing.
    """
    widths = edge_widths(size)
    kept: list[list[bytes]] = [[] for _ in widths]
    if widths:
        kept[0] = [leaf_hash(body) for body in await bodies(session, widths[0][0] * TILE, size)]
    above = range(1, len(widths))
    if above:
        firsts = [widths[level][0] * TILE for level in above]
        pasts = [full * TILE + width for full, width in widths[1:]]
        levels = [level - 1 for level in above]
        for level, root in await rows(session, _ROOTS, levels, firsts, pasts):
            kept[level + 1].append(root)
    try:
        return Edge(size, kept)
    except ValueError as error:
        raise tampered(f"tiles of the first {size} leaves are missing") from error


class StoredTree:
    """The tree of the first `size` leaves, for proofs.

    Reads each tile it needs once, and folds each node once: many proofs go by the same ones.
    """

    def __init__(self, session: AsyncSession, edge: Edge) -> None:
        self.size = edge.size
        self._session = session
        self._edge = edge
        self._tiles: dict[tuple[int, int], list[bytes]] = {}
        self._nodes: dict[Node, bytes] = {}

    @classmethod
    async def at(cls, session: AsyncSession, size: int) -> "StoredTree":
        return cls(session, await load_edge(session, size))

    async def prove(self, path: Path) -> list[bytes]:
        """The hashes of a proof that `audit.merkle` laid out. Raises `RecordTampered`."""
        [proof] = await self.prove_all([path])
        return proof

    async def prove_all(self, paths: Iterable[Path]) -> list[list[bytes]]:
        """The same of several paths; all their tiles are read at once."""
        paths = list(paths)
        await self._load({tile_of(node)[:2] for path in paths for nodes in path for node in nodes})
        return [prove(path, self._node) for path in paths]

    async def tile(self, level: int, number: int) -> list[bytes]:
        """The hashes of one tile, full or partial; empty beyond the edge."""
        await self._load({(level, number)})
        return self._hashes(level, number)

    async def tiles(self, level: int, numbers: Collection[int]) -> dict[int, list[bytes]]:
        """The same of several tiles, all read at once."""
        await self._load([(level, number) for number in numbers])
        return {number: self._hashes(level, number) for number in numbers}

    async def _load(self, wanted: Iterable[tuple[int, int]]) -> None:
        missing = [
            (level, number)
            for level, number in wanted
            if (level, number) not in self._tiles and tile_width(level, number, self.size) == TILE
        ]
        levels, numbers = [level for level, _ in missing], [number for _, number in missing]
        if missing:
            for level, number, hashes in await rows(self._session, _TILES, levels, numbers):
                self._tiles[level, number] = split(hashes)

    def _hashes(self, level: int, number: int) -> list[bytes]:
        width = tile_width(level, number, self.size)
        if not width:
            return []
        if width < TILE:
            return self._tiles.setdefault((level, number), self._edge.row(level))
        if (level, number) not in self._tiles:
            raise tampered(f"tile {number} of level {level} is missing")
        return self._tiles[level, number]

    def _node(self, node: Node) -> bytes:
        if (known := self._nodes.get(node)) is not None:
            return known
        height, index = node
        if height % TILE_HEIGHT:
            left, right = (height - 1, 2 * index), (height - 1, 2 * index + 1)
            found = node_hash(self._node(left), self._node(right))
        else:
            level, number, beneath = tile_of(node)
            found = self._hashes(level, number)[beneath.start]
        self._nodes[node] = found
        return found


def tampered(what: str) -> RecordTampered:
    return RecordTampered(what, place="record", remedy="run `tillit audit verify`")
