"""What a till writes down of what members say: every word of it, and no nonsense."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from callers_at_doors import Club
from letters import INSIGHT, LETTER, TRIPS, said, tells

from api.bootstrap import SYSTEM
from consent.choices import Action, By, State
from consent.programme import read_programme


async def test_the_answer_says_where_the_member_stands_and_why(club: Club) -> None:
    member = await club.joins("1")
    given = await tells(club, member, "given")
    assert given == {
        "member": member,
        "purpose": LETTER,
        "state": "given",
        "allowed": True,
        "reason": None,
        "consented": True,
        "objected": False,
        "channels_off": [],
        "until": None,
    }
    objected = await tells(club, member, "objected")
    assert (objected["state"], objected["allowed"], objected["reason"]) == (
        "given",
        False,
        "objected",
    )
    lifted = await tells(club, member, "objection_lifted")
    assert (lifted["allowed"], lifted["reason"]) == (True, None)


async def test_how_it_was_said_and_what_proves_it_are_kept(club: Club) -> None:
    member = await club.joins("1")
    for action, more in (("given", {}), ("channel_off", {"channel": "sms"})):
        await tells(club, member, action, how="till screen", evidence="till 4", **more)
    for line in await said(club, member):
        assert (line.how, line.evidence, line.by) == ("till screen", "till 4", By.TILL)


async def test_withdrawing_what_was_never_given_works_and_is_kept_as_that(club: Club) -> None:
    member = await club.joins("1")
    stands = await tells(club, member, "withdrawn")
    assert (stands["state"], stands["reason"]) == ("withdrawn", "no_consent")
    (only,) = await said(club, member)
    assert (only.action, only.before) == (Action.WITHDRAWN, State.UNKNOWN)


async def test_withdrawing_takes_no_more_fields_than_giving(club: Club) -> None:
    member = await club.joins("1")
    till = await club.service("till")
    given = {"member": member, "purpose": LETTER, "action": "given", "language": "sv"}
    withdrawn = {"member": member, "purpose": LETTER, "action": "withdrawn"}
    assert withdrawn.keys() < given.keys()
    for body in (given, withdrawn):
        await till.ok("POST", "/v1/consents", body)


async def test_saying_yes_again_renews_it(club: Club) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", "personalised_offers")
    assert (await tells(club, member, "given", "personalised_offers"))["state"] == "renewed"


@pytest.mark.parametrize(
    ("changed", "status", "place"),
    [
        ({"action": "given", "language": None}, 422, "language"),
        ({"action": "given", "language": "fi"}, 422, "language"),
        ({"action": "gven"}, 422, "action"),
        ({"action": "restricted"}, 422, "action"),
        ({"action": "expired"}, 422, "action"),
        ({"purpose": "newsletters"}, 422, "purpose"),
        ({"purpose": "membership", "action": "given"}, 403, "services.till.membership"),
        ({"action": "channel_off"}, 422, "channel"),
        ({"action": "withdrawn", "channel": "sms"}, 422, "channel"),
        ({"action": "channel_off", "channel": "post"}, 422, "channel"),
        ({"action": "channel_off", "channel": "pigeon"}, 422, "channel"),
        ({"how": "x" * 41}, 422, "how"),
        ({"evidence": "x" * 501}, 422, "evidence"),
        ({"at": "2999-01-01T00:00:00Z"}, 422, "at"),
        ({"action": "channel_off", "channel": "sms", "at": "2999-01-01T00:00:00Z"}, 422, "at"),
        ({"at": "2026-01-01T00:00:00"}, 422, "at"),
        ({"at": "1969-12-31T23:59:59Z"}, 422, "at"),
        ({"shoe_size": 43}, 422, "shoe_size"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_place_and_not_written_down(
    club: Club, *, changed: dict[str, Any], status: int, place: str
) -> None:
    member = await club.joins("1")
    till = await club.service("till")
    body = {"member": member, "purpose": LETTER, "action": "given", "language": "sv"} | changed
    refused = await till("POST", "/v1/consents", body)
    assert (refused.status_code, refused.json()["problems"][0]["place"]) == (status, place)
    assert await said(club, member) == []


async def test_a_consent_to_what_rests_on_something_else_is_refused_and_a_no_is_an_objection(
    club: Club,
) -> None:
    member = await club.joins("1")
    async with club.tillit.unit() as work:
        source = work.active.programme.source
    rule = 'assortment_insight = ["preview"]'
    assert rule in source
    wider = source.replace(rule, 'assortment_insight = ["preview", "consent"]')
    await club.tillit.apply(SYSTEM, read_programme(wider))
    analytics = await club.service("analytics")
    body = {"member": member, "purpose": INSIGHT, "action": "given", "language": "sv"}
    for action in ("given", "refused"):
        refused = await analytics("POST", "/v1/consents", body | {"action": action})
        assert refused.status_code == 422
        assert refused.json()["type"] == "urn:tillit:problem:not-a-choice"
        assert refused.json()["problems"][0]["place"] == f"purposes.{INSIGHT}"
    assert (await analytics("POST", "/v1/consents/due", {"purpose": INSIGHT})).status_code == 422
    stands = await analytics.ok("POST", "/v1/consents", body | {"action": "withdrawn"})
    assert (stands["objected"], stands["reason"]) == (True, "objected")


async def test_what_was_said_yesterday_about_a_channel_counts_as_of_then(club: Club) -> None:
    member = await club.joins("1")
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    await tells(club, member, "channel_on", channel="sms")
    late = await tells(club, member, "channel_off", channel="sms", at=yesterday)
    assert late["channels_off"] == []
    assert (await tells(club, member, "channel_off", channel="sms"))["channels_off"] == ["sms"]


async def test_a_yes_with_double_opt_in_waits_for_the_members_word(club: Club) -> None:
    member = await club.joins("1")
    asked = await tells(club, member, "given", TRIPS)
    assert (asked["state"], asked["reason"], asked["consented"]) == (
        "requested",
        "unconfirmed",
        False,
    )


async def test_wishes_about_everything_are_written_down_and_the_rest_stays(club: Club) -> None:
    member = await club.joins("1")
    await tells(club, member, "given")
    till = await club.service("till")
    body = {"member": member, "purpose": LETTER, "how": "telephone"}
    path = "/v1/consents/preferences"
    wishes = {"often": 30, "quiet": [23, 22, 22], "channels": {"sms": False, "email": True}}
    first = await till.ok("POST", path, body | wishes)
    assert first == {
        "member": member,
        "marketing_objection": False,
        "paused": False,
        "paused_until": None,
        "channels_off": ["sms"],
        "often": 30,
        "quiet": [22, 23],
    }
    until = (datetime.now(UTC) + timedelta(days=90)).date().isoformat()
    paused = await till.ok("POST", path, body | {"paused": True, "paused_until": until})
    assert paused == first | {"paused": True, "paused_until": until}
    assert (await tells(club, member, "channel_on", channel="app"))["reason"] == "paused"
    resumed = await till.ok("POST", path, body | {"paused": False, "marketing_objection": True})
    assert resumed == first | {"marketing_objection": True}
    assert (await tells(club, member, "channel_on", channel="app"))["reason"] == "objected"
    about_all = [one for one in await said(club, member) if one.purpose is None]
    assert {one.how for one in about_all} == {"telephone"}
    assert {one.by for one in about_all} == {By.TILL}


@pytest.mark.parametrize(
    ("wishes", "place"),
    [
        ({}, "body"),
        ({"often": 2}, "often"),
        ({"quiet": [24]}, "quiet[0]"),
        ({"quiet": list(range(24)) * 2}, "quiet"),
        ({"channels": {"pigeon": False}}, "channel"),
        ({"paused_until": "2999-01-01"}, "paused_until"),
        ({"paused": True, "paused_until": "2020-01-01"}, "until"),
        ({"paused": True, "paused_until": "soon"}, "paused_until"),
    ],
)
async def test_wishes_that_make_no_sense_are_refused_all_together(
    club: Club, *, wishes: dict[str, Any], place: str
) -> None:
    member = await club.joins("1")
    till = await club.service("till")
    body = {"member": member, "purpose": LETTER} | wishes
    refused = await till("POST", "/v1/consents/preferences", body)
    assert (refused.status_code, refused.json()["problems"][0]["place"]) == (422, place)
    assert await said(club, member) == []


async def test_wishes_need_a_service_that_may_write_choices_down(club: Club) -> None:
    member = await club.joins("1")
    offers = await club.service("offers-engine")
    body = {"member": member, "purpose": LETTER, "often": 30}
    assert (await offers("POST", "/v1/consents/preferences", body)).status_code == 403


async def test_a_guardian_who_is_none_speaks_for_nobody(club: Club) -> None:
    member, other = await club.joins("1"), await club.joins("2")
    till = await club.service("till")
    body = {"member": member, "purpose": LETTER, "action": "given", "language": "sv"}
    refused = await till("POST", "/v1/consents", body | {"guardian": other})
    assert refused.status_code in (403, 404)
    assert await said(club, member) == []


async def test_a_guardian_speaks_for_their_child_at_the_till(club: Club) -> None:
    born = datetime.now(UTC).date().replace(day=1)
    child = await club.joins("1", birth_date=born.replace(year=born.year - 9).isoformat())
    parent = await club.joins("2", birth_date=born.replace(year=born.year - 40).isoformat())
    till = await club.service("till")
    alone = {"member": child, "purpose": "newsletter", "action": "given", "language": "sv"}
    assert (await till("POST", "/v1/consents", alone)).status_code == 403
    officer = await club.officer()
    proof = {"how": "paper", "evidence": "form 17"}
    await officer.ok("PUT", f"/v1/members/{child}/guardians/{parent}", proof)
    stands = await tells(club, child, "given", guardian=parent)
    assert (stands["allowed"], stands["reason"]) == (True, None)
    last = (await said(club, child))[-1]
    assert (last.by, str(last.guardian)) == (By.GUARDIAN, parent)
