"""A replay flips exactly what asking each past question again, one by one, would flip.

A world is made from a seed: members, everything that they can say, every kind of question, new
programme versions, erasures, a clock. Beside it stands what each question could see. Whoever sees
a failure finds the seed in it.
"""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from uuid import UUID

import at_the_desk
import numpy as np
import psycopg
import pytest

from api.bootstrap import SYSTEM, Tillit, Work, opened
from api.settings import Settings
from audit.acts import Act
from audit.entries import ActorType
from audit.proofs import uses_of
from consent import choosing, ledger
from consent.choices import Action as Said
from consent.choices import By, Choice
from consent.contacts import record_contacts
from consent.deciding import AskingMany
from consent.decisions import Asking
from consent.eligibility import Reason, reason_of
from consent.footing import footing
from consent.grants import authorise
from consent.policy import CHANNEL, WHOLE, Enforcer
from consent.programme import Action, Programme, read_programme
from consent.reach import Moment, Unreached, unreached_one
from consent.replay.explaining_one import explain, explain_entry
from consent.replay.past_uses import Asked as PastAsked
from consent.replay.past_uses import Span
from consent.replay.replaying import Replayed, replay
from consent.replay.tallying import YES, Line
from consent.rulings import Question
from consent.standings import fold
from dsar import deciding
from dsar.states import Right
from kernel.clock import StoppedClock
from kernel.database import libpq
from profiles.enrolment import enrol, rectify
from profiles.members import load

START = datetime(2026, 1, 31, 22, 30, tzinfo=UTC)
FRESH = secrets.randbelow(10**6)

BASE = """
[controller]
name = "Test AB"
country = "SE"
contact = "privacy@test.example"
languages = ["sv"]
[retention]
default = "12 months"
[children]
admitted = true
[fields.tier]
category = "pd:Purchase"
values = ["gold", "silver"]
[fields.county]
category = "pd:Region"
segment = true
[fields.born]
category = "pd:BirthDate"
type = "date"
[purposes.offers]
legal_basis = "consent"
dpv = "dpv:PersonalisedBenefits"
fields = ["member_number", "tier", "county"]
valid_months = 1
direct_marketing = true
channels = ["email", "sms"]
notice.sv = "Vi ger dig erbjudanden som passar dig, om du vill ha dem."
[purposes.insight]
legal_basis = "legitimate_interest"
balancing_test = "BT-1"
dpv = "dpv:OptimisationForController"
fields = ["county", "tier"]
notice.sv = "Vi räknar på vad grupper av medlemmar handlar."
[purposes.club]
legal_basis = "contract"
dpv = "dpv:FulfilmentOfContractualObligation"
fields = ["member_number", "tier", "county", "born"]
notice.sv = "Vi sköter ditt medlemskap."
[services.asker]
offers = ["segment", "read", "contact", "consent"]
insight = ["segment", "read"]
club = ["read", "enrol"]
[services.counter]
offers = ["preview"]
insight = ["preview"]
"""

Change = Callable[[str], str]
#: What a draft, or the next version, can change; several at a time.
CHANGES: dict[str, Change] = {
    "a field goes": lambda text: text.replace(
        'fields = ["member_number", "tier", "county"]\nvalid',
        'fields = ["member_number", "county"]\nvalid',
    ),
    "a service goes": lambda text: text.partition("[services.counter]")[0],
    "an action goes": lambda text: text.replace(
        '"segment", "read", "contact"', '"segment", "contact"'
    ),
    "a purpose is not given": lambda text: text.replace('insight = ["segment", "read"]\n', ""),
    "another notice": lambda text: text.replace("som passar dig, om", "som passar just dig, om"),
    "a channel goes": lambda text: text.replace('["email", "sms"]', '["email"]'),
    "no children": lambda text: text.replace("admitted = true", "admitted = false"),
    "another basis": lambda text: text.replace(
        'legal_basis = "legitimate_interest"\nbalancing_test = "BT-1"',
        'legal_basis = "consent"\nbasis_changed = "told in the letter of March"',
    ),
    "a longer list of fields": lambda text: text.replace(
        'fields = ["member_number", "tier", "county"]\nvalid',
        'fields = ["member_number", "tier", "county", "born"]\nvalid',
    ),
}


def drafted(*names: str, base: str = BASE) -> Programme:
    for name in names:
        base = CHANGES[name](base)
    return read_programme(base)


