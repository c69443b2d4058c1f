"""Checking receipts and other signed documents with nothing but the file: no database, no settings.

Shares `audit.verify`'s reading of proofs and notes. A receipt holds when its signature does,
when the record's checkpoint covers its entry, when the entry committed to the very line of the
ledger that the receipt opens, and when the readable part says what that line says.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from audit.verify import Checkpoint, VerificationError, VerifierKey, parse_base64, verify_proof
from consent.choices import Choice
from consent.documents import read_document, verify_document
from consent.receipts.context import CONTEXT, PROFILE, RECEIPT, RECORD_PROFILE
from consent.receipts.events import RECEIPTED, entity, event, receipt_id, record_id

DECISION = "DecisionReceipt"
_SALT = 32
_KEYS = frozenset({"@context", "id", "type", "schema_version", "identifier", "receipt_id"}) | {
    *("issued", "publisher", "consent_record", "parties", "programme_digest"),
    *("evidence_of_record", "verifierKey", "proof"),
}


@dataclass(frozen=True)
class Verified:
    """What held. `pinned`: the key was given from outside, not taken from the file.

    `checkpoint` is the record's, None for a document that is signed and in no proof. `proves`:
    one sentence each, for people.
    """

    type: str
    key: VerifierKey
    pinned: bool
    checkpoint: Checkpoint | None
    proves: tuple[str, ...]


def verify_file(text: str, key: VerifierKey | None = None) -> Verified:
    """What a file proves. Raises `VerificationError`, which names the first thing that is wrong.

    Without `key` the key named in the file is believed; `Verified.pinned` says which it was.
    """
    document = read_document(text)
    kind = document.get("type")
    checks: dict[Any, Callable[..., Verified]] = {RECEIPT: _receipt, DECISION: _decision}
    if not isinstance(kind, str) or kind not in checks:
        raise VerificationError(f"type: not {RECEIPT} or {DECISION}, nothing this can check")
    signed_by = verify_document(document, key)
    return checks[kind](document, signed_by, key is not None)


def _decision(document: Mapping[str, Any], key: VerifierKey, pinned: bool) -> Verified:
    created = document["proof"]["created"]
    signed = f"{key.name} signed this decision at {created}, and nothing was changed since."
    return Verified(DECISION, key, pinned, None, (signed,))


def _receipt(document: Mapping[str, Any], key: VerifierKey, pinned: bool) -> Verified:
    if set(document) != _KEYS:
        raise VerificationError(f"receipt: expected {', '.join(sorted(_KEYS))}")
    _same(document["@context"], CONTEXT, "@context", "the context of receipts")
    _same(document["schema_version"], PROFILE, "schema_version", "the profile of receipts")
    evidence = _part(document, "evidence_of_record")
    body = parse_base64(_text(evidence, "entry"), "evidence_of_record.entry")
    proof = _text(evidence, "inclusion_proof")
    try:
        checkpoint = verify_proof(proof, entry=body, key=key)
    except VerificationError as error:
        raise VerificationError(f"evidence_of_record.inclusion_proof: {error}") from error
    entry = _entry(body)
    choice = _opened(_text(evidence, "opening"), entry)
    _check_ids(document, entry)
    _check_event(document, entry, choice)
    _check_processing(_part(document, "consent_record"), choice)
    return Verified(RECEIPT, key, pinned, checkpoint, _proves(entry, choice, key, checkpoint))


def _entry(body: bytes) -> dict[str, Any]:
    try:
        entry = read_document(body.decode())
    except (UnicodeDecodeError, VerificationError) as error:
        raise VerificationError("evidence_of_record.entry: not an entry of the record") from error
    if entry.get("kind") != "choice.recorded":
        raise VerificationError("evidence_of_record.entry: its kind is not choice.recorded")
    return entry


def _opened(text: str, entry: Mapping[str, Any]) -> Choice:
    """The line of the ledger, once it is seen to be what the entry committed to."""
    what = "evidence_of_record.opening"
    opening = parse_base64(text, what)
    facts = entry.get("facts")
    committed = facts.get("choice") if isinstance(facts, dict) else None
    if len(opening) <= _SALT or sha256(opening).hexdigest() != committed:
        raise VerificationError(f"{what}: its SHA-256 is not what the entry committed to")
    try:
        choice = msgspec.msgpack.decode(opening[_SALT:], type=Choice)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VerificationError(f"{what}: not a line of a ledger") from error
    if choice.action not in RECEIPTED:
        raise VerificationError(f"{what}: {choice.action} is about no consent")
    return choice


def _check_ids(document: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
    try:
        id = UUID(str(entry.get("id")))
    except ValueError as error:
        raise VerificationError("evidence_of_record.entry: it has no id") from error
    record = _part(document, "consent_record")
    own, kept = receipt_id(id), record_id(id)
    for name, expected in (
        ("identifier", own),
        ("receipt_id", own),
        ("id", f"urn:uuid:{own}"),
    ):
        _same(document[name], expected, name, "the entry's id")
    for name, expected in (
        ("identifier", kept),
        ("record_id", kept),
        ("id", f"urn:uuid:{kept}"),
        ("schema_version", RECORD_PROFILE),
    ):
        _same(record.get(name), expected, f"consent_record.{name}", "what follows from the entry")
    principal = _part(record, "pii_principal", "consent_record")
    subject = entry.get("subject")
    for name, told in (
        ("identifier", subject),
        ("pii_principal_id", subject),
        ("id", f"urn:tillit:member:{subject}"),
    ):
        where = f"consent_record.pii_principal.{name}"
        _same(principal.get(name), told, where, "the entry's subject")


def _check_event(document: Mapping[str, Any], entry: Mapping[str, Any], choice: Choice) -> None:
    """Every field of the line stands in the receipt as it was said, and no other."""
    told = _part(_part(document, "consent_record"), "event", "consent_record")
    actor = entry.get("actor")
    if not isinstance(actor, dict):
        raise VerificationError("evidence_of_record.entry: it has no actor")
    expected = event(choice, entity=entity(str(actor.get("type")), str(actor.get("id"))))
    for name in sorted(told.keys() | expected.keys()):
        _same(told.get(name), expected.get(name), f"consent_record.event.{name}", "the opened line")


def _check_processing(record: Mapping[str, Any], choice: Choice) -> None:
    found = record.get("processing")
    if not isinstance(found, list):
        raise VerificationError("consent_record.processing: expected a list")
    if choice.purpose is not None and len(found) != 1:
        raise VerificationError("consent_record.processing: the line is about one purpose")
    for number, one in enumerate(found):
        where = f"consent_record.processing[{number}]"
        if not isinstance(one, dict):
            raise VerificationError(f"{where}: expected an object")
        purpose = _part(one, "purpose", where)
        if choice.purpose is not None:
            _same(purpose.get("identifier"), choice.purpose, f"{where}.purpose", "the opened line")
        _same(one.get("purpose_type"), purpose.get("type"), f"{where}.purpose_type", "its purpose")
        _check_notice(_part(one, "privacy_notice", where), choice, f"{where}.privacy_notice")


def _check_notice(notice: Mapping[str, Any], choice: Choice, where: str) -> None:
    digest = sha256(_text(notice, "text").encode()).hexdigest()
    _same(notice.get("identifier"), digest, f"{where}.identifier", "the SHA-256 of its text")
    shown = choice.notice is not None and choice.notice.hex() == digest
    _same(notice.get("shown"), shown, f"{where}.shown", "the opened line's notice")


def _proves(
    entry: Mapping[str, Any], choice: Choice, key: VerifierKey, checkpoint: Checkpoint
) -> tuple[str, ...]:
    about = choice.purpose or "all direct marketing"
    return (
        f"{key.name} signed this receipt, and nothing was changed since.",
        f"Entry {entry['id']} stands in the record under the signed checkpoint of "
        f"{checkpoint.size} entries.",
        f"The entry committed to this line and no other: {choice.action.value}, {about}, "
        f"at {choice.at.isoformat()}, brought by {choice.by.value}.",
        "The receipt's readable part says what that line says.",
    )


def _part(given: Mapping[str, Any], name: str, where: str = "") -> dict[str, Any]:
    found = given.get(name)
    if not isinstance(found, dict):
        raise VerificationError(f"{f'{where}.{name}' if where else name}: expected an object")
    return found


def _text(given: Mapping[str, Any], name: str) -> str:
    found = given.get(name)
    if not isinstance(found, str):
        raise VerificationError(f"{name}: expected text")
    return found


def _same(given: Any, expected: Any, what: str, where: str) -> None:
    """Compared as JSON has it, where true is not 1."""
    if json.dumps(given, sort_keys=True) != json.dumps(expected, sort_keys=True):
        raise VerificationError(f"{what}: differs from {where}")
