"""Entries read back: what their bodies say, a page at a time or for one subject."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from audit.errors import EntryInvalid
from audit.tree import rows

_PAGE = 5_000


class Actor(msgspec.Struct, frozen=True):
    type: str
    id: str


class Told(msgspec.Struct, frozen=True):
    """What a stored body says."""

    id: UUID
    at: datetime
    kind: str
    actor: Actor
    purpose: str | None
    programme: int | None
    subject: str | None
    facts: dict[str, Any]
    commitment: str | None


_decode = msgspec.json.Decoder(Told).decode


def told(body: bytes) -> Told:
    """Raises `EntryInvalid` when the bytes are no entry."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EntryInvalid("the stored bytes are no entry") from error


async def all_entries(session: AsyncSession) -> AsyncIterator[Told]:
    """Every entry there is, in the order of their ids; a page at a time in memory."""
    last = UUID(int=0)
    while True:
        page = await rows(
            session,
            "SELECT id, body FROM audit_entry WHERE id > %s ORDER BY id LIMIT %s",
            last,
            _PAGE,
        )
        for _, body in page:
            yield told(body)
        if len(page) < _PAGE:
            return
        last = page[-1][0]
