"""Many ids as JSON, read and written without making an object for each: on packed arrays."""

import binascii
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from api.http.errors import Misshapen

_QUOTED = 38  # quote, 36 characters, quote
_WIDTH = _QUOTED + 1  # and a comma
_CHUNK = 1 << 14
#: What may stand between two items of a list.
_BETWEEN = np.isin(np.arange(256), [ord(one) for one in ", \n\r\t"])
#: Where the five groups of a written UUID stand among its 32 hexadecimal digits.
_GROUPS = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))


def as_json(ids: NDArray[Any]) -> bytes:
    """A JSON list of UUIDs in RFC 9562's notation, from rows of two big-endian 64-bit words.

    A row of zeros is no member (one who was just erased) and is left out.
    """
    there = ids[ids.any(axis=1)]
    if not len(there):
        return b"[]"
    return b"[" + _text(there).tobytes()[:-1] + b"]"


def _text(ids: NDArray[Any]) -> NDArray[np.uint8]:
    """A row for each id: the quoted UUID and a comma."""
    digits = np.frombuffer(binascii.hexlify(ids.tobytes()), np.uint8).reshape(-1, 32)
    text = np.full((len(ids), _WIDTH), ord("-"), np.uint8)
    text[:, 0] = text[:, 37] = ord('"')
    text[:, 38] = ord(",")
    for dashes, (first, end) in enumerate(_GROUPS):
        text[:, 1 + dashes + first : 1 + dashes + end] = digits[:, first:end]
    return text


def read_ids(sent: bytes, *, most: int, place: str) -> NDArray[Any]:
    """The ids in a JSON list of UUIDs, as rows of two big-endian 64-bit words.

    `sent` is known to be JSON. A list written evenly, as programs write them, is read without
    making an object for each id. Raises `Misshapen`, which repeats nothing of it.
    """
    ids = _evenly(sent)
    if ids is None:
        try:
            some = msgspec.json.decode(sent, type=list[UUID])
        except msgspec.ValidationError:
            raise Misshapen("this is no list of ids", place=place, remedy="send UUIDs") from None
        ids = _rows(b"".join(one.bytes for one in some))
    if not 0 < len(ids) <= most:
        raise Misshapen("too few ids, or too many", place=place, remedy=f"from 1 to {most:,}")
    return ids


def _evenly(sent: bytes) -> NDArray[Any] | None:
    """The ids of a list whose items lie equally far apart; None for one written otherwise."""
    first, last = sent.find(b'"'), sent.rfind(b'"') + 1 - _QUOTED
    second = sent.find(b'"', first + _QUOTED)
    step = second - first if second >= 0 else _QUOTED + 1
    if first < 0 or last < first or step <= _QUOTED or (last - first) % step:
        return None
    if (sent[:first].strip(), sent[last + _QUOTED :].strip()) != (b"[", b"]"):
        return None
    count = (last - first) // step + 1
    letters = np.frombuffer(sent, np.uint8, offset=first)
    # The last has nothing after it, so the gaps are looked at by themselves.
    gaps = as_strided(letters[_QUOTED:], (count - 1, step - _QUOTED), (step, 1))
    if not _BETWEEN.take(gaps).all():
        return None
    table = as_strided(letters, (count, _QUOTED), (step, 1))
    parts = []
    for start in range(0, count, _CHUNK):  # in parts, so that other threads have their turn
        part = _packed(table[start : start + _CHUNK])
        if part is None:
            return None
        parts.append(part)
    return _rows(b"".join(parts))


def _packed(table: NDArray[np.uint8]) -> bytes | None:
    """The 16 bytes of each quoted UUID; None when one of them is written in another way."""
    right = (table[:, 0] == ord('"')) & (table[:, -1] == ord('"'))
    for dashes, (_, end) in enumerate(_GROUPS[:-1]):
        right &= table[:, 1 + dashes + end] == ord("-")
    if not right.all():
        return None
    groups = [
        table[:, 1 + dashes + first : 1 + dashes + end]
        for dashes, (first, end) in enumerate(_GROUPS)
    ]
    try:
        return binascii.unhexlify(np.concatenate(groups, axis=1).tobytes())
    except binascii.Error:
        return None


def _rows(packed: bytes) -> NDArray[Any]:
    return np.frombuffer(packed, dtype=">u8").reshape(-1, 2)


def as_lines(
    ids: NDArray[Any], codes: NDArray[np.uint8], answers: Sequence[bytes]
) -> Iterator[bytes]:
    """A line of JSON for each id, some thousands at a time: `answers[code]` goes on after it.

    An answer is what stands after the id's closing quote, to the end of the line.
    """
    for start in range(0, len(ids), _CHUNK):
        text = _text(ids[start : start + _CHUNK])[:, :_QUOTED].tobytes()
        places = range(0, len(text), _QUOTED)
        ends = codes[start : start + _CHUNK].tolist()
        yield b"".join(
            b'{"member":%b%b' % (text[at : at + _QUOTED], answers[code])
            for at, code in zip(places, ends, strict=True)
        )
