"""OpenDSR 2.0, inward: what may be handed in, by whom, and what is answered."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jsonschema
import pytest
import pytest_asyncio
from agents_at_doors import BASE, Agent, certificate, checked, identity, key, pin, wanted
from callers_at_doors import Club
from cryptography.exceptions import InvalidSignature

from api.bootstrap import Tillit
from api.work import drain
from dsar import register

_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
_ID = {"type": "string", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"}
_STATUS = {"enum": ["pending", "in_progress", "completed", "cancelled"]}


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional},
        "additionalProperties": False,
    }


#: The standard's shapes, as we read them: sections 6.3, 7.3, 7.6, 8.3 and 9.2.
DISCOVERY = _object(
    {
        "api_version": {"const": "2.0"},
        "supported_identities": {
            "type": "array",
            "minItems": 1,
            "items": _object(
                {
                    "identity_type": {"type": "string"},
                    "identity_format": {"enum": ["raw", "sha1", "md5", "sha256"]},
                }
            ),
        },
        "supported_subject_request_types": {
            "type": "array",
            "items": {"enum": ["access", "portability", "erasure"]},
        },
        "processor_certificate": {"type": "string", "format": "uri"},
    }
)
RECEIVED = _object(
    {
        "controller_id": {"type": "string"},
        "expected_completion_time": _TIME,
        "received_time": _TIME,
        "encoded_request": {"type": "string"},
        "subject_request_id": _ID,
    }
)
STANDING = _object(
    {
        "controller_id": {"type": "string"},
        "expected_completion_time": _TIME,
        "subject_request_id": _ID,
        "request_status": _STATUS,
    },
    api_version={"const": "2.0"},
    results_count={"type": "integer", "minimum": 0},
)
CANCELLED = _object(
    {"controller_id": {"type": "string"}, "received_time": _TIME, "subject_request_id": _ID},
    api_version={"const": "2.0"},
)
ERROR = {
    "type": "object",
    "required": ["error", "type", "title", "status", "detail", "instance", "problems"],
    "properties": {
        "error": _object(
            {"code": {"type": "integer"}},
            message={"type": "string"},
            errors={
                "type": "array",
                "items": _object(
                    {name: {"type": "string"} for name in ("domain", "reason", "message")}
                ),
            },
        )
    },
}


@pytest.fixture
def agent(tillit: Tillit, http: httpx.AsyncClient) -> Agent:
    pin(tillit, "dataombudet")
    return Agent(http)


@pytest_asyncio.fixture
async def pem(http: httpx.AsyncClient) -> bytes:
    return (await http.get(f"{BASE}/certificate")).content


async def test_discovery_says_what_can_be_asked_and_by_what_members_are_found(
    http: httpx.AsyncClient, pem: bytes
) -> None:
    answer = await http.get(f"{BASE}/discovery")
    found = answer.json()
    jsonschema.validate(found, DISCOVERY)
    kinds = {one["identity_type"] for one in found["supported_identities"]}
    assert kinds == {"controller_customer_id", "email", "phone_number"}
    assert {one["identity_format"] for one in found["supported_identities"]} == {"raw"}
    assert found["processor_certificate"].endswith(f"{BASE}/certificate")
    checked(answer, pem)


async def test_a_request_is_answered_as_the_standard_says_and_signed(
    agent: Agent, pem: bytes
) -> None:
    said = wanted("erasure")
    answer = await agent.sends(said)
    assert answer.status_code == 201
    found = answer.json()
    jsonschema.validate(found, RECEIVED)
    assert found["subject_request_id"] == said["subject_request_id"]
    assert json.loads(base64.b64decode(found["encoded_request"])) == said
    assert answer.headers["X-OpenDSR-Processor-Domain"] == "127.0.0.1"
    checked(answer, pem)
    with pytest.raises(InvalidSignature):
        checked(answer, certificate("somebody-else"))
    standing = await agent.asks(said["subject_request_id"])
    jsonschema.validate(standing.json(), STANDING)
    checked(standing, pem)
    cancelled = await agent.asks(said["subject_request_id"], "DELETE")
    assert cancelled.status_code == 202
    jsonschema.validate(cancelled.json(), CANCELLED)
    checked(cancelled, pem)


async def test_who_has_not_signed_is_refused_whatever_they_send(
    tillit: Tillit, agent: Agent, http: httpx.AsyncClient
) -> None:
    body = json.dumps(wanted()).encode()
    domain = {"X-OpenDSR-Processor-Domain": agent.domain}
    theirs = await agent.sends(body)
    assert theirs.status_code == 201
    signature = theirs.request.headers["X-OpenDSR-Signature"]
    refused = [
        await http.post(f"{BASE}/requests", content=body),
        await http.post(f"{BASE}/requests", content=body, headers=domain),
        await agent.sends(body, **{"X-OpenDSR-Signature": "AAAA"}),
        await agent.sends(body, **{"X-OpenDSR-Signature": "not base64!"}),
        await agent.sends(body, **{"X-OpenDSR-Signature": "A" * 5_000}),
        await agent.sends(body + b" ", **{"X-OpenDSR-Signature": signature}),
        await Agent(http, "dataombudet", "unknown.example").sends(body),
        await Agent(http, "somebody-else", agent.domain).sends(body),
        await agent.sends(b"not json", **{"X-OpenDSR-Signature": signature}),
    ]
    said = {answer.text.replace(answer.request.url.path, "") for answer in refused}
    assert len(said) == 1, "a stranger can tell nothing from how they are refused"
    for answer in refused:
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert "X-OpenDSR-Signature" not in answer.headers
        jsonschema.validate(answer.json(), ERROR)


@pytest.mark.parametrize("how", ["missing", "garbage", "expired", "of the future", "short"])
async def test_a_certificate_that_is_none_lets_nobody_in(
    tillit: Tillit, agent: Agent, how: str
) -> None:
    now = datetime.now(UTC)
    path = pin(tillit, "dataombudet")
    if how == "missing":
        path.unlink()
    elif how == "garbage":
        path.write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    elif how == "expired":
        path.write_bytes(certificate("dataombudet", since=now - timedelta(days=100)))
    elif how == "of the future":
        path.write_bytes(certificate("dataombudet", since=now + timedelta(days=1)))
    else:
        path.write_bytes(certificate("somebody-else", of=key("somebody-else")))
    assert (await agent.sends(wanted())).status_code == 401
    pin(tillit, "dataombudet")
    assert (await agent.sends(wanted())).status_code == 201


async def test_asking_is_signed_for_its_method_its_address_and_its_minute(
    agent: Agent, http: httpx.AsyncClient
) -> None:
    reference = await agent.hands_in()
    now = datetime.now(UTC)
    assert (await agent.asks(reference)).status_code == 200
    taken = (await agent.asks(reference)).request.headers
    signed = {name: taken[name] for name in taken if name.startswith("x-opendsr")}
    path = f"{BASE}/requests/{reference}"
    assert (await http.get(path, headers=signed)).status_code == 200
    assert (await http.delete(path, headers=signed)).status_code == 401
    other = f"{BASE}/requests/{uuid4()}"
    assert (await http.get(other, headers=signed)).status_code == 401
    assert (await agent.asks(reference, at=now - timedelta(minutes=6))).status_code == 401
    assert (await agent.asks(reference, at=now + timedelta(minutes=6))).status_code == 401
    for odd in ("", "yesterday", "2026-03-01T12:00:00", "9" * 5_000):
        assert (await agent.asks(reference, **{"X-OpenDSR-Time": odd})).status_code == 401


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"regulation": "ccpa"}, "regulation"),
        ({"regulation": None}, "body"),
        ({"subject_request_id": "7"}, "subject_request_id"),
        ({"subject_request_id": str(uuid4()).upper()}, "subject_request_id"),
        ({"subject_request_id": 7}, "subject_request_id"),
        ({"subject_request_type": "rectification"}, "subject_request_type"),
        ({"submitted_time": "2026-03-01T12:00:00"}, "submitted_time"),
        ({"submitted_time": "2019-03-01T12:00:00Z"}, "submitted_time"),
        ({"submitted_time": "2099-03-01T12:00:00Z"}, "submitted_time"),
        ({"api_version": "3.0"}, "api_version"),
        ({"subject_identities": []}, "subject_identities"),
        ({"subject_identities": None}, "subject_identities"),
        ({"subject_identities": [identity("android_id", "x")]}, "subject_identities"),
        ({"subject_identities": [identity("email", "ab" * 32, "sha256")]}, "subject_identities"),
        ({"subject_identities": [identity("email", "nobody")]}, "identity_value"),
        ({"subject_identities": [identity("email", "a" * 600)]}, "identity_value"),
        ({"subject_identities": [identity("email", "a@b.example")] * 21}, "subject_identities"),
        ({"subject_identities": {"email": "a@b.example"}}, "subject_identities"),
        ({"status_callback_urls": ["http://dataombudet.example/x"]}, "status_callback_urls[0]"),
        ({"status_callback_urls": ["https://other.example/x"]}, "status_callback_urls[0]"),
        ({"status_callback_urls": ["https://xdataombudet.example/"]}, "status_callback_urls[0]"),
        ({"status_callback_urls": ["https://a@dataombudet.example/"]}, "status_callback_urls[0]"),
        ({"status_callback_urls": ["https://dataombudet.example:99999/"]}, "callback_urls[0]"),
        ({"status_callback_urls": ["https://127.0.0.1/"]}, "status_callback_urls[0]"),
        ({"status_callback_urls": ["https://dataombudet.example/"] * 6}, "status_callback_urls"),
        ({"extensions": []}, "extensions"),
        ({"extensions": {"127.0.0.1": {"mpids": [1]}}}, "extensions.127.0.0.1"),
    ],
)
async def test_what_is_no_request_is_refused_with_its_place_and_nothing_of_it(
    agent: Agent, change: dict[str, Any], place: str
) -> None:
    answer = await agent.sends(wanted(**change))
    assert answer.status_code == 400, answer.text
    jsonschema.validate(answer.json(), ERROR)
    assert answer.json()["error"]["code"] == 400
    assert any(place in one["place"] for one in answer.json()["problems"]), answer.text
    assert "nobody" not in answer.text.replace("by nobody", "")
    assert "asa@post.example" not in answer.text


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{", b'{"a":1}', b"\xff\xfe", b"[" * 60_000, b'"' + b"a" * 70_000],
)
async def test_what_is_no_json_is_refused(agent: Agent, body: bytes) -> None:
    answer = await agent.sends(body)
    assert answer.status_code in (400, 413)
    jsonschema.validate(answer.json(), ERROR)


async def test_extensions_for_others_are_left_unread_and_ours_is_a_telephone(
    agent: Agent, tillit: Tillit, club: Club
) -> None:
    member = await club.joins("1", phone="+46 70 123 45 67")
    said = wanted(
        subject_identities=[],
        extensions={
            "other.example": {"what": ["ever"]},
            "127.0.0.1": {"identities": [identity("phone_number", "070-123 45 67")]},
        },
    )
    assert (await agent.sends(said)).status_code == 201
    await drain(tillit)
    async with tillit.unit() as work:
        (request,) = await register.listed(work.unit)
    assert str(request.member) == member


async def test_the_page_for_agents_signs_as_we_check(agent: Agent, http: httpx.AsyncClient) -> None:
    page = (Path(__file__).parents[4] / "docs" / "howto" / "opendsr.md").read_text()
    (shown,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    said: dict[str, Any] = {}
    exec(shown, said)  # noqa: S102 - our own page, as its readers run it
    (example,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    body = example.replace("2026-03-02T15:00:00Z", now).encode()
    path = f"{BASE}/requests"
    signed = said["headers"](key(agent.name), agent.domain, "POST", path, body)
    taken = await http.post(path, content=body, headers=signed)
    assert taken.status_code == 201, taken.text
    for method, status in (("GET", 200), ("DELETE", 202)):
        path = f"{BASE}/requests/{taken.json()['subject_request_id']}"
        signed = said["headers"](key(agent.name), agent.domain, method, path)
        assert (await http.request(method, path, headers=signed)).status_code == status
