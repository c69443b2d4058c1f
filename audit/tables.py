"""The record's tables. Storage only: no table leaves this room.

The schema itself is migration 0002; these classes name its columns.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime
from sqlmodel import Field, SQLModel


class AuditEntry(SQLModel, table=True):
    """Append-only. `body` is the leaf: canonical JSON of at most 65,535 bytes."""

    __tablename__ = "audit_entry"
    id: UUID = Field(primary_key=True)
    body: bytes


class AuditPending(SQLModel, table=True):
    """A queue: entries without a leaf number. Written with the entry, removed by the integrator.

    `mac` vouches for the entry until a checkpoint covers it, and goes with the row.
    """

    __tablename__ = "audit_pending"
    entry: UUID = Field(primary_key=True)
    mac: bytes


class AuditLeaf(SQLModel, table=True):
    """Append-only. Numbers run from 0 without a gap."""

    __tablename__ = "audit_leaf"
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    entry: UUID = Field(unique=True)


class AuditTile(SQLModel, table=True):
    """Append-only. Full tiles only: 256 hashes of 32 bytes, and the root they fold to."""

    __tablename__ = "audit_tile"
    level: int = Field(primary_key=True)
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    hashes: bytes
    root: bytes


class AuditCheckpoint(SQLModel, table=True):
    """Append-only. `previous` is the size of the checkpoint before, 0 for the first.

    `signature` binds the whole row, so that neither a time nor a place in the chain can be
    changed; the note carries the signature that the world checks.
    """

    __tablename__ = "audit_checkpoint"
    size: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    previous: int = Field(sa_column=Column(BigInteger, nullable=False))
    note: str
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    signature: bytes


class AuditSubject(SQLModel, table=True):
    """Append-only. Finds all entries of a member; `subject` is a keyed hash of 32 bytes."""

    __tablename__ = "audit_subject"
    subject: bytes = Field(primary_key=True)
    entry: UUID = Field(primary_key=True)


class AuditDetail(SQLModel, table=True):
    """An entry's detail, sealed by the caller. Erased with the member; sealed anew at rotation."""

    __tablename__ = "audit_detail"
    entry: UUID = Field(primary_key=True)
    sealed: bytes


class AuditSet(SQLModel, table=True):
    """A sealed set of members that matched, under its content's address."""

    __tablename__ = "audit_set"
    address: bytes = Field(primary_key=True)
    sealed: bytes


class AuditTally(SQLModel, table=True):
    """Derived from leaves: which of a tile are of one hour, kind, actor and purpose.

    `leaves`: a byte for each, its place in the tile. `actor` is empty for members, `purpose` for
    none; a kind that cannot be read is empty, too. `audit.tallies` makes them.
    """

    __tablename__ = "audit_tally"
    hour: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    tile: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    actor_type: str = Field(primary_key=True)
    actor: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    leaves: bytes
