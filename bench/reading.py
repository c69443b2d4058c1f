"""`read-http` and `read-http-lean`: six fields of one member by id, over HTTP.

Ours checks a token, asks the policy, looks at the member's consent, opens six values under the
member's own key, and has the use on record, committed, before it answers. The others do not.
Each server is one process on the same core; the load comes from the other one. The same members,
at random over the whole store, in the same order.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from api.bootstrap import opened
from api.tokens import Caller, mint
from bench.context import Bench
from bench.equality import same
from bench.loopback import Name, servers
from bench.measuring import Result, Rounds, result, throughput
from bench.plain import plain_table
from bench.segments import PURPOSE, SERVICE
from bench.store import Store
from bench.wire import Client, request

FIELDS = ("member_number", "birth_date", "tier", "interests", "spend", "last_visit")
_READERS = 20_000
_COMPARED = 50
_SECONDS = 2.0


def measure(bench: Bench) -> Result:
    return _measured(bench, "read-http", "idiomatic", goal="≥ 2× throughput")


def measure_lean(bench: Bench) -> Result:
    return _measured(bench, "read-http-lean", "lean", goal="≥ 0.6× throughput")


def token_of(store: Store) -> str:
    """A bearer token of the service that reads and segments."""

    async def minted() -> str:
        async with opened(store.settings) as tillit:
            return (await mint(tillit, Caller.service(SERVICE))).token

    return asyncio.run(minted())


def _measured(bench: Bench, row: str, rival: Name, *, goal: str) -> Result:
    store = bench.store
    places = _permitted(store)
    ids = [str(store.id(int(at))) for at in places]
    headers = {"Authorization": f"Bearer {token_of(store)}"}
    asked = [request("POST", "/v1/profiles/read", _question(one), headers) for one in ids]
    plain = [request("GET", f"/members/{one}") for one in ids]
    sides: tuple[tuple[Name, str], ...] = (("tillit", store.url), (rival, plain_table(store)))
    with servers(store, *sides, pinned=True) as (ours, theirs):
        _compare(ours.port, theirs.port, asked[:_COMPARED], plain[:_COMPARED])
        seconds = _SECONDS * bench.haste
        for side, requests in ((ours, asked), (theirs, plain)):
            side.throughput(requests, seconds / 2)
        taken: tuple[list[float], list[float]] = ([], [])
        for _ in range(bench.rounds):
            taken[0].append(ours.throughput(asked, seconds))
            taken[1].append(theirs.throughput(plain, seconds))
    size = bench.size(store.made.members)
    return result(row, Rounds(*taken), size=size, goal=goal, say=throughput("reads"))


def _permitted(store: Store) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """Members at random over the store, of those who may be used for the purpose."""
    people = store.people
    allowed = np.flatnonzero(people.consents[:, 0] & ~people.restricted)
    return np.random.default_rng(6).permutation(allowed)[:_READERS]


def _question(member: str) -> bytes:
    return msgspec.json.encode({"purpose": PURPOSE, "members": [member], "fields": FIELDS})


def _compare(ours: int, theirs: int, asked: list[bytes], plain: list[bytes]) -> None:
    """Both servers give the same six values of the same members."""
    mine, other = Client(ours), Client(theirs)
    given = [msgspec.json.decode(mine.ask(one))["lines"][0]["values"] for one in asked]
    same(map(_values, given), [_values(msgspec.json.decode(other.ask(one))) for one in plain])
    mine.close()
    other.close()


def _values(given: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(
        tuple(sorted(value)) if isinstance(value, list) else value
        for value in (given[name] for name in FIELDS)
    )
