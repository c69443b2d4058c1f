"""Decisions, one by one and many at once, against the programme and the ledger read naively."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import at_the_desk
import numpy as np
import psycopg
import pytest
from numpy.typing import NDArray

from api.bootstrap import SYSTEM, Tillit, Work, opened
from api.settings import Settings
from consent import ledger
from consent.checks import check_footprints
from consent.choices import OFTEN, Action, By, Choice
from consent.choosing import channel, choose, hours, marketing, often, pause, restriction
from consent.deciding import AskingMany
from consent.decisions import Asking
from consent.eligibility import reason_of
from consent.reach import Moment, contacted_set, unreached_one
from consent.rulings import Question
from consent.standings import fold
from consent.uses import uses
from dsar import deciding
from dsar.states import Right
from kernel.database import libpq, raw
from profiles import members as people
from profiles.enrolment import enrol

SERVICES = ("offers-engine", "partner-offers", "newsletter", "till", "analytics", "nobody-s")
PURPOSES = ("newsletter", "partner_offers", "personalised_offers", "membership", "bookkeeping",
            "assortment_insight", "no_such_purpose")  # fmt: skip
ACTIONS = ("read", "segment", "preview", "enrol", "record", "consent", "contact", "fly")
FIELDS = (
    "email",
    "tier",
    "interests",
    "spend_365d",
    "name",
    "member_number",
    "shoe_size",
    "@email",
    "*",
)
CHANNELS = (None, None, "email", "sms", "app", "phone", "pigeon")
#: Whom what is asked about: a member, whose contacts were made on these days.
Contacts = dict[UUID, set[int]]


def _choice(work: Work, chance: random.Random) -> Choice:
    """Anything that anybody may say."""
    unit, purposes = work.unit, work.active.programme.purposes
    purpose = purposes[chance.choice(["newsletter", "partner_offers", "personalised_offers"])]
    insight = purposes["assortment_insight"]
    at = unit.now - timedelta(days=chance.choice([0, 0, 400, 800]))
    evidence = chance.choice(["", "form 7"])
    by = chance.choice([By.TILL, By.IMPORT])
    said = chance.choice([*[Action.GIVEN] * 4, Action.REFUSED, Action.WITHDRAWN])
    notice = purpose.notice_digest("sv") if evidence else None
    rare: list[Callable[[], Choice]] = [
        lambda: restriction(unit, on=chance.random() < 0.5, by=By.OFFICER),
        lambda: marketing(unit, objects=chance.random() < 0.5, by=By.MEMBER),
        lambda: pause(unit, on=chance.random() < 0.5, by=By.MEMBER),
        lambda: channel(
            unit,
            chance.choice([None, purposes["newsletter"]]),
            chance.choice(["email", "sms"]),
            on=chance.random() < 0.3,
            by=By.MEMBER,
        ),
        lambda: hours(unit, chance.getrandbits(24), by=By.MEMBER),
        lambda: often(unit, chance.choice(OFTEN), by=By.MEMBER),
        lambda: choose(unit, insight, Action.OBJECTED, at=at, by=By.MEMBER),
    ]
    if chance.random() < 0.25:
        return chance.choice(rare)()
    return choose(
        unit, purpose, said, at=at, by=by, language="sv", evidence=evidence, notice=notice
    )


async def _people(tillit: Tillit, chance: random.Random, count: int) -> tuple[list[UUID], Contacts]:
    async with tillit.unit() as work:
        made = await enrol(
            work.unit, SYSTEM, [{"member_number": str(n)} for n in range(count)], source="test"
        )
        contacts: Contacts = {}
        for member in made:
            contacts[member.id] = {days for days in (0, 3, 20) if chance.random() < 0.2}
            for days in contacts[member.id]:
                day = work.unit.today - timedelta(days=days)
                work.unit.changes.add(contacted_set(day), member.ordinal)
    for _ in range(4):
        async with tillit.unit() as work:
            those = await people.load(work.unit, [one.id for one in made], lock=True)
            said = {one: [_choice(work, chance)] for one in those.values() if chance.random() < 0.8}
            await ledger.record(work.unit, SYSTEM, said)
    return [one.id for one in made], contacts


def _question(chance: random.Random) -> tuple[str, Question]:
    fields = None
    if chance.random() < 0.5:
        fields = tuple(chance.sample(FIELDS, chance.randint(0, 3)))
    sensible = chance.random() < 0.7
    service = chance.choice(["newsletter", "partner-offers"] if sensible else SERVICES)
    purpose = service.replace("-", "_") if sensible else chance.choice(PURPOSES)
    action = chance.choice(["read", "contact", "segment"]) if sensible else chance.choice(ACTIONS)
    return service, Question(purpose, action, fields, chance.choice(CHANNELS))


class Naive:
    """The policy enumerated from the programme, and the fold of one member's ledger."""

    def __init__(self, work: Work, said: list[Choice], contacts: set[int]) -> None:
        self.work, self.standings, self.contacts = work, fold(said), contacts

    def may(self, service: str, purpose: str, action: str) -> bool:
        if action == "preview":
            return False  # counts, and is decided about no member
        found = self.work.active.programme.services.get(service)
        return found is not None and action in {str(one) for one in found.may.get(purpose, ())}

    def field(self, service: str, question: Question, name: str) -> bool:
        programme = self.work.active.programme
        if not self.may(service, question.purpose, question.action):
            return False
        brings = question.action in ("record", "consent", "contact")
        derived = question.action == "enrol" and name in programme.traits
        return not brings and not derived and name in programme.purposes[question.purpose].fields

    def channel(self, service: str, question: Question) -> bool:
        purpose = self.work.active.programme.purposes.get(question.purpose)
        names = [str(one) for one in purpose.channels] if purpose else []
        return self.may(service, question.purpose, "contact") and question.channel in names

    def held(self, question: Question) -> str | None:
        """What the member's own ledger has against the use of them."""
        footing = self.work.active.footings.get(question.purpose)
        if footing is None:
            return None
        found = reason_of(footing, self.standings, self.work.unit.today, born=None)
        return found and found.value

    def unreached(self, question: Question) -> str | None:
        unit = self.work.unit
        footing = self.work.active.footings[question.purpose]
        moment = Moment.of(unit.now.astimezone(unit.schema.zone))
        days = [unit.today - timedelta(days=days) for days in self.contacts]
        assert question.channel is not None
        found = unreached_one(footing, question.channel, self.standings, moment, contacted=days)
        return found and found.value

    def answer(self, service: str, question: Question) -> tuple[bool, dict[str, bool], bool | None]:
        held = self.held(question)
        heeded = None if question.action == "consent" else held
        whole = self.may(service, question.purpose, question.action) and heeded is None
        names = question.fields
        if names is None:
            everything = [*self.work.active.programme.names]
            names = tuple(n for n in everything if self.field(service, question, n))
        fields = {n: heeded is None and self.field(service, question, n) for n in names}
        reached = None
        if question.channel is not None:
            reached = self.channel(service, question) and held is None
            reached = reached and self.unreached(question) is None
        return whole and all(fields.values()) and reached is not False, fields, reached


