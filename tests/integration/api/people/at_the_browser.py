"""The club, its people, what reaches their mailboxes, and a clock that stands until it is set."""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from api.bootstrap import SYSTEM, Tillit, opened
from api.mail import Mail, Outcome
from api.people import officers, sessions
from api.people.keys import PeopleKeys, keys_of
from api.people.people import Kind, Person, Somebody
from api.settings import Settings, SmsGateway
from audit.acts import Act
from consent.programme import read_programme
from kernel.clock import StoppedClock
from kernel.database import libpq, raw
from profiles import members
from profiles.enrolment import enrol

EXAMPLE = Path(__file__).parents[4] / "examples" / "fjallklubben.toml"
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROLE = "privacy_officer"
_OFFICERS = """
[officers.privacy_officer]
can = ["programme", "requests", "restrict", "record", "keys"]
[officers.support]
can = ["requests"]
"""
_LINK = re.compile(r"/sign-in/link/([A-Za-z0-9_-]{43})")


@dataclass
class Mailbox:
    """Takes every message. `outcome`: what it answers to the next ones."""

    mails: list[Mail] = field(default_factory=list)
    outcome: Outcome = Outcome.ACCEPTED

    async def send(self, mail: Mail) -> Outcome:
        if self.outcome is Outcome.ACCEPTED:
            self.mails.append(mail)
        return self.outcome

    def links(self) -> list[str]:
        """The tokens in the newest message."""
        return _LINK.findall(self.mails[-1].text)


@dataclass(frozen=True)
class House:
    """Whoever looks after the club, with its database in view."""

    tillit: Tillit
    clock: StoppedClock
    keys: PeopleKeys
    mailbox: Mailbox

    def later(self, **how: float) -> None:
        self.clock.at += timedelta(**how)

    async def member(self, number: str, *, source: str = "till", **values: Any) -> UUID:
        async with self.tillit.unit() as work:
            person = {"member_number": number, **values}
            (made,) = await enrol(work.unit, SYSTEM, [person], source=source)
        return made.id

    async def officer(self, name: str, address: str, role: str = ROLE) -> UUID:
        async with self.tillit.unit() as work:
            return await officers.add(
                work.unit, work.active, self.keys, SYSTEM, name=name, address=address, role=role
            )

    async def signs_in(self, somebody: UUID, *, agent: str = "", **how: Any) -> str:
        who = Somebody(kind=Kind.MEMBER, member=somebody, **how)
        return await self.begins(who, agent=agent)

    async def officer_signs_in(self, account: UUID) -> str:
        return await self.begins(Somebody(kind=Kind.OFFICER, account=account))

    async def begins(self, who: Somebody, *, agent: str = "") -> str:
        async with self.tillit.unit() as work:
            return await sessions.begin(work.unit, work.active, self.keys, who, user_agent=agent)

    async def who(self, token: str) -> Person | None:
        async with self.tillit.unit() as work:
            return await sessions.found(work.unit, work.active, self.keys, token)

    async def known(self, token: str) -> Person:
        person = await self.who(token)
        assert person is not None
        return person

    async def act(self, person: Person) -> Act:
        async with self.tillit.unit() as work:
            member = None
            if person.member is not None:
                member = await members.one(work.unit, person.member)
            return person.act(member, work.active.version)

    async def rows(self, query: str, *values: Any) -> list[Any]:
        async with self.tillit.database.transaction() as session:
            cursor = await (await raw(session)).execute(query, values, binary=True)
            return list(await cursor.fetchall())

    def as_owner(self, statement: str, *values: Any) -> None:
        """What somebody does who owns the database and has no key."""
        with psycopg.connect(libpq(self.tillit.url, role=None)) as connection:
            connection.execute(statement, values)

    async def entries(self, kind: str) -> list[dict[str, Any]]:
        """The record's entries of that kind, oldest first."""
        found = await self.rows("SELECT convert_from(body, 'UTF8') FROM audit_entry ORDER BY id")
        bodies = [json.loads(body) for (body,) in found]
        return [one for one in bodies if one["kind"] == kind]

    async def outcomes(self, kind: str) -> Counter[str]:
        return Counter(str(one["facts"]["outcome"]) for one in await self.entries(kind))

    async def everything_kept(self) -> str:
        """Every value of every table and file, as text: to look for what must not be there."""
        found = []
        url = libpq(self.tillit.url, role=None)
        async with await psycopg.AsyncConnection.connect(url) as connection:
            cursor = await connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            )
            for (table,) in await cursor.fetchall():
                rows = await connection.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t')
                found += [row[0] for row in await rows.fetchall()]
        for path in self.tillit.settings.data.rglob("*"):
            if path.is_file():
                found.append(path.read_bytes().decode("latin-1"))
        everything = "\n".join(found)
        hex_ = re.findall(r"\\\\x((?:[0-9a-f]{2})+)", everything)
        return "\n".join([everything, *(bytes.fromhex(one).decode("latin-1") for one in hex_)])


@asynccontextmanager
async def house(settings: Settings, *changes: tuple[str, str]) -> AsyncIterator[House]:
    """The club at noon of 2 March 2026; `changes`: of its programme's text."""
    clock = StoppedClock(START)
    async with opened(settings, clock=clock) as tillit:
        await tillit.apply(SYSTEM, read_programme(altered(*changes)))
        mailbox = Mailbox()
        tillit.mail = mailbox
        yield House(tillit, clock, keys_of(tillit), mailbox)


def altered(*changes: tuple[str, str]) -> str:
    text = EXAMPLE.read_text("utf-8") + _OFFICERS
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def texting(settings: Settings) -> Settings:
    """The same installation with a gateway for text messages, which does not answer."""
    gateway = SmsGateway("http://127.0.0.1:1/messages", settings.data / "keys")
    return replace(settings, sms=gateway)
