"""What the profile store keeps. Storage only; no table leaves the room.

Nothing here is readable: values, events, set names and their members are sealed, and
identifiers stand only as keyed hashes. What shows is that members exist, and sizes.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary
from sqlmodel import Field, SQLModel


class EpochKeyRow(SQLModel, table=True):
    """One live at a time; the key itself lies in a file of that name, never here."""

    __tablename__ = "epoch_key"
    number: int = Field(primary_key=True)
    state: str
    name: str
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    destroyed_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))


class MemberRow(SQLModel, table=True):
    """A member: `sealed` packs one ciphertext a field (MessagePack map, name to bytes)."""

    __tablename__ = "member"
    id: UUID = Field(primary_key=True)
    ordinal: int = Field(sa_column=Column(BigInteger, unique=True, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class MemberKeyRow(SQLModel, table=True):
    """The member's key, wrapped by the epoch key. No row, no member."""

    __tablename__ = "member_key"
    member: UUID = Field(primary_key=True)
    epoch: int
    wrapped: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class LookupRow(SQLModel, table=True):
    """Blind index: a keyed hash of a normalised identifier leads to its member."""

    __tablename__ = "lookup"
    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    member: UUID = Field(primary_key=True)
    field: str
    epoch: int


class EventRow(SQLModel, table=True):
    """A sealed event; `reference` is a keyed hash that keeps it from being counted twice."""

    __tablename__ = "event"
    id: UUID = Field(primary_key=True)
    member: UUID
    reference: bytes = Field(sa_column=Column(LargeBinary, unique=True, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ShardRow(SQLModel, table=True):
    """65,536 consecutive ordinals; `head` is the number of the last committed change.

    Invariant: changes are numbered without gaps, in commit order, because whoever writes
    one holds this row's lock until commit and takes it last.
    """

    __tablename__ = "shard"
    number: int = Field(primary_key=True)
    head: int = Field(sa_column=Column(BigInteger, nullable=False))


class ShardSnapshotRow(SQLModel, table=True):
    """The shard as it stood at change `head`, sealed whole."""

    __tablename__ = "shard_snapshot"
    shard: int = Field(primary_key=True)
    head: int = Field(sa_column=Column(BigInteger, nullable=False))
    epoch: int
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ShardChangeRow(SQLModel, table=True):
    """One transaction's change to a shard, sealed."""

    __tablename__ = "shard_change"
    shard: int = Field(primary_key=True)
    number: int = Field(sa_column=Column(BigInteger, primary_key=True))
    epoch: int
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