async def _naive(work: Work, ids: list[UUID], contacts: Contacts) -> dict[UUID, Naive]:
    keys = {one.id: one.key for one in (await people.load(work.unit, ids)).values()}
    said = await ledger.opened(work.unit, keys)
    return {one: Naive(work, list(said[one]), contacts[one]) for one in keys}


def _packed(ids: list[UUID]) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(one.bytes for one in ids), dtype=">u8").reshape(-1, 2)


@pytest.mark.parametrize("seed", range(3))
async def test_every_answer_is_what_programme_and_ledger_say(
    tillit: Tillit, settings: Settings, seed: int
) -> None:
    chance = random.Random(seed)
    ids, contacts = await _people(tillit, chance, 24)
    stranger = uuid4()
    asked = [(*_question(chance), chance.choice([*ids, stranger])) for _ in range(900)]
    askings = [Asking(*one) for one in asked]
    reasons: Counter[str | None] = Counter()
    async with opened(settings) as other, tillit.unit() as work:
        naive = await _naive(work, ids, contacts)
        answers = await tillit.gate.decide(work.unit, work.active, askings)
        alone = [(await tillit.gate.decide(work.unit, work.active, [one]))[0] for one in askings]
        elsewhere = await other.gate.decide(work.unit, work.active, askings)
        for asking, answer, again, there in zip(askings, answers, alone, elsewhere, strict=True):
            said = answer.verdict
            assert said == again.verdict == there.verdict
            reasons[said.whole.reason] += 1
            assert all(
                part.allowed == (part.reason is None) == (part.remedy is None)
                for part in (said.whole, *said.fields.values())
            )
            if asking.member == stranger:
                assert not said.allowed
                assert not any(part.allowed for part in said.fields.values())
                continue
            whole, fields, reached = naive[asking.member].answer(asking.service, asking.question)
            assert said.allowed == whole, (asking, said)
            assert {name: part.allowed for name, part in said.fields.items()} == fields
            assert (said.channel and said.channel.allowed) == reached
    assert reasons[None] > 3
    assert {"no_consent", "unknown_member"} <= {*reasons}
    assert len(reasons) > 8


