"""`decision-single`, `-batch` and `-http`: may these six fields be used, and if not, why not?

Against cedarpy with a hundred policies, everything parsed beforehand (`bench.cedar`). The same
members at random over the whole store, those who may be used and those who may not; both sides
say yes or no to each field, and give the reason.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from tempfile import TemporaryDirectory
from typing import Any

import cedarpy
import msgspec
import numpy as np
from numpy.typing import NDArray

from api.bootstrap import Tillit, opened
from bench import cedar
from bench.context import Bench
from bench.equality import same
from bench.loopback import Name, servers
from bench.measuring import Result, Rounds, in_turn, latency, result, throughput
from bench.reading import token_of
from bench.segments import PURPOSE, SERVICE
from bench.store import Store
from bench.wire import Client, request
from consent.batches import Batch
from consent.deciding import AskingMany
from consent.decisions import Found, Verdict, verdict
from consent.eligibility import Eligibles
from consent.held import Held, reason
from consent.programmes import Active
from consent.rulings import Question, Rulings
from profiles.shard import MemberSets

QUESTION = Question(PURPOSE, "read", cedar.FIELDS)
CONNECTIONS = 64
_ASKED = 5_000
_COMPARED = 300
_THEIR_BATCH = 1_000
_SECONDS = 2.0


def measure_single(bench: Bench) -> Result:
    """The decision itself, within a process, nothing recorded on either side."""
    store = bench.store
    places = _places(store, bench)
    members, active = asyncio.run(_caught_up(store))
    single = _Single(members, active)
    ordinals = [single.ordinal(store, at) for at in places]
    ids = [str(store.id(at)) for at in places]
    people = cedar.members_of(store.people, ids, places)
    parsed, known = cedar.policies(), [cedar.entities([one]) for one in people]
    mine = [_verdict(single.answer(ordinal)) for ordinal in ordinals[:_COMPARED]]
    pairs = list(zip(ids, known, strict=True))
    others = [cedar.decided(id, cedar.FIELDS, parsed, one) for id, one in pairs[:_COMPARED]]
    _compare(mine, [one.model_dump() for one in others])
    turn, other_turn = iter(_forever(ordinals)), iter(_forever(pairs))

    def theirs() -> None:
        id, one = next(other_turn)
        cedar.decided(id, cedar.FIELDS, parsed, one)

    rounds = in_turn(
        lambda: single.answer(next(turn)),
        theirs,
        rounds=bench.rounds,
        at_least=0.5 * bench.haste,
    )
    size = f"{len(cedar.FIELDS)} fields, {bench.size(store.made.members)}"
    return result("decision-single", rounds, size=size, goal="—", say=_microseconds)


class _Single:
    """Our side: one member's answer from the sets of a process, as the gate comes to it."""

    def __init__(self, members: MemberSets, active: Active) -> None:
        self._members, self._active = members, active
        self._rulings, self._held = Rulings(), Held(Eligibles())
        self._today = active.applied_at.date()

    def ordinal(self, store: Store, at: int) -> int:
        found = np.flatnonzero((self._members.ids == store.ids[at]).all(axis=1))
        return int(found[0])

    def answer(self, ordinal: int) -> Verdict:
        ruling = self._rulings.of(self._active, SERVICE, QUESTION)
        assert ruling.footing is not None
        known = self._held.back(ruling.footing, self._members, self._today, questions=1)
        held = reason(ruling.footing, self._members, self._today, ordinal, worked_out=known)
        return verdict(ruling, Found(reason=held))


def measure_batch(bench: Bench) -> Result:
    """A decision about every member by their ids in any order; ours is recorded and committed."""
    store = bench.store
    order = np.random.default_rng(8).permutation(store.made.members)
    some = [int(at) for at in order[: bench.part(_THEIR_BATCH)]]
    ids = [str(store.id(at)) for at in some]
    people = cedar.members_of(store.people, ids, some)
    parsed, known = cedar.policies(), cedar.entities(people)
    asked = [one for id in ids for one in cedar.requests(id)]
    with asyncio.Runner() as runner:
        process = opened(store.settings)
        tillit = runner.run(process.__aenter__())
        many = AskingMany(SERVICE, QUESTION, store.ids[order], lines=False)
        batch = runner.run(_batch(tillit, many))
        _compare_batch(store, batch, cedar_answers(asked, parsed, known, some))
        rounds = in_turn(
            lambda: runner.run(_batch(tillit, many)),
            lambda: cedar_answers(asked, parsed, known, some),
            rounds=bench.rounds,
            at_least=0.5 * bench.haste,
        )
        runner.run(process.__aexit__(None, None, None))
    each = Rounds(
        [taken / len(order) for taken in rounds.ours],
        [taken / len(some) for taken in rounds.theirs],
    )
    size = f"{len(order):,} at once, theirs {len(some):,}"
    return result("decision-batch", each, size=size, goal="≥ 10,000×", say=_microseconds)


