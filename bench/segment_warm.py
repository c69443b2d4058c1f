"""`segment-warm-1m`: a segment within one process, against DuckDB on plaintext columns.

Both sides have read their question before (a condition, a prepared statement), hold everything
in memory, and give the matching ids as packed 16-byte numbers. The replica is opened from the
store's sealed shards; DuckDB gets the leanest columns there are for it.
"""

import asyncio
from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from api.bootstrap import opened
from bench.context import Bench
from bench.equality import same_members
from bench.measuring import Result, in_turn, latency, result
from bench.people import EPOCH, TIERS
from bench.segments import CONSENT_DAYS, EXPRESSION, HIKING, PURPOSE, naive, plain_conditions
from bench.store import Store
from consent.eligibility import Eligibles
from consent.footing import Footing
from profiles.catalogue import Catalogue
from profiles.evaluation import PredicateCache, evaluate_within
from profiles.expressions import parse
from profiles.shard import MemberSets

Ids = NDArray[np.uint64]
_THREADS = 2


class Replica:
    """Our side: the member sets of a process, as the gate uses them."""

    def __init__(
        self, members: MemberSets, footing: Footing, catalogue: Catalogue, today: date
    ) -> None:
        self._members, self._footing, self._today = members, footing, today
        self._cache, self._eligibles = PredicateCache(), Eligibles()
        self._condition = parse(EXPRESSION, catalogue, today=today, allowed=footing.purpose.fields)

    def ids(self) -> Ids:
        """Who matches, of those who may be used."""
        allowed = self._eligibles.of(self._footing, self._members, self._today)
        matched = evaluate_within(self._condition, self._members, allowed.eligible, self._cache)
        return self._members.ids.take(np.frombuffer(matched.to_array(), np.uint32), axis=0)


class Plain:
    """Their side: one table in memory, an id as the two halves of its UUID."""

    def __init__(self, store: Store, today: date) -> None:
        self._connection = duckdb.connect(config={"threads": _THREADS})
        self._connection.register("given", _columns(store))
        self._connection.execute(f"CREATE TYPE tier AS ENUM {TIERS}")
        self._connection.execute(
            "CREATE TABLE member AS SELECT * REPLACE "
            "(tier::tier AS tier, (spend / 100)::DECIMAL(12, 2) AS spend) FROM given"
        )
        where = plain_conditions("likes_hiking", today)
        self._connection.execute(f"PREPARE segment AS SELECT high, low FROM member WHERE {where}")

    def ids(self) -> Ids:
        found = self._connection.execute("EXECUTE segment").fetchnumpy()
        return np.column_stack((found["high"], found["low"]))


def measure(bench: Bench) -> Result:
    store = bench.store
    members, footing, catalogue, today = asyncio.run(_opened(store))
    ours, theirs = Replica(members, footing, catalogue, today), Plain(store, today)
    same_members(ours.ids(), theirs.ids())
    same_members(ours.ids(), store.ids[naive(store.people, today)])
    rounds = in_turn(ours.ids, theirs.ids, rounds=bench.rounds, at_least=0.5 * bench.haste)
    return result(
        "segment-warm-1m", rounds, size=bench.size(store.made.members), goal="≥ 50×", say=latency
    )


async def _opened(store: Store) -> tuple[MemberSets, Footing, Catalogue, date]:
    """The member sets of a process that has caught up, and the programme they are under."""
    async with opened(store.settings) as tillit, tillit.unit() as work:
        await tillit.replica.barrier()
        programme = work.active.programme
        return (
            tillit.replica.members,
            work.active.footing(PURPOSE),
            programme.catalogue(),
            work.unit.today,
        )


def _columns(store: Store) -> pa.Table:
    people, ids = store.people, store.ids.astype(np.uint64)
    until = (store.made.day - EPOCH + timedelta(days=CONSENT_DAYS)).days
    return pa.table(
        {
            "high": ids[:, 0],
            "low": ids[:, 1],
            "birth_date": pa.array(people.born, pa.date32()),
            "tier": pa.DictionaryArray.from_arrays(people.tier, list(TIERS)),
            "likes_hiking": people.interests[:, HIKING],
            "spend": people.spend,
            "last_visit": pa.array(people.visited, pa.date32()),
            "consented": people.consents[:, 0],
            "consented_until": pa.array(np.full(len(people), until, np.int32), pa.date32()),
            "objected": np.zeros(len(people), np.bool_),
            "restricted": people.restricted,
        }
    )
