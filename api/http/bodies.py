"""What comes in: bodies read up to a limit and decoded, query parameters checked.

No message repeats what was sent but the names of keys: what is sent may be a member's.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.requests import Request

from api.http.errors import Malformed, Misshapen, TooLarge
from consent.programme.suggestion import did_you_mean

LIMIT = 1 << 20  # bytes

_AT = re.compile(r" - at `(?:key in )?\$\.?(.*)`$")
_UNKNOWN = re.compile(r"unknown field `(.*?)`")
_ENUM = re.compile(r"^Invalid enum value .*$", re.DOTALL)


async def read(request: Request) -> bytes:
    """The body. Raises `TooLarge` as soon as it is known to be more than 1 MiB."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > LIMIT:
        raise _too_large()
    parts: list[bytes] = []
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > LIMIT:
            raise _too_large()
        parts.append(part)
    return b"".join(parts)


class Shape:
    """What a door takes, ready to decode; made once for each door."""

    def __init__(self, type: type[Any]) -> None:
        self._decoder = msgspec.json.Decoder(type)
        self._fields: tuple[str, ...] = getattr(type, "__struct_fields__", ())

    def decode(self, body: bytes) -> Any:
        """The body in this shape. Raises `Malformed` for no JSON, `Misshapen` for another."""
        try:
            return self._decoder.decode(body)
        except msgspec.ValidationError as error:
            raise _misshapen(str(error), self._fields) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(
                "this is not JSON" if body else "there is no body",
                place="body",
                remedy="send one JSON object in UTF-8",
            ) from error


def check_query(given: Mapping[str, str], known: Sequence[str]) -> None:
    """Raises `Misshapen` for a parameter this door does not have.

    Strict, so that nobody grows used to addresses with personal data in them.
    """
    for name in given:
        if name not in known:
            raise Misshapen(
                "there is no such parameter", place="query", remedy=did_you_mean(name, known)
            )


def _misshapen(message: str, fields: Sequence[str]) -> Misshapen:
    at = _AT.search(message)
    place = at.group(1) if at else ""
    sentence = _AT.sub("", message)
    sentence = _ENUM.sub("not one of the words there are", sentence)
    remedy = ""
    if (unknown := _UNKNOWN.search(sentence)) and not place:
        place = unknown.group(1)[:60]
        sentence = "this door takes no such field"
        remedy = did_you_mean(place, fields)
    return Misshapen(sentence[0].lower() + sentence[1:], place=place or "body", remedy=remedy)


def _too_large() -> TooLarge:
    return TooLarge(
        "the body is longer than 1 MiB", place="body", remedy="send it in several requests"
    )
