"""Building the tree: tiles from leaf hashes, the root at any time, proofs from stored hashes.

Pure arithmetic over 32-byte hashes; the hashing itself is `audit.verify`'s, so that what is
built and what is checked cannot differ. Heights count from 0, the leaves; a node (height,
index) covers the leaves from index·2^height on. Tile level L holds nodes of height 8·L.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from audit.verify import EMPTY_ROOT, HASH, TILE, node_hash

TILE_HEIGHT = 8


@dataclass(frozen=True)
class Tile:
    """A full tile: 256 hashes (8,192 bytes) and the root they fold to."""

    level: int
    number: int
    hashes: bytes
    root: bytes


class _Row:
    """The partial tile at the right edge of one level, with its perfect subtrees."""

    __slots__ = ("full", "hashes", "peaks")

    def __init__(self, full: int) -> None:
        self.full = full
        self.hashes: list[bytes] = []
        self.peaks: list[bytes] = []

    def push(self, node: bytes) -> None:
        self.hashes.append(node)
        count = len(self.hashes)
        while not count & 1:
            node = node_hash(self.peaks.pop(), node)
            count >>= 1
        self.peaks.append(node)


class Edge:
    """The right edge of the tree, all that is needed to append: at most 255 hashes a level.

    `rows` are the hashes after the last full tile, level by level from 0. Raises
    `ValueError` when they do not belong to a tree of `size` leaves.
    """

    def __init__(self, size: int = 0, rows: Sequence[Sequence[bytes]] = ()) -> None:
        self.size = size
        self._rows: list[_Row] = []
        for level, widths in enumerate(edge_widths(size)):
            full, width = widths
            hashes = rows[level] if level < len(rows) else ()
            if len(hashes) != width:
                raise ValueError(f"level {level} has {len(hashes)} hashes, expected {width}")
            row = _Row(full)
            for node in hashes:
                row.push(node)
            self._rows.append(row)

    def append(self, leaves: Iterable[bytes]) -> list[Tile]:
        """Append leaf hashes; returns the tiles that became full, lower levels first."""
        tiles: list[Tile] = []
        for leaf in leaves:
            self.size += 1
            self._push(0, leaf, tiles)
        return tiles

    def _push(self, level: int, node: bytes, tiles: list[Tile]) -> None:
        if level == len(self._rows):
            self._rows.append(_Row(0))
        row = self._rows[level]
        row.push(node)
        if len(row.hashes) == TILE:
            tile = Tile(level, row.full, b"".join(row.hashes), row.peaks[0])
            tiles.append(tile)
            self._rows[level] = _Row(row.full + 1)
            self._push(level + 1, tile.root, tiles)

    def root(self) -> bytes:
        """The root over all leaves so far."""
        peaks = list(chain.from_iterable(row.peaks for row in reversed(self._rows)))
        if not peaks:
            return EMPTY_ROOT
        root = peaks.pop()
        while peaks:
            root = node_hash(peaks.pop(), root)
        return root

    def row(self, level: int) -> list[bytes]:
        """The hashes of the partial tile at `level`; empty where the level ends in a full one."""
        return list(self._rows[level].hashes) if level < len(self._rows) else []


def edge_widths(size: int) -> list[tuple[int, int]]:
    """For each level of a tree of `size`: its full tiles, and the hashes after them."""
    widths = []
    while size:
        widths.append(divmod(size, TILE))
        size //= TILE
    return widths


def split(hashes: bytes) -> list[bytes]:
    """The 32-byte hashes in a tile's bytes."""
    return [hashes[i : i + HASH] for i in range(0, len(hashes), HASH)]


Node = tuple[int, int]
"""Height and index of a perfect subtree."""
Path = list[list[Node]]
"""For each hash of a proof the perfect subtrees, left to right, that it is the root of."""
Reader = Callable[[Node], bytes]


def inclusion_path(index: int, size: int) -> Path:
    """Which nodes prove that leaf `index` is in a tree of `size` (RFC 6962 §2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path: Path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _largest_power_below(end - start)
        if index < middle:
            path.append(_perfect(middle, end))
            end = middle
        else:
            path.append(_perfect(start, middle))
            start = middle
    return path[::-1]


def consistency_path(old: int, size: int) -> Path:
    """Which nodes prove that a tree of `old` leaves begins one of `size` (RFC 6962 §2.1.2)."""
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {size} does not begin with one of {old}")
    if old in {0, size}:
        return []
    path: Path = []
    start, end = 0, size
    while end != old:
        middle = start + _largest_power_below(end - start)
        if old <= middle:
            path.append(_perfect(middle, end))
            end = middle
        else:
            path.append(_perfect(start, middle))
            start = middle
    if start:  # else the old root itself, which the verifier has
        path.append(_perfect(start, end))
    return path[::-1]


def prove(path: Path, read: Reader) -> list[bytes]:
    """The hashes of a proof, each folded from the stored nodes that `read` gives."""
    proof = []
    for nodes in path:
        root = read(nodes[-1])
        for node in reversed(nodes[:-1]):
            root = node_hash(read(node), root)
        proof.append(root)
    return proof


def tile_of(node: Node) -> tuple[int, int, slice]:
    """The level and number of the tile that holds a node, and its hashes beneath the node."""
    height, index = node
    level, above = divmod(height, TILE_HEIGHT)
    number, start = divmod(index << above, TILE)
    return level, number, slice(start, start + (1 << above))


def _largest_power_below(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)


def _perfect(start: int, end: int) -> list[Node]:
    """The perfect subtrees that cover the leaves from `start` to `end`, left to right."""
    nodes = []
    while start < end:
        height = (end - start).bit_length() - 1
        if start:
            height = min(height, (start & -start).bit_length() - 1)
        nodes.append((height, start >> height))
        start += 1 << height
    return nodes
