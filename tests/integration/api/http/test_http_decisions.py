"""Decisions at the door: one by one, gathered, and many at once."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from callers_at_doors import PURPOSE, Club

from api.bootstrap import SYSTEM, Work
from api.http import gathering
from api.http.gathering import Gathering
from audit.verify import VerificationError
from consent.errors import UnknownPurpose
from consent.programme import read_programme
from consent.receipts import verify_file
from kernel.database import raw
from kernel.errors import TillitError, Unavailable

BATCH = "/v1/decisions/batch"


def _ask(member: str, **more: Any) -> dict[str, Any]:
    return {"purpose": PURPOSE, "member": member, "fields": ["tier"], **more}


async def _kinds(club: Club, kind: str) -> list[dict[str, Any]]:
    """Bodies of entries of that kind."""
    async with club.tillit.unit() as work:
        cursor = await (await raw(work.session)).execute("SELECT body FROM audit_entry ORDER BY id")
        bodies = [json.loads(row[0]) for row in await cursor.fetchall()]
    return [one for one in bodies if one["kind"] == kind]


async def test_a_decision_says_yes_and_no_field_by_field_with_what_would_change_it(
    club: Club,
) -> None:
    yes, no = await club.joins("1", tier="gold"), await club.joins("2")
    await club.agrees(yes)
    offers = await club.service("offers-engine")
    answer = await offers.ok("POST", "/v1/decisions", _ask(yes, fields=["tier", "email", "shoe"]))
    assert (answer["member"], answer["allowed"]) == (yes, False)
    assert answer["reason"] == "field_not_in_purpose"
    assert answer["fields"]["tier"] == {"allowed": True, "reason": None, "remedy": None}
    assert answer["fields"]["shoe"]["reason"] == "unknown_field"
    assert "personalised_offers uses" in answer["fields"]["email"]["remedy"]
    assert (answer["programme"], answer["shard"], answer["channel"]) == (1, 0, None)
    assert answer["change"] >= 2
    (entry,) = await _kinds(club, "decision.made")
    assert entry["id"] == answer["entry"]
    assert entry["facts"] == {"action": "read", "fields": ["tier", "email"], "unknown_fields": 1}
    answer = await offers.ok("POST", "/v1/decisions", _ask(no))
    assert (answer["allowed"], answer["reason"]) == (False, "no_consent")
    answer = await offers.ok("POST", "/v1/decisions", {"purpose": PURPOSE, "member": yes})
    assert answer["allowed"]
    assert set(answer["fields"]) > {"tier", "age", "spend_365d"}


async def test_the_very_next_decision_heeds_a_withdrawal(club: Club) -> None:
    member = await club.joins("1")
    offers = await club.service("offers-engine")
    for allow in (True, False, True, False):
        await club.agrees(member, allow=allow)
        for _ in range(30):  # also where the set of everybody was worked out before
            answer = await offers.ok("POST", "/v1/decisions", _ask(member))
            assert answer["allowed"] is allow


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"purpose": "no_such"}, "unknown_purpose"),
        ({"action": "fly"}, "unknown_action"),
        ({"action": "enrol"}, "action_not_given"),
        ({"purpose": "membership"}, "purpose_not_given"),
        ({"channel": "pigeon"}, "action_not_given"),
        ({"fields": ["no_such"]}, "unknown_field"),
        ({"member": str(uuid4())}, "unknown_member"),
    ],
)
async def test_unknown_always_means_no_and_is_no_error(
    club: Club, changed: dict[str, Any], reason: str
) -> None:
    member = await club.joins("1")
    await club.agrees(member)
    offers = await club.service("offers-engine")
    answer = await offers.ok("POST", "/v1/decisions", _ask(member) | changed)
    assert (answer["allowed"], answer["reason"]) == (False, reason)
    assert answer["remedy"] or reason == "unknown_purpose"


async def test_what_is_no_question_is_refused_without_repeating_it(club: Club) -> None:
    offers = await club.service("offers-engine")
    for body in (
        _ask("anna@example.com"),
        _ask(str(uuid4()), purpose="Anna Ek"),
        _ask(str(uuid4()), fields=["anna@example.com"]),
        _ask(str(uuid4()), fields=["@nna"]),
        _ask(str(uuid4()), fields=["ånna"]),
        _ask(str(uuid4()), fields=["anna\n"]),
        _ask(str(uuid4()), fields=["anna" * 1000]),
        _ask(str(uuid4()), channel="@nna"),
        _ask(str(uuid4()), purpose="anna\n"),
        {"purpose": PURPOSE},
        _ask(str(uuid4()), extra=1),
    ):
        refused = await offers("POST", "/v1/decisions", body)
        assert refused.status_code == 422
        assert "nna" not in refused.text
    assert await _kinds(club, "decision.made") == []


async def test_questions_that_come_together_are_each_answered_and_put_on_record(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [await club.joins(str(number)) for number in range(6)]
    for member in members[:3]:
        await club.agrees(member)
    offers = await club.service("offers-engine")
    units = 0
    opening = club.tillit.unit

    def counted() -> Any:
        nonlocal units
        units += 1
        return opening()

    monkeypatch.setattr(club.tillit, "unit", counted)
    asked = [*members, *members, str(uuid4())]
    answers = await asyncio.gather(
        *(offers.ok("POST", "/v1/decisions", _ask(member)) for member in asked)
    )
    assert units <= gathering.LANES
    assert [one["member"] for one in answers] == asked
    assert [one["allowed"] for one in answers] == [m in members[:3] for m in asked]
    assert len({one["entry"] for one in answers}) == len(asked)
    entries = {one["id"] for one in await _kinds(club, "decision.made")}
    assert entries == {one["entry"] for one in answers}


async def test_a_service_that_the_programme_lost_is_refused_and_the_others_answered(
    club: Club,
) -> None:
    member = await club.joins("1")
    offers, till = await club.service("offers-engine"), await club.service("till")
    source = (await _programme(club)).replace("[services.offers-engine]", "[services.other]")
    await club.tillit.apply(SYSTEM, read_programme(source))
    refused, answered = await asyncio.gather(
        offers("POST", "/v1/decisions", _ask(member)),
        till("POST", "/v1/decisions", _ask(member, purpose="membership")),
    )
    assert refused.status_code == 403
    assert answered.json()["allowed"]


async def _programme(club: Club) -> str:
    async with club.tillit.unit() as work:
        return work.active.programme.source


async def test_a_million_ids_fit_and_no_other_door_takes_as_much(club: Club) -> None:
    offers = await club.service("offers-engine")
    member = await club.joins("1")
    await club.agrees(member)
    ids = [member, *(str(UUID(int=number + 1)) for number in range(40_000))]
    body = {"purpose": PURPOSE, "members": ids, "fields": ["tier"]}
    assert len(json.dumps(body)) > 1 << 20
    answer = await offers.ok("POST", BATCH, body)
    assert (answer["asked"], answer["allowed"]) == (40_001, 1)
    assert (answer["members"], answer["held_back"]) == ([member], {"unknown_member": 40_000})
    assert (await offers("POST", "/v1/decisions", body)).status_code == 413


async def test_a_batch_is_answered_as_a_set_or_as_lines_in_the_order_asked(club: Club) -> None:
    yes, no = await club.joins("1"), await club.joins("2")
    await club.agrees(yes)
    offers = await club.service("offers-engine")
    asked = [no, yes, str(uuid4()), yes]
    body = {"purpose": PURPOSE, "members": asked, "fields": ["tier", "email"]}
    refused = await offers.ok("POST", BATCH, body)
    assert refused["held_back"] == {
        "field_not_in_purpose": 1,
        "no_consent": 1,
        "unknown_member": 1,
    }
    assert refused["fields"]["tier"]["allowed"]
    assert not refused["fields"]["email"]["allowed"]
    body["fields"] = ["tier"]
    answer = await offers.ok("POST", BATCH, body)
    assert (answer["asked"], answer["allowed"], answer["members"]) == (3, 1, [yes])
    assert answer["changes"].keys() == {"0"}
    text = await offers.ok("POST", BATCH, body | {"answer": "lines"})
    head, *lines = [json.loads(line) for line in text.splitlines()]
    assert head["held_back"] == answer["held_back"] == {"no_consent": 1, "unknown_member": 1}
    assert "members" not in head
    assert [(one["member"], one["reason"]) for one in lines] == [
        (no, "no_consent"),
        (yes, None),
        (asked[2], "unknown_member"),
        (yes, None),
    ]
    everyone = {"purpose": PURPOSE, "everyone": True, "fields": ["tier"]}
    answer = await offers.ok("POST", BATCH, everyone)
    assert (answer["asked"], answer["members"]) == (2, [yes])
    text = await offers.ok("POST", BATCH, everyone | {"answer": "lines"})
    lines = [json.loads(line) for line in text.splitlines()[1:]]
    assert [(one["member"], one["allowed"]) for one in lines] == [(yes, True)]
    entries = await _kinds(club, "decisions.made")
    assert len(entries) == 5
    assert entries[1]["facts"] == {
        "action": "read",
        "allowed": 1,
        "asked": 3,
        "fields": ["tier"],
        "held_back": {"no_consent": 1, "unknown_member": 1},
    }


async def test_a_batch_about_nobody_or_both_or_of_no_ids_is_refused(club: Club) -> None:
    offers = await club.service("offers-engine")
    member = await club.joins("1")
    for more in (
        {},
        {"members": [member], "everyone": True},
        {"members": []},
        {"members": "anna@example.com"},
        {"members": ["anna@example.com"]},
        {"members": [member, "0"]},
        {"members": [[member]]},
        {"members": None},
        {"everyone": True, "answer": "poem"},
    ):
        refused = await offers("POST", BATCH, {"purpose": PURPOSE, **more})
        assert refused.status_code == 422, more
        assert "anna" not in refused.text
    assert await _kinds(club, "decisions.made") == []


async def test_a_service_that_may_only_count_is_told_nobody_and_nothing_about_anybody(
    club: Club,
) -> None:
    objects, other = await club.joins("1"), await club.joins("2")
    await club.agrees(objects, allow=False, purpose="assortment_insight")
    analytics = await club.service("analytics")
    ask = {"purpose": "assortment_insight", "action": "preview"}
    answers = []
    for member in (objects, other, str(uuid4())):
        answer = await analytics.ok("POST", "/v1/decisions", ask | {"member": member})
        assert answer.pop("member") == member
        assert answer.pop("entry")
        answers.append(answer)
        counted = await analytics.ok("POST", BATCH, ask | {"members": [member]})
        assert (counted["members"], counted["changes"]) == (None, {})
        assert (counted["allowed"], counted["held_back"]) == (0, {"names_nobody": 1})
    assert answers[0] == answers[1] == answers[2]
    assert (answers[0]["allowed"], answers[0]["reason"]) == (False, "names_nobody")
    for more in (
        {"everyone": True},
        {"everyone": True, "answer": "lines"},
        {"members": [objects], "answer": "lines"},
    ):
        refused = await analytics("POST", BATCH, ask | more)
        assert refused.status_code == 422, more
        assert refused.json()["problems"][0]["remedy"]
        assert objects not in refused.text
        assert other not in refused.text


async def test_nobody_is_listed_to_those_who_only_write_down(club: Club) -> None:
    member = await club.joins("1")
    till = await club.service("till")
    for purpose, action in (
        ("newsletter", "consent"),
        ("membership", "enrol"),
        ("membership", "record"),
    ):
        ask = {"purpose": purpose, "action": action}
        for answer in ("set", "lines"):
            refused = await till("POST", BATCH, ask | {"everyone": True, "answer": answer})
            assert refused.status_code == 422
            assert "name the members" in refused.json()["problems"][0]["remedy"]
            assert member not in refused.text
        named = await till.ok("POST", BATCH, ask | {"members": [member]})
        assert named["members"] == [member]
    ask = {"purpose": "membership", "action": "read", "fields": [], "everyone": True}
    assert (await till.ok("POST", BATCH, ask))["members"] == [member]
    answer = await till.ok("POST", BATCH, ask | {"action": "fly"})
    assert (answer["asked"], answer["held_back"]) == (0, {"unknown_action": 0})


async def test_everyone_is_not_even_counted_for_a_service_that_the_policy_refuses(
    club: Club,
) -> None:
    offers = await club.service("offers-engine")
    ask = {"purpose": "bookkeeping", "everyone": True}
    answers = []
    for number in range(3):
        answer = await offers.ok("POST", BATCH, ask)
        lines = await offers.ok("POST", BATCH, ask | {"answer": "lines"})
        (head,) = [json.loads(line) for line in lines.splitlines()]
        assert answer.pop("entry") != head.pop("entry")
        assert answer.pop("members") == []
        assert answer == head
        answers.append(answer)
        await club.joins(str(number))
    assert answers[0] == answers[1] == answers[2]
    assert (answers[0]["asked"], answers[0]["changes"]) == (0, {})
    assert answers[0]["held_back"] == {"purpose_not_given": 0}
    counted = [one["facts"]["asked"] for one in await _kinds(club, "decisions.made")]
    assert counted == [0, 0, 1, 1, 2, 2]  # the record knows whom it was about


async def test_a_receipt_says_what_was_answered_and_fails_when_it_is_changed(club: Club) -> None:
    member = await club.joins("1")
    offers = await club.service("offers-engine")
    answer = await offers.ok("POST", "/v1/decisions", _ask(member, receipt=True, channel="sms"))
    receipt = answer["receipt"]
    key = (await club.tillit.signer()).key
    verified = verify_file(json.dumps(receipt), key)
    assert (verified.type, verified.pinned) == ("DecisionReceipt", True)
    assert receipt["answer"] == {name: answer[name] for name in ("allowed", "reason", "remedy")}
    assert receipt["answer"]["allowed"] is False
    for name in ("member", "fields", "channel", "programme", "shard", "change", "entry"):
        assert receipt[name] == answer[name], name
    assert receipt["service"] == "offers-engine"
    changed = receipt | {"answer": {"allowed": True, "reason": None, "remedy": None}}
    with pytest.raises(VerificationError):
        verify_file(json.dumps(changed), key)
    assert (await offers.ok("POST", "/v1/decisions", _ask(member)))["receipt"] is None


class _Questions:
    """A gathering over whole numbers: 13 is a mistake of its own, 99 spoils its transaction."""

    def __init__(self, club: Club) -> None:
        self.groups: list[list[int]] = []
        self.go = asyncio.Event()
        self.gathering: Gathering[int, int] = Gathering(club.tillit, self._answer)

    async def _answer(self, _: Work, asked: Sequence[int]) -> list[int | TillitError]:
        self.groups.append(list(asked))
        await self.go.wait()
        if 99 in asked:
            raise RuntimeError("spoilt")
        return [UnknownPurpose("none") if one == 13 else one * 2 for one in asked]


async def test_a_mistake_in_one_question_spoils_no_other(club: Club) -> None:
    questions = _Questions(club)
    questions.go.set()
    asked = [asyncio.create_task(questions.gathering.ask(one)) for one in (1, 13, 2, 99, 3)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [answers[0], answers[2], answers[4]] == [2, 4, 6]
    assert isinstance(answers[1], UnknownPurpose)
    assert isinstance(answers[3], RuntimeError)


async def test_who_hangs_up_is_not_asked_for_and_holds_up_nobody(club: Club) -> None:
    questions = _Questions(club)
    running = asyncio.create_task(questions.gathering.ask(0))
    await asyncio.sleep(0.1)
    waiting = [asyncio.create_task(questions.gathering.ask(one)) for one in (1, 2, 3)]
    await asyncio.sleep(0.1)
    waiting[1].cancel()
    running.cancel()
    await asyncio.sleep(0)
    questions.go.set()
    assert await asyncio.gather(waiting[0], waiting[2]) == [2, 6]
    assert questions.groups == [[0], [1, 3]]


async def test_a_question_asked_at_the_very_end_of_a_group_is_answered(club: Club) -> None:
    questions = _Questions(club)
    questions.go.set()

    async def asker(first: int) -> None:
        for number in range(first, first + 40):
            assert await questions.gathering.ask(1000 + number) == 2 * (1000 + number)

    async with asyncio.timeout(20):
        await asyncio.gather(*(asker(first) for first in (0, 1, 2)))


async def test_too_many_questions_are_turned_away_at_once(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "WAITING", 3)
    questions = _Questions(club)
    tasks = [asyncio.create_task(questions.gathering.ask(one)) for one in range(4)]
    done, _ = await asyncio.wait(tasks, timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
    assert [type(one.exception()) for one in done] == [Unavailable]
    questions.go.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert answers[:3] == [0, 2, 4]
