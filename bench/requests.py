"""`access…` and `erase…`: what answering the two great requests costs, and how that grows.

Ours is what the worker's job does, from an approved request to the last commit: nothing is left
for later but the certificate and what goes to recipients. Theirs is what an engineer would write
in plain SQL over plaintext, with no record, no proofs and no certificate.
"""

import asyncio
import io
import json
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID

import psycopg

from api.bootstrap import SYSTEM, Tillit, opened
from api.erasing import AT_ONCE
from bench.context import Bench
from bench.equality import Unequal, same
from bench.histories import History, everybody, ours, theirs
from bench.measuring import Result, Rounds, latency, result
from bench.store import Store
from dsar import deciding, packages, requests
from dsar.identity import How, Proof
from dsar.states import Right
from dsar.words import Channel
from kernel.database import libpq, raw

FEW = 15  # purchases of a member who is like most
_GATHER = """
SELECT json_build_object(
    'customer', (SELECT row_to_json(c) FROM customer c WHERE c.id = %(id)s),
    'purchases', (SELECT json_agg(p ORDER BY p.at) FROM purchase p WHERE p.customer = %(id)s),
    'consents', (SELECT json_agg(s ORDER BY s.at) FROM consent s WHERE s.customer = %(id)s)
)::text
"""
_FULL = ("customer", "purchase", "consent")
_OF_MEMBERS = {
    "member": "id", "member_key": "member", "event": "member", "lookup": "member",
    "ledger": "member",
}  # fmt: skip


def access(bench: Bench) -> Result:
    return _access(bench, bench.store, "access", events=FEW, people=4)


def access_10k(bench: Bench) -> Result:
    return _access(bench, bench.small, "access-10k", events=FEW, people=4)


def access_1500(bench: Bench) -> Result:
    return _access(bench, bench.small, "access-1500", events=1_500, people=1)


def access_15000(bench: Bench) -> Result:
    return _access(bench, bench.small, "access-15000", events=15_000, people=1)


def erase(bench: Bench) -> Result:
    people = bench.part(1_000)
    return _erase(bench, bench.store, "erase", events=FEW, people=people, everybody_has=True)


def erase_10k(bench: Bench) -> Result:
    return _erase(bench, bench.small, "erase-10k", events=FEW, people=bench.part(1_000))


def erase_1500(bench: Bench) -> Result:
    return _erase(bench, bench.small, "erase-1500", events=1_500, people=20)


def erase_15000(bench: Bench) -> Result:
    return _erase(bench, bench.small, "erase-15000", events=15_000, people=2)


def erase_horizon(bench: Bench) -> Result:
    """The same with a rotation, after which no backup from before opens either."""
    people = bench.part(1_000)
    return _erase(bench, bench.small, "erase-horizon", events=FEW, people=people, rotating=True)


# Access


def _access(bench: Bench, store: Store, row: str, *, events: int, people: int) -> Result:
    """Seconds for one member; a round takes `people`, each once, on either side."""
    with asyncio.Runner() as runner, _running(runner, store) as tillit:
        made = runner.run(ours(tillit, people, events))
        with psycopg.connect(libpq(theirs(store, made), role=None), autocommit=True) as plain:
            asked = runner.run(_approved(tillit, Right.ACCESS, made))
            for one, request in zip(made, asked, strict=True):
                runner.run(_package(tillit, request))
                found = runner.run(_contents(tillit, one, request))
                gathered = json.loads(_gathered(plain, one))
                same(found, {bought["reference"] for bought in gathered["purchases"]})
                same(found, one.references)
            taken: tuple[list[float], list[float]] = ([], [])
            for _ in range(bench.rounds):
                asked = runner.run(_approved(tillit, Right.ACCESS, made))
                started = time.perf_counter()
                for request in asked:
                    runner.run(_package(tillit, request))
                between = time.perf_counter()
                for one in made:
                    _gathered(plain, one)
                ended = time.perf_counter()
                taken[0].append((between - started) / people)
                taken[1].append((ended - between) / people)
    size = f"{events:,} events, {store.made.members:,} members"
    goal = "≥ 1×" if row == "access" else "—"
    return result(row, Rounds(*taken), size=size, goal=goal, say=latency)


async def _package(tillit: Tillit, request: UUID) -> None:
    """As the worker makes one: with a proof of everything that was done up to now."""
    await tillit.integrate()
    async with tillit.unit() as work:
        if not await packages.make(work.unit, SYSTEM, work.active, request):
            raise Unequal("there was no package to make")


async def _contents(tillit: Tillit, one: History, request: UUID) -> set[str]:
    """The references of the purchases in a package."""
    async with tillit.unit() as work:
        package = await packages.fetch(work.unit, SYSTEM, request, one.id)
    with zipfile.ZipFile(io.BytesIO(package.zipped)) as archive:
        told = json.loads(archive.read("package.json"))
    return {purchase["reference"] for purchase in told["purchases"]}


