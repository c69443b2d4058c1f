"""Forms that hold a file: `multipart/form-data` (RFC 7578), within the page's limit of bytes.

A file is text here, in UTF-8; its type and its own name are not looked at. What browsers send is
cut at its boundary and read part by part: no more of the format is understood than that, so that
nothing that was made up costs more than reading it once.
"""

import re
from typing import Any

from api.http.errors import Malformed

_TYPE = re.compile(r"multipart/form-data; *boundary=\"?([0-9A-Za-z'()+_,./:=? -]{1,70})\"?")
_NAMED = re.compile(rb'(?i)content-disposition: *form-data; *name="([a-z_]{1,32}(?:\[\])?)"')
_MOST_PARTS = 8
_LONGEST_HEAD = 1_024  # bytes of a part's own headers


def holds_a_file(content_type: str) -> bool:
    """Whether the form was sent the way that files are."""
    return content_type.lower().startswith("multipart/")


def fields(content_type: str, body: bytes) -> dict[str, Any]:
    """The fields of such a form, each as text. Raises `Malformed`."""
    found = _TYPE.fullmatch(content_type.strip())
    if found is None:
        raise _malformed()
    mark = b"\r\n--" + found.group(1).encode("ascii")
    before, *parts = (b"\r\n" + body).split(mark, _MOST_PARTS + 1)
    if before or len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise _malformed()
    return dict(_part(part) for part in parts[:-1])


def _part(part: bytes) -> tuple[str, str]:
    head, blank, content = part.partition(b"\r\n\r\n")
    named = _NAMED.search(head) if blank and len(head) <= _LONGEST_HEAD else None
    if named is None:
        raise _malformed()
    try:
        return named.group(1).decode("ascii"), content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _malformed() from error


def _malformed() -> Malformed:
    return Malformed("this is not what a form sends", place="body", remedy="send the form again")