@dataclass
class Asked:
    """One question, and what it could see of each member it was about."""

    entry: UUID
    at: datetime
    service: str
    purpose: str
    action: Action
    fields: list[str]
    channel: str | None
    answers: dict[UUID, bool | None]  # what was answered; None where that is nobody's to tell
    named: set[UUID]
    said: dict[UUID, list[Choice]]
    contacted: dict[UUID, list[date]]
    version: Programme = field(repr=False, default=None)  # type: ignore[assignment]


class World:
    def __init__(self, tillit: Tillit, clock: StoppedClock, seed: int) -> None:
        self.tillit, self.clock, self.chance = tillit, clock, Random(seed)
        self.born: dict[UUID, date | None] = {}
        self.tier: dict[UUID, str] = {}
        self.contacts: dict[UUID, list[date]] = {}
        self.erased: set[UUID] = set()
        self.asked: list[Asked] = []
        self.history: list[Programme] = []
        self.pause = timedelta(minutes=2)  # so that nothing is under way when it is asked

    @property
    def living(self) -> list[UUID]:
        return [one for one in self.born if one not in self.erased]

    def some(self) -> list[UUID]:
        return self.chance.sample(self.living, self.chance.randint(1, len(self.living)))

    async def apply(self, programme: Programme) -> None:
        await self.tillit.apply(SYSTEM, programme)
        self.history.append(programme)

    async def enrol(self) -> None:
        people: list[dict[str, object]] = []
        for _ in range(self.chance.randint(1, 4)):
            born = self.chance.choice([None, date(1980, 5, 5), date(2013, 2, 10), date(2020, 1, 1)])
            one: dict[str, object] = {"member_number": f"M{len(self.born) + len(people)}"}
            one["tier"] = self.chance.choice(["gold", "silver"])
            people.append(one | ({"born": born} if born else {}))
        async with self.tillit.unit() as work:
            members = await enrol(work.unit, SYSTEM, people, source="test")
        for member, one in zip(members, people, strict=True):
            self.born[member.id] = one.get("born")  # type: ignore[assignment]
            self.tier[member.id] = str(one["tier"])

    async def say(self) -> None:
        async with self.tillit.unit() as work:
            found = await load(work.unit, self.some(), lock=True)
            said = {one: [self._word(work)] for one in found.values()}
            await ledger.record(work.unit, SYSTEM, said)

    def _word(self, work: Work) -> Choice:
        unit, chance, by = work.unit, self.chance, By.OFFICER
        offers = work.active.programme.purpose("offers")
        days = timedelta(days=chance.choice([1, 3, 40]))
        return chance.choice(
            [
                *[
                    lambda: choosing.choose(
                        unit, offers, Said.GIVEN, at=unit.now, by=by, language="sv"
                    )
                ]
                * 6,
                lambda: choosing.choose(unit, offers, Said.WITHDRAWN, at=unit.now, by=by),
                lambda: choosing.choose(unit, offers, Said.REFUSED, at=unit.now, by=by),
                lambda: choosing.restriction(unit, on=chance.random() < 0.3, by=by),
                lambda: choosing.marketing(unit, objects=chance.random() < 0.4, by=by),
                lambda: choosing.pause(
                    unit, on=chance.random() < 0.5, by=by, until=unit.today + days
                ),
                lambda: choosing.channel(
                    unit, None, chance.choice(["email", "sms"]), on=chance.random() < 0.5, by=by
                ),
                lambda: choosing.often(unit, chance.choice([0, 7, 30]), by=by),
                lambda: choosing.hours(unit, chance.choice([0, 0xFFF000, 0xFFF]), by=by),
            ]
        )()

    async def erase(self) -> None:
        one = self.chance.choice(self.living)
        async with self.tillit.unit() as work:
            asked = await at_the_desk.opened(work, Right.ERASURE, one)
            await deciding.approve(work.unit, SYSTEM, work.active, asked.id)
        async with self.tillit.unit() as work:
            assert await self.tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [asked.id])
        self.erased.add(one)

    async def wait(self) -> None:
        self.clock.at += timedelta(hours=self.chance.choice([1, 5, 12, 30, 24 * 9]))

    # What is asked

    async def read(self) -> None:
        purpose = self.chance.choice(["offers", "insight", "club"])
        members = self.some()
        async with self.tillit.unit() as work:
            grant = self._granted(work, purpose, Action.READ)
            if grant is None:
                return
            lines = await self.tillit.gate.read(work.unit, grant, members)
        entries = await self._reads(members)
        for line in lines:
            yes = {line.member: line.held_back is None}
            fields = sorted(line.values)
            entry = entries[line.member]
            await self._note(entry, "asker", purpose, Action.READ, fields, None, yes)

    async def decide(self) -> None:
        question = self.question()
        asking = [Asking("asker", question, one) for one in self.some()]
        async with self.tillit.unit() as work:
            decisions = await self.tillit.gate.decide(work.unit, work.active, asking)
        for one in decisions:
            given = [name for name, part in one.verdict.fields.items() if part.allowed]
            fields = given if question.fields is None else list(question.fields)
            answer = {one.member: one.verdict.allowed}
            action = Action(question.action)
            await self._note(
                one.entry, "asker", question.purpose, action, fields, question.channel, answer
            )

    async def decide_many(self) -> None:
        question = self.question()
        asked = self.some()
        packed = np.frombuffer(b"".join(one.bytes for one in asked), ">u8").reshape(-1, 2)
        ids = None if self.chance.random() < 0.3 else packed
        asked = self.living if ids is None else asked
        async with self.tillit.unit() as work:
            batch = await self.tillit.gate.decide_batch(
                work.unit, work.active, AskingMany("asker", question, ids)
            )
        named = batch.sorted.named.tobytes()
        yes = {UUID(bytes=named[at : at + 16]) for at in range(0, len(named), 16)}
        fields = list(question.fields or ())
        answers = {one: one in yes for one in asked}
        action = Action(question.action)
        await self._note(
            batch.entry, "asker", question.purpose, action, fields, question.channel, answers, yes
        )

    def question(self) -> Question:
        purpose = self.chance.choice(["offers", "insight", "club"])
        fields = self.chance.choice([None, ("tier",), ("county", "tier"), ("born",)])
        channel = self.chance.choice([None, "email", "sms"])
        action = self.chance.choice(["read", "read", "contact", "consent", "enrol"])
        return Question(
            purpose, action, None if action in ("contact", "consent") else fields, channel
        )

    async def evaluate(self) -> None:
        service, action = self.chance.choice(
            [("asker", Action.SEGMENT), ("counter", Action.PREVIEW)]
        )
        purpose = self.chance.choice(["offers", "insight"])
        async with self.tillit.unit() as work:
            grant = self._granted(work, purpose, action, service)
            if grant is None or "tier" not in grant.fields:
                return
            answer = await self.tillit.gate.evaluate(work.unit, grant, "tier = 'gold'")
        named = set(self.tillit.gate.ids(answer))
        answers = {one: True if one in named else None for one in self.living}
        await self._note(answer.entry, service, purpose, action, ["tier"], None, answers, named)

    async def contact(self) -> None:
        members, channel = self.some(), self.chance.choice(["email", "sms"])
        async with self.tillit.unit() as work:
            active = work.active
            names = [f"{CHANNEL}{channel}"]
            if names[0] not in (active.policy.allowed("asker", "offers", "contact") or ()):
                return
            grant = authorise(
                active, "asker", purpose="offers", action=Action.CONTACT, fields=names
            )
            made = await record_contacts(
                work.unit, grant, self.tillit.replica, channel=channel, members=members
            )
            today = work.unit.today
        answers: dict[UUID, bool | None] = dict.fromkeys(members)
        await self._note(
            made.entry, "asker", "offers", Action.CONTACT, [], channel, answers, set(members)
        )
        for one in members:
            self.contacts.setdefault(one, []).append(today)

    def _granted(self, work, purpose, action, service="asker"):  # type: ignore[no-untyped-def]
        if work.active.policy.allowed(service, purpose, action) is None:
            return None
        return authorise(work.active, service, purpose=purpose, action=action)

    async def _reads(self, members: list[UUID]) -> dict[UUID, UUID]:
        """The entry of each member's newest read."""
        async with self.tillit.unit() as work:
            found = await load(work.unit, members)
            told = [
                (one.id, await uses_of(work.session, one.key.subject(), limit=100))
                for one in found.values()
            ]
        return {
            member: next(use.id for use in uses if b'"kind":"profile.read"' in use.body)
            for member, uses in told
        }

    async def _note(  # noqa: PLR0917
        self, entry, service, purpose, action, fields, channel, answers, named=frozenset()
    ) -> None:  # type: ignore[no-untyped-def]
        async with self.tillit.unit() as work:
            found = await load(work.unit, list(answers))
            said = await ledger.opened(work.unit, {one.id: one.key for one in found.values()})
        contacted = {one: list(self.contacts.get(one, ())) for one in answers}
        self.asked.append(
            Asked(
                entry,
                self.clock.at,
                service,
                purpose,
                action,
                list(fields),
                channel,
                answers,
                set(named),
                said,
                contacted,
                self.history[-1],
            )
        )
        self.clock.at += self.pause


