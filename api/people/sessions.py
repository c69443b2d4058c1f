"""Sessions: for how long somebody is signed in, seen and ended by whoever they are of.

A token is made anew at each sign-in and at each second proof, so that nobody is signed in by one
that another has given them. What is in the database says who it is only under a mark that
somebody with the database alone cannot make.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from api.people import officers, tokens
from api.people.accounts import Account, is_whole
from api.people.addresses import on_file, replaced
from api.people.devices import Device, device
from api.people.errors import SessionOver
from api.people.keys import PeopleKeys
from api.people.people import Kind, Person, Somebody, short, subject_of
from audit.acts import Act
from audit.entries import ActorType
from audit.entries import Kind as EntryKind
from consent.programmes import Active
from kernel.database import raw
from profiles import members
from profiles.members import Member
from profiles.unit import Unit

form_token, is_form_token = tokens.form_token, tokens.is_form_token

TABLE = "person_session"
#: Unused for so long, it is over.
IDLE: Mapping[Kind, timedelta] = {
    Kind.MEMBER: timedelta(minutes=30),
    Kind.OFFICER: timedelta(minutes=15),
}
#: After so long it is over, however much it is used.
LONGEST: Mapping[Kind, timedelta] = {
    Kind.MEMBER: timedelta(hours=12),
    Kind.OFFICER: timedelta(hours=8),
}
SEEN_EVERY = timedelta(minutes=1)

_COLUMNS = (
    "s.digest, s.kind, s.member, s.officer, s.settled, s.address, s.made_at, s.seen_at, s.ends_at, "
    "s.stepped_up_at, s.browser, s.system, s.mark"
)
_FIND = f"""
SELECT {_COLUMNS}, a.id, a.name, a.role, a.address, a.sealed, a.secret IS NOT NULL
FROM person_session s LEFT JOIN officer_account a ON a.id = s.officer WHERE s.digest = %s
"""  # noqa: S608 - constants of this file
_log = structlog.get_logger("tillit.people")


@dataclass(frozen=True)
class _Row:
    """A row of `_COLUMNS`."""

    digest: bytes
    kind: str
    member: UUID | None
    officer: UUID | None
    settled: bool
    address: bytes | None
    made_at: datetime
    seen_at: datetime
    ends_at: datetime
    stepped_up_at: datetime | None
    browser: str
    system: str
    mark: bytes

    def is_over(self, now: datetime) -> bool:
        return now >= self.ends_at or now >= self.seen_at + IDLE[Kind(self.kind)]

    def marked(self, keys: PeopleKeys) -> "_Row":
        return replace(self, mark=keys.mark(TABLE, *self._said()))

    def is_ours(self, keys: PeopleKeys) -> bool:
        return keys.holds(self.mark, TABLE, *self._said())

    def _said(self) -> Sequence[bytes | str | int | UUID | None]:
        """All that says who it is of, and until when."""
        stepped_up = None if self.stepped_up_at is None else _at(self.stepped_up_at)
        return (
            *(self.digest, self.kind, self.member, self.officer, int(self.settled)),
            *(self.address, _at(self.made_at), _at(self.ends_at), stepped_up),
        )


@dataclass(frozen=True)
class Listed:
    """A session as its owner sees it. `which`: what `end` takes; `this`: the one they look by."""

    which: str
    device: Device
    made_at: datetime
    seen_at: datetime
    this: bool


async def begin(
    unit: Unit,
    active: Active,
    keys: PeopleKeys,
    somebody: Somebody,
    *,
    user_agent: str = "",
    token: str | None = None,
) -> str:
    """Sign somebody in; returns the new session's token. On record as `session.begun`.

    `token`: the one to have, which nobody can know before; else one of chance. Raises
    `UnknownMember` for who is not there, and `UnknownOfficer`.
    """
    token, act = token or tokens.new(), await _act(unit, active, keys, somebody)
    digest, seen = _digest(token), device(user_agent)
    row = _Row(
        *(digest, somebody.kind.value, somebody.member, somebody.account, somebody.settled),
        *(somebody.address, unit.now, unit.now, unit.now + LONGEST[somebody.kind], None),
        *(seen.browser, seen.system, b""),
    ).marked(keys)
    connection = await raw(unit.session)
    await connection.execute(
        "INSERT INTO person_session (digest, kind, member, officer, settled, address, made_at, "
        "seen_at, ends_at, stepped_up_at, browser, system, mark) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(row.digest, row.kind, row.member, row.officer, row.settled, row.address),
            *(row.made_at, row.seen_at, row.ends_at, None, row.browser, row.system, row.mark),
        ),
    )
    facts = {
        "as": somebody.kind.value,
        "session": short(digest),
        "settled": int(somebody.settled),
    }
    await _record(unit, act, EntryKind.SESSION_BEGUN, facts)
    return token


async def found(unit: Unit, active: Active, keys: PeopleKeys, token: str) -> Person | None:
    """Whose session it is; None for one that is over, or of nobody whom the programme knows, or
    of an account that is not there.

    That it was used is written down, at most once a minute. Opens no member's data.
    """
    digest = tokens.digest(token)
    if digest is None:
        return None
    connection = await raw(unit.session)
    cursor = await connection.execute(_FIND, (digest,), binary=True)
    line = await cursor.fetchone()
    if line is None:
        return None
    row = _Row(*line[:13])
    if row.is_over(unit.now):
        return None
    if not row.is_ours(keys):
        _log.warning("session_not_ours")
        return None
    account = None if row.officer is None else Account(*line[13:])
    if account is not None and not _works_here(active, keys, row, account):
        return None
    await _seen(unit, row)
    return _person(row, account)


async def step_up(
    unit: Unit,
    keys: PeopleKeys,
    act: Act,
    person: Person,
    *,
    how: str,
    token: str | None = None,
) -> str:
    """A second proof was given: returns the token that the session has from now on.

    The one before opens nothing any more. No second proof goes by an address that was changed
    lately, so the session is `settled`. On record as `second_proof.given`; `how`: ``code``,
    ``totp`` or ``recovery``; `token`: as `begin` has it. Raises `SessionOver` for a session that
    ended meanwhile.
    """
    token, connection = token or tokens.new(), await raw(unit.session)
    await connection.execute("DELETE FROM second_code WHERE session = %s", (person.session,))
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM person_session s WHERE s.digest = %s FOR UPDATE",  # noqa: S608
        (person.session,),
        binary=True,
    )
    line = await cursor.fetchone()
    if line is None or not _Row(*line).is_ours(keys):
        raise over()
    row = replace(_Row(*line), digest=_digest(token), settled=True, stepped_up_at=unit.now)
    row = row.marked(keys)
    await connection.execute(
        "UPDATE person_session SET digest = %s, settled = true, stepped_up_at = %s, seen_at = %s, "
        "mark = %s, pending = NULL WHERE digest = %s",
        (row.digest, row.stepped_up_at, unit.now, row.mark, person.session),
    )
    facts = {"session": short(row.digest), "how": how}
    await _record(unit, act, EntryKind.SECOND_PROOF_GIVEN, facts)
    return token


async def stay(unit: Unit, keys: PeopleKeys, person: Person) -> None:
    """The member has set right their own address in this session: it is not ended by that.

    It is bound to an address that they have now, if there is one. All others that were begun by
    the one before are over (`stays`). Whoever changes it after that ends this one, too.
    """
    assert person.member is not None
    member = await members.one(unit, person.member)
    kept = on_file(unit, keys, member)
    if person.address is None or person.address in kept:
        return
    connection = await raw(unit.session)
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM person_session s WHERE s.digest = %s FOR UPDATE",  # noqa: S608
        (person.session,),
        binary=True,
    )
    line = await cursor.fetchone()
    if line is None or not _Row(*line).is_ours(keys):
        return
    row = replace(_Row(*line), address=next(iter(kept), None)).marked(keys)
    await connection.execute(
        "UPDATE person_session SET address = %s, mark = %s WHERE digest = %s",
        (row.address, row.mark, row.digest),
    )


def stays(unit: Unit, keys: PeopleKeys, person: Person, member: Member | None) -> bool:
    """Whether a member's session goes on: not of who was erased, nor of who came in by an address
    that is theirs no more, or that somebody here has replaced since.
    """
    if member is None or person.begun is None:
        return False
    if person.address is not None and person.address not in on_file(unit, keys, member):
        return False
    return not replaced(unit, member, person.begun, by_anybody=False)


async def keep(unit: Unit, person: Person) -> None:
    """Have their session stay until this transaction ends. Raises `SessionOver`."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT FROM person_session WHERE digest = %s FOR UPDATE", (person.session,)
    )
    if await cursor.fetchone() is None:
        raise over()


