"""What the request room keeps. Storage only; no table leaves the room."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, LargeBinary
from sqlmodel import Field, SQLModel


class RequestRow(SQLModel, table=True):
    """One request. `member` is forgotten when an erasure is done: the register stays, the
    person does not.

    Invariant: an accepted request has an `approval`, sealed under its member's key at this row.
    Nobody without that key makes one, and it opens for no other member or request.
    """

    __tablename__ = "request"
    id: UUID = Field(primary_key=True)
    kind: str
    state: str
    member: UUID | None
    opened_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    due: date
    closed_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    approval: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


class PackageRow(SQLModel, table=True):
    """The answer to an access request: a ZIP file, sealed under the member's key."""

    __tablename__ = "package"
    request: UUID = Field(primary_key=True)
    member: UUID
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    made_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class CertificateRow(SQLModel, table=True):
    """A signed certificate of erasure. Append-only. `erased`: the entry that it is about."""

    __tablename__ = "certificate"
    request: UUID = Field(primary_key=True)
    erased: UUID
    document: str
