"""What comes in: bodies read up to a limit and decoded, query parameters checked.

No message repeats what was sent, but for what looks like a name: it may be a member's. Control
characters, which no text of a person's has and the database in part refuses, come no further:
in JSON and in addresses they are refused, and a form is read without them, since who has copied
one along from somewhere can neither see it nor take it out.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import NoneType
from typing import Annotated, Any, get_args
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request

from api.http.errors import Malformed, Misshapen, NoSuchRoute, TooLarge
from consent.programme.suggestion import did_you_mean
from profiles.values import has_controls, without_controls

LIMIT = 1 << 20  # bytes
FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1_000  # of a form, whose bytes are limited besides
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

_LIKE_A_NAME = r"^[a-z][a-z0-9_-]{0,62}$(?!\n)"
#: What names a field or a purpose. Else it is refused here, and no room below can repeat it.
Name = Annotated[str, msgspec.Meta(pattern=_LIKE_A_NAME)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]

_AT = re.compile(r" - at `(?:key in )?\$\.?(.*)`$")
_UNKNOWN = re.compile(r"unknown field `(.*)`", re.DOTALL)
_NAME = re.compile(_LIKE_A_NAME)
_WHOLE = re.compile("[1-9][0-9]{0,8}")
_ENUM = re.compile(r"^Invalid enum value .*$", re.DOTALL)

#: Control characters in JSON as it is sent: escaped, by their number or `\b` and `\f`, not after
#: a backslash that is itself escaped; or DEL and the C1 controls in UTF-8. Others are no JSON.
_ESCAPED = re.compile(
    rb"(?<!\\)(?:\\\\)*\\(?:[bf]|u00(?:0[0-8bBcCeEfF]|1[0-9a-fA-F]|7[fF]|[89][0-9a-fA-F]))"
)
_LINE_END = re.compile(r"\r\n?")
_RAW = re.compile(rb"\x7f|\xc2[\x80-\x9f]")

_NO_NAME = "this is not written like a name"
_NAMES = "small letters, digits, _ and -, beginning with a letter"


async def read(request: Request, limit: int = LIMIT) -> bytes:
    """The body. Raises `TooLarge` as soon as it is known to be more than `limit` bytes."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 9 or int(announced) > limit):
        raise _too_large(limit)
    parts: list[bytes] = []
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


class Shape:
    """What a door takes, ready to decode; made once for each door.

    A door that takes a shape or None may be sent no body at all. One that takes `bytes` is handed
    them as they came: it has a signature to verify before anything is parsed.
    """

    def __init__(self, type: Any) -> None:
        self._type = type
        self._decoder = msgspec.json.Decoder(type)
        self._optional = NoneType in get_args(type)
        struct = next((one for one in get_args(type) if one is not NoneType), type)
        self._fields: tuple[str, ...] = getattr(struct, "__struct_fields__", ())

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of what it takes."""
        return self._fields

    def decode(self, body: bytes) -> Any:
        """The body in this shape. Raises `Malformed` for no JSON, `Misshapen` for another."""
        if self._optional and not body:
            return None
        if self._type is bytes:
            return body
        try:
            decoded = self._decoder.decode(body)
        except msgspec.ValidationError as error:
            raise _misshapen(str(error), self._fields) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(
                "this is not JSON" if body else "there is no body",
                place="body",
                remedy="send one JSON object in UTF-8",
            ) from error
        _refuse_controls(body)
        return decoded

    def decode_form(self, body: bytes) -> Any:
        """What a page's form has sent, in this shape. Raises as `decode` does."""
        return self.decode_fields(form_fields(body))

    def decode_fields(self, fields: Mapping[str, Any]) -> Any:
        """The fields of a form, in this shape. Raises `Misshapen`."""
        try:
            return msgspec.convert(dict(fields), self._type, strict=False)
        except msgspec.ValidationError as error:
            raise _misshapen(str(error), self._fields) from None


