"""Who was shown to be who: proofs of identity, kept with the request that they are for.

What is released or erased hangs on identifiers that were proved, and on no others: an e-mail
address that somebody can read opens nothing that hangs on another's telephone number. A proof is
sealed under the member's key at its row, so that nobody with the database alone makes one. It is
of the value that was proved: who changes their e-mail address afterwards has not proved the new
one.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from audit.acts import Act
from audit.entries import Kind as EntryKind
from dsar.states import AT_ONCE, Right
from kernel.database import deleted, raw
from kernel.ids import made_at, uuid7
from profiles import lookup, members
from profiles.errors import CannotOpen
from profiles.members import NUMBER, Member
from profiles.sealing import open_value
from profiles.unit import Unit

TABLE = "identity_proof"


class How(StrEnum):
    """How somebody showed who they are. The list is closed."""

    STEP_UP = "step_up"  # signed in a moment ago with a second proof (`acr`, `auth_time`)
    SIGN_IN = "sign_in"  # signed in as they do every day: for what a choice of theirs needs no more
    CODE = "code"  # a one-time code, sent to that identifier and brought back
    PURCHASE = "purchase"  # the card number, with a recent purchase on it
    OFFICER = "officer"  # an officer saw it with their own eyes, and answers for it
    GUARDIAN = "guardian"  # a child's guardian on record, who has shown who they are
    GUARDIAN_SIGN_IN = "guardian_sign_in"  # the same, signed in as they do every day
    MANDATE = "mandate"  # somebody whom the member has given a mandate, seen by an officer


#: Proves the whole person.
_WHOLE = frozenset({How.STEP_UP, How.OFFICER, How.GUARDIAN, How.MANDATE})
#: An ordinary sign-in proves neither a person nor an identifier.
_SIGNED_IN = frozenset({How.SIGN_IN, How.GUARDIAN_SIGN_IN})
#: Proves one identifier each.
_ONE = frozenset({How.CODE, How.PURCHASE})

#: What one proved identifier is enough for. Ending a use needs less than handing out or erasing:
#: whoever can stop something falsely does little harm, and it can be undone.
_STOPS = frozenset({Right.WITHDRAWAL, Right.OBJECTION, Right.RESTRICTION})
#: What can be answered in part: with what hangs on the identifiers that were proved.
_PARTIAL = frozenset({Right.ACCESS, Right.PORTABILITY})


_AT_ONCE = 1_000
_PROOFS = """
SELECT p.id, p.request, p.member, p.sealed, r.member
FROM identity_proof p JOIN request r ON r.id = p.request
WHERE p.id > %s ORDER BY p.id LIMIT %s
"""


class Proof(msgspec.Struct, frozen=True):
    """`identifier`: the lookup field it is of; None where it is of the whole person, or a sign-in.

    `note`: what the officer saw, such as a mandate and its date. `by`: the guardian's id or the
    agent's name, where somebody spoke for the member and no officer has seen their papers. `of`:
    the digest of the value that was proved, and `right`: what it was proved for, and for nothing
    else; `prove` fills both in.
    """

    how: How
    identifier: str | None = None
    note: str = ""
    of: bytes = b""
    by: str = ""
    right: Right | None = None

    def __repr__(self) -> str:
        return f"Proof({self.how}, {self.identifier})"


@dataclass(frozen=True)
class Kept:
    """A proof that was given for a request, and when.

    `holds`: it was for the right that is asked for, and its value has not changed since.
    """

    at: datetime
    proof: Proof
    holds: bool


@dataclass(frozen=True)
class Proved:
    """What was proved for one request. `signed_in`: by a sign-in, which says no more than that."""

    whole: bool = False
    identifiers: frozenset[str] = frozenset()
    signed_in: bool = False

    def covers(self, identifier: str) -> bool:
        return self.whole or identifier in self.identifiers


def signed_in(right: Right, *, lately: bool, guardian: UUID | None = None) -> Proof | None:
    """What a member's sign-in proves. `lately`: with a second proof, a moment ago.

    An ordinary one is enough to withdraw and to object, as it is to say yes (Art. 7(3)).
    `guardian`: who signed in, where they speak for a child; it proves the same then.
    """
    by = "" if guardian is None else str(guardian)
    if lately:
        return Proof(How.GUARDIAN if by else How.STEP_UP, by=by)
    if right not in AT_ONCE:
        return None
    return Proof(How.GUARDIAN_SIGN_IN if by else How.SIGN_IN, by=by)


async def prove(unit: Unit, act: Act, request: UUID, member: Member, proof: Proof) -> None:
    """Keep a proof; on record as `identity.tried` with outcome ``proved``."""
    if (proof.identifier is not None) != (proof.how in _ONE):
        raise AssertionError("a code and a purchase prove an identifier, the others a person")
    row = uuid7(unit.milliseconds)
    connection = await raw(unit.session)
    cursor = await connection.execute("SELECT kind FROM request WHERE id = %s", (request,))
    [(kind,)] = await cursor.fetchall()
    proof = msgspec.structs.replace(proof, right=Right(kind))
    if proof.identifier is not None:
        proof = msgspec.structs.replace(proof, of=fingerprint(unit, member, proof.identifier))
    sealed = member.key.seal_field(TABLE, f"{row.hex}:{request.hex}", msgspec.msgpack.encode(proof))
    await connection.execute(
        "INSERT INTO identity_proof (id, request, member, sealed) VALUES (%s, %s, %s, %s)",
        (row, request, member.id, sealed),
    )
    await tried(unit, act, request, member, proof, outcome="proved")


async def tried(
    unit: Unit, act: Act, request: UUID, member: Member, proof: Proof, *, outcome: str
) -> None:
    """Put an attempt on record: ``proved``, ``wrong``, ``expired`` or ``limited``."""
    facts = {
        "request": str(request),
        "how": proof.how.value,
        "identifier": proof.identifier,
        "outcome": outcome,
    }
    await unit.record.write(
        unit.session,
        act.entry(EntryKind.IDENTITY_TRIED, subject=member.key.subject(), facts=facts),
    )


async def given(unit: Unit, request: UUID, member: Member) -> list[Kept]:
    """The proofs given for this request, oldest first. Raises `CannotOpen` for one not of ours."""
    return (await given_each(unit, {request: member}))[request]


async def given_each(unit: Unit, cases: Mapping[UUID, Member]) -> dict[UUID, list[Kept]]:
    """The same for many requests at once, each with its member."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT p.id, p.request, p.sealed, r.kind "
        "FROM unnest(%b::uuid[], %b::uuid[]) AS asked (request, member) "
        "JOIN identity_proof p ON p.request = asked.request AND p.member = asked.member "
        "JOIN request r ON r.id = p.request ORDER BY p.id",
        (list(cases), [member.id for member in cases.values()]),
        binary=True,
    )
    found: dict[UUID, list[Kept]] = {request: [] for request in cases}
    for row, request, sealed, kind in await cursor.fetchall():
        member = cases[request]
        plain = member.key.open_field(TABLE, f"{row.hex}:{request.hex}", sealed)
        proof = msgspec.msgpack.decode(plain, type=Proof)
        name = proof.identifier
        same = name is None or proof.of == fingerprint(unit, member, name)
        found[request].append(Kept(made_at(row), proof, same and proof.right == kind))
    return found


