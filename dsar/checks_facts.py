"""Whether an entry about requests says what entries of its kind say, before it is gone by.

Pure. Whoever slips an entry in writes what they like: a list where an id belongs stops no check.
"""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec

from audit.browsing import Told
from audit.entries import Kind
from dsar.letters.kinds import Kind as Letter

#: Days that can be counted with, and moved to any zone.
_FIRST, _LAST = 1970, 9000
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _OfRequest(msgspec.Struct):
    request: UUID
    right: str
    step: str | None = None
    state: str | None = None
    received: date | None = None
    channel: str | None = None
    reason: str | None = None


class _OfRecipient(msgspec.Struct):
    request: UUID
    recipient: str
    what: str | None = None
    by: str | None = None
    state: str | None = None
    answer: str | None = None
    reason: str | None = None


class _ByHand(msgspec.Struct):
    request: UUID
    recipients: list[str]


class _OfLetter(msgspec.Struct):
    request: UUID
    letter: Letter


class _OfPackage(msgspec.Struct):
    request: UUID


class _OfProof(msgspec.Struct):
    request: UUID
    outcome: str


class _OfErasure(msgspec.Struct):
    request: UUID
    journalled: str | None = None


class _OfCertificate(msgspec.Struct):
    request: UUID
    part: str
    document: str


class _Placed(msgspec.Struct):
    hold: UUID
    ground: str
    until: date | None


class _Lifted(msgspec.Struct):
    hold: UUID


class _Vouchers(msgspec.Struct):
    vouchers: _Count


class _OfBreach(msgspec.Struct):
    breach: UUID
    step: str | None = None
    account: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")] | None = None


class _OfSearch(msgspec.Struct):
    breach: UUID
    search: UUID


_FACTS: dict[str, Any] = {
    **dict.fromkeys(
        (
            Kind.REQUEST_OPENED,
            Kind.REQUEST_MOVED,
            Kind.REQUEST_APPROVED,
            Kind.REQUEST_REFUSED,
            Kind.REQUEST_COMPLETED,
        ),
        _OfRequest,
    ),
    Kind.RECIPIENT_TOLD: _OfRecipient,
    Kind.RECIPIENT_ANSWERED: _OfRecipient,
    Kind.RECIPIENT_BY_HAND: _ByHand,
    Kind.LETTER_MADE: _OfLetter,
    Kind.PACKAGE_MADE: _OfPackage,
    Kind.PACKAGE_DELETED: _OfPackage,
    Kind.IDENTITY_TRIED: _OfProof,
    Kind.MEMBER_ERASED: _OfErasure,
    Kind.CERTIFICATE_ISSUED: _OfCertificate,
    Kind.HOLD_PLACED: _Placed,
    Kind.HOLD_LIFTED: _Lifted,
    Kind.BREACH_OPENED: _OfBreach,
    Kind.BREACH_MOVED: _OfBreach,
    Kind.BREACH_SEARCHED: _OfSearch,
    Kind.VOUCHERS_KEPT: _Vouchers,
    Kind.VOUCHERS_DELETED: _Vouchers,
}


def misfit(entry: Told) -> str | None:
    """What of it is not as we write it: `facts` or a `time`; None when all is."""
    try:
        said = msgspec.convert(entry.facts, type=_FACTS[entry.kind])
    except msgspec.ValidationError:
        return "facts"
    days = (entry.at, getattr(said, "received", None), getattr(said, "until", None))
    if not all(_FIRST <= day.year < _LAST for day in days if day is not None):
        return "a time"
    if entry.kind == Kind.REQUEST_OPENED and said.received is None:
        return "facts"
    return None
