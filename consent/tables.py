"""What the policy layer keeps. Storage only; no table leaves the room."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, LargeBinary
from sqlmodel import Field, SQLModel


class ProgrammeVersionRow(SQLModel, table=True):
    """A programme file as it was applied. Append-only; the highest number is in force.

    Invariant: `signature` is the record key's over number, content and time, or nobody obeys it.
    """

    __tablename__ = "programme_version"
    number: int = Field(primary_key=True)
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    source: str
    applied_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    signature: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class LedgerRow(SQLModel, table=True):
    """One thing a member said, sealed under their key. Append-only.

    Invariant: the record holds an entry with the same id and the digest of `sealed`, so a
    row that was changed or dropped is found.
    """

    __tablename__ = "ledger"
    id: UUID = Field(primary_key=True)
    member: UUID
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ConsentFigureRow(SQLModel, table=True):
    """How many members stood where with a purpose on a day, sealed: a small count is about few.

    Append-only: a rotation adds the same under its epoch, and what is under another opens no more.
    """

    __tablename__ = "consent_figure"
    day: date = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    programme: int
    counted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class GuardianshipRow(SQLModel, table=True):
    """Leads a guardian to a child; derived from the child's ledger, where the truth stands.

    Invariant: names nobody. `guardian` and `child` are pseudonyms under their own keys, and
    `sealed` is the child's id under the guardian's.
    """

    __tablename__ = "guardianship"
    guardian: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    child: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