async def given_whole(
    unit: Unit, cases: Mapping[UUID, Member]
) -> tuple[dict[UUID, list[Kept]], frozenset[UUID]]:
    """The same, and the requests of which a proof does not open: for lists, which tell of each."""
    try:
        return await given_each(unit, cases), frozenset()
    except CannotOpen:  # it does not say of which of them it was
        found, broken = dict[UUID, list[Kept]](), set()
        for request, member in cases.items():
            try:
                found |= await given_each(unit, {request: member})
            except CannotOpen:
                broken.add(request)
        return found, frozenset(broken)


async def proved(unit: Unit, request: UUID, member: Member) -> Proved:
    """What was proved for this request and still holds. Raises `CannotOpen` as `given` does."""
    return of(one.proof for one in await given(unit, request, member) if one.holds)


def of(proofs: Iterable[Proof]) -> Proved:
    """What these come to."""
    kept = list(proofs)
    names = frozenset(one.identifier for one in kept if one.identifier is not None)
    ways = {one.how for one in kept if one.identifier is None}
    return Proved(bool(ways & _WHOLE), names, bool(ways & _SIGNED_IN))


def fingerprint(unit: Unit, member: Member, identifier: str) -> bytes:
    """32 bytes that tell whether an identifier's value is the one it was; empty without one.

    Opens that value. A digest without a key, so it is kept nowhere but sealed.
    """
    field = unit.schema.catalogue.fields.get(identifier)
    if field is None or identifier not in member.sealed:
        return b""
    value, _ = open_value(member.key, field, member.sealed[identifier])
    return spelt(unit, identifier, str(value))


