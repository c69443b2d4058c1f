"""What another company handed in says nothing any more of a member who was erased."""

from uuid import UUID

import at_the_desk
import httpx
import pytest
from agents_at_doors import Agent, identity, pin
from callers_at_doors import Club

from api.bootstrap import Tillit
from api.jobs import Steps
from dsar.opendsr import handed, receiving
from dsar.opendsr.handed import HandedIn, State
from dsar.states import Right
from kernel.database import raw

ASA, PHONE = "asa@post.example", "+46701234567"
BOTH = [identity("email", ASA), identity("phone_number", PHONE)]


@pytest.fixture
def agent(tillit: Tillit, http: httpx.AsyncClient) -> Agent:
    pin(tillit, "dataombudet")
    return Agent(http)


async def _only(tillit: Tillit, *, look: bool = False) -> HandedIn:
    async with tillit.unit() as work:
        query = "SELECT id FROM handed_in"
        [(id,)] = await (await (await raw(work.session)).execute(query)).fetchall()
        if look:
            await receiving.look(work.unit, work.active, id)
        return await handed.one(work.unit, id)


async def _erase(tillit: Tillit, member: str) -> None:
    async with tillit.unit() as work:
        asked = await at_the_desk.approved(work, Right.ERASURE, UUID(member))
    await Steps(tillit).erasure(request=str(asked.id))


async def test_what_is_held_forgets_who_was_erased_and_still_names_the_other(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    asa, bo = await club.joins("1", email=ASA), await club.joins("2", phone="+46 70 123 45 67")
    await agent.hands_in("access", subject_identities=BOTH)
    assert (await _only(tillit, look=True)).state is State.HELD
    await _erase(tillit, asa)
    held = await _only(tillit)
    assert held.state is State.HELD
    assert held.whole().identities == (("phone", PHONE),)
    await _erase(tillit, bo)
    over = await _only(tillit)
    assert (over.state, over.whole().identities) == (State.WAITING, ())


async def test_what_nobody_has_looked_at_forgets_who_was_erased(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    asa = await club.joins("1", email=ASA)
    await agent.hands_in("access", email=ASA.upper())
    await _erase(tillit, asa)
    waiting = await _only(tillit)  # before any look, which would not find them either
    assert (waiting.state, waiting.whole().identities) == (State.WAITING, ())
