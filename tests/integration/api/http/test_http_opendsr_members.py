"""Whom a request is about that another company hands in: found out unseen, and told to nobody."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from agents_at_doors import Agent, identity, pin, wanted
from callers_at_doors import Club
from cryptography import x509

from api.bootstrap import SYSTEM, Tillit
from api.work import drain, remind
from audit.entries import Kind
from consent.programme import read_programme
from dsar import deciding, register, requests
from dsar.identity import How, Proof
from dsar.opendsr import handed
from dsar.opendsr.handed import State
from dsar.register import Request
from dsar.states import Right
from dsar.states import State as RequestState
from dsar.words import Channel
from kernel.clock import StoppedClock
from kernel.database import raw

CLUB = Path(__file__).parents[4] / "examples" / "fjallklubben.toml"
ASA, BO = "asa@post.example", "bo@post.example"


@pytest.fixture
def agent(tillit: Tillit, http: httpx.AsyncClient) -> Agent:
    pin(tillit, "dataombudet")
    return Agent(http)


async def opened(tillit: Tillit) -> list[Request]:
    async with tillit.unit() as work:
        return await register.listed(work.unit)


async def rows(tillit: Tillit, query: str, *values: Any) -> list[Any]:
    async with tillit.unit() as work:
        return await (await (await raw(work.session)).execute(query, values)).fetchall()


async def taken_in(tillit: Tillit) -> list[handed.HandedIn]:
    async with tillit.unit() as work:
        found = await rows(tillit, "SELECT id FROM handed_in ORDER BY id")
        return [await handed.one(work.unit, id) for (id,) in found]


async def proved(tillit: Tillit, request: UUID, how: How = How.OFFICER) -> None:
    """The member has shown who they are, by whichever door."""
    async with tillit.unit() as work:
        row = await register.row_of(work.unit, request)
        await requests.open_request(
            work.unit,
            SYSTEM,
            work.active,
            Right(row.kind),
            row.member or uuid4(),
            channel=Channel.OFFICER,
            proof=Proof(how),
        )


async def test_the_member_is_asked_and_nothing_happens_on_an_agents_word(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    member = await club.joins("1", email=ASA)
    reference = await agent.hands_in("erasure", email="  ÅSA@post.example".replace("Å", "A"))
    assert await opened(tillit) == [], "the answer was given before anybody looked"
    await drain(tillit)
    (request,) = await opened(tillit)
    assert str(request.member) == member
    assert request.state is RequestState.REQUIRES_ACTION
    assert request.channel is Channel.OPENDSR
    async with tillit.unit() as work:
        lacking = await requests.lacking(work.unit, work.active, request.id)
        assert lacking == {"email", "member_number"}
    assert await agent.status(reference) == "pending"
    officer = await club.officer()
    answer = await officer("POST", f"/v1/requests/{request.id}/approve")
    assert answer.status_code == 409


async def test_the_record_says_which_agent_asked_and_shows_it_to_the_member(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    member = await club.joins("1", email=ASA)
    await agent.hands_in("access")
    await drain(tillit)
    found = await rows(tillit, "SELECT body FROM audit_entry ORDER BY id")
    said = [json.loads(bytes(body)) for (body,) in found]
    theirs = [one for one in said if one["actor"] == {"type": "agent", "id": "dataombudet"}]
    kinds = [one["kind"] for one in theirs]
    assert kinds[:2] == [Kind.PROFILE_READ, Kind.REQUEST_OPENED]
    assert theirs[0]["facts"] == {"fields": ["email"], "how": "find"}
    own = await club.member(member)
    uses = await own.ok("GET", "/v1/me/uses")
    assert any("agent dataombudet" in json.dumps(one) for one in uses["uses"])
    assert ASA not in json.dumps(said)


@pytest.mark.parametrize("right", ["access", "erasure", "portability"])
async def test_of_somebody_who_is_no_member_the_same_is_told_to_the_day_of_the_end(
    tillit: Tillit, agent: Agent, club: Club, right: str
) -> None:
    await club.joins("1", email=ASA)
    start = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)
    tillit.clock = StoppedClock(start)
    answers, references = [], []
    for email in (ASA, BO):
        sent = await agent.sends(wanted(right, email=email, submitted_time=start.isoformat()))
        answers.append(sent)
        references.append(sent.json()["subject_request_id"])
    assert [one.status_code for one in answers] == [201, 201]
    told = [_bare(one) for one in answers]
    assert told[0] == told[1]
    assert len(answers[0].content) - len(ASA) * 4 // 3 == pytest.approx(
        len(answers[1].content) - len(BO) * 4 // 3, abs=4
    )
    await drain(tillit)
    seen = []
    for day in range(33):
        tillit.clock = StoppedClock(start + timedelta(days=day))
        await remind(tillit)
        await drain(tillit)
        pair = [_bare(await agent.asks(one, at=tillit.clock.now())) for one in references]
        assert pair[0] == pair[1], day
        seen.append(pair[0]["request_status"])
    assert seen == ["pending"] * 30 + ["cancelled"] * 3
    kinds = {one.state for one in await taken_in(tillit)}
    assert kinds == {State.ENDED, State.OPENED}


def _bare(answer: httpx.Response) -> Any:
    """The answer without the request's own id and its echo."""
    said = answer.json()
    return {
        name: one
        for name, one in said.items()
        if name not in ("subject_request_id", "encoded_request")
    }


