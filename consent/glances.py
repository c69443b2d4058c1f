"""What a read leaves on record: which fields were given, or why none were.

Sealed under the member's own key: that somebody was held back, and for which reason, is as much
about them as any value. The record holds a commitment; only the member's view opens it.
"""

from uuid import UUID

import msgspec

from audit.acts import Seal
from audit.entries import opens
from profiles.errors import CannotOpen
from profiles.keys import MemberKey

TABLE = "audit_detail"
_SALT = 32
#: Of one length, whatever was read; programmes with very many fields show that they have them.
_PAD = 512


class Glance(msgspec.Struct, frozen=True, array_like=True):
    """`fields` that were given out; none, and the reason, when the member was held back."""

    fields: tuple[str, ...]
    held_back: str | None


def seal_glance(key: MemberKey, glance: Glance) -> tuple[bytes, Seal]:
    """The detail of a read's entry, with what seals it."""

    def seal(entry: UUID, plain: bytes) -> bytes:
        return key.seal_field(TABLE, entry.hex, plain, pad=_PAD)

    return msgspec.msgpack.encode(glance), seal


def open_glance(key: MemberKey, entry: UUID, sealed: bytes, *, commitment: str) -> Glance | None:
    """The glance behind an entry; None when it is not the one the entry committed to."""
    try:
        salted = key.open_field(TABLE, entry.hex, sealed)
    except CannotOpen:
        return None
    if not opens(commitment, salted):
        return None
    return msgspec.msgpack.decode(salted[_SALT:], type=Glance)
