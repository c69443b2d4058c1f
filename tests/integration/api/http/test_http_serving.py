"""The app on a real socket, with its worker, and what `/healthz` says of both."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from callers_at_doors import PURPOSE, Client, Club

from api.bootstrap import SYSTEM, Tillit, opened
from api.http import app as app_module
from api.http.serving import listen, server
from api.settings import Settings
from audit.entries import Kind
from kernel.clock import StoppedClock
from kernel.errors import Unavailable


@asynccontextmanager
async def _served(tillit: Tillit, *, worker: bool) -> AsyncIterator[httpx.AsyncClient]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = server(tillit, "127.0.0.1", port, worker=worker)
    task = asyncio.create_task(running.serve())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
        while not running.started:  # noqa: ASYNC110 - uvicorn has nothing to wait for
            await asyncio.sleep(0.01)
        yield http
    running.should_exit = True
    await asyncio.wait_for(task, 30)


async def test_requests_are_answered_and_carried_out_over_a_socket(tillit: Tillit) -> None:
    async with _served(tillit, worker=True) as http:
        club = Club(tillit, http)
        member = await club.joins("1", tier="gold", name="Åsa")
        await club.agrees(member)
        assert (await club.segment("tier = 'gold'"))["members"] == [member]
        own, officer = await club.member(member), await club.officer()
        request = (await own.ok("POST", "/v1/me/requests", {"right": "access"}))["request"]
        await officer.ok("POST", f"/v1/requests/{request}/approve")
        package = f"/v1/me/requests/{request}/package"
        for _ in range(200):
            answer = await own("GET", package)
            if answer.is_success:
                break
            await asyncio.sleep(0.1)
        assert answer.content[:4] == b"PK\x03\x04"
        assert answer.headers["content-disposition"] == 'attachment; filename="package.zip"'
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers
        assert (await club.nobody("GET", "/healthz")).json()["status"] == "ok"
        checkpoint = await club.nobody.ok("GET", "/v1/audit/checkpoint")
        assert checkpoint.startswith(b"fjallklubben.example/record\n")


async def test_many_at_once_are_all_answered_from_the_newest_state(tillit: Tillit) -> None:
    async with _served(tillit, worker=False) as http:
        club = Club(tillit, http)
        member = await club.joins("1", tier="gold")
        offers = await club.service("offers-engine")
        body = {"expression": "tier = 'gold'", "purpose": PURPOSE}
        for allow in (True, False, True, False):
            await club.agrees(member, allow=allow)
            asked = [offers.ok("POST", "/v1/segments/evaluate", body) for _ in range(25)]
            for answer in await asyncio.gather(*asked):
                assert answer["members"] == ([member] if allow else [])


async def test_health_tells_when_nobody_numbers_the_records_entries(settings: Settings) -> None:
    clock = StoppedClock(datetime.now(UTC))
    async with opened(settings, clock=clock) as tillit:
        transport = httpx.ASGITransport(app_module.create_app(tillit, worker=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://t.test") as http:
            nobody = Client(http, None)
            async with tillit.database.transaction() as session:
                await tillit.keyring.pin(session)
                await tillit.record.write(session, SYSTEM.entry(Kind.USES_VIEWED))
            assert (await nobody("GET", "/healthz")).status_code == 200
            clock.at += timedelta(minutes=5)
            behind = await nobody("GET", "/healthz")
            assert behind.status_code == 503
            assert behind.json()["problems"][0]["place"] == "record"


async def test_health_tells_when_the_worker_has_stopped(
    tillit: Tillit, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(_: Tillit) -> None:
        raise RuntimeError("gone")

    monkeypatch.setattr(app_module, "work", failing)
    async with _served(tillit, worker=True) as http:
        answer = await http.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["problems"][0]["place"] == "worker"


async def test_a_worker_that_has_stopped_is_begun_again(
    tillit: Tillit, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()
    ends = iter([RuntimeError("gone"), ConnectionError("gone")])

    async def faltering(_: Tillit) -> None:
        for end in ends:
            raise end
        begun.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(app_module, "work", faltering)
    monkeypatch.setattr(app_module, "AGAIN_AFTER", 0.05)
    async with _served(tillit, worker=True) as http:
        await asyncio.wait_for(begun.wait(), 10)
        assert (await http.get("/healthz")).status_code == 200


async def test_before_there_is_a_programme_doors_say_so(settings: Settings) -> None:
    async with opened(settings) as tillit:
        transport = httpx.ASGITransport(app_module.create_app(tillit, worker=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://t.test") as http:
            answer = await http.get("/v1/me", headers={"Authorization": "Bearer x.y.z"})
            assert answer.status_code == 503
            assert answer.json()["type"] == "urn:tillit:problem:no-programme"
            assert (await http.get("/healthz")).status_code == 200


def test_a_port_that_is_taken_is_told_before_anything_is_started() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"cannot listen on 127.0.0.1:{port}"):
            listen("127.0.0.1", port)
