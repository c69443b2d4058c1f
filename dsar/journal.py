"""The journal of erasures: a file outside the database, so that no restore undoes one.

A line is written and on disk just before the erasure commits. Whoever it names and is found in
the database at start-up is erased before anything is served. Where the commit has failed, a second
line says so, and the first one counts no more; no line is ever changed.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from audit.entries import rfc3339
from kernel.errors import Unavailable

#: More bytes than a line has.
_A_LINE = 1_024


@dataclass(frozen=True)
class Line:
    """An erasure: of which member, by which request; and when it was written down, once read."""

    member: UUID
    request: UUID
    at: datetime | None = field(default=None, compare=False)


class Journal:
    """Append-only; each line is whole or, after a crash, the torn last one, which is dropped."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, *lines: Line, at: datetime) -> None:
        """All of them durable on return."""
        self._write({"at": rfc3339(at), **_names(line)} for line in lines)

    def take_back(self, *lines: Line, at: datetime) -> None:
        """Write that these erasures were not carried out; durable on return."""
        self._write({"at": rfc3339(at), **_names(line), "carried_out": False} for line in lines)

    def _write(self, lines: Iterable[dict[str, str | bool]]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(fields) + "\n" for fields in lines)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "rb+") as file:
            torn = file.seek(0, os.SEEK_END) and not _ends_whole(file.fileno())
            file.write((("\n" if torn else "") + text).encode())
            file.flush()
            os.fsync(file.fileno())

    def mark(self) -> int:
        """Where what is written from now on begins, in bytes: for `lines`. Reads a line or two."""
        if not self._path.exists():
            return 0
        with self._path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            start = file.seek(max(0, size - _A_LINE))
            # Another process may be in the middle of one: it is read from its beginning then.
            return start + file.read(size - start).rfind(b"\n") + 1

    def lines(self, since: int = 0) -> list[Line]:
        """Every erasure journalled and not taken back, the oldest first.

        `since`: a `mark`; what stands before it is not read. Raises `Unavailable` for a file that
        is not ours.
        """
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(since)
            whole = file.read().split(b"\n")
        found: list[Line] = []
        for number, text in enumerate(whole, 1):
            if not text.strip():
                continue
            try:
                fields = json.loads(text)
                at = datetime.fromisoformat(fields["at"])
                line = Line(UUID(fields["member"]), UUID(fields["request"]), at)
                if fields.get("carried_out", True):
                    found.append(line)
                elif line in found:  # the last such: an earlier one was another attempt
                    del found[len(found) - 1 - found[::-1].index(line)]
            except (ValueError, KeyError, TypeError) as error:
                if number < len(whole) and not _torn(text):
                    place = f"{self._path.name} line {number}"
                    place += f" after byte {since}" if since else ""
                    raise Unavailable("this line is no erasure", place=place) from error
        return found


def _names(line: Line) -> dict[str, str]:
    return {"member": str(line.member), "request": str(line.request)}


def _ends_whole(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, 1, size - 1) == b"\n"


def _torn(text: bytes) -> bool:
    """A line cut off by a crash: it began as ours and has no end."""
    began = b'{"at"'
    return text[: len(began)] == began[: len(text)] and not text.endswith(b"}")
