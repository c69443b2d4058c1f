"""`/docs`: every route on one page, for people; made from the OpenAPI document and nothing else.

Rendered once, here, and compressed once: it is the same for everybody, so its length gives nothing
away. It has no script, and its policy lets no browser load anything for it.
"""

import base64
import gzip
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.http.outline import outline
from api.http.seeing import seen_in

PATH = "/docs"

_TEMPLATES = Path(__file__).parent / "templates"
_PAGES = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE = (_TEMPLATES / "reference.css").read_text("utf-8")
#: That a browser takes it (RFC 9110, 12.5.3); a weight of 0 says that it does not.
_GZIP = re.compile(r"(?:^|,)\s*gzip\s*(?:,|$|;\s*q=(?!0(?:\.0*)?\s*(?:,|$)))", re.IGNORECASE)
_CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)


def route(document: dict[str, Any]) -> Route:
    """The route that shows this OpenAPI document."""
    content = page(document).encode()
    smaller = gzip.compress(content, mtime=0)
    plain = {"Content-Security-Policy": policy(), "Vary": "Accept-Encoding"}
    zipped = plain | {"Content-Encoding": "gzip"}

    async def docs(request: Request) -> Response:
        seen_in(request.scope).route = PATH
        takes = _GZIP.search(request.headers.get("accept-encoding", "")) is not None
        return Response(
            smaller if takes else content,
            headers=zipped if takes else plain,
            media_type="text/html; charset=utf-8",
        )

    return Route(PATH, docs, methods=["GET"], include_in_schema=False)


def page(document: dict[str, Any]) -> str:
    """The page, whole: one HTML document that needs nothing beside it."""
    return _PAGES.get_template("reference.html").render(style=_STYLE, **outline(document))


def policy() -> str:
    """The page's Content-Security-Policy: its own style, known by its hash, and nothing else."""
    style = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


def _prose(text: str) -> Markup:
    """Text as it stands in docstrings: what is between backticks is code."""
    # Escaped first: the only markup in it is ours.
    return Markup(_CODE.sub(r"<code>\2</code>", str(escape(text))))  # noqa: S704


_PAGES.filters["prose"] = _prose
