"""Processes to be killed, and the store that they worked on, looked at afterwards."""

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.bootstrap import Tillit, opened
from api.settings import read_settings
from audit.check import check as check_record
from audit.verify import VerifierKey
from consent.checks import check as check_consents
from dsar.checks import check as check_requests
from kernel.database import raw
from profiles.labels import Label


@dataclass
class Victims:
    """Starts children that do something, and ends them."""

    process: asyncio.subprocess.Process
    chance: random.Random
    kills: int = 0
    child: int | None = None

    async def run(self, told: dict[str, Any], *, kill_after: float | None = None) -> int:
        """What the child ended with; -9 when it was killed in time."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(told).encode() + b"\n")
        self.child = child = int(await self.process.stdout.readline())
        ending = asyncio.create_task(self.process.stdout.readline())
        if kill_after is not None:
            await asyncio.wait([ending], timeout=kill_after)
            if not ending.done():
                with suppress(ProcessLookupError):  # it ended by itself in this very moment
                    os.kill(child, signal.SIGKILL)
        ended = int(await ending)
        self.child = None
        self.kills += ended == -signal.SIGKILL
        return ended


@dataclass
class Store:
    """A data folder and its database."""

    environment: dict[str, str]
    file: Path = field(default_factory=Path)
    mapping: Path = field(default_factory=Path)

    def told(self, do: str, **more: Any) -> dict[str, Any]:
        """What a victim is told to do with it."""
        named = {"file": str(self.file), "mapping": str(self.mapping)}
        return {"do": do, "environment": self.environment, **named, **more}

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Tillit]:
        async with opened(read_settings(self.environment)) as tillit:
            yield tillit


@asynccontextmanager
async def victims_of(script: str, *, seed: int) -> AsyncIterator[Victims]:
    """A process of that script beside this file, whose children are killed; gone afterwards."""
    path = Path(__file__).with_name(script)
    process = await asyncio.create_subprocess_exec(sys.executable, str(path), stdin=-1, stdout=-1)
    made = Victims(process, random.Random(seed))
    try:
        yield made
    finally:
        if made.child is not None:  # the test failed in the middle of something
            with suppress(ProcessLookupError):
                os.kill(made.child, signal.SIGKILL)
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def settled(tillit: Tillit) -> None:
    """Until the server has noticed that its client is dead, and let go of what it held."""
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND state <> 'idle'"
    )
    for _ in range(200):
        async with tillit.database.transaction() as session:
            row = await (await (await raw(session)).execute(others)).fetchone()
        if row is not None and row[0] == 0:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("somebody is still at work")


async def sound(tillit: Tillit) -> None:
    """Nothing is wrong with the record, the ledger, the sets or the register of requests."""
    await settled(tillit)
    signer = await tillit.signer()
    async with tillit.unit() as work:
        macs = [work.unit.epoch.derive(Label.AUDIT_MAC)]
    async with tillit.database.transaction() as session:
        found = await check_record(session, vkey=signer.verifier_key, mac_keys=macs)
    problems = [*found.problems]
    async with tillit.unit() as work:
        problems += await check_consents(work.unit)
        key = VerifierKey.parse(signer.verifier_key)
        problems += await check_requests(work.unit, key)
    assert not problems, problems
