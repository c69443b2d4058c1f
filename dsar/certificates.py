"""The certificates of an erasure: signed, provable, and holding nothing about the person.

The first names what was destroyed by kind and number, what a law has kept, the recipients with
what they answered or that we are to tell them by hand, the fingerprint of the destroyed key, and
the entry in the record with its proof. The second, `horizon`, follows when the key epoch of the
erasure is destroyed: from then on no backup opens any more. Who holds one
can have it verified by anyone, offline.
"""

import json
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

from audit.acts import Act
from audit.browsing import all_entries, naming
from audit.entries import Kind as EntryKind
from audit.entries import rfc3339
from audit.notes import Signer
from audit.proofs import Use, entry_use, inclusion
from audit.verify import (
    CERTIFICATE,
    HORIZON,
    VerificationError,
    verify_certificate,
    verify_proof,
)
from consent.programmes import Active
from dsar import by_hand
from dsar.errors import NotReady
from dsar.heard import Heard, by_recipient
from dsar.states import Right, State
from dsar.tables import CertificateRow, RequestRow
from kernel.errors import Unavailable
from kernel.jobs import enqueue
from profiles.unit import Unit

#: Issues the second certificate; its argument is the request's id.
HORIZON_JOB = "request.horizon"
ERASURE_PART, HORIZON_PART = "erasure", "horizon"
#: Of a recipient that no connector tells: by whom it is told, and where that stands. Nothing of
#: ours knows whether it has been.
BY_HAND, TO_BE_TOLD = "hand", "to_be_told"
_FORMATS = {ERASURE_PART: CERTIFICATE, HORIZON_PART: HORIZON}


async def issue(
    unit: Unit, act: Act, active: Active, signer: Signer, *, request: UUID, entry: UUID
) -> str:
    """Sign and keep the certificate of an erasure that is on record; the same one if asked again.

    Raises `EntryPending` in the second before the record proves it, and `Unavailable` when the
    entry is not that of this request's erasure, or does not stand in the signed record.
    """
    kept = await unit.session.get(CertificateRow, (request, ERASURE_PART))
    if kept is not None:
        return kept.document
    erasure, proof = await _proven(unit, signer, entry)
    row = await unit.session.get(RequestRow, request)
    if not _is_erasure(erasure, request) or not _done(row):
        raise _no_erasure()
    statement = {
        **_about(active, CERTIFICATE, erasure, at=rfc3339(unit.now)),
        "recipients": await _recipients(unit, request, erasure),
    }
    document = _document(signer, statement, erasure, proof)
    epoch = int(statement["epoch"])
    await _keep(
        unit, act, request, part=ERASURE_PART, document=document, erasure=entry, epoch=epoch
    )
    if epoch < unit.epoch.number:  # a recipient took its time, and the horizon has passed
        await enqueue(unit.session, HORIZON_JOB, request=str(request))
    return document


async def horizon(unit: Unit, act: Act, active: Active, signer: Signer, *, request: UUID) -> bool:
    """Certify that the epoch of an erasure is destroyed, once it is; False if that is done.

    False too before the rotation. The epoch's key file must be gone before this is called. Raises
    as `issue` does, and where the first certificate is not as it was signed.
    """
    first = await unit.session.get(CertificateRow, (request, ERASURE_PART))
    if first is None or await unit.session.get(CertificateRow, (request, HORIZON_PART)) is not None:
        return False
    if await issued(unit, signer, request, ERASURE_PART) is None:
        raise _no_erasure()
    erasure, proof = await _proven(unit, signer, first.erased)
    if not _is_erasure(erasure, request):
        raise _no_erasure()
    epoch = int(_told(erasure)["facts"]["epoch"])
    rotation = None
    async for said in all_entries(unit.session, kinds=[EntryKind.KEYS_ROTATED]):
        if said.facts.get("epoch") == epoch + 1:
            rotation = said.id
    if rotation is None or unit.epoch.number <= epoch:
        return False
    rotated, rotation_proof = await _proven(unit, signer, rotation)
    statement = {
        **_about(active, HORIZON, erasure, at=rfc3339(unit.now)),
        "passed_at": _told(rotated)["at"],
        "rotation": str(rotation),
        "first_certificate": sha256(first.document.encode()).hexdigest(),
    }
    document = _document(
        signer,
        statement,
        erasure,
        proof,
        rotation=rotated.body.decode(),
        rotation_proof=rotation_proof,
    )
    await _keep(
        unit,
        act,
        request,
        part=HORIZON_PART,
        document=document,
        erasure=first.erased,
        epoch=epoch,
    )
    return True


async def of_request(unit: Unit, signer: Signer, request: UUID, part: str = ERASURE_PART) -> str:
    """The certificate's document, to the byte as it was signed.

    Raises `NotReady` before it is issued, and `Unavailable` for one that somebody has changed in
    the database: that is given to nobody.
    """
    kept = await unit.session.get(CertificateRow, (request, part))
    if kept is None:
        raise NotReady("no certificate has been issued for this request", place="request")
    if await issued(unit, signer, request, part) is None:
        raise changed()
    return kept.document