@pytest.mark.parametrize("seed", range(3))
async def test_many_at_once_are_answered_as_one_by_one(tillit: Tillit, seed: int) -> None:
    chance = random.Random(100 + seed)
    ids, _ = await _people(tillit, chance, 24)
    async with tillit.unit() as work:
        for _ in range(25):
            service, question = _question(chance)
            some = [chance.choice([*ids, uuid4(), UUID(int=0)]) for _ in range(40)]
            many = AskingMany(service, question, _packed(some), lines=True)
            batch = await tillit.gate.decide_batch(work.unit, work.active, many)
            singles = await tillit.gate.decide(
                work.unit, work.active, [Asking(service, question, one) for one in some]
            )
            lines = batch.sorted.lines
            assert lines is not None
            answers = [lines.answers[code] for code in lines.codes]
            assert answers == [one.verdict.whole for one in singles]
            as_set = await tillit.gate.decide_batch(
                work.unit, work.active, AskingMany(service, question, _packed(some))
            )
            each = {one.member: one.verdict.whole.reason for one in singles}
            counts = Counter(each.values())
            yes = {member for member, reason in each.items() if reason is None}
            assert len(as_set.sorted.allowed) == counts.pop(None, 0) == len(yes)
            assert as_set.sorted.counts == counts
            assert {UUID(bytes=row.tobytes()) for row in as_set.sorted.named} == yes
            whole = await tillit.gate.decide_batch(
                work.unit, work.active, AskingMany(service, question, None)
            )
            everyone = await tillit.gate.decide(
                work.unit, work.active, [Asking(service, question, one) for one in ids]
            )
            known = Counter(one.verdict.whole.reason for one in everyone)
            assert len(whole.sorted.allowed) == known.pop(None, 0)
            assert whole.sorted.counts == known


async def test_a_decision_is_on_record_about_its_member_and_tells_nobody_else_the_outcome(
    tillit: Tillit,
) -> None:
    ids, _ = await _people(tillit, random.Random(1), 2)
    question = Question("newsletter", "read", ("email", "anna_svensson"), "email")
    async with tillit.unit() as work:
        asked = [Asking("newsletter", question, one) for one in (*ids, uuid4())]
        decided = await tillit.gate.decide(work.unit, work.active, asked)
    async with tillit.unit() as work:
        member = await people.one(work.unit, ids[0])
        said = (await ledger.opened_rows(work.unit, {member.id: member.key}))[member.id]
        seen = await uses(work.unit, member, said, work.active)
        (use,) = [one for one in seen if one.kind == "decision.made"]
        assert use.entry == decided[0].entry
        assert use.outcome == decided[0].verdict.whole.reason
        cursor = await (await raw(work.session)).execute(
            "SELECT body FROM audit_entry WHERE id = ANY(%s)", ([one.entry for one in decided],)
        )
        bodies = [row[0] for row in await cursor.fetchall()]
    assert len(bodies) == 3
    assert sum(b'"subject":null' in body and b"unknown_member" in body for body in bodies) == 1
    for body in bodies:
        assert b"anna" not in body
        assert b'"facts":{"action":"read","channel":"email","fields":["email"]' in body
        if b'"subject":null' not in body:
            assert b'"unknown_field"' not in body


