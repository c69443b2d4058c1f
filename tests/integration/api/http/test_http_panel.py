"""What a shop hands in from a consent panel: only what was shown, only what was answered."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from callers_at_doors import Club
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from letters import INSIGHT, LETTER, TRIPS, said

from api.bootstrap import SYSTEM
from consent.choices import Action, By
from consent.errors import NotAChoice
from consent.panel import read, terms_shown
from consent.programme import load_programme, read_programme
from consent.programmes import Active
from tests.conftest import EXAMPLES

OFFERS = "personalised_offers"
FILE = EXAMPLES / "fjallklubben.toml"
ADULT, CHILD = "1984-05-17", "2020-05-17"


async def _active(club: Club) -> Active:
    async with club.tillit.unit() as work:
        return work.active


async def value(club: Club, answers: dict[str, bool], *, language: str = "sv", **other: Any) -> str:
    """What a panel of the programme in force puts into the form."""
    active = await _active(club)
    purposes = active.programme.purposes
    return json.dumps(
        {
            "programme": active.version,
            "shown": datetime.now(UTC).isoformat(),
            "answers": {
                name: {
                    "allow": allow,
                    "language": language,
                    "terms": terms_shown(purposes[name], language),
                }
                for name, allow in answers.items()
            },
            **other,
        }
    )


async def sends(club: Club, member: str, panel: str, *, service: str = "till") -> Any:
    """The shop hands it in; the answer, or the problem's status, kind and places."""
    shop = await club.service(service)
    answer = await shop("POST", "/v1/consents/panel", {"member": member, "panel": panel})
    if answer.status_code == 201:
        return answer.json()
    told = answer.json()
    assert len(panel) < 20 or panel[:20] not in answer.text
    kind = told["type"].removeprefix("urn:tillit:problem:")
    return answer.status_code, kind, [one["place"] for one in told["problems"]]


async def test_answers_stand_in_the_ledger_with_the_terms_that_were_shown(club: Club) -> None:
    member = await club.joins("1", birth_date=ADULT)
    sent = await value(club, {LETTER: True, OFFERS: False, TRIPS: True}, language="nb")
    got = {one["purpose"]: one["state"] for one in await sends(club, member, sent)}
    assert got == {LETTER: "given", OFFERS: "refused", TRIPS: "requested"}
    purposes = (await _active(club)).programme.purposes
    kept = {line.purpose: line for line in await said(club, member)}
    assert len(kept) == 3
    for name, line in kept.items():
        assert name is not None
        assert (line.by, line.how, line.language) == (By.TILL, "panel", "nb")
        assert line.notice == purposes[name].notice_digest("nb")
        assert sha256(sent.encode()).hexdigest() in line.evidence
        assert "shown 20" in line.evidence
    assert kept[LETTER].terms == purposes[LETTER].terms(purposes[LETTER].notice_digest("nb"))


async def test_what_was_not_answered_is_neither_yes_nor_no(club: Club) -> None:
    member = await club.joins("1")
    await sends(club, member, await value(club, {LETTER: True}))
    assert [line.purpose for line in await said(club, member)] == [LETTER]


async def test_a_form_where_nothing_was_answered_writes_nothing(club: Club) -> None:
    member = await club.joins("1")
    assert await sends(club, member, "") == []
    assert await said(club, member) == []


async def test_a_no_in_a_later_panel_withdraws(club: Club) -> None:
    member = await club.joins("1")
    for allow, action in ((True, Action.GIVEN), (False, Action.WITHDRAWN)):
        await sends(club, member, await value(club, {LETTER: allow}))
        assert (await said(club, member))[-1].action is action


async def _withdraws(club: Club, member: str, purpose: str = LETTER) -> None:
    own = await club.member(member)
    await own.ok("PUT", f"/v1/me/choices/{purpose}", {"allow": False, "language": "sv"})


async def test_a_form_sent_again_does_not_undo_a_withdrawal(club: Club) -> None:
    member = await club.joins("1", birth_date=ADULT)
    sent = await value(club, {LETTER: True})
    assert [one["state"] for one in await sends(club, member, sent)] == ["given"]
    await _withdraws(club, member)
    assert [one["state"] for one in await sends(club, member, sent)] == ["withdrawn"]
    assert [line.action for line in await said(club, member)] == [Action.GIVEN, Action.WITHDRAWN]


async def test_a_form_sent_twice_is_one_yes(club: Club) -> None:
    member = await club.joins("1", birth_date=ADULT)
    sent = await value(club, {LETTER: True, TRIPS: True})
    first = await sends(club, member, sent)
    assert await sends(club, member, sent) == first
    assert len(await said(club, member)) == 2


async def test_a_yes_that_comes_after_a_later_no_is_refused_with_all_beside_it(club: Club) -> None:
    member = await club.joins("1", birth_date=ADULT)
    waits = await value(club, {LETTER: True, OFFERS: True})
    await sends(club, member, await value(club, {LETTER: True}))
    await _withdraws(club, member)
    got = await sends(club, member, waits)
    assert got == (409, "answered-since", [f"panel.answers.{LETTER}"])
    assert [line.purpose for line in await said(club, member)] == [LETTER, LETTER]
    [stands] = await sends(club, member, await value(club, {LETTER: True}))
    assert (stands["state"], stands["allowed"]) == ("given", True)


