"""Erasures killed at each of their steps and at a hundred random moments, and the worker restarted.

However often that happens: whoever was to be erased is, each recipient has been told under one id,
and never again once its answer is written down; there is one certificate, and nothing is wrong.
"""

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import at_the_desk
import psycopg
import pytest
from counting_processor import Processor, Serving
from erasing_process import POINTS, TOGETHER
from psycopg import sql
from sqlalchemy import make_url
from victims import Store, Victims, sound, victims_of

from api.bootstrap import SYSTEM, Tillit
from audit.browsing import all_entries
from audit.entries import Kind
from consent import ledger
from consent.choices import Action as Said
from consent.choosing import choose
from consent.programme.loading import read_programme
from dsar import outgoing
from dsar.states import Right
from kernel import jobs
from kernel.database import libpq, raw
from profiles.enrolment import enrol
from profiles.members import load

pytestmark = pytest.mark.slow

KILLS = 100
AT_A_TIME = 12
EXAMPLE = Path(__file__).parents[2] / "examples" / "fjallklubben.toml"
CONNECTOR = """
[recipients.{name}.connector]
by = "webhook"
address = "http://127.0.0.1:{port}/{name}"
identifiers = ["{identifier}"]
"""
RECIPIENTS = {"letters": "email", "app-messages": "phone"}
#: What is left of a member after an erasure: nothing, in any of these.
OF_MEMBERS = {
    "member": "id", "member_key": "member", "event": "member", "lookup": "member",
    "ledger": "member", "request": "member", "identity_proof": "member", "package": "member",
}  # fmt: skip


class Erasures:
    """A store with members who wait to be erased, and the processor that is told."""

    def __init__(
        self, store: Store, tillit: Tillit, processor: Processor, victims: Victims
    ) -> None:
        self.store, self.tillit = store, tillit
        self.processor, self.victims = processor, victims
        self.asked: dict[UUID, UUID] = {}
        self.closed: Counter[str] = Counter()

    async def prepare(self) -> None:
        text = EXAMPLE.read_text("utf-8")
        for name, identifier in RECIPIENTS.items():
            text += CONNECTOR.format(name=name, identifier=identifier, port=self.processor.port)
        keys = Path(self.store.environment["TILLIT_DATA"]) / "keys" / "connectors"
        for name in RECIPIENTS:
            self.processor.pinned_in(keys, name)
        await self.tillit.apply(SYSTEM, read_programme(text))

    async def ask(self, count: int) -> None:
        """So many more members, who are to be erased."""
        first = len(self.asked)
        rows: list[dict[str, Any]] = [
            {
                "member_number": f"K{number}",
                "email": f"k{number}@post.example",
                "phone": f"+4670{number:07}",
            }
            for number in range(first, first + count)
        ]
        async with self.tillit.unit() as work:
            people = await enrol(work.unit, SYSTEM, rows, source="test")
        async with self.tillit.unit() as work:
            unit, letter = work.unit, work.active.programme.purposes["newsletter"]
            locked = await load(unit, [one.id for one in people], lock=True)
            # Who never said yes to the letter has nothing with those who send it.
            yes = choose(unit, letter, Said.GIVEN, at=unit.now, by="member", language="sv")
            await ledger.record(unit, SYSTEM, {one: [yes] for one in locked.values()})
        async with self.tillit.unit() as work:
            for one in people:
                made = await at_the_desk.approved(work, Right.ERASURE, one.id)
                self.asked[one.id] = made.id

    async def waiting(self) -> int:
        query = "SELECT count(*) FROM request WHERE state <> 'fulfilled'"
        return int((await _rows(self.tillit, query))[0][0])

    async def run(self, *, kill_after: float | None = None, **told: Any) -> int:
        return await self.victims.run(self.store.told("erase", **told), kill_after=kill_after)

    async def look(self) -> None:
        """Nobody whose answer is written down has been told once more since."""
        for id, arrived in self.closed.items():
            assert self.processor.arrived[id] == arrived, "told again after it was done"
        done = "SELECT id FROM outgoing WHERE recipient IS NOT NULL AND state = 'done'"
        for (id,) in await _rows(self.tillit, done):
            self.closed[str(id)] = self.processor.arrived[str(id)]

    async def finish(self) -> None:
        """The worker is restarted once more and left alone; then all is done, and done once."""
        certified = "SELECT count(*) FROM certificate WHERE part = 'erasure'"
        for _ in range(20):
            await asyncio.sleep(jobs.STALLED / 2)
            assert await self.run() == 0
            await self.look()
            if (await _rows(self.tillit, certified))[0][0] == len(self.asked):
                break
        await sound(self.tillit)
        await self._erased()
        await self._told()
        await self._on_record()

    async def _erased(self) -> None:
        for table, column in OF_MEMBERS.items():
            query = f"SELECT count(*) FROM {table} WHERE {column} = ANY(%s)"
            assert await _rows(self.tillit, query, list(self.asked)) == [(0,)], table
        states = await _rows(self.tillit, "SELECT id, state FROM request")
        assert dict(states) == dict.fromkeys(self.asked.values(), "fulfilled")
        certified = await _rows(
            self.tillit, "SELECT request FROM certificate WHERE part = 'erasure'"
        )
        assert sorted(row[0] for row in certified) == sorted(self.asked.values())
        journal = self.tillit.settings.journal.read_text().splitlines()
        lines = [json.loads(line) for line in journal if line]
        assert {UUID(one["member"]): UUID(one["request"]) for one in lines} == self.asked
        await self.tillit.replica.barrier()
        assert len(self.tillit.replica.members.everyone) == 0

    async def _told(self) -> None:
        """Each recipient by one id for each member, and by none other; nobody of anybody else."""
        expected = {
            str(outgoing.id_of(request, name, Right.ERASURE.value)): name
            for request in self.asked.values()
            for name in RECIPIENTS
        }
        assert self.processor.wrong == []
        assert self.processor.said.keys() == expected.keys()
        people = Counter()
        for id, said in self.processor.said.items():
            name = expected[id]
            assert (said["path"], said["what"]) == (f"/{name}", "erasure")
            assert said["identities"].keys() == {RECIPIENTS[name]}
            people[name, *said["identities"].values()] += 1
        assert set(people.values()) == {1}, "one member, told of twice under two ids"
        open_ = "SELECT count(*) FROM outgoing WHERE recipient IS NOT NULL AND state <> 'done'"
        assert await _rows(self.tillit, open_) == [(0,)]

    async def _on_record(self) -> None:
        counts: Counter[tuple[str, object]] = Counter()
        async with self.tillit.unit() as work:
            async for entry in all_entries(work.session):
                part = entry.facts.get("part", entry.facts.get("step"))
                counts[entry.kind, part] += 1
        people = len(self.asked)
        assert counts[Kind.MEMBER_ERASED, None] == people
        assert counts[Kind.RECIPIENT_TOLD, None] == people * len(RECIPIENTS)
        assert counts[Kind.REQUEST_MOVED, "carry_out"] == people
        assert counts[Kind.REQUEST_COMPLETED, "fulfil"] == people
        issued = sum(n for (kind, _), n in counts.items() if kind == Kind.CERTIFICATE_ISSUED)
        answered = sum(n for (kind, _), n in counts.items() if kind == Kind.RECIPIENT_ANSWERED)
        assert (issued, answered) == (people, people * len(RECIPIENTS))


