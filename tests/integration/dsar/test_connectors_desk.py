"""Officers see where recipients stand and act on it; whoever writes to the tables is found out."""

import json
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import psycopg
import pytest
from at_the_recipients import OPENDSR, WEBHOOK, Recipients, connected
from psycopg import sql
from toy_processor import Key, Manner

from api import work as worker
from api.bootstrap import SYSTEM
from api.settings import Settings
from api.tokens import Caller, mint
from audit.verify import VerifierKey
from dsar import checks
from dsar.connectors import calling, trying
from dsar.connectors.errands import Home
from dsar.errors import NotTold, UnknownConnector
from dsar.states import Right
from dsar.states import State as RequestState
from kernel.database import libpq

M = Manner


@pytest.fixture(scope="module")
def keys() -> tuple[Key, Key]:
    return Key(), Key()


@pytest.fixture
async def told(
    settings: Settings, keys: tuple[Key, Key], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Recipients]:
    monkeypatch.setattr(calling, "WITHIN", 1.0)
    auditor = WEBHOOK.replace("letters", "auditor")
    async with connected(settings, keys, OPENDSR, auditor) as made:
        made.toy.pinned_in(made.keys, "auditor")
        yield made


@pytest.fixture
async def desk(told: Recipients) -> httpx.AsyncClient:
    """The doors, as a privacy officer comes to them."""
    assert told.toy.ours is not None
    caller = Caller.officer("officer-7", role="privacy_officer")
    token = (await mint(told.tillit, caller)).token
    told.toy.ours.headers["Authorization"] = f"Bearer {token}"
    return told.toy.ours


async def test_officers_see_each_recipient_and_each_word(
    told: Recipients, desk: httpx.AsyncClient
) -> None:
    told.toy.manners = [M.RIGHT, M.FAULT]
    request = await told.asked()
    found = {one["recipient"]: one for one in (await desk.get("/v1/connectors")).json()}
    assert found.keys() == {"letters", "auditor"}
    assert [(one["by"], one["host"], one["open"], one["late"]) for one in found.values()] == [
        ("webhook", "127.0.0.1", 1, 0),
        ("opendsr", "127.0.0.1", 1, 0),
    ]
    assert {one["problem"] for one in found.values()} == {None, "unavailable"}
    assert sum(one["troubled"] for one in found.values()) == 1
    words = (await desk.get(f"/v1/requests/{request}/recipients")).json()
    assert sorted(one["state"] for one in words) == ["sent", "waiting"]
    assert {one["what"] for one in words} == {"erasure"}
    assert "oberg" not in json.dumps(words) + json.dumps(list(found.values()))
    assert (await desk.get(f"/v1/requests/{uuid4()}/recipients")).status_code == 404
    metrics = (await desk.get("/metrics")).text
    assert "tillit_recipients_open 2.0" in metrics
    assert "tillit_recipients_late 0.0" in metrics


async def test_a_request_closes_when_the_last_of_its_recipients_has_answered(
    told: Recipients,
) -> None:
    request = await told.asked()
    letters, auditor = await told.word(request), await told.word(request, "auditor")
    assert (await told.toy.calls_back(str(letters.id), "completed")).status_code == 202
    await worker.drain(told.tillit)
    assert (await told.request(request)).state is RequestState.CARRIED_OUT
    done = {"id": str(auditor.id), "status": "completed"}
    assert (await told.toy.answers(done, recipient="letters")).status_code == 403
    others = await told.toy.calls_back(str(auditor.id), "completed")
    assert others.status_code == 404, "signed well, about somebody else's word"
    assert (await told.toy.answers(done, recipient="auditor")).status_code == 202
    await worker.drain(told.tillit)
    assert (await told.request(request)).state is RequestState.FULFILLED


