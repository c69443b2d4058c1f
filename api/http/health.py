"""Whether this process can serve: the database answers, record and requests keep up.

Public, and tells nothing but that. `/metrics` is public too: counts and times by route, no
ids; keep it from the outside world where the outside world has no business with it.
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.bootstrap import Tillit
from api.http.doors import JSON
from api.http.openapi import Described
from api.http.problems import problem
from api.http.seeing import seen_in
from api.http.watching import Metrics, passing
from audit.integrator import waiting
from consent.errors import NoProgramme
from dsar import overdue, worklist
from dsar.connectors import desk
from kernel.errors import Problem

METRICS = "text/plain; version=0.0.4"
#: An entry has its number within a second while a worker runs; this much later, none does.
BEHIND = 30.0  # seconds


class Health(msgspec.Struct):
    """All is well; `pending_seconds`: the age of the oldest entry without a leaf number."""

    status: str
    pending_seconds: float


#: What `routes` answers, for the description of all routes.
DESCRIBED = (
    Described(
        "/healthz",
        "Whether this process can serve: the database answers, and the record keeps up.",
        gives=Health,
    ),
    Described(
        "/metrics",
        "Requests by method, route and status, and their times, for Prometheus; how many data "
        "subject requests are open, due soon and overdue; no ids.",
        media=METRICS,
    ),
)


class Worker:
    """Whether the worker that this process should run still does; doors only look."""

    def __init__(self) -> None:
        self.stopped = False


def routes(tillit: Tillit, metrics: Metrics, worker: Worker) -> list[Route]:
    """`/healthz` and `/metrics`."""

    async def healthz(request: Request) -> Response:
        seen_in(request.scope).route = "/healthz"
        async with tillit.database.transaction() as session:
            age = (await waiting(session, tillit.clock)).total_seconds()
            failing = await overdue.failing(session, tillit.clock.now())
        problems = []
        if age > BEHIND:
            message = f"its oldest entry has waited {age:.0f} s for a number"
            problems.append(Problem("record", message, "see that a worker runs: `tillit worker`"))
        if failing:
            message = f"{failing} approved and not carried out: their jobs have failed too often"
            problems.append(Problem("requests", message, "see the worker's log for why"))
        if worker.stopped:
            problems.append(Problem("worker", "it has stopped", "see the log, and restart"))
        if problems:
            return problem("unhealthy", 503, tuple(problems), instance="/healthz")
        health = Health("ok", round(age, 3))
        return Response(msgspec.json.encode(health), media_type=JSON)

    async def show_metrics(request: Request) -> Response:
        seen_in(request.scope).route = "/metrics"
        await _count_requests(tillit, metrics)
        return Response(metrics.text(), media_type=METRICS)

    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/metrics", show_metrics, methods=["GET"]),
    ]


async def _count_requests(tillit: Tillit, metrics: Metrics) -> None:
    """As they stand now; as they stood last, while the database cannot be asked."""
    try:
        async with tillit.unit() as work:
            metrics.desk(await worklist.counts(work.unit))
            metrics.recipients(await desk.waiting(work.unit))
    except NoProgramme:
        return  # there is nobody yet who could have asked for anything
    except Exception as error:  # a door: what does not pass by itself is raised again
        if not passing(error):
            raise
