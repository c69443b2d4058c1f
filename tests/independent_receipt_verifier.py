"""Checks a receipt from its description alone: shares no code with Tillit, and imports none of it.

    python independent_receipt_verifier.py FILE [VERIFIER-KEY]

Its own canonical JSON (RFC 8785), base58, signed notes, Merkle proofs (RFC 6962) and MessagePack;
only Ed25519 is from a library. Exit status 0 and the line as JSON, or 1 and what is wrong.
"""

import base64
import datetime
import hashlib
import json
import struct
import sys
import uuid

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
FIELDS = ["action", "purpose", "at", "by", "programme", "language", "notice", "until", "terms"]
FIELDS += ["how", "evidence", "channel", "setting", "guardian", "before", "confirmed"]
STATES = {
    "given": "ConsentGiven",
    "renewed": "RenewedConsentGiven",
    "requested": "ConsentRequested",
    "unproven": "ConsentUnknown",
    "refused": "ConsentRefused",
    "withdrawn": "ConsentWithdrawn",
    "expired": "ConsentExpired",
    "invalidated": "ConsentInvalidated",
    "unknown": "ConsentUnknown",
    None: "ConsentUnknown",
}
OBJECTIONS = ("objected", "objection_lifted")
TOP = {"@context", "id", "type", "schema_version", "identifier", "receipt_id", "issued", "proof"}
TOP |= {"publisher", "consent_record", "parties", "programme_digest", "evidence_of_record"}
TOP |= {"verifierKey"}


class Wrong(Exception):
    pass


def need(holds, what):
    if not holds:
        raise Wrong(what)


def unique(pairs):
    need(len({name for name, _ in pairs}) == len(pairs), "a name stands twice")
    return dict(pairs)


def jcs(value):
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[" + ",".join(map(jcs, value)) + "]"
    need(isinstance(value, dict), "a fraction")
    names = sorted(value, key=lambda name: [*struct_units(name)])
    return "{" + ",".join(quoted(name) + ":" + jcs(value[name]) for name in names) + "}"


def struct_units(text):
    data = text.encode("utf-16-be")
    return struct.unpack(f">{len(data) // 2}H", data)


def quoted(text):
    short = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
    made = ""
    for letter in text:
        code = ord(letter)
        made += short.get(code) or (f"\\u{code:04x}" if code < 32 else letter)
    return f'"{made}"'


def unbase58(text):
    number = 0
    for letter in text:
        number = number * 58 + ALPHABET.index(letter)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def sha(data):
    return hashlib.sha256(data).digest()


def signed_by(public, signature, message, what):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature as error:
        raise Wrong(f"{what}: the signature is wrong") from error


def read_key(text):
    name, hint, encoded = text.split("+", 2)
    data = base64.b64decode(encoded, validate=True)
    need(data[0] == 1 and len(data) == 33, "the key is not Ed25519")
    need(sha(name.encode() + b"\n" + data)[:4].hex() == hint, "the key's id is another's")
    return name, data[1:], bytes.fromhex(hint)


def check_signature(document, public):
    proof = dict(document["proof"])
    multibase = proof.pop("proofValue")
    need(proof["type"] == "DataIntegrityProof", "proof.type")
    need(proof["cryptosuite"] == "eddsa-jcs-2022", "proof.cryptosuite")
    need(proof["proofPurpose"] == "assertionMethod", "proof.proofPurpose")
    need(proof["@context"] == document["@context"], "proof.@context")
    did, _, fragment = proof["verificationMethod"].partition("#")
    need(did == f"did:key:{fragment}", "proof.verificationMethod")
    need(unbase58(fragment[1:]) == b"\xed\x01" + public, "verificationMethod is another key")
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    message = sha(jcs(proof).encode()) + sha(jcs(unsigned).encode())
    need(multibase[0] == "z", "proofValue is not base58btc")
    signed_by(public, unbase58(multibase[1:]), message, "proof")


