"""What is known of a breach: all that Art. 33(5) wants documented, sealed as one."""

import os
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec

from profiles.keys import EpochKey, fill, place, strip
from profiles.labels import Label

LONGEST = 8_000  # characters of one text
_SALT = 32
_PAD = 1_024

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Nature(StrEnum):
    """What kind of breach it is (Art. 4(12); EDPB Guidelines 9/2022, section I.B.2)."""

    CONFIDENTIALITY = "confidentiality"
    INTEGRITY = "integrity"
    AVAILABILITY = "availability"


class Risk(StrEnum):
    """How likely it is to harm people: nobody is told of none, the authority of a risk, members
    too of a high one (Arts. 33(1) and 34(1))."""

    OPEN = "open"
    NONE = "none"
    RISK = "risk"
    HIGH = "high"


class Spared(StrEnum):
    """Why members need not be told of a high risk (Art. 34(3))."""

    ENCRYPTED = "encrypted"
    AVERTED = "averted"
    PUBLIC = "public"


class Past(msgspec.Struct, frozen=True):
    """A step that was taken, by which officer, and the entry that puts it on record."""

    step: str
    at: Moment
    by: str
    entry: UUID


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """`happened`: in words. `since`, `until`: when, as far as is known. `aware`: when we knew.

    `why`: what the assessment rests on; `consequences` and `measures`: Art. 33(3)(c) and (d).
    `authority_at`: when it was told, under which `reference` of theirs, and why so late (`delay`).
    `members_at`: when those affected were told, who were found by that search.
    """

    salt: bytes
    happened: str
    aware: Moment
    since: Moment | None = None
    until: Moment | None = None
    natures: tuple[Nature, ...] = ()
    risk: Risk = Risk.OPEN
    why: str = ""
    consequences: str = ""
    measures: str = ""
    spared: Spared | None = None
    authority_at: Moment | None = None
    reference: str = ""
    delay: str = ""
    members_at: Moment | None = None
    told: UUID | None = None
    closed_at: Moment | None = None
    history: tuple[Past, ...] = ()

    def __repr__(self) -> str:
        return "Account(***)"


class Packed(NamedTuple):
    """An account as it is kept, and the digest of it that goes on record."""

    sealed: bytes
    digest: str


def fresh_salt() -> bytes:
    return os.urandom(_SALT)


def seal(epoch: EpochKey, breach: UUID, account: Account) -> Packed:
    plain = msgspec.msgpack.encode(account)
    sealed = epoch.sealing(Label.BREACHES).seal(fill(plain, _PAD), at=at(breach))
    return Packed(sealed, sha256(plain).hexdigest())


def opened(epoch: EpochKey, breach: UUID, sealed: bytes) -> Account:
    """Raises `CannotOpen`."""
    return msgspec.msgpack.decode(_plain(epoch, breach, sealed), type=Account)


def digest(epoch: EpochKey, breach: UUID, sealed: bytes) -> str:
    """What the last entry about it has to say. Raises `CannotOpen`."""
    return sha256(_plain(epoch, breach, sealed)).hexdigest()


def at(breach: UUID) -> bytes:
    return place("breach", breach.hex, "account")


def _plain(epoch: EpochKey, breach: UUID, sealed: bytes) -> bytes:
    return strip(epoch.sealing(Label.BREACHES).open(sealed, at=at(breach)))
