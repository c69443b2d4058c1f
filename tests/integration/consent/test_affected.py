"""Who was affected, as the record tells it, and as somebody who wrote down every answer does.

The naive oracle keeps what the gate handed out, call by call, with the ids in it. Random uses,
random questions; then what is lost and what is forged, which must fail towards "may have been".
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest

from api import work as worker
from api.bootstrap import SYSTEM, Tillit, Work, opened
from api.settings import Settings
from audit.acts import Act
from audit.entries import ActorType, Kind
from audit.errors import RecordTampered
from consent import ledger
from consent.affected.question import Affected, How, Question
from consent.affected.searching import search
from consent.choices import Action as Said
from consent.choices import By, Choice
from consent.choosing import choose
from consent.deciding import AskingMany
from consent.decisions import Asking
from consent.due import listed
from consent.grants import authorise
from consent.programme import Action, load_programme
from consent.rulings import Question as Ruled
from dsar import finding
from dsar.states import Right
from kernel.clock import StoppedClock
from kernel.database import libpq
from kernel.ids import uuid7
from profiles import members
from profiles.enrolment import enrol
from tests.at_the_desk import approved
from tests.conftest import EXAMPLES

START = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)  # two days before summer time
OFFERS = "personalised_offers"
TIERS = ["bronze", "silver", "gold"]
OFFICER = Act(ActorType.OFFICER, "anna")
ANY = timedelta(days=400)


def _said(work: Work, purpose: str, action: Said) -> Choice:
    unit, declared = work.unit, work.active.programme.purposes[purpose]
    return choose(unit, declared, action, at=unit.now, by=By.MEMBER, language="sv")


@dataclass
class World:
    """The product, and beside it everything that was handed out: when, by whom, what, of whom."""

    tillit: Tillit
    clock: StoppedClock
    chance: Random
    people: dict[UUID, int] = field(default_factory=dict)
    erased: set[UUID] = field(default_factory=set)
    given: list[tuple[datetime, str, str | None, How, tuple[str, ...], frozenset[UUID]]] = field(
        default_factory=list
    )

    def note(self, actor: str, purpose: str | None, how: How, fields: Any, those: Any) -> None:
        self.given.append(
            (self.clock.now(), actor, purpose, how, tuple(sorted(fields)), frozenset(those))
        )

    def some(self, most: int = 6) -> list[UUID]:
        living = sorted(self.people.keys() - self.erased)
        return self.chance.sample(living, min(len(living), self.chance.randint(1, most)))

    async def join(self, count: int) -> None:
        years = [1970, 2012, None]
        values: list[dict[str, Any]] = []
        for _ in range(count):
            one: dict[str, Any] = {
                "member_number": f"n{len(self.people) + len(values) + 1}",
                "tier": self.chance.choice(TIERS),
            }
            if (year := self.chance.choice(years)) is not None:
                one["birth_date"] = f"{year}-05-05"
            values.append(one)
        async with self.tillit.unit() as work:
            for member in await enrol(work.unit, SYSTEM, values, source="test"):
                self.people[member.id] = member.ordinal

    async def say(self) -> None:
        for one in self.some():
            async with self.tillit.unit() as work:
                person = await members.one(work.unit, one, lock=True)
                action = self.chance.choice([Said.GIVEN, Said.GIVEN, Said.WITHDRAWN])
                said = [_said(work, OFFERS, action)]
                await ledger.record(work.unit, SYSTEM, {person: said})

    async def read(self) -> None:
        service, purpose = self.chance.choice([("till", "membership"), ("offers-engine", OFFERS)])
        async with self.tillit.unit() as work:
            fields = self.chance.choice([["tier"], ["tier", "interests"], ["interests"]])
            grant = authorise(
                work.active, service, purpose=purpose, action=Action.READ, fields=fields
            )
            for line in await self.tillit.gate.read(work.unit, grant, self.some()):
                if line.held_back is None:
                    how = How.VALUES if line.values else How.ANSWER
                    self.note(f"service/{service}", purpose, how, line.values, [line.member])

    async def segment(self) -> None:
        async with self.tillit.unit() as work:
            await self.tillit.gate.freshen(work.unit)
        async with self.tillit.unit() as work:
            action = self.chance.choice([Action.SEGMENT, Action.SEGMENT, Action.PREVIEW])
            service = "offers-engine" if action is Action.SEGMENT else "analytics"
            purpose = OFFERS if action is Action.SEGMENT else "assortment_insight"
            grant = authorise(work.active, service, purpose=purpose, action=action)
            tier = self.chance.choice(TIERS)
            asked = f"tier = '{tier}'" if action is Action.SEGMENT else "age > 20"
            answer = await self.tillit.gate.evaluate(work.unit, grant, asked)
            if action is Action.SEGMENT:
                found = self.tillit.gate.ids(answer)
                self.note(f"service/{service}", purpose, How.MATCHED, ["tier"], found)

    async def decide(self) -> None:
        async with self.tillit.unit() as work:
            asked = [
                Asking("offers-engine", Ruled(OFFERS, fields=("tier",)), one) for one in self.some()
            ]
            for one in await self.tillit.gate.decide(work.unit, work.active, asked):
                if one.verdict.allowed:
                    self.note("service/offers-engine", OFFERS, How.ANSWER, [], [one.member])

    async def decide_all(self) -> None:
        async with self.tillit.unit() as work:
            many = AskingMany("offers-engine", Ruled(OFFERS, "segment"), None)
            found = await self.tillit.gate.decide_batch(work.unit, work.active, many)
            packed = found.sorted.named.tobytes()
            ids = [UUID(bytes=packed[at : at + 16]) for at in range(0, len(packed), 16)]
            self.note("service/offers-engine", OFFERS, How.ANSWER, [], ids)

    async def find(self) -> None:
        [one] = self.some(1)
        number = f"n{list(self.people).index(one) + 1}"
        async with self.tillit.unit() as work:
            assert await finding.find(work.unit, OFFICER, "member_number", number) == [one]
        self.note("officer/anna", None, How.VALUES, ["member_number"], [one])

    async def erase(self) -> None:
        [one] = self.some(1)
        async with self.tillit.unit() as work:
            await approved(work, Right.ERASURE, one)
        await worker.drain(self.tillit)
        self.erased.add(one)

    async def live(self, steps: int) -> None:
        doings = [self.say, self.read, self.read, self.segment, self.decide, self.decide_all]
        for _ in range(steps):
            self.clock.at += timedelta(minutes=self.chance.randint(1, 900))
            await self.chance.choice([*doings, self.find])()
            if self.chance.random() < 0.1:
                await self.tillit.integrate()

    async def ask(self, question: Question) -> Affected:
        await self.tillit.replica.barrier()
        async with self.tillit.unit() as work:
            sets = self.tillit.replica.members
            steps = [one async for one in search(work.unit, work.active, question, sets)]
        found = steps[-1]
        assert isinstance(found, Affected)
        return found

    def expected(self, question: Question) -> tuple[set[int], set[int], set[UUID]]:
        """Ordinals that were given out of, those only answered about, and who of them is gone."""
        certain, answered = set[UUID](), set[UUID]()
        for at, actor, purpose, how, fields, those in self.given:
            meant = question.since <= at < question.until
            meant &= not question.actors or actor in question.actors
            meant &= not question.purposes or purpose is None or purpose in question.purposes
            meant &= not question.fields or bool({*fields} & {*question.fields})
            if meant:
                (answered if how is How.ANSWER else certain).update(those)
        gone = certain & self.erased
        certain -= self.erased
        answered -= self.erased | certain
        return (
            {self.people[one] for one in certain},
            {self.people[one] for one in answered},
            gone,
        )


@pytest.fixture
async def world(settings: Settings) -> Any:
    clock = StoppedClock(START)
    async with opened(settings, clock=clock) as tillit:
        await tillit.apply(SYSTEM, load_programme(EXAMPLES / "fjallklubben.toml"))
        made = World(tillit, clock, Random(7))
        await made.join(12)
        yield made


def everything(**narrowed: Any) -> Question:
    return Question(since=START - ANY, until=START + ANY, **narrowed)


def sets_of(found: Affected) -> tuple[set[int], set[int]]:
    return set(found.those("certain")), set(found.those("answered"))


@pytest.mark.parametrize("seed", [1, 2, 3, pytest.param(secrets.randbelow(10**6), id="fresh")])
async def test_the_record_tells_what_was_handed_out(world: World, seed: int) -> None:
    world.chance = Random(seed)
    await world.live(45)
    for _ in range(25):
        begin = START + timedelta(minutes=world.chance.randint(0, 20_000))
        actors = ["service/till", "service/offers-engine", "officer/anna"]
        question = Question(
            since=begin,
            until=begin + timedelta(minutes=world.chance.randint(1, 20_000)),
            actors=tuple(world.chance.sample(actors, world.chance.randint(0, 2))),
            purposes=tuple(world.chance.sample([OFFERS, "membership"], world.chance.randint(0, 1))),
            fields=tuple(world.chance.sample(["tier", "interests"], world.chance.randint(0, 1))),
        )
        found = await world.ask(question)
        certain, answered, _ = world.expected(question)
        assert sets_of(found) == (certain, answered), (seed, question)
        assert (len(found.those("maybe")), found.gone, found.is_sure) == (0, 0, True)


async def test_those_who_were_erased_are_a_number_and_nobody_is_forgotten(world: World) -> None:
    await world.live(30)
    await world.erase()
    await world.erase()
    found = await world.ask(everything())
    certain, answered, gone = world.expected(everything())
    assert gone, "nothing was given out of those who were erased: choose another seed"
    assert sets_of(found) == (certain, answered)
    # A pseudonym and an ordinal of one person cannot be told to be one; nor can a read of somebody
    # erased be told to have been held back. So they may be too many, and never too few.
    assert len(gone) <= found.gone <= 2 * len(world.erased)
    assert found.is_sure


async def test_lines_say_which_fields_and_categories_and_how_many(world: World) -> None:
    await world.live(30)
    found = await world.ask(everything(actors=("service/till",)))
    tiers = {one for row in world.given if row[1] == "service/till" and "tier" in row[4]
             for one in row[5]}  # fmt: skip
    [line] = [one for one in found.lines if one.field == "tier"]
    assert (line.actor, line.how, line.category) == ("service/till", How.VALUES, "pd:Purchase")
    assert (line.members, line.special) == (len(tiers), False)
    assert line.entries == sum(1 for r in world.given if r[1] == "service/till" and "tier" in r[4])


async def test_children_are_counted_by_the_day_of_the_question(world: World) -> None:
    async with world.tillit.unit() as work:
        values = [
            {"member_number": "c1", "tier": "gold", "birth_date": "2008-03-28"},
            {"member_number": "c2", "tier": "gold", "birth_date": "2008-03-27"},
            {"member_number": "c3", "tier": "gold"},
        ]
        made = await enrol(work.unit, SYSTEM, values, source="test")
    async with world.tillit.unit() as work:
        grant = authorise(
            work.active, "till", purpose="membership", action=Action.READ, fields=["tier"]
        )
        await world.tillit.gate.read(work.unit, grant, [one.id for one in made])
    found = await world.ask(everything())
    assert (found.children, found.ages_unknown) == (1, 1)


async def test_what_was_held_back_previewed_or_looked_at_by_oneself_is_no_disclosure(
    world: World,
) -> None:
    [one] = world.some(1)
    async with world.tillit.unit() as work:
        grant = authorise(
            work.active, "offers-engine", purpose=OFFERS, action=Action.READ, fields=["tier"]
        )
        [line] = await world.tillit.gate.read(work.unit, grant, [one])
        assert line.held_back is not None
        person = await members.one(work.unit, one)
        own = Act(ActorType.MEMBER, person.key.subject().hex())
        looked = own.entry(
            Kind.PROFILE_READ, subject=person.key.subject(), facts={"fields": ["name"]}
        )
        await world.tillit.record.write(work.session, looked)
    found = await world.ask(everything())
    assert (sets_of(found), found.entries) == ((set(), set()), 0)
    # Unless it is that member's account that was misused.
    found = await world.ask(everything(account=world.people[one]))
    assert sets_of(found) == ({world.people[one]}, set())


async def test_who_was_listed_as_due_is_affected(world: World) -> None:
    values = [
        {"member_number": f"d{n}", "email": f"d{n}@post.example", "birth_date": "1980-01-01"}
        for n in range(3)
    ]
    async with world.tillit.unit() as work:
        made = await enrol(work.unit, SYSTEM, values, source="test")
    world.people |= {one.id: one.ordinal for one in made}
    chosen = [one.id for one in made[:2]]
    for one in chosen:
        async with world.tillit.unit() as work:
            person = await members.one(work.unit, one, lock=True)
            said = [_said(work, "partner_offers", Said.GIVEN)]
            await ledger.record(work.unit, SYSTEM, {person: said})
    async with world.tillit.unit() as work:
        grant = authorise(
            work.active, "partner-offers", purpose="partner_offers", action=Action.CONSENT
        )
        pages, _ = await listed(work.unit, grant, world.tillit.replica, skip=0, limit=100)
    assert {one for page in pages.values() for one in page.members} == {*chosen}
    found = await world.ask(everything())
    assert set(found.those("certain")) == {world.people[one] for one in chosen}


async def test_a_copy_of_the_database_concerns_everybody_there_was_by_then(world: World) -> None:
    first = set(world.people.values())
    await world.erase()
    world.clock.at += timedelta(days=2)
    until = world.clock.now()
    world.clock.at += timedelta(days=2)
    await world.join(3)
    question = Question(since=START - ANY, until=until, whole=True)
    found = await world.ask(question)
    gone = {world.people[one] for one in world.erased}
    assert set(found.those("certain")) == first - gone
    assert found.gone == 1
    assert {line.how for line in found.lines} == {How.EVERYTHING}
    assert {"email", "spend_365d"} <= {line.field for line in found.lines}


# What is lost, and what is forged


def as_owner(tillit: Tillit, statement: LiteralString, *values: Any) -> list[Any]:
    with psycopg.connect(libpq(tillit.url, role=None), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no trigger fires
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


async def _read_all(world: World) -> None:
    async with world.tillit.unit() as work:
        grant = authorise(
            work.active, "till", purpose="membership", action=Action.READ, fields=["tier"]
        )
        await world.tillit.gate.read(work.unit, grant, sorted(world.people))


async def test_a_read_whose_detail_is_lost_may_have_given_something_out(world: World) -> None:
    await _read_all(world)
    [(lost,)] = as_owner(world.tillit, "SELECT min(entry::text) FROM audit_detail")
    as_owner(world.tillit, "DELETE FROM audit_detail WHERE entry = %s::uuid", lost)
    found = await world.ask(everything())
    assert (len(found.those("certain")), len(found.those("maybe"))) == (11, 1)
    assert (found.lost, found.is_sure) == (1, False)


@pytest.mark.parametrize("table", ["audit_detail", "audit_set"])
async def test_a_segment_of_which_something_is_lost_may_have_named_anybody(
    world: World, table: str
) -> None:
    await _segment_of_all(world)
    as_owner(
        world.tillit,
        "DELETE FROM audit_set" if table == "audit_set" else "DELETE FROM audit_detail",
    )
    found = await world.ask(everything(actors=("service/offers-engine",)))
    assert set(found.those("maybe")) == set(world.people.values())
    assert not found.is_sure


async def _segment_of_all(world: World) -> None:
    for one in world.people:
        async with world.tillit.unit() as work:
            person = await members.one(work.unit, one, lock=True)
            said = [_said(work, OFFERS, Said.GIVEN)]
            await ledger.record(work.unit, SYSTEM, {person: said})
    async with world.tillit.unit() as work:
        await world.tillit.gate.freshen(work.unit)
    async with world.tillit.unit() as work:
        grant = authorise(work.active, "offers-engine", purpose=OFFERS, action=Action.SEGMENT)
        await world.tillit.gate.evaluate(work.unit, grant, "tier IS NOT NULL")


async def test_an_entry_that_nobody_of_ours_wrote_counts_for_nothing_and_is_told(
    world: World,
) -> None:
    await _read_all(world)
    [(id, body)] = as_owner(
        world.tillit,
        """SELECT id, body FROM audit_entry WHERE position('"kind":"profile.read"' IN
        convert_from(body, 'UTF8')) > 0 LIMIT 1""",
    )
    fresh = uuid7()
    forged = bytes(body).replace(str(id).encode(), str(fresh).encode())
    forged = forged.replace(b'"till"', b'"newsletter"')
    as_owner(world.tillit, "INSERT INTO audit_entry VALUES (%s, %s)", fresh, forged)
    as_owner(world.tillit, "INSERT INTO audit_pending VALUES (%s, %s)", fresh, b"m" * 32)
    found = await world.ask(everything(actors=("service/newsletter",)))
    assert (sets_of(found), found.entries, found.strangers) == ((set(), set()), 0, 1)
    assert not found.is_sure  # it may have been one of ours, before somebody changed it


async def test_an_entry_changed_or_emptied_while_it_waits_leaves_the_answer_in_doubt(
    world: World,
) -> None:
    await world.tillit.integrate()
    await _read_all(world)
    assert (await world.ask(everything(actors=("service/till",)))).is_sure
    as_owner(
        world.tillit,
        """UPDATE audit_entry SET body = convert_to(replace(convert_from(body, 'UTF8'),
        '"till"', '"post"'), 'UTF8') WHERE id = (SELECT min(entry::text)::uuid FROM audit_pending)
        """,
    )
    found = await world.ask(everything(actors=("service/till",)))
    assert (found.broken, found.strangers, found.is_sure) == (0, 1, False)
    as_owner(
        world.tillit,
        "DELETE FROM audit_entry WHERE id = (SELECT min(entry::text)::uuid FROM audit_pending)",
    )
    found = await world.ask(everything(actors=("service/till",)))
    assert (found.broken, found.strangers, found.is_sure) == (1, 0, False)


@pytest.mark.parametrize("done", ["altered", "taken away", "unnumbered"])
async def test_an_entry_that_is_not_as_it_was_signed_may_have_been_of_anybody(
    world: World, done: str
) -> None:
    await world.tillit.integrate()
    before = as_owner(world.tillit, "SELECT max(number) FROM audit_leaf")[0][0]
    await _read_all(world)
    await _fill_a_tile(world)
    number = before + 3
    entry = "(SELECT entry FROM audit_leaf WHERE number = %s)"
    match done:
        case "altered":
            altered = (
                "convert_to(replace(convert_from(body, 'UTF8'), '\"till\"', '\"post\"'), 'UTF8')"
            )
            as_owner(
                world.tillit, f"UPDATE audit_entry SET body = {altered} WHERE id = {entry}", number
            )
        case "taken away":
            as_owner(world.tillit, f"DELETE FROM audit_entry WHERE id = {entry}", number)
        case _:
            as_owner(world.tillit, "DELETE FROM audit_leaf WHERE number = %s", number)
    found = await world.ask(everything(actors=("service/till",)))
    assert (found.broken, found.is_sure) == (1, False)
    assert found.told == found.those("certain") | found.those("maybe")
    assert len(found.told) == len(world.people)
    assert len(found.those("certain")) == len(world.people) - 1


async def _fill_a_tile(world: World) -> None:
    """So many entries that those before them lie under tiles that are stored."""
    async with world.tillit.unit() as work:
        quiet = (SYSTEM.entry(Kind.PACKAGE_DELETED) for _ in range(600))
        await world.tillit.record.write_many(work.session, quiet)
    await world.tillit.integrate()


async def test_nothing_is_answered_from_a_record_whose_checkpoint_is_not_ours(
    world: World,
) -> None:
    await _read_all(world)
    await world.tillit.integrate()
    as_owner(world.tillit, "UPDATE audit_checkpoint SET note = replace(note, E'\n', E' \n')")
    with pytest.raises(RecordTampered):
        await world.ask(everything())


async def test_a_pseudonym_that_leads_nowhere_may_be_any_of_those_who_do_not_open(
    world: World,
) -> None:
    await _read_all(world)
    as_owner(
        world.tillit,
        "DELETE FROM member_key WHERE member = (SELECT id FROM member ORDER BY ordinal LIMIT 1)",
    )
    as_owner(
        world.tillit,
        "UPDATE member_key SET wrapped = '\\x00' WHERE member = "
        "(SELECT id FROM member ORDER BY ordinal DESC LIMIT 1)",
    )
    found = await world.ask(everything())
    ordinals = sorted(world.people.values())
    assert set(found.those("maybe")) == {ordinals[0], ordinals[-1]}
    assert (found.untold, len(found.those("certain")), found.is_sure) == (2, 10, False)
