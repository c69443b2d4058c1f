"""Whoever writes to the table of what is on its way sends nothing astray and closes nothing."""

import json
from collections.abc import AsyncIterator
from typing import Any

import at_the_desk
import psycopg
import pytest
from a_life import VALUES
from at_the_recipients import OPENDSR, WEBHOOK, Recipients, connected
from psycopg import sql
from toy_processor import Key, Manner

from api import outward
from api import work as worker
from api.bootstrap import SYSTEM
from api.settings import Settings
from audit.browsing import all_entries
from audit.verify import VerifierKey
from dsar import certificates, checks, outgoing, register
from dsar.connectors import calling, desk
from dsar.connectors.checks import KINDS as CHECKED
from dsar.connectors.checks import Heard
from dsar.connectors.checks import checks as checks_of_recipients
from dsar.connectors.trouble import GivingUp
from dsar.desk import seen
from dsar.errors import NotReady, WrongState
from dsar.letters.cases import case_of
from dsar.outgoing import State
from dsar.states import Right
from dsar.states import State as RequestState
from dsar.waiting import Waits, waiting
from dsar.wanted import Wanted
from kernel.database import libpq
from profiles import members
from profiles.errors import CannotOpen


@pytest.fixture(scope="module")
def keys() -> tuple[Key, Key]:
    return Key(), Key()


@pytest.fixture
async def told(
    settings: Settings, keys: tuple[Key, Key], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Recipients]:
    """A club that tells `letters` by e-mail address and `auditor` by member number."""
    monkeypatch.setattr(calling, "WITHIN", 1.0)
    auditor = WEBHOOK.replace("letters", "auditor").replace("email", "member_number")
    async with connected(settings, keys, OPENDSR, auditor) as made:
        made.toy.pinned_in(made.keys, "auditor")
        yield made