@cache
def _enforcer(source: str) -> Enforcer:
    return Enforcer(read_programme(source))


def naive(
    asked: Asked, member: UUID, programme: Programme, history: list[Programme], born: date | None
) -> str:
    """The answer, from the rules and the ledger alone: "yes", or whose no it is."""
    enforcer = _enforcer(programme.source)
    wanted = [(asked.action, WHOLE), *((asked.action, name) for name in asked.fields)]
    if asked.channel is not None:
        wanted.append((Action.CONTACT, f"{CHANNEL}{asked.channel}"))
    if not all(enforcer.permits(asked.service, asked.purpose, do, what) for do, what in wanted):
        return "policy"
    stands = footing(programme, asked.purpose, history)
    local = asked.at.astimezone(programme.zone)
    standings = fold(asked.said[member])
    reason = reason_of(stands, standings, local.date(), born=born)
    uses = asked.action is not Action.CONSENT or asked.channel is not None
    if reason is not None:
        return reason.value if uses else YES
    if asked.channel is None:
        return YES
    moment = Moment.of(local)
    days = asked.contacted[member]
    far = unreached_one(stands, asked.channel, standings, moment, contacted=days)
    return far.value if far else YES


async def replayed(tillit: Tillit, draft: Programme | None) -> tuple[Replayed, list[Line]]:
    lines: list[Line] = []
    async with tillit.unit() as work:
        span = Span(START, tillit.clock.now() + timedelta(seconds=1))
        found = await replay(work.unit, work.active, span, draft=draft, sink=lines.append)
    return found, lines


