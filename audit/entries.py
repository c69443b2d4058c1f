"""What an entry says, and the bytes it becomes: canonical JSON, the leaf of the Merkle log.

An entry is read by people and programs for decades and cannot be taken back, so it is checked
before it is written: closed kinds, names that cannot be an address, no floating-point numbers.
Touches no database and no key.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec

from audit.errors import EntryInvalid

MAX_BODY = 65_535  # C2SP bundles carry an entry's length in 16 bits
_SALT = 32

Fact: TypeAlias = "int | str | Sequence[Fact] | Mapping[str, Fact] | None"


class Kind(StrEnum):
    """What happened. The list is closed: a new kind is a change to this file and its page."""

    PROGRAMME_APPLIED = "programme.applied"
    """A version of the programme file took effect."""
    MEMBER_ENROLLED = "member.enrolled"
    """A member joined."""
    PROFILE_READ = "profile.read"
    """Values of a member were opened for a purpose."""
    PROFILE_CHANGED = "profile.changed"
    """Values of a member were set, corrected or removed."""
    EVENTS_RECORDED = "events.recorded"
    """Purchases or other events of a member were stored."""
    SEGMENT_EVALUATED = "segment.evaluated"
    """An expression was evaluated and the members it matched were handed out."""
    SEGMENT_PREVIEWED = "segment.previewed"
    """An expression was evaluated and only its size was shown."""
    DECISION_MADE = "decision.made"
    """A service asked whether it may use a member's data, or contact them, and was answered."""
    DECISIONS_MADE = "decisions.made"
    """The same about many members at once."""
    CONTACTS_RECORDED = "contacts.recorded"
    """A service said that it had contacted members."""
    POLICY_REPLAYED = "policy.replayed"
    """Past decisions were asked again, as a check or under a draft programme."""
    CONSENTS_LISTED = "consents.listed"
    """A service was told whom to ask, to remind or to ask again."""
    FIGURES_VIEWED = "figures.viewed"
    """An officer looked at figures about groups of members."""
    CHOICE_RECORDED = "choice.recorded"
    """A member made a choice, or was restricted or released; the ledger holds what, sealed."""
    CHOICES_VIEWED = "choices.viewed"
    """An officer, or a child's guardian, was shown what a member had said."""
    REQUEST_OPENED = "request.opened"
    """A data subject request was received."""
    REQUEST_APPROVED = "request.approved"
    """An officer approved a data subject request."""
    REQUEST_REFUSED = "request.refused"
    """An officer refused a data subject request, with a reason."""
    REQUEST_COMPLETED = "request.completed"
    """A data subject request was carried out."""
    REQUEST_MOVED = "request.moved"
    """A data subject request took another step: which, and to which state, is in the facts."""
    IDENTITY_ASKED = "identity.asked"
    """Somebody was asked to prove an identifier: a code was sent, or could not be."""
    IDENTITY_TRIED = "identity.tried"
    """Somebody tried to prove an identifier, and it was proved, or was not."""
    LETTER_MADE = "letter.made"
    """A letter about a request was written, to be sent or downloaded."""
    LETTER_SENT = "letter.sent"
    """A letter about a request was handed to a mail server, or downloaded."""
    RECIPIENT_TOLD = "recipient.told"
    """A recipient was told of an erasure, a correction or a restriction (Arts. 17(2) and 19)."""
    RECIPIENT_BY_HAND = "recipient.by_hand"
    """Recipients are left to an officer, who tells them by hand: nothing here does."""
    RECIPIENT_ANSWERED = "recipient.answered"
    """What a recipient answered, or that it was given up; its answer's digest is in the facts."""
    HOLD_PLACED = "hold.placed"
    """An officer put a legal hold on a member: nothing of theirs is erased (Art. 17(3))."""
    HOLD_LIFTED = "hold.lifted"
    """A legal hold ended."""
    ERASURE_PREVIEWED = "erasure.previewed"
    """An officer looked at what an erasure would destroy and what it would keep."""
    VOUCHERS_KEPT = "vouchers.kept"
    """Purchases were put into the bookkeeping ledger, because a law says so (Art. 17(3)(b))."""
    VOUCHERS_READ = "vouchers.read"
    """The bookkeeping ledger was read."""
    VOUCHERS_DELETED = "vouchers.deleted"
    """Vouchers that no law asks for any more were deleted."""
    PACKAGE_MADE = "package.made"
    """A member's data were gathered into a package (Art. 15, Art. 20)."""
    PACKAGE_FETCHED = "package.fetched"
    """A package was handed out."""
    PACKAGE_DELETED = "package.deleted"
    """A package that nobody could fetch any more was deleted."""
    MEMBER_ERASED = "member.erased"
    """A member's rows were deleted and their key destroyed (Art. 17)."""
    CERTIFICATE_ISSUED = "certificate.issued"
    """A signed certificate of an erasure was issued."""
    RECEIPT_ISSUED = "receipt.issued"
    """A signed receipt of what a member said about a consent was handed out."""
    TOKEN_MINTED = "token.minted"  # noqa: S105 - the name of a kind
    """A bearer token was made for a caller."""
    SIGN_IN_ASKED = "sign_in.asked"
    """Somebody asked for a link to sign in by, with a member's or an officer's address or not."""
    SIGN_IN_FAILED = "sign_in.failed"
    """Somebody came with a link that does not hold, or not any more."""
    SESSION_BEGUN = "session.begun"
    """A member or an officer signed in."""
    SESSION_ENDED = "session.ended"
    """A member or an officer signed out, or ended another session of theirs."""
    SECOND_PROOF_ASKED = "second_proof.asked"
    """Somebody who is signed in had a code sent to them, or could not have one."""
    SECOND_PROOF_GIVEN = "second_proof.given"
    """Somebody who is signed in gave a second proof of who they are."""
    SECOND_PROOF_FAILED = "second_proof.failed"
    """Somebody who is signed in gave a second proof that does not hold."""
    OFFICER_ADDED = "officer.added"
    """An account was made for an officer."""
    OFFICER_REMOVED = "officer.removed"
    """An officer's account was deleted, and their sessions with it."""
    OFFICER_SECOND_FACTOR_SET = "officer.second_factor_set"
    """An officer set up the second factor that they sign in with."""
    OFFICER_SECOND_FACTOR_REMOVED = "officer.second_factor_removed"
    """An officer's second factor was taken away: they set up another when they next sign in."""
    KEYS_ROTATED = "keys.rotated"
    """A new epoch key went live and the old one was destroyed."""
    USES_VIEWED = "uses.viewed"
    """A member looked at the uses of their data."""
    RECORD_VIEWED = "record.viewed"
    """An officer looked at the record of use, or took a part of it."""
    BREACH_OPENED = "breach.opened"
    """A personal data breach was put into the register (Art. 33(5))."""
    BREACH_MOVED = "breach.moved"
    """Its description, assessment or standing changed: which step, is in the facts."""
    BREACH_SEARCHED = "breach.searched"
    """An officer asked whose data a breach concerned."""
    BREACH_TOLD = "breach.told"
    """A member was told, as an officer says, that a breach concerned their data (Art. 34)."""


