"""A member's second proof: a code to their telephone, or else to their e-mail address.

It goes to what is kept about them, and never to an address that was changed so lately that it may
be a thief's. It is of one session, and proves nothing in another. Only its digest rests, sealed
under the member's key; the code itself is known to the message that carries it.
"""

import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from api.bootstrap import Tillit
from api.people import limits, post, sessions
from api.people.keys import PeopleKeys
from api.people.limits import What
from api.people.people import Kind, Person, subject_of
from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from dsar import identity
from dsar.identity_codes import DIGITS, Carrier, carrier_of, moved_lately
from dsar.identity_letters import CodeMessage
from dsar.identity_limits import ATTEMPTS, HOLDS
from dsar.identity_ways import masked
from kernel.database import raw
from kernel.ids import uuid7
from profiles.members import Member
from profiles.sealing import open_value
from profiles.unit import Unit

TABLE = "second_code"


class Outcome(StrEnum):
    """What came of asking for a second proof, or of giving one."""

    SENT = "sent"
    UNAVAILABLE = "unavailable"  # there is no address on file that a code may go to
    LIMITED = "limited"
    PROVED = "proved"
    WRONG = "wrong"
    EXPIRED = "expired"  # there is no code that holds


@dataclass(frozen=True)
class Way:
    """Where a code goes: by what, to which field on file, and as much of it as may be shown."""

    carrier: Carrier
    identifier: str
    to: str = field(repr=False)


@dataclass(frozen=True)
class Tried:
    """What came of a second proof. `token`: the session's from now on, if it was proved."""

    outcome: Outcome
    token: str | None = field(default=None, repr=False)


class Parcel(msgspec.Struct, frozen=True, array_like=True):
    """A code on its way to its reader."""

    carrier: Carrier
    message: CodeMessage

    def __repr__(self) -> str:
        return "Parcel(***)"


class _Sealed(msgspec.Struct, frozen=True, array_like=True):
    """`of`: the fingerprint of the address that it went to. `expires`: seconds of Unix."""

    identifier: str
    of: bytes
    digest: bytes
    expires: int


def carriers_of(tillit: Tillit) -> frozenset[Carrier]:
    """By what codes can be sent from here."""
    there = {Carrier.EMAIL: tillit.mail, Carrier.SMS: tillit.settings.sms}
    return frozenset(carrier for carrier, gateway in there.items() if gateway is not None)


def way(unit: Unit, member: Member, *, carriers: Collection[Carrier]) -> Way | None:
    """Where a code would go; None where there is no address for one. Opens that address.

    `carriers`: what this installation can send by.
    """
    fields = sorted(identity.on_file(unit, member))
    for wanted in (Carrier.SMS, Carrier.EMAIL):
        if wanted not in carriers:
            continue
        for name in fields:
            by = carrier_of(unit, name)
            if by is wanted and not moved_lately(unit, member, name):
                return Way(by, name, masked(by, _address(unit, member, name)))
    return None


async def ask(
    unit: Unit,
    keys: PeopleKeys,
    act: Act,
    person: Person,
    member: Member,
    *,
    carriers: Collection[Carrier],
    language: str,
) -> Outcome:
    """Send a code; the one sent before holds no more. On record as `second_proof.asked`.

    Raises `SessionOver` for a session that ended meanwhile.
    """
    await sessions.keep(unit, person)
    found, outcome = way(unit, member, carriers=carriers), Outcome.SENT
    whose = keys.mark("codes of", member.id)
    if found is None:
        outcome = Outcome.UNAVAILABLE
    elif not await _may_send(unit, person, whose):
        outcome = Outcome.LIMITED
    else:
        await _send(unit, keys, person, member, found, language=language)
    facts: dict[str, Fact] = {
        "session": person.short,
        "identifier": None if found is None else found.identifier,
        "outcome": outcome.value,
    }
    await _record(unit, act, EntryKind.SECOND_PROOF_ASKED, facts)
    return outcome


