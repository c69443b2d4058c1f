"""The whole record as a folder in the C2SP layout, for anyone to keep and to check.

``python -m audit.verify log FOLDER`` accepts it. Reads the record; writes only the folder.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from audit.errors import ExportRefused, TileUnknown
from audit.merkle import edge_widths
from audit.proofs import bundle
from audit.tree import StoredTree, bodies, last_signed, load_edge, rows, tampered
from audit.verify import TILE, tile_path

_PAGE = 16  # bundles at a time: at most 256 MB, usually 2
_TILES = """
SELECT number, hashes FROM audit_tile WHERE level = %s AND number >= %s AND number < %s
ORDER BY number
"""
Files = list[tuple[str, bytes]]


async def export(
    session: AsyncSession, folder: Path, *, progress: Callable[[int, int], None] | None = None
) -> None:
    """Write the log that the newest checkpoint covers into `folder`; the checkpoint comes last.

    Entries integrated meanwhile are left out. `progress` is told leaves done and leaves in
    all. Raises `ExportRefused` when the folder holds a log already, `TileUnknown` when
    nothing has been integrated, `RecordTampered` when rows are missing.
    """
    await asyncio.to_thread(_prepare, folder)
    signed = await last_signed(session)
    if signed is None:
        raise TileUnknown("nothing has been integrated yet", place="checkpoint")
    size = signed.size
    for start in range(0, size, _PAGE * TILE):
        end = min(size, start + _PAGE * TILE)
        entries = await bodies(session, start, end)
        await asyncio.to_thread(_write, folder, _bundles(start // TILE, entries))
        if progress is not None:
            progress(end, size)
    for level, (full, _) in enumerate(edge_widths(size)):
        await _export_level(session, folder, level, full)
    tree = StoredTree(session, await load_edge(session, size))
    await asyncio.to_thread(_write, folder, await _partial(tree))
    await asyncio.to_thread(_write, folder, [("checkpoint", signed.note.encode())])


def _prepare(folder: Path) -> None:
    if (folder / "checkpoint").exists() or (folder / "tile").exists():
        raise ExportRefused(
            "the folder holds a log already", place=str(folder), remedy="choose an empty one"
        )
    try:
        (folder / "tile").mkdir(parents=True)
    except OSError as error:
        raise ExportRefused(
            f"the folder cannot be made ({type(error).__name__})", place=str(folder)
        ) from error


def _bundles(first: int, entries: list[bytes]) -> Files:
    starts = range(0, len(entries), TILE)
    parts = [entries[start : start + TILE] for start in starts]
    return [
        (tile_path(None, number, len(part)), bundle(part))
        for number, part in enumerate(parts, start=first)
    ]


async def _export_level(session: AsyncSession, folder: Path, level: int, full: int) -> None:
    for first, past in _pages(full):
        found = await rows(session, _TILES, level, first, past)
        if [number for number, _ in found] != list(range(first, past)):
            raise tampered(f"a tile of level {level} is missing")
        files = [(tile_path(level, number), hashes) for number, hashes in found]
        await asyncio.to_thread(_write, folder, files)


def _pages(count: int) -> Iterator[tuple[int, int]]:
    for first in range(0, count, TILE):
        yield first, min(count, first + TILE)


async def _partial(tree: StoredTree) -> Files:
    return [
        (tile_path(level, full, width), b"".join(await tree.tile(level, full)))
        for level, (full, width) in enumerate(edge_widths(tree.size))
        if width
    ]


def _write(folder: Path, files: Files) -> None:
    for path, data in files:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