def check_inclusion(text, entry, name, public, hint):
    head, checkpoint = text.split("\n\n", 1)
    lines = head.split("\n")
    need(lines[0] == "c2sp.org/tlog-proof@v1", "not a tlog-proof")
    index = int(lines[1].removeprefix("index "))
    path = [base64.b64decode(line, validate=True) for line in lines[2:]]
    body, signatures = checkpoint.rsplit("\n\n", 1)
    body += "\n"
    origin, size, root = body.split("\n")[:3]
    need(origin == name, "the checkpoint is another log's")
    ours = [s.split(" ") for s in signatures.strip("\n").split("\n")]
    ours = [base64.b64decode(value) for dash, who, value in ours if (dash, who) == ("—", name)]
    ours = [value[4:] for value in ours if value[:4] == hint]
    need(ours, "the checkpoint is not signed with this key")
    for signature in ours:
        signed_by(public, signature, body.encode(), "checkpoint")
    need(0 <= index < int(size), "the index is not in the tree")
    need(path_root(index, int(size), sha(b"\0" + entry), path) == base64.b64decode(root), "root")
    need(not path, "too many hashes")


def path_root(index, size, leaf, path):
    """RFC 6962's recursive definition, from the top; takes hashes from the end of the path."""
    if size == 1:
        return leaf
    need(path, "too few hashes")
    split = 1
    while split * 2 < size:
        split *= 2
    sibling = path.pop()
    if index < split:
        return sha(b"\1" + path_root(index, split, leaf, path) + sibling)
    return sha(b"\1" + sibling + path_root(index - split, size - split, leaf, path))


def unpack(data, at=0):  # noqa: PLR0911 - one for each form
    """MessagePack: what a line of a ledger is made of, and nothing else."""
    code = data[at]
    at += 1
    if code < 0x80:
        return code, at
    if 0x90 <= code < 0xA0:
        return unpack_list(data, at, code & 15)
    if 0xA0 <= code < 0xC0:
        return text(data, at, code & 31)
    if code in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[code], at
    if code == 0xDC:
        return unpack_list(data, at + 2, int.from_bytes(data[at : at + 2], "big"))
    if code in (0xC4, 0xD9, 0xDA):
        wide = 2 if code == 0xDA else 1
        length = int.from_bytes(data[at : at + wide], "big")
        at += wide
        if code == 0xC4:
            return data[at : at + length], at + length
        return text(data, at, length)
    if code in (0xCC, 0xCD, 0xCE):
        wide = 1 << (code - 0xCC)
        return int.from_bytes(data[at : at + wide], "big"), at + wide
    if code == 0xC7 and data[at : at + 2] == b"\x0c\xff":
        nanoseconds, seconds = struct.unpack(">Iq", data[at + 2 : at + 14])
        return moment(seconds, nanoseconds), at + 14
    if code == 0xD6 and data[at] == 0xFF:
        return moment(int.from_bytes(data[at + 1 : at + 5], "big"), 0), at + 5
    if code == 0xD7 and data[at] == 0xFF:
        both = int.from_bytes(data[at + 1 : at + 9], "big")
        return moment(both & ((1 << 34) - 1), both >> 34), at + 9
    raise Wrong(f"MessagePack: what is {code:#x}?")


def unpack_list(data, at, length):
    found = []
    for _ in range(length):
        one, at = unpack(data, at)
        found.append(one)
    return found, at


def text(data, at, length):
    return data[at : at + length].decode(), at + length


