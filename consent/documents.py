"""Signed documents: JSON that whoever holds it can have verified by anybody, offline.

W3C Data Integrity with the cryptosuite eddsa-jcs-2022, under the record's own key. Pure: no
database, no settings. What is signed is the two SHA-256 hashes of the proof's own words and of
the document, both in the one way that RFC 8785 (JCS) writes them.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from audit.entries import rfc3339
from audit.notes import Signer
from audit.verify import VerificationError, VerifierKey

SUITE = "eddsa-jcs-2022"
LONGEST = 1 << 20  # characters of a file that is looked at
DEEPEST = 32
_EXACT = (1 << 53) - 1  # a reader whose numbers are doubles has no larger whole number for sure
_ED25519 = b"\xed\x01"  # the multicodec of an Ed25519 public key
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")


def sign_document(document: Mapping[str, Any], signer: Signer, at: datetime) -> dict[str, Any]:
    """The document with the record's `verifierKey` and a `proof` by its key, made at `at`.

    Takes text, whole numbers up to 2⁵³ − 1, booleans, null, lists and objects. Raises
    `ValueError` for anything else, such as a float, and for a document that has been signed.
    """
    if "proof" in document or "verifierKey" in document:
        raise ValueError("the document is signed already")
    signed = {**document, "verifierKey": signer.verifier_key}
    proof: dict[str, Any] = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": rfc3339(at),
        "verificationMethod": verification_method(signer.key),
        "proofPurpose": "assertionMethod",
    }
    if "@context" in signed:
        proof["@context"] = signed["@context"]
    value = "z" + base58(signer.sign(_message(proof, signed)))
    return {**signed, "proof": {**proof, "proofValue": value}}


def verify_document(document: Mapping[str, Any], key: VerifierKey | None = None) -> VerifierKey:
    """The key that signed the document, once its signature is seen to hold.

    Without `key` it is whatever key the document names: then who signed is not settled, only
    that nothing was changed since. Raises `VerificationError`, which names what is wrong.
    """
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    named = document.get("verifierKey")
    if not isinstance(named, str):
        raise VerificationError("verifierKey: missing, the document does not say who signed it")
    signed_by = VerifierKey.parse(named)
    if key is not None and signed_by != key:
        raise VerificationError(f"verifierKey: {signed_by} is not the key that was given")
    proof = _proof(document)
    if proof.get("@context") != unsigned.get("@context"):
        raise VerificationError("proof.@context: differs from the document's")
    if proof["verificationMethod"] != verification_method(signed_by):
        raise VerificationError("proof.verificationMethod: is another key than verifierKey")
    signature = _multibase(proof.pop("proofValue"))
    try:
        message = _message(proof, unsigned)
    except ValueError as error:
        raise VerificationError(f"document: {error}") from error
    if not signed_by.verifies(signature, message):
        raise VerificationError("proof: the signature is wrong; something was changed after it")
    return signed_by


def read_document(text: str) -> dict[str, Any]:
    """A JSON object that can be read in one way only: no name twice, no fractions.

    Raises `VerificationError`.
    """
    if len(text) > LONGEST:
        raise VerificationError(f"file: longer than {LONGEST} characters")
    try:
        value = json.loads(
            text, object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number
        )
        canonical(value)
    except (ValueError, RecursionError) as error:
        raise VerificationError(
            "file: not JSON that can be read in one way only, or cut off"
        ) from error
    if not isinstance(value, dict):
        raise VerificationError("file: not a JSON object")
    return value


def canonical(value: Any) -> bytes:
    """The value in the one way that RFC 8785 writes it. Raises `ValueError` for what has none."""
    return _written(value, DEEPEST).encode()


def verification_method(key: VerifierKey) -> str:
    """The key as a `did:key` URL, which any tool that knows Data Integrity resolves by itself."""
    name = "z" + base58(_ED25519 + key.public)
    return f"did:key:{name}#{name}"


def base58(data: bytes) -> str:
    """The bytes in base58 as Bitcoin writes it, a leading 1 for each leading zero byte."""
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        digits = _BASE58[rest] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def apart(message: bytes) -> bytes:
    """`message` if it can be taken for nothing else that the record's key signs.

    Checkpoints, notes, programme versions and cosignatures are text in UTF-8. Two hashes that
    happened to be text are not signed, and are not believed; nobody will ever see that happen.
    Raises `ValueError`.
    """
    try:
        message.decode()
    except UnicodeDecodeError:
        return message
    raise ValueError("its hashes read as text: sign it again a moment later")


def _message(proof: Mapping[str, Any], document: Mapping[str, Any]) -> bytes:
    return apart(sha256(canonical(proof)).digest() + sha256(canonical(document)).digest())


def _proof(document: Mapping[str, Any]) -> dict[str, Any]:
    proof = document.get("proof")
    if not isinstance(proof, dict):
        raise VerificationError("proof: missing, the document is not signed")
    expected = {"type", "cryptosuite", "created", "verificationMethod", "proofPurpose"}
    if set(proof) - {"@context"} != expected | {"proofValue"}:
        raise VerificationError(f"proof: expected {', '.join(sorted(expected))} and proofValue")
    for name, value in (
        ("type", "DataIntegrityProof"),
        ("cryptosuite", SUITE),
        ("proofPurpose", "assertionMethod"),
    ):
        if proof[name] != value:
            raise VerificationError(f"proof.{name}: is not {value}")
    created = proof["created"]
    if not isinstance(created, str) or not _TIME.fullmatch(created):
        raise VerificationError("proof.created: not a time in UTC (RFC 3339)")
    return dict(proof)


def _multibase(text: Any) -> bytes:
    """The 64 bytes of a signature in base58btc, written in the one way there is."""
    if isinstance(text, str) and len(text) <= 100 and re.fullmatch(f"z[{_BASE58}]+", text):
        number = 0
        for digit in text[1:]:
            number = number * 58 + _BASE58.index(digit)
        if number.bit_length() <= 512:
            signature = number.to_bytes(64, "big")
            if "z" + base58(signature) == text:
                return signature
    raise VerificationError("proof.proofValue: not an Ed25519 signature in base58btc")


def _written(value: Any, depth: int) -> str:
    if depth == 0:
        raise ValueError("nested too deeply")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        if abs(value) > _EXACT:
            raise ValueError("a whole number beyond 2^53 - 1 is not read alike everywhere")
        return str(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join(_written(one, depth - 1) for one in value) + "]"
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        # By UTF-16 code units, as RFC 8785 has it, not by code points.
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(_member(name, value[name], depth) for name in names) + "}"
    raise ValueError(f"a {type(value).__name__} cannot be signed")


def _member(name: str, value: Any, depth: int) -> str:
    return f"{json.dumps(name, ensure_ascii=False)}:{_written(value, depth - 1)}"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text[:20]} is not a whole number")