async def test_a_no_is_taken_however_long_it_waited(club: Club) -> None:
    member = await club.joins("1", birth_date=ADULT)
    waits = await value(club, {LETTER: False})
    await sends(club, member, await value(club, {LETTER: True}))
    assert [one["state"] for one in await sends(club, member, waits)] == ["withdrawn"]


async def _changed(club: Club) -> str:
    """A panel that was shown, and after it another programme: another letter."""
    member = await club.joins("1")
    sent = await value(club, {LETTER: True, OFFERS: True})
    text = FILE.read_text("utf-8").replace("ungefär en gång i månaden", "varje dag", 1)
    await club.tillit.apply(SYSTEM, read_programme(text))
    got = await sends(club, member, sent)
    assert got == (409, "terms-changed", [f"panel.answers.{LETTER}"])
    return member


async def test_a_yes_to_terms_that_have_changed_since_is_refused_with_all_beside_it(
    club: Club,
) -> None:
    member = await _changed(club)
    assert await said(club, member) == []


async def test_a_no_counts_whatever_it_was_to(club: Club) -> None:
    member = await club.joins("2")
    sent = await value(club, {LETTER: False})
    await _changed(club)
    assert [one["state"] for one in await sends(club, member, sent)] == ["refused"]


async def test_a_yes_whose_terms_stand_counts_under_a_newer_version(club: Club) -> None:
    member = await club.joins("1", birth_date=ADULT)
    sent = await value(club, {OFFERS: True})
    text = FILE.read_text("utf-8").replace("ungefär en gång i månaden", "varje dag", 1)
    await club.tillit.apply(SYSTEM, read_programme(text))
    [stands] = await sends(club, member, sent)
    assert (stands["state"], stands["allowed"]) == ("given", True)
    assert [line.programme for line in await said(club, member)] == [1]


async def test_a_childs_own_yes_is_refused_and_their_no_is_taken(club: Club) -> None:
    member = await club.joins("1", birth_date=CHILD)
    yes = await value(club, {LETTER: False, OFFERS: True})
    assert (await sends(club, member, yes))[:2] == (403, "guardian-needed")
    assert await said(club, member) == []
    no = await value(club, {LETTER: False, OFFERS: False})
    assert {one["state"] for one in await sends(club, member, no)} == {"refused"}


async def test_a_service_hands_in_only_what_it_may(club: Club) -> None:
    member = await club.joins("1")
    sent = await value(club, {LETTER: True, TRIPS: True})
    got = await sends(club, member, sent, service="newsletter")
    assert got[:2] == (403, "not-permitted")
    assert await said(club, member) == []


async def test_an_unknown_purpose_is_refused(club: Club) -> None:
    member = await club.joins("1")
    sent = (await value(club, {LETTER: True})).replace("newsletter", "newsleter")
    assert (await sends(club, member, sent))[:2] == (422, "unknown-purpose")


async def test_nobody_consents_to_what_does_not_rest_on_consent(club: Club) -> None:
    member = await club.joins("1")
    text = FILE.read_text("utf-8")
    text += '\n[services.counter]\nassortment_insight = ["consent"]\n'
    await club.tillit.apply(SYSTEM, read_programme(text))
    sent = await value(club, {INSIGHT: True})
    got = await sends(club, member, sent, service="counter")
    assert got == (422, "not-a-choice", [f"panel.answers.{INSIGHT}"])


_SOON = datetime.now(UTC) + timedelta(days=1)


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("programme", 2),
        ("programme", 0),
        pytest.param("shown", _SOON.isoformat(), id="tomorrow"),
        ("shown", "0001-01-01T00:00:00+14:00"),
        ("shown", "9999-12-31T23:59:59-14:00"),
        ("shown", "2026-03-01T12:00:00"),
        ("answers", {}),
        ("answers", None),
        ("more", 1),
        ("answers.newsletter.terms", "0" * 16),
        ("answers.newsletter.terms", "0" * 15),
        ("answers.newsletter.terms", "A" * 16),
        ("answers.newsletter.language", "nb"),
        ("answers.newsletter.language", "fi"),
        ("answers.newsletter.allow", None),
        ("answers.newsletter.allow", "yes"),
        ("answers.newsletter.guardian", "0197aaaa-0000-7000-8000-000000000000"),
        ("answers.newsletter.evidence", "signed"),
        ("answers.Somebody Else", {"allow": True, "language": "sv", "terms": "0" * 16}),
    ],
)
async def test_a_value_that_no_panel_made_is_refused(club: Club, path: str, other: Any) -> None:
    member = await club.joins("1")
    told = json.loads(await value(club, {LETTER: True}))
    *parents, last = path.split(".", 2)
    at = told
    for name in parents:
        at = at[name]
    at[last] = other
    assert (await sends(club, member, json.dumps(told)))[:2] == (422, "not-a-choice")
    assert await said(club, member) == []


@pytest.mark.parametrize("panel", [" ", "{", "[]", "null", "yes", "[" * 9_000])
async def test_what_is_no_value_at_all_is_refused(club: Club, panel: str) -> None:
    member = await club.joins("1")
    got = await sends(club, member, panel)
    assert got[0] in (400, 422)
    assert await said(club, member) == []


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.text())
def test_no_text_by_chance_is_a_panels(text: str) -> None:
    if not text:
        assert read(text) is None
        return
    with pytest.raises(NotAChoice):
        read(text)


def test_each_language_has_terms_of_its_own() -> None:
    letter = load_programme(FILE).purposes[LETTER]
    assert len({terms_shown(letter, one) for one in letter.notice}) == len(letter.notice)
