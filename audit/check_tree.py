"""Recomputing the log in the database: leaf by leaf, tile by tile, checkpoint by checkpoint.

The part of `audit.check` that goes from the first leaf to the last. Reads only; holds one
page of entries and the right edge of the tree.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from audit.merkle import Edge, Tile, edge_widths, split
from audit.notes import row_bytes
from audit.tree import rows
from audit.verify import (
    MAX_SIZE,
    TILE,
    VerificationError,
    VerifierKey,
    leaf_hash,
    open_checkpoint,
)

PAGE = 2_048  # entries at a time: at most 128 MB, usually 1
_LOWEST = -MAX_SIZE - 1

# OFFSET 0 has the planner look each entry up, where it would rather read the whole log.
_LEAVES = """
SELECT l.number, l.entry, e.body FROM audit_leaf l
LEFT JOIN LATERAL (SELECT body FROM audit_entry WHERE id = l.entry OFFSET 0) e ON true
WHERE l.number >= %s ORDER BY l.number LIMIT %s
"""
_TILES = """
SELECT t.level, t.number, t.hashes, t.root
FROM unnest(%s::integer[], %s::bigint[]) AS r (level, number)
JOIN audit_tile t USING (level, number)
"""
_SURPLUS = """
SELECT t.level, t.number FROM audit_tile t
LEFT JOIN unnest(%s::integer[], %s::bigint[]) AS r (level, tiles) USING (level)
WHERE t.number < 0 OR r.level IS NULL OR t.number >= r.tiles LIMIT 20
"""
# A time that Python cannot hold cannot have been signed either.
_CHECKPOINTS = """
SELECT size, previous, note, signature,
    CASE WHEN at BETWEEN '1970-01-01Z' AND '9999-12-31Z' THEN at END
FROM audit_checkpoint WHERE size > %s AND size <= %s ORDER BY size
"""

Problem = Callable[[str], None]
Row = tuple[int, UUID, bytes | None]
Progress = Callable[[int, int], None]


class TreeCheck:
    """One pass over the log. `problem` is told what is wrong; the counts say what was seen."""

    def __init__(self, session: AsyncSession, *, key: VerifierKey, problem: Problem) -> None:
        self.leaves = 0
        self.tiles = 0
        self.checkpoints = 0
        self._session = session
        self._key = key
        self._problem = problem
        self._edge = Edge()
        self._next = 0  # the number that the next leaf should have
        self._known = True  # whether every leaf so far is known, and with them the tree
        self._signed = 0  # the size of the checkpoint before

    @property
    def edge(self) -> Edge | None:
        """The right edge of the whole tree; None where the log could not be recomputed."""
        return self._edge if self._known else None

    async def run(
        self,
        each_page: Callable[[Sequence[tuple[int, UUID, bytes]]], Awaitable[None]],
        progress: Progress | None,
    ) -> None:
        """Go through the log; `each_page` is given each entry, by its number and its id."""
        total = (await rows(self._session, "SELECT count(*) FROM audit_leaf"))[0][0]
        await self._checkpoints_between(_LOWEST, 0, "covers no leaf")
        start = _LOWEST
        while page := await rows(self._session, _LEAVES, start, PAGE):
            await each_page([(at, entry, body) for at, entry, body in page if body is not None])
            await self._grow(self._hashes(page))
            start = page[-1][0] + 1
            self.leaves += len(page)
            if progress is not None:
                progress(self.leaves, total)
        await self._finish()

    def _hashes(self, page: Sequence[Row]) -> list[bytes]:
        """The hashes of a page's leaves, as far as the log is known from its beginning."""
        hashes = []
        for number, entry, body in page:
            if number != self._next:
                self._problem(f"leaf {self._next} is missing: leaf {number} comes instead")
                self._known = False
            if body is None:
                self._problem(f"leaf {number}: its entry {entry} is missing")
                self._known = False
            elif self._known:
                hashes.append(leaf_hash(body))
            self._next = number + 1
        return hashes

    async def _grow(self, hashes: list[bytes]) -> None:
        start, tiles = self._edge.size, list[Tile]()
        end = start + len(hashes)
        for row in await rows(self._session, _CHECKPOINTS, start, end):
            tiles += self._edge.append(hashes[self._edge.size - start : row[0] - start])
            self._checkpoint(*row, root=self._edge.root())
        tiles += self._edge.append(hashes[self._edge.size - start :])
        await self._compare(tiles)

    async def _compare(self, tiles: Sequence[Tile]) -> None:
        levels, numbers = [tile.level for tile in tiles], [tile.number for tile in tiles]
        found = await rows(self._session, _TILES, levels, numbers) if tiles else []
        stored = {(level, number): (hashes, root) for level, number, hashes, root in found}
        for tile in tiles:
            self.tiles += 1
            where = f"tile {tile.number} of level {tile.level}"
            if (tile.level, tile.number) not in stored:
                self._problem(f"{where} is missing")
                continue
            hashes, root = stored[tile.level, tile.number]
            if hashes != tile.hashes:
                self._problem(f"{where}: {_difference(tile, hashes)}")
            if root != tile.root:
                self._problem(f"{where}: its root is not that of its hashes")

    def _checkpoint(
        self,
        size: int,
        previous: int,
        note: str,
        signature: bytes,
        at: datetime | None,
        *,
        root: bytes | None,
    ) -> None:
        self.checkpoints += 1
        where = f"checkpoint {size}"
        try:
            checkpoint = open_checkpoint(note, self._key)
        except VerificationError as error:
            self._problem(f"{where}: {error}")
        else:
            if checkpoint.size != size:
                self._problem(f"{where}: its note is about {checkpoint.size} leaves")
            elif root is not None and checkpoint.root != root:
                self._problem(f"{where}: the leaves do not hash to the root it signs")
        if previous != self._signed:
            self._problem(f"{where}: it follows {previous}, and {self._signed} stands before it")
        if at is None or not self._key.verifies(
            signature, row_bytes(size=size, previous=previous, note=note, at=at)
        ):
            self._problem(f"{where}: its row is not as it was signed")
        self._signed = size

    async def _checkpoints_between(self, above: int, size: int, wrong: str) -> None:
        for row in await rows(self._session, _CHECKPOINTS, above, size):
            self._problem(f"checkpoint {row[0]}: it {wrong}")
            self._checkpoint(*row, root=None)

    async def _finish(self) -> None:
        size = self._edge.size
        if not self._known:
            self._problem(f"the tree could be recomputed up to leaf {size} only")
            return
        await self._checkpoints_between(
            size, MAX_SIZE, f"covers more than the {size} leaves that are stored"
        )
        if self._signed < size:
            self._problem(f"leaves from {self._signed} to {size} are under no checkpoint")
        widths = edge_widths(size)
        levels, tiles = list(range(len(widths))), [full for full, _ in widths]
        for level, number in await rows(self._session, _SURPLUS, levels, tiles):
            self._problem(f"tile {number} of level {level}: there is no such tile in the log")


def _difference(tile: Tile, stored: bytes) -> str:
    if len(stored) != len(tile.hashes):
        return f"{len(stored)} bytes, expected {len(tile.hashes)}"
    pairs = zip(split(stored), split(tile.hashes), strict=True)
    place = next(i for i, (have, want) in enumerate(pairs) if have != want)
    below = "leaf" if tile.level == 0 else f"level {tile.level - 1}'s tile"
    return f"hash {place} is not that of {below} {tile.number * TILE + place}"