async def test_a_member_sees_only_batches_they_were_in_and_why(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        rows = [{"member_number": str(number)} for number in range(3)]
        yes, no, outside = await enrol(work.unit, SYSTEM, rows, source="test")
        letter = work.active.programme.purpose("newsletter")
        given = choose(work.unit, letter, Action.GIVEN, at=work.unit.now, by=By.TILL, language="sv")
        night = hours(work.unit, (1 << 24) - 1, by=By.MEMBER)
        await ledger.record(work.unit, SYSTEM, {yes: [given], no: [given, night]})
    both = _packed([yes.id, no.id, uuid4()])
    async with tillit.unit() as work:
        for question, ids in (
            (Question("newsletter", "contact", None, "email"), both),
            (Question("newsletter", "read", ("tier",)), both),
            (Question("newsletter", "read", ("interests",)), None),
        ):
            await tillit.gate.decide_batch(
                work.unit, work.active, AskingMany("newsletter", question, ids)
            )
    expected = {
        yes.id: ["allowed", "field_not_in_purpose", "allowed"],
        no.id: ["quiet_hours", "field_not_in_purpose", "allowed"],
        outside.id: ["no_consent"],
    }
    for member, outcomes in expected.items():
        assert [use[0] for use in await _seen(tillit, member)] == outcomes
    assert (await _seen(tillit, yes.id))[0][1] == "contact; email"
    await tillit.integrate()
    await tillit.rotate(SYSTEM)
    for member, outcomes in expected.items():
        assert [use[0] for use in await _seen(tillit, member)] == outcomes
    async with tillit.unit() as work:
        assert await check_footprints(work.unit) == []


async def _seen(tillit: Tillit, member: UUID) -> list[tuple[str, str | None]]:
    """The outcomes of batches that a member sees, the oldest first."""
    async with tillit.unit() as work:
        one = await people.one(work.unit, member)
        said = (await ledger.opened_rows(work.unit, {one.id: one.key}))[one.id]
        found = await uses(work.unit, one, said, work.active, limit=2)
        more = await uses(work.unit, one, said, work.active)
        assert more[:2] == found
        batches = [use for use in more if use.kind == "decisions.made"]
        return [(use.outcome, use.question) for use in reversed(batches)]


@pytest.mark.parametrize(("days", "reason"), [(3, "too_often"), (7, None), (20, None)])
async def test_who_was_contacted_less_long_ago_than_they_wish_is_not_contacted_now(
    tillit: Tillit, days: int, reason: str | None
) -> None:
    async with tillit.unit() as work:
        (member,) = await enrol(work.unit, SYSTEM, [{"member_number": "1"}], source="test")
        letter = work.active.programme.purpose("newsletter")
        given = choose(work.unit, letter, Action.GIVEN, at=work.unit.now, by=By.TILL, language="sv")
        weekly = often(work.unit, 7, by=By.MEMBER)
        await ledger.record(work.unit, SYSTEM, {member: [given, weekly]})
        day = work.unit.today - timedelta(days=days)
        work.unit.changes.add(contacted_set(day), member.ordinal)
    question = Question("newsletter", "contact", (), "email")
    async with tillit.unit() as work:
        asked = [Asking("newsletter", question, member.id)]
        (single,) = await tillit.gate.decide(work.unit, work.active, asked)
        many = AskingMany("newsletter", question, _packed([member.id]))
        batch = await tillit.gate.decide_batch(work.unit, work.active, many)
    assert single.verdict.whole.reason == reason
    assert batch.sorted.counts == ({} if reason is None else {reason: 1})


async def test_who_was_asked_and_lost_is_found_by_the_check(
    tillit: Tillit, database_url: str
) -> None:
    ids, _ = await _people(tillit, random.Random(3), 4)
    async with tillit.unit() as work:
        question = Question("bookkeeping", "segment")
        many = AskingMany("newsletter", question, _packed(ids))
        batch = await tillit.gate.decide_batch(work.unit, work.active, many)
        assert len(batch.sorted.allowed) == 0
    async with tillit.unit() as work:
        assert await check_footprints(work.unit) == []
    with psycopg.connect(libpq(database_url, role=None)) as connection:
        connection.execute("DELETE FROM audit_set")
    async with tillit.unit() as work:
        (problem,) = await check_footprints(work.unit)
        assert "is lost" in problem
    assert await _seen(tillit, ids[0]) == [("unknown", "segment")]


async def test_an_erased_member_is_unknown_and_leaves_no_trace_in_the_answer(
    tillit: Tillit,
) -> None:
    ids, _ = await _people(tillit, random.Random(2), 2)
    question = Question("membership", "read", ("name",))
    packed = _packed(ids)
    async with tillit.unit() as work:
        before = await tillit.gate.decide_batch(
            work.unit, work.active, AskingMany("till", question, packed)
        )
        assert before.sorted.count == 2
    async with tillit.unit() as work:
        asked = await at_the_desk.opened(work, Right.ERASURE, ids[0])
        await deciding.approve(work.unit, SYSTEM, work.active, asked.id)
    async with tillit.unit() as work:
        await tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [asked.id])
    async with tillit.unit() as work:
        single, *_ = await tillit.gate.decide(
            work.unit, work.active, [Asking("till", question, ids[0])]
        )
        assert single.verdict.whole.reason == "unknown_member"
        assert (single.shard, single.change) == (None, None)
        batch = await tillit.gate.decide_batch(
            work.unit, work.active, AskingMany("till", question, packed)
        )
        assert batch.sorted.counts["unknown_member"] == 1


