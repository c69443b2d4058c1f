"""A 32-byte secret in a file, made when it is not there and never written over."""

import base64
import os
import secrets
from pathlib import Path

from profiles.errors import CannotOpen


def secret_file(path: Path) -> bytes:
    """The secret in `path`. A new file is readable by its owner alone, and whole or absent.

    Raises `CannotOpen` for a file that holds something else; it is left as it is.
    """
    if not path.exists():
        _make(path)
    try:
        secret = base64.b64decode(path.read_bytes().strip(), validate=True)
    except (ValueError, OSError) as error:
        raise CannotOpen("the key file cannot be read as base64", place=str(path)) from error
    if len(secret) != 32:
        raise CannotOpen("the key file does not hold 32 bytes", place=str(path))
    return secret


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process made it first; its secret stands
    finally:
        draft.unlink()