async def _rows(tillit: Tillit, statement: str, *values: Any) -> list[Any]:
    async with tillit.database.transaction() as session:
        return await (await (await raw(session)).execute(statement, values)).fetchall()


@pytest.fixture
def store(server: str, template: str, tmp_path: Path) -> Iterator[Store]:
    name = f"tillit_kill_{uuid4().hex[:8]}"
    with psycopg.connect(libpq(server, role=None), autocommit=True) as connection:

        def run(statement: str, *names: str) -> None:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

        run("CREATE DATABASE {} TEMPLATE {}", name, template)
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
        yield Store({"TILLIT_DATA": str(tmp_path / name), "TILLIT_DATABASE_URL": url})
        run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@pytest.fixture
async def erasures(store: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Erasures]:
    monkeypatch.setattr(jobs, "STALLED", 0.6)
    with Serving(Processor()) as processor:
        async with victims_of("erasing_process.py", seed=17) as victims, store.opened() as tillit:
            made = Erasures(store, tillit, processor, victims)
            await made.prepare()
            yield made


async def test_erasures_killed_at_each_step_are_finished_by_the_next_worker(
    erasures: Erasures,
) -> None:
    for step in POINTS:
        await erasures.ask(2)
        nth = 1 if step in TOGETHER else erasures.victims.chance.choice([1, 1, 2])
        ended = await erasures.run(die=step, nth=nth)
        assert ended == -signal.SIGKILL, f"nobody came to {step} for the {nth}th time"
        await erasures.look()
    await erasures.finish()


async def test_erasures_killed_at_a_hundred_random_moments_are_finished_all_the_same(
    erasures: Erasures,
) -> None:
    chance, victims = erasures.victims.chance, erasures.victims
    await erasures.run()
    began = time.monotonic()
    await erasures.run()
    idle = time.monotonic() - began  # most of it passes before anything is done
    while victims.kills < KILLS:
        if await erasures.waiting() < AT_A_TIME:
            await erasures.ask(AT_A_TIME)
        for _ in range(5):
            moment = chance.uniform(0.3 * idle, idle + 0.5)
            ended = await erasures.run(kill_after=moment)
            assert ended in (0, -signal.SIGKILL)
            await erasures.look()
            if ended == 0 or victims.kills == KILLS:
                break
    await erasures.finish()
    assert len(erasures.asked) > AT_A_TIME
    assert max(erasures.processor.arrived.values()) > 1, "no kill came between answer and commit"