def _gathered(plain: psycopg.Connection[tuple[object, ...]], one: History) -> str:
    row = plain.execute(_GATHER, {"id": one.id}).fetchone()
    assert row is not None
    return str(row[0])


# Erasure


def _erase(
    bench: Bench,
    store: Store,
    row: str,
    *,
    events: int,
    people: int,
    rotating: bool = False,
    everybody_has: bool = False,
) -> Result:
    """Seconds for all of them: other members in each round.

    `everybody_has`: whoever is not erased has as many purchases as those who are.
    """
    taken: tuple[list[float], list[float]] = ([], [])
    with asyncio.Runner() as runner, _running(runner, store) as tillit:
        for _ in range(bench.rounds):
            made = runner.run(ours(tillit, people, events))
            if everybody_has:
                everybody(store, made, events)
            asked = runner.run(_approved(tillit, Right.ERASURE, made))
            url = theirs(store, made)
            _there(runner, tillit, url, made, there=True)
            taken[0].append(runner.run(_erased(tillit, asked, rotating=rotating)))
            taken[1].append(_deleted(url, made))
            _there(runner, tillit, url, made, there=False)
    size = f"{people:,} of {store.made.members:,} members, {events:,} events each"
    goal = "≥ 100×" if row == "erase" else "—"
    return result(row, Rounds(*taken), size=size, goal=goal, say=latency)


async def _erased(tillit: Tillit, asked: Sequence[UUID], *, rotating: bool) -> float:
    started = time.perf_counter()
    for first in range(0, len(asked), AT_ONCE):
        some = asked[first : first + AT_ONCE]
        async with tillit.unit() as work:
            done = await tillit.erasure.fulfil(work.unit, SYSTEM, work.active, some)
        if len(done) != len(some):
            raise Unequal("there was nobody to erase")
    if rotating:
        await tillit.rotate(SYSTEM)
    return time.perf_counter() - started


def _deleted(url: str, made: Sequence[History]) -> float:
    """One DELETE that cascades, and the tables written anew, so that no page keeps a row."""
    with psycopg.connect(libpq(url, role=None), autocommit=True) as connection:
        started = time.perf_counter()
        connection.execute("DELETE FROM customer WHERE id = ANY(%s)", ([one.id for one in made],))
        for table in _FULL:
            connection.execute(f"VACUUM FULL {table}".encode())
        return time.perf_counter() - started


def _there(
    runner: asyncio.Runner, tillit: Tillit, url: str, made: Sequence[History], *, there: bool
) -> None:
    """Both sides hold all of it before, and none of it after. Raises `Unequal`."""
    ids = [one.id for one in made]
    with psycopg.connect(libpq(url, role=None), autocommit=True) as connection:
        query = "SELECT count(*) FROM purchase WHERE customer = ANY(%s)"
        [plain] = connection.execute(query, (ids,)).fetchone() or (0,)
        query = "SELECT count(*) FROM customer WHERE id = ANY(%s)"
        [customers] = connection.execute(query, (ids,)).fetchone() or (0,)
    kept = runner.run(_counted(tillit, ids))
    events = sum(len(one.bought) for one in made)
    wanted = (events, len(made), len(made)) if there else (0, 0, 0)
    if (plain, customers, kept["member_key"]) != wanted or kept["event"] != plain:
        raise Unequal(f"theirs {plain} and {customers}, ours {kept}")
    if not there and any(kept.values()):
        raise Unequal(f"ours left {kept}")


async def _counted(tillit: Tillit, ids: Sequence[UUID]) -> dict[str, int]:
    found = {}
    async with tillit.unit() as work:
        connection = await raw(work.session)
        for table, column in _OF_MEMBERS.items():
            query = f"SELECT count(*) FROM {table} WHERE {column} = ANY(%s)"
            row = await (await connection.execute(query, (list(ids),))).fetchone()
            found[table] = int(row[0]) if row else 0
    return found


# Both


async def _approved(tillit: Tillit, right: Right, people: Sequence[History]) -> list[UUID]:
    """A request of each, approved by an officer who has seen them; its job is not run."""
    asked = []
    async with tillit.unit() as work:
        for one in people:
            made = await requests.open_request(
                work.unit,
                SYSTEM,
                work.active,
                right,
                one.id,
                channel=Channel.OFFICER,
                proof=Proof(How.OFFICER),
            )
            await deciding.approve(work.unit, SYSTEM, work.active, made.id)
            asked.append(made.id)
    await tillit.integrate()
    return asked


def _running(runner: asyncio.Runner, store: Store) -> AbstractContextManager[Tillit]:
    @contextmanager
    def running() -> Iterator[Tillit]:
        context = opened(store.settings)
        tillit = runner.run(context.__aenter__())
        try:
            yield tillit
        finally:
            runner.run(context.__aexit__(None, None, None))

    return running()
