"""OpenDSR 2.0, as a controller: an erasure handed to a processor, which signs what it answers.

    POST {address}/requests  ─►  201, signed  ─►  GET {address}/requests/{id}, or its callbacks

The id is the word's own, so that a processor knows a repetition; one that refuses it as known is
asked instead. A signature is verified before the bytes under it are parsed (OpenDSR 8.8).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal
from uuid import UUID

import msgspec

from audit.entries import rfc3339
from consent.programme.handling import Carrier
from dsar.connectors.addresses import host_of
from dsar.connectors.calling import Reply, call
from dsar.connectors.errands import OPENDSR_PATH, Answer, Errand, Outcome, Said, Way, came_of
from dsar.connectors.pinned import Pinned, pinned
from dsar.connectors.schedule import after_failure, until_asked
from dsar.connectors.trouble import Trouble
from dsar.errors import NotTold
from dsar.outgoing import State

VERSION = "2.0"
DOMAIN, SIGNATURE = "x-opendsr-processor-domain", "x-opendsr-signature"
#: What OpenDSR calls what a member is found by; a field of another kind goes by its own name.
_TYPES = {"member_number": "controller_customer_id", "email": "email", "phone": "phone_number"}
_KNOWN_ALREADY = (400, 409)


class Identity(msgspec.Struct):
    identity_type: str
    identity_value: str
    identity_format: str = "raw"


class Submitted(msgspec.Struct):
    """The body of a request (OpenDSR 7.1.1)."""

    regulation: str
    subject_request_id: str
    subject_request_type: str
    submitted_time: str
    subject_identities: list[Identity]
    api_version: str
    status_callback_urls: list[str]


class Receipt(msgspec.Struct):
    """What is needed of the answer to one (7.3). The rest repeats whom it is about."""

    subject_request_id: UUID


class Status(msgspec.Struct):
    """What is needed of a status, asked for (8.3) or sent by itself (8.6)."""

    subject_request_id: UUID
    request_status: Literal["pending", "in_progress", "completed", "cancelled"]
    status_callback_url: str | None = None


class Discovered(msgspec.Struct):
    """What a processor says that it does (6.3)."""

    api_version: str
    supported_subject_request_types: list[str]
    supported_identities: list[dict[str, str]]


_SAID = {
    "pending": Said.RECEIVED,
    "in_progress": Said.IN_PROGRESS,
    "completed": Said.COMPLETED,
    "cancelled": Said.CANCELLED,
}
_receipt = msgspec.json.Decoder(Receipt).decode
_status = msgspec.json.Decoder(Status).decode
_discovered = msgspec.json.Decoder(Discovered).decode


async def carry(errand: Errand) -> Outcome:
    """Hand it over, or ask how far it is. Raises `NotTold`."""
    key = pinned(errand.home.keys, errand.recipient, now=errand.now)
    if errand.sent:
        return await _ask(errand, key)
    headers = {"Content-Type": "application/json", **errand.home.authorization(errand.recipient)}
    body = msgspec.json.encode(_submitted(errand))
    address = f"{errand.address.rstrip('/')}/requests"
    reply = await call("POST", address, headers=headers, content=body)
    if reply.status in _KNOWN_ALREADY:
        found = await _ask(errand, key)
        if found.trouble is Trouble.UNKNOWN_THERE:
            raise NotTold(Trouble.REFUSED)
        return found
    reply.raise_for_status()
    _verify(errand, key, reply)
    try:
        about = _receipt(reply.body).subject_request_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotTold(Trouble.MALFORMED) from error
    if about != errand.id:
        raise NotTold(Trouble.OF_ANOTHER)
    # Not kept: it repeats the request, identities and all (7.3).
    answer = Answer(Way.RECEIPT, Said.RECEIVED, reply.body)
    return Outcome(State.SENT, again=_wait(errand), answer=answer)


async def discover(address: str, headers: Mapping[str, str]) -> Discovered:
    """What a processor says that it does; nothing of a member is sent. Raises `NotTold`."""
    reply = await call("GET", f"{address.rstrip('/')}/discovery", headers=headers)
    reply.raise_for_status()
    try:
        return _discovered(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotTold(Trouble.MALFORMED) from error


def status(body: bytes) -> tuple[Status, Said]:
    """A status whose signature holds, and what it means. Raises `NotTold`: `malformed`."""
    try:
        found = _status(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotTold(Trouble.MALFORMED) from error
    return found, _SAID[found.request_status]


def is_signed(headers: Mapping[str, str], body: bytes, *, key: Pinned, host: str) -> bool:
    """Whether these bytes are signed by the processor at `host`."""
    domain = headers.get(DOMAIN, "").strip().lower()
    return domain == host.lower() and key.has_signed(body, headers.get(SIGNATURE, ""))


async def _ask(errand: Errand, key: Pinned) -> Outcome:
    address = f"{errand.address.rstrip('/')}/requests/{errand.id}"
    reply = await call("GET", address, headers=errand.home.authorization(errand.recipient))
    if reply.status == 404:
        again = after_failure(errand.attempts)
        return Outcome(State.WAITING, Trouble.UNKNOWN_THERE, again=again)
    reply.raise_for_status()
    _verify(errand, key, reply)
    found, said = status(reply.body)
    if found.subject_request_id != errand.id:
        raise NotTold(Trouble.OF_ANOTHER)
    signature = reply.headers.get(SIGNATURE, "")
    answer = Answer(Way.STATUS, said, reply.body, reply.body, signature)
    return came_of(answer, again=_wait(errand))


def _verify(errand: Errand, key: Pinned, reply: Reply) -> None:
    if not is_signed(reply.headers, reply.body, key=key, host=host_of(errand.address)):
        raise NotTold(Trouble.BAD_SIGNATURE)


def _wait(errand: Errand) -> timedelta:
    return until_asked(Carrier.OPENDSR, made_at=errand.made_at, due=errand.due, now=errand.now)


def _submitted(errand: Errand) -> Submitted:
    known = errand.word.identities.items()
    return Submitted(
        regulation="gdpr",
        subject_request_id=str(errand.id),
        subject_request_type="erasure",
        submitted_time=rfc3339(errand.received),
        subject_identities=[
            Identity(_TYPES.get(errand.types.get(name, ""), name), value) for name, value in known
        ],
        api_version=VERSION,
        status_callback_urls=[errand.home.callback(errand.recipient, OPENDSR_PATH)],
    )