@asynccontextmanager
async def world(settings: Settings, seed: int) -> AsyncIterator[World]:
    clock = StoppedClock(START)
    async with opened(settings, clock=clock) as tillit:
        made = World(tillit, clock, seed)
        await made.apply(drafted())
        yield made


@pytest.mark.parametrize("seed", [1, pytest.param(FRESH, id="fresh")])
async def test_flips_are_those_of_asking_everything_again_one_by_one(
    settings: Settings, seed: int
) -> None:
    where = f"seed {seed}"
    async with world(settings, seed) as made:
        await _live(made, 45)
        found, lines = await replayed(made.tillit, drafted())
        assert (found.right, lines) == (True, []), where
        kept = made.chance.sample(sorted(CHANGES), 2)
        await made.apply(drafted(*kept))
        await _live(made, 30)
        for _ in range(4):
            names = made.chance.sample(sorted(CHANGES), made.chance.randint(1, 3))
            await _compare(made, drafted(*names), f"{where}, {kept}, then {names}")


@pytest.mark.parametrize("seed", [3, pytest.param(FRESH + 2, id="fresh")])
async def test_answers_from_the_minute_of_a_choice_are_right_whichever_came_first(
    settings: Settings, seed: int
) -> None:
    async with world(settings, seed) as made:
        made.pause = timedelta(milliseconds=10)
        await _live(made, 60)
        found, lines = await replayed(made.tillit, drafted())
        assert (found.right, lines) == (True, []), f"seed {seed}: {dict(found.tally.wrong)}"


@pytest.mark.parametrize("seed", [5, pytest.param(FRESH + 4, id="fresh")])
async def test_an_explanation_comes_to_the_gates_answer(settings: Settings, seed: int) -> None:
    where = f"seed {seed}"
    act = Act(ActorType.OFFICER, "officer-7")
    async with world(settings, seed) as made:
        await _live(made, 40)
        await made.apply(drafted(*made.chance.sample(sorted(CHANGES), 2)))
        await _live(made, 15)
        for _ in range(25):
            question, member = made.question(), made.chance.choice(made.living)
            asking = Asking("asker", question, member)
            words = (question.purpose, question.action, question.fields, question.channel)
            asked = PastAsked("asker", *words)
            async with made.tillit.unit() as work:
                (said,) = await made.tillit.gate.decide(work.unit, work.active, [asking])
                told = await explain(
                    work.unit, act, work.active, asked, member=member, at=work.unit.now
                )
            assert told.reason == said.verdict.whole.reason, where
            held = [step.what for step in told.steps if step.passed is False]
            assert bool(held) >= (told.reason is not None), where
            if told.reason in {*Reason, *Unreached}:
                assert told.reason in held, where
        for one in made.chance.sample(made.asked, 25):
            member = made.chance.choice(sorted(one.answers))
            if member in made.erased:
                continue
            async with made.tillit.unit() as work:
                looked = await explain_entry(work.unit, act, work.active, one.entry, member=member)
            answer = one.answers[member]
            if answer is not None:
                assert looked.then.allowed == answer, where
                assert (looked.recorded == YES) == answer, where


