"""Members' own data subject requests, and what came of them."""

import asyncio
from uuid import UUID

import msgspec

from api.http.bodies import Name
from api.http.doors import JSON, Asked, Doors, Media
from api.http.requests import RequestShown, shown
from audit.entries import ActorType
from dsar import certificates, packages, register, requests
from dsar.errors import UnknownRequest
from dsar.identity import How, Proof
from dsar.journal import Journal, Line
from dsar.register import Request
from dsar.words import Channel, right_named

doors = Doors(ActorType.MEMBER)

ZIP = "application/zip"


class Right(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked for: access, erasure, restriction, or release from a restriction."""

    right: Name


@doors("POST", "/v1/me/requests", status=201)
async def ask(asked: Asked, wanted: Right) -> RequestShown:
    """Ask for a right to be carried out; the time to answer runs from now (Art. 12(3)).

    What you have asked for already, and is still open, is not opened twice.
    """
    lately = asked.who.proved_lately(asked.unit.now)
    found = await requests.open_request(
        asked.unit,
        asked.act,
        asked.active,
        right_named(wanted.right),
        asked.member.id,
        channel=Channel.MEMBER,
        proof=Proof(How.STEP_UP) if lately else None,
    )
    return shown(found)


@doors("GET", "/v1/me/requests")
async def mine(asked: Asked) -> list[RequestShown]:
    """Your requests, the most urgent first."""
    return [shown(one) for one in await register.listed(asked.unit, member=asked.member.id)]


@doors("GET", "/v1/me/requests/{request:uuid}/package", media=ZIP)
async def package(asked: Asked) -> Media:
    """The answer to an access request: everything, to read and for machines, with proofs."""
    request = await _own(asked, asked.id("request"))
    found = await packages.fetch(asked.unit, asked.act, request.id, asked.member.id)
    return Media(found.zipped, ZIP, filename="package.zip")


@doors("GET", "/v1/me/requests/{request:uuid}/certificate", erased_too=True)
async def certificate(asked: Asked) -> Media:
    """The signed certificate of your erasure, with a token from before it.

    Who was whose request is forgotten in the database; the journal of erasures still knows.
    """
    request = asked.id("request")
    journal = Journal(asked.tillit.settings.journal)
    lines = await asyncio.to_thread(journal.lines)
    if Line(asked.who.member_id, request) not in lines:
        raise UnknownRequest("there is no such request", place="request")
    document = await certificates.of_request(asked.unit, request)
    return Media(document.encode(), JSON)


async def _own(asked: Asked, request: UUID) -> Request:
    found = await register.get(asked.unit, request)
    if found.member != asked.member.id:
        raise UnknownRequest("there is no such request", place="request")
    return found