async def test_an_officer_has_one_told_again_and_gives_the_other_up(
    told: Recipients, desk: httpx.AsyncClient
) -> None:
    told.toy.manners = [M.GONE, M.GONE]
    request = await told.asked()
    letters, auditor = await told.word(request), await told.word(request, "auditor")
    again = await desk.post(f"/v1/outgoing/{letters.id}/retry")
    assert again.status_code == 200
    assert again.json()["state"] == "waiting"
    await worker.drain(told.tillit)
    assert (await told.toy.calls_back(str(letters.id), "completed")).status_code == 202
    path = f"/v1/outgoing/{auditor.id}/give-up"
    for body in ({"reason": "they are slow"}, {"reason": ""}, {}):
        assert (await desk.post(path, json=body)).status_code == 422
    given_up = await desk.post(path, json={"reason": "told_otherwise"})
    assert (given_up.json()["state"], given_up.json()["reason"]) == ("given_up", "told_otherwise")
    assert (await desk.post(path, json={"reason": "impossible"})).status_code == 409
    assert (await desk.post(f"/v1/outgoing/{auditor.id}/retry")).status_code == 409
    assert (await desk.post(f"/v1/outgoing/{uuid4()}/retry")).status_code == 404
    await worker.drain(told.tillit)
    assert (await told.request(request)).state is RequestState.FULFILLED
    [entry] = [
        one
        for one in await told.entries("recipient.answered")
        if one.facts["recipient"] == "auditor"
    ]
    assert (entry.facts["state"], entry.facts["reason"]) == ("given_up", "told_otherwise")
    assert entry.facts["answer"] is None
    shown = (await desk.get(f"/v1/requests/{request}/recipients")).json()
    why = {"letters": None, "auditor": "told_otherwise"}
    assert {one["recipient"]: one["reason"] for one in shown} == why
    signed = (await desk.get(f"/v1/requests/{request}/certificate")).json()["certificate"]
    assert {one["recipient"]: one["reason"] for one in signed["recipients"]} == why | {
        "hosting": None,
        "app-messages": None,
    }


async def test_trying_a_way_sends_nothing_about_anybody(told: Recipients) -> None:
    home, now = Home(told.keys, told.tillit.settings.public_url), told.clock.now()
    async with told.tillit.unit() as work:
        ways = {name: trying.way_to(work.active, name) for name in ("letters", "auditor")}
        for unknown in ("nobody", "hosting"):
            with pytest.raises(UnknownConnector):
                trying.way_to(work.active, unknown)
    assert "erasures" in await trying.attempt(ways["letters"], home, now=now)
    assert await trying.attempt(ways["auditor"], home, now=now)
    assert told.toy.paths() == ["GET /dsr/discovery", "POST /hook"]
    assert told.toy.calls[1].json["type"] == "tillit.ping"
    assert told.toy.calls[1].json["data"] == {}
    for manner in (M.FAULT, M.REDIRECT, M.HANG):
        told.toy.manners = [manner] * 2
        for way in ways.values():
            with pytest.raises(NotTold):
                await trying.attempt(way, home, now=now)
    (told.keys / "letters.pem").unlink()
    with pytest.raises(NotTold):
        await trying.attempt(ways["letters"], home, now=now)


async def _check(told: Recipients) -> list[str]:
    await told.tillit.integrate()
    key = VerifierKey.parse((await told.tillit.signer()).verifier_key)
    async with told.tillit.unit() as work:
        return await checks.check(work.unit, key)


FORGERIES = [
    ("UPDATE outgoing SET state = 'done' WHERE recipient = 'letters'", "the record says otherwise"),
    ("UPDATE outgoing SET state = 'given_up' WHERE recipient = 'letters'", "says otherwise"),
    ("UPDATE outgoing SET state = 'sent' WHERE recipient = 'auditor'", "says otherwise"),
    ("DELETE FROM outgoing WHERE recipient = 'letters'", "is missing"),
    ("UPDATE outgoing SET recipient = 'hosting' WHERE recipient = 'letters'", "never put on"),
    ("UPDATE recipient_answer SET digest = repeat('0', 64)", "never put on record"),
    ('UPDATE recipient_answer SET document = \'{"signed": "no"}\'', "not what it signed"),
]


@pytest.mark.parametrize(("forgery", "found"), FORGERIES)
async def test_whoever_writes_an_answer_into_the_tables_is_found_out(
    told: Recipients, forgery: str, found: str
) -> None:
    request = await told.asked()
    auditor = await told.word(request, "auditor")
    done = {"id": str(auditor.id), "status": "completed"}
    await told.toy.answers(done, recipient="auditor")
    assert await _check(told) == []
    with psycopg.connect(libpq(told.tillit.url, role=None)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(sql.SQL(forgery))  # type: ignore[arg-type]
    problems = await _check(told)
    assert problems
    assert any(found in one for one in problems), problems


async def test_all_is_well_whatever_a_processor_does(told: Recipients) -> None:
    """The check holds after refusals, repetitions, officers' acts and an overtaking erasure."""
    told.toy.manners = [M.FAULT, M.EARLY, M.GONE]
    restricted = await told.asked(Right.RESTRICTION)
    assert await _check(told) == []
    erased = await told.asked(Right.ERASURE)
    await told.later(days=2)
    assert await _check(told) == []
    for recipient in ("letters", "auditor"):
        word = await told.word(erased, recipient)
        if word.state.is_open:
            await told.retry(word.id)
    await told.toy.calls_back(str((await told.word(erased)).id), "cancelled")
    await told.tillit.rotate(SYSTEM)
    assert await _check(told) == []
    assert (await told.request(restricted)).state is RequestState.UNFULFILLED
