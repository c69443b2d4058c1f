"""Looks for texts in the bytes of a folder, however they may have been written down.

Many needles in hundreds of megabytes: numpy finds where any of them could begin, by their first
six bytes, and Python looks at those few places.
"""

import base64
import mmap
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

_PIECE = 1 << 24
_HEAD = 6  # bytes that must fit before Python looks


def spellings(text: str) -> Iterator[bytes]:
    """The text in UTF-8 and UTF-16, and UTF-8 in hexadecimal and base64 at any alignment."""
    plain = text.encode()
    yield plain
    yield text.encode("utf-16-le")
    yield text.encode("utf-16-be")
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + plain)
        # Cut off what depends on the neighbours: before the first whole digit, after the last.
        first, last = -(-shift * 8 // 6), (shift + len(plain)) * 8 // 6
        yield whole[first:last]
        yield whole[first:last].translate(bytes.maketrans(b"+/", b"-_"))


class Needles:
    """Texts to look for; each of eight characters at least, so that none turns up by chance."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._by_head: dict[bytes, set[tuple[bytes, str]]] = defaultdict(set)
        self._tables = [np.zeros(1 << 16, dtype=bool) for _ in range(_HEAD // 2)]
        for text in texts:
            assert len(text) >= 8
            for spelling in spellings(text):
                head = spelling[:_HEAD]
                self._by_head[head].add((spelling, text))
                for table, word in zip(self._tables, np.frombuffer(head, "<u2"), strict=True):
                    table[word] = True

    def in_folder(self, folder: Path) -> dict[str, set[str]]:
        """Which texts are found, with the files they are found in. Files may change meanwhile."""
        found: dict[str, set[str]] = defaultdict(set)
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and path.stat().st_size:
                for text in self._in_file(path):
                    found[text].add(str(path.relative_to(folder)))
        return found

    def _in_file(self, path: Path) -> Iterator[str]:
        with (
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            for start in range(0, len(data), _PIECE):
                piece = data[start : start + _PIECE + 4096]  # overlaps, for what lies across
                for at in self._begin(piece):
                    for spelling, text in self._by_head.get(piece[at : at + _HEAD], ()):
                        if piece.startswith(spelling, at):
                            yield text

    def _begin(self, piece: bytes) -> list[int]:
        """Where the first six bytes of some needle may stand."""
        if len(piece) < _HEAD:
            return []
        octets = np.frombuffer(piece, dtype=np.uint8).astype(np.uint16)
        pairs = octets[:-1] | octets[1:] << 8
        at = np.flatnonzero(self._tables[0][pairs[: len(pairs) - _HEAD + 2]])
        for number, table in enumerate(self._tables[1:], 1):
            at = at[table[pairs[at + 2 * number]]]
        return [int(one) for one in at]
