"""`pages`: how long each page takes to come, over HTTP, for somebody who waits for it.

Members with fifteen purchases and a few uses, officers with an inbox of requests; sessions of their
own, on one server process. There is nothing to compare with, only a goal: that nobody waits.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from uuid import UUID

from api.bootstrap import SYSTEM, Tillit, opened
from api.pages import guarding
from api.people import officers, sessions
from api.people.keys import keys_of
from api.people.people import Kind, Somebody
from bench.context import Bench
from bench.histories import ours as lived
from bench.loopback import servers
from bench.measuring import Result, latency
from bench.segments import EXPRESSION, PURPOSE, SERVICE
from bench.wire import Client, request
from consent.grants import authorise
from consent.programme import Action
from dsar import requests
from dsar.identity import How, Proof
from dsar.states import Right
from dsar.words import Channel
from profiles.members import one

MEMBERS = 20
EVENTS = 15
INBOX = 200  # open requests
USES = 60  # of each kind: more than a page shows
GOAL = 0.05  # seconds, of the page that takes longest
#: By the name that the row gives them.
OF_MEMBERS: Mapping[str, str] = {
    "choices": "/my/choices",
    "all at once": "/my/choices/all-at-once",
    "history": "/my/choices/history",
    "family": "/my/family",
    "uses": "/my/uses",
    "data": "/my/data",
    "purchases": "/my/purchases",
    "requests": "/my/requests",
    "sign-ins": "/my/sign-ins",
}
OF_OFFICERS: Mapping[str, str] = {
    "inbox": "/desk/requests",
    "one request": "/desk/requests/{request}",
    "inbox in figures": "/desk/requests/figures",
    "programme": "/desk/programme",
    "who may what": "/desk/programme/access",
    "consent": "/desk/consent",
    "use": "/desk/use",
    "one service": "/desk/use/actors/service/" + SERVICE,
    "questions": "/desk/use/segments",
    "breaches": "/desk/breaches",
    "keys and health": "/desk/health",
}


@dataclass(frozen=True)
class _Sat:
    """Who sits there: their sessions' tokens, and a request to look at."""

    members: Sequence[str]
    officer: str
    request: UUID


def measure(bench: Bench) -> Result:
    store = bench.store
    sat = asyncio.run(_sat_down(bench))
    with servers(store, ("tillit", store.url), pinned=True) as (server,):
        client = Client(server.port)
        taken = {
            name: _each(client, asked, rounds=bench.rounds) for name, asked in _asked(bench, sat)
        }
        client.close()
    times = {name: median(all_) for name, all_ in taken.items()}
    order = sorted(times, key=lambda name: -times[name])
    ours = ", ".join(f"{name} {latency(times[name])}" for name in order)
    size = bench.size(store.made.members)
    return Result("pages", size, ours, "—", None, None, None, f"each < {latency(GOAL)}")


def _asked(bench: Bench, sat: _Sat) -> list[tuple[str, list[bytes]]]:
    """The requests of each page, one for each of those who look at it."""
    name = guarding.session_cookie(bench.store.settings)

    def get(path: str, token: str) -> bytes:
        headers = {"Cookie": f"{name}={token}", "Accept-Language": "sv"}
        return request("GET", path.format(request=sat.request), headers=headers)

    found = [(name, [get(path, one) for one in sat.members]) for name, path in OF_MEMBERS.items()]
    found += [(name, [get(path, sat.officer)] * MEMBERS) for name, path in OF_OFFICERS.items()]
    return found


def _each(client: Client, asked: Sequence[bytes], *, rounds: int) -> list[float]:
    """Seconds for each page, after one round that nobody counts."""
    taken = []
    for number in range(rounds + 1):
        for one_page in asked:
            started = time.perf_counter()
            client.ask(one_page)
            if number:
                taken.append(time.perf_counter() - started)
    return taken


async def _sat_down(bench: Bench) -> _Sat:
    async with opened(bench.store.settings) as tillit:
        people = [one.id for one in await lived(tillit, MEMBERS, EVENTS)]
        await _used(tillit, people)
        asked = await _inbox(
            tillit, [bench.store.id(at) for at in range(min(INBOX, bench.members))]
        )
        await tillit.integrate()
        tokens = [await _in(tillit, Somebody(kind=Kind.MEMBER, member=id)) for id in people]
        account = await _account(tillit, f"officer-{people[0].hex[-12:]}")
        officer = await _in(tillit, Somebody(kind=Kind.OFFICER, account=account))
    return _Sat(tokens, officer, asked)


async def _used(tillit: Tillit, people: Sequence[UUID]) -> None:
    """Looked for among everybody, and read."""
    async with tillit.unit() as work:
        await tillit.gate.freshen(work.unit)
    for _ in range(USES):
        async with tillit.unit() as work:
            found = authorise(work.active, SERVICE, purpose=PURPOSE, action=Action.SEGMENT)
            await tillit.gate.evaluate(work.unit, found, EXPRESSION)
            read = authorise(work.active, SERVICE, purpose=PURPOSE, action=Action.READ)
            await tillit.gate.read(work.unit, read, people)


async def _inbox(tillit: Tillit, people: Sequence[UUID]) -> UUID:
    """An access request of each; returns the last one."""
    for member in people:
        async with tillit.unit() as work:
            asked = await requests.open_request(
                work.unit, SYSTEM, work.active, Right.ACCESS, member,
                channel=Channel.MEMBER, proof=Proof(How.STEP_UP),
            )  # fmt: skip
    return asked.id


async def _account(tillit: Tillit, name: str) -> UUID:
    async with tillit.unit() as work:
        role = next(iter(work.active.programme.officers))
        return await officers.add(
            work.unit, work.active, keys_of(tillit), SYSTEM,
            name=name, address=f"{name}@bench.example", role=role,
        )  # fmt: skip


async def _in(tillit: Tillit, somebody: Somebody) -> str:
    """Signed in, with a second proof."""
    keys = keys_of(tillit)
    async with tillit.unit() as work:
        token = await sessions.begin(work.unit, work.active, keys, somebody)
        person = await sessions.found(work.unit, work.active, keys, token)
        assert person is not None
        member = None if person.member is None else await one(work.unit, person.member)
        act = person.act(member, work.active.version)
        return await sessions.step_up(work.unit, keys, act, person, how="code")
