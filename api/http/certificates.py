"""Certificates of erasure: fetched as they were signed or to be read, and checked by who holds one.

`?format=` says which: `json`, the signed document, is what counts; `html` and `pdf` say the same in
words, in `?language=`, with the signed document inside. A sheet is drawn in another thread.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from api.http.doors import JSON, Asked, Doors, Media
from api.http.errors import Misshapen
from api.http.one_button import HEADERS, HTML, language_of, policy
from audit.entries import ActorType
from audit.notes import Signer
from consent.programme import Ability
from consent.programme.suggestion import did_you_mean
from dsar import certificates, certified
from dsar.errors import UnknownRequest
from dsar.journal import Journal, Line
from dsar.readable import checked, pages, sheets
from dsar.readable.checked import Check
from dsar.readable.reading import Reading

doors = Doors(ActorType.OFFICER)
members = Doors(ActorType.MEMBER)
public = Doors(None)

#: A certificate is some kilobytes; its proof and its entry are bounded by the record's formats.
_LONGEST = 256 * 1024
PDF = "application/pdf"
#: How a door of certificates can be asked, and what it answers then.
_TO_READ: Mapping[str, Any] = {"query": ("format", "language"), "also": (HTML, PDF)}
_FORMATS = ("json", "html", "pdf")
_LONGEST_TAG = 35  # characters of a language tag (BCP 47)
_HEADERS = {**HEADERS, "Content-Security-Policy": policy(pages.STYLE), "Cache-Control": "no-store"}


class Checked(msgspec.Struct):
    """What came of a certificate. With `verified` false there is `why`, and nothing else.

    `part`: `erasure` or `horizon`. `kept`: what a law has kept and until when, each with
    `deleted`, whether that is gone by now. `horizon`: the second certificate, once issued.
    """

    verified: bool
    why: str | None
    part: str | None
    erased_at: str | None
    destroyed: dict[str, int]
    kept: list[dict[str, Any]]
    recipients: list[dict[str, Any]]
    horizon_passed: bool
    horizon: dict[str, Any] | None


@doors("GET", "/v1/requests/{request:uuid}/certificate", ability=Ability.REQUESTS, **_TO_READ)
async def certificate(asked: Asked) -> Media:
    """The signed certificate of an erasure; as `?format=html` or `pdf`, to be read or printed."""
    return await _given(asked, certificates.ERASURE_PART)


@doors("GET", "/v1/requests/{request:uuid}/horizon", ability=Ability.REQUESTS, **_TO_READ)
async def horizon(asked: Asked) -> Media:
    """The second certificate of an erasure: that no backup opens any more."""
    return await _given(asked, certificates.HORIZON_PART)


@members("GET", "/v1/me/requests/{request:uuid}/certificate", erased_too=True, **_TO_READ)
async def my_certificate(asked: Asked) -> Media:
    """The signed certificate of your erasure, with a token from before it; or to be read.

    Who was whose request is forgotten in the database; the journal of erasures still knows.
    """
    journal = Journal(asked.tillit.settings.journal)
    lines = await asyncio.to_thread(journal.lines)
    if Line(asked.who.member_id, asked.id("request")) not in lines:
        raise UnknownRequest("there is no such request", place="request")
    return await _given(asked, certificates.ERASURE_PART)


@public("POST", "/v1/certificates/check", limit=_LONGEST, **_TO_READ)
async def check(asked: Asked, document: dict[str, Any]) -> Checked | Media:
    """What was erased, what is kept and until when, with nothing but the certificate.

    With `format`, the certificate in words, and what has become of the rest since.
    """
    form, signer = _form(asked), await _signer(asked)
    if form != "json":
        reading = await checked.of_document(
            _check(asked, signer), document, language=_language(asked) or language_of(asked)
        )
        return await _drawn(reading, form)
    found = await certified.ask(asked.unit, signer, document)
    return Checked(
        verified=found.verified,
        why=found.why,
        part=found.part,
        erased_at=found.erased_at,
        destroyed=dict(found.destroyed),
        kept=[dict(one) for one in found.kept],
        recipients=[dict(one) for one in found.recipients],
        horizon_passed=found.horizon is not None,
        horizon=dict(found.horizon) if found.horizon else None,
    )


async def _given(asked: Asked, part: str) -> Media:
    request, form, signer = asked.id("request"), _form(asked), await _signer(asked)
    if form == "json":
        document = await certificates.of_request(asked.unit, signer, request, part)
        return Media(document.encode(), JSON)
    reading = await checked.of_request(
        _check(asked, signer), request, part=part, language=_language(asked)
    )
    return await _drawn(reading, form)


async def _drawn(reading: Reading, form: str) -> Media:
    if form == "html":
        return Media(pages.html(reading).encode(), HTML, headers=_HEADERS)
    drawn = await asyncio.to_thread(sheets.pdf, reading)
    headers = {"Cache-Control": "no-store"}
    return Media(drawn, PDF, filename="certificate.pdf", headers=headers)


def _check(asked: Asked, signer: Signer) -> Check:
    return Check(asked.unit, asked.active, signer, asked.tillit.settings.public_url)


async def _signer(asked: Asked) -> Signer:
    return await asked.tillit.signer(asked.work.session)


def _form(asked: Asked) -> str:
    form = asked.query.get("format", "json")
    if form not in _FORMATS:
        remedy = did_you_mean(form[:_LONGEST_TAG], _FORMATS)
        raise Misshapen("there is no such format", place="format", remedy=remedy)
    return form


def _language(asked: Asked) -> str | None:
    """The language that is asked for; one that has no words here is answered in English."""
    sent = asked.query.get("language")
    if sent is not None and not 0 < len(sent) <= _LONGEST_TAG:
        raise Misshapen("this is no language", place="language", remedy="such as sv")
    return sent