def forge(told: Recipients, statement: str, *values: Any) -> None:
    with psycopg.connect(libpq(told.tillit.url, role=None)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(sql.SQL(statement), values)  # type: ignore[arg-type]


async def problems(told: Recipients) -> list[str]:
    await told.tillit.integrate()
    key = VerifierKey.parse((await told.tillit.signer()).verifier_key)
    async with told.tillit.unit() as work:
        return await checks.check(work.unit, key)


REDIRECTED = [
    "recipient = 'auditor'",
    "carrier = 'webhook'",
    "what = 'restriction'",
    "request = gen_random_uuid()",
    "member = gen_random_uuid()",
]


@pytest.mark.parametrize("change", REDIRECTED)
async def test_a_word_opens_for_whom_it_was_made_alone(told: Recipients, change: str) -> None:
    request = await told.asked()
    word = await told.word(request)
    async with told.tillit.unit() as work:
        taken = await outgoing.take(work.unit, word.id)
        assert taken is not None
        assert VALUES["email"].encode() in (taken.payload or b"")
    forge(told, f"UPDATE outgoing SET {change} WHERE id = %s", word.id)
    async with told.tillit.unit() as work:
        with pytest.raises(CannotOpen):
            await outgoing.begin(work.unit, word.id)
    assert any(str(word.id) in one and "open" in one for one in await problems(told))


async def test_a_rotation_takes_along_a_word_whatever_epoch_it_says(told: Recipients) -> None:
    request = await told.asked()
    word = await told.word(request)
    forge(told, "UPDATE outgoing SET epoch = 99 WHERE id = %s", word.id)
    assert any("does not open" in one for one in await problems(told))
    await told.tillit.rotate(SYSTEM)
    async with told.tillit.unit() as work:
        taken = await outgoing.take(work.unit, word.id)
        assert taken is not None
        assert VALUES["email"].encode() in (taken.payload or b"")
    assert await problems(told) == []


async def test_a_word_that_is_lost_can_be_given_up(told: Recipients) -> None:
    request = await told.asked()
    word = await told.word(request)
    forge(told, "UPDATE outgoing SET sealed = '\\x00' WHERE id = %s", word.id)
    await told.tillit.rotate(SYSTEM)
    async with told.tillit.unit() as work:
        given_up = await desk.give_up(work.unit, SYSTEM, word.id, reason=GivingUp.TOLD_OTHERWISE)
    assert given_up.word.state is State.GIVEN_UP


CLOSED = [
    "UPDATE outgoing SET state = 'done', answer = repeat('ab', 32), answered_at = now(), "
    "next_at = NULL, sealed = NULL WHERE recipient IS NOT NULL",
    "UPDATE outgoing SET state = 'given_up', next_at = NULL WHERE recipient IS NOT NULL",
    "DELETE FROM outgoing WHERE recipient IS NOT NULL",
]


@pytest.mark.parametrize("forgery", CLOSED)
async def test_no_request_closes_by_what_stands_in_the_table(
    told: Recipients, forgery: str
) -> None:
    request = await told.asked()
    forge(told, forgery)
    await told.later(minutes=2)
    await told.later(minutes=2)
    assert (await told.request(request)).state is RequestState.CARRIED_OUT
    async with told.tillit.unit() as work:
        with pytest.raises(NotReady):
            await certificates.of_request(
                work.unit, await told.tillit.signer(work.session), request
            )
    assert await problems(told) != []


async def test_who_was_called_done_by_somebody_else_can_be_given_up(told: Recipients) -> None:
    request = await told.asked()
    words = [await told.word(request), await told.word(request, "auditor")]
    forge(told, CLOSED[0])
    for word in words:
        async with told.tillit.unit() as work:
            await desk.give_up(work.unit, SYSTEM, word.id, reason=GivingUp.TOLD_OTHERWISE)
    await told.later(minutes=2)
    assert (await told.request(request)).state is RequestState.FULFILLED


@pytest.mark.parametrize("whose", ["letters", None])
async def test_a_state_that_nobody_of_ours_wrote_is_named_and_hides_nothing_else(
    told: Recipients, whose: str | None
) -> None:
    """Of a word to a recipient, and of a letter to the member; the other word was called done."""
    request = await told.asked()
    auditor = await told.word(request, "auditor")
    [(broken,)] = await told.rows(
        "SELECT id FROM outgoing WHERE request = %s AND recipient IS NOT DISTINCT FROM %s",
        *(request, whose),
    )
    assert await problems(told) == []
    forge(told, "UPDATE outgoing SET state = 'done' WHERE id = %s", auditor.id)
    forge(told, "UPDATE outgoing SET state = 'zz' WHERE id = %s", broken)
    found = await problems(told)
    assert sorted(str(one) in " ".join(found) for one in (broken, auditor.id)) == [True, True]
    assert len(found) == 2
    assert not any("zz" in one for one in found)


async def test_a_state_on_record_that_is_none_is_named(told: Recipients) -> None:
    request = await told.asked()
    said = Heard()
    async with told.tillit.unit() as work:
        async for entry in all_entries(work.session, kinds=CHECKED):
            said.take(entry)
        said.states[str(request), "auditor"] = "zz"
        each = [await one for _, one in checks_of_recipients(work.unit, said, erased=set())]
        [found] = [problem for one in each for problem in one]
    assert str((await told.word(request, "auditor")).id) in found


async def test_a_certificate_says_of_recipients_what_the_record_says(told: Recipients) -> None:
    request = await told.asked()
    auditor = await told.word(request, "auditor")
    await told.toy.answers({"id": str(auditor.id), "status": "completed"}, recipient="auditor")
    answer = (await told.word(request, "auditor")).answer
    forge(
        told,
        "UPDATE outgoing SET answer = repeat('ab', 32), carrier = 'mailbox' "
        "WHERE recipient = 'auditor'",
    )
    assert any("another answer" in one for one in await problems(told))
    letters = await told.word(request)
    assert (await told.toy.calls_back(str(letters.id), "completed")).status_code == 202
    await told.later(minutes=2)
    async with told.tillit.unit() as work:
        document = json.loads(
            await certificates.of_request(
                work.unit, await told.tillit.signer(work.session), request
            )
        )
    said = {one["recipient"]: one for one in document["certificate"]["recipients"]}
    assert {name: (one["by"], one["state"]) for name, one in said.items()} == {
        "auditor": ("webhook", "done"),
        "letters": ("opendsr", "done"),
        "hosting": ("hand", "to_be_told"),
        "app-messages": ("hand", "to_be_told"),
    }
    assert said["auditor"]["answer"] == answer


LETTERED = [
    "UPDATE outgoing SET state = 'done', next_at = NULL WHERE recipient IS NOT NULL",
    "DELETE FROM outgoing WHERE recipient IS NOT NULL",
]


@pytest.mark.parametrize("forgery", LETTERED)
async def test_a_letter_says_of_recipients_what_the_record_says(
    told: Recipients, forgery: str
) -> None:
    """Nobody is told that a recipient has confirmed what it has not."""
    request = await told.asked(Right.RESTRICTION)
    forge(told, forgery)
    async with told.tillit.unit() as work:
        member = told.life.member
        row = await register.row_of(work.unit, request)
        person = await members.one(work.unit, member)
        case = await case_of(work.unit, work.active, row, person)
    name = work.active.programme.recipients["auditor"].name
    assert (case.told, case.silent) == ((), (name,))


async def test_an_answer_that_was_taken_out_of_the_table_is_named(told: Recipients) -> None:
    request = await told.asked()
    auditor = await told.word(request, "auditor")
    await told.toy.answers({"id": str(auditor.id), "status": "completed"}, recipient="auditor")
    assert await problems(told) == []
    forge(told, "DELETE FROM recipient_answer WHERE recipient = 'auditor'")
    assert any("on record and missing" in one for one in await problems(told))


async def test_a_certificate_that_says_what_is_no_longer_on_record_is_named(
    told: Recipients,
) -> None:
    request = await told.asked()
    auditor, letters = await told.word(request, "auditor"), await told.word(request)
    await told.toy.answers({"id": str(auditor.id), "status": "completed"}, recipient="auditor")
    await told.toy.calls_back(str(letters.id), "completed")
    await told.later(minutes=2)
    assert (await told.request(request)).state is RequestState.FULFILLED
    assert await problems(told) == []
    forge(
        told,
        "DELETE FROM audit_entry WHERE position(%s IN body) > 0 AND position(%s IN body) > 0",
        *(b'"kind":"recipient.answered"', b'"recipient":"auditor"'),
    )
    async with told.tillit.unit() as work:
        key = VerifierKey.parse((await told.tillit.signer()).verifier_key)
        found = await checks.check(work.unit, key)
    assert (
        f"the certificate of request {request} says of recipients what the record does not say"
        in found
    )


# Words that are lost


LOSSES = [
    *CLOSED,
    "UPDATE outgoing SET state = 'elsewhere' WHERE recipient IS NOT NULL",
    "UPDATE outgoing SET recipient = 'hosting' WHERE recipient IS NOT NULL",
    "UPDATE outgoing SET sealed = NULL WHERE recipient IS NOT NULL",
    "UPDATE outgoing SET sealed = '\\x00' WHERE recipient IS NOT NULL",
    "UPDATE outgoing SET next_at = NULL WHERE recipient IS NOT NULL",
]


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_word_that_is_lost_is_shown_as_trouble_and_closes_nothing(
    told: Recipients, loss: str
) -> None:
    request = await told.asked()
    forge(told, loss)
    assert await outward.find_lost(told.tillit) == 2
    assert await outward.find_lost(told.tillit) == 0
    await told.later(days=3)
    async with told.tillit.unit() as work:
        standings = await desk.standings(work.unit, work.active)
        words = [one.word for one in await desk.of_request(work.unit, request)]
        asked = await register.get(work.unit, request)
        seen_of = await seen(work.unit, work.active, [asked])
        (waits,) = await waiting(work.unit, seen_of)
    assert {one.recipient: (one.open, one.troubled, one.problem) for one in standings} == {
        "letters": (1, 1, "lost"),
        "auditor": (1, 1, "lost"),
    }
    assert {(one.state, one.problem, one.next_at) for one in words} == {
        (State.WAITING, "lost", None)
    }
    assert (waits.what, waits.recipients, waits.troubled) == (Waits.RECIPIENTS, 2, 2)
    assert (await told.request(request)).state is RequestState.CARRIED_OUT
    assert sum("put back" in one for one in await problems(told)) == 2
    for word in words:
        async with told.tillit.unit() as work:
            ended = await desk.give_up(work.unit, SYSTEM, word.id, reason=GivingUp.TOLD_OTHERWISE)
        assert ended.reason == "told_otherwise"
    await told.later(minutes=2)
    assert (await told.request(request)).state is RequestState.FULFILLED
    assert await outward.find_lost(told.tillit) == 0
    async with told.tillit.unit() as work:
        document = json.loads(
            await certificates.of_request(
                work.unit, await told.tillit.signer(work.session), request
            )
        )
    said = {one["recipient"]: one["reason"] for one in document["certificate"]["recipients"]}
    by_hand = dict.fromkeys(("hosting", "app-messages"))
    assert said == by_hand | {"letters": "told_otherwise", "auditor": "told_otherwise"}


async def test_a_broken_request_keeps_no_other_s_words_from_coming_back(told: Recipients) -> None:
    broken, whole = sorted([await told.asked(), await told.asked(member=told.life.neighbour)])
    forge(told, CLOSED[2])
    forge(told, "UPDATE request SET channel = 'zz' WHERE id = %s", broken)
    assert await outward.find_lost(told.tillit) == 2
    back = await told.rows("SELECT DISTINCT request FROM outgoing WHERE problem = 'lost'")
    assert back == [(whole,)]
    assert any(str(broken) in one for one in await problems(told))
    forge(told, "UPDATE request SET channel = 'officer' WHERE id = %s", broken)
    assert await outward.find_lost(told.tillit) == 2


async def test_what_stands_as_it_should_is_never_called_lost(told: Recipients) -> None:
    """Open, refused, answered, given up: and a request that is closed."""
    told.toy.manners = [Manner.GONE]
    request = await told.asked()
    assert await outward.find_lost(told.tillit) == 0
    auditor = await told.word(request, "auditor")
    await told.toy.answers({"id": str(auditor.id), "status": "completed"}, recipient="auditor")
    assert await outward.find_lost(told.tillit) == 0
    letters = await told.word(request)
    async with told.tillit.unit() as work:
        await desk.give_up(work.unit, SYSTEM, letters.id, reason=GivingUp.IMPOSSIBLE)
    assert await outward.find_lost(told.tillit) == 0
    await told.later(minutes=2)
    assert (await told.request(request)).state is RequestState.FULFILLED
    forge(told, CLOSED[2])
    assert await outward.find_lost(told.tillit) == 0, "nobody is waited for any more"


async def test_a_lost_word_of_an_erasure_cannot_be_said_again(told: Recipients) -> None:
    request = await told.asked()
    forge(told, CLOSED[2])
    await outward.find_lost(told.tillit)
    word = await told.word(request)
    calls = len(told.toy.calls)
    with pytest.raises(WrongState, match="cannot be said again"):
        await told.retry(word.id)
    await told.later(days=1)
    assert len(told.toy.calls) == calls
    assert (await told.word(request)).problem == "lost"


async def test_a_lost_word_about_a_member_who_is_there_is_said_again(told: Recipients) -> None:
    request = await told.asked(Right.RESTRICTION)
    before = await told.word(request, "auditor")
    forge(told, CLOSED[2])
    await outward.find_lost(told.tillit)
    await told.retry(before.id)
    again = await told.word(request, "auditor")
    assert (again.id, again.state, again.problem) == (before.id, State.SENT, None)
    first, second = told.toy.calls[-2:]
    assert first.json["data"] == second.json["data"], "by the same words, with as long to answer"
    await told.toy.answers({"id": str(before.id), "status": "completed"}, recipient="auditor")
    await told.later(minutes=2)
    assert (await told.request(request)).state is RequestState.FULFILLED
    assert await problems(told) == []


async def test_who_is_known_there_by_what_was_corrected_since_is_told_of_by_hand(
    told: Recipients,
) -> None:
    """The recipient has the old number, and we have the new one."""
    values = {"member_number": "FK-2002"}
    async with told.tillit.unit() as work:
        asked = await at_the_desk.approved(
            work, Right.RECTIFICATION, told.life.member, wish=Wanted(values=values)
        )
    await worker.drain(told.tillit)
    word = await told.word(asked.id, "auditor")
    forge(told, CLOSED[2])
    await outward.find_lost(told.tillit)
    with pytest.raises(WrongState, match="cannot be said again"):
        await told.retry(word.id)


async def test_what_the_recipient_signs_closes_a_lost_word_all_the_same(told: Recipients) -> None:
    request = await told.asked()
    letters, auditor = await told.word(request), await told.word(request, "auditor")
    forge(told, CLOSED[2])
    await outward.find_lost(told.tillit)
    assert (await told.toy.calls_back(str(letters.id), "completed")).status_code == 202
    done = {"id": str(auditor.id), "status": "completed"}
    assert (await told.toy.answers(done, recipient="auditor")).status_code == 202
    await told.later(minutes=2)
    assert (await told.request(request)).state is RequestState.FULFILLED


async def test_one_broken_member_hides_no_other_s_lost_word(told: Recipients) -> None:
    broken = await told.asked(Right.RESTRICTION)
    other = await told.asked(Right.RESTRICTION, told.life.neighbour)
    forge(told, "UPDATE member_key SET wrapped = '\\x00' WHERE member = %s", told.life.member)
    forge(told, CLOSED[2])
    assert await outward.find_lost(told.tillit) == 1
    assert (await told.word(other, "auditor")).problem == "lost"
    assert (await told.request(broken)).state is RequestState.CARRIED_OUT
