"""People who show who they are: what reaches their mailbox and telephone, and what is on record."""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from callers_at_doors import Client, Club
from stopped_club import stopped_club

from api.links import links_of
from api.settings import Settings, read_settings
from dsar import outgoing
from dsar.identity_letters import CodeMessage
from kernel.clock import StoppedClock
from kernel.database import libpq, raw


def reachable(settings: Settings, *, sms: bool = True) -> Settings:
    """The same installation, with a mail server and a gateway for text messages."""
    named = {"TILLIT_SMTP_URL": "smtp://127.0.0.1:1", "TILLIT_MAIL_FROM": "club@club.example"}
    if sms:
        named["TILLIT_SMS_URL"] = "http://127.0.0.1:1/messages"
    made = read_settings(named)
    folder = settings.data / "keys"
    return replace(settings, mail=made.mail, sms=made.sms and replace(made.sms, folder=folder))


@asynccontextmanager
async def proving_club(settings: Settings) -> AsyncIterator[tuple["Desk", StoppedClock]]:
    async with stopped_club(reachable(settings)) as (club, clock):
        yield Desk(club), clock


@dataclass(frozen=True)
class Desk:
    """Whoever has the club's outgoing post and its record in view."""

    club: Club

    async def asks(self, member: str, right: str = "access") -> tuple[Client, str]:
        """A member signed in without a second proof, and their request."""
        own = await self.club.member(member, stepped_up=False)
        opened = await own.ok("POST", "/v1/me/requests", {"right": right})
        return own, opened["request"]

    async def messages(self, request: str | None = None) -> list[CodeMessage]:
        """The codes on their way, oldest first: what their readers will read."""
        async with self.club.tillit.unit() as work:
            connection = await raw(work.session)
            cursor = await connection.execute(
                "SELECT id FROM outgoing WHERE what LIKE 'code:%%' "
                "AND (%s::uuid IS NULL OR request = %s) ORDER BY made_at, id",
                (request, request),
            )
            found = []
            for (id,) in await cursor.fetchall():
                one = await outgoing.take(work.unit, id)
                assert one is not None
                if one.payload is not None:
                    found.append(msgspec.json.decode(one.payload, type=CodeMessage))
            return sorted(found, key=lambda one: one.until)

    async def entries(self, kind: str) -> list[dict[str, Any]]:
        """The facts of the record's entries of that kind, with who acted."""
        async with self.club.tillit.unit() as work:
            connection = await raw(work.session)
            cursor = await connection.execute("SELECT convert_from(body, 'UTF8') FROM audit_entry")
            bodies = [json.loads(body) for (body,) in await cursor.fetchall()]
        found = [one for one in bodies if one["kind"] == kind]
        return [{**one["facts"], "actor": one["actor"]["type"]} for one in found]

    async def outcomes(self, kind: str = "identity.tried") -> Counter[str]:
        return Counter(one["outcome"] for one in await self.entries(kind))

    def link(self, member: str, request: str, until: datetime) -> str:
        """The path of the link in the letter that asks who they are."""
        made = links_of(self.club.tillit).identifying(UUID(member), UUID(request), until=until)
        return made.removeprefix(self.club.tillit.settings.public_url)

    async def state(self, request: str) -> dict[str, Any]:
        officer = await self.club.officer()
        found: dict[str, Any] = await officer.ok("GET", f"/v1/requests/{request}/identity")
        return found

    async def everything_kept(self) -> str:
        """Every value of every table, as text, to look for what must not be there."""
        found = []
        url = libpq(self.club.tillit.url, role=None)
        async with await psycopg.AsyncConnection.connect(url) as connection:
            cursor = await connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            )
            for (table,) in await cursor.fetchall():
                rows = await connection.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t')
                found += [row[0] for row in await rows.fetchall()]
        for path in self.club.tillit.settings.data.rglob("*"):
            if path.is_file():
                found.append(path.read_bytes().decode("latin-1"))
        everything = "\n".join(found)
        return everything + "\n" + "\n".join(_bytes_in(everything))


def _bytes_in(text: str) -> list[str]:
    """What the columns of bytes say, for they are written in hex."""
    return [
        bytes.fromhex(one).decode("latin-1") for one in re.findall(r"\\\\x((?:[0-9a-f]{2})+)", text)
    ]


def wrong(code: str) -> str:
    """Another code of the same length."""
    return f"{(int(code) + 1) % 10**8:08}"


async def tries(own: Client, base: str, identifier: str, code: str) -> str:
    body = {"identifier": identifier, "code": code}
    return str((await own.ok("POST", f"{base}/codes/check", body))["outcome"])


async def wants(own: Client, base: str, identifier: str = "email") -> str:
    return str((await own.ok("POST", f"{base}/codes", {"identifier": identifier}))["outcome"])


def mine(request: str) -> str:
    return f"/v1/me/requests/{request}/identity"
