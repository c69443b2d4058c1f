"""What the request room keeps. Storage only; no table leaves the room."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _moment(*, nullable: bool = False) -> Any:
    return Column(DateTime(timezone=True), nullable=nullable)


class RequestRow(SQLModel, table=True):
    """One request. `member` is forgotten when an erasure is done: the register stays, the
    person does not.

    `received`: the day from which the clock runs; `paused_on`: since when it stands. `wanted`:
    what exactly is asked for, sealed under the member's key. `erased`: the entry of the erasure.
    `carried_at`: when it was carried out, which is the answer's day whoever has yet to be told.

    Invariant: an accepted request has an `approval`, sealed under its member's key at this row.
    Nobody without that key makes one, and it opens for no other member or request.
    """

    __tablename__ = "request"
    id: UUID = Field(primary_key=True)
    kind: str
    state: str
    member: UUID | None
    channel: str
    language: str
    received: date
    opened_at: datetime = Field(sa_column=_moment())
    due: date
    extended: bool = False
    paused_on: date | None = None
    paused_days: int = 0
    asked_on: date | None = None
    not_before: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    reminded: date | None = None
    reason: str | None = None
    erased: UUID | None = None
    carried_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    closed_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    wanted: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    approval: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


class PackageRow(SQLModel, table=True):
    """The answer to an access or portability request: a ZIP file, sealed under the member's key."""

    __tablename__ = "package"
    request: UUID = Field(primary_key=True)
    member: UUID
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    made_at: datetime = Field(sa_column=_moment())
    expires_at: datetime = Field(sa_column=_moment())


class CertificateRow(SQLModel, table=True):
    """A signed certificate of erasure, in two parts. Append-only.

    `part`: ``erasure`` when it happened, ``horizon`` when no backup opens any more. `erased`:
    the entry that it is about. `epoch`: the key epoch in which that was.
    """

    __tablename__ = "certificate"
    request: UUID = Field(primary_key=True)
    part: str = Field(primary_key=True, default="erasure")
    erased: UUID
    epoch: int
    document: str


class OutgoingRow(SQLModel, table=True):
    """A letter or a word on its way out. `sealed`: what it carries, until it is closed."""

    __tablename__ = "outgoing"
    id: UUID = Field(primary_key=True)
    request: UUID
    member: UUID | None
    recipient: str | None
    carrier: str
    what: str
    state: str
    attempts: int = 0
    made_at: datetime = Field(sa_column=_moment())
    next_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    due: date | None
    answered_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    problem: str | None
    answer: str | None
    epoch: int
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


class RecipientAnswerRow(SQLModel, table=True):
    """What a recipient answered. Append-only: a document that names anybody is not kept.

    `kind`: how it came; `said`: what we took it to mean; `digest`: SHA-256 of what was signed.
    """

    __tablename__ = "recipient_answer"
    id: UUID = Field(primary_key=True)
    outgoing: UUID
    recipient: str
    at: datetime = Field(sa_column=_moment())
    kind: str
    said: str | None
    digest: str
    document: str | None


class IdentityProofRow(SQLModel, table=True):
    """Who somebody was shown to be, for one request; sealed, so that no row makes a proof."""

    __tablename__ = "identity_proof"
    id: UUID = Field(primary_key=True)
    request: UUID
    member: UUID
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class IdentityChallengeRow(SQLModel, table=True):
    """A code that was sent or a purchase that was asked for, and how often it was tried."""

    __tablename__ = "identity_challenge"
    id: UUID = Field(primary_key=True)
    request: UUID
    member: UUID
    how: str
    made_at: datetime = Field(sa_column=_moment())
    attempts: int = 0
    closed_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class LegalHoldRow(SQLModel, table=True):
    """A legal hold: while it stands, nothing of the member is erased. `sealed`: the note."""

    __tablename__ = "legal_hold"
    id: UUID = Field(primary_key=True)
    member: UUID
    ground: str
    placed_at: datetime = Field(sa_column=_moment())
    ends_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    lifted_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class VoucherRow(SQLModel, table=True):
    """A purchase that the books need of somebody who was erased. Names no member."""

    __tablename__ = "voucher"
    id: UUID = Field(primary_key=True)
    year: int
    keep_until: date
    epoch: int
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class LetterRow(SQLModel, table=True):
    """The copy of a letter that officer and member can read for as long as the member lives."""

    __tablename__ = "letter"
    id: UUID = Field(primary_key=True)
    request: UUID
    member: UUID
    kind: str
    language: str
    made_at: datetime = Field(sa_column=_moment())
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class HandedInRow(SQLModel, table=True):
    """What another company handed in; `request` once it was found to be about a member."""

    __tablename__ = "handed_in"
    id: UUID = Field(primary_key=True)
    sender: str
    reference: str
    kind: str
    request: UUID | None
    state: str
    told: str
    received_at: datetime = Field(sa_column=_moment())
    asked_on: date | None
    ended_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    problems: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    epoch: int
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


class BreachRow(SQLModel, table=True):
    """A personal data breach in the register (Art. 33(5)). `sealed`: all that is known of it."""

    __tablename__ = "breach"
    id: UUID = Field(primary_key=True)
    opened_at: datetime = Field(sa_column=_moment())
    epoch: int
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class BreachSearchRow(SQLModel, table=True):
    """Who was affected, asked of the record. `question` and `result` are sealed.

    `done` of `total`, of which `stage`: how far it is. `told_after`: up to which ordinal members
    have the entry that they were told; None while nobody says that they were.
    """

    __tablename__ = "breach_search"
    id: UUID = Field(primary_key=True)
    breach: UUID
    asked_at: datetime = Field(sa_column=_moment())
    state: str
    stage: str | None = None
    done: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    total: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    problem: str | None = None
    told_after: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    epoch: int
    question: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    result: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
