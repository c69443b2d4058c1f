"""Making receipts: one line of a member's ledger, what it was about, and the proof of it.

Opens one line of the ledger, for the member it is about or for an officer who answers them.
Durable is only that one was made: an entry in the record. The receipt itself is kept nowhere.
"""

import base64
import json
from typing import Any
from uuid import UUID

from audit.acts import Act
from audit.entries import Kind, opens, rfc3339
from audit.errors import EntryUnknown
from audit.notes import Signer
from audit.proofs import entry_use, inclusion
from audit.verify import VerificationError, verify_proof
from consent import ledger
from consent.choices import Choice
from consent.documents import sign_document
from consent.errors import NoReceipt
from consent.ledger import Row
from consent.programme.declarations import Purpose
from consent.programmes import Active
from consent.receipts.context import CONTEXT, PROFILE, RECEIPT, RECORD_PROFILE
from consent.receipts.events import RECEIPTED, entity, event, receipt_id, record_id
from consent.receipts.parties import parties
from consent.receipts.processing import processing, publisher
from kernel.errors import Unavailable
from profiles.members import Member
from profiles.unit import Unit


async def receipt(
    unit: Unit, act: Act, active: Active, member: Member, signer: Signer, *, entry: UUID
) -> dict[str, Any]:
    """The signed receipt of one line of the member's ledger; that it was made goes on record.

    Raises `EntryUnknown` for an entry that is no line of theirs, `NoReceipt` for one that is
    about no consent, `EntryPending` in the second before the record proves it, and
    `Unavailable` when the database no longer holds what was recorded.
    """
    rows = (await ledger.rows_of(unit, {member.id: member.key}))[member.id]
    row = next((one for one in rows if one.id == entry), None)
    if row is None:
        raise EntryUnknown("no such entry", place=str(entry))
    if row.choice.action not in RECEIPTED:
        raise NoReceipt(
            "this says how the member may be reached, or who speaks for them; no consent",
            place=str(entry),
            remedy="its proof is at the door of uses",
        )
    use = await entry_use(unit.session, entry)
    proof = await inclusion(unit.session, entry)
    _check(use.body, proof, row, signer)
    document = sign_document(_document(unit, active, row, use.body, proof), signer, unit.now)
    await unit.record.write(
        unit.session,
        act.entry(Kind.RECEIPT_ISSUED, subject=member.key.subject(), facts={"choice": str(entry)}),
    )
    return document


def _check(body: bytes, proof: str, row: Row, signer: Signer) -> None:
    """Nothing is signed that the record does not bear out."""
    try:
        verify_proof(proof, entry=body, key=signer.key)
    except VerificationError as error:
        raise _not_borne_out() from error
    if not opens(json.loads(body)["facts"].get("choice", ""), row.opening):
        raise _not_borne_out()


def _document(unit: Unit, active: Active, row: Row, body: bytes, proof: str) -> dict[str, Any]:
    choice, said = row.choice, json.loads(body)
    under = active.at(choice.programme)
    purposes = _purposes(under, choice)
    principal, record, own = said["subject"], record_id(row.id), receipt_id(row.id)
    actor = entity(said["actor"]["type"], said["actor"]["id"])
    return {
        "@context": CONTEXT,
        "id": f"urn:uuid:{own}",
        "type": RECEIPT,
        "schema_version": PROFILE,
        "identifier": own,
        "receipt_id": own,
        "issued": rfc3339(unit.now),
        "publisher": publisher(),
        "consent_record": {
            "id": f"urn:uuid:{record}",
            "type": "dpv:ConsentRecord",
            "schema_version": RECORD_PROFILE,
            "identifier": record,
            "record_id": record,
            "pii_principal": {
                "id": f"urn:tillit:member:{principal}",
                "type": "dpv:DataSubject",
                "identifier": principal,
                "pii_principal_id": principal,
            },
            "processing": [processing(under, one, choice) for one in purposes],
            "event": event(choice, entity=actor),
        },
        "parties": parties(under.programme, purposes),
        "programme_digest": under.programme.digest.hex(),
        "evidence_of_record": {
            "entry": base64.b64encode(body).decode(),
            "inclusion_proof": proof,
            "opening": base64.b64encode(row.opening).decode(),
        },
    }


def _purposes(under: Active, choice: Choice) -> list[Purpose]:
    """What the line is about: one purpose, or all direct marketing where it names none."""
    if under.version != choice.programme or (
        choice.purpose is not None and choice.purpose not in under.programme.purposes
    ):
        raise Unavailable(
            f"programme version {choice.programme} cannot be read",
            place="programme_version",
            remedy="run `tillit audit verify`: somebody has changed the database",
        )
    if choice.purpose is None:
        return list(under.programme.marketing_purposes)
    return [under.programme.purpose(choice.purpose)]


def _not_borne_out() -> Unavailable:
    return Unavailable(
        "the record does not bear out this line of the ledger",
        place="receipt",
        remedy="run `tillit audit verify`: somebody has changed the database",
    )
