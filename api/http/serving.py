"""Serving: the app on a socket, until it is told to stop."""

import uvicorn

from api.bootstrap import Tillit
from api.http.app import create_app

#: Requests that are running when the process is told to stop may take this long to end.
GRACE = 10  # seconds


async def serve(tillit: Tillit, host: str, port: int, *, worker: bool = True) -> None:
    """Serve HTTP on `host` and `port` until SIGINT or SIGTERM; with `worker`, do jobs as well.

    TLS is for what stands in front. There is no access log of uvicorn's: it would hold
    addresses as they came, and ours names routes.
    """
    await server(tillit, host, port, worker=worker).serve()


def server(tillit: Tillit, host: str, port: int, *, worker: bool) -> uvicorn.Server:
    """The server, not yet started."""
    config = uvicorn.Config(
        create_app(tillit, worker=worker),
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    return uvicorn.Server(config)
