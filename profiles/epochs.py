"""Where epoch keys are kept: wrapped by the root key, in files, and never in the database.

A backup of the database thus holds no epoch key. Once a rotation has deleted the file, what
was wrapped under that epoch opens for nobody, whatever backups and root keys are at hand.
"""

import base64
import os
from pathlib import Path

from profiles.errors import CannotOpen


class EpochFiles:
    """One file for each epoch key: ``epoch-000001-<name>.key``, readable by its owner alone.

    The name is random and stands in the database, so that two databases that were given one
    folder by mistake do not take each other's keys away.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, number: int, name: str, wrapped: bytes) -> None:
        """Durable on return, and whole or absent. Never written over."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(number, name)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(wrapped) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._sync()

    def read(self, number: int, name: str) -> bytes:
        """Raises `CannotOpen` when there is no such file, or one that is not ours."""
        path = self._path(number, name)
        try:
            return base64.b64decode(path.read_bytes().strip(), validate=True)
        except FileNotFoundError as error:
            raise CannotOpen(
                f"the key of epoch {number} is not there",
                place=str(path),
                remedy="use the key folder that belongs to this database; one from before a "
                "rotation cannot be opened any more",
            ) from error
        except (ValueError, OSError) as error:
            raise CannotOpen("the epoch key's file cannot be read", place=str(path)) from error

    def destroy(self, number: int, name: str) -> None:
        """Overwrite and delete; nothing happens when it is gone already. Durable on return."""
        path = self._path(number, name)
        if not path.exists():
            return
        # Overwritten first, for disks that write in place; on others (flash, snapshots) the
        # old blocks may last a while, and the root key still stands before them.
        with path.open("r+b") as file:
            file.write(b"\0" * path.stat().st_size)
            file.flush()
            os.fsync(file.fileno())
        path.unlink(missing_ok=True)
        self._sync()

    def _path(self, number: int, name: str) -> Path:
        return self._folder / f"epoch-{number:06d}-{name}.key"

    def _sync(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
