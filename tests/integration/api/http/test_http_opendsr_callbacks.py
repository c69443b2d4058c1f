"""From another company's request to its last callback, received by a real server that checks it."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import pytest_asyncio
from agents_at_doors import BASE, Agent, checked, identity, pin
from callers_at_doors import Club
from cryptography.exceptions import InvalidSignature

from api.bootstrap import SYSTEM, Tillit
from api.work import drain, remind
from consent.programme import read_programme
from dsar import checks, deciding, register, requests
from dsar import identity as proofs
from dsar.identity import How, Proof
from dsar.opendsr import callbacks, handed
from dsar.opendsr.wire import Submitted, callbacks_of
from dsar.states import State
from kernel.clock import StoppedClock
from kernel.database import raw

CLUB = Path(__file__).parents[4] / "examples" / "fjallklubben.toml"
ASA = "asa@post.example"
CALLED = {
    "type": "object",
    "required": [
        "controller_id",
        "expected_completion_time",
        "status_callback_url",
        "subject_request_id",
        "request_status",
    ],
    "properties": {
        "controller_id": {"const": "dataombudet"},
        "request_status": {"enum": ["pending", "in_progress", "completed", "cancelled"]},
        "api_version": {"const": "2.0"},
        "results_count": {"type": "integer"},
    },
}


@dataclass
class Listener:
    """The agent's own server: answers what it is told to, and keeps what it is sent."""

    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "/callbacks") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def said(self, pem: bytes) -> list[dict[str, Any]]:
        """What came, each checked by the certificate alone, before it is parsed."""
        found = []
        for headers, body in self.got:
            checked(httpx.Response(200, headers=headers, content=body), pem)
            assert headers["X-OpenDSR-Processor-Domain"] == "127.0.0.1"
            said = json.loads(body)
            jsonschema.validate(said, CALLED)
            assert said["status_callback_url"].startswith(self.url(""))
            found.append(said)
        return found


@pytest.fixture
def listener() -> Iterator[Listener]:
    here = Listener()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            here.got.append((dict(self.headers.items()), body))
            status = here.answers.pop(0) if here.answers else 202
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", here.url("/elsewhere"))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    here.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield here
    server.shutdown()
    server.server_close()
    thread.join()


@pytest_asyncio.fixture
async def agent(tillit: Tillit, http: httpx.AsyncClient) -> Agent:
    """An agent on this machine: its callbacks may go to the loopback, by http."""
    text = CLUB.read_text().replace('"dataombudet.example"', '"127.0.0.1"')
    await tillit.apply(SYSTEM, read_programme(text))
    pin(tillit, "dataombudet")
    return Agent(http, domain="127.0.0.1")


async def proved_by_codes(tillit: Tillit) -> Any:
    """The member has brought back a code for each of their identifiers; the request."""
    async with tillit.unit() as work:
        (found,) = await register.listed(work.unit, only_open=True)
        row = await register.row_of(work.unit, found.id, lock=True)
        person = await register.member_of(work.unit, row)
        for name in await requests.lacking(work.unit, work.active, found.id):
            how = How.PURCHASE if name == "member_number" else How.CODE
            await proofs.prove(work.unit, SYSTEM, found.id, person, Proof(how, name))
        await requests.identified(work.unit, SYSTEM, work.active, found.id)
        return found