def moment(seconds, nanoseconds):
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return epoch + datetime.timedelta(seconds=seconds, microseconds=nanoseconds // 1000)


def line_of(opening):
    values, end = unpack(opening[32:])
    need(end == len(opening) - 32, "bytes after the line")
    need(isinstance(values, list) and len(values) == len(FIELDS), "not a line of a ledger")
    line = dict(zip(FIELDS, values, strict=True))
    if isinstance(line["at"], str):
        line["at"] = datetime.datetime.fromisoformat(line["at"].replace("Z", "+00:00"))
    return line


def event_of(line, entry):
    consent = line["action"] not in OBJECTIONS
    state = line["action"] if consent else line["before"]
    at, until = line["at"], line["until"]
    days = until and (datetime.date.fromisoformat(until) - at.date()).days
    told = {
        "event_time": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "validity_duration": "dpv:UntilEventDuration" if until is None else f"P{max(0, days)}D",
        "entity_id": "urn:tillit:{type}:{id}".format(**entry["actor"]),
        "event_type": "dpv:ExpressedConsent" if consent else "eu-gdpr:A21",
        "event_state": "dpv:" + STATES[state],
        "action": line["action"],
        "brought_by": line["by"],
        "programme_version": line["programme"],
        "about": line["purpose"],
        "valid_until": until,
        "language": line["language"],
        "notice_digest": line["notice"] and line["notice"].hex(),
        "terms": line["terms"] and line["terms"].hex(),
        "indication_method": line["how"],
        "evidence": line["evidence"],
        "channel": line["channel"],
        "setting": line["setting"],
        "guardian": line["guardian"] and "urn:uuid:" + line["guardian"],
        "state_before": line["before"],
    }
    return {name: value for name, value in told.items() if value not in (None, "")}


def shaped(label, entry):
    digest = bytearray(sha(f"tillit/receipt/{label}/v1\n".encode() + uuid.UUID(entry).bytes)[:16])
    digest[6] = digest[6] & 0x0F | 0x40
    digest[8] = digest[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(digest)))


def check_ids(document, record, entry):
    own, kept = shaped("receipt", entry["id"]), shaped("record", entry["id"])
    need(document["identifier"] == document["receipt_id"] == own, "receipt_id")
    need(document["id"] == f"urn:uuid:{own}", "id")
    need(document["type"] == "ConsentReceipt", "type")
    profile = "https://w3id.org/dpv/schema/dpv-27560#"
    need(document["schema_version"] == profile + "receipt-eu-gdpr", "schema_version")
    need(record["schema_version"] == profile + "record-eu-gdpr", "record's schema_version")
    need(record["identifier"] == record["record_id"] == kept, "record_id")
    need(record["id"] == f"urn:uuid:{kept}", "record's id")
    who = record["pii_principal"]
    need(who["pii_principal_id"] == who["identifier"] == entry["subject"], "pii_principal_id")
    need(who["id"] == "urn:tillit:member:" + entry["subject"], "pii_principal's id")


def check_processing(record, line):
    need(line["purpose"] is None or len(record["processing"]) == 1, "one purpose")
    for one in record["processing"]:
        need(line["purpose"] in (None, one["purpose"]["identifier"]), "purpose")
        need(one["purpose"]["type"] == one["purpose_type"], "purpose_type")
        notice = one["privacy_notice"]
        digest = sha(notice["text"].encode())
        need(notice["identifier"] == digest.hex(), "notice")
        need(notice["shown"] is (line["notice"] == digest), "notice shown")


def check(document, pinned):
    need(set(document) == TOP, "the receipt's names")
    need(pinned in (None, document["verifierKey"]), "another key")
    name, public, hint = read_key(document["verifierKey"])
    check_signature(document, public)
    evidence = document["evidence_of_record"]
    body = base64.b64decode(evidence["entry"], validate=True)
    check_inclusion(evidence["inclusion_proof"], body, name, public, hint)
    entry = json.loads(body, object_pairs_hook=unique)
    need(entry["kind"] == "choice.recorded", "the entry's kind")
    opening = base64.b64decode(evidence["opening"], validate=True)
    need(sha(opening).hex() == entry["facts"]["choice"], "the opening is not the entry's")
    line = line_of(opening)
    record = document["consent_record"]
    check_ids(document, record, entry)
    need(record["event"] == event_of(line, entry), "the event is not what was said")
    check_processing(record, line)
    return record["event"]


def main(file, pinned=None):
    try:
        with open(file, encoding="utf-8") as opened:  # noqa: PTH123 - nothing but the built-ins
            document = json.load(opened, object_pairs_hook=unique)
        event = check(document, pinned)
    except (Wrong, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        print(f"NOT VERIFIED: {type(error).__name__} {error}", file=sys.stderr)
        return 1
    ours = {"kernel", "audit", "profiles", "consent", "dsar", "api", "msgspec"}
    assert not ours & set(sys.modules), "this script stands alone"
    print(json.dumps(event))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