def over() -> SessionOver:
    return SessionOver("the sign-in has ended", place="session", remedy="sign in again")


async def listed(unit: Unit, person: Person) -> list[Listed]:
    """The sessions that they have, the newest first."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM person_session s "  # noqa: S608 - constants of this file
        "WHERE s.member = %s OR s.officer = %s ORDER BY s.made_at DESC, s.digest",
        (person.member, person.account),
        binary=True,
    )
    rows = [_Row(*line) for line in await cursor.fetchall()]
    return [
        Listed(
            short(row.digest),
            Device(row.browser, row.system),
            row.made_at,
            row.seen_at,
            row.digest == person.session,
        )
        for row in rows
        if not row.is_over(unit.now)
    ]


async def end(unit: Unit, act: Act, person: Person, which: str) -> bool:
    """End one of their own sessions, by what `listed` calls it; whether there was one.

    To sign out: their own, ``person.short``. On record as `session.ended`.
    """
    return await _end(unit, act, person, lambda digest: short(digest) == which) > 0


async def end_others(unit: Unit, act: Act, person: Person) -> int:
    """End all of their sessions but this; how many there were."""
    return await _end(unit, act, person, lambda digest: digest != person.session)


async def drop(unit: Unit) -> int:
    """Delete those that are over; returns how many."""
    connection, gone = await raw(unit.session), 0
    for kind, idle in IDLE.items():
        cursor = await connection.execute(
            "DELETE FROM person_session WHERE kind = %s AND (seen_at <= %s OR ends_at <= %s)",
            (kind.value, unit.now - idle, unit.now),
        )
        gone += cursor.rowcount
    return gone


async def _end(unit: Unit, act: Act, person: Person, is_one: Callable[[bytes], bool]) -> int:
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT digest FROM person_session WHERE member = %s OR officer = %s ORDER BY digest "
        "FOR UPDATE",
        (person.member, person.account),
        binary=True,
    )
    ending = [digest for (digest,) in await cursor.fetchall() if is_one(digest)]
    await connection.execute("DELETE FROM person_session WHERE digest = ANY(%s)", (ending,))
    for digest in ending:
        await _record(unit, act, EntryKind.SESSION_ENDED, {"session": short(digest)})
    return len(ending)


def _works_here(active: Active, keys: PeopleKeys, row: _Row, account: Account) -> bool:
    """Whether it is there at all, and an account that we made, of a role that the programme has."""
    if account.id != row.officer:
        _log.warning("account_gone")
        return False
    if not is_whole(keys, account):
        _log.warning("account_not_ours")
        return False
    return account.role in active.programme.officers


async def _seen(unit: Unit, row: _Row) -> None:
    if unit.now - row.seen_at < SEEN_EVERY:
        return
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE person_session SET seen_at = %s WHERE digest = %s AND seen_at < %s",
        (unit.now, row.digest, unit.now),
    )


def _person(row: _Row, account: Account | None) -> Person:
    return Person(
        kind=Kind(row.kind),
        session=row.digest,
        member=row.member,
        account=row.officer,
        officer=None if account is None else account.name,
        role=None if account is None else account.role,
        stepped_up=row.stepped_up_at,
        settled=row.settled,
        address=row.address,
        begun=row.made_at,
    )


async def _act(unit: Unit, active: Active, keys: PeopleKeys, somebody: Somebody) -> Act:
    if somebody.member is not None:
        member = await members.one(unit, somebody.member)
        return Act(ActorType.MEMBER, member.key.subject().hex(), programme=active.version)
    assert somebody.account is not None
    account = await officers.one(unit, keys, somebody.account)
    return Act(ActorType.OFFICER, account.name, programme=active.version)


async def _record(unit: Unit, act: Act, kind: EntryKind, facts: Mapping[str, str | int]) -> None:
    await unit.record.write(unit.session, act.entry(kind, subject=subject_of(act), facts=facts))


def _digest(token: str) -> bytes:
    made = tokens.digest(token)
    assert made is not None
    return made


def _at(moment: datetime) -> int:
    """Microseconds of Unix: one spelling, whatever zone it was read in."""
    return round(moment.timestamp() * 1_000_000)
