"""One-time links: asked for with an address, sent to whoever it is of, and used once.

Asking is the same whoever the address is of, and if it is nobody's: it writes one row, and a
worker looks whose it is (`sending`). Only a digest of a link rests in the database, beside a mark
that says whom it signs in. The newest one of somebody's ends those before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from api.people import accounts, limits, post, tokens
from api.people.addresses import on_file, replaced
from api.people.keys import PeopleKeys
from api.people.limits import What
from api.people.people import Kind, Somebody
from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from dsar.languages import nearest
from kernel.database import raw
from profiles import members
from profiles.unit import Unit

TABLE = "sign_in_link"
HOLDS = timedelta(minutes=15)
_COLUMNS = "digest, kind, member, officer, settled, address, made_at, ends_at, mark"
_FROM_NETWORK = {
    Kind.MEMBER: What.LINKS_FROM_NETWORK,
    Kind.OFFICER: What.DESK_LINKS_FROM_NETWORK,
}
_log = structlog.get_logger("tillit.people")


class Wanted(msgspec.Struct, frozen=True, array_like=True):
    """What somebody asked for. `address`: as `accounts.spelt`, empty for what is none.

    `next`: the page they were on the way to, a path of ours; it goes with the link.
    """

    address: str
    language: str
    next: str = ""

    def __repr__(self) -> str:
        return "Wanted(***)"


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
    ends_at: datetime
    mark: bytes

    def marked(self, keys: PeopleKeys) -> "_Row":
        return replace(self, mark=keys.mark(TABLE, *self._said()))

    def is_ours(self, keys: PeopleKeys) -> bool:
        return keys.holds(self.mark, TABLE, *self._said())

    def _said(self) -> Sequence[bytes | str | int | UUID | None]:
        ends = round(self.ends_at.timestamp() * 1_000_000)
        who = self.kind, self.member, self.officer, int(self.settled), self.address
        return self.digest, *who, ends


async def ask(
    unit: Unit,
    keys: PeopleKeys,
    act: Act,
    *,
    address: str,
    language: str,
    kind: Kind,
    network: bytes,
    next: str = "",
) -> None:
    """Somebody asks for a link to that address; whether it is anybody's, nobody learns here.

    `act`: the programme's own. `language`: of the message (BCP 47). `network`: as
    `limits.network` has it. `next`: where they were going. What is over a limit is
    dropped without a word to whoever asks.
    """
    spelt = accounts.spelt(address) or ""
    whose = keys.mark("link to", kind.value, spelt or address.strip().casefold())
    here = keys.mark("link from", whose, network)
    counted = (
        (_FROM_NETWORK[kind], network, "network"),
        (What.LINKS_TO_ADDRESS, here, "address"),
        (What.LINKS_TO_MAILBOX, whose, "address"),
    )
    # All are asked before any is counted: only what is sent is.
    for what, of, by in counted:
        if not await limits.has_room(unit, what, of):
            await _limited(unit, act, kind, by, of)
            return
    for what, of, _ in counted:
        await limits.count(unit, what, of)
    payload = msgspec.msgpack.encode(Wanted(spelt, nearest(language), next))
    await post.put(unit, keys, post.What.LINK, kind, payload, member=None)


async def make(unit: Unit, keys: PeopleKeys, somebody: Somebody) -> str:
    """A new link's token, for the message alone; those made for them before hold no more."""
    token = tokens.new()
    digest = tokens.digest(token)
    assert digest is not None
    connection = await raw(unit.session)
    # Two that are made at a time end each other: the second one waits for the first.
    who = somebody.member or somebody.account
    assert who is not None
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 6))", (who.hex,))
    await connection.execute(
        "DELETE FROM sign_in_link WHERE member = %s OR officer = %s",
        (somebody.member, somebody.account),
    )
    row = _Row(
        *(digest, somebody.kind.value, somebody.member, somebody.account, somebody.settled),
        *(somebody.address, unit.now, unit.now + HOLDS, b""),
    ).marked(keys)
    await connection.execute(
        f"INSERT INTO sign_in_link ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",  # noqa: S608
        (
            *(row.digest, row.kind, row.member, row.officer, row.settled),
            *(row.address, row.made_at, row.ends_at, row.mark),
        ),
    )
    return token


async def look(unit: Unit, keys: PeopleKeys, token: str) -> Somebody | None:
    """Whom a link would sign in; it changes nothing, however often it is done."""
    digest = tokens.digest(token)
    connection = await raw(unit.session)
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM sign_in_link WHERE digest = %s",  # noqa: S608
        (digest,),
        binary=True,
    )
    line = await cursor.fetchone()
    return None if line is None else await _whose(unit, keys, _Row(*line))


async def wait(unit: Unit, token: str) -> None:
    """Until whoever is using this link at the same moment is done."""
    connection = await raw(unit.session)
    await connection.execute(
        "SELECT FROM sign_in_link WHERE digest = %s FOR UPDATE", (tokens.digest(token),)
    )


async def take(
    unit: Unit, keys: PeopleKeys, act: Act, token: str, *, network: bytes
) -> Somebody | None:
    """Whom the link signs in, and nobody a second time; None for one that does not hold.

    `act`: the programme's own. A try that fails is on record as `sign_in.failed`, as long as not
    too many come from that network.
    """
    digest = tokens.digest(token)
    connection = await raw(unit.session)
    cursor = await connection.execute(
        f"DELETE FROM sign_in_link WHERE digest = %s RETURNING {_COLUMNS}",  # noqa: S608
        (digest,),
        binary=True,
    )
    line = await cursor.fetchone()
    somebody = None if line is None else await _whose(unit, keys, _Row(*line))
    if somebody is not None:
        return somebody
    if await limits.take(unit, What.WRONG_LINKS, network):
        await unit.record.write(unit.session, act.entry(EntryKind.SIGN_IN_FAILED))
    return None


async def _whose(unit: Unit, keys: PeopleKeys, row: _Row) -> Somebody | None:
    """Whom it signs in, if it holds."""
    if not _good(unit, keys, row) or not await _still_theirs(unit, keys, row):
        return None
    return Somebody(
        kind=Kind(row.kind),
        member=row.member,
        account=row.officer,
        settled=row.settled,
        address=row.address,
    )


async def _still_theirs(unit: Unit, keys: PeopleKeys, row: _Row) -> bool:
    """Whether whoever read the message is whom the address on file is of."""
    if row.member is None:
        return True
    member = (await members.load(unit, [row.member])).get(row.member)
    if member is None or replaced(unit, member, row.made_at, by_anybody=True):
        return False
    return row.address is None or row.address in on_file(unit, keys, member)


async def drop(unit: Unit) -> int:
    """Delete those that hold no more; returns how many."""
    connection = await raw(unit.session)
    cursor = await connection.execute("DELETE FROM sign_in_link WHERE ends_at <= %s", (unit.now,))
    return cursor.rowcount


def _good(unit: Unit, keys: PeopleKeys, row: _Row) -> bool:
    if not row.is_ours(keys):
        _log.warning("link_not_ours")
        return False
    return unit.now < row.ends_at


async def _limited(unit: Unit, act: Act, kind: Kind, by: str, whose: bytes) -> None:
    """On record once in a while: whoever asks without end does not fill it."""
    if await limits.take(unit, What.SAID_SO, whose):
        facts: dict[str, Fact] = {"as": kind.value, "outcome": "limited", "by": by}
        await unit.record.write(unit.session, act.entry(EntryKind.SIGN_IN_ASKED, facts=facts))
