"""A request holds one connection and never waits for a second."""

import asyncio

import httpx

from api.bootstrap import SYSTEM, Tillit, opened
from api.http.app import create_app
from api.settings import Settings
from consent.programme.loading import read_programme

MANY = 40  # four times the pool


async def _second_version(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        source = work.active.programme.source
    changed = source.replace('"segment", "read"]', '"segment"]', 1)
    assert await tillit.apply(SYSTEM, read_programme(changed)) == 2


async def test_a_cold_process_gives_its_key_to_many_at_once(
    tillit: Tillit, settings: Settings
) -> None:
    await _second_version(tillit)  # so that the first one is not in memory with the one in force
    async with opened(settings) as cold:
        transport = httpx.ASGITransport(create_app(cold, worker=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://tillit.test") as http:
            asked = [http.get("/v1/audit/key") for _ in range(MANY)]
            answers = await asyncio.wait_for(asyncio.gather(*asked), timeout=10)
    key = (await tillit.signer()).verifier_key
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, f"{key}\n")}


async def test_the_signer_is_made_once(tillit: Tillit) -> None:
    first = await tillit.signer()
    async with tillit.unit() as work:
        assert await tillit.signer(work.session) is first
    assert await tillit.signer() is first