class ActorType(StrEnum):
    MEMBER = "member"
    OFFICER = "officer"
    SERVICE = "service"
    SYSTEM = "system"
    AGENT = "agent"  # another company that hands in members' requests


@dataclass(frozen=True)
class Commitment:
    """A detail's commitment: `digest` goes into the leaf, `salt` is sealed with the detail."""

    salt: bytes = field(repr=False)
    digest: bytes


def commit(detail: bytes) -> Commitment:
    """Commit to `detail` without revealing it: SHA-256(salt ‖ detail), 32 fresh random bytes.

    Seal ``salt + detail`` and hand the result to `Entry.sealed_detail`. Once the sealed
    bytes and their key are gone, the digest tells nothing, however short the detail was.
    """
    salt = os.urandom(_SALT)
    return Commitment(salt=salt, digest=hashlib.sha256(salt + detail).digest())


def opens(commitment_hex: str, salt_and_detail: bytes) -> bool:
    """Whether ``salt ‖ detail`` is what the leaf committed to."""
    digest = hashlib.sha256(salt_and_detail).hexdigest()
    return len(salt_and_detail) >= _SALT and hmac.compare_digest(
        digest.encode(), commitment_hex.encode()
    )


_ACTOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the record, before it is written.

    kind: a `Kind`. actor: id of a service or officer, or a member's subject in hex; never a
    name or an address. programme: the programme's version. subject: the member's keyed hash,
    32 bytes. facts: counts, digests, names of fields: nothing about a person. commitment:
    `Commitment.digest`, with sealed_detail = the sealed ``salt ‖ detail``; both or neither.
    id and at: given only where another table must carry the same ones.

    Raises `EntryInvalid`.
    """

    kind: str
    actor_type: str
    actor: str
    purpose: str | None = None
    programme: int | None = None
    subject: bytes | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    commitment: bytes | None = None
    sealed_detail: bytes | None = field(default=None, repr=False)
    id: UUID | None = None
    at: datetime | None = None

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise EntryInvalid(
                "unknown kind", place=str(self.kind), remedy="see audit.entries.Kind"
            )
        if self.actor_type not in _ACTOR_TYPES:
            raise EntryInvalid("unknown type of actor", place="actor_type")
        if _ACTOR.fullmatch(self.actor) is None:
            raise EntryInvalid("not an id: letters, digits and ._:/- only", place="actor")
        if self.purpose is not None and _NAME.fullmatch(self.purpose) is None:
            raise EntryInvalid("not a purpose's name", place="purpose")
        if self.subject is not None:
            if len(self.subject) != 32:
                raise EntryInvalid("a subject is a keyed hash of 32 bytes", place="subject")
            if self.actor_type == ActorType.MEMBER and self.actor != self.subject.hex():
                raise EntryInvalid("a member acts under their subject in hex", place="actor")
        if (self.commitment is None) != (self.sealed_detail is None):
            raise EntryInvalid("a commitment and its sealed detail go together", place="commitment")
        if self.commitment is not None and len(self.commitment) != 32:
            raise EntryInvalid("a commitment is 32 bytes", place="commitment")
        if self.at is not None and self.at.tzinfo is None:
            raise EntryInvalid("a time needs a zone", place="at")


_KINDS = frozenset(Kind)
_ACTOR_TYPES = frozenset(ActorType)


def rfc3339(at: datetime) -> str:
    """The time in UTC to the microsecond, as RFC 3339 with a Z."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def body(entry: Entry, *, id: UUID, at: datetime) -> bytes:
    """The leaf's bytes: canonical JSON (sorted keys, no spaces, UTF-8), every key present.

    Raises `EntryInvalid` when the facts hold what JSON cannot carry exactly, or the whole is
    longer than 65,535 bytes.
    """
    for name in entry.facts:
        if _NAME.fullmatch(name) is None:
            raise EntryInvalid("not a fact's name", place="facts")
    content = {
        "v": 1,
        "id": str(id),
        "at": rfc3339(at),
        "kind": str(entry.kind),
        "actor": {"type": str(entry.actor_type), "id": entry.actor},
        "purpose": entry.purpose,
        "programme": entry.programme,
        "subject": None if entry.subject is None else entry.subject.hex(),
        "facts": {name: _exact(entry.facts[name], name) for name in entry.facts},
        "commitment": None if entry.commitment is None else entry.commitment.hex(),
    }
    encoded = _encode(content)
    if len(encoded) > MAX_BODY:
        raise EntryInvalid(
            f"{len(encoded)} bytes, an entry holds {MAX_BODY}",
            place="facts",
            remedy="put what is long into the sealed detail",
        )
    return encoded


