"""Style sheets, scripts and pictures: ours, read once, kept by browsers for as long as they last.

An address holds the content's digest, so that a changed file has another and none is stale.
"""

from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.http.seeing import seen_in

PATH = "/static/{digest}/{name}"
_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Asset:
    """One file. `digest`: the beginning of its SHA-256, in hex."""

    content: bytes = field(repr=False)
    type: str
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """Every file, by name."""
    return {path.name: _read(path) for path in sorted(_FOLDER.iterdir()) if path.suffix in _TYPES}


def address(name: str) -> str:
    """Where a file is fetched. Raises `KeyError` for one that is not there."""
    return f"/static/{assets()[name].digest}/{name}"


def route() -> Route:
    async def fetch(request: Request) -> Response:
        seen_in(request.scope).route = PATH
        found = assets().get(str(request.path_params["name"]))
        if found is None or found.digest != request.path_params["digest"]:
            return Response(status_code=404)
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        return Response(found.content, headers=headers, media_type=found.type)

    return Route(PATH, fetch, methods=["GET"], include_in_schema=False)


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, _TYPES[path.suffix], sha256(content).hexdigest()[:16])
