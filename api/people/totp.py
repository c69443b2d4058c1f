"""Officers' second factor: one-time passwords by time, as authenticator apps make them (RFC 6238).

Six digits that hold for 30 seconds, one step before and after ours; a step that was used is used
no more. The secret rests sealed; recovery codes, for a lost telephone, rest as digests and are
used once each.
"""

import base64
import hmac
import io
import secrets
from dataclasses import dataclass, field
from uuid import UUID

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from api.people import limits, sessions
from api.people.accounts import TABLE
from api.people.codes import Outcome, Tried
from api.people.keys import PeopleKeys
from api.people.limits import What
from api.people.people import Person
from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from kernel.database import raw
from profiles.unit import Unit

STEP = 30  # seconds
DIGITS = 6
_DRIFT = 1  # steps by which a telephone's clock may be off
_SECRET = 20  # bytes: as long as the digest (RFC 4226, section 4)
_RECOVERY, _RECOVERY_BYTES = 10, 10
_PENDING, _KEPT, _SHOWN = "pending", "secret", "recovery"


@dataclass(frozen=True)
class Enrolment:
    """What an officer's telephone is to be given. `svg`: `uri` as a QR code; `secret`: by hand."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    svg: str = field(repr=False)


@dataclass(frozen=True)
class Enrolled:
    """`token`: the session's from now on; `recovery`: codes of which only digests rest for long.

    Without a token, `outcome` says why.
    """

    outcome: Outcome
    token: str | None = field(default=None, repr=False)
    recovery: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class _Factor:
    """What an account has of a second factor; locked."""

    secret: bytes | None = field(repr=False)
    last_step: int | None


async def is_set(unit: Unit, person: Person) -> bool:
    """Whether this officer has set up a second factor."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT FROM officer_account WHERE id = %s AND secret IS NOT NULL", (person.account,)
    )
    return await cursor.fetchone() is not None


async def enrol(unit: Unit, keys: PeopleKeys, person: Person, *, issuer: str) -> Enrolment | None:
    """What to set up, the same while this session lasts; None where a factor is set up already.

    Nothing counts before `confirm`. `issuer`: what the app calls it by, such as the controller.
    Raises `SessionOver` for a session that ended meanwhile, as `confirm` and `give` do.
    """
    account = _account(person)
    await sessions.keep(unit, person)
    if (await _factor(unit, account)).secret is not None:
        return None
    secret = await _pending(unit, keys, person)
    if secret is None:
        secret = secrets.token_bytes(_SECRET)
        connection = await raw(unit.session)
        await connection.execute(
            "UPDATE person_session SET pending = %s WHERE digest = %s",
            (keys.seal(TABLE, account, _PENDING, secret), person.session),
        )
    uri = _totp(secret).get_provisioning_uri(person.officer or "", issuer)
    uri = uri.replace("+", "%20")  # apps show a plus sign as one
    written = base64.b32encode(secret).decode()
    return Enrolment(written, uri, _qr(uri))


async def confirm(
    unit: Unit,
    keys: PeopleKeys,
    act: Act,
    person: Person,
    *,
    code: str,
    token: str | None = None,
) -> Enrolled:
    """The telephone shows a code: from now on the officer signs in with it.

    The recovery codes can be read in this session until they are `kept`. `token`: as
    `sessions.begin` has it.
    On record as `officer.second_factor_set` and `second_proof.given`, or `second_proof.failed`.
    """
    account = _account(person)
    await sessions.keep(unit, person)
    factor, secret = await _factor(unit, account), await _pending(unit, keys, person)
    if factor.secret is not None or secret is None:
        return Enrolled(await _failed(unit, keys, act, person, Outcome.EXPIRED))
    if not await limits.has_room(unit, What.WRONG_FACTORS, _whose(keys, account)):
        return Enrolled(await _failed(unit, keys, act, person, Outcome.LIMITED))
    step = _step_of(unit, secret, _spelt(code), after=None)
    if step is None:
        return Enrolled(await _failed(unit, keys, act, person, Outcome.WRONG))
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE officer_account SET secret = %s, last_step = %s, enrolled_at = %s WHERE id = %s",
        (keys.seal(TABLE, account, _KEPT, secret), step, unit.now, account),
    )
    made = await _new_recovery(unit, keys, account)
    facts: dict[str, Fact] = {"officer": person.officer}
    entry = act.entry(EntryKind.OFFICER_SECOND_FACTOR_SET, facts=facts)
    await unit.record.write(unit.session, entry)
    await connection.execute(
        "UPDATE person_session SET recovery = %s WHERE digest = %s",
        (keys.seal(TABLE, account, _SHOWN, " ".join(made).encode()), person.session),
    )
    given = await sessions.step_up(unit, keys, act, person, how="totp", token=token)
    return Enrolled(Outcome.PROVED, given, made)


