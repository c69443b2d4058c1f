"""Certificates of erasure: fetched by officers, and checked by anyone who holds one."""

from typing import Any

import msgspec

from api.http.doors import JSON, Asked, Doors, Media
from audit.entries import ActorType
from consent.programme import Ability
from dsar import certificates, certified

doors = Doors(ActorType.OFFICER)
public = Doors(None)

#: A certificate is some kilobytes; its proof and its entry are bounded by the record's formats.
_LONGEST = 256 * 1024


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


@doors("GET", "/v1/requests/{request:uuid}/horizon", ability=Ability.REQUESTS)
async def horizon(asked: Asked) -> Media:
    """The second certificate of an erasure: that no backup opens any more."""
    part = certificates.HORIZON_PART
    document = await certificates.of_request(asked.unit, asked.id("request"), part)
    return Media(document.encode(), JSON)


@public("POST", "/v1/certificates/check", limit=_LONGEST)
async def check(asked: Asked, document: dict[str, Any]) -> Checked:
    """What was erased, what is kept and until when, with nothing but the certificate."""
    signer = await asked.tillit.signer(asked.work.session)
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