async def test_an_erasure_from_the_agents_request_to_its_last_callback(
    tillit: Tillit, agent: Agent, club: Club, listener: Listener, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1", email=ASA, phone="+46 70 123 45 67")
    reference = await agent.hands_in(
        "erasure",
        subject_identities=[identity("email", ASA), identity("controller_customer_id", "1")],
        status_callback_urls=[listener.url()],
    )
    await drain(tillit)
    assert listener.got == [], "pending is what the answer has said"
    request = await proved_by_codes(tillit)
    await drain(tillit)
    officer = await club.officer()
    await officer.ok("POST", f"/v1/requests/{request.id}/approve")
    await drain(tillit)
    async with tillit.unit() as work:
        assert (await register.get(work.unit, request.id)).state is State.FULFILLED
        rows = await (await raw(work.session)).execute(
            "SELECT count(*) FROM member WHERE id = %s", (member,)
        )
        assert await rows.fetchone() == (0,)
    pem = (await http.get(f"{BASE}/certificate")).content
    said = listener.said(pem)
    assert [one["request_status"] for one in said] == ["in_progress", "completed"]
    assert {one["subject_request_id"] for one in said} == {reference}
    assert all("results_url" not in one and "results_count" not in one for one in said)
    assert ASA not in str(listener.got)
    headers, body = listener.got[0]
    with pytest.raises(InvalidSignature):
        checked(httpx.Response(200, headers=headers, content=body + b" "), pem)
    assert await agent.status(reference) == "completed"
    assert (await agent.asks(reference, "DELETE")).status_code == 409
    key = (await tillit.signer()).key
    async with tillit.unit() as work:
        assert await checks.check(work.unit, key) == []


async def test_an_access_request_is_counted_and_its_results_go_to_the_member_alone(
    tillit: Tillit, agent: Agent, club: Club, listener: Listener, http: httpx.AsyncClient
) -> None:
    await club.joins("1", email=ASA)
    reference = await agent.hands_in("access", status_callback_urls=[listener.url()])
    await drain(tillit)
    request = await proved_by_codes(tillit)
    async with tillit.unit() as work:
        await deciding.approve(work.unit, SYSTEM, work.active, request.id)
    await drain(tillit)
    answer = (await agent.asks(reference)).json()
    assert (answer["request_status"], answer["results_count"]) == ("completed", 1)
    assert "results_url" not in answer
    pem = (await http.get(f"{BASE}/certificate")).content
    assert listener.said(pem)[-1]["results_count"] == 1


async def test_every_address_is_called_and_one_that_fails_holds_up_no_other(
    tillit: Tillit, agent: Agent, club: Club, listener: Listener
) -> None:
    await club.joins("1", email=ASA)
    broken = "http://127.0.0.1:1/callbacks"
    await agent.hands_in("access", status_callback_urls=[broken, listener.url()])
    await drain(tillit)
    request = await proved_by_codes(tillit)
    await drain(tillit)
    assert len(listener.got) == 1
    officer = await club.officer()
    (shown,) = await officer.ok("GET", "/v1/requests/handed-in")
    assert shown["problems"] == ["unreachable"]
    async with tillit.unit() as work:
        await deciding.approve(work.unit, SYSTEM, work.active, request.id)
    await drain(tillit)
    async with tillit.unit() as work:
        assert (await register.get(work.unit, request.id)).state is State.FULFILLED


@pytest.mark.parametrize("status", [500, 429, 400, 301, 410])
async def test_a_call_that_is_not_taken_is_made_again_until_it_is(
    tillit: Tillit, agent: Agent, club: Club, listener: Listener, status: int
) -> None:
    await club.joins("1", email=ASA)
    listener.answers = [status]
    await agent.hands_in("access", status_callback_urls=[listener.url()])
    await drain(tillit)
    await proved_by_codes(tillit)
    await drain(tillit)
    assert len(listener.got) == 1, "no redirect is followed"
    async with tillit.unit() as work:
        (one,) = await handed.listed(work.unit)
        assert one.problems
        connection = await raw(work.session)
        await connection.execute(
            "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"
        )
    await drain(tillit)
    assert len(listener.got) == 2
    assert listener.got[0][1] == listener.got[1][1]
    async with tillit.unit() as work:
        assert (await handed.one(work.unit, one.id)).problems == ()


async def test_of_nobody_the_agent_is_called_back_as_of_a_member_who_never_answers(
    tillit: Tillit, agent: Agent, club: Club, listener: Listener, http: httpx.AsyncClient
) -> None:
    await club.joins("1", email=ASA)
    for email in (ASA, "nobody@post.example"):
        await agent.hands_in("access", email=email, status_callback_urls=[listener.url()])
    await drain(tillit)
    tillit.clock = StoppedClock(datetime.now(UTC) + timedelta(days=31))
    await remind(tillit)
    await drain(tillit)
    said = listener.said((await http.get(f"{BASE}/certificate")).content)
    assert [one["request_status"] for one in said] == ["cancelled"] * 2
    for one in said:
        del one["subject_request_id"]
    assert said[0] == said[1]
    assert len({body and len(body) for _, body in listener.got}) == 1


async def test_what_has_changed_again_is_told_as_it_is_now(
    tillit: Tillit, agent: Agent, club: Club, listener: Listener
) -> None:
    await club.joins("1", email=ASA)
    reference = await agent.hands_in("access", status_callback_urls=[listener.url()])
    await drain(tillit)
    async with tillit.unit() as work:
        (one,) = await handed.listed(work.unit)
        seal = await tillit.seal()
        stale = await callbacks.callback(work.unit, seal, one.id, number=0, status="completed")
        assert stale is None
        fresh = await callbacks.callback(work.unit, seal, one.id, number=0, status="pending")
        assert fresh is not None
        assert reference in fresh.body.decode()
        none = await callbacks.callback(work.unit, seal, one.id, number=1, status="pending")
        assert none is None


async def test_once_it_is_long_over_nothing_is_kept_that_could_be_called(
    tillit: Tillit, agent: Agent, listener: Listener
) -> None:
    reference = await agent.hands_in("access", status_callback_urls=[listener.url()])
    await drain(tillit)
    await agent.asks(reference, "DELETE")
    await drain(tillit)
    assert len(listener.got) == 1
    tillit.clock = StoppedClock(datetime.now(UTC) + timedelta(days=8))
    await remind(tillit)
    async with tillit.unit() as work:
        connection = await raw(work.session)
        cursor = await connection.execute("SELECT state, sealed FROM handed_in")
        assert await cursor.fetchall() == [("ended", None)]
    now = tillit.clock.now()
    assert (await agent.asks(reference, at=now)).json()["request_status"] == "cancelled"


async def test_a_callback_goes_to_the_agents_own_domain_and_the_loopback_to_nobody_elses(
    tillit: Tillit,
) -> None:
    async with tillit.unit() as work:
        agent = work.active.programme.agents["dataombudet"]
    now = datetime.now(UTC)
    for url in ("https://dataombudet.example/", "https://api.dataombudet.example:8443/a?b=c"):
        good = Submitted("gdpr", "x", "access", now, status_callback_urls=[url])
        assert callbacks_of(good, agent) == (url,)
