"""Officers' accounts: who may sign in at the desk, in which role.

Made, listed and ended by whoever runs the installation. The name stands in the record for ever;
the address is kept sealed, and shown only to them.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from api.people import accounts
from api.people.accounts import COLUMNS, Account
from api.people.errors import OfficerExists, UnfitOfficer, UnknownOfficer
from api.people.keys import PeopleKeys
from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent.programme.suggestion import did_you_mean, shown
from consent.programmes import Active
from kernel.database import raw
from kernel.ids import uuid7
from profiles.unit import Unit

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")


@dataclass(frozen=True)
class Officer:
    """An account as it is listed. `may_sign_in`: the programme has the role, and the row is whole.

    `address`: None where somebody has altered the row.
    """

    name: str
    role: str
    address: str | None = field(repr=False)
    has_factor: bool
    may_sign_in: bool
    made_at: datetime
    sessions: int


async def add(
    unit: Unit, active: Active, keys: PeopleKeys, act: Act, *, name: str, address: str, role: str
) -> UUID:
    """Make an account; returns its id. On record as `officer.added`.

    `name`: as the record is to have it, such as ``officer-7``. Raises `UnfitOfficer` for a name,
    address or role that is none, and `OfficerExists`.
    """
    mail = _fit(active, name, address, role)
    id, digest = uuid7(unit.milliseconds), accounts.digest(keys, mail)
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "INSERT INTO officer_account (id, name, role, address, sealed, made_at) "
        "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id",
        (
            *(id, name, role, digest),
            *(accounts.sealed(keys, id, address=mail, name=name, role=role), unit.now),
        ),
    )
    if await cursor.fetchone() is None:
        raise OfficerExists(
            "there is an officer of that name, or with that address",
            place="officer",
            remedy="see `tillit officer list`",
        )
    await _record(unit, act, EntryKind.OFFICER_ADDED, {"officer": name, "role": role})
    return id


async def listed(unit: Unit, active: Active, keys: PeopleKeys) -> list[Officer]:
    """All accounts, by name."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        f"SELECT {COLUMNS}, a.made_at, (SELECT count(*) FROM person_session s "  # noqa: S608
        "WHERE s.officer = a.id AND s.ends_at > %s) FROM officer_account a ORDER BY a.name",
        (unit.now,),
        binary=True,
    )
    found = []
    for *columns, made_at, sessions in await cursor.fetchall():
        one = Account(*columns)
        whole = accounts.is_whole(keys, one)
        found.append(
            Officer(
                one.name,
                one.role,
                accounts.address_of(keys, one) if whole else None,
                one.has_factor,
                whole and one.role in active.programme.officers,
                made_at,
                sessions,
            )
        )
    return found


async def remove(unit: Unit, act: Act, name: str) -> int:
    """Delete an account; returns how many sessions ended with it. On record as `officer.removed`.

    Raises `UnknownOfficer`.
    """
    account = await _named(unit, name)
    ended = await _end_sessions(unit, account)
    connection = await raw(unit.session)
    await connection.execute("DELETE FROM officer_account WHERE id = %s", (account,))
    await _record(unit, act, EntryKind.OFFICER_REMOVED, {"officer": name, "sessions": ended})
    return ended


async def reset(unit: Unit, act: Act, name: str) -> int:
    """Take the second factor away, recovery codes too; returns how many sessions ended with it.

    They set up another when they next sign in. On record as `officer.second_factor_removed`.
    Raises `UnknownOfficer`.
    """
    account = await _named(unit, name)
    ended = await _end_sessions(unit, account)
    connection = await raw(unit.session)
    await connection.execute("DELETE FROM officer_recovery WHERE officer = %s", (account,))
    await connection.execute(
        "UPDATE officer_account SET secret = NULL, last_step = NULL, enrolled_at = NULL "
        "WHERE id = %s",
        (account,),
    )
    facts: dict[str, Fact] = {"officer": name, "sessions": ended}
    await _record(unit, act, EntryKind.OFFICER_SECOND_FACTOR_REMOVED, facts)
    return ended


async def by_address(unit: Unit, keys: PeopleKeys, address: str) -> Account | None:
    """Whose address (as `accounts.spelt`) it is; None for nobody's, and for an altered row."""
    return await _found(unit, keys, "a.address", accounts.digest(keys, address))


async def one(unit: Unit, keys: PeopleKeys, id: UUID) -> Account:
    """The account of that id. Raises `UnknownOfficer`, also where somebody has altered it."""
    account = await _found(unit, keys, "a.id", id)
    if account is None:
        raise UnknownOfficer("there is no such account", place="officer")
    return account


def _fit(active: Active, name: str, address: str, role: str) -> str:
    """The address as it is spelt."""
    if _NAME.fullmatch(name) is None:
        raise UnfitOfficer(
            "an officer's name is letters, digits and ._:/- only",
            place="name",
            remedy="give one such as officer-7: it stands in the record for ever",
        )
    mail = accounts.spelt(address)
    if mail is None:
        raise UnfitOfficer(
            "this is no e-mail address", place="email", remedy="give name@example.com"
        )
    roles = active.programme.officers
    if role not in roles:
        raise UnfitOfficer(
            f"there is no officers' role {shown(role)}",
            place="role",
            remedy=did_you_mean(role, roles),
        )
    return mail


async def _found(unit: Unit, keys: PeopleKeys, column: str, value: bytes | UUID) -> Account | None:
    connection = await raw(unit.session)
    cursor = await connection.execute(
        f"SELECT {COLUMNS} FROM officer_account a WHERE {column} = %s",  # noqa: S608
        (value,),
        binary=True,
    )
    line = await cursor.fetchone()
    account = None if line is None else Account(*line)
    return account if account is not None and accounts.is_whole(keys, account) else None


async def _named(unit: Unit, name: str) -> UUID:
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT id FROM officer_account WHERE name = %s FOR UPDATE", (name,), binary=True
    )
    line = await cursor.fetchone()
    if line is None:
        raise UnknownOfficer(
            f"there is no officer {shown(name)}",
            place="name",
            remedy="see `tillit officer list`",
        )
    found: UUID = line[0]
    return found


async def _end_sessions(unit: Unit, account: UUID) -> int:
    connection = await raw(unit.session)
    cursor = await connection.execute("DELETE FROM person_session WHERE officer = %s", (account,))
    await connection.execute("DELETE FROM sign_in_link WHERE officer = %s", (account,))
    return cursor.rowcount


async def _record(unit: Unit, act: Act, kind: EntryKind, facts: dict[str, Fact]) -> None:
    await unit.record.write(unit.session, act.entry(kind, facts=facts))