async def _one_who_agrees(made: World) -> UUID:
    async with made.tillit.unit() as work:
        values = {"member_number": "1", "tier": "gold", "born": date(1980, 5, 5)}
        member = (await enrol(work.unit, SYSTEM, [values], source="test"))[0]
        offers = work.active.programme.purpose("offers")
        yes = choosing.choose(
            work.unit, offers, Said.GIVEN, at=work.unit.now, by=By.OFFICER, language="sv"
        )
        await ledger.record(work.unit, SYSTEM, {member: [yes]})
    made.born[member.id], made.tier[member.id] = date(1980, 5, 5), "gold"
    made.clock.at += timedelta(hours=1)
    return member.id


async def _asked_in_every_way(made: World, member: UUID) -> None:
    async with made.tillit.unit() as work:
        grant = authorise(work.active, "asker", purpose="offers", action=Action.READ)
        await made.tillit.gate.read(work.unit, grant, [member])
        asking = Asking("asker", Question("offers", "read", ("tier",)), member)
        await made.tillit.gate.decide(work.unit, work.active, [asking])
        grant = authorise(work.active, "asker", purpose="offers", action=Action.SEGMENT)
        await made.tillit.gate.evaluate(work.unit, grant, "tier = 'gold'")
    made.clock.at += timedelta(hours=1)


def _as_owner(url: str, statement: str) -> None:
    """What only the database's owner can do, with its triggers switched off."""
    with psycopg.connect(libpq(url, role=None)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement)  # type: ignore[call-overload]


async def test_a_withdrawal_under_way_while_a_question_was_answered_makes_it_no_less_right(
    settings: Settings,
) -> None:
    async with world(settings, 0) as made:
        member = await _one_who_agrees(made)
        async with made.tillit.unit() as work:
            found = await load(work.unit, [member], lock=True)
            offers = work.active.programme.purpose("offers")
            no = choosing.choose(work.unit, offers, Said.WITHDRAWN, at=work.unit.now, by=By.OFFICER)
            await ledger.record(work.unit, SYSTEM, {found[member]: [no]})
            made.clock.at += timedelta(seconds=2)
            await _asked_in_every_way(made, member)  # before the withdrawal commits
        replay, lines = await replayed(made.tillit, drafted("another notice"))
        assert (replay.right, replay.tally.in_flight) == (True, 3)
        assert {(line.before, line.after) for line in lines} == {(YES, "ask_again")}


async def test_a_consent_to_more_still_counts_under_a_draft_that_does_less(
    settings: Settings,
) -> None:
    async with world(settings, 0) as made:
        member = await _one_who_agrees(made)
        asking = Asking("asker", Question("offers", "read", ("county",)), member)
        async with made.tillit.unit() as work:
            await made.tillit.gate.decide(work.unit, work.active, [asking])
        made.clock.at += timedelta(hours=1)
        assert (await replayed(made.tillit, drafted("a field goes")))[1] == []
        (line,) = (await replayed(made.tillit, drafted("a longer list of fields")))[1]
        assert (line.before, line.after) == (YES, "ask_again")


async def test_how_often_they_were_contacted_counts_as_it_did_then(settings: Settings) -> None:
    async with world(settings, 0) as made:
        member = await _one_who_agrees(made)
        async with made.tillit.unit() as work:
            found = await load(work.unit, [member], lock=True)
            seldom = choosing.often(work.unit, 7, by=By.OFFICER)
            await ledger.record(work.unit, SYSTEM, {found[member]: [seldom]})
        made.clock.at += timedelta(hours=1)
        asking = Asking("asker", Question("offers", "contact", channel="email"), member)
        for days in (0, 6, 1):
            made.clock.at += timedelta(days=days)
            async with made.tillit.unit() as work:
                await made.tillit.gate.decide(work.unit, work.active, [asking])
            if days == 0:
                await made.contact()
        found_then, lines = await replayed(made.tillit, drafted("another notice"))
        assert (found_then.right, found_then.left_out) == (True, {})
        # Both times that they might be contacted flip, and so might the contact; the no stays.
        asked = sorted((line.kind, line.before, line.after) for line in lines)
        decided = ("decision.made", YES, "ask_again")
        assert [one for one in asked if one[0] == "decision.made"] == [decided, decided]