async def _batch(tillit: Tillit, many: AskingMany) -> Batch:
    async with tillit.unit() as work:
        return await tillit.gate.decide_batch(work.unit, work.active, many)


def cedar_answers(
    asked: list[dict[str, object]],
    parsed: cedarpy.PolicySet,
    known: cedarpy.Entities,
    places: Sequence[int],
) -> dict[int, bool]:
    """Whether every field of each member is allowed, in one batch."""
    answers = cedarpy.is_authorized_batch(asked, parsed, known)
    width = len(cedar.FIELDS)
    return {
        at: all(one.allowed for one in answers[number * width : (number + 1) * width])
        for number, at in enumerate(places)
    }


def _compare_batch(store: Store, batch: Batch, theirs: Mapping[int, bool]) -> None:
    """Our allowed are those of the columns both were filled from, and theirs among them."""
    people = store.people
    naive = np.flatnonzero(people.consents[:, 0] & ~people.restricted)
    same(_numbers(batch.sorted.named), _numbers(store.ids[naive]))
    may = set(naive.tolist())
    same(
        [(at, allowed) for at, allowed in theirs.items()],
        [(at, at in may) for at in theirs],
    )


def _numbers(ids: NDArray[np.uint64]) -> list[tuple[int, int]]:
    return [(int(high), int(low)) for high, low in ids]


def measure_http(bench: Bench) -> Result:
    """One decision a request; ours is on record, committed, before it is answered."""
    store = bench.store
    places = _places(store, bench)
    ids = [str(store.id(at)) for at in places]
    headers = {"Authorization": f"Bearer {token_of(store)}"}
    asked = [request("POST", "/v1/decisions", _question(id, PURPOSE), headers) for id in ids]
    plain = [request("POST", "/decisions", _question(id, cedar.PURPOSE)) for id in ids]
    with TemporaryDirectory() as folder:
        file = f"{folder}/members.json"
        people = cedar.members_of(store.people, ids, places)
        with open(file, "w", encoding="utf-8") as out:  # noqa: PTH123
            json.dump([one.model_dump() for one in people], out)
        sides: tuple[tuple[Name, str], ...] = (("tillit", store.url), ("cedar", file))
        with servers(store, *sides, pinned=True) as (ours, theirs):
            mine, other = Client(ours.port), Client(theirs.port)
            _compare(
                [msgspec.json.decode(mine.ask(one)) for one in asked[:_COMPARED]],
                [msgspec.json.decode(other.ask(one)) for one in plain[:_COMPARED]],
            )
            mine.close()
            other.close()
            seconds = _SECONDS * bench.haste
            for side, requests in ((ours, asked), (theirs, plain)):
                side.throughput(requests, seconds / 2, connections=CONNECTIONS)
            taken: tuple[list[float], list[float]] = ([], [])
            for _ in range(bench.rounds):
                taken[0].append(ours.throughput(asked, seconds, connections=CONNECTIONS))
                taken[1].append(theirs.throughput(plain, seconds, connections=CONNECTIONS))
    size = f"{len(cedar.FIELDS)} fields, {bench.size(store.made.members)}"
    return result(
        "decision-http",
        Rounds(*taken),
        size=size,
        goal="≥ 5× throughput",
        say=throughput("decisions"),
    )


def _places(store: Store, bench: Bench) -> list[int]:
    """Members at random over the store, whatever they chose."""
    chance = np.random.default_rng(7)
    return [int(at) for at in chance.permutation(store.made.members)[: bench.part(_ASKED)]]


def _question(member: str, purpose: str) -> bytes:
    asked = {"purpose": purpose, "member": member, "fields": cedar.FIELDS}
    return msgspec.json.encode(asked)


def _verdict(one: Verdict) -> dict[str, Any]:
    fields = {name: {"allowed": p.allowed, "reason": p.reason} for name, p in one.fields.items()}
    return {"allowed": one.allowed, "fields": fields}


def _compare(ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]) -> None:
    """The same yes or no to every field, and our reason among theirs."""
    same(map(_said, enumerate(ours)), map(_said, enumerate(theirs)))
    for mine, other in zip(ours, theirs, strict=True):
        for name, part in mine["fields"].items():
            reasons = other["fields"][name]["reasons"]
            assert (part["reason"] in reasons) if reasons else part["reason"] is None


def _said(numbered: tuple[int, Mapping[str, Any]]) -> tuple[object, ...]:
    at, one = numbered
    parts = sorted((name, part["allowed"]) for name, part in one["fields"].items())
    return (at, one["allowed"], *parts)


async def _caught_up(store: Store) -> tuple[MemberSets, Active]:
    async with opened(store.settings) as tillit:
        await tillit.replica.barrier()
        async with tillit.unit() as work:
            return tillit.replica.members, work.active


def _forever(things: Sequence[Any]) -> Any:
    while True:
        yield from things


def _microseconds(taken: float) -> str:
    return f"{taken * 1e6:.3g} µs" if taken < 1e-3 else latency(taken)
