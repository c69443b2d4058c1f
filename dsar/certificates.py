"""The certificate of an erasure: signed, provable, and holding nothing about the person.

Names what was destroyed by kind and number, the fingerprint of the destroyed key, and the
entry in the record with its proof. Who holds it can have it verified by anyone, offline.
"""

import json
from hashlib import sha256
from typing import Any
from uuid import UUID

from audit.acts import Act
from audit.entries import Kind as EntryKind
from audit.entries import rfc3339
from audit.notes import Signer
from audit.proofs import entry_use, inclusion
from audit.verify import VerificationError, verify_proof
from consent.programmes import Active
from dsar.errors import NotReady
from dsar.states import Right, State
from dsar.tables import CertificateRow, RequestRow
from kernel.errors import Unavailable
from profiles.unit import Unit

FORMAT = "tillit/erasure-certificate/v1"


async def issue(
    unit: Unit, act: Act, active: Active, signer: Signer, *, request: UUID, entry: UUID
) -> str:
    """Sign and keep the certificate of an erasure that is on record; the same one if asked again.

    Raises `EntryPending` in the second before the record proves it, and `Unavailable` when the
    entry is not that of this request's erasure, or does not stand in the signed record.
    """
    kept = await unit.session.get(CertificateRow, (request, "erasure"))
    if kept is not None:
        return kept.document
    use = await entry_use(unit.session, entry)
    proof = await inclusion(unit.session, entry)
    try:
        verify_proof(proof, entry=use.body, key=signer.key)
    except VerificationError as error:
        raise _no_erasure() from error
    erased: dict[str, Any] = json.loads(use.body)
    row = await unit.session.get(RequestRow, request)
    about = (erased["kind"], erased["facts"].get("request"))
    if about != (EntryKind.MEMBER_ERASED, str(request)) or not _done(row):
        raise _no_erasure()
    statement = {
        "format": FORMAT,
        "controller": active.programme.controller.name,
        "contact": active.programme.controller.contact,
        "request": str(request),
        "erased_at": erased["at"],
        "issued_at": rfc3339(unit.now),
        "destroyed": erased["facts"]["rows"],
        "key_fingerprint": erased["facts"]["key"],
        "kept": [],
        "backups": "Copies in backups, replicas and logs stay sealed; the next rotation of the "
        "key epoch makes them unreadable for ever, and no restore brings them back.",
        "entry": str(entry),
    }
    text = f"{FORMAT}\n{json.dumps(statement, sort_keys=True, ensure_ascii=False)}\n"
    document = {
        "certificate": statement,
        "note": signer.sign_note(text),
        "entry": use.body.decode(),
        "proof": proof,
        "verifier_key": signer.verifier_key,
    }
    written = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    unit.session.add(CertificateRow(request=request, erased=entry, document=written))
    await unit.session.flush()
    await unit.record.write(
        unit.session,
        act.entry(
            EntryKind.CERTIFICATE_ISSUED,
            facts={"request": str(request), "document": sha256(written.encode()).hexdigest()},
        ),
    )
    return written


async def of_request(unit: Unit, request: UUID) -> str:
    """The certificate's document. Raises `NotReady` before it is issued."""
    kept = await unit.session.get(CertificateRow, (request, "erasure"))
    if kept is None:
        raise NotReady("no certificate has been issued for this request", place="request")
    return kept.document


def _done(row: RequestRow | None) -> bool:
    return row is not None and (row.kind, row.state) == (Right.ERASURE, State.FULFILLED)


def _no_erasure() -> Unavailable:
    return Unavailable(
        "the record does not show that this request's member was erased",
        place="certificate",
        remedy="run `tillit audit verify`: somebody has changed the database",
    )
