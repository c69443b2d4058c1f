"""What recipients answer: kept, put on record, and what it means for the word and its request.

An answer is kept for as long as the record, and neither can be taken back: so the document is
kept only where it does not say whom it is about. Its digest always is.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, unquote
from uuid import UUID

import msgspec

from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from dsar import outgoing, register
from dsar.carrying import SETTLE_JOB, subject_of
from dsar.connectors.errands import Answer, Outcome, Said
from dsar.outgoing import Outgoing
from dsar.telling import Word
from kernel.database import raw
from kernel.ids import uuid7
from kernel.jobs import enqueue
from profiles.unit import Unit

_LONGEST = 8 << 10  # bytes of a document that is kept
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_NO_DIGIT = re.compile(r"\D")
_SPACED = re.compile(r"(?<=\d)[\s().\/-]+(?=\d)")
_TAIL = 7  # digits by which a telephone number is known in every way of writing it


async def take_in(unit: Unit, act: Act, row: Outgoing, outcome: Outcome) -> bool:
    """What a locked word's call, or its recipient by itself, has led to; whether it was news.

    Durable with the transaction: the answer, where the word stands, its entry, and the job that
    closes its request. What was said before changes nothing, nor does an answer to a closed word.
    """
    answer = outcome.answer
    news = answer is not None and await _keep(unit, row, answer)
    digest = digest_of(answer) if answer is not None else None
    if not row.state.is_open:
        if news:
            await note(unit, act, row, {"state": row.state.value, "answer": digest})
        return news
    trouble = outcome.trouble.value if outcome.trouble is not None else None
    await outgoing.move(
        unit, row.id, outcome.state, problem=trouble, answer=digest, again=outcome.again
    )
    if news or not outcome.state.is_open:
        await note(unit, act, row, {"state": outcome.state.value, "answer": digest})
    if not outcome.state.is_open:
        await enqueue(unit.session, SETTLE_JOB, request=str(row.request))
    return news


def digest_of(answer: Answer) -> str:
    return hashlib.sha256(answer.signed).hexdigest()


async def note(unit: Unit, act: Act, row: Outgoing, facts: dict[str, Fact]) -> None:
    """Put on record what became of a word."""
    about: dict[str, Fact] = {"request": str(row.request), "recipient": row.recipient, **facts}
    if row.payload is not None:  # it has opened, so that it went this way
        about["by"] = row.carrier
    subject = await subject_of(unit, await register.row_of(unit, row.request))
    entry = act.entry(EntryKind.RECIPIENT_ANSWERED, subject=subject, facts=about)
    await unit.record.write(unit.session, entry)


async def seen(unit: Unit, row: UUID, answer: Answer) -> bool:
    """Whether these very bytes were taken before: somebody may be sending them again."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT FROM recipient_answer WHERE outgoing = %s AND digest = %s",
        (row, digest_of(answer)),
    )
    return await cursor.fetchone() is not None


async def _keep(unit: Unit, row: Outgoing, answer: Answer) -> bool:
    """Whether it is new. That it is at it, a recipient says often: the first time is kept."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT said FROM recipient_answer WHERE outgoing = %s", (row.id,)
    )
    before = {said for (said,) in await cursor.fetchall()}
    weighs = answer.said is Said.CANCELLED or (answer.said is Said.COMPLETED and row.state.is_open)
    if answer.said.value in before and not weighs:
        return False
    cursor = await connection.execute(
        "INSERT INTO recipient_answer (id, outgoing, recipient, at, kind, said, digest, document) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (outgoing, digest) DO NOTHING",
        (
            *(uuid7(), row.id, row.recipient, unit.now, answer.way.value, answer.said.value),
            *(digest_of(answer), _document(row, answer)),
        ),
    )
    return bool(cursor.rowcount)


def _document(row: Outgoing, answer: Answer) -> str | None:
    """The signed bytes and their signature, as JSON; None where they may name the member."""
    if answer.kept is None or row.payload is None or len(answer.kept) > _LONGEST:
        return None
    word = msgspec.json.decode(row.payload, type=Word)
    values = [*word.identities.values(), *(str(one) for one in word.values.values() if one)]
    if names(answer.kept, values):
        return None
    document = {"signed": answer.kept.decode(), "signature": answer.signature}
    return json.dumps(document, ensure_ascii=False)


def names(document: bytes, values: list[str]) -> bool:
    """Whether one of the values stands in a document, plainly or in one of its disguises.

    Also inside what is base64, and a number however it is spaced and with or without its country.
    """
    try:
        plain = unquote(document.decode())
        plain += json.dumps(json.loads(plain[plain.find("{") :]), ensure_ascii=False)
    except ValueError:
        return True  # what cannot be read cannot be looked through
    texts = [one.casefold() for one in (document.decode(), plain, *_within(plain))]
    spelt = [one.casefold() for value in values for one in _disguises(value)]
    numbers = [digits[-_TAIL:] for value in values if len(digits := _NO_DIGIT.sub("", value)) > 5]
    return any(
        any(one in text for one in spelt) or any(one in _SPACED.sub("", text) for one in numbers)
        for text in texts
    )


def _within(text: str, depth: int = 3) -> Iterator[str]:
    """What stands in the base64 of a text, and in the base64 of that."""
    for run in _BASE64.findall(text) if depth else ():
        bare = run.replace("-", "+").replace("_", "/")
        bare = bare[: len(bare) // 4 * 4 + (len(bare) % 4 if len(bare) % 4 != 1 else 0)]
        inner = base64.b64decode(bare + "=" * (-len(bare) % 4)).decode(errors="replace")
        yield inner
        yield from _within(inner, depth - 1)


def _disguises(value: str) -> Iterator[str]:
    for one in {value, value.casefold(), value.strip(), value.lstrip("+")}:
        data = one.encode()
        yield one
        yield quote(one, safe="")
        yield json.dumps(one).strip('"')
        yield base64.b64encode(data).decode().rstrip("=")
        for digest in (hashlib.sha256, hashlib.sha1, hashlib.md5):
            yield digest(data, usedforsecurity=False).hexdigest()
