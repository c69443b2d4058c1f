"""What is seen of every request: how many, how long, how they ended. And the last resort.

Metrics and log lines name routes by their template, never by what stands in an address, and
hold nothing of a body. A fault of ours is logged by its type and the lines it came through:
its message might repeat what a member sent.
"""

import time
import traceback
from pathlib import Path

import psycopg
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import out_of_reach, unexpected
from api.http.seeing import Seen, instance_of, seen_in
from dsar.connectors.desk import Waiting
from dsar.worklist import Counts

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ALWAYS = {b"x-content-type-options": b"nosniff"}
_UNLESS_SAID = {b"cache-control": b"no-store", b"referrer-policy": b"no-referrer"}
_log = structlog.get_logger("tillit.http")


class Metrics:
    """Requests counted and timed. One for each app, so that two in a process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "tillit_http_requests",
            "Requests answered, by method, route template and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "tillit_http_request_seconds",
            "Time from a request's first byte to its answer's last, by route template.",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._open = self._gauge("open", "Data subject requests that are open.")
        self._due_soon = self._gauge("due_soon", "Those of them that are due within 7 days.")
        self._overdue = self._gauge("overdue", "Those of them whose answer is late.")
        self._recipients_open = self._gauge(
            "open", "Words that recipients have yet to answer.", of="recipients"
        )
        self._recipients_late = self._gauge(
            "late", "Those of them that are past their day.", of="recipients"
        )
        #: What `labels` found before: it looks for them anew each time, at some cost.
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def _gauge(self, name: str, about: str, *, of: str = "requests") -> Gauge:
        return Gauge(f"tillit_{of}_{name}", about, registry=self.registry)

    def count(self, *, method: str, route: str, status: int, seconds: float) -> None:
        labels = (method if method in _METHODS else "other", route, status)
        known = self._known.get(labels)
        if known is None:
            counter = self._requests.labels(labels[0], route, str(status))
            known = self._known[labels] = (counter, self._seconds.labels(route))
        known[0].inc()
        known[1].observe(seconds)

    def desk(self, counts: Counts) -> None:
        """How data subject requests stand now."""
        self._open.set(counts.open)
        self._due_soon.set(counts.due_soon)
        self._overdue.set(counts.overdue)

    def recipients(self, waiting: Waiting) -> None:
        """How recipients stand now."""
        self._recipients_open.set(waiting.open)
        self._recipients_late.set(waiting.late)

    def text(self) -> bytes:
        """Everything, in the Prometheus text format."""
        return generate_latest(self.registry)


class Watching:
    """The outermost layer: counts, logs, adds headers, and answers what nobody else did."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = seen_in(scope)
        status = 0
        started = time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _protect(message)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            status = 499  # nobody is left to answer
        except Exception as error:  # the last resort of a door: recorded, and answered
            answer = _answer(error, seen, instance_of(scope))
            if not status:
                await answer(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - started
            self._metrics.count(
                method=scope["method"], route=seen.route, status=status, seconds=seconds
            )
            _log.info(
                "request",
                method=scope["method"] if scope["method"] in _METHODS else "other",
                route=seen.route,
                status=status,
                milliseconds=round(seconds * 1000, 1),
                caller=seen.caller,
            )


def _answer(error: Exception, seen: Seen, path: str) -> Response:
    record(error, seen)
    return out_of_reach(path) if passing(error) else unexpected(path)


def record(error: Exception, seen: Seen) -> None:
    """Log a fault of ours, without its message."""
    if passing(error):
        _log.warning("database_out_of_reach", route=seen.route, error=type(error).__name__)
        return
    _log.error(
        "unexpected",
        route=seen.route,
        error=type(error).__name__,
        lines=[
            f"{Path(frame.filename).name}:{frame.lineno}"
            for frame in traceback.extract_tb(error.__traceback__)[-8:]
        ],
    )


def passing(error: Exception) -> bool:
    """Whether asking again may well work: no connection, no room, or a deadlock's loser."""
    return isinstance(error, OperationalError | PoolTimeout | psycopg.OperationalError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def _protect(message: Message) -> None:
    """Nothing is kept by caches and no address handed on unless a door says so, and nothing is
    guessed by browsers.
    """
    headers = [pair for pair in message["headers"] if pair[0] not in _ALWAYS]
    said = {name for name, _ in headers}
    headers += _ALWAYS.items()
    headers += [pair for pair in _UNLESS_SAID.items() if pair[0] not in said]
    message["headers"] = headers
