"""Who somebody is: as a way of signing in has it, and as a session has it from then on."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from api.tokens import RECENT
from audit.acts import Act
from audit.entries import ActorType
from profiles.members import Member

_SHORT = 12  # hex digits by which a session is named where nobody may use it


class Kind(StrEnum):
    """Whom the pages are for."""

    MEMBER = "member"
    OFFICER = "officer"


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """Who it is, as a way of signing in found out; there is no session yet.

    One of `member` and `account` is given, by `kind`. `settled`: not by an address that was
    changed so lately that it may be a thief's. `address`: how they came, and not who they are: the
    digest of a member's e-mail address (`addresses.digest`).
    """

    kind: Kind
    member: UUID | None = None
    account: UUID | None = None
    settled: bool = True
    address: bytes | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if (self.member is None, self.account is None) != (
            self.kind is not Kind.MEMBER,
            self.kind is not Kind.OFFICER,
        ):
            raise AssertionError("a member has no account, and an officer is no member")


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who a session is of. `session`: its digest, by which the database knows it.

    `officer`: the name that the record has. `stepped_up`: when the second proof was given; an
    officer without one is not signed in yet. `begun`: when they signed in. `address`, `settled`: as
    `Somebody` has them; unless settled, nothing is to be shown but what the member has said about
    purposes, and that can be taken back.
    """

    kind: Kind
    session: bytes = field(repr=False)
    member: UUID | None = None
    account: UUID | None = None
    officer: str | None = None
    role: str | None = None
    stepped_up: datetime | None = None
    settled: bool = True
    address: bytes | None = field(default=None, repr=False)
    begun: datetime | None = None

    @property
    def short(self) -> str:
        """Names the session in lists and in the record; opens nothing."""
        return short(self.session)

    @property
    def is_in(self) -> bool:
        """Whether the session opens anything: an officer's does after the second proof."""
        return self.kind is Kind.MEMBER or self.stepped_up is not None

    def proved_lately(self, now: datetime) -> bool:
        """Whether a second proof was given so lately that it counts as one of identity."""
        return self.stepped_up is not None and abs(now - self.stepped_up) <= RECENT

    def act(self, member: Member | None, version: int) -> Act:
        """What they do, under that programme version; a member (loaded) under their pseudonym."""
        if self.kind is Kind.OFFICER:
            assert self.officer is not None
            return Act(ActorType.OFFICER, self.officer, programme=version)
        if member is None or member.id != self.member:
            raise AssertionError("a member acts under their own pseudonym")
        return Act(ActorType.MEMBER, member.key.subject().hex(), programme=version)


def short(session: bytes) -> str:
    """The first hex digits of a session's digest."""
    return session.hex()[:_SHORT]


def subject_of(act: Act) -> bytes | None:
    """Whom an entry about their own signing in is about: the member; None for an officer."""
    return bytes.fromhex(act.actor) if act.actor_type is ActorType.MEMBER else None
