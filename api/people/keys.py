"""The keys of signing in, derived from the token key: a rotation of epochs leaves them be."""

import hmac
from typing import NoReturn
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.bootstrap import Tillit
from profiles.keys import SealingKey, fill, place, strip
from profiles.labels import PEOPLE_MARKED, PEOPLE_SEALED
from profiles.secret_files import secret_file

_PAD = 512  # what is sealed tells no length


class PeopleKeys:
    """Seals what is kept about signing in, and marks what proves it; shows nothing of itself."""

    __slots__ = ("_mark", "_sealing")

    def __init__(self, seed: bytes) -> None:
        self._sealing = SealingKey(_derived(seed, PEOPLE_SEALED))
        self._mark = _derived(seed, PEOPLE_MARKED)

    def __repr__(self) -> str:
        return "PeopleKeys(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not to be copied")

    def seal(self, table: str, row: UUID, field: str, plain: bytes) -> bytes:
        """Sealed for that field of that row, its length filled up."""
        return self._sealing.seal(fill(plain, _PAD), at=place(table, row.hex, field))

    def open(self, table: str, row: UUID, field: str, sealed: bytes) -> bytes:
        """What was sealed. Raises `CannotOpen` away from its row."""
        return strip(self._sealing.open(sealed, at=place(table, row.hex, field)))

    def mark(self, what: str, *parts: bytes | str | int | UUID | None) -> bytes:
        """32 bytes that say these parts, in this order, belong together: HMAC-SHA256."""
        said = b"".join(_told(part) for part in (what, *parts))
        return hmac.digest(self._mark, said, "sha256")

    def holds(self, mark: bytes, what: str, *parts: bytes | str | int | UUID | None) -> bool:
        """Whether it is their mark; takes the same time whatever the answer."""
        return hmac.compare_digest(mark, self.mark(what, *parts))


def keys_of(tillit: Tillit) -> PeopleKeys:
    """Those of this process's token key. Under another one nobody is signed in any more."""
    return PeopleKeys(secret_file(tillit.settings.token_key))


def _told(part: bytes | str | int | UUID | None) -> bytes:
    """One part, so that no two rows of parts are told alike."""
    if part is None:
        return b"-"
    if isinstance(part, UUID):
        part = part.bytes
    elif not isinstance(part, bytes):
        part = str(part).encode()
    return b"%d:%s" % (len(part), part)


def _derived(seed: bytes, label: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=label).derive(seed)
