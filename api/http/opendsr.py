"""OpenDSR 2.0, inward: other companies hand in members' requests, each signed by its sender.

A body is looked into once its signature has held. Answers are signed by us, but for those to
strangers: a signature costs more than to ask for one. Mistakes leave in the house's one shape,
with the standard's own `error` beside.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.bootstrap import Tillit, Work
from api.http.bodies import Shape, read
from api.http.doors import JSON
from api.http.openapi import Described
from api.http.problems import on_error
from api.http.seeing import seen_in
from audit.entries import ActorType
from consent.programme.handling import Agent
from dsar.errors import UnknownAgent, UnknownRequest
from dsar.opendsr import handed, receiving, wire
from dsar.opendsr.handed import HandedIn, Sender
from dsar.opendsr.receiving import Handed
from dsar.opendsr.signing import DOMAIN, SIGNATURE, TIME, bodiless, unknown_agent, verify
from kernel.errors import Invalid, Problem, TillitError

BASE = "/opendsr/v2"
PEM = "application/x-pem-file"
LIMIT = 1 << 16  # bytes of a request
#: A request without a body is good for so long, either way.
FRESH = wire.AHEAD

_TAKES = Shape(wire.Submitted)

DESCRIBED = (
    Described(f"{BASE}/discovery", "What can be asked by OpenDSR 2.0.", gives=wire.Discovery),
    Described(f"{BASE}/certificate", "The certificate our answers are checked by.", media=PEM),
    Described(
        f"{BASE}/requests",
        "Hand in a member's request; signed by its sender.",
        method="post",
        status=201,
        takes=wire.Submitted,
        gives=wire.Received,
    ),
    Described(
        f"{BASE}/requests/{{reference}}",
        "How a request stands that you handed in; signed by its sender.",
        gives=wire.Standing,
    ),
    Described(
        f"{BASE}/requests/{{reference}}",
        "Take back a request that is pending; signed by its sender.",
        method="delete",
        status=202,
        gives=wire.Cancelled,
    ),
)


@dataclass(frozen=True)
class _Said:
    """A request whose sender has been checked, inside its transaction."""

    work: Work
    name: str
    agent: Agent
    reference: str
    body: bytes
    domain: str

    @property
    def sender(self) -> Sender:
        return Sender(ActorType.AGENT, self.name)


_Door = Callable[[_Said], Awaitable[Any]]


def routes(tillit: Tillit) -> list[Route]:
    """All of `DESCRIBED`."""

    async def discover(request: Request) -> Response:
        seen_in(request.scope).route = f"{BASE}/discovery"
        seal = await tillit.seal()
        async with tillit.unit() as work:
            found = wire.discovery(
                work.unit.schema.catalogue, f"{tillit.settings.public_url}{BASE}/certificate"
            )
        body = msgspec.json.encode(found)
        return Response(body, headers=seal.headers(body), media_type=JSON)

    async def certificate(request: Request) -> Response:
        seen_in(request.scope).route = f"{BASE}/certificate"
        seal = await tillit.seal()
        return Response(seal.certificate, media_type=PEM)

    async def collection(request: Request) -> Response:
        seen_in(request.scope).route = f"{BASE}/requests"
        return await _answer(tillit, request, hand_in, status=201)

    async def one(request: Request) -> Response:
        seen_in(request.scope).route = f"{BASE}/requests/{{reference}}"
        if request.method == "DELETE":
            return await _answer(tillit, request, take_back, status=202)
        return await _answer(tillit, request, standing, status=200)

    return [
        Route(f"{BASE}/discovery", discover, methods=["GET"]),
        Route(f"{BASE}/certificate", certificate, methods=["GET"]),
        Route(f"{BASE}/requests", collection, methods=["POST"]),
        Route(f"{BASE}/requests/{{reference}}", one, methods=["GET", "DELETE"]),
    ]


async def hand_in(said: _Said) -> wire.Received:
    """Take a request in; the answer is given before anybody looks whom it is about."""
    unit, agent = said.work.unit, said.agent
    submitted: wire.Submitted = _TAKES.decode(said.body)
    reference = wire.reference_of(submitted.subject_request_id)
    right = wire.right_of(submitted, agent)
    wire.check_time(submitted, unit.now)
    extension = wire.extension_of(submitted, said.domain)
    made = Handed(
        reference=reference,
        right=right,
        identities=wire.identities_of(submitted, extension, unit.schema),
        body=said.body,
        callbacks=wire.callbacks_of(submitted, agent),
        language=extension.language,
    )
    found = await receiving.hand_in(unit, said.sender, made, per_hour=agent.per_hour)
    return wire.received(
        said.body,
        reference=reference,
        controller=said.name,
        at=found.received_at,
        until=_until(said, found),
    )


async def standing(said: _Said) -> wire.Standing:
    """How a request stands, to its own sender."""
    found = await handed.of_sender(said.work.unit, said.sender, said.reference)
    if found is None:
        raise UnknownRequest("you have handed in no such request", place="subject_request_id")
    return wire.Standing(
        controller_id=said.name,
        expected_completion_time=_until(said, found),
        subject_request_id=found.reference,
        request_status=found.status.value,
        results_count=wire.count(found.right, found.status),
    )


async def take_back(said: _Said) -> wire.Cancelled:
    """Take a pending request back."""
    unit = said.work.unit
    found = await receiving.take_back(unit, said.sender, said.reference)
    return wire.Cancelled(
        controller_id=said.name,
        received_time=unit.now.replace(microsecond=0),
        subject_request_id=found.reference,
    )


def _until(said: _Said, found: HandedIn) -> datetime:
    unit = said.work.unit
    return wire.end_of(receiving.due_of(unit, found), unit.schema)


async def _answer(tillit: Tillit, request: Request, door: _Door, *, status: int) -> Response:
    """Run a door for its sender; its answer signed, whatever it is."""
    try:
        answer = msgspec.json.encode(await _run(tillit, request, door))
    except UnknownAgent as error:
        return await _refusal(request, error)
    except TillitError as error:
        refusal = await _refusal(request, error)
        seal = await tillit.seal()
        refusal.headers.update(seal.headers(bytes(refusal.body)))
        return refusal
    seal = await tillit.seal()
    return Response(answer, status, seal.headers(answer), media_type=JSON)


async def _run(tillit: Tillit, request: Request, door: _Door) -> Any:
    body = await read(request, LIMIT) if request.method == "POST" else b""
    async with tillit.unit() as work:
        name, agent = _agent(work, request)
        signed = body if request.method == "POST" else _bodiless(work, request)
        certificates = tillit.settings.data / "keys" / "agents"
        signature = request.headers.get(SIGNATURE, "")
        verify(certificates, name, signed, signature, now=work.unit.now)
        seen_in(request.scope).caller = ActorType.AGENT.value
        domain = urlsplit(tillit.settings.public_url).hostname or ""
        reference = str(request.path_params.get("reference", ""))
        return await door(_Said(work, name, agent, reference, body, domain))


def _agent(work: Work, request: Request) -> tuple[str, Agent]:
    """Who says that they sign. Raises `UnknownAgent` for nobody we know."""
    domains = request.headers.getlist(DOMAIN)
    for name, agent in work.active.programme.agents.items():
        if domains == [agent.domain]:
            return name, agent
    raise unknown_agent()


def _bodiless(work: Work, request: Request) -> bytes:
    """What is signed of a request without a body. Raises `UnknownAgent` for an old one."""
    sent = request.headers.get(TIME, "")
    try:
        at = msgspec.convert(sent, datetime)
    except msgspec.ValidationError:
        raise unknown_agent() from None
    if at.tzinfo is None or abs(at - work.unit.now) > FRESH:
        raise unknown_agent()
    return bodiless(request.method, request.url.path, sent)


async def _refusal(request: Request, error: TillitError) -> Response:
    """A problem document (RFC 9457) with the standard's `error` in it, section 7.5."""
    found = await on_error(request, error)
    status = 400 if isinstance(error, Invalid) and found.status_code == 422 else found.status_code
    document = msgspec.json.decode(found.body)
    told = [Problem(one["place"], one["message"], one["remedy"]) for one in document["problems"]]
    document |= {"status": status, "error": msgspec.to_builtins(wire.error(status, told))}
    headers = {
        name: value
        for name, value in found.headers.items()
        if name in ("retry-after", "content-type", "www-authenticate")
    }
    if isinstance(error, UnknownAgent):
        headers["www-authenticate"] = 'OpenDSR realm="tillit"'
    return Response(msgspec.json.encode(document), status, headers)
