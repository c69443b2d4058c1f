"""An erasure goes to a processor by OpenDSR 2.0, which fails in every way there is."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import pytest
from a_life import VALUES
from at_the_recipients import OPENDSR, Recipients, connected
from toy_processor import Key, Manner

from api import outward
from api import work as worker
from api.bootstrap import SYSTEM
from api.settings import Settings
from dsar import certificates, outgoing
from dsar.connectors import calling, desk
from dsar.connectors.trouble import GivingUp, Trouble
from dsar.errors import NotReady, WrongState
from dsar.outgoing import State
from dsar.states import Right
from dsar.states import State as RequestState

M = Manner


@pytest.fixture(scope="module")
def keys() -> tuple[Key, Key]:
    """The processor's own key, and a stranger's."""
    return Key(), Key()


@pytest.fixture
async def told(
    settings: Settings, keys: tuple[Key, Key], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Recipients]:
    """The club, whose letters are sent by a processor that is told by OpenDSR."""
    monkeypatch.setattr(calling, "WITHIN", 1.0)
    async with connected(settings, keys, OPENDSR) as made:
        yield made


async def test_an_erasure_closes_when_the_processor_has_signed_that_it_is_done(
    told: Recipients,
) -> None:
    request = await told.asked()
    word = await told.word(request)
    assert (await told.request(request)).state is RequestState.CARRIED_OUT
    assert (word.state, word.problem, word.attempts) == (State.SENT, None, 0)
    sent = told.toy.requests[str(word.id)]
    assert sent["regulation"] == "gdpr"
    assert sent["subject_request_type"] == "erasure"
    assert sent["api_version"] == "2.0"
    assert sent["status_callback_urls"] == [
        f"{told.tillit.settings.public_url}/v1/connectors/letters/opendsr"
    ]
    assert {
        (one["identity_type"], one["identity_value"]) for one in sent["subject_identities"]
    } == {
        ("email", VALUES["email"]),
        ("controller_customer_id", VALUES["member_number"]),
    }
    assert all(one["identity_format"] == "raw" for one in sent["subject_identities"])
    async with told.tillit.unit() as work:
        with pytest.raises(NotReady):
            await certificates.of_request(
                work.unit, await told.tillit.signer(work.session), request
            )
    await told.next(request)
    assert (await told.word(request)).state is State.SENT, "it is pending there"
    told.toy.status[str(word.id)] = "completed"
    await told.next(request)
    closed = await told.word(request)
    assert (closed.state, closed.next_at) == (State.DONE, None)
    assert (await told.request(request)).state is RequestState.FULFILLED
    async with told.tillit.unit() as work:
        assert await certificates.of_request(
            work.unit, await told.tillit.signer(work.session), request
        )
        taken = await outgoing.take(work.unit, word.id)
        assert taken is not None
        assert taken.payload is None, "what it carried is gone"
    assert told.toy.received == {str(word.id): 1}


async def test_what_it_signed_is_kept_and_its_digest_on_record(told: Recipients) -> None:
    request = await told.asked()
    word = await told.word(request)
    told.toy.status[str(word.id)] = "completed"
    await told.next(request)
    receipt, status = await told.answers(word.id)
    assert (receipt[0], receipt[1], receipt[3]) == ("receipt", "received", None), (
        "a receipt repeats whom it is about"
    )
    kept = json.loads(str(status[3]))
    assert json.loads(kept["signed"])["request_status"] == "completed"
    assert hashlib.sha256(kept["signed"].encode()).hexdigest() == status[2]
    on_record = await told.entries("recipient.answered")
    assert [one.facts["answer"] for one in on_record] == [receipt[2], status[2]]
    assert [one.facts["state"] for one in on_record] == ["sent", "done"]
    [erased] = await told.entries("member.erased")
    assert {one.subject for one in on_record} == {erased.subject}
    everything = json.dumps([str(one) for one in await told.answers(word.id)])
    assert not [value for value in ("oberg", "FK-1001") if value in everything]


async def test_a_status_that_names_the_member_is_kept_as_a_digest_alone(told: Recipients) -> None:
    request = await told.asked()
    word = await told.word(request)
    for number, value in enumerate(
        (VALUES["email"].upper(), hashlib.sha256(VALUES["email"].encode()).hexdigest())
    ):
        answer = await told.toy.calls_back(str(word.id), "cancelled", results_url=value, n=number)
        assert answer.status_code == 202
    await told.toy.calls_back(str(word.id), "cancelled", results_url="https://x.example/1")
    documents = [one[3] for one in (await told.answers(word.id))[1:]]
    assert [one is None for one in documents] == [True, True, False]


FAILURES = [
    (M.HANG, Trouble.TOO_SLOW),
    (M.DRIP, Trouble.TOO_SLOW),
    (M.BREAK_OFF, Trouble.UNREACHABLE),
    (M.FAULT, Trouble.UNAVAILABLE),
    (M.BUSY, Trouble.BUSY),
    (M.UNSIGNED, Trouble.BAD_SIGNATURE),
    (M.FORGED, Trouble.BAD_SIGNATURE),
    (M.OTHERS, Trouble.BAD_SIGNATURE),
    (M.OTHER_DOMAIN, Trouble.BAD_SIGNATURE),
    (M.MALFORMED, Trouble.MALFORMED),
    (M.PACKED, Trouble.MALFORMED),
    (M.HUGE, Trouble.TOO_LARGE),
    (M.REDIRECT, Trouble.REDIRECTED),
    (M.DENIED, Trouble.NOT_LET_IN),
    (M.UNKNOWN, Trouble.REFUSED),
    (M.OF_ANOTHER, Trouble.OF_ANOTHER),
]


@pytest.mark.parametrize(("manner", "trouble"), FAILURES, ids=lambda one: str(one).lower())
async def test_what_fails_is_shown_and_tried_again_under_the_same_id(
    told: Recipients, manner: Manner, trouble: Trouble
) -> None:
    told.toy.manners = [manner]
    request = await told.asked()
    word = await told.word(request)
    assert (word.state, word.problem, word.attempts) == (State.WAITING, trouble.value, 1)
    assert (await told.request(request)).state is RequestState.CARRIED_OUT
    assert await told.answers(word.id) == []
    assert word.next_at is not None
    assert word.next_at > told.clock.now()
    calls = len(told.toy.calls)
    await told.later(seconds=1)
    assert len(told.toy.calls) == calls, "not before its time"
    await told.next(request)
    again = await told.word(request)
    assert (again.state, again.problem, again.attempts) == (State.SENT, None, 0)
    posted = [one for one in told.toy.calls if one.method == "POST"]
    assert {one.json["subject_request_id"] for one in posted} == {str(word.id)}
    assert not [one for one in told.toy.paths() if "elsewhere" in one]
    told.toy.status[str(word.id)] = "completed"
    await told.next(request)
    assert (await told.request(request)).state is RequestState.FULFILLED


ASKED = [
    (M.FAULT, Trouble.UNAVAILABLE),
    (M.OTHERS, Trouble.BAD_SIGNATURE),
    (M.UNSIGNED, Trouble.BAD_SIGNATURE),
    (M.OTHER_DOMAIN, Trouble.BAD_SIGNATURE),
    (M.MALFORMED, Trouble.MALFORMED),
    (M.OF_ANOTHER, Trouble.OF_ANOTHER),
    (M.HUGE, Trouble.TOO_LARGE),
    (M.REDIRECT, Trouble.REDIRECTED),
    (M.BREAK_OFF, Trouble.UNREACHABLE),
]


@pytest.mark.parametrize(("manner", "trouble"), ASKED, ids=lambda one: str(one).lower())
async def test_what_fails_while_it_is_asked_closes_nothing_and_is_asked_again(
    told: Recipients, manner: Manner, trouble: Trouble
) -> None:
    request = await told.asked()
    word = await told.word(request)
    told.toy.status[str(word.id)] = "completed"
    told.toy.manners = [manner]
    await told.next(request)
    asked = await told.word(request)
    assert (asked.state, asked.problem, asked.attempts) == (State.SENT, trouble.value, 1)
    assert (await told.request(request)).state is RequestState.CARRIED_OUT
    await told.next(request)
    assert (await told.word(request)).state is State.DONE
    assert told.toy.received == {str(word.id): 1}, "it was asked, and not told again"


async def test_a_server_that_is_not_there_is_tried_again_further_and_further_apart(
    told: Recipients,
) -> None:
    port, told.toy.port = told.toy.port, 1
    await told.connect(OPENDSR)
    request = await told.asked()
    waits = []
    for _ in range(8):
        word = await told.word(request)
        assert word.problem == Trouble.UNREACHABLE.value
        assert word.next_at is not None
        waits.append(word.next_at - told.clock.now())
        await told.next(request)
    longest = timedelta(days=1) * 1.2
    for number, wait in enumerate(waits):
        planned = min(timedelta(minutes=1) * 3**number, timedelta(days=1))
        assert planned * 0.8 <= wait <= min(planned * 1.2, longest)
    assert sum(waits, timedelta()) > timedelta(days=1), "days, not minutes"
    told.toy.port = port
    await told.connect(OPENDSR)
    await told.next(request)
    assert (await told.word(request)).state is State.SENT


async def test_a_processor_that_asks_for_two_hours_is_left_alone_for_them(
    told: Recipients,
) -> None:
    told.toy.manners = [M.BUSY]
    request = await told.asked()
    word = await told.word(request)
    assert word.next_at == told.clock.now() + timedelta(hours=2)


async def test_one_that_takes_nothing_any_more_waits_for_an_officer(told: Recipients) -> None:
    told.toy.manners = [M.GONE]
    request = await told.asked()
    word = await told.word(request)
    assert (word.state, word.problem, word.next_at) == (State.WAITING, "gone", None)
    await told.later(days=20)
    assert len(told.toy.calls) == 1
    await told.retry(word.id)
    assert (await told.word(request)).state is State.SENT


@pytest.mark.parametrize("manner", [M.CONFLICT, M.DUPLICATE])
async def test_one_that_says_it_knows_it_already_is_asked_how_far_it_is(
    told: Recipients, manner: Manner
) -> None:
    told.toy.manners = [M.BREAK_OFF, manner]
    request = await told.asked()
    word = await told.word(request)
    # It had taken it, and the answer was lost.
    told.toy.requests[str(word.id)], told.toy.status[str(word.id)] = {}, "in_progress"
    await told.next(request)
    assert (await told.word(request)).state is State.SENT
    assert told.toy.paths()[-2:] == ["POST /dsr/requests", f"GET /dsr/requests/{word.id}"]
    told.toy.status[str(word.id)] = "completed"
    await told.next(request)
    assert (await told.word(request)).state is State.DONE


async def test_one_that_refuses_what_it_never_took_is_shown(told: Recipients) -> None:
    told.toy.manners = [M.DUPLICATE]
    request = await told.asked()
    assert (await told.word(request)).problem == Trouble.REFUSED.value


async def test_one_that_forgets_it_is_told_again(told: Recipients) -> None:
    request = await told.asked()
    word = await told.word(request)
    told.toy.requests.clear()
    told.toy.status.clear()
    await told.next(request)
    lost = await told.word(request)
    assert (lost.state, lost.problem) == (State.WAITING, Trouble.UNKNOWN_THERE.value)
    await told.next(request)
    assert (await told.word(request)).state is State.SENT
    assert told.toy.received[str(word.id)] == 2


async def test_a_cancelled_one_is_not_done_and_waits_for_an_officer(told: Recipients) -> None:
    request = await told.asked()
    word = await told.word(request)
    told.toy.status[str(word.id)] = "cancelled"
    await told.next(request)
    held = await told.word(request)
    assert (held.state, held.problem, held.next_at) == (State.SENT, "cancelled", None)
    assert (await told.request(request)).state is RequestState.CARRIED_OUT
    await told.later(days=20)
    assert (await told.word(request)).problem == "cancelled"
    told.toy.requests.clear()
    told.toy.status.clear()
    await told.retry(word.id)
    assert (await told.word(request)).state is State.SENT


async def test_a_callback_closes_it_without_being_asked(told: Recipients) -> None:
    request = await told.asked()
    word = await told.word(request)
    assert (await told.toy.calls_back(str(word.id), "in_progress")).status_code == 202
    assert (await told.word(request)).state is State.SENT
    ours = f"{told.tillit.settings.public_url}/v1/connectors/letters/opendsr"
    done = await told.toy.calls_back(str(word.id), "completed", status_callback_url=ours)
    assert done.status_code == 202
    await worker.drain(told.tillit)
    assert (await told.request(request)).state is RequestState.FULFILLED
    assert not [one for one in told.toy.paths() if one.startswith("GET")]


async def test_a_callback_before_the_answer_is_taken_and_the_answer_kept(
    told: Recipients,
) -> None:
    told.toy.manners = [M.EARLY]
    request = await told.asked()
    word = await told.word(request)
    assert word.state is State.DONE
    assert (await told.request(request)).state is RequestState.FULFILLED
    assert [one[:2] for one in await told.answers(word.id)] == [
        ("callback", "completed"),
        ("receipt", "received"),
    ]
    on_record = await told.entries("recipient.answered")
    assert [one.facts["state"] for one in on_record] == ["done", "done"]


async def test_a_callback_said_twice_or_replayed_changes_nothing(told: Recipients) -> None:
    request = await told.asked()
    word = await told.word(request)
    assert (await told.toy.calls_back(str(word.id), "cancelled")).status_code == 202
    assert (await told.word(request)).problem == "cancelled"
    told.toy.requests.clear()
    await told.retry(word.id)
    assert (await told.toy.calls_back(str(word.id), "cancelled")).status_code == 202
    assert (await told.word(request)).problem is None, "somebody only said again what was said"
    for _ in range(2):
        assert (await told.toy.calls_back(str(word.id), "completed")).status_code == 202
    await worker.drain(told.tillit)
    states = [one.facts["state"] for one in await told.entries("recipient.answered")]
    assert states == ["sent", "sent", "done"]
    assert (await told.request(request)).state is RequestState.FULFILLED


async def test_a_callback_that_is_not_signed_by_it_is_refused_and_nothing_told(
    told: Recipients,
) -> None:
    request = await told.asked()
    word = await told.word(request)
    stranger, id = told.toy.stranger, str(word.id)
    refused = [
        await told.toy.calls_back(id, "completed", key=stranger),
        await told.toy.calls_back(id, "completed", domain="elsewhere.example"),
        await told.toy.calls_back(id, "completed", recipient="auditor"),
        await told.toy.calls_back(id, "completed", recipient="nobody"),
        await told.toy.answers({"id": id, "status": "completed"}),
    ]
    assert [one.status_code for one in refused] == [403] * 5
    assert len({one.json()["detail"] for one in refused}) == 1, "it does not say why"
    body = b"not json, and not signed"
    assert told.toy.ours is not None
    path = "/v1/connectors/letters/opendsr"
    assert (await told.toy.ours.post(path, content=body)).status_code == 403
    signed = told.toy.key.headers(body)
    assert (await told.toy.ours.post(path, content=body, headers=signed)).status_code == 422
    assert (await told.word(request)).state is State.SENT


async def test_a_callback_about_another_id_or_for_another_address_changes_nothing(
    told: Recipients,
) -> None:
    request = await told.asked()
    word = await told.word(request)
    other = await told.toy.calls_back("00000000-0000-4000-8000-000000000000", "completed")
    assert other.status_code == 404
    assert other.json()["type"] == "urn:tillit:problem:unknown-outgoing"
    elsewhere = await told.toy.calls_back(
        str(word.id), "completed", status_callback_url="https://other.example/callbacks"
    )
    assert elsewhere.status_code == 422
    assert (await told.word(request)).state is State.SENT


async def test_a_missing_or_expired_certificate_is_shown_and_mended_by_putting_one_there(
    told: Recipients,
) -> None:
    file = told.keys / "letters.pem"
    file.write_text("no certificate")
    request = await told.asked()
    assert (await told.word(request)).problem == Trouble.NO_CERTIFICATE.value
    file.write_bytes(Key(days=-1).certificate)
    await told.next(request)
    assert (await told.word(request)).problem == Trouble.CERTIFICATE_OVER.value
    file.write_bytes(Key(bits=1024).certificate)
    await told.next(request)
    assert (await told.word(request)).problem == Trouble.NO_CERTIFICATE.value
    assert told.toy.calls == [], "nobody is told who could not answer"
    curve = Key(curve=True)
    told.toy.key = curve
    file.write_bytes(curve.certificate)
    await told.next(request)
    assert (await told.word(request)).state is State.SENT


async def test_a_processor_that_asks_who_we_are_is_told(told: Recipients) -> None:
    (told.keys / "letters.authorization").write_text("Basic Y2x1YjpzZWNyZXQ=\n")
    await told.asked()
    assert told.toy.calls[0].headers["authorization"] == "Basic Y2x1YjpzZWNyZXQ="


async def test_a_server_without_a_trusted_certificate_is_told_nothing(told: Recipients) -> None:
    await told.connect(OPENDSR.replace("{address}", f"https://127.0.0.1:{told.toy.tls_port}"))
    request = await told.asked()
    assert (await told.word(request)).problem == Trouble.NO_TLS.value
    assert told.toy.calls == []


async def test_a_recipient_that_left_the_programme_is_shown_until_given_up(
    told: Recipients,
) -> None:
    told.toy.manners = [M.FAULT]
    request = await told.asked()
    await told.connect()
    await told.next(request)
    word = await told.word(request)
    assert (word.state, word.problem) == (State.WAITING, Trouble.NO_CONNECTOR.value)
    async with told.tillit.unit() as work:
        [standing] = await desk.standings(work.unit, work.active)
        assert (standing.recipient, standing.by, standing.open) == ("letters", None, 1)
        await desk.give_up(work.unit, SYSTEM, word.id, reason=GivingUp.IMPOSSIBLE)
    await worker.drain(told.tillit)
    assert (await told.request(request)).state is RequestState.FULFILLED
    [entry] = await told.entries("recipient.answered")
    assert entry.facts["reason"] == "impossible"
    assert entry.facts["state"] == "given_up"
    async with told.tillit.unit() as work:
        for change in (
            desk.retry(work.unit, work.active, word.id),
            desk.give_up(work.unit, SYSTEM, word.id, reason=GivingUp.IMPOSSIBLE),
        ):
            with pytest.raises(WrongState):
                await change


async def test_a_call_cut_off_before_it_was_written_down_is_made_again_and_known_there(
    told: Recipients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies between the network and the commit: the same id arrives twice."""

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as dying:
        dying.setattr(outward.sending, "end", killed)
        request = await told.life.ask(Right.ERASURE)
        async with told.tillit.unit() as work:
            await told.tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [request])
        word = await told.word(request)
        with pytest.raises(asyncio.CancelledError):
            await outward.send(told.tillit, word.id)
    assert told.toy.received == {str(word.id): 1}
    cut = await told.word(request)
    assert (cut.state, cut.attempts) == (State.WAITING, 1)
    await outward.send(told.tillit, word.id)
    assert told.toy.received == {str(word.id): 1}, "somebody else may still be at it"
    await told.later(minutes=6)
    assert told.toy.received == {str(word.id): 2}
    assert (await told.word(request)).state is State.SENT, "409, and then it was asked"
    assert list(told.toy.requests) == [str(word.id)]


