"""`/certificate`: whether a certificate of erasure is ours, and what it says, told to anybody.

Who was erased is known to nobody, so no page of it asks who one is. A certificate that is sent here
is looked at and forgotten: it is posted, stands in no address, and what is answered is not kept.
It names no person, and neither does the page.

At `/certificate/{token}`, an address that the member was given before the erasure, both
certificates are fetched once there are any.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from api.links import Kind as LinkKind
from api.links import links_of
from api.pages.answers import File, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from audit.notes import Signer
from dsar import certificates, register
from dsar.errors import NotACertificate, NotReady
from dsar.packages.marking import mark
from dsar.readable import checked, sheets
from dsar.readable import pages as drawn
from dsar.readable.checked import Check
from dsar.readable.reading import Part, Reading
from dsar.register import Request

pages = Pages(None)
PATH = "/certificate"
LONGEST = 64 << 10  # characters of a certificate
#: Of a form: JSON that is pasted is longer by what a form writes otherwise.
_LIMIT = 4 * LONGEST
JSON, HTML, PDF = "application/json", "text/html; charset=utf-8", "application/pdf"
_NONE = mark("There is nothing to look at yet: choose a file, or paste what stands in it.")
_LONG = mark("That is too long: a certificate has some kilobytes.")
_NOT_OURS = mark(
    "We did not sign this, or something of it was changed. Send the file as you got it; if it "
    "still does not hold, write to us."
)


@dataclass(frozen=True)
class Certificate(View):
    """The form. `wrong`: why what was sent is no certificate of ours; `typed`: what it was."""

    template: ClassVar[str] = "certificate.html"
    title: ClassVar[str] = mark("Check a certificate of erasure")

    wrong: str
    typed: str


@dataclass(frozen=True)
class NotCertified(Certificate):
    status: ClassVar[int] = 422


@dataclass(frozen=True)
class Certified(View):
    """What it says. `document`: what was sent, for the forms that have it drawn; `passed`: there is
    a second certificate."""

    template: ClassVar[str] = "certificate_read.html"
    title: ClassVar[str] = mark("This certificate holds")

    facts: Sequence[tuple[str, str]]
    lead: str
    parts: Sequence[Part]
    document: str
    passed: bool


@dataclass(frozen=True)
class MyCertificate(View):
    """What the holder of an address finds. `there`: the first; `passed`: the second too."""

    template: ClassVar[str] = "certificate_mine.html"
    title: ClassVar[str] = mark("Your certificate of erasure")

    there: bool
    passed: bool
    reference: UUID
    base: str
    facts: Sequence[tuple[str, str]]
    parts: Sequence[Part]


class Sent(msgspec.Struct, forbid_unknown_fields=True):
    """A certificate, as a file or pasted. `wanted`: the page, or a file of it."""

    file: str = ""
    text: str = ""
    wanted: str = "page"

    @property
    def document(self) -> str:
        return self.file.strip() or self.text.strip()

    def __repr__(self) -> str:
        return "Sent(***)"


@pages("GET", PATH)
async def see(_: Asked) -> Certificate:
    """The form."""
    return Certificate("", "")


@pages("POST", PATH, limit=_LIMIT, file=True)
async def check(asked: Asked, sent: Sent) -> Certified | NotCertified | File:
    """Whether it is ours, and what it says; as a file to keep, if that is wanted."""
    if not sent.document or len(sent.document) > LONGEST:
        wrong = _LONG if sent.document else _NONE
        return NotCertified(asked.speaking.say(wrong), "")
    signer = await asked.tillit.signer(asked.work.session)
    try:
        said = _read(sent.document)
        reading = await checked.of_document(
            _check(asked, signer), said, language=asked.speaking.code
        )
    except NotACertificate:
        return NotCertified(asked.speaking.say(_NOT_OURS), sent.text)
    request = UUID(said["certificate"]["request"])
    if sent.wanted == "second":
        return await _signed(asked, signer, request, certificates.HORIZON_PART)
    if sent.wanted in ("html", "pdf"):
        return await _drawn(reading, sent.wanted, "certificate")
    second = await certificates.issued(asked.unit, signer, request, certificates.HORIZON_PART)
    return Certified(
        facts=reading.facts,
        lead=reading.lead,
        parts=reading.parts,
        document=sent.document,
        passed=second is not None,
    )


@pages("GET", PATH + "/{token}")
async def mine(asked: Asked) -> MyCertificate:
    """Both certificates of the request that the address is for, as far as there are any."""
    found, signer = await _request(asked), await asked.tillit.signer(asked.work.session)
    try:
        reading = await checked.of_request(
            _check(asked, signer), found.id, language=asked.speaking.code
        )
    except NotReady:
        reading = None
    second = await certificates.issued(asked.unit, signer, found.id, certificates.HORIZON_PART)
    return MyCertificate(
        there=reading is not None,
        passed=second is not None,
        reference=found.id,
        base=f"{PATH}/{asked.path['token']}",
        facts=() if reading is None else reading.facts,
        parts=() if reading is None else reading.parts,
    )


@pages("GET", PATH + "/{token}/{part}/{form}")
async def fetch(asked: Asked) -> File:
    """One of them, signed or to be read."""
    part, form = str(asked.path["part"]), str(asked.path["form"])
    found, signer = await _request(asked), await asked.tillit.signer(asked.work.session)
    if part not in (certificates.ERASURE_PART, certificates.HORIZON_PART):
        raise NotReady("there is no such certificate", place="certificate")
    if form == "json":
        return await _signed(asked, signer, found.id, part)
    reading = await checked.of_request(
        _check(asked, signer), found.id, part=part, language=asked.speaking.code
    )
    return await _drawn(reading, form, part)


async def _request(asked: Asked) -> Request:
    """The request the address is for; its member may be gone. Raises `UnknownLink`."""
    link = links_of(asked.tillit).open(LinkKind.CERTIFICATE, str(asked.path["token"]))
    return await register.get(asked.unit, link.id)


async def _signed(asked: Asked, signer: Signer, request: UUID, part: str) -> File:
    document = await certificates.of_request(asked.unit, signer, request, part)
    return File(document.encode(), JSON, f"certificate-{part}.json")


async def _drawn(reading: Reading, form: str, name: str) -> File:
    if form == "html":
        return File(drawn.html(reading).encode(), HTML, f"{name}.html")
    return File(await asyncio.to_thread(sheets.pdf, reading), PDF, f"{name}.pdf")


def _read(text: str) -> Mapping[str, Any]:
    """The document. Raises `NotACertificate` for what is none at sight."""
    try:
        found: Any = msgspec.json.decode(text)
        json.dumps(found)  # what is nested too deep to be written is nothing that we have signed
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        found = None
    if not isinstance(found, dict):
        raise NotACertificate("this is no certificate", place="certificate")
    return found


def _check(asked: Asked, signer: Signer) -> Check:
    return Check(asked.unit, asked.active, signer, asked.tillit.settings.public_url)
