"""One-time codes: sent to the address on file, brought back, and good for that one identifier.

A code goes to what is kept about the member and never to what somebody says is theirs. It is
known to the message that carries it and to whoever reads that; here only its digest is kept. It
proves one identifier, for one request, once.
"""

import hmac
import secrets
from collections.abc import Collection
from dataclasses import replace
from enum import StrEnum
from uuid import UUID

import msgspec

from audit.acts import Act
from consent.programmes import Active
from dsar import identity, identity_challenges, outgoing, own
from dsar.identity import How, Proof
from dsar.identity_cases import Case, Outcome, asked, opened, proved, tried
from dsar.identity_challenges import Challenge
from dsar.identity_letters import CodeMessage
from dsar.identity_limits import ATTEMPTS, HOLDS, SETTLES, Sent, may_send
from profiles import lookup
from profiles.members import Member
from profiles.sealing import open_value
from profiles.unit import Unit

DIGITS = 8


class Carrier(StrEnum):
    """By what a code travels."""

    EMAIL = "email"
    SMS = "sms"


#: By which carrier an identifier of a kind is reached.
_CARRIERS = {"email": Carrier.EMAIL, "phone": Carrier.SMS}


def carrier_of(unit: Unit, identifier: str) -> Carrier | None:
    """What reaches that identifier; None for one that is no address.

    Raises `UnknownField` for a field that is no identifier.
    """
    field = lookup.identifier(unit.schema.catalogue, identifier)
    return _CARRIERS.get(field.lookup or "")


def moved_lately(unit: Unit, member: Member, identifier: str) -> bool:
    """Whether the member's own door set it so lately that it may be a thief's; opens the value.

    Who has found a token, and had an address changed, must not be sent the code that proves it.
    """
    if identifier not in member.sealed:
        return False
    field = lookup.identifier(unit.schema.catalogue, identifier)
    _, kept = open_value(member.key, field, member.sealed[identifier])
    return kept.source == own.HOW and unit.now - kept.at < SETTLES


async def ask(
    unit: Unit,
    act: Act,
    active: Active,
    request: UUID,
    identifier: str,
    *,
    carriers: Collection[Carrier],
) -> Outcome:
    """Send a code to an identifier on file; the one sent before holds no more.

    `carriers`: what this installation can send by. The code leaves when the transaction commits,
    sealed until then (`outgoing`). On record as `identity.asked`, whatever came of it. Raises
    `UnknownField`, `UnknownRequest`, and `NotReady` once the member is erased.
    """
    carrier = carrier_of(unit, identifier)
    case = await opened(unit, active, request, lock=True)
    outcome = _unasked(unit, case, identifier)
    if outcome is None and (carrier is None or carrier not in carriers):
        outcome = Outcome.UNAVAILABLE
    elif outcome is None and carrier is not None:
        outcome = await _renew(unit, case, identifier, carrier)
    assert outcome is not None
    return await asked(unit, act, case, identifier, outcome=outcome)


async def check(
    unit: Unit, act: Act, active: Active, request: UUID, *, identifier: str, code: str
) -> Outcome:
    """Try a code; if it is the one, the identifier is proved for this request.

    Each try counts, and is on record as `identity.tried`: the answer is an outcome, for an
    exception would undo both. Raises as `ask` does.
    """
    carrier_of(unit, identifier)
    case = await opened(unit, active, request, lock=True)
    proof = Proof(How.CODE, identifier)
    recent = await identity_challenges.recent(unit, case.member, How.CODE)
    mine = _open(recent, request, identifier)
    if not case.is_open or not mine:
        return await tried(unit, act, case, proof, outcome=Outcome.EXPIRED)
    challenge = mine[0]
    if challenge.attempts >= ATTEMPTS:
        return await tried(unit, act, case, proof, outcome=Outcome.LIMITED)
    # The address may have been changed since: what was read there is no proof of the new one.
    moved = challenge.of != identity.fingerprint(unit, case.member, identifier)
    moved = moved or moved_lately(unit, case.member, identifier)
    if moved or unit.now >= challenge.expires:
        await identity_challenges.close(unit, mine)
        return await tried(unit, act, case, proof, outcome=Outcome.EXPIRED)
    await identity_challenges.count(unit, challenge)
    digest = case.member.key.code_digest(challenge.id, "".join(code.split()))
    if not hmac.compare_digest(digest, challenge.digest):
        return await tried(unit, act, case, proof, outcome=Outcome.WRONG)
    await identity_challenges.close(unit, mine)
    return await proved(unit, act, active, case, proof)


def _unasked(unit: Unit, case: Case, identifier: str) -> Outcome | None:
    """Why no code is to be sent, whatever the limits say."""
    if not case.is_open:
        return Outcome.EXPIRED
    if identifier not in identity.on_file(unit, case.member):
        return Outcome.UNAVAILABLE
    if moved_lately(unit, case.member, identifier):
        return Outcome.UNAVAILABLE
    return Outcome.PROVED if case.have.covers(identifier) else None


def _open(some: Collection[Challenge], request: UUID, identifier: str) -> list[Challenge]:
    return [
        one
        for one in some
        if one.is_open and one.request == request and one.identifier == identifier
    ]


async def _renew(unit: Unit, case: Case, identifier: str, carrier: Carrier) -> Outcome:
    """Send one more, if the limits have room for it, and let the one before hold no more."""
    before = await identity_challenges.recent(unit, case.member, How.CODE)
    sent = (Sent(one.made_at, one.request, one.identifier) for one in before)
    if not may_send(sent, Sent(unit.now, case.request.id, identifier)):
        return Outcome.LIMITED
    await identity_challenges.close(unit, _open(before, case.request.id, identifier))
    await _send(unit, case, identifier, carrier)
    return Outcome.SENT


async def _send(unit: Unit, case: Case, identifier: str, carrier: Carrier) -> None:
    member, request = case.member, case.request
    challenge = identity_challenges.new(
        unit,
        request.id,
        How.CODE,
        identifier=identifier,
        of=identity.fingerprint(unit, member, identifier),
        expires=unit.now + HOLDS,
    )
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    digest = member.key.code_digest(challenge.id, code)
    await identity_challenges.keep(unit, member, replace(challenge, digest=digest))
    field = unit.schema.catalogue.fields[identifier]
    address, _ = open_value(member.key, field, member.sealed[identifier])
    message = CodeMessage(
        to=str(address),
        code=code,
        language=request.language,
        minutes=int(HOLDS.total_seconds() // 60),
        until=challenge.expires,
    )
    await outgoing.post(
        unit,
        outgoing.Parcel(
            request=request.id,
            what=f"code:{challenge.id}",
            carrier=carrier.value,
            payload=msgspec.json.encode(message),
            member=member.id,
        ),
    )
