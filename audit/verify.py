"""Check a record, or a proof or certificate from it, offline, without trusting whoever keeps it.

This file stands alone on purpose: the standard library and Ed25519 from `cryptography`,
nothing of ours. Copy it to another machine, read it in half an hour, and run it:

    python verify.py log FOLDER --key VERIFIER-KEY
    python verify.py proof FILE --entry FILE --key VERIFIER-KEY
    python verify.py certificate FILE --key VERIFIER-KEY

It follows RFC 6962 (hashing), RFC 9162 (checking proofs) and C2SP's signed-note,
tlog-checkpoint, tlog-tiles and tlog-proof, and is strict: one way to write a number, one way
to write base64, no line it does not know. It is long for one file because it may lean on no
other.
"""

import argparse
import base64
import binascii
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HASH = 32
TILE = 256  # hashes in a full tile, entries in a full bundle
MAX_ENTRY = 65_535
MAX_TEXT = 1 << 16  # characters of a note or a proof file
MAX_SIZE = (1 << 63) - 1
MAX_SIGNATURES = 100
MAX_PATH = 64  # hashes in an inclusion or consistency proof of any tree that can exist
EMPTY_ROOT = sha256(b"").digest()
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
CERTIFICATE = "tillit/erasure-certificate/v1"
HORIZON = "tillit/erasure-horizon/v1"
ED25519 = 0x01

Progress = Callable[[int, int], None]


class VerificationError(Exception):
    """What was checked is malformed, or is not what was signed."""


# Hashing (RFC 6962 §2.1)


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry as a leaf: SHA-256(0x00 ‖ entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def tree_root(hashes: Sequence[bytes]) -> bytes:
    """The root over equally high subtrees, left to right; the last may be lower.

    A tree whose right side is ragged pairs what it can on each level and carries an odd one
    up, which is RFC 6962's split at the largest power of two.
    """
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        pairs = iter(level)
        level = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(pairs, pairs, strict=False)
        ]
        level += odd
    return level[0]


# Numbers and base64 that can be written in one way only

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


def parse_decimal(text: str, what: str) -> int:
    if _DECIMAL.fullmatch(text) is None or int(text) > MAX_SIZE:
        raise VerificationError(f"{what}: not a decimal number without leading zeros")
    return int(text)


def parse_base64(text: str, what: str, *, length: int | None = None) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise VerificationError(f"{what}: not base64") from error
    if base64.b64encode(data).decode() != text:
        raise VerificationError(f"{what}: not canonical base64")
    if length is not None and len(data) != length:
        raise VerificationError(f"{what}: {len(data)} bytes, expected {length}")
    return data


# Keys and signed notes (C2SP signed-note)


def check_name(name: str) -> str:
    """`name` if it can name a key: not empty, printable, without spaces and plus signs."""
    if not name or "+" in name or any(c.isspace() for c in name) or not name.isprintable():
        raise VerificationError("a key's name is printable, without spaces and plus signs")
    return name


def key_id(name: str, public: bytes) -> bytes:
    """Four bytes that hint at the key: SHA-256(name ‖ LF ‖ 0x01 ‖ public key), shortened."""
    return sha256(name.encode() + b"\n" + bytes([ED25519]) + public).digest()[:4]


