"""Trying the way to a recipient, with nothing about anybody on it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.programme.handling import Carrier
from consent.programmes import Active
from dsar.connectors import opendsr, webhook
from dsar.connectors.errands import Home
from dsar.connectors.pinned import pinned
from dsar.connectors.shared_secrets import secret
from dsar.connectors.trouble import Trouble
from dsar.errors import NotTold, UnknownConnector
from kernel.ids import uuid7


@dataclass(frozen=True)
class Way:
    """A recipient's way, as the programme names it."""

    recipient: str
    by: Carrier
    address: str


def way_to(active: Active, recipient: str) -> Way:
    """Raises `UnknownConnector`, without repeating what was asked for."""
    found = active.programme.recipients.get(recipient)
    if found is None or found.connector is None:
        raise UnknownConnector(
            "the programme names no such recipient, or no way to it",
            place="recipient",
            remedy="`tillit connectors list` shows those there are",
        )
    return Way(recipient, found.connector.by, found.connector.address)


async def attempt(way: Way, home: Home, *, now: datetime) -> str:
    """What was tried, in words, when all is well. Raises `NotTold` when something is not.

    OpenDSR: the certificate, and what the processor says that it can do. A webhook: the secret,
    and a signed event that says nothing. A mailbox: nothing is sent.
    """
    if way.by is Carrier.OPENDSR:
        pinned(home.keys, way.recipient, now=now)
        found = await opendsr.discover(way.address, home.authorization(way.recipient))
        if "erasure" not in found.supported_subject_request_types:
            raise NotTold(Trouble.REFUSED)
        return f"its certificate holds, and it takes erasures by OpenDSR {found.api_version}"
    if way.by is Carrier.WEBHOOK:
        id = uuid7()
        body = webhook.ping(home.url, id=id, now=now)
        shared = secret(home.keys, way.recipient)
        reply = await webhook.send(way.address, shared, _named(id), body, now=now)
        reply.raise_for_status()
        return "it has taken a signed event that says nothing"
    return "letters go to its mailbox; none was sent"


def _named(id: UUID) -> str:
    return f"ping_{id.hex}"
