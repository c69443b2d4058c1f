"""A club whose recipients are told by connectors, a toy processor, and a clock that is set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from a_life import Life, lived
from toy_processor import Key, Toy, toy

from api import work as worker
from api.bootstrap import SYSTEM, Tillit, opened
from api.http.app import create_app
from api.settings import Settings
from audit.browsing import Told, all_entries
from consent.programme import load_programme
from dsar import outgoing, register
from dsar.connectors import desk
from dsar.outgoing import Outgoing
from dsar.register import Request
from dsar.states import Right
from kernel.clock import StoppedClock
from kernel.database import raw

CLUB = Path(__file__).parents[3] / "examples" / "fjallklubben.toml"

OPENDSR = """
[recipients.letters.connector]
by = "opendsr"
address = "{address}/dsr"
carries = ["erasure"]
identifiers = ["email", "member_number"]
answer_days = 10
"""
WEBHOOK = """
[recipients.letters.connector]
by = "webhook"
address = "{address}/hook"
identifiers = ["email"]
answer_days = 10
"""
MAILBOX = """
[recipients.letters.connector]
by = "mailbox"
address = "privacy@brevduvan.example"
identifiers = ["email"]
answer_days = 10
"""


@dataclass
class Recipients:
    """`life`: the member this is about; `toy`: who receives."""

    life: Life
    toy: Toy
    clock: StoppedClock

    @property
    def tillit(self) -> Tillit:
        return self.life.tillit

    @property
    def keys(self) -> Path:
        return self.tillit.settings.data / "keys" / "connectors"

    async def connect(self, *tables: str) -> None:
        """Put a programme with these connectors in force."""
        text = CLUB.read_text("utf-8") + "".join(tables).replace("{address}", self.toy.address)
        file = self.tillit.settings.data / "connected.toml"
        file.write_text(text, "utf-8")
        await self.tillit.apply(SYSTEM, load_programme(file))

    async def asked(self, right: Right = Right.ERASURE, member: UUID | None = None) -> UUID:
        """A request, approved and carried out; recipients have been told once."""
        return await self.life.answered(right, member)

    async def request(self, id: UUID) -> Request:
        async with self.tillit.unit() as work:
            return await register.get(work.unit, id)

    async def word(self, request: UUID, recipient: str = "letters") -> Outgoing:
        """The word to one recipient because of one request."""
        async with self.tillit.unit() as work:
            found = await outgoing.of_request(work.unit, request)
        [word] = [one for one in found if one.recipient == recipient]
        return word

    async def later(self, **time: float) -> None:
        """So much later, when the worker has done what is due."""
        self.clock.at += timedelta(**time)
        await worker.drain(self.tillit)

    async def next(self, request: UUID) -> None:
        """When it is tried, or asked, the next time; and that done."""
        at = (await self.word(request)).next_at
        assert at is not None, "nothing is planned"
        self.clock.at = max(at, self.clock.at)
        await worker.drain(self.tillit)

    async def retry(self, word: UUID) -> None:
        async with self.tillit.unit() as work:
            await desk.retry(work.unit, work.active, word)
        await worker.drain(self.tillit)

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        async with self.tillit.database.transaction() as session:
            return await (await (await raw(session)).execute(statement, values)).fetchall()

    async def answers(self, word: UUID) -> list[tuple[str, str, str, str | None]]:
        """What is kept of what was answered: how it came, what it says, digest, document."""
        return await self.rows(
            "SELECT kind, said, digest, document FROM recipient_answer WHERE outgoing = %s "
            "ORDER BY at, id", word,
        )  # fmt: skip

    async def entries(self, kind: str) -> list[Told]:
        async with self.tillit.unit() as work:
            return [one async for one in all_entries(work.session) if one.kind == kind]


@asynccontextmanager
async def connected(
    settings: Settings, keys: tuple[Key, Key], *tables: str
) -> AsyncIterator[Recipients]:
    """The club with these connectors; everybody at their place until the block ends."""
    clock = StoppedClock(datetime.now(UTC))
    async with opened(settings, clock=clock) as tillit, toy(*keys) as processor:
        transport = httpx.ASGITransport(create_app(tillit, worker=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://tillit.test") as ours:
            processor.ours, processor.clock = ours, clock.now
            await tillit.apply(SYSTEM, load_programme(CLUB))
            made = Recipients(await lived(tillit), processor, clock)
            processor.pinned_in(made.keys)
            await made.connect(*tables)
            yield made
