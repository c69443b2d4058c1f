"""The app: all doors, one shape of mistake, one watch over everything, and the worker beside."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api.bootstrap import Tillit
from api.http import (
    certificates,
    child_requests,
    children,
    choices,
    confirmations,
    connectors,
    contacts,
    decisions,
    due,
    enrolments,
    erasures,
    figures,
    gpc,
    handed_in,
    health,
    identity,
    letters,
    me,
    my_choices,
    my_history,
    my_identity,
    my_preferences,
    officers,
    openapi,
    opendsr,
    own_requests,
    preferences,
    problems,
    purchases,
    reads,
    receipts,
    record,
    reference,
    request_figures,
    request_steps,
    requests,
    segments,
    unsubscribe,
    vouchers,
    written_down,
)
from api.http.doors import Door, routes
from api.http.health import Worker
from api.http.shortcut import Shortcut, endpoints
from api.http.watching import Metrics, Watching
from api.pages import all as all_pages
from api.pages import running
from api.work import work
from kernel.errors import TillitError

TITLE = "Tillit"
AGAIN_AFTER = 5.0  # seconds a worker that ended is left alone
#: Traces would carry addresses as they came, and logs the messages of faults: `watching` tells
#: what may be told, and no variable of the environment turns anything else on.
_NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
_log = structlog.get_logger("tillit.http")

#: Every door there is. The record's entries come before its hashes, whose address covers theirs.
DOORS: tuple[Door, ...] = (
    *decisions.doors.all,
    *segments.doors.all,
    *reads.doors.all,
    *enrolments.doors.all,
    *purchases.doors.all,
    *vouchers.doors.all,
    *choices.doors.all,
    *preferences.doors.all,
    *due.doors.all,
    *contacts.doors.all,
    *unsubscribe.doors.all,
    *me.doors.all,
    *my_choices.doors.all,
    *my_history.doors.all,
    *my_preferences.doors.all,
    *children.doors.all,
    *own_requests.doors.all,
    *my_identity.doors.all,
    *child_requests.doors.all,
    *erasures.own.all,
    *certificates.members.all,
    *requests.doors.all,
    *handed_in.doors.all,
    *handed_in.officers.all,
    *request_figures.doors.all,
    *request_steps.doors.all,
    *erasures.doors.all,
    *certificates.doors.all,
    *identity.officers.all,
    *connectors.doors.all,
    *letters.doors.all,
    *letters.members.all,
    *officers.doors.all,
    *figures.doors.all,
    *my_choices.officers.all,
    *children.officers.all,
    *written_down.doors.all,
    *receipts.doors.all,
    *receipts.officers.all,
    *receipts.public.all,
    *certificates.public.all,
    *record.doors.all,
    *record.public.all,
    *confirmations.public.all,
    *unsubscribe.public.all,
    *connectors.public.all,
    *identity.public.all,
    *gpc.public.all,
)


def create_app(tillit: Tillit, *, worker: bool) -> FastAPI:
    """The HTTP app of one process; with `worker`, it does due jobs and integrates as well."""
    metrics, state = Metrics(), Worker()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(_worker(tillit, state)) if worker else None
        yield
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    app = FastAPI(
        title=TITLE,
        version=version("tillit"),
        lifespan=lifespan,
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        telemetry=_NO_TELEMETRY,
        redirect_slashes=False,  # it would lead to whatever host the request has named
    )
    opened = routes(tillit, DOORS)
    app.router.routes.extend(opened)
    app.router.routes.extend(health.routes(tillit, metrics, state))
    app.router.routes.extend(opendsr.routes(tillit))
    app.router.routes.extend(all_pages.routes(tillit))
    described = openapi.document(
        DOORS, title=TITLE, version=app.version, beside=(*health.DESCRIBED, *opendsr.DESCRIBED)
    )
    app.router.routes.append(reference.route(described))
    app.openapi = lambda: described  # type: ignore[method-assign]
    app.add_exception_handler(TillitError, problems.on_error)
    app.add_exception_handler(HTTPException, running.lost(tillit))
    app.add_exception_handler(RequestValidationError, problems.on_validation)
    app.add_middleware(Shortcut, endpoints=endpoints(opened, DOORS))
    app.add_middleware(Watching, metrics=metrics)
    if proxies := list(tillit.settings.proxies):
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=proxies)
    return app


async def _worker(tillit: Tillit, state: Worker) -> None:
    """The worker, beside the doors. Should it end, it is begun again; `/healthz` says so till then.

    Its steps are idempotent, so that beginning again after any fault is right.
    """
    while True:
        state.stopped = False
        try:
            await work(tillit)
        except Exception as error:  # its door is here: recorded, and shown as unhealthy
            _log.error("worker_stopped", error=type(error).__name__)
        state.stopped = True
        await asyncio.sleep(AGAIN_AFTER)
