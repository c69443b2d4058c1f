"""Every route refuses who may not come in, and is written about; the exceptions are a list."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.routing import Route

from api.bootstrap import SYSTEM, Tillit
from api.http.app import DOORS, create_app
from api.pages import static
from api.pages.all import PAGES
from api.pages.panel import routes as panel
from api.tokens import Caller, mint
from audit.entries import ActorType
from profiles.enrolment import enrol

DOCS = Path(__file__).parents[2] / "docs" / "http.md"

#: Whoever has no token sees these and nothing else. A longer list is a decision to be written.
ANONYMOUS = {
    "/healthz",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/opendsr/v2/certificate",
    "/opendsr/v2/discovery",
    "/.well-known/gpc.json",
    "/v1/answer/{token}",
    "/v1/audit/checkpoint",
    "/v1/audit/key",
    "/v1/audit/tile/{path:path}",
    "/v1/certificates/check",
    "/v1/confirm/{token}",
    "/v1/connectors/{recipient}/answers",
    "/v1/connectors/{recipient}/opendsr",
    "/v1/contexts/receipt-v1.jsonld",
    "/v1/contexts/receipt-v1.schema.json",
    "/v1/identity/{token}",
    "/v1/identity/{token}/codes",
    "/v1/identity/{token}/codes/check",
    "/v1/identity/{token}/purchase",
    "/v1/unsubscribe/{token}",
}
#: Whose caller signs what they send, and bears no token.
SIGNED = {
    ("POST", "/opendsr/v2/requests"),
    ("GET", "/opendsr/v2/requests/{reference}"),
    ("DELETE", "/opendsr/v2/requests/{reference}"),
}
#: A purpose's name, a day, and a step: nothing about a person.
_OF_FIGURES = {"purpose", "since", "by", "year"}
#: Words of closed lists, days, ids that mean nothing elsewhere, and where a page begins.
_OF_REQUESTS = {"right", "state", "channel", "member", "due_by", "overdue", "after", "from", "to"}
#: Names that the programme gives, and tokens that tell nobody anything.
_NAMES = {"purpose", "channel", "recipient", "path", "token", "letter"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _filled(path: str) -> str:
    path = path.replace("{path:path}", "0/000").replace("{purpose}", "newsletter")
    path = path.replace("{reference}", str(uuid4()))
    path = path.replace("{channel}", "email").replace("{token}", "no-such-token")
    path = path.replace("{recipient}", "letters").replace("{letter}", "refusal")
    return re.sub(r"{\w+:uuid}", str(uuid4()), path)


def _asked(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Each method of each route that is no page: those are in `test_pages`, `test_page_panel`."""
    pages = {(page.method, page.path) for page in PAGES}
    pages |= {("GET", path) for path in (static.PATH, *panel.PATHS)}
    for route in app.routes:
        assert isinstance(route, Route), f"{route} is no plain route: test it here first"
        for method in sorted((route.methods or set()) - {"HEAD"}):
            if (method, route.path) not in pages:
                yield method, route.path


@pytest.fixture
def app(tillit: Tillit) -> FastAPI:
    return create_app(tillit, worker=False)


@pytest_asyncio.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://tillit.test") as client:
        yield client


async def _tokens(tillit: Tillit) -> dict[ActorType, str]:
    async with tillit.unit() as work:
        (made,) = await enrol(work.unit, SYSTEM, [{"member_number": "1"}], source="test")
    callers = [
        Caller.service("offers-engine"),
        Caller.officer("officer-7", role="privacy_officer"),
        Caller.member(made.id),
    ]
    return {one.type: (await mint(tillit, one)).token for one in callers}


async def test_every_route_refuses_the_anonymous_but_for_a_closed_list(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    open_to_all = set()
    for method, path in _asked(app):
        for body in (b"", b"{}", b"not json"):
            answer = await http.request(method, _filled(path), content=body)
            if answer.status_code != 401:
                open_to_all.add(path)
                continue
            assert answer.headers["content-type"] == "application/problem+json", path
            scheme = "OpenDSR" if (method, path) in SIGNED else "Bearer"
            assert answer.headers["www-authenticate"].startswith(scheme), path
    assert open_to_all == ANONYMOUS


async def test_every_route_refuses_the_two_kinds_of_callers_it_is_not_for(
    app: FastAPI, http: httpx.AsyncClient, tillit: Tillit
) -> None:
    tokens = await _tokens(tillit)
    by_route = {(door.method, door.path): door.caller for door in DOORS}
    refused = 0
    for method, path in _asked(app):
        if path in ANONYMOUS:
            continue
        for kind, token in tokens.items():
            headers = {"Authorization": f"Bearer {token}"}
            answer = await http.request(method, _filled(path), headers=headers, content=b"{}")
            if (method, path) in SIGNED:
                assert answer.status_code == 401, (method, path, kind)
            elif kind is not by_route[method, path]:
                assert answer.status_code == 403, (method, path, kind)
                assert answer.json()["type"] == "urn:tillit:problem:wrong-caller"
                refused += 1
            else:
                assert answer.status_code not in (401, 403, 405, 500), (method, path, kind)
    assert refused == 2 * sum(door.caller is not None for door in DOORS)


async def test_every_route_is_one_of_the_doors_or_of_the_closed_list(app: FastAPI) -> None:
    doors = {(door.method, door.path) for door in DOORS}
    assert len(doors) == len(DOORS)
    assert doors | SIGNED | set(_beside()) == set(_asked(app))


async def test_every_route_is_described_by_openapi_with_shapes_that_exist(
    http: httpx.AsyncClient,
) -> None:
    described = (await http.get("/openapi.json")).json()
    for door in DOORS:
        path = re.sub(r":\w+}", "}", door.path)
        operation = described["paths"][path][door.method.lower()]
        assert operation["summary"], door.path
        assert ("security" in operation) is (door.caller is not None)
        assert ("requestBody" in operation) is (door.takes is not None)
    references = set(re.findall(r'"\$ref": ?"#/components/schemas/(\w+)"', json.dumps(described)))
    assert references <= set(described["components"]["schemas"])
    assert len(references) > 20
    identifiers = [
        one["operationId"] for path in described["paths"].values() for one in path.values()
    ]
    assert len(identifiers) == len(set(identifiers))


def test_every_route_is_written_about_and_none_that_is_not_there() -> None:
    there = {(door.method, door.path) for door in DOORS} | SIGNED | set(_beside())
    shown = {f"{method} " + re.sub(r":\w+}", "}", path) for method, path in there}
    told = re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) /\S*)` \|", DOCS.read_text(), re.M)
    assert sorted(told) == sorted(shown)


async def test_the_anonymous_routes_written_about_are_the_closed_list() -> None:
    section = DOCS.read_text().partition("## Without a token")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `(?:GET|POST) (/\S*)` \|", section, re.M)
    assert set(told) == {re.sub(r":\w+}", "}", path) for path in ANONYMOUS}


def test_no_address_has_room_for_personal_data() -> None:
    for door in DOORS:
        for name, kind in re.findall(r"{(\w+)(?::(\w+))?}", door.path):
            assert kind == "uuid" or name in _NAMES, door.path
        known = {
            "language",
            "limit",
            "at",
            "known",
            "open",
            "letter",
            "reason",
            "format",
            *_OF_FIGURES,
            *_OF_REQUESTS,
        }
        assert set(door.query) <= known, door.path


def _beside() -> list[tuple[str, str]]:
    """What is open to all and is no door, because it answers before there is a programme."""
    return [("GET", path) for path in sorted(ANONYMOUS - {door.path for door in DOORS})]