def spelt(unit: Unit, identifier: str, value: str) -> bytes:
    """The fingerprint of a value, whatever its spelling. Raises `BadValue` for none there is."""
    field = unit.schema.catalogue.fields[identifier]
    kind = field.lookup or identifier
    text = lookup.normalise(kind, value, region=unit.schema.region)
    return hashlib.sha256(f"{identifier}|{text}".encode()).digest()


def on_file(unit: Unit, member: Member) -> frozenset[str]:
    """The identifiers that the member has: what they are found by."""
    fields = unit.schema.catalogue.fields
    return frozenset(
        name
        for name, field in fields.items()
        if (field.lookup is not None or name == NUMBER) and name in member.sealed
    )


def lacking(unit: Unit, right: Right, member: Member, have: Proved) -> frozenset[str]:
    """The identifiers that must still be proved before the right can be carried out.

    Empty when nothing lacks. Where one is enough and none was proved, all are named: any of
    them will do.
    """
    if have.whole or (have.signed_in and right in AT_ONCE):
        return frozenset()
    known = on_file(unit, member)
    if one_is_enough(right):
        return frozenset() if have.identifiers & known else known
    return known - have.identifiers


def one_is_enough(right: Right) -> bool:
    """Whether one proved identifier is enough for it, whichever."""
    return right in _STOPS | _PARTIAL


def released(
    unit: Unit, values: Mapping[str, object], member: Member, have: Proved
) -> frozenset[str]:
    """Those of the fields `values` that may be handed out: no identifier that was not proved."""
    closed = {one for one in on_file(unit, member) if not have.covers(one)}
    return frozenset(values) - closed


def opens_purchases(have: Proved) -> bool:
    """Whether purchases may be handed out: they hang on the card that they were made with."""
    return have.covers(NUMBER)


async def misplaced(unit: Unit) -> set[UUID]:
    """The requests with a proof that was not sealed for them and their member. Reads all."""
    connection = await raw(unit.session)
    found: set[UUID] = set()
    last = UUID(int=0)
    while True:
        cursor = await connection.execute(_PROOFS, (last, _AT_ONCE), binary=True)
        rows = await cursor.fetchall()
        people, _ = await members.load_whole(unit, {row[2] for row in rows})
        for id, request, member, sealed, theirs in rows:
            try:
                people[member].key.open_field(TABLE, f"{id.hex}:{request.hex}", sealed)
            except (CannotOpen, KeyError):
                found.add(request)
            if theirs != member:
                found.add(request)
        if len(rows) < _AT_ONCE:
            return found
        last = rows[-1][0]


async def forget(unit: Unit, members: Sequence[UUID]) -> dict[UUID, int]:
    """Delete all proofs and challenges of members who are being erased; how many, by member."""
    proofs = await deleted(unit.session, "identity_proof", "member", members)
    challenges = await deleted(unit.session, "identity_challenge", "member", members)
    return {member: proofs[member] + challenges[member] for member in members}
