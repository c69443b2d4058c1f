"""The root key: the one key that is not in the database. Only the keyring may use it."""

import os
from pathlib import Path
from typing import NoReturn, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from profiles.errors import CannotOpen
from profiles.secret_files import secret_file

_NONCE = 12


class RootKey(Protocol):
    """Wraps and unwraps epoch keys; where it lives (file, KMS, HSM) is its own affair."""

    def wrap(self, secret: bytes, *, context: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes: ...


class FileRootKey:
    """A root key in a file, for development and small installations: AES-256-GCM."""

    def __init__(self, path: Path) -> None:
        self._cipher = AESGCM(secret_file(path))

    def __repr__(self) -> str:
        return "FileRootKey(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a root key is not to be copied")

    def wrap(self, secret: bytes, *, context: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, secret, context)

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """Raises `CannotOpen` when another root key, or another context, wrapped it."""
        try:
            return self._cipher.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], context)
        except InvalidTag as error:
            raise CannotOpen(
                "the root key does not open this database's epoch key",
                place="root key",
                remedy="use the root key file that belongs to this database",
            ) from error
