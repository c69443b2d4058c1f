"""What was signed last, remembered outside the database: history cannot be cut off at its end.

Whoever can write to the database can take away the newest leaves and all that belongs to them,
checkpoint included, and what is left is a good log, only shorter. A file beside the database
still holds the newest checkpoint. Touches that file, and reads the tree.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from audit.errors import RecordTampered
from audit.merkle import Edge, consistency_path
from audit.tree import StoredTree
from audit.verify import (
    Checkpoint,
    VerificationError,
    VerifierKey,
    open_checkpoint,
    parse_note,
    verify_consistency,
)
from kernel.errors import Unavailable

PLACE = "record.checkpoint"
REMEDY = (
    "keep this database and find out what changed it; only if you put an older one back "
    "yourself, move record.checkpoint out of the data folder"
)


class CheckpointFile:
    """The newest checkpoint that was signed, in a file that is whole or absent."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def recall(self) -> str | None:
        """The signed note as it was remembered, not yet believed; None while there is none.

        Raises `Unavailable` for a file that cannot be read.
        """
        try:
            return self._path.read_text("utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable(
                "the remembered checkpoint cannot be read", place=self._path.name
            ) from error

    def remember(self, note: str) -> None:
        """Keep a note whose integration has committed; durable on return.

        Never goes back: a note over no more leaves than the one kept changes nothing, whichever
        process comes last. Raises `Unavailable` when the file cannot be written, and
        `RecordTampered` when what is there is no checkpoint; that one is left as it is.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with _alone(self._path.parent) as folder:
                kept = self.recall()
                if kept is None or _size(kept) < _size(note):
                    self._replace(note)
                    os.fsync(folder)
        except OSError as error:
            raise Unavailable(
                "the newest checkpoint cannot be remembered",
                place=self._path.name,
                remedy="see that the data folder can be written to and has room",
            ) from error

    def _replace(self, note: str) -> None:
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(note.encode())
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[int]:
    """One process at a time looks which note is newer, and writes."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _size(note: str) -> int:
    try:
        return Checkpoint.parse(parse_note(note)[0]).size
    except VerificationError as error:
        raise _not_ours(error) from error


async def check_follows(
    session: AsyncSession, edge: Edge, *, remembered: str, key: VerifierKey
) -> None:
    """See that the tree of this `edge` begins with what the remembered note signs.

    Costs a few tiles, and nothing when it is the very tree. Raises `RecordTampered`.
    """
    try:
        old = open_checkpoint(remembered, key)
    except VerificationError as error:
        raise _not_ours(error) from error
    if old.size > edge.size:
        raise RecordTampered(
            f"{old.size} leaves were signed, and the database holds {edge.size}: its newest "
            "history is gone",
            place=PLACE,
            remedy=REMEDY,
        )
    path = consistency_path(old.size, edge.size)
    proof = await StoredTree(session, edge).prove(path)
    try:
        verify_consistency(
            old_size=old.size, old_root=old.root, size=edge.size, root=edge.root(), proof=proof
        )
    except VerificationError as error:
        raise RecordTampered(
            f"the first {old.size} leaves are not those that were signed ({error})",
            place=PLACE,
            remedy=REMEDY,
        ) from error


def _not_ours(error: VerificationError) -> RecordTampered:
    return RecordTampered(
        f"the remembered checkpoint is not this record's ({error})", place=PLACE, remedy=REMEDY
    )