async def test_a_service_that_the_policy_refuses_learns_nothing_about_the_member(
    tillit: Tillit,
) -> None:
    ids, _ = await _people(tillit, random.Random(4), 3)
    question = Question("bookkeeping", "read", ("name",))
    async with tillit.unit() as work:
        asked = [Asking("newsletter", question, one) for one in (*ids, uuid4())]
        answers = await tillit.gate.decide(work.unit, work.active, asked)
        assert {one.verdict.whole.reason for one in answers} == {"purpose_not_given"}
        assert {(one.shard, one.change) for one in answers} == {(None, None)}
        many = AskingMany("newsletter", question, _packed([*ids, uuid4()]))
        batch = await tillit.gate.decide_batch(work.unit, work.active, many)
        assert batch.sorted.counts == {"purpose_not_given": 4}
        many = AskingMany("newsletter", question, None, lines=True)
        everyone = (await tillit.gate.decide_batch(work.unit, work.active, many)).sorted
        assert everyone.untold
        assert everyone.lines is not None
        assert len(everyone.lines.ids) == len(everyone.named) == 0


async def test_a_preview_is_decided_about_no_member_whatever_they_said(tillit: Tillit) -> None:
    ids, _ = await _people(tillit, random.Random(5), 3)
    question = Question("assortment_insight", "preview")
    async with tillit.unit() as work:
        purpose = work.active.programme.purpose("assortment_insight")
        member = (await people.load(work.unit, ids[:1], lock=True))[ids[0]]
        no = choose(work.unit, purpose, Action.OBJECTED, at=work.unit.now, by=By.MEMBER)
        await ledger.record(work.unit, SYSTEM, {member: [no]})
    async with tillit.unit() as work:
        asked = [Asking("analytics", question, one) for one in (*ids, uuid4())]
        answers = await tillit.gate.decide(work.unit, work.active, asked)
        assert {one.verdict.whole.reason for one in answers} == {"names_nobody"}
        assert {(one.shard, one.change) for one in answers} == {(None, None)}
        assert [one.verdict.fields for one in answers] == [{}] * 4
        (other, *_) = await tillit.gate.decide(
            work.unit, work.active, [Asking("newsletter", question, ids[0])]
        )
        assert other.verdict.whole.reason == "purpose_not_given"
