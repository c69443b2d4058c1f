"""Whoever changes in the database what an agent handed in gets nothing done, and is found."""

from typing import Any, LiteralString
from uuid import UUID

import httpx
import psycopg
import pytest
from agents_at_doors import Agent, pin
from callers_at_doors import Club

from api.bootstrap import SYSTEM, Tillit
from api.jobs import Steps
from api.work import drain
from audit.acts import Act
from audit.entries import ActorType
from audit.verify import VerifierKey
from consent.programme import read_programme
from dsar import checks, register
from dsar.opendsr import handed, receiving
from kernel.database import libpq
from kernel.errors import Unavailable

OFFICER = Act(ActorType.OFFICER, "officer-1")


@pytest.fixture
def agent(tillit: Tillit, http: httpx.AsyncClient) -> Agent:
    pin(tillit, "dataombudet")
    return Agent(http)


def owner(tillit: Tillit, statement: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
    """As the owner of the database, past every right of the application."""
    with psycopg.connect(libpq(tillit.url, role=None), autocommit=True) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


async def problems(tillit: Tillit) -> list[str]:
    key = VerifierKey.parse((await tillit.signer()).verifier_key)
    async with tillit.unit() as work:
        return await checks.check(work.unit, key)


CHANGES: list[LiteralString] = [
    "UPDATE handed_in SET kind = 'erasure' RETURNING id",
    "UPDATE handed_in SET sender = 'agent/another' RETURNING id",
    "UPDATE handed_in SET sender = 'service/till' RETURNING id",
    "UPDATE handed_in SET reference = reference || 'x' RETURNING id",
    "UPDATE handed_in SET received_at = received_at - interval '20 days' RETURNING id",
    "UPDATE handed_in SET sealed = NULL RETURNING id",
]


@pytest.mark.parametrize("change", CHANGES)
async def test_what_was_changed_before_anybody_looked_opens_nothing_and_is_named(
    tillit: Tillit, agent: Agent, club: Club, change: LiteralString
) -> None:
    await club.joins("1", email="asa@post.example")
    await agent.hands_in("access")
    assert await problems(tillit) == []
    [(id,)] = owner(tillit, change)
    with pytest.raises(Unavailable):
        await Steps(tillit).look(handed=str(id))
    async with tillit.unit() as work:
        assert await register.listed(work.unit) == []
    assert await problems(tillit) == [f"handed in {id} is not as it was sealed"]
    officer = await club.officer()
    (seen,) = await officer.ok("GET", "/v1/requests/handed-in")
    assert seen["problems"] == [handed.BROKEN]


@pytest.mark.parametrize("link", ["request", "kind"])
async def test_a_mandate_for_one_request_is_not_turned_to_another(
    tillit: Tillit, agent: Agent, club: Club, link: str
) -> None:
    await mandated(tillit)
    member = await club.joins("1", email="asa@post.example")
    await agent.hands_in("access")
    await drain(tillit)
    own = await club.member(member, stepped_up=False)
    other = UUID((await own.ok("POST", "/v1/me/requests", {"right": "erasure"}))["request"])
    if link == "request":
        owner(tillit, "UPDATE request SET state = 'requires_action' WHERE id = %s", other)
        owner(tillit, "UPDATE handed_in SET request = %s", other)
        turned = other
    else:
        [(turned,)] = owner(
            tillit, "UPDATE request SET kind = 'erasure' WHERE kind = 'access' RETURNING id"
        )
    with pytest.raises(Unavailable):
        async with tillit.unit() as work:
            await receiving.attest(work.unit, OFFICER, work.active, turned)


async def test_an_agent_that_may_ask_for_it_no_more_opens_nothing(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    await club.joins("1", email="asa@post.example")
    reference = await agent.hands_in("erasure")
    await mandated(tillit, 'rights = ["access"]')
    await drain(tillit)
    async with tillit.unit() as work:
        assert await register.listed(work.unit) == []
    assert await agent.status(reference) == "pending"
    assert await problems(tillit) == []


async def mandated(tillit: Tillit, more: str = "mandate = true") -> None:
    """The programme says this too of the agent."""
    async with tillit.unit() as work:
        source = work.active.programme.source
    head = "[agents.dataombudet]\n"
    begun = source.index(head)
    rest = source[begun + len(head) :]
    key = more.partition(" ")[0] + " "
    kept = "\n".join(line for line in rest.split("\n") if not line.startswith(key))
    await tillit.apply(SYSTEM, read_programme(source[:begun] + head + more + "\n" + kept))