async def test_no_transaction_is_open_while_a_recipient_takes_its_time(told: Recipients) -> None:
    told.toy.manners = [M.HANG]
    request = await told.life.ask(Right.ERASURE)
    async with told.tillit.unit() as work:
        await told.tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [request])
    word = await told.word(request)
    sending = asyncio.create_task(outward.send(told.tillit, word.id))
    await told.toy.called.wait()
    [(open_,)] = await told.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND state LIKE 'idle in transaction%%' AND pid <> pg_backend_pid()"
    )
    assert open_ == 0
    await sending


async def test_two_workers_with_the_same_job_tell_it_once(told: Recipients) -> None:
    request = await told.life.ask(Right.ERASURE)
    async with told.tillit.unit() as work:
        await told.tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [request])
    word = await told.word(request)
    await asyncio.gather(*(outward.send(told.tillit, word.id) for _ in range(4)))
    assert told.toy.received == {str(word.id): 1}


async def test_a_word_whose_job_is_lost_is_found_again(told: Recipients) -> None:
    request = await told.life.ask(Right.ERASURE)
    async with told.tillit.unit() as work:
        await told.tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [request])
    await told.rows("DELETE FROM procrastinate_jobs WHERE task_name = 'outgoing.send' RETURNING id")
    await worker.drain(told.tillit)
    assert (await told.word(request)).state is State.SENT


