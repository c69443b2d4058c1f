"""Reminders: who is told what, how often, and what time does to a question nobody answers."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
import structlog
from at_the_desk import approved, opened

from api import work as worker
from api.bootstrap import SYSTEM, Tillit, Work
from api.bootstrap import opened as open_tillit
from api.settings import Settings
from audit.browsing import all_entries
from audit.entries import Fact, Kind
from audit.verify import VerifierKey
from consent.programme import read_programme
from dsar import checks, deciding, mail, outgoing, register, requests
from dsar.mail import Message
from dsar.states import Right, State
from dsar.words import Delay, Reason
from kernel.clock import StoppedClock
from kernel.database import raw
from profiles.enrolment import enrol
from profiles.members import one

EXAMPLE = (Path(__file__).parents[3] / "examples" / "fjallklubben.toml").read_text("utf-8")
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
DUE = date(2026, 4, 2)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(START)


@pytest_asyncio.fixture
async def club(settings: Settings, clock: StoppedClock) -> AsyncIterator[Tillit]:
    async with open_tillit(settings, clock=clock) as tillit:
        await tillit.apply(SYSTEM, read_programme(EXAMPLE))
        yield tillit


async def _member(work: Work, number: str) -> UUID:
    (made,) = await enrol(work.unit, SYSTEM, [{"member_number": number}], source="test")
    return made.id


async def _messages(tillit: Tillit) -> list[Message]:
    """What is on its way to officers, oldest first."""
    async with tillit.unit() as work:
        cursor = await (await raw(work.session)).execute(
            "SELECT id FROM outgoing WHERE carrier = 'email' AND member IS NULL "
            "ORDER BY made_at, id"
        )
        found = [await outgoing.take(work.unit, row[0]) for row in await cursor.fetchall()]
    return [mail.unpacked(one.payload) for one in found if one is not None and one.payload]


async def _reminders(tillit: Tillit, request: UUID) -> list[int]:
    async with tillit.unit() as work:
        found = [one async for one in all_entries(work.session, kinds=[Kind.REQUEST_MOVED])]
    return [
        one.facts["left"]
        for one in found
        if one.facts["request"] == str(request) and one.facts["step"] == "remind"
    ]


async def test_it_is_reminded_of_at_14_7_and_3_days_and_each_day_once_it_is_late(
    club: Tillit, clock: StoppedClock
) -> None:
    async with club.unit() as work:
        request = (await opened(work, Right.ACCESS, await _member(work, "1"))).id
    while clock.at.date() <= DUE + timedelta(days=2):
        await worker.remind(club)
        clock.at += timedelta(hours=8)
    assert await _reminders(club, request) == [14, 7, 3, -1, -2]
    said = await _messages(club)
    assert [one.to for one in said] == ["privacy@fjallklubben.example"] * 5
    assert said[0].subject == "Requests: 1 due soon"
    assert said[-1].subject == "Requests: 1 overdue"
    assert f"{request}  access        due 2026-04-02  14 days left" in said[0].text
    assert "OVERDUE by 2 days" in said[-1].text
    async with club.unit() as work:
        assert (await register.get(work.unit, request)).state is State.ACKNOWLEDGED


async def test_one_message_tells_of_everything_and_of_nobody(
    club: Tillit, clock: StoppedClock
) -> None:
    async with club.unit() as work:
        people = [await _member(work, str(number)) for number in range(4)]
        ids = [(await opened(work, Right.ACCESS, one)).id for one in people]
        await deciding.refuse(work.unit, SYSTEM, work.active, ids[3], reason=Reason.EXCESSIVE)
    clock.at += timedelta(days=29)
    assert await worker.remind(club) == 3
    assert await worker.remind(club) == 0
    (message,) = await _messages(club)
    assert all(str(one) in message.text for one in ids[:3])
    assert str(ids[3]) not in message.text
    assert all(str(one) not in message.text for one in people)
    assert "fjallklubben" not in repr(message)


@pytest.mark.parametrize(
    ("mailbox", "to"),
    [
        ('mailbox = "requests@fjallklubben.example"', "requests@fjallklubben.example"),
        ("", "privacy@fjallklubben.example"),
    ],
)
async def test_the_programmes_mailbox_is_written_to_or_else_the_controllers_contact(
    club: Tillit, clock: StoppedClock, mailbox: str, to: str
) -> None:
    text = EXAMPLE.replace("[requests]\n", f"[requests]\n{mailbox}\n", 1)
    await club.apply(SYSTEM, read_programme(text))
    async with club.unit() as work:
        await opened(work, Right.ACCESS, await _member(work, "1"))
    clock.at += timedelta(days=20)
    await worker.remind(club)
    assert [one.to for one in await _messages(club)] == [to]


async def test_where_nobody_can_be_written_to_nobody_is_said_to_have_been(
    club: Tillit, clock: StoppedClock
) -> None:
    contact = 'contact = "privacy@fjallklubben.example"'
    text = EXAMPLE.replace(contact, 'contact = "https://fjallklubben.example/privacy"', 1)
    await club.apply(SYSTEM, read_programme(text))
    async with club.unit() as work:
        request = (await opened(work, Right.ACCESS, await _member(work, "1"))).id
    clock.at += timedelta(days=40)
    with structlog.testing.capture_logs() as logs:
        assert await worker.remind(club) == 0
    assert await _reminders(club, request) == []
    late = [one for one in logs if one["event"] == "requests_overdue"]
    assert [(one["requests"], one["log_level"]) for one in late] == [(1, "warning")]


async def test_an_extension_moves_the_reminders_with_the_day(
    club: Tillit, clock: StoppedClock
) -> None:
    async with club.unit() as work:
        request = (await opened(work, Right.ACCESS, await _member(work, "1"))).id
    clock.at += timedelta(days=20)
    await worker.remind(club)
    async with club.unit() as work:
        await deciding.extend(work.unit, SYSTEM, request, reason=Delay.COMPLEX)
    for _ in range(80):
        await worker.remind(club)
        clock.at += timedelta(days=1)
    assert await _reminders(club, request) == [11, 14, 7, 3, *range(-1, -8, -1)]


async def test_a_question_that_nobody_answers_stops_the_reminders_and_then_the_request(
    club: Tillit, clock: StoppedClock
) -> None:
    async with club.unit() as work:
        member = await _member(work, "1")
        request = (await opened(work, Right.ACCESS, member, proof=None)).id
        await requests.ask_identity(work.unit, SYSTEM, work.active, request)
    clock.at += timedelta(days=29)
    assert await worker.remind(club) == 0
    clock.at += timedelta(days=1)
    assert await worker.remind(club) == 1
    async with club.unit() as work:
        found = await register.get(work.unit, request)
    assert (found.state, found.reason) == (State.UNFULFILLED, "IdentityVerificationFailure")
    assert await _messages(club) == []


async def test_what_somebody_has_in_hand_is_left_for_the_next_time(
    club: Tillit, clock: StoppedClock
) -> None:
    async with club.unit() as work:
        request = (await opened(work, Right.ACCESS, await _member(work, "1"))).id
    clock.at += timedelta(days=20)
    async with club.unit() as work:
        await register.row_of(work.unit, request, lock=True)
        assert await worker.remind(club) == 0
    assert await worker.remind(club) == 1


async def test_an_erasure_that_waits_for_a_recipient_is_reminded_of_by_who_is_late_alone(
    club: Tillit, clock: StoppedClock
) -> None:
    async with club.unit() as work:
        member = await _member(work, "1")
        request = (await approved(work, Right.ERASURE, member)).id
        facts: dict[str, Fact] = {
            "request": str(request),
            "recipient": "brevduvan",
            "what": "erasure",
            "by": "mailbox",
            "fields": [],
        }
        subject = (await one(work.unit, member)).key.subject()
        await work.unit.record.write(
            work.session, SYSTEM.entry(Kind.RECIPIENT_TOLD, subject=subject, facts=facts)
        )
        await outgoing.post(
            work.unit,
            outgoing.Parcel(
                request=request,
                what="erasure",
                carrier="mailbox",
                payload=b"{}",
                recipient="brevduvan",
                due=work.unit.today + timedelta(days=14),
            ),
        )
    await worker.drain(club)
    async with club.unit() as work:
        found = await register.get(work.unit, request)
    assert (found.state, found.member) == (State.CARRIED_OUT, None)
    clock.at += timedelta(days=20)
    await worker.remind(club)
    await worker.remind(club)
    assert await _reminders(club, request) == []  # the member has had their answer
    about = [one.subject for one in await _messages(club)]
    assert about == ["Recipients who have not answered: 1"]
    late = next(one for one in await _messages(club) if one.subject.startswith("Recipients"))
    assert "brevduvan: 1" in late.text


async def test_reminders_leave_the_register_in_keeping_with_the_record(
    club: Tillit, clock: StoppedClock
) -> None:
    async with club.unit() as work:
        await opened(work, Right.ACCESS, await _member(work, "1"))
        await approved(work, Right.RESTRICTION, await _member(work, "2"))
    clock.at += timedelta(days=40)
    await worker.remind(club)
    await worker.drain(club)
    key = VerifierKey.parse((await club.signer()).verifier_key)
    async with club.unit() as work:
        assert await checks.check(work.unit, key) == []
