"""The clock of a request, on the days that count: it stops, runs on, is put off, and runs out."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import naive_deadlines
import pytest

from api.bootstrap import SYSTEM, Tillit, opened
from api.settings import Settings
from audit.acts import Act
from audit.entries import ActorType
from audit.verify import VerifierKey
from consent.programme.loading import read_programme
from dsar import checks, deciding, identity, register, requests
from dsar.errors import NotARequest, SameOfficer, TooLate, WrongState
from dsar.identity import How, Proof
from dsar.register import Request
from dsar.states import Right, State
from dsar.wanted import Wanted
from dsar.words import Channel, Delay
from kernel.clock import StoppedClock
from profiles.enrolment import enrol, rectify
from profiles.members import one

STOCKHOLM = ZoneInfo("Europe/Stockholm")
PROGRAMME = """
[controller]
name = "A"
country = "SE"
contact = "a@club.example"
[requests]
prompt_days = 7
identity_days = 30
four_eyes = ["erasure"]
[fields]
email = { category = "pd:EmailAddress", lookup = true }
[purposes.offers]
legal_basis = "consent"
dpv = "dpv:PersonalisedBenefits"
fields = ["email"]
notice = { sv = "Vi gör så." }
[services.till]
offers = ["read"]
"""
RECEIVED = date(2026, 3, 10)
DUE = date(2026, 4, 10)
FIRST, SECOND = (Act(ActorType.OFFICER, f"officer-{n}") for n in (1, 2))


class Desk:
    """One member, one request at a time, and a clock that stands where it is put."""

    def __init__(self, tillit: Tillit, clock: StoppedClock, member: UUID) -> None:
        self.tillit, self.clock, self.member = tillit, clock, member

    def on(self, day: date, at: time = time(12)) -> None:
        """It is that day and time where the programme runs."""
        self.clock.at = datetime.combine(day, at, STOCKHOLM).astimezone(UTC)

    async def opens(self, right: Right = Right.ACCESS, *, proof: bool = False) -> UUID:
        self.on(RECEIVED)
        async with self.tillit.unit() as work:
            made = await requests.open_request(
                work.unit,
                FIRST,
                work.active,
                right,
                self.member,
                channel=Channel.OFFICER,
                proof=Proof(How.OFFICER) if proof else None,
                wish=Wanted(purposes=("offers",)) if right is Right.WITHDRAWAL else None,
            )
        return made.id

    async def asks(self, request: UUID) -> Request:
        async with self.tillit.unit() as work:
            return await requests.ask_identity(work.unit, FIRST, work.active, request)

    async def proves(self, request: UUID, *fields: str) -> Request:
        async with self.tillit.unit() as work:
            member = await one(work.unit, self.member, lock=True)
            for name in fields:
                proof = Proof(How.CODE, name)
                await identity.prove(work.unit, SYSTEM, request, member, proof)
            return await requests.identified(work.unit, SYSTEM, work.active, request)

    async def extends(self, request: UUID) -> Request:
        async with self.tillit.unit() as work:
            return await deciding.extend(work.unit, FIRST, request, reason=Delay.MANY)

    async def lapses(self, request: UUID) -> bool:
        async with self.tillit.unit() as work:
            return await requests.lapse(work.unit, SYSTEM, work.active, request)

    async def stands(self, request: UUID) -> Request:
        async with self.tillit.unit() as work:
            return await register.get(work.unit, request)


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    clock = StoppedClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    async with opened(settings, clock=clock) as tillit:
        await tillit.apply(SYSTEM, read_programme(PROGRAMME))
        async with tillit.unit() as work:
            values = {"member_number": "1", "email": "m@post.example"}
            [member] = await enrol(work.unit, SYSTEM, [values], source="test")
        yield Desk(tillit, clock, member.id)


async def test_days_on_which_a_prompt_question_was_open_come_on_top(desk: Desk) -> None:
    request = await desk.opens()
    assert (await desk.stands(request)).due == DUE
    desk.on(date(2026, 3, 12))
    assert (await desk.asks(request)).paused
    desk.on(date(2026, 3, 21), time(23, 59, 59))
    found = await desk.proves(request, "email")
    assert (found.state, found.paused) == (State.ACKNOWLEDGED, False)
    # Nine days, from 10 April to Sunday the 19th, and on to Monday.
    assert found.due == date(2026, 4, 20) == naive_deadlines.due(RECEIVED, "SE", paused=9)


async def test_a_question_that_answered_itself_ends_nothing_and_the_request_goes_on(
    desk: Desk,
) -> None:
    """The address that was to be proved is not kept any more when their time is over."""
    request = await desk.opens(Right.ERASURE)
    await desk.asks(request)
    desk.on(date(2026, 3, 12))
    async with desk.tillit.unit() as work:
        member = await one(work.unit, desk.member, lock=True)
        await identity.prove(
            work.unit, SYSTEM, request, member, Proof(How.PURCHASE, "member_number")
        )
        waits = await requests.identified(work.unit, SYSTEM, work.active, request)
        assert waits.state is State.REQUIRES_ACTION
        await rectify(work.unit, SYSTEM, member, {"email": None}, source="test")
    desk.on(RECEIVED + timedelta(days=30))
    assert not await desk.lapses(request)
    found = await desk.stands(request)
    assert (found.state, found.paused) == (State.ACKNOWLEDGED, False)
    assert found.due == naive_deadlines.due(RECEIVED, "SE", paused=30)


async def test_a_question_answered_on_its_day_stops_nothing(desk: Desk) -> None:
    request = await desk.opens()
    await desk.asks(request)
    desk.on(RECEIVED, time(23, 59, 59))
    assert (await desk.proves(request, "email")).due == DUE


@pytest.mark.parametrize(("day", "stands"), [(17, True), (18, False), (25, False)])
async def test_a_question_that_was_not_prompt_stops_nothing(
    desk: Desk, day: int, stands: bool
) -> None:
    request = await desk.opens()
    desk.on(date(2026, 3, day), time(23, 59, 59))
    found = await desk.asks(request)
    assert (found.state, found.paused) == (State.REQUIRES_ACTION, stands)
    desk.on(date(2026, 3, day + 3))
    found = await desk.proves(request, "email")
    assert found.due == naive_deadlines.due(RECEIVED, "SE", paused=3 if stands else 0)


async def test_half_a_proof_does_not_start_the_clock_again(desk: Desk) -> None:
    request = await desk.opens(Right.ERASURE)
    await desk.asks(request)
    desk.on(date(2026, 3, 15))
    assert (await desk.proves(request, "email")).paused
    desk.on(date(2026, 3, 20))
    found = await desk.proves(request, "member_number")
    assert (found.paused, found.due) == (False, date(2026, 4, 20))


async def test_nothing_is_asked_of_somebody_who_has_proved_it(desk: Desk) -> None:
    request = await desk.opens(proof=True)
    with pytest.raises(NotARequest):
        await desk.asks(request)


@pytest.mark.parametrize(("day", "too_late"), [(10, False), (11, True)])
async def test_an_extension_is_sent_within_the_first_month(
    desk: Desk, day: int, too_late: bool
) -> None:
    request = await desk.opens()
    desk.on(date(2026, 4, day), time(0, 0, 1) if too_late else time(23, 59, 59))
    if too_late:
        with pytest.raises(TooLate, match="2026-04-10"):
            await desk.extends(request)
        assert (await desk.stands(request)).due == DUE
        return
    found = await desk.extends(request)
    assert (found.state, found.due) == (State.DELAYED, date(2026, 6, 10))
    with pytest.raises(WrongState):
        await desk.extends(request)


async def test_the_first_month_is_as_long_as_its_pause(desk: Desk) -> None:
    request = await desk.opens()
    await desk.asks(request)
    desk.on(date(2026, 3, 15))
    await desk.proves(request, "email")
    desk.on(date(2026, 4, 15))  # five days later than without the pause
    assert (await desk.extends(request)).due == date(2026, 6, 15)


async def test_it_is_put_off_once_whatever_is_asked_in_between(desk: Desk) -> None:
    request = await desk.opens()
    await desk.extends(request)
    await desk.asks(request)
    await desk.proves(request, "email")
    assert (await desk.stands(request)).state is State.ACKNOWLEDGED
    with pytest.raises(WrongState):
        await desk.extends(request)


async def test_a_withdrawal_is_put_off_by_nobody(desk: Desk) -> None:
    request = await desk.opens(Right.WITHDRAWAL)
    with pytest.raises(WrongState):
        await desk.extends(request)
    assert (await desk.proves(request, "email")).state is State.ACCEPTED


@pytest.mark.parametrize(("day", "over"), [(8, False), (9, True)])
async def test_a_question_that_nobody_answers_closes_the_request_after_thirty_days(
    desk: Desk, day: int, over: bool
) -> None:
    request = await desk.opens()
    await desk.asks(request)
    assert not await desk.lapses(request)
    desk.on(date(2026, 4, day), time(0, 0, 1) if over else time(23, 59, 59))
    assert await desk.lapses(request) is over
    found = await desk.stands(request)
    assert found.state is (State.UNFULFILLED if over else State.REQUIRES_ACTION)
    assert found.reason == ("IdentityVerificationFailure" if over else None)
    assert found.paused is not over
    assert not await desk.lapses(request)


async def test_a_paused_clock_shows_the_days_it_had_left_when_it_stopped(desk: Desk) -> None:
    request = await desk.opens()
    await desk.asks(request)
    found = await desk.stands(request)
    assert found.days_left(RECEIVED) == found.days_left(date(2026, 4, 5)) == 31


async def test_a_second_officer_is_another_one(desk: Desk) -> None:
    request = await desk.opens(Right.ERASURE, proof=True)

    async def approves(act: Act) -> Request:
        async with desk.tillit.unit() as work:
            return await deciding.approve(work.unit, act, work.active, request)

    assert (await approves(FIRST)).two
    with pytest.raises(SameOfficer):
        await approves(FIRST)
    found = await approves(SECOND)
    assert (found.state, found.two) == (State.ACCEPTED, False)


async def test_a_request_of_a_long_transaction_is_not_called_forged(desk: Desk) -> None:
    """One of many that were opened together, on a machine that has much else to do."""
    desk.on(RECEIVED)
    async with desk.tillit.unit() as work:
        desk.clock.at += timedelta(seconds=90)
        await requests.open_request(
            work.unit,
            FIRST,
            work.active,
            Right.ACCESS,
            desk.member,
            channel=Channel.OFFICER,
            proof=None,
        )
    key = VerifierKey.parse((await desk.tillit.signer()).verifier_key)
    async with desk.tillit.unit() as work:
        assert await checks.check(work.unit, key) == []