@dataclass(frozen=True)
class VerifierKey:
    """The public half of a log's key, written ``name+hex(key id)+base64(0x01 ‖ key)``."""

    name: str
    id: bytes
    public: bytes

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise VerificationError("verifier key: expected name+id+key")
        name = check_name(parts[0])
        data = parse_base64(parts[2], "verifier key", length=1 + HASH)
        if data[0] != ED25519:
            raise VerificationError(f"verifier key: algorithm {data[0]} is not Ed25519")
        expected = key_id(name, data[1:])
        if parts[1] != expected.hex():
            raise VerificationError("verifier key: the id does not belong to name and key")
        return cls(name, expected, data[1:])

    def __str__(self) -> str:
        key = base64.b64encode(bytes([ED25519]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{key}"

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether this key signed these bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Signature:
    name: str
    key_id: bytes
    signature: bytes


def parse_note(note: str) -> tuple[str, tuple[Signature, ...]]:
    """The text of a signed note, with its final LF, and the signatures as they stand."""
    if len(note) > MAX_TEXT:
        raise VerificationError("note: too long")
    if any(c < " " and c != "\n" for c in note):
        raise VerificationError("note: control characters")
    head, separator, tail = note.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise VerificationError("note: expected a text, an empty line and signatures")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise VerificationError("note: too many signatures")
    return head + "\n", tuple(_signature(line) for line in lines)


def _signature(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—":
        raise VerificationError("note: malformed signature line")
    data = parse_base64(parts[2], "signature")
    if len(data) < 5:
        raise VerificationError("signature: too short")
    return Signature(check_name(parts[1]), data[:4], data[4:])


def open_note(note: str, key: VerifierKey) -> str:
    """The note's text, once `key` is seen to have signed it. Others' signatures are ignored."""
    text, signatures = parse_note(note)
    ours = [s for s in signatures if (s.name, s.key_id) == (key.name, key.id)]
    if not ours:
        raise VerificationError(f"note: not signed by {key.name} with the given key")
    if not all(key.verifies(s.signature, text.encode()) for s in ours):
        raise VerificationError(f"note: the signature of {key.name} is wrong")
    return text


# Checkpoints (C2SP tlog-checkpoint)


@dataclass(frozen=True)
class Checkpoint:
    """What a log's keeper signs: `size` entries hash to `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise VerificationError("checkpoint: expected three lines: origin, size, root")
        size = parse_decimal(lines[1], "checkpoint's size")
        root = parse_base64(lines[2], "checkpoint's root", length=HASH)
        if size == 0 and root != EMPTY_ROOT:
            raise VerificationError("checkpoint: the root of an empty log is wrong")
        return cls(check_name(lines[0]), size, root)

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def open_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a signed note, once signature and origin are seen to be the key's."""
    checkpoint = Checkpoint.parse(open_note(note, key))
    if checkpoint.origin != key.name:
        raise VerificationError("checkpoint: its origin is another log")
    return checkpoint


# Proofs (RFC 9162 §2.1.3.2 and §2.1.4.2)


def _climb(index: int, size: int, siblings: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each sibling on the way from a node to the root of `size` nodes; True where it is left."""
    at, last = index, size - 1
    for sibling in siblings:
        if last == 0:
            raise VerificationError("proof: too many hashes")
        left = bool(at & 1) or at == last
        yield sibling, left
        while left and at and not at & 1:  # the node has no sibling on these levels
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    if last:
        raise VerificationError("proof: too few hashes")


def verify_inclusion(
    *, leaf: bytes, index: int, proof: Sequence[bytes], size: int, root: bytes
) -> None:
    """Return if the leaf hash stands at `index` in the tree; raise `VerificationError` if not."""
    if not 0 <= index < size:
        raise VerificationError(f"index {index} is not in a tree of {size}")
    computed = leaf
    for sibling, left in _climb(index, size, proof):
        computed = node_hash(sibling, computed) if left else node_hash(computed, sibling)
    if computed != root:
        raise VerificationError("inclusion proof: it leads to another root")


def verify_consistency(
    *, old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Return if the old tree is a beginning of the new one; raise `VerificationError` if not."""
    if not 0 <= old_size <= size:
        raise VerificationError(f"a tree of {size} cannot follow one of {old_size}")
    if old_size in {0, size}:
        if proof:
            raise VerificationError("consistency proof: expected to be empty")
        if old_root != (root if old_size else EMPTY_ROOT):
            raise VerificationError("consistency proof: the roots differ")
        return
    # The climb starts at the last perfect subtree of the old tree; when that is the whole of
    # it, the proof leaves it out.
    height = (old_size & -old_size).bit_length() - 1
    path = list(proof) if old_size >> height != 1 else [old_root, *proof]
    if not path:
        raise VerificationError("proof: too few hashes")
    old = new = path[0]
    start, nodes = (old_size >> height) - 1, ((size - 1) >> height) + 1
    for sibling, left in _climb(start, nodes, path[1:]):
        if left:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    if (old, new) != (old_root, root):
        raise VerificationError("consistency proof: it leads to other roots")


@dataclass(frozen=True)
class Proof:
    """A tlog-proof file, parsed and not yet believed."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    @classmethod
    def parse(cls, text: str) -> "Proof":
        if len(text) > MAX_TEXT:
            raise VerificationError("proof: too long")
        head, separator, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if not separator or lines.pop(0) != PROOF_HEADER:
            raise VerificationError(f"proof: expected to begin with {PROOF_HEADER}")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = parse_base64(lines.pop(0).removeprefix("extra "), "proof's extra data")
        if not lines or not lines[0].startswith("index "):
            raise VerificationError("proof: expected a line with the index")
        index = parse_decimal(lines.pop(0).removeprefix("index "), "proof's index")
        if len(lines) > MAX_PATH:
            raise VerificationError("proof: too many hashes")
        hashes = tuple(parse_base64(line, "proof's hash", length=HASH) for line in lines)
        return cls(index, hashes, checkpoint, extra)

    def __str__(self) -> str:
        lines = [PROOF_HEADER]
        if self.extra is not None:
            lines.append(f"extra {base64.b64encode(self.extra).decode()}")
        lines.append(f"index {self.index}")
        lines += [base64.b64encode(h).decode() for h in self.hashes]
        return "\n".join(lines) + "\n\n" + self.checkpoint


def verify_proof(text: str, *, entry: bytes, key: VerifierKey) -> Checkpoint:
    """The signed checkpoint that covers `entry`, if the proof shows so.

    Raises `VerificationError`.
    """
    proof = Proof.parse(text)
    checkpoint = open_checkpoint(proof.checkpoint, key)
    verify_inclusion(
        leaf=leaf_hash(entry),
        index=proof.index,
        proof=proof.hashes,
        size=checkpoint.size,
        root=checkpoint.root,
    )
    return checkpoint


# Certificates of erasure

_DOCUMENT = {"certificate", "entry", "note", "proof", "verifier_key"}
#: The second certificate shows the rotation too that destroyed the epoch of the erasure.
_ROTATION = {"rotation", "rotation_proof"}
#: What a certificate says, and where the entry of the erasure says the same.
_AGREE = {
    "request": ("facts", "request"),
    "key_fingerprint": ("facts", "key"),
    "destroyed": ("facts", "rows"),
    "kept": ("facts", "kept"),
    "epoch": ("facts", "epoch"),
    "erased_at": ("at",),
    "entry": ("id",),
}


def verify_certificate(text: str, key: VerifierKey) -> Checkpoint:
    """The signed checkpoint that covers the erasure, if every part of the certificate agrees.

    `text` is the whole JSON file. Its readable part is what the note says, `key` signed the
    note, the proof shows the entry to be on record, and the entry is the erasure that the
    certificate names. The second certificate also shows the rotation after it, which ended the
    epoch of its keys. Raises `VerificationError`, which names what differs.
    """
    document = _object(text, "certificate's file")
    second = "rotation" in document
    expected = _DOCUMENT | _ROTATION if second else _DOCUMENT
    if set(document) != expected:
        raise VerificationError(f"certificate's file: expected {', '.join(sorted(expected))}")
    for name in sorted(expected - {"certificate"}):
        if not isinstance(document[name], str):
            raise VerificationError(f"{name}: expected text")
    if document["verifier_key"] != str(key):
        raise VerificationError("verifier_key: differs from the given key")
    signed = _statement(open_note(document["note"], key), HORIZON if second else CERTIFICATE)
    _same(document["certificate"], signed, "certificate", "the note")
    checkpoint = verify_proof(document["proof"], entry=document["entry"].encode(), key=key)
    entry = _object(document["entry"], "entry")
    if entry.get("kind") != "member.erased":
        raise VerificationError("entry: its kind is not member.erased")
    for name, path in _AGREE.items():
        where = f"the entry's {'.'.join(path)}"
        _same(_at(signed, (name,)), _at(entry, path), f"certificate.{name}", where)
    return _verify_horizon(document, signed, key) if second else checkpoint


def _verify_horizon(
    document: dict[str, Any], signed: dict[str, Any], key: VerifierKey
) -> Checkpoint:
    """The checkpoint that covers the rotation, if it came after the erasure and ended its epoch."""
    proof, body = document["rotation_proof"], document["rotation"]
    checkpoint = verify_proof(proof, entry=body.encode(), key=key)
    rotation = _object(body, "rotation")
    if rotation.get("kind") != "keys.rotated":
        raise VerificationError("rotation: its kind is not keys.rotated")
    _same(_at(signed, ("rotation",)), _at(rotation, ("id",)), "certificate.rotation", "its id")
    _same(_at(signed, ("passed_at",)), _at(rotation, ("at",)), "certificate.passed_at", "its at")
    ended, began = _at(signed, ("epoch",)), _at(rotation, ("facts", "epoch"))
    if type(ended) is not int or type(began) is not int or began != ended + 1:
        raise VerificationError("rotation: it did not end the epoch of the erasure")
    if Proof.parse(proof).index <= Proof.parse(document["proof"]).index:
        raise VerificationError("rotation: it stands before the erasure")
    return checkpoint


def _statement(text: str, form: str) -> dict[str, Any]:
    """What the note of a certificate says: a line for the format and one of canonical JSON."""
    lines = text.split("\n")
    if len(lines) != 3 or lines[2]:
        raise VerificationError("note: expected two lines: format, certificate")
    if lines[0] != form:
        raise VerificationError(f"note: its format line is not {form}")
    signed = _object(lines[1], "note")
    if _canonical(signed) != lines[1]:
        raise VerificationError("note: its certificate is not canonical JSON")
    _same(_at(signed, ("format",)), form, "certificate.format", "the note's format line")
    return signed


def _object(text: str, what: str) -> dict[str, Any]:
    """A JSON object in which nothing can be read in two ways."""
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        _canonical(value).encode()
    except (ValueError, RecursionError) as error:
        raise VerificationError(f"{what}: not JSON that can be read in one way only") from error
    if not isinstance(value, dict):
        raise VerificationError(f"{what}: not a JSON object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _at(value: Any, path: Sequence[str]) -> Any:
    for name in path:
        if not isinstance(value, dict) or name not in value:
            raise VerificationError(f"{'.'.join(path)}: missing")
        value = value[name]
    return value


def _same(given: Any, other: Any, what: str, where: str) -> None:
    """Compared as written: JSON's ``true`` is not 1. Names the member that differs."""
    if isinstance(given, dict) and isinstance(other, dict):
        for name in sorted(given.keys() | other.keys()):
            if name not in given or name not in other:
                raise VerificationError(f"{what}.{name}: differs from {where}")
            _same(given[name], other[name], f"{what}.{name}", where)
    elif _canonical(given) != _canonical(other):
        raise VerificationError(f"{what}: differs from {where}")


# Tiles and bundles (C2SP tlog-tiles)


def tile_path(level: int | None, number: int, width: int = TILE) -> str:
    """Where a tile lies: ``tile/0/x001/x234/067.p/5``. Level None is the entries' bundle."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    partial = "" if width == TILE else f".p/{width}"
    return f"tile/{'entries' if level is None else level}/{'/'.join(groups)}{partial}"


_TILE = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([0-9]{1,3}))?"
)


def parse_tile_path(path: str) -> tuple[int | None, int, int]:
    """The level (None: entries), number and width that `tile_path` wrote."""
    match = _TILE.fullmatch(path)
    if match is not None:
        level = None if match[1] == "entries" else int(match[1])
        number = int(match[2].replace("/", "").replace("x", ""))
        width = TILE if match[3] is None else int(match[3])
        if 0 < width <= TILE and path == tile_path(level, number, width):
            return level, number, width
    raise VerificationError("not the path of a tile")


def tile_width(level: int, number: int, size: int) -> int:
    """How many hashes tile `number` of `level` has in a log of `size`: 0 to 256."""
    return max(0, min(TILE, (size >> (8 * level)) - number * TILE))


def split_bundle(data: bytes, width: int) -> list[bytes]:
    """The `width` entries of a bundle, each after its length in two big-endian bytes."""
    entries, at, end = [], 0, len(data)
    while at < end:
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        entries.append(data[start:at])
    if at != end or len(entries) != width:
        raise VerificationError(f"expected {width} entries and nothing else")
    return entries


@dataclass(frozen=True)
class LogReport:
    """What checking a whole log found: nothing, or where it differs."""

    checkpoint: Checkpoint
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def verify_log(folder: Path, key: VerifierKey, progress: Progress | None = None) -> LogReport:
    """Recompute a log from its entries: every leaf, every tile, the root under the signature.

    Raises `VerificationError` when there is no checkpoint that `key` signed; everything else
    that is wrong stands in the report. Reads one tile at a time.
    """
    checkpoint = open_checkpoint(_read_text(folder / "checkpoint"), key)
    size, problems = checkpoint.size, list[str]()
    roots: list[bytes] = []
    tail: list[bytes] = []
    for number in range((size + TILE - 1) // TILE):
        width = tile_width(0, number, size)
        leaves = _leaves(folder, number, width, problems)
        if leaves is None:
            problems.append(f"cannot go on: leaves from {number * TILE} on are unknown")
            return LogReport(checkpoint, tuple(problems))
        if width == TILE:
            roots.append(tree_root(leaves))
        else:
            tail = [tree_root(leaves)]
        if progress is not None:
            progress(number * TILE + width, size)
    if tree_root(roots + tail) != checkpoint.root:
        problems.append("the entries do not hash to the root that the checkpoint signs")
    _check_upper(folder, roots, problems)
    problems += _surplus(folder, size)
    return LogReport(checkpoint, tuple(problems))


def _leaves(folder: Path, number: int, width: int, problems: list[str]) -> list[bytes] | None:
    """The leaf hashes of one bundle, compared with its tile; of the tile if the bundle is bad."""
    where = tile_path(None, number, width)
    leaves = None
    try:
        data = _read(folder / where, width * (2 + MAX_ENTRY))
        leaves = [leaf_hash(entry) for entry in split_bundle(data, width)]
    except VerificationError as error:
        problems.append(f"{where}: {error}")
    stored = _check_tile(folder, 0, number, expected=leaves, width=width, problems=problems)
    return stored if leaves is None else leaves


def _check_upper(folder: Path, roots: list[bytes], problems: list[str]) -> None:
    level = 0
    while roots:
        level += 1
        above = []
        for number, start in enumerate(range(0, len(roots), TILE)):
            part = roots[start : start + TILE]
            _check_tile(folder, level, number, expected=part, width=len(part), problems=problems)
            if len(part) == TILE:
                above.append(tree_root(part))
        roots = above


def _check_tile(
    folder: Path,
    level: int,
    number: int,
    *,
    expected: list[bytes] | None,
    width: int,
    problems: list[str],
) -> list[bytes] | None:
    """The hashes a tile holds; what differs from `expected` is added to `problems`."""
    where = tile_path(level, number, width)
    try:
        data = _read(folder / where, width * HASH)
    except VerificationError as error:
        problems.append(f"{where}: {error}")
        return None
    if len(data) != width * HASH:
        problems.append(f"{where}: {len(data)} bytes, expected {width * HASH}")
        return None
    stored = [data[i : i + HASH] for i in range(0, len(data), HASH)]
    if expected is not None and stored != expected:
        for i, (have, want) in enumerate(zip(stored, expected, strict=True)):
            if have != want:
                below = tile_path(level - 1 if level else None, number * TILE + i)
                source = below if level else f"entry {number * TILE + i}"
                problems.append(f"{where}: hash {i} is not the hash of {source}")
    return stored


def _surplus(folder: Path, size: int) -> Iterator[str]:
    """Names of files under ``tile`` that do not belong to a log of this size."""
    for root, _, files in os.walk(folder / "tile"):
        for name in sorted(files):
            path = (Path(root) / name).relative_to(folder).as_posix()
            if not _belongs(path, size):
                yield f"{path}: does not belong to a log of {size} entries"


def _belongs(path: str, size: int) -> bool:
    try:
        level, number, width = parse_tile_path(path)
    except VerificationError:
        return False
    return tile_width(level or 0, number, size) == width


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise VerificationError(f"cannot be read ({type(error).__name__})") from error
    if len(data) > limit:
        raise VerificationError(f"longer than {limit} bytes")
    return data


def _read_text(path: Path) -> str:
    try:
        return _read(path, 4 * MAX_TEXT).decode()
    except UnicodeDecodeError as error:
        raise VerificationError(f"{path.name}: not UTF-8") from error
    except VerificationError as error:
        raise VerificationError(f"{path.name}: {error}") from error


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="verify", description="Check a record offline.")
    commands = parser.add_subparsers(dest="command", required=True)
    log = commands.add_parser("log", help="check a whole exported log")
    log.add_argument("folder", type=Path)
    proof = commands.add_parser("proof", help="check the proof that one entry is on record")
    proof.add_argument("file", type=Path)
    proof.add_argument("--entry", type=Path, required=True, help="the entry's exact bytes")
    certificate = commands.add_parser("certificate", help="check a certificate of an erasure")
    certificate.add_argument("file", type=Path)
    for command in (log, proof, certificate):
        command.add_argument("--key", required=True, help="the log's verifier key")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when everything verifies, 1 when anything does not."""
    given = _arguments(arguments)
    try:
        key = VerifierKey.parse(given.key)
        if given.command == "log":
            report = verify_log(given.folder, key)
            checkpoint, problems = report.checkpoint, report.problems
        elif given.command == "certificate":
            checkpoint, problems = verify_certificate(_read_text(given.file), key), ()
        else:
            entry = _read(given.entry, MAX_ENTRY)
            checkpoint = verify_proof(_read_text(given.file), entry=entry, key=key)
            problems = ()
    except VerificationError as error:
        problems = (str(error),)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print("NOT VERIFIED", file=sys.stderr)
        return 1
    root = base64.b64encode(checkpoint.root).decode()
    print(f"verified: {checkpoint.origin}, {checkpoint.size} entries, root {root}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
