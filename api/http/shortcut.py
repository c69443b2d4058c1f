"""The way past the router for doors that are asked very often: the same door, found at once.

Stands inside `watching`. Nothing is skipped but what looks for the door: who may come in, what is
read and how a mistake is told are the endpoint's and `problems`'.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.doors import Door
from api.http.problems import on_error
from kernel.errors import TillitError

Endpoint = Callable[[Request], Awaitable[Response]]


class Shortcut:
    """Answers requests for these addresses itself, and hands on all others."""

    def __init__(self, app: ASGIApp, endpoints: Mapping[tuple[str, str], Endpoint]) -> None:
        self._app = app
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = None
        if scope["type"] == "http":
            endpoint = self._endpoints.get((scope["method"], scope["path"]))
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except TillitError as error:
            response = await on_error(request, error)
        await response(scope, receive, send)


def endpoints(routes: Sequence[Route], doors: Sequence[Door]) -> dict[tuple[str, str], Endpoint]:
    """The endpoints of doors whose requests share transactions, by method and address."""
    often = {(one.method, one.path) for one in doors if one.together is not None}
    return {
        (method, route.path): route.endpoint
        for route in routes
        for method in route.methods or ()
        if (method, route.path) in often
    }