def changed() -> Unavailable:
    return Unavailable(
        "the certificate is not what was signed",
        place="certificate",
        remedy="run `tillit audit verify`: somebody has changed the database",
    )


async def issued(unit: Unit, signer: Signer, request: UUID, part: str) -> dict[str, Any] | None:
    """The certificate as it was signed; None before it is issued.

    None too for a row that is not this part of this request's, signed by us: nothing is ever said
    by such a one. No true one takes its place, for rows never change; `tillit audit verify` names
    it.
    """
    kept = await unit.session.get(CertificateRow, (request, part))
    if kept is None:
        return None
    try:
        verify_certificate(kept.document, signer.key)
    except VerificationError:
        return None
    document: dict[str, Any] = json.loads(kept.document)
    said = document["certificate"]
    about = (said["request"], said["format"])
    return document if about == (str(request), _FORMATS[part]) else None


def _about(active: Active, form: str, erasure: Use, *, at: str) -> dict[str, Any]:
    """What both certificates say: no sentence, so that it reads the same in every language."""
    erased = _told(erasure)
    return {
        "format": form,
        "controller": active.programme.controller.name,
        "contact": active.programme.controller.contact,
        "request": erased["facts"]["request"],
        "erased_at": erased["at"],
        "issued_at": at,
        "destroyed": erased["facts"]["rows"],
        "key_fingerprint": erased["facts"]["key"],
        "kept": erased["facts"]["kept"],
        "epoch": erased["facts"]["epoch"],
        "entry": erased["id"],
    }


async def _recipients(unit: Unit, request: UUID, erasure: Use) -> list[dict[str, Any]]:
    subject = bytes.fromhex(_told(erasure)["subject"])
    entries = await naming(unit.session, str(request), subject=subject, trust=unit.record.trust)
    said = [one for one in entries if one.facts.get("request") == str(request)]
    return recipients(by_recipient(said), by_hand.named(said, str(request)))


def recipients(said: Mapping[str, Heard], left: Collection[str]) -> list[dict[str, Any]]:
    """Who was told, and what came of it, by the record; an answer by its digest alone.

    `answered_at`: when it was closed; `reason`: why an officer gave it up, by a closed list.
    `left`: whom officers are to tell by hand, for no connector does.
    """
    told = [
        {
            "recipient": name,
            "by": one.by,
            "state": one.state.value,
            "answer": one.answer,
            "reason": one.reason,
            "answered_at": rfc3339(one.closed_at) if one.closed_at else None,
        }
        for name, one in said.items()
    ]
    nothing = dict.fromkeys(("answer", "reason", "answered_at"))
    return told + [
        {"recipient": name, "by": BY_HAND, "state": TO_BE_TOLD, **nothing}
        for name in left
        if name not in said
    ]


async def _proven(unit: Unit, signer: Signer, entry: UUID) -> tuple[Use, str]:
    """An entry with its proof, which the record's own signature bears out."""
    use = await entry_use(unit.session, entry)
    proof = await inclusion(unit.session, entry)
    try:
        verify_proof(proof, entry=use.body, key=signer.key)
    except VerificationError as error:
        raise _no_erasure() from error
    return use, proof


def _document(
    signer: Signer, statement: Mapping[str, Any], erasure: Use, proof: str, **more: str
) -> str:
    said = json.dumps(statement, sort_keys=True, ensure_ascii=False)
    document = {
        "certificate": statement,
        "note": signer.sign_note(f"{statement['format']}\n{said}\n"),
        "entry": erasure.body.decode(),
        "proof": proof,
        "verifier_key": signer.verifier_key,
        **more,
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


async def _keep(
    unit: Unit, act: Act, request: UUID, *, part: str, document: str, erasure: UUID, epoch: int
) -> None:
    kept = CertificateRow(
        request=request, part=part, erased=erasure, epoch=epoch, document=document
    )
    unit.session.add(kept)
    await unit.session.flush()
    facts = {
        "request": str(request),
        "part": part,
        "document": sha256(document.encode()).hexdigest(),
    }
    await unit.record.write(unit.session, act.entry(EntryKind.CERTIFICATE_ISSUED, facts=facts))


def _told(use: Use) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(use.body)
    return found


def _is_erasure(use: Use, request: UUID) -> bool:
    said = _told(use)
    about = (said["kind"], said["facts"].get("request"))
    return about == (EntryKind.MEMBER_ERASED, str(request))


def _done(row: RequestRow | None) -> bool:
    return row is not None and (row.kind, row.state) == (Right.ERASURE, State.FULFILLED)


def _no_erasure() -> Unavailable:
    return Unavailable(
        "the record does not show that this request's member was erased",
        place="certificate",
        remedy="run `tillit audit verify`: somebody has changed the database",
    )
