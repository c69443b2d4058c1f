"""`segment-http-1m`: the segment over HTTP, its use durably on record before the answer.

Against the same question in plain SQL over plaintext columns, in the same PostgreSQL, through the
leanest route there is (`bench.lean`), with nothing recorded. One caller who waits for each answer.
"""

from uuid import UUID

import msgspec
import psycopg

from bench.context import Bench
from bench.equality import same
from bench.loopback import Name, servers
from bench.measuring import Result, in_turn, latency, result
from bench.people import club_day
from bench.plain import plain_table
from bench.reading import token_of
from bench.segments import EXPRESSION, PURPOSE, naive
from bench.store import Store
from bench.wire import Client, request
from kernel.database import libpq


class Evaluated(msgspec.Struct, frozen=True):
    """As much of our answer as is looked at."""

    members: list[UUID]
    entry: UUID


def measure(bench: Bench) -> Result:
    store = bench.store
    question = msgspec.json.encode({"expression": EXPRESSION, "purpose": PURPOSE})
    headers = {"Authorization": f"Bearer {token_of(store)}"}
    asked = request("POST", "/v1/segments/evaluate", question, headers)
    plain = request("GET", "/segment")
    sides: tuple[tuple[Name, str], ...] = (("tillit", store.url), ("lean", plain_table(store)))
    with servers(store, *sides, pinned=False) as (ours, theirs):
        mine, other = Client(ours.port), Client(theirs.port)
        answer = msgspec.json.decode(mine.ask(asked), type=Evaluated)
        _on_record(store, answer.entry)
        same(answer.members, msgspec.json.decode(other.ask(plain), type=list[UUID]))
        same(answer.members, [store.id(int(at)) for at in naive(store.people, club_day())])
        rounds = in_turn(
            lambda: mine.ask(asked),
            lambda: other.ask(plain),
            rounds=bench.rounds,
            at_least=1.0 * bench.haste,
        )
        mine.close()
        other.close()
    size = bench.size(store.made.members)
    return result("segment-http-1m", rounds, size=size, goal="≥ 20×", say=latency)


def _on_record(store: Store, entry: UUID) -> None:
    """The entry our answer names is committed: another connection sees it."""
    with psycopg.connect(libpq(store.url)) as connection:
        query = "SELECT id FROM audit_entry WHERE id = %s"
        same([entry], [row[0] for row in connection.execute(query, (entry,))])
