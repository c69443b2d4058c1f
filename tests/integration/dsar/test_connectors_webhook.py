"""Erasures, corrections and restrictions go out by a signed webhook, and answers come back."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import at_the_desk
import pytest
from a_life import VALUES
from at_the_recipients import OPENDSR, WEBHOOK, Recipients, connected
from toy_processor import Key, Manner

from api import work as worker
from api.bootstrap import SYSTEM
from api.settings import Settings
from dsar.connectors import calling
from dsar.connectors.trouble import Trouble
from dsar.outgoing import State
from dsar.states import Right
from dsar.states import State as RequestState
from dsar.wanted import Wanted
from profiles.enrolment import enrol

M = Manner


@pytest.fixture(scope="module")
def keys() -> tuple[Key, Key]:
    return Key(), Key()


@pytest.fixture
async def told(
    settings: Settings, keys: tuple[Key, Key], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Recipients]:
    """The club, whose letters are sent by somebody who is told by webhook."""
    monkeypatch.setattr(calling, "WITHIN", 1.0)
    async with connected(settings, keys, WEBHOOK) as made:
        yield made


async def test_an_event_says_no_more_than_it_must_and_the_answer_closes_the_request(
    told: Recipients,
) -> None:
    request = await told.asked()
    word = await told.word(request)
    assert word.state is State.SENT, "it has arrived; nothing is done yet"
    [call] = told.toy.calls
    assert call.headers["content-type"] == "application/cloudevents+json"
    assert call.headers["webhook-id"] == str(word.id)
    event = call.json
    assert event.pop("time").endswith("Z")
    url = told.tillit.settings.public_url
    assert word.due is not None
    assert event == {
        "specversion": "1.0",
        "id": str(word.id),
        "source": url,
        "type": "tillit.recipient.erasure",
        "datacontenttype": "application/json",
        "data": {
            "what": "erasure",
            "identities": {"email": VALUES["email"]},
            "answer_to": f"{url}/v1/connectors/letters/answers",
            "due": word.due.isoformat(),
        },
    }
    answer = await told.toy.answers({"id": str(word.id), "status": "completed"})
    assert answer.status_code == 202
    await worker.drain(told.tillit)
    assert (await told.request(request)).state is RequestState.FULFILLED
    [(kind, said, _, document)] = await told.answers(word.id)
    assert (kind, said) == ("callback", "completed")
    assert str(word.id) in json.loads(str(document))["signed"]


async def test_an_answer_that_is_signed_at_once_closes_it_at_once(told: Recipients) -> None:
    told.toy.manners = [M.AT_ONCE]
    request = await told.asked()
    assert (await told.word(request)).state is State.DONE
    assert (await told.request(request)).state is RequestState.FULFILLED


async def test_done_without_a_signature_is_no_more_than_received(told: Recipients) -> None:
    told.toy.manners = [M.UNSIGNED]
    request = await told.asked()
    word = await told.word(request)
    assert (word.state, word.problem) == (State.SENT, None)
    assert await told.answers(word.id) == []


FAILURES = [
    (M.FORGED, Trouble.BAD_SIGNATURE),
    (M.OTHERS, Trouble.BAD_SIGNATURE),
    (M.OF_ANOTHER, Trouble.BAD_SIGNATURE),
    (M.MALFORMED, Trouble.MALFORMED),
    (M.HANG, Trouble.TOO_SLOW),
    (M.DRIP, Trouble.TOO_SLOW),
    (M.FAULT, Trouble.UNAVAILABLE),
    (M.BUSY, Trouble.BUSY),
    (M.REDIRECT, Trouble.REDIRECTED),
    (M.HUGE, Trouble.TOO_LARGE),
    (M.PACKED, Trouble.MALFORMED),
    (M.UNKNOWN, Trouble.REFUSED),
]


@pytest.mark.parametrize(("manner", "trouble"), FAILURES, ids=lambda one: str(one).lower())
async def test_what_fails_is_shown_and_sent_again_under_the_same_id(
    told: Recipients, manner: Manner, trouble: Trouble
) -> None:
    told.toy.manners = [manner]
    request = await told.asked()
    word = await told.word(request)
    assert (word.state, word.problem, word.attempts) == (State.WAITING, trouble.value, 1)
    assert await told.answers(word.id) == []
    assert (await told.request(request)).state is RequestState.CARRIED_OUT
    told.toy.manners = [M.AT_ONCE]
    await told.next(request)
    assert {one.headers["webhook-id"] for one in told.toy.calls} == {str(word.id)}
    assert not [one for one in told.toy.paths() if "elsewhere" in one]
    assert (await told.request(request)).state is RequestState.FULFILLED


async def test_410_is_shown_and_not_tried_again_before_an_officer_says_so(
    told: Recipients,
) -> None:
    told.toy.manners = [M.GONE]
    request = await told.asked()
    word = await told.word(request)
    assert (word.problem, word.next_at) == ("gone", None)
    await told.later(days=15)
    assert len(told.toy.calls) == 1
    await told.retry(word.id)
    assert (await told.word(request)).state is State.SENT


async def test_answers_that_are_not_theirs_or_not_of_now_are_refused(told: Recipients) -> None:
    request = await told.asked()
    word = await told.word(request)
    done = {"id": str(word.id), "status": "completed"}
    now = told.clock.now()
    refused = [
        await told.toy.answers(done, secret=b"y" * 32),
        await told.toy.answers(done, at=now - timedelta(minutes=5, seconds=1)),
        await told.toy.answers(done, at=now + timedelta(minutes=5, seconds=2)),
        await told.toy.answers(done, recipient="auditor"),
        await told.toy.calls_back(str(word.id), "completed"),
    ]
    assert [one.status_code for one in refused] == [403] * 5
    assert told.toy.ours is not None
    path, body = "/v1/connectors/letters/answers", json.dumps(done).encode()
    good = told.toy.webhook_headers("m", body)
    for name in good:
        for wrong in ("", "x", "v1,", "v2," + good["webhook-signature"][3:], "9" * 40, "-1", "1e9"):
            answer = await told.toy.ours.post(path, content=body, headers={**good, name: wrong})
            assert answer.status_code == 403, (name, wrong)
    altered = await told.toy.ours.post(path, content=body + b" ", headers=good)
    assert altered.status_code == 403
    assert (await told.word(request)).state is State.SENT
    assert await told.answers(word.id) == []


async def test_signed_nonsense_is_refused_and_changes_nothing(told: Recipients) -> None:
    request = await told.asked()
    word = await told.word(request)
    event = told.toy.calls[0]
    for said, status in (
        (b"\xff\xfe", 403),  # no text, so that nobody can have signed it
        (b"{oops", 422),
        (b"[" * 10_000, 422),
        ({"status": "completed"}, 422),  # about what?
        ({"id": str(word.id), "status": "erased"}, 422),
        ({"id": "no id", "status": "completed"}, 422),
        ({"id": "00000000-0000-4000-8000-000000000000", "status": "completed"}, 404),
        (event.body, 422),  # our own words, sent back
    ):
        assert (await told.toy.answers(said)).status_code == status, said
    too_long = await told.toy.answers(b" " * 70_000)
    assert too_long.status_code == 413
    assert (await told.word(request)).state is State.SENT


async def test_an_answer_replayed_within_its_minutes_changes_nothing(told: Recipients) -> None:
    request = await told.asked()
    word = await told.word(request)
    cancelled = {"id": str(word.id), "status": "cancelled"}
    assert (await told.toy.answers(cancelled)).status_code == 202
    assert (await told.word(request)).problem == "cancelled"
    await told.retry(word.id)
    assert (await told.toy.answers(cancelled)).status_code == 202
    assert (await told.word(request)).problem is None
    # Said once more by themselves, under another id, it counts.
    assert (await told.toy.answers(cancelled, message="msg_2")).status_code == 202
    assert (await told.word(request)).problem == "cancelled"
    for _ in range(2):
        done = await told.toy.answers({"id": str(word.id), "status": "completed"}, message="m3")
        assert done.status_code == 202
    late = await told.toy.answers({"id": str(word.id), "status": "cancelled"}, message="m4")
    assert late.status_code == 202
    await worker.drain(told.tillit)
    assert (await told.word(request)).state is State.DONE
    assert (await told.request(request)).state is RequestState.FULFILLED


async def test_a_secret_that_is_missing_or_none_is_shown_and_nothing_sent(
    told: Recipients,
) -> None:
    file = told.keys / "letters.secret"
    file.unlink()
    request = await told.asked()
    for text in ("", "whsec_", "whsec_c2hvcnQ=", "no prefix at all", "whsec_%%%"):
        assert (await told.word(request)).problem == Trouble.NO_SECRET.value, text
        file.write_text(text)
        await told.next(request)
    assert told.toy.calls == []
    old = "whsec_" + "b2xk" * 10
    file.write_text(f"{old}\n{told.toy.whsec}\n")
    await told.next(request)
    assert (await told.word(request)).state is State.SENT, "one of two will do"


async def test_one_that_has_not_answered_by_its_day_is_told_once_more_and_then_each_week(
    told: Recipients,
) -> None:
    request = await told.asked()
    word = await told.word(request)
    await told.later(days=7)
    assert told.toy.received == {str(word.id): 1}
    await told.next(request)
    assert told.toy.received == {str(word.id): 2}
    again = await told.word(request)
    assert again.state is State.SENT
    assert again.next_at is not None
    assert timedelta(days=5) < again.next_at - told.clock.now() < timedelta(days=9)


async def test_a_restriction_and_its_end_are_told_and_wait_for_their_answers(
    told: Recipients,
) -> None:
    for right in (Right.RESTRICTION, Right.RELEASE):
        request = await told.asked(right)
        word = await told.word(request)
        event = told.toy.events[str(word.id)]
        assert event["type"] == f"tillit.recipient.{right.value}"
        assert (await told.request(request)).state is RequestState.CARRIED_OUT
        await told.toy.answers({"id": str(word.id), "status": "completed"})
        await worker.drain(told.tillit)
        assert (await told.request(request)).state is RequestState.FULFILLED


async def _rectified(told: Recipients, **values: str) -> tuple[UUID, list[Any]]:
    """The request, and the events that it led to."""
    wanted = Wanted(values=values)
    async with told.tillit.unit() as work:
        asked = await at_the_desk.approved(work, Right.RECTIFICATION, told.life.member, wish=wanted)
    await worker.drain(told.tillit)
    events = [one.json for one in told.toy.calls]
    return asked.id, events


async def test_a_correction_is_told_by_the_old_identifier_with_what_is_right_now(
    told: Recipients,
) -> None:
    _, [event] = await _rectified(told, email="asa@new.example", tier="silver")
    data = event["data"]
    assert data["identities"] == {"email": VALUES["email"]}
    assert data["values"] == {"email": "asa@new.example"}, "tier is none of theirs"


async def test_a_correction_of_what_a_recipient_never_had_is_not_told_to_it(
    told: Recipients,
) -> None:
    request, events = await _rectified(told, tier="silver")
    assert events == []
    assert (await told.request(request)).state is RequestState.FULFILLED


async def test_an_erasure_overtakes_a_word_about_the_same_member(told: Recipients) -> None:
    told.toy.manners = [M.FAULT]
    restricted = await told.asked(Right.RESTRICTION)
    erased = await told.asked(Right.ERASURE)
    await told.later(days=1)
    assert [one["type"] for one in told.toy.events.values()] == ["tillit.recipient.erasure"]
    assert (await told.request(restricted)).state is RequestState.UNFULFILLED
    word = await told.word(erased)
    await told.toy.answers({"id": str(word.id), "status": "completed"})
    await worker.drain(told.tillit)
    assert (await told.request(erased)).state is RequestState.FULFILLED


async def test_a_member_whom_a_recipient_cannot_know_is_not_named_to_it(told: Recipients) -> None:
    await told.connect(WEBHOOK.replace('"email"', '"phone"'))
    async with told.tillit.unit() as work:
        [made] = await enrol(work.unit, SYSTEM, [{"member_number": "FK-9"}], source="till")
    request = await told.asked(Right.ERASURE, made.id)
    assert (await told.request(request)).state is RequestState.FULFILLED
    assert told.toy.calls == []


async def test_who_was_told_by_another_way_is_told_anew_by_the_one_there_is_now(
    told: Recipients,
) -> None:
    request = await told.asked()
    word = await told.word(request)
    await told.connect(OPENDSR)
    await told.retry(word.id)
    assert told.toy.paths() == ["POST /hook", "POST /dsr/requests"]
    assert (await told.word(request)).state is State.SENT
    assert (await told.word(request)).carrier == "opendsr"
