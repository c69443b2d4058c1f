"""Problems (RFC 9457): the one shape in which every mistake leaves, and its status.

    {"type", "title", "status", "detail", "instance", "problems": [{"place", "message", "remedy"}]}

The one map from errors to HTTP statuses; no room below knows any.
"""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.http.errors import Malformed, StepUpNeeded, TooLarge, Unauthenticated
from api.http.seeing import instance_of
from audit.errors import EntryPending
from consent.errors import NoProgramme, OutOfDate
from dsar.errors import TooMany, UnknownAgent
from kernel.errors import (
    Conflict,
    Invalid,
    NotFound,
    Problem,
    Refused,
    TillitError,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"
NAMES = "urn:tillit:problem:"
REALM = 'Bearer realm="tillit"'
#: How a caller is asked to sign in with a second proof (RFC 9470); the names are the tokens'.
STEP_UP = (
    f'{REALM}, error="insufficient_user_authentication", '
    'acr_values="urn:tillit:acr:step-up", max_age="600"'
)

#: The first that fits decides; subclasses before their parents.
STATUSES: tuple[tuple[type[TillitError], int], ...] = (
    (Unauthenticated, 401),
    (StepUpNeeded, 401),
    (Malformed, 400),
    (TooLarge, 413),
    (UnknownAgent, 401),
    (TooMany, 429),
    (Refused, 403),
    (Invalid, 422),
    (NotFound, 404),
    (Conflict, 409),
    (Unavailable, 503),
)
#: What is missing and callers may know all about; anything else of ours is not theirs to mend.
_TOLD_IN_FULL = (NoProgramme, OutOfDate)
_NOT_THEIRS = "try again in a moment; if it goes on, tell whoever runs this"
_WAIT: tuple[tuple[type[TillitError], str], ...] = (
    (EntryPending, "1"),
    (Unavailable, "2"),
    (TooMany, "3600"),
)

_log = structlog.get_logger("tillit.http")


class OneProblem(msgspec.Struct):
    """Where it stands, what is wrong, and what would be right."""

    place: str
    message: str
    remedy: str


class ProblemDocument(msgspec.Struct):
    """What every mistake looks like."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    problems: list[OneProblem]


def status_of(error: TillitError) -> int:
    """The HTTP status of an error; 500 for one that is of none of the kernel's kinds."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def problem(
    slug: str,
    status: int,
    problems: tuple[Problem, ...],
    *,
    instance: str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response for some problems found together."""
    document = ProblemDocument(
        type=type_of(slug),
        title=slug.replace("-", " ").capitalize(),
        status=status,
        detail="\n".join(str(one) for one in problems),
        instance=instance,
        problems=[told(one) for one in problems],
    )
    return Response(
        msgspec.json.encode(document),
        status_code=status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


def type_of(slug: str) -> str:
    """The name of a kind of mistake, as RFC 9457 has it: a URI."""
    return NAMES + slug


def told(one: Problem) -> OneProblem:
    return OneProblem(one.place, one.message, one.remedy)


async def on_error(request: Request, error: Exception) -> Response:
    """Anything Tillit raises on purpose."""
    assert isinstance(error, TillitError)
    headers = {}
    if isinstance(error, Unauthenticated):
        sent = "authorization" in request.headers
        headers["WWW-Authenticate"] = REALM + (', error="invalid_token"' if sent else "")
    if isinstance(error, StepUpNeeded):
        headers["WWW-Authenticate"] = STEP_UP
    for kind, seconds in _WAIT:
        if isinstance(error, kind):
            headers["Retry-After"] = seconds
    return problem(
        error.slug,
        status_of(error),
        _outward(error),
        instance=instance_of(request.scope),
        headers=headers,
    )


def _outward(error: TillitError) -> tuple[Problem, ...]:
    """What callers are told: of our own files and keys, that something is wrong, and no more.

    Where it lies and what to do about it is for whoever runs this: it goes to the log.
    """
    if not isinstance(error, Unavailable) or isinstance(error, _TOLD_IN_FULL):
        return error.problems
    for one in error.problems:
        _log.warning(
            "unavailable",
            error=error.slug,
            place=one.place,
            message=one.message,
            remedy=one.remedy,
        )
    return tuple(Problem("", one.message, _NOT_THEIRS) for one in error.problems)


async def on_http(request: Request, error: Exception) -> Response:
    """What the router says: no such route, or not with this method."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    slug = phrase.lower().replace(" ", "-")
    if error.status_code == 404:
        found = Problem("", "there is nothing at this address", "see /openapi.json for what is")
        slug = "no-such-route"
    elif error.status_code == 405:
        allow = (error.headers or {}).get("Allow", "")
        found = Problem("", "this address does not take that method", f"use {allow}")
    else:
        found = Problem("", phrase)
    return problem(
        slug,
        error.status_code,
        (found,),
        instance=instance_of(request.scope),
        headers=error.headers,
    )


async def on_validation(request: Request, error: Exception) -> Response:
    """What FastAPI finds in a route of its own; the values it found are left out."""
    assert isinstance(error, RequestValidationError)
    found = tuple(
        Problem(".".join(str(step) for step in one["loc"]), str(one["msg"]))
        for one in error.errors()
    )
    return problem("misshapen", 422, found, instance=instance_of(request.scope))


def unexpected(path: str) -> Response:
    """A fault of ours: the caller is told that, and nothing of what it was."""
    found = Problem("", "something went wrong here; it is in our log", "try again later")
    return problem("unexpected", 500, (found,), instance=path)


def out_of_reach(path: str) -> Response:
    """The database could not be asked, or was lost, perhaps while it was committing."""
    found = Problem(
        "database",
        "it did not answer; what was asked may have been done, or not",
        "try again in a moment; after a change, look first whether it was made",
    )
    return problem("unavailable", 503, (found,), instance=path, headers={"Retry-After": "2"})
