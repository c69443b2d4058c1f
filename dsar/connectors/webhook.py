"""A plain signed webhook: Standard Webhooks around a thin CloudEvents 1.0 event.

The message's id is the word's own, so that a repetition is known. 2xx says that it has arrived.
That it is done, the recipient says in the same answer, signed, or later at our door.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from audit.entries import rfc3339
from consent.programme.handling import Carrier
from dsar.connectors.calling import Reply, call
from dsar.connectors.errands import ANSWERS_PATH, Answer, Errand, Outcome, Said, Way, came_of
from dsar.connectors.schedule import until_asked
from dsar.connectors.shared_secrets import ID, SIGNATURE, TIMESTAMP, Secret, secret
from dsar.connectors.trouble import Trouble
from dsar.errors import NotTold
from dsar.outgoing import State

#: The kinds of events: what a member's request led to, and one that tests the way there.
TYPE, PING = "tillit.recipient", "tillit.ping"
MEDIA_TYPE = "application/cloudevents+json"


class Event(msgspec.Struct):
    """CloudEvents 1.0 in structured mode."""

    id: str
    source: str
    type: str
    time: str
    data: dict[str, Any]
    specversion: str = "1.0"
    datacontenttype: str = "application/json"

    def __repr__(self) -> str:
        return f"Event({self.type}, ***)"


class Answered(msgspec.Struct):
    """What a recipient says of a word: `id` is the word's, and may be left out in its receipt."""

    status: Literal["received", "in_progress", "completed", "cancelled"]
    id: UUID | None = None


_answered = msgspec.json.Decoder(Answered).decode


async def carry(errand: Errand) -> Outcome:
    """Send it. Raises `NotTold`."""
    shared = secret(errand.home.keys, errand.recipient)
    body = msgspec.json.encode(_event(errand))
    reply = await send(errand.address, shared, str(errand.id), body, now=errand.now)
    reply.raise_for_status()
    by = Carrier.WEBHOOK
    again = until_asked(by, made_at=errand.made_at, due=errand.due, now=errand.now)
    if SIGNATURE not in reply.headers:
        return Outcome(State.SENT, again=again)
    if reply.headers.get(ID) != str(errand.id) or not shared.has_signed(
        reply.headers, reply.body, now=errand.now
    ):
        raise NotTold(Trouble.BAD_SIGNATURE)
    said, about = answered(reply.body)
    if about not in (None, errand.id):
        raise NotTold(Trouble.OF_ANOTHER)
    return came_of(answer_of(Way.RECEIPT, said, reply.headers, reply.body), again=again)


def answered(body: bytes) -> tuple[Said, UUID | None]:
    """What signed bytes say, and of which word. Raises `NotTold`: `malformed`."""
    try:
        found = _answered(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotTold(Trouble.MALFORMED) from error
    return Said(found.status), found.id


def answer_of(way: Way, said: Said, headers: Mapping[str, str], body: bytes) -> Answer:
    """An answer whose signature holds: what is signed is its id and its time too."""
    signed = f"{headers[ID]}.{headers[TIMESTAMP]}.".encode() + body
    return Answer(way, said, signed, signed, headers[SIGNATURE])


async def send(address: str, shared: Secret, id: str, body: bytes, *, now: datetime) -> Reply:
    """One signed message; whatever it is answered. Raises `NotTold`."""
    headers = {"Content-Type": MEDIA_TYPE, **shared.signed(id, body, at=now)}
    return await call("POST", address, headers=headers, content=body)


def ping(source: str, *, id: UUID, now: datetime) -> bytes:
    """An event that says nothing, to test the way with."""
    return msgspec.json.encode(Event(str(id), source, PING, rfc3339(now), {}))


def _event(errand: Errand) -> Event:
    word = errand.word
    data: dict[str, Any] = {
        "what": word.what,
        "identities": word.identities,
        "answer_to": errand.home.callback(errand.recipient, ANSWERS_PATH),
    }
    if word.values:
        data["values"] = word.values
    if errand.due is not None:
        data["due"] = errand.due.isoformat()
    kind = f"{TYPE}.{word.what}"
    return Event(str(errand.id), errand.home.url, kind, rfc3339(errand.made_at), data)
