"""Serving: the app on a socket, until it is told to stop."""

import os
import socket

import uvicorn

from api.bootstrap import Tillit
from api.http.app import create_app
from kernel.errors import Unavailable

#: Requests that are running when the process is told to stop may take this long to end.
GRACE = 10  # seconds


def listen(host: str, port: int) -> socket.socket:
    """A socket that is ours, before anything else is started. Raises `Unavailable`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        raise Unavailable(
            f"cannot listen on {host}:{port} ({_why(error)})",
            place="--port",
            remedy="give another with --port, or stop what uses it",
        ) from error


def _why(error: OSError | OverflowError) -> str:
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return str(error)


async def serve(tillit: Tillit, listening: socket.socket, *, worker: bool = True) -> None:
    """Serve HTTP on a socket until SIGINT or SIGTERM; with `worker`, do jobs as well.

    TLS is for what stands in front. There is no access log of uvicorn's: it would hold
    addresses as they came, and ours names routes.
    """
    host, port = listening.getsockname()[:2]
    await server(tillit, host, port, worker=worker).serve(sockets=[listening])


def server(tillit: Tillit, host: str, port: int, *, worker: bool) -> uvicorn.Server:
    """The server, not yet started."""
    config = uvicorn.Config(
        create_app(tillit, worker=worker),
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # the app heeds those in the settings, and no variable of uvicorn's
        timeout_graceful_shutdown=GRACE,
    )
    return uvicorn.Server(config)
