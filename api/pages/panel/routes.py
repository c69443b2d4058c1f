"""Where the panel is fetched: its script, the page in its frame, and what that page is made of.

These answers are for other sites' pages, so each header is said here and none is every page's.
No cookie is read and none is set; nothing is known of who asks, and nothing is kept of it.
"""

import base64
from collections.abc import Mapping
from hashlib import sha256, sha384

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.bootstrap import Tillit
from api.http.bodies import check_query
from api.http.errors import Misshapen
from api.http.seeing import seen_in
from api.pages import static
from api.pages.guarding import encrypted
from api.pages.panel import framed
from api.pages.speaking import Speaking, wanted
from api.settings import Settings
from dsar.languages import written

SCRIPT, CHOICES, PARTS = "/panel/panel.js", "/panel/choices", "/panel/{digest}/{name}"
PATHS = (SCRIPT, CHOICES, PARTS)
NAME = "panel.js"
#: What the page in the frame fetches. It has no origin, so that these are for every origin.
SHEET, INSIDE = "tillit.css", "panel-inside.js"
_HOUR, _YEAR = 3_600, 31_536_000  # seconds
_MOST_PURPOSES = 32
#: Everything but its own style and script, and framing; scripts only in an origin of its own.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; "
    "form-action 'none'; sandbox allow-scripts; require-trusted-types-for 'script'; "
    "frame-ancestors 'self'"
)
#: Another site's page may have it, with and without isolation of its own (HTML, COEP).
_FOR_ALL = {"Cross-Origin-Resource-Policy": "cross-origin"}


def integrity() -> str:
    """What a shop writes into ``integrity=``, so that only this script runs (W3C SRI)."""
    digest = sha384(static.assets()[NAME].content).digest()
    return "sha384-" + base64.b64encode(digest).decode()


def policy(settings: Settings) -> str:
    """What the page in the frame may do, and whose pages may frame it (CSP Level 3)."""
    return " ".join([_POLICY, *settings.panel_origins])


def routes(tillit: Tillit) -> list[Route]:
    """The panel's routes; the longer addresses come last."""

    async def script(request: Request) -> Response:
        seen_in(request.scope).route = SCRIPT
        return _script(request)

    async def choices(request: Request) -> Response:
        seen_in(request.scope).route = CHOICES
        return await _choices(tillit, request)

    async def parts(request: Request) -> Response:
        seen_in(request.scope).route = PARTS
        return _part(request)

    each = ((SCRIPT, script), (CHOICES, choices), (PARTS, parts))
    return [Route(path, run, methods=["GET"], include_in_schema=False) for path, run in each]


def _script(request: Request) -> Response:
    asset = static.assets()[NAME]
    tag = f'"{sha256(asset.content).hexdigest()[:32]}"'
    headers = {
        **_FOR_ALL,
        # A script that is checked (SRI) is fetched so that it may be read.
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": f"public, max-age={_HOUR}",
        "ETag": tag,
    }
    known = [one.strip().removeprefix("W/") for one in _known(request).split(",")]
    if tag in known:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, headers=headers, media_type=asset.type)


def _known(request: Request) -> str:
    return request.headers.get("if-none-match", "")


async def _choices(tillit: Tillit, request: Request) -> Response:
    query: Mapping[str, str] = request.query_params
    check_query(query, ("purposes", "language"))
    named = [one for one in query.get("purposes", "").split(",") if one]
    if len(named) > _MOST_PURPOSES:
        raise Misshapen("these are too many", place="purposes", remedy=f"{_MOST_PURPOSES} at most")
    async with tillit.unit() as work:
        programme = work.active.programme
        code = _language(request, programme.languages[0])
        page = framed.rendered(
            work.active,
            Speaking.of(code, programme),
            purposes=named,
            at=work.unit.now,
            sheet=_address(SHEET),
            script=_address(INSIDE),
        )
    headers = {
        **_FOR_ALL,
        "Cache-Control": "no-store",  # it tells when it was shown, by the programme of then
        "Content-Security-Policy": policy(tillit.settings),
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "X-Robots-Tag": "noindex, nofollow",
    }
    if encrypted(tillit.settings):
        headers["Strict-Transport-Security"] = f"max-age={_YEAR}; includeSubDomains"
    return Response(page.encode(), headers=headers, media_type="text/html; charset=utf-8")


def _language(request: Request, first: str) -> str:
    """The shop's page's, else what the browser asks for, else the programme's first."""
    named = written(request.query_params.get("language", ""))
    return named or wanted(None, request.headers.get("accept-language", ""), first)


def _address(name: str) -> str:
    return f"/panel/{static.assets()[name].digest}/{name}"


def _part(request: Request) -> Response:
    name = str(request.path_params["name"])
    if name not in (SHEET, INSIDE) or _address(name) != request.url.path:
        return Response(status_code=404)
    found = static.assets()[name]
    headers = {**_FOR_ALL, "Cache-Control": f"public, max-age={_YEAR}, immutable"}
    return Response(found.content, headers=headers, media_type=found.type)
