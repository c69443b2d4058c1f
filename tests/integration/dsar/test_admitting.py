"""How much a member may have open at a time, and what there must be for it to be opened at all."""

import asyncio
from typing import Any
from uuid import UUID

import at_the_desk
import pytest
from a_life import Life

from api import work as worker
from api.bootstrap import Work
from audit.acts import Act
from audit.entries import ActorType
from dsar import register, requests
from dsar.admitting import MOST
from dsar.errors import NotARequest, TooMany
from dsar.identity import How, Proof
from dsar.states import Right, State
from dsar.wanted import Wanted
from dsar.words import Channel
from profiles.members import one

OFFICER = Act(ActorType.OFFICER, "officer-1")
CHANNELS = {
    ActorType.MEMBER: Channel.MEMBER,
    ActorType.SERVICE: Channel.SERVICE,
    ActorType.AGENT: Channel.OPENDSR,
}


async def opens(
    life: Life, number: int, by: ActorType = ActorType.MEMBER, member: UUID | None = None
) -> UUID:
    """A correction that is unlike all others."""
    return await asks(life, Right.RECTIFICATION, _county(number), by=by, member=member)


async def asks(
    life: Life,
    right: Right,
    wish: Wanted | None = None,
    *,
    by: ActorType = ActorType.MEMBER,
    member: UUID | None = None,
) -> UUID:
    who = member or life.member
    async with life.tillit.unit() as work:
        act = await act_of(work, by, who)
        found = await requests.open_request(
            work.unit, act, work.active, right, who,
            channel=CHANNELS.get(by, Channel.OFFICER), proof=None, wish=wish,
        )  # fmt: skip
    return found.id


async def act_of(work: Work, by: ActorType, member: UUID) -> Act:
    if by is not ActorType.MEMBER:
        return Act(by, "somebody")
    return Act(by, (await one(work.unit, member)).key.subject().hex())


async def full(life: Life) -> list[UUID]:
    return [await opens(life, number) for number in range(MOST)]


@pytest.mark.parametrize("by", list(CHANNELS))
async def test_nobody_but_an_officer_opens_one_more_than_a_member_may_have(
    life: Life, by: ActorType
) -> None:
    mine = await full(life)
    for right in (Right.RECTIFICATION, Right.ACCESS, Right.ERASURE):
        with pytest.raises(TooMany, match=r"20 requests .* are open.*take one back"):
            await asks(life, right, _county(99) if right is Right.RECTIFICATION else None, by=by)
    assert await opens(life, 0, by) == mine[0]  # what is open is joined
    await opens(life, 99, by, life.neighbour)  # and others are none the worse
    await opens(life, 99, ActorType.OFFICER)
    await asks(life, Right.ERASURE, by=ActorType.OFFICER)


async def test_what_is_answered_or_taken_back_makes_room(life: Life) -> None:
    mine = await full(life)
    async with life.tillit.unit() as work:
        await requests.cancel(work.unit, OFFICER, mine[0])
    await opens(life, 98)
    with pytest.raises(TooMany):
        await opens(life, 99)


@pytest.mark.parametrize(
    ("right", "about"),
    [
        (Right.WITHDRAWAL, {"purposes": ("personalised_offers", "newsletter")}),
        (Right.OBJECTION, {"marketing": True}),
    ],
)
async def test_what_stops_at_once_is_asked_for_once_whatever_is_said_beside_it(
    life: Life, right: Right, about: dict[str, Any]
) -> None:
    first = await asks(life, right, Wanted(**about, note="0"))
    for number in range(1, MOST + 1):
        assert await asks(life, right, Wanted(**about, note=str(number))) == first
    turned = {name: said[::-1] if name == "purposes" else said for name, said in about.items()}
    assert await asks(life, right, Wanted(**turned)) == first
    other = Wanted(purposes=("personalised_offers",), note="0")
    if right is Right.WITHDRAWAL:  # less, and not the same
        assert await asks(life, right, other) != first
    async with life.tillit.unit() as work:
        assert (await requests.wish_of(work.unit, first)).note == "0"


async def test_withdrawing_and_objecting_are_never_stopped_and_stop_nothing(life: Life) -> None:
    await asks(life, Right.WITHDRAWAL, Wanted(purposes=("personalised_offers",)))
    await full(life)
    for right, wish in (
        (Right.WITHDRAWAL, Wanted(purposes=("newsletter",))),
        (Right.OBJECTION, Wanted(marketing=True)),
    ):
        async with life.tillit.unit() as work:
            act = await act_of(work, ActorType.MEMBER, life.member)
            done = await requests.open_request(
                work.unit, act, work.active, right, life.member,
                channel=Channel.MEMBER, proof=Proof(How.SIGN_IN), wish=wish,
            )  # fmt: skip
        assert done.state is State.ACCEPTED


async def test_many_at_once_are_counted_one_by_one(life: Life) -> None:
    for number in range(MOST - 2):
        await opens(life, number)
    came = await asyncio.gather(
        *(opens(life, 50 + number) for number in range(6)), return_exceptions=True
    )
    assert [type(each) for each in came if not isinstance(each, UUID)] == [TooMany] * 4
    async with life.tillit.unit() as work:
        found = await register.listed(work.unit, member=life.member, only_open=True)
    assert len(found) == MOST


async def test_nobody_is_released_who_is_not_restricted(life: Life) -> None:
    for by in (ActorType.OFFICER, ActorType.MEMBER):
        with pytest.raises(NotARequest, match=r"restricted.*ask for a restriction first"):
            await asks(life, Right.RELEASE, by=by)
    asked = await life.ask(Right.RESTRICTION)
    with pytest.raises(NotARequest):  # it is approved, and not yet so
        await asks(life, Right.RELEASE)
    await worker.drain(life.tillit)
    first = await asks(life, Right.RELEASE)
    assert first != asked
    assert await asks(life, Right.RELEASE) == first
    async with life.tillit.unit() as work:
        released = await at_the_desk.opened(work, Right.RELEASE, life.member)
        await requests.approve(work.unit, OFFICER, work.active, released.id)
    await worker.drain(life.tillit)
    with pytest.raises(NotARequest):
        await asks(life, Right.RELEASE)


def _county(number: int) -> Wanted:
    return Wanted(values={"county": f"County {number}"})
