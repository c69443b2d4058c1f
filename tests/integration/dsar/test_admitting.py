"""How much a member may have open at a time, and what there must be for it to be opened at all."""

import asyncio
from typing import Any
from uuid import UUID

import at_the_desk
import pytest
from a_life import VALUES, Life

from api import work as worker
from api.bootstrap import SYSTEM, Work
from audit.acts import Act
from audit.entries import ActorType
from consent.programme.loading import read_programme
from dsar import admitting, deciding, identity, register, requests
from dsar.admitting import MOST
from dsar.errors import NotARequest, TooMany
from dsar.identity import How, Proof
from dsar.opendsr import handed, receiving
from dsar.opendsr.handed import HandedIn, Kept, Sender
from dsar.opendsr.handed import State as Stands
from dsar.states import Right, State
from dsar.wanted import Wanted
from dsar.words import Channel
from kernel.ids import uuid7
from profiles.members import one

OFFICER = Act(ActorType.OFFICER, "officer-1")
OPENED, HELD = Stands.OPENED, Stands.HELD
GUARDIAN = Channel.GUARDIAN
CONNECTED = """
[recipients.letters.connector]
by = "mailbox"
address = "privacy@brevduvan.example"
"""


async def opens(
    life: Life, number: int, by: Channel = Channel.MEMBER, member: UUID | None = None
) -> UUID:
    """A correction that is unlike all others."""
    return await asks(life, Right.RECTIFICATION, _county(number), by=by, member=member)


async def asks(
    life: Life,
    right: Right,
    wish: Wanted | None = None,
    *,
    by: Channel = Channel.MEMBER,
    member: UUID | None = None,
) -> UUID:
    who = member or life.member
    async with life.tillit.unit() as work:
        act = OFFICER if by is Channel.OFFICER else await act_of(work, who)
        found = await requests.open_request(
            work.unit, act, work.active, right, who, channel=by, proof=None, wish=wish
        )
    return found.id


async def act_of(work: Work, member: UUID) -> Act:
    """Of a member themselves, as of their guardian."""
    return Act(ActorType.MEMBER, (await one(work.unit, member)).key.subject().hex())


async def handed_in(
    life: Life, note: str, right: Right = Right.REVIEW, by: str = "till"
) -> HandedIn:
    """By a service, for the member, and looked into."""
    sender = Sender(ActorType.SERVICE, by)
    kept = Kept(b"", (("email", str(VALUES["email"])),), note=note)
    async with life.tillit.unit() as work:
        made = uuid7(work.unit.milliseconds)
        assert await handed.add(
            work.unit, made, sender, reference=str(made), right=right, kept=kept
        )
        assert await receiving.look(work.unit, work.active, made)
        return await handed.one(work.unit, made)


async def full(life: Life) -> list[UUID]:
    return [await opens(life, number) for number in range(MOST)]


@pytest.mark.parametrize("by", [Channel.MEMBER, GUARDIAN])
async def test_nobody_but_an_officer_opens_one_more_than_a_member_may_have(
    life: Life, by: Channel
) -> None:
    mine = await full(life)
    with pytest.raises(TooMany, match=r"20 requests .* are open.*take one back"):
        await opens(life, 99, by)
    assert await opens(life, 0, by) == mine[0]  # what is open is joined
    await opens(life, 99, by, life.neighbour)  # and others are none the worse
    await opens(life, 99, Channel.OFFICER)


async def test_the_first_for_a_right_is_never_one_too_many_and_the_second_is(life: Life) -> None:
    await full(life)
    for right in (Right.ACCESS, Right.ERASURE, Right.REVIEW, Right.RESTRICTION):
        await asks(life, right, Wanted(note="first"))
        with pytest.raises(TooMany):
            await asks(life, right, Wanted(note="second"))


async def test_what_others_have_opened_takes_no_room_from_the_member(life: Life) -> None:
    for number in range(MOST + 5):
        await handed_in(life, f"why {number}")
        await opens(life, 100 + number, Channel.OFFICER)
    await full(life)
    for right in (Right.ACCESS, Right.ERASURE, Right.REVIEW):
        await asks(life, right, Wanted(note="mine"))


async def test_of_one_sender_one_question_about_a_right_is_put_to_the_member_at_a_time(
    life: Life,
) -> None:
    first = await handed_in(life, "why so little")
    assert (first.state, (await handed_in(life, "why so late")).state) == (OPENED, HELD)
    assert (await handed_in(life, "", Right.ACCESS)).state is OPENED
    assert (await handed_in(life, "why not", by="newsletter")).state is OPENED
    assert first.request is not None
    async with life.tillit.unit() as work:
        person = await one(work.unit, life.member, lock=True)
        await identity.prove(work.unit, OFFICER, first.request, person, Proof(How.OFFICER))
        await requests.identified(work.unit, OFFICER, work.active, first.request)
    assert (await handed_in(life, "why so early")).state is OPENED


async def test_a_sender_has_as_many_open_as_a_member_and_no_more(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admitting, "MOST", 2)
    states = [
        (await handed_in(life, "", right)).state
        for right in (Right.ACCESS, Right.ERASURE, Right.RESTRICTION)
    ]
    assert states == [OPENED, OPENED, HELD]


async def test_what_waits_for_recipients_alone_takes_no_room(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admitting, "MOST", 2)
    async with life.tillit.unit() as work:
        source = work.active.programme.source
    await life.tillit.apply(SYSTEM, read_programme(source + CONNECTED))
    for number in range(2):
        wish = Wanted(values={"name": f"Åsa {number}"})
        asked = await asks(life, Right.RECTIFICATION, wish)
        async with life.tillit.unit() as work:
            await at_the_desk.approved(work, Right.RECTIFICATION, life.member, wish=wish)
        await worker.drain(life.tillit)
        async with life.tillit.unit() as work:
            assert (await register.get(work.unit, asked)).state is State.CARRIED_OUT
    await opens(life, 1)
    await opens(life, 2)
    with pytest.raises(TooMany):
        await opens(life, 3)


async def test_what_is_answered_or_taken_back_makes_room(life: Life) -> None:
    mine = await full(life)
    async with life.tillit.unit() as work:
        await deciding.cancel(work.unit, OFFICER, mine[0])
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
            act = await act_of(work, life.member)
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
    for by in (Channel.OFFICER, Channel.MEMBER):
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
        await deciding.approve(work.unit, OFFICER, work.active, released.id)
    await worker.drain(life.tillit)
    with pytest.raises(NotARequest):
        await asks(life, Right.RELEASE)


def _county(number: int) -> Wanted:
    return Wanted(values={"county": f"County {number}"})
