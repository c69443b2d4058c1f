"""Every mistake has one shape, repeats nothing that was sent, and leaves nothing in the log."""

from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from callers_at_doors import PURPOSE, Club
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from psycopg import sql
from sqlalchemy import make_url
from structlog.testing import capture_logs

from api.bootstrap import Tillit
from api.http import problems
from api.http.app import create_app
from api.settings import Settings
from consent.errors import ConsentError
from kernel import errors
from kernel.database import libpq
from kernel.errors import TillitError

SHAPE = {"type": str, "title": str, "status": int, "detail": str, "instance": str}
SECRETS = ("anna.hemlig@example.com", "+46701234567", "Hemlighetsson", "990001")


def check_shape(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    problem: dict[str, Any] = response.json()
    assert {name: type(problem[name]) for name in SHAPE} == SHAPE
    assert set(problem) == {*SHAPE, "problems"}
    assert problem["status"] == status
    assert problem["type"].startswith("urn:tillit:problem:")
    assert problem["problems"]
    for one in problem["problems"]:
        assert set(one) == {"place", "message", "remedy"}
        assert one["message"]
    return problem


EVALUATE = "/v1/segments/evaluate"


@pytest.mark.parametrize(
    ("method", "path", "content", "expected"),
    [
        ("GET", "/v1/nowhere", b"", (404, "no-such-route")),
        ("GET", "/v1/members/not-an-id", b"", (404, "no-such-route")),
        ("DELETE", EVALUATE, b"", (405, "method-not-allowed")),
        ("POST", EVALUATE, b"", (400, "malformed")),
        ("POST", EVALUATE, b"{", (400, "malformed")),
        ("POST", EVALUATE, b"\xff\xfe", (400, "malformed")),
        (
            "POST",
            "/v1/members",
            b'{"purpose": "a", "values": {"a": ' + b"[" * 99_999,
            (400, "malformed"),
        ),
        ("POST", EVALUATE, b"[]", (422, "misshapen")),
        ("POST", EVALUATE, b"{}", (422, "misshapen")),
        ("POST", EVALUATE, b'{"expression": 1, "purpose": "x"}', (422, "misshapen")),
        ("POST", EVALUATE, b'{"expresion": "a", "purpose": "x"}', (422, "misshapen")),
        ("POST", EVALUATE, b'{"expression": "a", "purpose": "x"}', (422, "unknown-purpose")),
        (
            "POST",
            EVALUATE,
            b'{"expression": "a = 1", "purpose": "membership"}',
            (403, "not-permitted"),
        ),
        (
            "POST",
            EVALUATE,
            b'{"expression": "tir = 1", "purpose": "personalised_offers"}',
            (422, "unknown-field"),
        ),
        (
            "POST",
            EVALUATE,
            b'{"expression": "tier >", "purpose": "personalised_offers"}',
            (422, "bad-expression"),
        ),
        ("POST", EVALUATE, b" " * (1 << 20) + b"{}", (413, "too-large")),
        ("POST", EVALUATE + "?email=x", b"{}", (422, "misshapen")),
    ],
)
async def test_a_mistake_has_one_shape(
    club: Club, method: str, path: str, content: bytes, expected: tuple[int, str]
) -> None:
    offers = await club.service("offers-engine")
    headers = {"Authorization": f"Bearer {offers.token}"}
    response = await club.http.request(method, path, content=content, headers=headers)
    status, slug = expected
    assert check_shape(response, status)["type"] == f"urn:tillit:problem:{slug}"


async def test_a_body_that_does_not_say_its_length_is_cut_off_too(club: Club) -> None:
    offers = await club.service("offers-engine")

    async def parts() -> Any:
        for _ in range(1_000):
            yield b" " * 10_000

    headers = {"Authorization": f"Bearer {offers.token}"}
    response = await club.http.post(EVALUATE, content=parts(), headers=headers)
    check_shape(response, 413)


async def test_a_method_that_is_not_taken_is_told_all_that_are(club: Club) -> None:
    response = await club.nobody("DELETE", "/v1/requests")
    check_shape(response, 405)
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


async def test_a_misspelt_field_gets_the_right_name(club: Club) -> None:
    offers = await club.service("offers-engine")
    problem = (await offers("POST", EVALUATE, {"expresion": "a", "purpose": "b"})).json()
    assert problem["problems"] == [
        {
            "place": "expresion",
            "message": "this door takes no such field",
            "remedy": "did you mean 'expression'?",
        }
    ]


@pytest.mark.parametrize("sent", ["anna.hemlig@example.com", "Anna Hemlig", "070 123 45 67"])
async def test_what_does_not_look_like_a_name_is_repeated_nowhere(club: Club, sent: str) -> None:
    member = await club.joins("1")
    till, officer = await club.service("till"), await club.officer()
    own = await club.member(member)
    named = {"purpose": "membership", "members": [member]}
    answers = [
        await till("POST", "/v1/profiles/read", named | {"purpose": sent}),
        await till("POST", "/v1/profiles/read", named | {"fields": [sent]}),
        await till("POST", EVALUATE, {"expression": "tier = 'gold'", "purpose": sent}),
        await till("POST", "/v1/profiles/read", {"purpose": "membership", "find": {sent: "1"}}),
        await till("POST", "/v1/profiles/read", named | {sent: 1}),
        await till("POST", "/v1/members", {"purpose": "membership", "values": {sent: "1"}}),
        await till("POST", "/v1/events", {"purpose": sent, "purchases": []}),
        await till("POST", "/v1/consents", {"member": member, "purpose": sent, "action": sent}),
        await own("PATCH", "/v1/me", {"values": {sent: "1"}}),
        await own("POST", "/v1/me/requests", {"right": sent}),
        await officer("POST", "/v1/members/find", {sent: "1"}),
    ]
    for answer in answers:
        check_shape(answer, 422)
        assert sent not in answer.text
    chosen = await own("PUT", f"/v1/me/choices/{sent}", {"allow": False})
    assert sent not in str(check_shape(chosen, 422)["problems"])


async def test_fastapis_own_findings_have_the_same_shape(tillit: Tillit) -> None:
    app = create_app(tillit, worker=False)

    @app.post("/extra")
    async def extra(number: int, text: str) -> None: ...

    async with _calling(app) as http:
        response = await http.post("/extra?number=Hemlighetsson")
    problem = check_shape(response, 422)
    assert {one["place"] for one in problem["problems"]} == {"query.number", "query.text"}
    assert "Hemlighetsson" not in response.text


async def test_a_fault_of_ours_tells_nothing_and_is_logged_without_its_message(
    tillit: Tillit,
) -> None:
    app = create_app(tillit, worker=False)

    @app.get("/fault")
    async def fault() -> None:
        raise ValueError("anna.hemlig@example.com")

    with capture_logs() as logs:
        async with _calling(app) as http:
            response = await http.get("/fault")
    check_shape(response, 500)
    assert "hemlig" not in response.text
    assert "hemlig" not in repr(logs)
    (line,) = [one for one in logs if one["event"] == "unexpected"]
    assert line["error"] == "ValueError"
    assert any(place.startswith("test_http_problems.py:") for place in line["lines"])


async def test_a_database_that_is_gone_is_unavailable_and_worth_asking_again(
    tillit: Tillit, settings: Settings, club: Club, server: str
) -> None:
    offers = await club.service("offers-engine")
    name = make_url(settings.database_url or "").database or ""
    async with await psycopg.AsyncConnection.connect(
        libpq(server, role=None), autocommit=True
    ) as admin:
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        await admin.execute(drop)
    body = {"expression": "tier = 'gold'", "purpose": PURPOSE}
    for _ in range(2):
        response = await offers("POST", EVALUATE, body)
        check_shape(response, 503)
        assert response.headers["retry-after"]
    check_shape(await club.nobody("GET", "/healthz"), 503)


@pytest.mark.parametrize("path", ["/v1/me", "/v1/audit/key"])
async def test_where_our_keys_lie_is_told_to_the_log_and_to_no_caller(
    settings: Settings, club: Club, path: str
) -> None:
    files = (settings.token_key, settings.record_key)
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_text("no key")
    with capture_logs() as logs:
        headers = {"Authorization": "Bearer x.y.z"}
        answer = await club.http.get(path, headers=headers)
    problem = check_shape(answer, 503)
    assert problem["type"] == "urn:tillit:problem:cannot-open"
    assert problem["problems"][0]["place"] == ""
    for secret in (str(settings.data), "token.key", "record.key", "keys/"):
        assert secret not in answer.text
    [line] = [one for one in logs if one["event"] == "unavailable"]
    assert line["place"] in {str(file) for file in files}


async def test_neither_a_log_line_nor_a_problem_holds_personal_data(club: Club) -> None:
    mail, phone, name, number = SECRETS
    values = {"member_number": number, "name": name, "email": mail, "phone": phone}
    texts: list[str] = []
    with capture_logs() as logs:
        till, officer = await club.service("till"), await club.officer()
        enrol = {"purpose": "membership", "values": values}
        member = (await till.ok("POST", "/v1/members", enrol))["member"]
        own = await club.member(member)
        await own.ok("GET", "/v1/me")
        find = {"purpose": "membership", "find": {"email": mail}}
        await till.ok("POST", "/v1/profiles/read", find)
        wrong: list[tuple[Any, str, str, Any]] = [
            (till, "POST", "/v1/members", enrol),
            (till, "POST", "/v1/members", enrol | {"values": values | {"birth_date": mail}}),
            (till, "POST", "/v1/members", enrol | {"values": values | {"tier": name}}),
            (till, "POST", "/v1/members", enrol | {"values": {"phone": name}}),
            (till, "POST", "/v1/members", enrol | {"source": mail}),
            (till, "POST", "/v1/members", enrol | {"values": [mail]}),
            (till, "POST", "/v1/profiles/read", find | {"find": {"email": name}}),
            (till, "POST", "/v1/profiles/read", find | {"find": {"email": mail, "phone": phone}}),
            (till, "POST", "/v1/profiles/read", find | {"members": [mail]}),
            (
                till,
                "POST",
                "/v1/events",
                {"purpose": "membership", "purchases": [{"member": mail}]},
            ),
            (own, "PATCH", "/v1/me", {"values": {"email": name}}),
            (own, "PATCH", "/v1/me", {"values": {"birth_date": phone}}),
            (officer, "POST", "/v1/members/find", {"phone": mail}),
            (officer, "POST", "/v1/members/find", {"name": mail}),
            (officer, "POST", "/v1/requests", {"right": "access", "member": mail}),
        ]
        for client, method, path, body in wrong:
            response = await client(method, path, body)
            assert 400 <= response.status_code < 500, (path, response.text)
            check_shape(response, response.status_code)
            texts.append(response.text)
        await club.nobody("GET", f"/v1/members/{mail}?phone={phone}")
        metrics = (await club.nobody.ok("GET", "/metrics")).decode()
    assert len(logs) > len(wrong)
    everything = "\n".join([*texts, repr(logs), metrics])
    for secret in (*SECRETS, member):
        assert secret not in everything


def test_no_variable_of_the_environment_makes_the_framework_tell_more(
    tillit: Tillit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    configured = create_app(tillit, worker=False)._telemetry
    assert not any(configured.values())


async def test_metrics_count_by_template_and_never_by_address(club: Club) -> None:
    till = await club.service("till")
    for _ in range(3):
        body = {"purpose": "membership", "values": {"name": "x"}}
        await till("PATCH", f"/v1/members/{uuid4()}", body)
        await club.nobody("GET", f"/{uuid4()}")
        await club.http.request(f"X{uuid4().hex}", "/v1/me")
    text = (await club.nobody.ok("GET", "/metrics")).decode()
    counted = {
        (one.labels["method"], one.labels["route"], one.labels["status"]): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
        if one.name == "tillit_http_requests_total"
    }
    assert counted["PATCH", "/v1/members/{member:uuid}", "404"] == 3
    assert counted["GET", "none", "404"] == 3
    assert counted["other", "none", "405"] == 3


def test_every_kind_of_error_has_a_status_of_its_own() -> None:
    kinds = [errors.Refused, errors.Invalid, errors.NotFound, errors.Conflict, errors.Unavailable]
    assert [problems.status_of(kind("x")) for kind in kinds] == [403, 422, 404, 409, 503]
    assert problems.status_of(TillitError("x")) == 500
    assert problems.status_of(ConsentError("x")) == 500


def _calling(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://tillit.test")


async def test_a_problem_names_the_route_and_never_the_address_as_it_came(club: Club) -> None:
    for path in ("/v1/me/choices/anna@example.com", "/nowhere/anna@example.com"):
        answer = await club.http.get(path)
        assert answer.status_code in (401, 404, 405)
        assert "anna" not in answer.text
