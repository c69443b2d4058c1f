"""Epoch keys and member keys: who can open what, and that secrets do not wander.

A secret is reachable only through what it can do (seal, open, derive). Its `repr` is masked
and it refuses pickling, so that it ends up in no log line, job argument or cache.
"""

import hmac
import os
from hashlib import sha256
from typing import NoReturn
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from profiles.errors import CannotOpen, KeyDestroyed
from profiles.labels import CODE, KINSHIP, REFERENCE, SUBJECT, VOUCHER, Label

_NONCE = 12
_KEY = 32
#: The version of the sealed format, bound into the associated data.
VERSION = 1


def place(table: str, owner: str, field: str) -> bytes:
    """Associated data that binds a ciphertext to the one place where it may be opened."""
    return f"tillit|{table}|{owner}|{field}|{VERSION}".encode()


def fill(plaintext: bytes, size: int) -> bytes:
    """Filled up to a multiple of `size` bytes (ISO/IEC 7816-4): lengths tell less."""
    return plaintext + b"\x80" + b"\0" * (-(len(plaintext) + 1) % size)


def strip(filled: bytes) -> bytes:
    """What `fill` filled up."""
    return filled[: filled.rindex(b"\x80")]


class SealingKey:
    """AES-256-GCM under one secret, random 96-bit nonces (NIST SP 800-38D)."""

    __slots__ = ("_cipher", "_secret")

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._cipher = AESGCM(secret)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not to be copied")

    def seal(self, plaintext: bytes, *, at: bytes) -> bytes:
        """nonce ‖ ciphertext ‖ tag, which opens only at the place `at`."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plaintext, at)

    def open(self, sealed: bytes, *, at: bytes) -> bytes:
        """The plaintext. Raises `CannotOpen` for another key, another place or altered bytes."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], at)
        except (InvalidTag, ValueError) as error:
            raise CannotOpen("a sealed value does not open here", place="sealed value") from error


class MemberKey(SealingKey):
    """A member's own key: everything about them is sealed under it, and lost with it."""

    __slots__ = ("member",)

    def __init__(self, member: UUID, secret: bytes) -> None:
        super().__init__(secret)
        self.member = member

    @classmethod
    def new(cls, member: UUID) -> "MemberKey":
        return cls(member, os.urandom(_KEY))

    def seal_field(self, table: str, field: str, plaintext: bytes, *, pad: int = 64) -> bytes:
        """Sealed at its place, and filled up so that its length does not tell gold from silver."""
        return self.seal(fill(plaintext, pad), at=place(table, self.member.hex, field))

    def open_field(self, table: str, field: str, sealed: bytes) -> bytes:
        return strip(self.open(sealed, at=place(table, self.member.hex, field)))

    def subject(self) -> bytes:
        """The 32-byte pseudonym under which the record knows this member."""
        return hmac.digest(self._secret, SUBJECT, "sha256")

    def kinship(self) -> bytes:
        """The 32 bytes by which a guardian's children are found, and forgotten again."""
        return hmac.digest(self._secret, KINSHIP, "sha256")

    def reference(self, source: str, name: str) -> bytes:
        """The 32 bytes under which one purchase of this member is known, and only once."""
        text = b"%s|%d|%s|%s" % (REFERENCE, len(source.encode()), source.encode(), name.encode())
        return hmac.digest(self._secret, text, "sha256")

    def voucher(self, source: str, name: str) -> UUID:
        """The id of the voucher of one purchase: nobody without this key works it out."""
        text = b"%s|%d|%s|%s" % (VOUCHER, len(source.encode()), source.encode(), name.encode())
        return UUID(bytes=hmac.digest(self._secret, text, "sha256")[:16], version=4)

    def code_digest(self, challenge: UUID, code: str) -> bytes:
        """What a one-time code is kept as: 32 bytes, of this member and this challenge alone."""
        return hmac.digest(self._secret, CODE + challenge.bytes + code.encode(), "sha256")

    def fingerprint(self) -> str:
        """Names the key in a certificate without telling anything about it."""
        return sha256(b"tillit/key-fingerprint/v1" + self._secret).hexdigest()


class EpochKey(SealingKey):
    """Wraps member keys, and is what sets, lookup and audit keys are derived from."""

    __slots__ = ("_derived", "number")

    def __init__(self, number: int, secret: bytes) -> None:
        super().__init__(secret)
        self.number = number
        self._derived: dict[Label, bytes] = {}

    def derive(self, label: Label) -> bytes:
        """The 32-byte key for one use."""
        found = self._derived.get(label)
        if found is None:
            found = HKDF(SHA256(), _KEY, salt=None, info=label.encode()).derive(self._secret)
            self._derived[label] = found
        return found

    def sealing(self, label: Label) -> SealingKey:
        return SealingKey(self.derive(label))

    def wrap(self, key: MemberKey, *, ordinal: int) -> bytes:
        """The member key, sealed to its member, the ordinal they have in the sets, and this epoch.

        So whoever gives a member another's place in the sets takes their key away instead.
        """
        return self.seal(key._secret, at=self._place(key.member, ordinal))

    def unwrap_at(self, epoch: int, member: UUID, wrapped: bytes, *, ordinal: int) -> MemberKey:
        """Raises `KeyDestroyed` when `wrapped` belongs to an epoch that is not this one."""
        if epoch != self.number:
            raise KeyDestroyed(f"epoch {epoch} has no key any more", place="member key")
        return self.unwrap(member, wrapped, ordinal=ordinal)

    def unwrap(self, member: UUID, wrapped: bytes, *, ordinal: int) -> MemberKey:
        """Raises `CannotOpen` for another member, and for another ordinal than was sealed."""
        try:
            return MemberKey(member, self.open(wrapped, at=self._place(member, ordinal)))
        except CannotOpen as error:
            raise CannotOpen(
                "a member's key does not open with the ordinal it stands beside",
                place="member key",
                remedy="run `tillit audit verify`: somebody has changed the table member or "
                "member_key",
            ) from error

    def _place(self, member: UUID, ordinal: int) -> bytes:
        return place("member_key", member.hex, f"{self.number}:{ordinal}")
