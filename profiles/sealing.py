"""Values of members, sealed and opened: each under its member's key, each at its own place."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import msgspec

from profiles.catalogue import Catalogue, Field
from profiles.errors import CannotOpen
from profiles.keys import MemberKey
from profiles.values import Plain, Value, decode_value, encode_value

TABLE = "member"
#: Where the traits of a member stand among the sealed fields; no field can have this name.
TRAITS = "~traits"


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A value as it is sealed: with where it came from, and when."""

    value: Plain
    source: str
    at: datetime

    def __repr__(self) -> str:
        return "Kept(***)"


class Computed(msgspec.Struct, frozen=True, array_like=True):
    """Traits as they are sealed: by which programme version, and when they are next due."""

    values: dict[str, Plain]
    version: int
    due: date | None  # the day on which they change by themselves

    def __repr__(self) -> str:
        return "Computed(***)"


def seal_value(key: MemberKey, name: str, value: Value, *, source: str, at: datetime) -> bytes:
    kept = Kept(encode_value(value), source, at.astimezone(UTC))
    return key.seal_field(TABLE, name, msgspec.msgpack.encode(kept))


def open_value(key: MemberKey, field: Field, sealed: bytes) -> tuple[Value, Kept]:
    """The value, with its source and time. Raises `CannotOpen` away from its place."""
    kept = msgspec.msgpack.decode(key.open_field(TABLE, field.name, sealed), type=Kept)
    return field.decode(kept.value), kept


def seal_traits(
    key: MemberKey, values: Mapping[str, Value], *, version: int, due: date | None
) -> bytes:
    computed = Computed({name: encode_value(value) for name, value in values.items()}, version, due)
    return key.seal_field(TABLE, TRAITS, msgspec.msgpack.encode(computed))


def open_traits(
    key: MemberKey, catalogue: Catalogue, sealed: Mapping[str, bytes]
) -> tuple[dict[str, Value], Computed | None]:
    """The traits last computed, those still declared; nothing when none ever were."""
    if TRAITS not in sealed:
        return {}, None
    plain = key.open_field(TABLE, TRAITS, sealed[TRAITS])
    computed = msgspec.msgpack.decode(plain, type=Computed)
    values = {
        name: decode_value(catalogue.traits[name].type, value, place=name)
        for name, value in computed.values.items()
        if name in catalogue.traits
    }
    return values, computed


def pack(sealed: Mapping[str, bytes]) -> bytes:
    """All sealed fields of a member, as they lie in one row."""
    return msgspec.msgpack.encode(sealed)


def unpack(packed: bytes) -> dict[str, bytes]:
    """What `pack` packed. Raises `CannotOpen` for a row that somebody has altered."""
    try:
        return msgspec.msgpack.decode(packed, type=dict[str, bytes])
    except msgspec.DecodeError as error:
        raise CannotOpen(
            "a member's row is not as it was written",
            place="member",
            remedy="run `tillit audit verify`",
        ) from error