async def test_when_one_word_finds_nobody_there_the_others_wait_a_moment(
    told: Recipients,
) -> None:
    told.toy.manners = [M.FAULT] * 2
    first = await told.life.ask(Right.ERASURE)
    second = await told.life.ask(Right.ERASURE, told.life.neighbour)
    await worker.drain(told.tillit)
    assert len(told.toy.calls) == 1
    words = [await told.word(one) for one in (first, second)]
    assert sorted(one.attempts for one in words) == [0, 1]
    told.toy.manners = []
    await told.later(minutes=5)
    assert [(await told.word(one)).state for one in (first, second)] == [State.SENT] * 2


async def test_what_is_past_its_day_is_shown_as_late_and_still_asked(told: Recipients) -> None:
    request = await told.asked()
    word = await told.word(request)
    await told.later(days=12)
    late = await told.word(request)
    assert late.state is State.SENT
    async with told.tillit.unit() as work:
        assert late.is_late(work.unit.today)
        [standing] = await desk.standings(work.unit, work.active)
        assert (standing.open, standing.late, standing.host) == (1, 1, "127.0.0.1")
    told.toy.status[str(word.id)] = "completed"
    await told.next(request)
    async with told.tillit.unit() as work:
        [standing] = await desk.standings(work.unit, work.active)
    assert (standing.open, standing.late) == (0, 0)
    assert standing.answered_at == told.clock.now()


async def test_a_rotation_on_the_way_leaves_the_word_readable(told: Recipients) -> None:
    told.toy.manners = [M.FAULT]
    request = await told.asked()
    await told.tillit.rotate(SYSTEM)
    await told.next(request)
    word = await told.word(request)
    assert word.state is State.SENT
    sent = told.toy.requests[str(word.id)]
    assert VALUES["email"] in json.dumps(sent)


async def test_a_recipient_that_hangs_holds_up_nobodys_erasure(
    told: Recipients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "WITHIN", 30.0)
    told.toy.manners = [M.HANG] * 8
    working = asyncio.create_task(worker.work(told.tillit))
    try:
        await told.life.ask(Right.ERASURE)
        await asyncio.wait_for(told.toy.called.wait(), 20)
        second = await told.life.ask(Right.ERASURE, told.life.neighbour)
        for _ in range(100):
            if (await told.request(second)).state is not RequestState.ACCEPTED:
                break
            await asyncio.sleep(0.1)
        assert (await told.request(second)).state is RequestState.CARRIED_OUT
    finally:
        told.toy.leave()
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
