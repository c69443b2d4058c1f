"""Who was affected where a guardian's account was misused: the children they answer for, who stand
in the record under pseudonyms of their own."""

from datetime import timedelta
from uuid import UUID

import pytest
from test_affected import World, as_owner, everything, sets_of, world

from api import work as worker
from api.bootstrap import SYSTEM
from audit.acts import Act
from audit.entries import ActorType, Kind
from consent import guardians
from consent.affected.question import Affected, How, Question
from consent.choices import By
from dsar import child_requests, own_children
from dsar.states import Right
from profiles import members
from profiles.enrolment import enrol
from tests.at_the_desk import approved

__all__ = ["world"]


async def family(world: World, *parents: str) -> tuple[list[UUID], UUID]:
    """Parents, and a child whose guardians all of them are."""
    values = [{"member_number": one, "birth_date": "1980-01-01"} for one in parents]
    child = {"member_number": f"child-of-{parents[0]}", "birth_date": "2016-01-01"}
    async with world.tillit.unit() as work:
        made = await enrol(work.unit, SYSTEM, [*values, child], source="test")
    world.people |= {one.id: one.ordinal for one in made}
    ids = [one.id for one in made]
    for parent in ids[:-1]:
        await name(world, parent, ids[-1])
    return ids[:-1], ids[-1]


async def name(world: World, parent: UUID, child: UUID) -> None:
    async with world.tillit.unit() as work:
        await guardians.name(
            work.unit, SYSTEM, work.active, child=child, guardian=parent, by=By.OFFICER,
            how="paper", evidence="F-1",
        )  # fmt: skip


async def remove(world: World, parent: UUID, child: UUID) -> None:
    async with world.tillit.unit() as work:
        await guardians.remove(work.unit, SYSTEM, child=child, guardian=parent, by=By.OFFICER)


async def looks(world: World, parent: UUID) -> None:
    """A guardian sees where their children stand."""
    async with world.tillit.unit() as work:
        one = await members.one(work.unit, parent)
        act = Act(ActorType.MEMBER, one.key.subject().hex())
        assert await own_children.children(work.unit, act, work.active, one)


async def misused(world: World, parent: UUID, **more: object) -> Question:
    """The question whose data were given out in a parent's account, as a page asks it."""
    async with world.tillit.unit() as work:
        one = await members.one(work.unit, parent)
        theirs = await guardians.children(work.unit, one)
        return everything(
            account=one.ordinal,
            pseudonym=one.key.subject().hex(),
            holder=one.id,
            wards=tuple(child.key.subject().hex() for child in theirs),
            **more,
        )


def those(world: World, found: Affected, which: str) -> set[UUID]:
    ordinals = set(found.those(which))
    return {id for id, ordinal in world.people.items() if ordinal in ordinals}


async def test_children_whose_only_guardian_looked_are_affected(world: World) -> None:
    [parent], child = await family(world, "p1")
    assert those(world, await world.ask(await misused(world, parent)), "certain") == set()
    await looks(world, parent)
    found = await world.ask(await misused(world, parent))
    assert those(world, found, "certain") == {child}
    assert [(line.actor, line.how) for line in found.lines] == [("member/", How.GUARDIAN)]
    assert found.children == 1
    assert found.is_sure
    # Whatever field is asked about, and not in the question about somebody else.
    narrowed = await misused(world, parent, fields=("email",))
    assert those(world, await world.ask(narrowed), "certain") == {child}
    [stranger], _ = await family(world, "p2")
    assert sets_of(await world.ask(await misused(world, stranger))) == (set(), set())


async def test_of_two_guardians_it_may_have_been_either(world: World) -> None:
    parents, child = await family(world, "p1", "p2")
    await looks(world, parents[0])
    for parent in parents:
        found = await world.ask(await misused(world, parent))
        assert those(world, found, "certain") == set()
        assert those(world, found, "maybe") == {child}
        assert not found.is_sure