async def recovery(unit: Unit, keys: PeopleKeys, person: Person) -> tuple[str, ...]:
    """The recovery codes that this session has made and its officer has not kept yet."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT recovery FROM person_session WHERE digest = %s", (person.session,), binary=True
    )
    line = await cursor.fetchone()
    if line is None or line[0] is None:
        return ()
    return tuple(keys.open(TABLE, _account(person), _SHOWN, line[0]).decode().split())


async def kept(unit: Unit, person: Person) -> None:
    """The officer has kept the recovery codes: nobody is shown them any more."""
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE person_session SET recovery = NULL WHERE digest = %s", (person.session,)
    )


async def give(
    unit: Unit,
    keys: PeopleKeys,
    act: Act,
    person: Person,
    *,
    code: str,
    token: str | None = None,
) -> Tried:
    """Try what the telephone shows, or a recovery code. Each try that fails counts.

    The answer is an outcome, for an exception would undo the count. `token`: as `sessions.begin`
    has it. On record as
    `second_proof.given` or `second_proof.failed`.
    """
    account = _account(person)
    await sessions.keep(unit, person)
    factor, given = await _factor(unit, account), _spelt(code)
    if factor.secret is None:
        return Tried(await _failed(unit, keys, act, person, Outcome.EXPIRED))
    if not await limits.has_room(unit, What.WRONG_FACTORS, _whose(keys, account)):
        return Tried(await _failed(unit, keys, act, person, Outcome.LIMITED))
    if len(given) == DIGITS:
        how, holds = "totp", await _use_step(unit, keys, account, factor, given)
    else:
        how, holds = "recovery", await _use_recovery(unit, keys, account, given)
    if not holds:
        return Tried(await _failed(unit, keys, act, person, Outcome.WRONG))
    proved = await sessions.step_up(unit, keys, act, person, how=how, token=token)
    return Tried(Outcome.PROVED, proved)


async def recovery_left(unit: Unit, person: Person) -> int:
    """How many recovery codes the officer has not used."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT FROM officer_recovery WHERE officer = %s", (person.account,)
    )
    return cursor.rowcount


async def _use_step(
    unit: Unit, keys: PeopleKeys, account: UUID, factor: _Factor, given: str
) -> bool:
    assert factor.secret is not None
    secret = keys.open(TABLE, account, _KEPT, factor.secret)
    step = _step_of(unit, secret, given, after=factor.last_step)
    if step is None:
        return False
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE officer_account SET last_step = %s WHERE id = %s", (step, account)
    )
    return True


async def _use_recovery(unit: Unit, keys: PeopleKeys, account: UUID, given: str) -> bool:
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "DELETE FROM officer_recovery WHERE digest = %s AND officer = %s",
        (_recovery_digest(keys, account, given), account),
    )
    return cursor.rowcount == 1


async def _new_recovery(unit: Unit, keys: PeopleKeys, account: UUID) -> tuple[str, ...]:
    """Ten new codes, each of 80 random bits; those from before hold no more."""
    made = [
        base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
        for _ in range(_RECOVERY)
    ]
    connection = await raw(unit.session)
    await connection.execute("DELETE FROM officer_recovery WHERE officer = %s", (account,))
    await connection.execute(
        "INSERT INTO officer_recovery (digest, officer) SELECT unnest(%s::bytea[]), %s",
        ([_recovery_digest(keys, account, one) for one in made], account),
    )
    return tuple(f"{one[:4]}-{one[4:8]}-{one[8:12]}-{one[12:]}" for one in made)


async def _factor(unit: Unit, account: UUID) -> _Factor:
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT secret, last_step FROM officer_account WHERE id = %s FOR UPDATE",
        (account,),
        binary=True,
    )
    line = await cursor.fetchone()
    if line is None:
        raise sessions.over()  # their account was taken away in the same moment
    return _Factor(*line)


async def _pending(unit: Unit, keys: PeopleKeys, person: Person) -> bytes | None:
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT pending FROM person_session WHERE digest = %s FOR UPDATE",
        (person.session,),
        binary=True,
    )
    line = await cursor.fetchone()
    if line is None or line[0] is None:
        return None
    return keys.open(TABLE, _account(person), _PENDING, line[0])


async def _failed(
    unit: Unit, keys: PeopleKeys, act: Act, person: Person, outcome: Outcome
) -> Outcome:
    if outcome is Outcome.WRONG:
        await limits.count(unit, What.WRONG_FACTORS, _whose(keys, _account(person)))
    facts: dict[str, Fact] = {"session": person.short, "outcome": outcome.value}
    entry = act.entry(EntryKind.SECOND_PROOF_FAILED, facts=facts)
    await unit.record.write(unit.session, entry)
    return outcome


def _step_of(unit: Unit, secret: bytes, given: str, *, after: int | None) -> int | None:
    """The step that a code is of, if it holds now and none so late has been used."""
    now, totp = int(unit.now.timestamp()) // STEP, _totp(secret)
    found = None
    for step in range(now - _DRIFT, now + _DRIFT + 1):
        # All are compared: which it was does not show in how long it took.
        same = hmac.compare_digest(totp.generate(step * STEP), given.encode("ascii", "replace"))
        if same and (after is None or step > after):
            found = step
    return found


def _totp(secret: bytes) -> TOTP:
    """HMAC-SHA-1 is what every authenticator app knows; here it is no weakness (RFC 6238, 1.2)."""
    return TOTP(secret, DIGITS, SHA1(), STEP)  # noqa: S303


def _qr(uri: str) -> str:
    """As SVG to stand in a page: no style in it, and it grows with its frame."""
    out = io.BytesIO()
    segno.make_qr(uri, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4,
        dark="#000", light="#fff", svgclass=None, lineclass=None,
    )  # fmt: skip
    return out.getvalue().decode().strip()


def _spelt(code: str) -> str:
    """A code as it is typed, without what parts it."""
    return "".join(code.split()).replace("-", "").lower()


def _recovery_digest(keys: PeopleKeys, account: UUID, code: str) -> bytes:
    return keys.mark("recovery code", account, code)


def _whose(keys: PeopleKeys, account: UUID) -> bytes:
    return keys.mark("factor of", account)


def _account(person: Person) -> UUID:
    if person.account is None:
        raise AssertionError("members have no second factor, but codes")
    return person.account
