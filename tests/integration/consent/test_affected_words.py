"""Who was affected by what names no field: words that were read, answers about one or many,
a member's account, and what was worked out of a field."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from test_affected import (
    ANY,
    OFFERS,
    OFFICER,
    World,
    _said,
    _segment_of_all,
    everything,
    sets_of,
    world,
)

from api import work as worker
from api.people.people import Kind as Person
from api.people.sessions import LONGEST
from audit.acts import Act
from audit.entries import ActorType, Kind
from consent import ledger
from consent.affected.giving import PURCHASES, WORDS
from consent.affected.question import How, Question
from consent.affected.searching import SESSION
from consent.choices import Action as Said
from consent.contacts import record_contacts
from consent.footprints import EVERYBODY
from consent.grants import authorise
from consent.programme import Action
from dsar import desk, identity_steps, register
from dsar.identity import How as Proved
from dsar.identity import Proof
from dsar.states import Right
from dsar.wanted import Wanted
from profiles import members
from profiles.errors import UnknownMember
from tests.at_the_desk import approved
from tests.at_the_desk import opened as opened_request

__all__ = ["world"]
ANNA = everything(actors=("officer/anna",))


async def test_a_noted_proof_of_identity_is_what_an_officer_read_of_a_member(world: World) -> None:
    [one] = world.some(1)
    proof = Proof(Proved.OFFICER, note="passport with the right face in it")
    async with world.tillit.unit() as work:
        request = await opened_request(work, Right.ACCESS, one, proof=proof)
    async with world.tillit.unit() as work:
        await identity_steps.given(work.unit, OFFICER, work.active, request.id)
    found = await world.ask(ANNA)
    assert sets_of(found) == ({world.people[one]}, set())
    assert [(line.how, line.field) for line in found.lines] == [(How.VALUES, WORDS)]
    # Whatever field is asked about: it may stand in the words.
    assert len((await world.ask(everything(fields=("email",)))).those("certain")) == 1


async def test_a_wish_in_words_is_what_an_officer_read_of_a_member(world: World) -> None:
    [one] = world.some(1)
    async with world.tillit.unit() as work:
        wish = Wanted(marketing=True, note="I have been ill since May; stop")
        request = await opened_request(work, Right.OBJECTION, one, wish=wish)
    async with world.tillit.unit() as work:
        await desk.wish_opened(work.unit, OFFICER, await register.get(work.unit, request.id))
    found = await world.ask(ANNA)
    assert sets_of(found) == ({world.people[one]}, set())


async def test_contacts_that_a_service_recorded_answered_it_about_each(world: World) -> None:
    those = world.some(4)
    async with world.tillit.unit() as work:
        await world.tillit.gate.freshen(work.unit)
    async with world.tillit.unit() as work:
        fields = ["@email"]
        grant = authorise(
            work.active, "newsletter", purpose="newsletter", action=Action.CONTACT, fields=fields
        )
        replica = world.tillit.replica
        await record_contacts(work.unit, grant, replica, channel="email", members=those)
    found = await world.ask(everything(actors=("service/newsletter",)))
    assert sets_of(found) == (set(), {world.people[one] for one in those})


async def test_a_choice_that_a_service_wrote_down_answered_it(world: World) -> None:
    one, other = sorted(world.people)[:2]
    for who, act in ((one, Act(ActorType.SERVICE, "till")), (other, OFFICER)):
        async with world.tillit.unit() as work:
            person = await members.one(work.unit, who, lock=True)
            await ledger.record(work.unit, act, {person: [_said(work, OFFERS, Said.GIVEN)]})
    found = await world.ask(everything())
    assert sets_of(found) == (set(), {world.people[one]})


async def _matched(world: World, expression: str) -> int:
    await _segment_of_all(world)
    world.clock.at += timedelta(hours=2)
    async with world.tillit.unit() as work:
        grant = authorise(work.active, "offers-engine", purpose=OFFERS, action=Action.SEGMENT)
        answer = await world.tillit.gate.evaluate(work.unit, grant, expression)
        return len(world.tillit.gate.ids(answer))


@pytest.mark.parametrize(
    ("expression", "asked"),
    [
        ("age > 20", "birth_date"),
        ("spend_365d IS NULL OR spend_365d < 10", PURCHASES),
    ],
)
async def test_what_was_worked_out_of_a_field_tells_of_it(
    world: World, expression: str, asked: str
) -> None:
    matched = await _matched(world, expression)
    assert matched
    since = world.clock.now() - timedelta(minutes=1)
    found = await world.ask(Question(since=since, until=since + ANY, fields=(asked,)))
    assert len(found.those("certain")) == matched
    other = await world.ask(Question(since=since, until=since + ANY, fields=("email",)))
    assert (len(other.told), other.is_sure) == (0, True)


async def test_what_was_opened_for_no_purpose_is_not_dropped_by_one(world: World) -> None:
    await world.find()
    found = await world.ask(everything(actors=("officer/anna",), purposes=("membership",)))
    assert len(found.those("certain")) == 1


async def _acts(world: World, one: UUID, kind: Kind, **facts: Any) -> None:
    async with world.tillit.unit() as work:
        subject = (await members.one(work.unit, one)).key.subject()
        own = Act(ActorType.MEMBER, subject.hex())
        entry = own.entry(kind, subject=subject, facts=facts)
        await world.tillit.record.write(work.session, entry)


@pytest.mark.parametrize("fields", [(), ("email",)])
async def test_whose_account_was_used_is_affected_whatever_was_done_there(
    world: World, fields: tuple[str, ...]
) -> None:
    [one] = world.some(1)
    question = everything(account=world.people[one], fields=fields)
    assert len((await world.ask(question)).told) == 0
    await _acts(world, one, Kind.SECOND_PROOF_ASKED)
    found = await world.ask(question)
    assert sets_of(found) == ({world.people[one]}, set())
    assert [line.how for line in found.lines] == [How.ACCOUNT]
    # It says nothing of anybody else's question.
    assert sets_of(await world.ask(everything())) == (set(), set())


def test_a_session_is_taken_to_last_as_long_as_one_can() -> None:
    assert LONGEST[Person.MEMBER] == SESSION


@pytest.mark.parametrize(("hours", "ended", "there"), [(11, 0, 1), (13, 0, 0), (11, 1, 0)])
async def test_a_session_begun_before_the_time_that_is_asked_about_stands_in_it(
    world: World, hours: int, ended: int, there: int
) -> None:
    [one] = world.some(1)
    await _acts(world, one, Kind.SESSION_BEGUN, session="abc")
    if ended:
        world.clock.at += timedelta(hours=1)
        await _acts(world, one, Kind.SESSION_ENDED, session="abc")
        world.clock.at -= timedelta(hours=1)
    since = world.clock.now() + timedelta(hours=hours)
    question = Question(since=since, until=since + ANY, account=world.people[one])
    assert len((await world.ask(question)).those("certain")) == there


async def test_a_misused_account_that_was_erased_before_the_search_is_not_nobody(
    world: World,
) -> None:
    [one] = world.some(1)
    await _acts(world, one, Kind.PROFILE_READ, fields=["name"])
    async with world.tillit.unit() as work:
        pseudonym = (await members.one(work.unit, one)).key.subject().hex()
    async with world.tillit.unit() as work:
        await approved(work, Right.ERASURE, one)
    await worker.drain(world.tillit)
    question = everything(account=world.people[one], pseudonym=pseudonym)
    assert (await world.ask(question)).gone >= 1
    with pytest.raises(UnknownMember):
        await world.ask(everything(account=world.people[one]))


async def test_a_file_of_past_answers_counts_those_who_were_erased_since(world: World) -> None:
    async with world.tillit.unit() as work:
        entry = OFFICER.entry(
            Kind.POLICY_REPLAYED, subject=EVERYBODY, facts={"lines": 1, "replayed": 99}
        )
        await world.tillit.record.write(work.session, entry)
    world.clock.at += timedelta(days=1)
    for _ in range(2):
        await world.erase()
    found = await world.ask(everything())
    assert (len(found.those("certain")), found.gone) == (len(world.people) - 2, 2)