def _exact(fact: Fact, place: str) -> Any:
    if isinstance(fact, list | tuple) and all(type(one) is str for one in fact):
        return fact  # names of fields, most often: as they are
    if fact is None or isinstance(fact, str | int):
        return fact
    if isinstance(fact, Mapping):
        return {str(name): _exact(value, f"{place}.{name}") for name, value in fact.items()}
    if isinstance(fact, Sequence) and not isinstance(fact, bytes | bytearray):
        return [_exact(value, place) for value in fact]
    raise EntryInvalid(
        f"a fact is text, a whole number, a list or a mapping, not {type(fact).__name__}",
        place=f"facts.{place}",
    )


class Written(msgspec.Struct, frozen=True):
    """What the room itself reads back of a stored body."""

    id: UUID
    subject: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")] | None


_decode = msgspec.json.Decoder(Written).decode


def written(stored: bytes) -> Written:
    """The id and subject a stored body names. Raises `EntryInvalid` when it is no entry."""
    try:
        return _decode(stored)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EntryInvalid("the stored bytes are no entry") from error


def entry_mac(key: bytes, *, id: UUID, body: bytes) -> bytes:
    """HMAC-SHA256 over id ‖ body: whoever has only the database cannot slip an entry in."""
    return hmac.digest(key, id.bytes + body, "sha256")
