"""A certificate is put into words only once it holds: what somebody has changed is shown to nobody.

Opens nothing about a person: nothing of the kind is in it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from audit.notes import Signer
from consent.programmes import Active
from dsar import certificates, certified, register
from dsar.errors import NotACertificate
from dsar.readable.reading import Frame, Reading, read
from profiles.unit import Unit

#: Where anybody can have a certificate checked, below our public address.
CHECK = "/v1/certificates/check"


@dataclass(frozen=True)
class Check:
    """Whose certificates hold here. `home`: our public address."""

    unit: Unit
    active: Active = field(repr=False)
    signer: Signer = field(repr=False)
    home: str


async def of_request(
    check: Check,
    request: UUID,
    *,
    part: str = certificates.ERASURE_PART,
    language: str | None = None,
) -> Reading:
    """The certificate of a request in words, in the request's language unless another is given.

    Raises `NotReady` before it is issued, and `Unavailable` for one that somebody has changed in
    the database.
    """
    document = await certificates.of_request(check.unit, check.signer, request, part)
    spoken = language or (await register.get(check.unit, request)).language
    found = await _read(check, json.loads(document), spoken)
    if found is None:
        raise certificates.changed()
    return found


async def of_document(check: Check, document: Mapping[str, Any], *, language: str) -> Reading:
    """The certificate that somebody has sent, in words. Raises `NotACertificate`."""
    found = await _read(check, document, language)
    if found is None:
        raise NotACertificate(
            "this is no certificate that was signed here",
            place="certificate",
            remedy="send the whole file as it was issued; as JSON, `why` says what does not hold",
        )
    return found


async def _read(check: Check, document: Mapping[str, Any], language: str) -> Reading | None:
    found = await certified.ask(check.unit, check.signer, document)
    if not found.verified:
        return None
    zone = check.unit.schema.zone
    return read(document, found, Frame(language, check.active.programme, zone, check.home + CHECK))
