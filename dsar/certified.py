"""What whoever holds a certificate of erasure can ask, with nothing but the certificate.

The document says for itself that it is ours: nothing is told about one that we did not sign.
Nobody is identified by it, and nothing about a person is told.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from audit.notes import Signer
from audit.verify import HORIZON, VerificationError, verify_certificate
from dsar import certificates, vouchers
from profiles.unit import Unit

_LONGEST = 200  # characters of a reason: it may quote what was sent


@dataclass(frozen=True)
class Answer:
    """What came of a certificate. `why`: what does not hold; then there is nothing else.

    `part`: ``erasure`` or ``horizon``. `kept`: what a law has kept, each with `deleted`, whether
    that is gone by now. `horizon`: the second certificate, once no backup opens any more.
    """

    verified: bool
    why: str | None = None
    part: str | None = None
    erased_at: str | None = None
    destroyed: Mapping[str, int] = field(default_factory=dict)
    kept: Sequence[Mapping[str, Any]] = ()
    recipients: Sequence[Mapping[str, Any]] = ()
    horizon: Mapping[str, Any] | None = None


async def ask(unit: Unit, signer: Signer, document: Mapping[str, Any]) -> Answer:
    """Check a certificate as anyone can offline, and say what has become of the rest since."""
    text = json.dumps(document, ensure_ascii=False)
    try:
        verify_certificate(text, signer.key)
    except VerificationError as error:
        return Answer(verified=False, why=str(error)[:_LONGEST])
    said = document["certificate"]
    request = UUID(said["request"])
    second = said["format"] == HORIZON
    recipients = said.get("recipients", ())
    if second:
        first = await certificates.issued(unit, signer, request, certificates.ERASURE_PART)
        recipients = first["certificate"]["recipients"] if first is not None else ()
    return Answer(
        verified=True,
        part=certificates.HORIZON_PART if second else certificates.ERASURE_PART,
        erased_at=said["erased_at"],
        destroyed=said["destroyed"],
        kept=[await _now(unit, one) for one in said["kept"]],
        recipients=recipients,
        horizon=await certificates.issued(unit, signer, request, certificates.HORIZON_PART),
    )


async def _now(unit: Unit, kept: Mapping[str, Any]) -> dict[str, Any]:
    """By day, not by person: no voucher tells whose it was."""
    gone = await vouchers.gone_through(unit, date.fromisoformat(kept["until"]))
    return {**kept, "deleted": gone}