def form_fields(body: bytes) -> dict[str, Any]:
    """The fields of a form, without control characters; one whose name ends in ``[]`` is a list.

    A line's end is one character, as it was where it was typed (HTML, the API value of a textarea).
    Raises `Malformed`.
    """
    try:
        sent = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Malformed(
            "this is not what a form sends", place="body", remedy=f"send it as {FORM}"
        ) from error
    fields, lines = dict[str, Any](), dict[str, Any]()
    for name, written in sent:
        value = without_controls(_LINE_END.sub("\n", written))
        if name.endswith("[]"):
            lines.setdefault(name.removesuffix("[]"), []).append(value)
        else:
            fields[name] = value
    return fields | lines


def is_form(headers: Mapping[str, str]) -> bool:
    """Whether the body is what a page's form sends."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


async def decoded(shape: Shape, body: bytes) -> Any:
    """The body in its shape; a long one is looked through in another thread. Raises as it does."""
    if len(body) <= LIMIT:
        return shape.decode(body)
    return await asyncio.to_thread(shape.decode, body)


def check_query(given: Mapping[str, str], known: Sequence[str]) -> None:
    """Raises `Misshapen` for a parameter this door does not have.

    Strict, so that nobody grows used to addresses with personal data in them.
    """
    for name in given:
        if name not in known:
            raise Misshapen(
                "there is no such parameter", place="query", remedy=did_you_mean(name, known)
            )
        if has_controls(given[name]):
            raise _control(name)


def check_path(given: Mapping[str, Any]) -> None:
    """Nothing is at an address with a control character in it. Raises `NoSuchRoute`."""
    if any(isinstance(value, str) and has_controls(value) for value in given.values()):
        raise NoSuchRoute("there is nothing at this address")


def _refuse_controls(body: bytes) -> None:
    escaped = b"\\" in body and _ESCAPED.search(body)
    raw = (b"\x7f" in body or not body.isascii()) and _RAW.search(body)
    if escaped or raw:
        raise _control("body")


def _control(place: str) -> Misshapen:
    return Misshapen(
        "there is a control character in it",
        place=place,
        remedy="leave out what cannot be seen; tabs and line ends may stand in texts",
    )


def name(sent: str, *, place: str) -> str:
    """A name that stands in an address. Raises `Misshapen`, without it, for anything else."""
    if not _NAME.fullmatch(sent):
        raise Misshapen(_NO_NAME, place=place, remedy=_NAMES)
    return sent


def whole(sent: str, *, most: int, place: str) -> int:
    """A whole number from 1 to `most`, written in plain digits. Raises `Misshapen`."""
    if not _WHOLE.fullmatch(sent) or int(sent) > most:
        raise Misshapen("this is no such number", place=place, remedy=f"from 1 to {most}")
    return int(sent)


def moment(sent: str, *, now: datetime, place: str) -> datetime:
    """A time that stands in an address, with a zone, as `happened` takes it. Raises `Misshapen`."""
    try:
        at = msgspec.convert(sent, Moment)
    except msgspec.ValidationError:
        raise Misshapen(
            "this is no time with a zone", place=place, remedy="such as 2026-03-01T12:00:00Z"
        ) from None
    return happened(at, now=now, place=place)


def happened(at: datetime, *, now: datetime, place: str) -> datetime:
    """A time that was sent, as UTC: since 1970, and not after `now`. Raises `Misshapen`.

    Compared before it is converted: the first and the last year have no room for a zone.
    """
    if at < EARLIEST:
        raise Misshapen("this lies before 1970", place=place, remedy="see how the year is written")
    if at > now:
        raise Misshapen("this lies in the future", place=place, remedy="give a time that has come")
    return at.astimezone(UTC)


def _misshapen(message: str, fields: Sequence[str]) -> Misshapen:
    at = _AT.search(message)
    place = at.group(1) if at else ""
    sentence = _AT.sub("", message)
    sentence = _ENUM.sub("not one of the words there are", sentence)
    remedy = ""
    if (unknown := _UNKNOWN.search(sentence)) is not None:
        sent = unknown.group(1)
        sentence = "this door takes no such field"
        if not place:
            place = sent if _NAME.fullmatch(sent) else ""
            remedy = did_you_mean(sent[:64], fields)
    elif _LIKE_A_NAME in sentence:
        sentence, remedy = _NO_NAME, _NAMES
    return Misshapen(sentence[0].lower() + sentence[1:], place=place or "body", remedy=remedy)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"the body is longer than {limit >> 20} MiB",
        place="body",
        remedy="send it in several requests",
    )