async def test_what_a_guardian_has_said_is_known_to_be_theirs(world: World) -> None:
    parents, child = await family(world, "p1", "p2")
    async with world.tillit.unit() as work:
        one = await members.one(work.unit, parents[0])
        act = Act(ActorType.MEMBER, one.key.subject().hex())
        footing = work.active.footings["newsletter"]
        await own_children.choose(
            work.unit, act, work.active, one, footing, child=child, allow=False, language="sv"
        )
    found = [await world.ask(await misused(world, parent)) for parent in parents]
    assert [those(world, each, "certain") for each in found] == [{child}, set()]
    assert [those(world, each, "maybe") for each in found] == [set(), set()]


async def test_a_guardian_who_is_none_any_more_acted_while_they_were_one(world: World) -> None:
    [parent], child = await family(world, "p1")
    await looks(world, parent)
    world.clock.at += timedelta(hours=1)
    await remove(world, parent, child)
    world.clock.at += timedelta(hours=1)
    later = world.clock.now()
    [other], _ = await family(world, "p2")
    await name(world, other, child)
    await looks(world, other)
    question = await misused(world, parent)
    assert question.wards == ()
    found = await world.ask(question)
    assert those(world, found, "certain") == {child}
    assert found.is_sure
    after = Question(
        since=later, until=question.until, account=question.account, holder=question.holder
    )
    assert those(world, await world.ask(after), "certain") == set()


async def test_what_a_child_may_have_done_themselves_may_have_been_their_guardian(
    world: World,
) -> None:
    [parent], child = await family(world, "p1")
    for kind, told in (
        (Kind.SESSION_BEGUN, set()),
        (Kind.USES_VIEWED, set()),
        (Kind.PACKAGE_FETCHED, {child}),
    ):
        async with world.tillit.unit() as work:
            subject = (await members.one(work.unit, child)).key.subject()
            own = Act(ActorType.MEMBER, subject.hex())
            await world.tillit.record.write(work.session, own.entry(kind, subject=subject))
        found = await world.ask(await misused(world, parent))
        assert (those(world, found, "certain"), those(world, found, "maybe")) == (set(), told)


async def test_what_a_guardian_asks_for_and_reads_again_concerns_the_child(world: World) -> None:
    [parent], child = await family(world, "p1")
    async with world.tillit.unit() as work:
        one = await members.one(work.unit, parent)
        act = Act(ActorType.MEMBER, one.key.subject().hex())
        theirs = await child_requests.ward(work.unit, work.active, one, child)
        await child_requests.open_request(
            work.unit, act, work.active, theirs, guardian=one, right=Right.ACCESS, lately=True
        )
    found = await world.ask(await misused(world, parent))
    assert those(world, found, "certain") == {child}
    assert found.is_sure


@pytest.mark.parametrize("known", [True, False])
async def test_a_child_who_was_erased_since_is_not_forgotten(world: World, known: bool) -> None:
    [parent], child = await family(world, "p1")
    await looks(world, parent)
    question = await misused(world, parent)
    async with world.tillit.unit() as work:
        await approved(work, Right.ERASURE, child)
    await worker.drain(world.tillit)
    if not known:
        question = await misused(world, parent)
        assert question.wards == ()
    found = await world.ask(question)
    assert those(world, found, "certain") == set()
    # Whose child it was, only who asked in time can tell.
    assert (found.gone, found.wards, found.is_sure) == (1, int(not known), known)


async def test_a_ledger_that_somebody_changed_leaves_in_doubt_whose_child_it_is(
    world: World,
) -> None:
    [parent], child = await family(world, "p1")
    await looks(world, parent)
    question = await misused(world, parent)
    ordinal = world.people[child]
    as_owner(
        world.tillit,
        "UPDATE ledger SET sealed = '\\x00' WHERE member = (SELECT id FROM member "
        "WHERE ordinal = %s)",
        ordinal,
    )
    found = await world.ask(question)
    assert those(world, found, "maybe") == {child}
    assert not found.is_sure
