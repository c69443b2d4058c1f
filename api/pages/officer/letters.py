"""The letters of a request, read and fetched: as they were written, and as they would be.

Who opens one is on record. One that waits to be handed over is fetched by a form and not by a link:
fetching it says that it has reached the member.
"""

import asyncio
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from api.pages.answers import File, Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.request import ONE
from api.pages.officer.rows import to
from api.people.people import Kind
from consent.programme import Ability
from dsar import packages, register
from dsar.certificates import ERASURE_PART, HORIZON_PART
from dsar.errors import NotReady
from dsar.letters import desk, sheets
from dsar.letters.kinds import Kind as Letter
from dsar.letters.kinds import kind_named
from dsar.letters.written import Written
from dsar.outgoing import State as Way
from dsar.packages.marking import mark
from dsar.readable import checked
from dsar.readable import sheets as certificate_sheets
from dsar.readable.checked import Check

pages = Pages(Kind.OFFICER)
PDF, ZIP = "application/pdf", "application/zip"
_PRIVATE = {"Cache-Control": "no-store"}
_PARTS = (ERASURE_PART, HORIZON_PART)


@dataclass(frozen=True)
class LetterPage(View):
    """A letter as it was written. `kind`: its word in the address."""

    template: ClassVar[str] = "officer/letter.html"
    title: ClassVar[str] = mark("A letter")

    request: UUID
    kind: str
    letter: Written


@pages("GET", ONE + "/letters/{letter}", ability=Ability.REQUESTS)
async def read(asked: Asked) -> LetterPage | Go:
    """A letter as it was written; one that waits to be handed over is fetched on paper instead."""
    request, kind = asked.id("request"), _kind(asked)
    written = {one.kind: one.state for one in await desk.listed(asked.unit, request)}
    if written.get(kind) is Way.DOWNLOAD:
        return Go(to(request) + "#letters")
    return LetterPage(request, kind.value, await _opened(asked, kind))


@pages("POST", ONE + "/letters/{letter}", ability=Ability.REQUESTS)
async def fetch(asked: Asked) -> File:
    """A letter on paper; one that waited to be handed over counts as that from now on."""
    kind = _kind(asked)
    drawn = await asyncio.to_thread(sheets.pdf, await _opened(asked, kind))
    return File(drawn, PDF, f"{kind.value}.pdf", headers=_PRIVATE)


@pages("GET", ONE + "/certificates/{part}", ability=Ability.REQUESTS)
async def certificate(asked: Asked) -> File:
    """The certificate of an erasure, on paper, with the signed document in it."""
    part = str(asked.path["part"])
    if part not in _PARTS:
        raise NotReady("there is no such certificate", place="certificate")
    signer = await asked.tillit.signer(asked.work.session)
    check = Check(asked.unit, asked.active, signer, asked.tillit.settings.public_url)
    reading = await checked.of_request(check, asked.id("request"), part=part)
    drawn = await asyncio.to_thread(certificate_sheets.pdf, reading)
    return File(drawn, PDF, f"certificate-{part}.pdf", headers=_PRIVATE)


@pages("POST", ONE + "/package", ability=Ability.REQUESTS, proved=True)
async def package(asked: Asked) -> File:
    """The answer to access or portability, for an officer who hands it over; on record."""
    found = await register.get(asked.unit, asked.id("request"))
    if found.member is None:
        raise NotReady("the member of this request has been erased", place="request")
    one = await packages.fetch(asked.unit, asked.act, found.id, found.member)
    return File(one.zipped, ZIP, "package.zip", headers=_PRIVATE)


def _kind(asked: Asked) -> Letter:
    return kind_named(str(asked.path["letter"]))


async def _opened(asked: Asked, kind: Letter) -> Written:
    """Raises `UnknownLetter`."""
    return await desk.opened(asked.unit, asked.act, asked.id("request"), kind)