async def test_a_yes_whose_consent_is_gone_from_the_ledger_is_told(settings: Settings) -> None:
    async with world(settings, 0) as made:
        await _asked_in_every_way(made, await _one_who_agrees(made))
        _as_owner(made.tillit.url, "DELETE FROM ledger")
        found, lines = await replayed(made.tillit, drafted("a field goes"))
        assert not found.right
        assert {(group.before, group.after) for group in found.tally.wrong} == {(YES, "no_consent")}
        assert sum(count.answers for count in found.tally.wrong.values()) == 3
        assert lines == []


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("DELETE FROM audit_detail", {"detail_lost": 3}),
        ("UPDATE audit_detail SET sealed = 'forged'", {"detail_lost": 3}),
        ("DELETE FROM audit_set", {"set_lost": 1}),
        ("UPDATE ledger SET sealed = 'forged'", {"member_unopened": 1, "erased_since": 2}),
        ("UPDATE member_key SET wrapped = 'forged'", {"member_unopened": 1, "erased_since": 2}),
        (
            "UPDATE audit_entry SET body = body || '}' WHERE position('.made' IN body) > 0",
            {"entry_unreadable": 1},
        ),
    ],
)
async def test_what_is_lost_or_forged_is_counted_and_spoils_nothing_else(
    settings: Settings, statement: str, why: dict[str, int]
) -> None:
    async with world(settings, 0) as made:
        await _asked_in_every_way(made, await _one_who_agrees(made))
        _as_owner(made.tillit.url, statement)
        found, _ = await replayed(made.tillit, drafted("another notice"))
        assert (found.right, found.left_out) == (True, why)


async def test_a_birth_date_that_was_set_right_since_makes_no_answer_wrong(
    settings: Settings,
) -> None:
    async with world(settings, 0) as made:
        member = await _one_who_agrees(made)
        await _asked_in_every_way(made, member)
        async with made.tillit.unit() as work:
            found = await load(work.unit, [member], lock=True)
            values = {"born": date(2020, 1, 1)}
            await rectify(work.unit, SYSTEM, found[member], values, source="test")
        replay, lines = await replayed(made.tillit, drafted())
        assert (replay.right, replay.left_out, lines) == (True, {"rectified_since": 3}, [])


async def _live(made: World, steps: int) -> None:
    await made.enrol()
    ways = [made.say] * 6 + [made.read, made.decide, made.decide_many, made.evaluate] * 2
    for _ in range(steps):
        rare = made.erase if len(made.living) > 4 and made.chance.random() < 0.3 else made.enrol
        step = made.chance.choice([*ways, made.contact, made.wait, made.wait, rare])
        await step()
        made.clock.at += made.pause


async def _compare(made: World, draft: Programme, where: str) -> None:
    found, lines = await replayed(made.tillit, draft)
    assert found.right, f"{where}: {dict(found.tally.wrong)} {found.miscounted}"
    expected: dict[tuple[UUID, UUID], tuple[str, str]] = {}
    answers = 0
    for asked in made.asked:
        earlier = made.history[: made.history.index(asked.version)]
        for member, answer in asked.answers.items():
            if member in made.erased:
                continue
            answers += 1
            born = made.born[member]
            before = naive(asked, member, asked.version, earlier, born)
            assert answer in (None, before == YES), where
            after = naive(asked, member, draft, made.history, born)
            if (before == YES) != (after == YES):
                expected[asked.entry, member] = before, after
    assert found.tally.replayed == answers, where
    got = {(line.entry, line.member): line for line in lines}
    assert got.keys() == expected.keys(), where
    for key, (before, after) in expected.items():
        line = got[key]
        assert "policy" in (before, after) or (line.before, line.after) == (before, after), where
    gone = sum(member in made.erased for one in made.asked for member in one.answers)
    assert found.left_out == ({"erased_since": gone} if gone else {}), where
    assert sum(count.answers for count in found.tally.flips.values()) == len(lines)
    for group, count in found.tally.flips.items():
        those = [
            line
            for line in lines
            if (line.kind, line.service, line.purpose, line.before, line.after)
            == (group.kind, group.service, group.purpose, group.before, group.after)
        ]
        told = (
            len(those),
            len({line.member for line in those}),
            sum(bool(line.named) for line in those),
        )
        assert (count.answers, count.members, count.named) == told, where
