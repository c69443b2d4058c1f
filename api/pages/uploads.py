"""Forms that hold a file: `multipart/form-data` (RFC 7578), within the page's limit of bytes.

A file is text here, in UTF-8; its name and type are not looked at.
"""

from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from starlette.requests import Request

from api.http.bodies import form_fields
from api.http.errors import Malformed

_MULTIPART = "multipart/form-data"
_MOST_PARTS = 32


def fields(request: Request, body: bytes) -> dict[str, Any]:
    """The fields of a form, whichever of the two ways it was sent. Raises `Malformed`."""
    type_ = request.headers.get("content-type", "")
    if type_.partition(";")[0].strip().lower() != _MULTIPART:
        return form_fields(body)
    head = f"Content-Type: {type_}\r\n\r\n".encode("latin-1")
    found = BytesParser(policy=HTTP).parsebytes(head + body)
    parts = list(found.iter_parts()) if found.is_multipart() else []
    if not parts or len(parts) > _MOST_PARTS or found.defects:
        raise _malformed()
    return dict(_part(one) for one in parts)


def _part(part: Any) -> tuple[str, str]:
    name = part.get_param("name", header="content-disposition")
    content = part.get_payload(decode=True)
    if not isinstance(name, str) or not isinstance(content, bytes):
        raise _malformed()
    try:
        return name, content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _malformed() from error


def _malformed() -> Malformed:
    return Malformed("this is not what a form sends", place="body", remedy="send the form again")
