"""The gate and a naive oracle agree: on who may be used, who matches, who is told what, and why.

A world is made from a seed: programmes over all four legal bases, people, purchases, ledgers
with ties and out-of-order lines, a clock that moves past consents' ends. Whoever sees a failure
finds the seed and the step in it, and can run that world again.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import at_the_desk
import made_up_worlds as made_up
import pytest
from naive_gate import ZONE, Person, Rules, ends_on, expected, known, why_not

from api.bootstrap import SYSTEM, Tillit, opened
from api.settings import Settings
from consent import ledger
from consent.choices import Action as Said
from consent.choosing import choose, restriction
from consent.grants import authorise
from consent.programme import Action
from consent.programme.loading import read_programme
from dsar import deciding
from dsar.states import Right
from kernel.clock import StoppedClock
from profiles import events
from profiles.enrolment import enrol, rectify
from profiles.folding import fold
from profiles.members import Member, load, one
from profiles.purchases import Purchase

START = datetime(2026, 1, 31, 22, 30, tzinfo=UTC)  # one day in UTC, nearly the next in Stockholm
FRESH = secrets.randbelow(10**6)


class World:
    """A random world beside the product: everything done is done to both."""

    def __init__(self, settings: Settings, tillit: Tillit, clock: StoppedClock, seed: int) -> None:
        self.settings = settings
        self.tillit = tillit
        self.other = Tillit(settings, tillit.url, clock)  # a second process, with its own replica
        self.clock = clock
        self.seed = seed
        self.chance = Random(seed)
        self.people: dict[Any, Person] = {}
        self.rules = Rules({}, {}, {})
        self.steps: list[str] = []
        self.made = 0
        self.version = 0
        self.asked = 0

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def today(self) -> Any:
        return self.now.astimezone(ZONE).date()

    def some(self, most: int) -> list[Person]:
        count = min(len(self.people), self.chance.randint(1, most))
        return self.chance.sample(list(self.people.values()), count)

    # What can happen

    async def new_programme(self) -> None:
        self.clock.at += timedelta(seconds=1)  # what was just agreed to was to the old one
        before = self.rules
        fresh = not before.purposes or self.chance.random() < 0.3
        self.rules = (
            made_up.rules(self.chance) if fresh else made_up.altered(self.chance, self.rules)
        )
        self.rules.before = before if before.purposes else None
        programme = read_programme(made_up.as_file(self.rules))
        self.version = await self.tillit.apply(SYSTEM, programme)

    async def enrol(self, most: int = 3) -> None:
        people = []
        for _ in range(self.chance.randint(1, most)):
            self.made += 1
            values = made_up.values(self.chance, self.rules)
            people.append({"member_number": f"M{self.made}", **values})
        async with self.tillit.unit() as work:
            members = await enrol(work.unit, SYSTEM, people, source="test")
        for member, values in zip(members, people, strict=True):
            self.people[member.id] = Person(member.id, dict(values))

    async def choose(self, most: int = 4) -> None:
        """Several members say several things, at times now and past, ties among them."""
        chance = self.chance
        async with self.tillit.unit() as work:
            said: dict[Any, list[Any]] = {}
            locked = await load(work.unit, [p.id for p in self.some(most)], lock=True)
            for member in _in_order(locked):
                said[member] = []
                for _ in range(chance.randint(1, 3)):
                    name = chance.choice(list(self.rules.purposes))
                    made = self.rules.purposes[name]
                    word = chance.choice(_words(made))
                    days = chance.choice([0, 0, 0, 1, 20, 40, 400])
                    # No two consents of one time are to different things.
                    at = self.now - timedelta(days=days, microseconds=self.version * bool(days))
                    said[member].append(
                        choose(
                            work.unit,
                            work.active.programme.purpose(name),
                            Said(word),
                            at=at,
                            by="till",
                            language="sv",
                        )
                    )
                    if word == "withdrawn" and made["legal_basis"] == "legitimate_interest":
                        word = "objected"
                    until = ends_on(at, made.get("valid_months")) if word == "given" else None
                    line = {"action": word, "purpose": name, "at": at, "until": until}
                    agreed = {"agreed": made, "text": made["notice"]["sv"]}
                    self.people[member.id].said.append(line | agreed)
            await ledger.record(work.unit, SYSTEM, said)

    async def restrict(self) -> None:
        person = self.chance.choice(list(self.people.values()))
        on = self.chance.random() < 0.6
        async with self.tillit.unit() as work:
            member = await one(work.unit, person.id, lock=True)
            word = restriction(work.unit, on=on, by="officer")
            await ledger.record(work.unit, SYSTEM, {member: [word]})
        action = "restricted" if on else "restriction_lifted"
        person.said.append({"action": action, "purpose": None, "at": self.now, "until": None})

    async def buy(self, most: int = 4) -> None:
        chance = self.chance
        async with self.tillit.unit() as work:
            locked = await load(work.unit, [p.id for p in self.some(most)], lock=True)
            bought: dict[Any, list[Purchase]] = {}
            for member in _in_order(locked):
                bought[member] = []
                for _ in range(chance.randint(1, 3)):
                    at = self.now - timedelta(
                        hours=chance.choice([0, 1, 23, 24, 47, 160, 700, 9000])
                    )
                    cancelled = chance.random() < 0.2
                    amount = Decimal(chance.choice(["0.01", "2.50", "99.99", "250.00", "333.33"]))
                    self.made += 1
                    purchase = Purchase(
                        "test", f"r{self.made}", at, -amount if cancelled else amount, cancelled
                    )
                    bought[member].append(purchase)
                    self.people[member.id].bought.append(
                        {"at": at, "amount": purchase.amount, "cancelled": cancelled}
                    )
            await events.record(work.unit, SYSTEM, bought)

    async def set_right(self) -> None:
        person = self.chance.choice(list(self.people.values()))
        values: dict[str, Any] = made_up.values(self.chance, self.rules, rate=0.4)
        for name in values:
            if self.chance.random() < 0.3:
                values[name] = None
        async with self.tillit.unit() as work:
            member = await one(work.unit, person.id, lock=True)
            await rectify(work.unit, SYSTEM, member, values, source="test")
        for name, value in values.items():
            person.values.pop(name, None)
            if value is not None:
                person.values[name] = value

    async def erase(self) -> None:
        person = self.chance.choice(list(self.people.values()))
        async with self.tillit.unit() as work:
            asked = await at_the_desk.opened(work, Right.ERASURE, person.id)
            await deciding.approve(work.unit, SYSTEM, work.active, asked.id)
        async with self.tillit.unit() as work:
            assert await self.tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [asked.id])
        del self.people[person.id]

    async def fold(self) -> None:
        async with self.tillit.unit() as work:
            await fold(work.session, work.unit.epoch, 0)

    async def wait(self) -> None:
        self.clock.at += timedelta(hours=self.chance.choice([1, 2, 24, 48, 24 * 27, 24 * 40]))

    async def start_again(self) -> None:
        """The second process goes away, and another one starts from what is at rest."""
        await self.other.close()
        self.other = Tillit(self.settings, self.tillit.url, self.clock)

    # What is asked

    async def ask(self, *, service: str = "asker", process: Tillit | None = None) -> None:
        process = process or self.tillit
        purpose = self.chance.choice(list(self.rules.purposes))
        tree, text = made_up.question(self.chance, self.rules, purpose, self.today)
        action = Action.SEGMENT if service == "asker" else Action.PREVIEW
        async with process.unit() as work:
            await process.gate.freshen(work.unit)
        async with process.unit() as work:
            grant = authorise(work.active, service, purpose=purpose, action=action)
            answer = await process.gate.evaluate(work.unit, grant, text)
        people = list(self.people.values())
        eligible, matched, held_back = expected(self.rules, purpose, tree, people, self.today)
        found = set(process.gate.ids(answer))
        where = self.told(purpose, text)
        named = matched if action is Action.SEGMENT else set()  # a preview counts, and names nobody
        rows = [known(self.rules, self.people[one], self.today) for one in found ^ named]
        assert found == named, f"{where}: {rows}"
        assert (answer.eligible, answer.matched) == (eligible, len(matched)), where
        assert answer.held_back == held_back, where
        self.asked += 1

    async def read(self, *, process: Tillit | None = None) -> None:
        process = process or self.tillit
        purpose = self.chance.choice(list(self.rules.purposes))
        people = self.some(6)
        async with process.unit() as work:
            grant = authorise(work.active, "asker", purpose=purpose, action=Action.READ)
            lines = await process.gate.read(work.unit, grant, [person.id for person in people])
        declared = self.rules.purposes[purpose]
        for person, line in zip(people, lines, strict=True):
            reason = why_not(self.rules, purpose, person, self.today)
            row = known(self.rules, person, self.today) | {
                "member_number": person.values["member_number"]
            }
            wanted = {n: row[n] for n in declared["fields"] if n in row and reason is None}
            told = {name: opened.value for name, opened in line.values.items()}
            assert (line.held_back, told) == (reason, wanted), self.told(purpose, "read")
        self.asked += 1

    def told(self, purpose: str, text: str) -> str:
        return f"seed {self.seed}, after {self.steps[-12:]}, {purpose}: {text}"


def _in_order(members: dict[Any, Member]) -> list[Member]:
    """The same order in each run of a seed, which that of random ids is not."""
    return sorted(members.values(), key=lambda member: member.ordinal)


def _words(declared: dict[str, Any]) -> list[str]:
    """What a member can say about a purpose on this basis."""
    words = ["withdrawn", "objection_lifted"]
    if declared["legal_basis"] == "consent":
        words += ["given", "given", "given", "refused"]
    if declared["legal_basis"] == "legitimate_interest" or declared.get("direct_marketing"):
        words += ["objected", "objected"]
    return words


@asynccontextmanager
async def world(settings: Settings, seed: int) -> AsyncIterator[World]:
    clock = StoppedClock(START)
    async with opened(settings, clock=clock) as tillit:
        made = World(settings, tillit, clock, seed)
        try:
            yield made
        finally:
            await made.other.close()


@pytest.mark.parametrize("seed", [1, pytest.param(FRESH, id="fresh")])
async def test_gate_and_oracle_agree_on_random_worlds(settings: Settings, seed: int) -> None:
    """Big strokes: programme after programme, each with people, ledgers, and many questions."""
    async with world(settings, seed) as made:
        for _ in range(5):
            await made.new_programme()
            for _ in range(2):
                await made.enrol(12)
                await made.choose(20)
                await made.buy(12)
                await made.choose(20)
                await made.restrict()
                await made.wait()
                for _ in range(14):
                    await made.ask()
                    await made.ask(service="counter")
                await made.read()


@pytest.mark.parametrize("seed", [2, pytest.param(FRESH + 1, id="fresh")])
async def test_gate_and_oracle_agree_after_every_single_step(settings: Settings, seed: int) -> None:
    """Small steps, interleaved; after each one both processes are asked and must be right."""
    async with world(settings, seed) as made:
        await made.new_programme()
        await made.enrol(6)
        for _ in range(120):
            step = _next_step(made)
            made.steps.append(step.__name__)
            await step()
            process = made.chance.choice([made.tillit, made.other])
            await made.ask(process=process)
            if made.people and made.chance.random() < 0.4:
                await made.read(process=made.chance.choice([made.tillit, made.other]))
        await _same_sets(made)


def _next_step(made: World) -> Callable[[], Awaitable[None]]:
    rare: list[Callable[[], Awaitable[None]]] = [made.new_programme, made.fold, made.start_again]
    often = [made.choose, made.choose, made.buy, made.restrict, made.set_right, made.wait]
    if len(made.people) < 4:
        return made.enrol
    if len(made.people) > 8:
        rare.append(made.erase)
    steps = rare if made.chance.random() < 0.25 else [*often, made.enrol]
    return made.chance.choice(steps)


async def _same_sets(made: World) -> None:
    """A process that lived through it all and one that starts now hold the same sets."""
    await made.start_again()
    replicas = [made.tillit.replica, made.other.replica]
    for replica in replicas:
        await replica.barrier()
    warm, cold = ({n: s for n, s in r.members.sets.items() if s} for r in replicas)
    assert warm == cold, made.told("", "the sets differ")
