"""What a member asks for as well, while an agent's request waits for them, is theirs."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from agents_at_doors import Agent, certificate, pin
from callers_at_doors import Club

from api.bootstrap import Tillit
from api.work import drain, remind
from audit.acts import Act
from audit.entries import ActorType
from dsar import register, requests
from dsar.states import Right, State
from dsar.words import Channel
from kernel.clock import StoppedClock

ASA, BO = "asa@post.example", "bo@post.example"


@pytest.fixture
def agent(tillit: Tillit, http: httpx.AsyncClient) -> Agent:
    pin(tillit, "dataombudet")
    return Agent(http)


async def states(tillit: Tillit) -> list[State]:
    async with tillit.unit() as work:
        return [one.state for one in await register.listed(work.unit)]


@pytest.mark.parametrize("joined", [True, False])
async def test_an_agent_takes_back_its_own_copy_and_not_what_the_member_asks_for(
    tillit: Tillit, agent: Agent, club: Club, joined: bool
) -> None:
    member = await club.joins("1", email=ASA)
    reference = await agent.hands_in("access")
    await drain(tillit)
    if joined:
        own = await club.member(member, stepped_up=False)
        await own.ok("POST", "/v1/me/requests", {"right": "access"})
    assert (await agent.asks(reference, "DELETE")).status_code == 202
    await drain(tillit)
    assert await states(tillit) == [State.REQUIRES_ACTION if joined else State.UNFULFILLED]
    assert await agent.status(reference) == "cancelled"


async def test_who_joins_late_has_as_long_to_answer_and_the_agent_sees_no_difference(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    member = await club.joins("1", email=ASA)
    # The record's times are the machine's: they join today what was handed in 29 days ago.
    start = datetime.now(UTC) - timedelta(days=29)
    tillit.clock = StoppedClock(start)
    pin(tillit, "dataombudet", certificate("dataombudet", since=start))
    said = {"submitted_time": start.isoformat(timespec="seconds")}
    references = [await agent.hands_in("access", email=email, **said) for email in (ASA, BO)]
    await drain(tillit)
    tillit.clock = StoppedClock(start + timedelta(days=29))
    async with tillit.unit() as work:
        officer = Act(ActorType.OFFICER, "officer-1")
        await requests.open_request(
            work.unit,
            officer,
            work.active,
            Right.ACCESS,
            UUID(member),
            channel=Channel.OFFICER,
            proof=None,
        )
    for day, status, state in (
        (29, "pending", State.REQUIRES_ACTION),
        (31, "cancelled", State.REQUIRES_ACTION),
        (60, "cancelled", State.UNFULFILLED),
    ):
        tillit.clock = StoppedClock(start + timedelta(days=day))
        await remind(tillit)
        await drain(tillit)
        now = tillit.clock.now()
        told = [(await agent.asks(one, at=now)).json()["request_status"] for one in references]
        assert told == [status, status], day
        assert await states(tillit) == [state]
