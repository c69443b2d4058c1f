"""The log's signing key: signed notes, checkpoints, and the key the world verifies with.

Holds the one secret of this room and hands it to nobody.
"""

import base64
from datetime import datetime
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit.entries import rfc3339
from audit.verify import Checkpoint, VerifierKey, check_name, key_id


class Signer:
    """Signs for one log. `name` is the log's origin, such as ``example.com/record``.

    `seed` is the 32 bytes of an Ed25519 private key. Raises `VerificationError` for a name
    that no verifier would take, `ValueError` for a seed of another length.
    """

    def __init__(self, *, name: str, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key = VerifierKey(check_name(name), key_id(name, public), public)

    @property
    def name(self) -> str:
        return self.key.name

    @property
    def verifier_key(self) -> str:
        """What others need to check this log: ``name+id+key``. Not a secret."""
        return str(self.key)

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature, 64 bytes, over the bare message."""
        return self._private.sign(message)

    def sign_note(self, text: str) -> str:
        """The signed note of `text`, which ends in a line feed."""
        if not text.endswith("\n"):
            raise ValueError("a note's text ends in a line feed")
        signature = base64.b64encode(self.key.id + self.sign(text.encode())).decode()
        return f"{text}\n— {self.name} {signature}\n"

    def checkpoint(self, size: int, root: bytes) -> str:
        """The signed checkpoint that `size` leaves hash to `root`."""
        return self.sign_note(str(Checkpoint(self.name, size, root)))

    def __repr__(self) -> str:
        return f"Signer(name={self.name!r}, seed=…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signing key is not to be pickled or copied")


def row_bytes(*, size: int, previous: int, note: str, at: datetime) -> bytes:
    """What binds a stored checkpoint's columns together.

    The first line has spaces, which no log's name has: these bytes are never a checkpoint.
    """
    return f"tillit checkpoint row v1\n{size}\n{previous}\n{rfc3339(at)}\n{note}".encode()