async def test_identities_of_two_members_open_nothing_until_an_officer_has_looked(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    asa = await club.joins("1", email=ASA)
    bo = await club.joins("2", phone="+46 70 123 45 67")
    reference = await agent.hands_in(
        "access",
        subject_identities=[identity("email", ASA), identity("phone_number", "+46701234567")],
    )
    await drain(tillit)
    assert await opened(tillit) == []
    officer = await club.officer()
    (held,) = await officer.ok("GET", "/v1/requests/handed-in")
    assert (held["state"], held["status"], held["request"]) == ("held", "pending", None)
    assert held["sender"] == "agent/dataombudet"
    found = await officer.ok("GET", f"/v1/requests/handed-in/{held['handed']}")
    assert {one["field"]: one["members"] for one in found["leads"]} == {
        "email": [asa],
        "phone": [bo],
    }
    stranger = await club.joins("3", email="cy@post.example")
    path = f"/v1/requests/handed-in/{held['handed']}/open"
    assert (await officer("POST", path, {"member": stranger})).status_code == 404
    request = await officer.ok("POST", path, {"member": asa})
    assert request["state"] == "requires_action"
    assert (await officer("POST", path, {"member": bo})).status_code == 409
    assert await agent.status(reference) == "pending"
    (kept,) = await taken_in(tillit)
    assert kept.kept is not None
    assert kept.kept.identities == ()


async def test_a_held_one_ends_as_one_of_nobody_does(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    await club.joins("1", email=ASA)
    await club.joins("2", phone="+46 70 123 45 67")
    reference = await agent.hands_in(
        subject_identities=[identity("email", ASA), identity("phone_number", "+46701234567")]
    )
    await drain(tillit)
    later = datetime.now(UTC) + timedelta(days=31)
    tillit.clock = StoppedClock(later)
    await remind(tillit)
    assert (await agent.asks(reference, at=later)).json()["request_status"] == "cancelled"


async def test_an_identity_of_nobody_beside_a_members_own_does_not_hold_it(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    member = await club.joins("1", email=ASA)
    await agent.hands_in(
        subject_identities=[
            identity("email", ASA),
            identity("email", BO),
            identity("ios_vendor_id", "x"),
            identity("email", "ab" * 32, "sha256"),
        ]
    )
    await drain(tillit)
    (request,) = await opened(tillit)
    assert str(request.member) == member


@pytest.mark.parametrize("stepped_up", [True, False])
async def test_what_a_member_has_asked_for_themselves_no_agent_follows_or_takes_back(
    tillit: Tillit, agent: Agent, club: Club, stepped_up: bool
) -> None:
    member = await club.joins("1", email=ASA)
    own = await club.member(member, stepped_up=stepped_up)
    await own.ok("POST", "/v1/me/requests", {"right": "erasure"})
    before = await opened(tillit)
    reference = await agent.hands_in("erasure")
    await drain(tillit)
    assert [one.id for one in await opened(tillit)] == [one.id for one in before]
    assert await agent.status(reference) == "pending"
    (copy,) = await taken_in(tillit)
    assert (copy.state, copy.request) == (State.WAITING, None)
    assert (await agent.asks(reference, "DELETE")).status_code == 202
    await drain(tillit)
    assert [one.state for one in await opened(tillit)] == [one.state for one in before]
    assert await agent.status(reference) == "cancelled"


async def test_an_agent_takes_back_what_is_pending_and_nothing_that_its_member_has_made_theirs(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    await club.joins("1", email=ASA)
    first = await agent.hands_in("access")
    await drain(tillit)
    assert (await agent.asks(first, "DELETE")).status_code == 202
    assert (await agent.asks(first, "DELETE")).status_code == 202
    await drain(tillit)
    (request,) = await opened(tillit)
    assert request.state is RequestState.UNFULFILLED

    second = await agent.hands_in("access")
    await drain(tillit)
    (request,) = [one for one in await opened(tillit) if one.closed_at is None]
    await proved(tillit, request.id)
    await drain(tillit)
    assert await agent.status(second) == "in_progress"
    answer = await agent.asks(second, "DELETE")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == 409
    async with tillit.unit() as work:
        await deciding.approve(work.unit, SYSTEM, work.active, request.id)
    assert (await agent.asks(second, "DELETE")).status_code == 409


async def test_a_proof_that_comes_before_the_taking_back_is_done_keeps_the_request(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    await club.joins("1", email=ASA)
    reference = await agent.hands_in("access")
    await drain(tillit)
    (request,) = await opened(tillit)
    assert (await agent.asks(reference, "DELETE")).status_code == 202
    await proved(tillit, request.id)
    await drain(tillit)
    (request,) = await opened(tillit)
    assert request.state is RequestState.ACKNOWLEDGED
    assert await agent.status(reference) == "cancelled"


async def test_the_same_id_again_is_the_same_request_and_the_same_answer(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    await club.joins("1", email=ASA)
    said = wanted("access")
    first = await agent.sends(said)
    again = await agent.sends(said)
    assert first.json() == again.json()
    await drain(tillit)
    assert (await agent.sends(said)).json() == first.json()
    await drain(tillit)
    assert len(await opened(tillit)) == 1
    other = {**said, "subject_request_type": "erasure"}
    assert (await agent.sends(other)).status_code == 400
    assert (await agent.asks(said["subject_request_id"], "DELETE")).status_code == 202
    assert (await agent.sends(said)).json() == first.json()
    assert await agent.status(said["subject_request_id"]) == "cancelled"


async def test_two_agents_with_the_same_id_have_two_requests_and_see_their_own(
    tillit: Tillit, agent: Agent, club: Club, http: httpx.AsyncClient
) -> None:
    text = CLUB.read_text() + '\n[agents.other]\nname = "Other AB"\ncontact = "a@other.example"\n'
    text += 'domain = "other.example"\nrights = ["access"]\n'
    await tillit.apply(SYSTEM, read_programme(text))
    pin(tillit, "other")
    other = Agent(http, "other", "other.example")
    await club.joins("1", email=ASA)
    said = wanted("access")
    reference = said["subject_request_id"]
    assert (await agent.sends(said)).status_code == 201
    assert (await other.asks(reference)).status_code == 404
    assert (await other.sends(said)).status_code == 201
    assert (await other.asks(reference, "DELETE")).status_code == 202
    await drain(tillit)
    assert await agent.status(reference) == "pending"
    assert await other.status(reference) == "cancelled"
    assert (await other.sends(wanted("erasure"))).status_code == 400
    (request,) = await opened(tillit)
    assert request.state is RequestState.REQUIRES_ACTION


async def test_an_agent_that_the_programme_drops_is_a_stranger_at_once(
    tillit: Tillit, agent: Agent
) -> None:
    reference = await agent.hands_in()
    text = CLUB.read_text()
    await tillit.apply(SYSTEM, read_programme(text[: text.index("# Who may hand in")]))
    assert (await agent.asks(reference)).status_code == 401
    assert (await agent.sends(wanted())).status_code == 401


async def test_more_than_the_programme_lets_in_within_an_hour_are_refused_and_none_is_lost(
    tillit: Tillit, agent: Agent
) -> None:
    said = [wanted("access", email=f"a{number}@post.example") for number in range(1_000)]
    answers = [await agent.sends(one) for one in said[:130]]
    assert [one.status_code for one in answers] == [201] * 100 + [429] * 30
    assert answers[-1].headers["retry-after"] == "3600"
    assert answers[-1].json()["error"]["code"] == 429
    assert (await agent.sends(said[0])).status_code == 201, "a repetition is not one more"
    later = datetime.now(UTC) + timedelta(hours=1, seconds=1)
    tillit.clock = StoppedClock(later)
    assert (await agent.sends(said[100])).status_code == 201
    ((count,),) = await rows(tillit, "SELECT count(*) FROM handed_in")
    assert count == 101


async def test_a_mandate_that_an_officer_answers_for_stands_for_the_members_own_word(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    await club.joins("1", email=ASA)
    reference = await agent.hands_in("erasure")
    await drain(tillit)
    (request,) = await opened(tillit)
    officer = await club.officer()
    shown = await officer.ok("POST", f"/v1/requests/{request.id}/mandate")
    assert shown["state"] == "acknowledged"
    assert await agent.status(reference) == "in_progress"
    assert (await officer("POST", f"/v1/requests/{request.id}/mandate")).status_code == 409
    found = await rows(tillit, "SELECT body FROM audit_entry")
    tried = [json.loads(bytes(body)) for (body,) in found]
    (proof,) = [one for one in tried if one["kind"] == Kind.IDENTITY_TRIED]
    assert proof["actor"]["id"] == "officer-7"
    assert proof["facts"]["how"] == "mandate"


async def test_without_the_programmes_word_no_mandate_counts(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    text = CLUB.read_text().replace("mandate = true ", "mandate = false")
    await tillit.apply(SYSTEM, read_programme(text))
    member = await club.joins("1", email=ASA)
    await agent.hands_in("erasure")
    await drain(tillit)
    (request,) = await opened(tillit)
    officer = await club.officer()
    assert (await officer("POST", f"/v1/requests/{request.id}/mandate")).status_code == 422
    own = await club.member(member)
    mine = await own.ok("POST", "/v1/me/requests", {"right": "access"})
    answer = await officer("POST", f"/v1/requests/{mine['request']}/mandate")
    assert answer.status_code == 422


async def test_what_is_kept_of_whom_it_is_about_is_sealed_and_gone_once_somebody_has_looked(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    await club.joins("1", email=ASA)
    for email in (ASA, BO):
        await agent.hands_in("access", email=email)
    before = await rows(tillit, "SELECT sealed FROM handed_in ORDER BY id")
    assert len({len(sealed) for (sealed,) in before}) == 1
    for (sealed,) in before:
        assert b"post.example" not in sealed
    await drain(tillit)
    for one in await taken_in(tillit):
        assert one.kept is not None
        assert one.kept.identities == ()
        assert "post.example" not in repr(one)
    after = await rows(tillit, "SELECT sealed FROM handed_in ORDER BY id")
    assert len({len(sealed) for (sealed,) in after}) == 1


async def test_a_rotation_leaves_what_waits_for_its_look_and_its_end(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    await club.joins("1", email=ASA)
    said = wanted("access")
    assert (await agent.sends(said)).status_code == 201
    await tillit.rotate(SYSTEM)
    await drain(tillit)
    assert len(await opened(tillit)) == 1
    await tillit.rotate(SYSTEM)
    assert (await agent.sends(said)).status_code == 201
    assert (await agent.sends({**said, "extensions": {}})).status_code == 400


async def test_an_agents_and_a_members_same_wish_is_one_request_that_goes_on_by_the_members_word(
    tillit: Tillit, agent: Agent, club: Club
) -> None:
    member = await club.joins("1", email=ASA)
    reference = await agent.hands_in("access")
    await drain(tillit)
    own = await club.member(member)
    await own.ok("POST", "/v1/me/requests", {"right": "access"})
    (request,) = await opened(tillit)
    assert request.state is RequestState.ACKNOWLEDGED
    assert await agent.status(reference) == "in_progress"


async def test_no_agents_key_of_ours_is_readable_by_others(tillit: Tillit, agent: Agent) -> None:
    await agent.hands_in()
    folder = tillit.settings.data / "keys"
    for name in ("opendsr.key", "opendsr.pem"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    found = x509.load_pem_x509_certificate((folder / "opendsr.pem").read_bytes())
    assert found.not_valid_after_utc > datetime.now(UTC)