async def give(
    unit: Unit,
    keys: PeopleKeys,
    act: Act,
    person: Person,
    member: Member,
    *,
    code: str,
    token: str | None = None,
) -> Tried:
    """Try a code. Each try counts: the answer is an outcome, for an exception would undo it.

    `token`: as `sessions.begin` has it. On record as `second_proof.given` or
    `second_proof.failed`. Raises `SessionOver`, as `ask` does.
    """
    await sessions.keep(unit, person)
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT id, attempts, sealed FROM second_code WHERE session = %s AND member = %s "
        "FOR UPDATE",
        (person.session, member.id),
        binary=True,
    )
    line = await cursor.fetchone()
    outcome = Outcome.EXPIRED if line is None else await _checked(unit, person, member, line, code)
    if outcome is Outcome.PROVED:
        given = await sessions.step_up(unit, keys, act, person, how="code", token=token)
        return Tried(outcome, given)
    facts: dict[str, Fact] = {"session": person.short, "outcome": outcome.value}
    await _record(unit, act, EntryKind.SECOND_PROOF_FAILED, facts)
    return Tried(outcome)


async def drop(unit: Unit) -> int:
    """Delete those that hold no more; returns how many."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "DELETE FROM second_code WHERE made_at <= %s", (unit.now - HOLDS,)
    )
    return cursor.rowcount


async def _checked(
    unit: Unit, person: Person, member: Member, line: tuple[UUID, int, bytes], code: str
) -> Outcome:
    id, attempts, sealed = line
    if attempts >= ATTEMPTS:
        return Outcome.LIMITED
    plain = member.key.open_field(TABLE, _at(id, person.session), sealed)
    kept = msgspec.msgpack.decode(plain, type=_Sealed)
    # What was read at an address is no proof of the one that came after it.
    moved = kept.of != identity.fingerprint(unit, member, kept.identifier)
    moved = moved or moved_lately(unit, member, kept.identifier)
    if moved or unit.now >= datetime.fromtimestamp(kept.expires, UTC):
        return Outcome.EXPIRED
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE second_code SET attempts = attempts + 1 WHERE session = %s", (person.session,)
    )
    digest = member.key.code_digest(id, "".join(code.split()))
    return Outcome.PROVED if hmac.compare_digest(digest, kept.digest) else Outcome.WRONG


async def _may_send(unit: Unit, person: Person, whose: bytes) -> bool:
    """Whether both limits have room for one more; it is counted then."""
    if not await limits.has_room(unit, What.CODES_TO_MEMBER, whose):
        return False
    if not await limits.take(unit, What.CODES_IN_SESSION, person.session):
        return False
    await limits.count(unit, What.CODES_TO_MEMBER, whose)
    return True


async def _send(
    unit: Unit, keys: PeopleKeys, person: Person, member: Member, by: Way, *, language: str
) -> None:
    id, until = uuid7(unit.milliseconds), unit.now + HOLDS
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    plain = _Sealed(
        by.identifier,
        identity.fingerprint(unit, member, by.identifier),
        member.key.code_digest(id, code),
        int(until.timestamp()),
    )
    sealed = member.key.seal_field(TABLE, _at(id, person.session), msgspec.msgpack.encode(plain))
    connection = await raw(unit.session)
    await connection.execute(
        "INSERT INTO second_code (session, id, member, made_at, sealed) "
        "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (session) DO UPDATE SET id = excluded.id, "
        "made_at = excluded.made_at, attempts = 0, sealed = excluded.sealed",
        (person.session, id, member.id, unit.now, sealed),
    )
    message = CodeMessage(
        to=_address(unit, member, by.identifier),
        code=code,
        language=language,
        minutes=int(HOLDS.total_seconds() // 60),
        until=until,
    )
    payload = msgspec.msgpack.encode(Parcel(by.carrier, message))
    await post.put(unit, keys, post.What.CODE, Kind.MEMBER, payload, member=member.id)


def _address(unit: Unit, member: Member, name: str) -> str:
    value, _ = open_value(member.key, unit.schema.catalogue.fields[name], member.sealed[name])
    return str(value)


def _at(id: UUID, session: bytes) -> str:
    return f"{id.hex}:{session.hex()}"


async def _record(unit: Unit, act: Act, kind: EntryKind, facts: dict[str, Fact]) -> None:
    await unit.record.write(unit.session, act.entry(kind, subject=subject_of(act), facts=facts))
