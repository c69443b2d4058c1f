"""From the bytes of a programme file to its tables, or to why they are none.

Whoever sends a file may send anything: its size, its depth and its keys are bounded before
anything goes through them, and no text may hold characters that show members other words than
are written.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from consent.errors import ProgrammeInvalid
from consent.programme.mistakes import key_of
from kernel.errors import Problem

LARGEST = 1024 * 1024  # bytes
_DEEPEST = 16  # tables and lists within each other; programmes need five
_LONGEST_KEY = 200  # characters; names may have 63
_LONGEST_PATH = 32  # parts of a dotted key: tomllib's work grows with their number squared
_WHOLE = range(-(2**63), 2**63)  # what TOML promises to hold

# A dotted key, bare or quoted. Nothing is tried twice: a long line takes no longer than a short.
_PART = r"""(?>[\w-]+|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+"""
_LONG_PATH = re.compile(rf"""(?<![\w"'\\-])(?:{_PART}\.[ \t]*+){{{_LONGEST_PATH}}}""")
_TOO_DEEP = "tables and lists stand too deep within each other"
# They turn the order of the letters after them, so that a name reads as another (U+202A…).
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def parsed(source: str | bytes) -> tuple[str, dict[str, Any]]:
    """The text of a file and its tables. Raises `ProgrammeInvalid`, whatever was sent."""
    data = source if isinstance(source, bytes) else source.encode(errors="surrogatepass")
    if len(data) > LARGEST:
        raise ProgrammeInvalid(
            f"the file is larger than {LARGEST} bytes",
            remedy="leave out what is no part of the programme",
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ProgrammeInvalid(
            "the file is not UTF-8 text",
            place=f"byte {error.start + 1}",
            remedy="save it as UTF-8",
        ) from error
    if found := _LONG_PATH.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise ProgrammeInvalid(
            f"{_LONGEST_PATH} names and more in a row, with dots between", place=f"line {line}"
        )
    tables = _tables(text)
    _look_at_keys(tables)
    return text, tables


def unfit(tables: Mapping[str, Any]) -> Iterator[Problem]:
    """A problem for each value that is TOML, and yet nothing to keep or to show to anybody."""
    for place, value in _values(tables):
        if isinstance(value, str) and (bad := _invisible(value, "\n\t")):
            yield Problem(
                place, f"the character {bad} does not show, or turns what does", "leave it out"
            )
        if isinstance(value, int) and value not in _WHOLE:
            yield Problem(place, "a whole number must fit in 64 bits", "write a smaller one")


def _tables(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax(str(error)) from error
    except RecursionError as error:
        raise ProgrammeInvalid(_TOO_DEEP) from error
    except ValueError as error:  # Python reads no more than some thousand digits
        raise ProgrammeInvalid(
            "a whole number must fit in 64 bits", remedy="write a smaller one"
        ) from error


def _syntax(message: str) -> ProgrammeInvalid:
    found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if found is None:
        return ProgrammeInvalid(f"not TOML: {message}")
    line, column = found.groups()
    place = f"line {line}, column {column}" if line else "the end of the file"
    return ProgrammeInvalid(f"not TOML: {message[: found.start()]}", place=place)


def _look_at_keys(tables: Mapping[str, Any]) -> None:
    """Places are made of keys, so that none can be named before all keys can be printed."""
    # Tables and lists still to look into, the place of each, and how many it stands within.
    pending: list[tuple[str, Any, int]] = [("", tables, 1)]
    while pending:
        place, value, depth = pending.pop()
        if depth > _DEEPEST:
            raise ProgrammeInvalid(_TOO_DEEP, place=place)
        if isinstance(value, Mapping):
            for key in value:
                if len(key) > _LONGEST_KEY:
                    raise ProgrammeInvalid(
                        f"a key has more than {_LONGEST_KEY} characters", place=place
                    )
                if bad := _invisible(key):
                    raise ProgrammeInvalid(
                        f"a key has the character {bad}, which does not show, or turns what does",
                        place=place,
                        remedy="leave it out",
                    )
        pending += ((at, one, depth + 1) for at, one in _within(place, value) if _holds(one))


def _values(tables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every value that is neither table nor list, in the file's order, with its place."""
    pending: list[tuple[str, Any]] = [("", tables)]
    while pending:
        place, value = pending.pop()
        if _holds(value):
            pending += reversed(list(_within(place, value)))
        else:
            yield place, value


def _holds(value: object) -> bool:
    return isinstance(value, (Mapping, list))


def _within(place: str, value: Mapping[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
    return ((key_of(place, key) if place else str(key), one) for key, one in pairs)


def _invisible(text: str, allowed: str = "") -> str:
    """The first control character, or one that turns the order of letters, such as U+202E."""
    if text.isprintable():
        return ""
    for one in text:
        if one in _TURNING or (unicodedata.category(one) == "Cc" and one not in allowed):
            return f"U+{ord(one):04X}"
    return ""
