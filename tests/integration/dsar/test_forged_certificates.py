"""Whoever writes to the table of certificates has nothing said of an erasure that is not so."""

import json
from typing import Any
from uuid import UUID

import psycopg
import pytest
from at_the_books import Books

from api import work as worker
from api.bootstrap import SYSTEM
from dsar import certificates, certified, checks
from dsar.certificates import ERASURE_PART, HORIZON_PART
from dsar.certified import Answer
from dsar.readable import checked
from dsar.readable.checked import Check
from kernel.database import libpq
from kernel.errors import Unavailable

GARBAGE = (
    json.dumps({"certificate": {"passed_at": "2026-01-01T00:00:00Z"}}),
    json.dumps({"certificate": {"recipients": []}}),
    "garbage",
    "{}",
    "[" * 9_999,
)


def _forge(books: Books, statement: str, *values: Any) -> None:
    with psycopg.connect(libpq(books.tillit.url, role=None)) as connection:
        connection.execute("ALTER TABLE certificate DISABLE TRIGGER USER")
        connection.execute(statement, values)  # type: ignore[arg-type]


def _put(books: Books, request: UUID, part: str, document: str) -> None:
    _forge(books, "DELETE FROM certificate WHERE request = %s AND part = %s", request, part)
    _forge(
        books,
        "INSERT INTO certificate SELECT id, %s, erased, 1, %s FROM request WHERE id = %s",
        *(part, document, request),
    )


async def _document(books: Books, request: UUID, part: str = ERASURE_PART) -> dict[str, Any]:
    async with books.tillit.unit() as work:
        found: dict[str, Any] = json.loads(
            await certificates.of_request(
                work.unit, await books.tillit.signer(work.session), request, part
            )
        )
    return found


async def _ask(books: Books, document: dict[str, Any]) -> Answer:
    async with books.tillit.unit() as work:
        signer = await books.tillit.signer(work.session)
        return await certified.ask(work.unit, signer, document)


async def _read(books: Books, request: UUID, part: str = ERASURE_PART) -> str:
    async with books.tillit.unit() as work:
        signer = await books.tillit.signer(work.session)
        check = Check(work.unit, work.active, signer, "https://club.example")
        found = await checked.of_request(check, request, part=part, language="en")
    return found.parts[1].said[0]


async def _wrong(books: Books) -> list[str]:
    await books.tillit.integrate()
    key = (await books.tillit.signer()).key
    async with books.tillit.unit() as work:
        return await checks.check(work.unit, key)


@pytest.mark.parametrize("forged", GARBAGE)
async def test_a_forged_second_certificate_is_none(books: Books, forged: str) -> None:
    """The erasure's own keys are still there, and so nothing else is said."""
    request = await books.erased(await books.joins())
    first = await _document(books, request)
    _put(books, request, HORIZON_PART, forged)
    found = await _ask(books, first)
    assert (found.verified, found.horizon) == (True, None)
    assert "stay locked" in await _read(books, request)
    with pytest.raises(Unavailable, match="not what was signed"):
        await _read(books, request, HORIZON_PART)
    named = f"the certificate of request {request} is not what was issued"
    assert await _wrong(books) == [named]
    await books.tillit.rotate(SYSTEM)
    await worker.drain(books.tillit)  # nothing takes its place, and nothing stops for it
    assert (await _ask(books, first)).horizon is None
    assert await _wrong(books) == [named]


async def test_a_second_certificate_of_another_erasure_says_nothing_of_this_one(
    books: Books,
) -> None:
    early = await books.erased(await books.joins())
    await books.tillit.rotate(SYSTEM)
    late = await books.erased(await books.joins())
    await worker.drain(books.tillit)
    other = await _document(books, early, HORIZON_PART)
    _put(books, late, HORIZON_PART, json.dumps(other))
    assert (await _ask(books, await _document(books, late))).horizon is None
    assert "stay locked" in await _read(books, late)
    with pytest.raises(Unavailable):
        await _read(books, late, HORIZON_PART)
    _put(books, late, HORIZON_PART, json.dumps(await _document(books, late)))
    assert (await _ask(books, await _document(books, late))).horizon is None


@pytest.mark.parametrize("forged", GARBAGE)
async def test_a_forged_first_certificate_names_no_recipient_and_founds_no_second(
    books: Books, forged: str
) -> None:
    request, other = [await books.erased(await books.joins()) for _ in range(2)]
    _put(books, other, ERASURE_PART, forged)
    await books.tillit.rotate(SYSTEM)
    await worker.drain(books.tillit)
    second = await _document(books, request, HORIZON_PART)
    _put(books, request, ERASURE_PART, forged)
    found = await _ask(books, second)
    assert (found.verified, found.recipients, found.horizon) == (True, (), second)
    with pytest.raises(Unavailable):
        await _read(books, request)
    async with books.tillit.unit() as work:
        assert not await certificates.issued(
            work.unit, await books.tillit.signer(work.session), other, HORIZON_PART
        )
