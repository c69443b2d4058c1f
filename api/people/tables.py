"""What is kept about signing in. Storage only; no table leaves this package.

No token and no code is here, only digests; addresses and secrets are sealed. `mark`: made with a
key that is not in the database, over all of the row that says who somebody is; a row without its
own mark signs nobody in.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary
from sqlmodel import Field, SQLModel


def _moment(*, nullable: bool = False) -> Any:
    return Column(DateTime(timezone=True), nullable=nullable)


def _bytes(*, nullable: bool = False, key: bool = False) -> Any:
    return Column(LargeBinary, nullable=nullable, primary_key=key)


class OfficerAccountRow(SQLModel, table=True):
    """An officer. `sealed`: e-mail address, name and role, so that none is altered unnoticed.

    `address`: the address's digest. `secret`: of the second factor, sealed; without it there is
    none yet. `last_step`: the last of its time steps that was used, and is used no more.
    """

    __tablename__ = "officer_account"
    id: UUID = Field(primary_key=True)
    name: str = Field(unique=True)
    role: str
    address: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    sealed: bytes = Field(sa_column=_bytes())
    secret: bytes | None = Field(default=None, sa_column=_bytes(nullable=True))
    last_step: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    made_at: datetime = Field(sa_column=_moment())
    enrolled_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))


class OfficerRecoveryRow(SQLModel, table=True):
    """A recovery code that has not been used: its digest."""

    __tablename__ = "officer_recovery"
    digest: bytes = Field(sa_column=_bytes(key=True))
    officer: UUID


class PersonSessionRow(SQLModel, table=True):
    """A session. `digest`: SHA-256 of its token. `seen_at`: to the minute.

    `address`: a keyed digest of the e-mail address that a member's link went to; once they have it
    no more, the session is over. `ends_at`: at the latest. `pending`: a second factor's secret that
    is being set up; `recovery`: codes that its officer has not said to have kept; both sealed.
    """

    __tablename__ = "person_session"
    digest: bytes = Field(sa_column=_bytes(key=True))
    kind: str
    member: UUID | None = None
    officer: UUID | None = None
    settled: bool
    address: bytes | None = Field(default=None, sa_column=_bytes(nullable=True))
    browser: str
    system: str
    made_at: datetime = Field(sa_column=_moment())
    seen_at: datetime = Field(sa_column=_moment())
    ends_at: datetime = Field(sa_column=_moment())
    stepped_up_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    pending: bytes | None = Field(default=None, sa_column=_bytes(nullable=True))
    recovery: bytes | None = Field(default=None, sa_column=_bytes(nullable=True))
    mark: bytes = Field(sa_column=_bytes())


class SignInPostRow(SQLModel, table=True):
    """What is to be sent: a link that somebody asked for, or a code. `sealed`: to whom, and what.

    A link's row is the same whether its address is anybody's or not. `member`: whom a code goes
    with, should they be erased.
    """

    __tablename__ = "sign_in_post"
    id: UUID = Field(primary_key=True)
    what: str
    kind: str
    member: UUID | None = None
    state: str
    problem: str | None = None
    attempts: int = 0
    made_at: datetime = Field(sa_column=_moment())
    next_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    sealed: bytes | None = Field(default=None, sa_column=_bytes(nullable=True))


class SignInLinkRow(SQLModel, table=True):
    """A link that nobody has used. `digest`: SHA-256 of its token; `address`: see sessions."""

    __tablename__ = "sign_in_link"
    digest: bytes = Field(sa_column=_bytes(key=True))
    kind: str
    member: UUID | None = None
    officer: UUID | None = None
    settled: bool
    address: bytes | None = Field(default=None, sa_column=_bytes(nullable=True))
    made_at: datetime = Field(sa_column=_moment())
    ends_at: datetime = Field(sa_column=_moment())
    mark: bytes = Field(sa_column=_bytes())


class SecondCodeRow(SQLModel, table=True):
    """The newest code of a member's session. `sealed`, under the member's key: what it is of."""

    __tablename__ = "second_code"
    session: bytes = Field(sa_column=_bytes(key=True))
    id: UUID
    member: UUID
    made_at: datetime = Field(sa_column=_moment())
    attempts: int = 0
    sealed: bytes = Field(sa_column=_bytes())


class SignInTryRow(SQLModel, table=True):
    """That something was tried which is limited. `whose`: a keyed digest; for a day."""

    __tablename__ = "sign_in_try"
    id: UUID = Field(primary_key=True)
    what: str
    whose: bytes = Field(sa_column=_bytes())
    at: datetime = Field(sa_column=_moment())
