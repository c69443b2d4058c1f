"""What members say over HTTP: yes and no, by which channel, how often, a pause, an objection."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

from callers_at_doors import PURPOSE, Client, Club
from stopped_club import START, stopped_club

from api.settings import Settings
from consent import ledger
from consent.choices import Action
from profiles.members import one

Tables = Callable[[], dict[str, tuple[int, str | None]]]
PROBLEM = "urn:tillit:problem:"
AS_THEY_COME = {
    "paused": False,
    "paused_until": None,
    "often": 0,
    "quiet": [],
    "channels": dict.fromkeys(("email", "sms", "post", "app", "phone"), True),
    "objects": False,
}


async def _of(own: Client, purpose: str) -> dict[str, Any]:
    shown = await own.ok("GET", "/v1/me/choices?language=en")
    return next(choice for choice in shown if choice["purpose"] == purpose)


async def test_taking_back_takes_no_more_requests_and_fields_than_giving(club: Club) -> None:
    """Counted for every purpose, through the app: from not allowed to allowed, and back."""
    own = await club.member(await club.joins("1"))
    counted = 0
    for shown in await own.ok("GET", "/v1/me/choices"):
        if not shown["can_choose"]:
            continue
        path = f"/v1/me/choices/{shown['purpose']}"
        costs = {}
        for allow in (False, True, False):  # a no first: an objection needs a yes to lift it
            bodies = (
                {"allow": allow},
                {"allow": allow, "language": shown["language"]},
            )
            costs[allow] = await _cheapest(own, path, bodies)
            counted += 1
        (no_requests, no_fields), (yes_requests, yes_fields) = costs[False], costs[True]
        assert no_requests <= yes_requests, path
        assert no_fields <= yes_fields, path
        assert (await _of(own, shown["purpose"]))["allowed"] is False
    assert counted == 12


async def _cheapest(own: Client, path: str, bodies: tuple[dict[str, Any], ...]) -> tuple[int, int]:
    """How many requests, and how many fields, it takes until the door does what was asked."""
    for requests, body in enumerate(bodies, 1):
        answer = await own("PUT", path, body)
        if answer.is_success:
            told = answer.json()
            said = told["allowed"] or told["awaits_confirmation"]
            assert said == body["allow"], path
            return requests, len(body)
    raise AssertionError(path)


async def test_a_choice_tells_its_state_in_our_word_and_in_the_vocabularys(club: Club) -> None:
    own = await club.member(await club.joins("1"))
    path = f"/v1/me/choices/{PURPOSE}"
    seen = [await _of(own, PURPOSE)]
    for body in ({"allow": True, "language": "en"},) * 2 + ({"allow": False},):
        seen.append(await own.ok("PUT", path, body))
    assert [(one["state"], one["term"]) for one in seen] == [
        ("unknown", "dpv:ConsentUnknown"),
        ("given", "dpv:ConsentGiven"),
        ("renewed", "dpv:RenewedConsentGiven"),
        ("withdrawn", "dpv:ConsentWithdrawn"),
    ]
    assert seen[1]["agreed"]["text"] == seen[1]["notice"]
    assert (seen[1]["agreed"]["version"], seen[1]["agreed"]["language"]) == (1, "en")
    assert (seen[0]["agreed"], seen[3]["agreed"]) == (None, None)
    assert seen[0]["notice_version"] == 1
    assert seen[1]["since"] is not None


async def test_a_yes_with_terms_is_to_todays_and_a_no_to_any(club: Club) -> None:
    own = await club.member(await club.joins("1"))
    path = f"/v1/me/choices/{PURPOSE}"
    old = {"language": "en", "terms": "0123456789abcdef"}
    refused = await own("PUT", path, {"allow": True, **old})
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:tillit:problem:terms-changed",
    )
    assert not (await _of(own, PURPOSE))["consented"]
    shown = await _of(own, PURPOSE)
    todays = {"language": shown["language"], "terms": shown["terms"]}
    assert (await own.ok("PUT", path, {"allow": True, **todays}))["consented"]
    assert not (await own.ok("PUT", path, {"allow": False, **old}))["consented"]


async def test_withdrawing_what_was_never_given_works_and_is_kept_as_such(club: Club) -> None:
    own = await club.member(await club.joins("1"))
    stands = await own.ok("PUT", f"/v1/me/choices/{PURPOSE}", {"allow": False})
    assert (stands["state"], stands["reason"]) == ("withdrawn", "no_consent")
    (line,) = (await own.ok("GET", "/v1/me/choices/history"))["lines"]
    assert (line["action"], line["before"]) == ("withdrawn", "unknown")


async def test_a_yes_to_a_purpose_with_double_opt_in_waits_for_its_confirmation(
    club: Club,
) -> None:
    own = await club.member(await club.joins("1", email="anna@post.example"))
    body = {"allow": True, "language": "en"}
    stands = await own.ok("PUT", "/v1/me/choices/partner_offers", body)
    assert (stands["state"], stands["awaits_confirmation"]) == ("requested", True)
    assert (stands["allowed"], stands["reason"]) == (False, "unconfirmed")
    stands = await own.ok("PUT", "/v1/me/choices/partner_offers", {"allow": False})
    assert (stands["state"], stands["awaits_confirmation"]) == ("withdrawn", False)


async def test_two_devices_at_once_are_both_recorded_and_the_no_decides(
    settings: Settings,
) -> None:
    async with stopped_club(settings) as (club, _):
        path = f"/v1/me/choices/{PURPOSE}"
        for number in range(6):
            member = await club.joins(str(number))
            own = await club.member(member)
            said = ({"allow": True, "language": "sv"}, {"allow": False})
            both = said if number % 2 else said[::-1]
            await asyncio.gather(*(own.ok("PUT", path, body) for body in both))
            stands = await _of(own, PURPOSE)
            assert (stands["state"], stands["allowed"]) == ("withdrawn", False)
            lines = (await own.ok("GET", "/v1/me/choices/history"))["lines"]
            assert sorted(line["action"] for line in lines) == ["given", "withdrawn"]
            assert len({line["at"] for line in lines}) == 1


async def test_a_channel_is_turned_off_for_a_purpose_and_on_again(club: Club) -> None:
    own = await club.member(await club.joins("1"))
    path = "/v1/me/choices/newsletter/channels/sms"
    everything = {"email": True, "sms": True, "app": True}
    assert (await _of(own, "newsletter"))["channels"] == everything
    off = await own.ok("PUT", path, {"on": False})
    assert off["channels"] == everything | {"sms": False}
    assert (await own.ok("PUT", path, {"on": False}))["channels"] == off["channels"]
    assert (await own.ok("PUT", path, {"on": True}))["channels"] == everything


async def test_a_channel_that_is_off_for_everything_is_off_for_each_purpose(club: Club) -> None:
    own = await club.member(await club.joins("1"))
    told = await own.ok("PUT", "/v1/me/channels/email", {"on": False})
    assert told["channels"] == AS_THEY_COME["channels"] | {"email": False}
    on = await own.ok("PUT", "/v1/me/choices/newsletter/channels/email", {"on": True})
    assert on["channels"]["email"] is False
    await own.ok("PUT", "/v1/me/channels/email", {"on": True})
    assert (await _of(own, "newsletter"))["channels"]["email"] is True


async def test_each_preference_is_undone_by_its_own_door(club: Club) -> None:
    own = await club.member(await club.joins("1"))
    assert await own.ok("GET", "/v1/me/preferences") == AS_THEY_COME
    doors: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
        ("channels/sms", {"on": False}, {"on": True},
         {"channels": AS_THEY_COME["channels"] | {"sms": False}}),
        ("contact", {"often": 30}, {"often": 0}, {"often": 30}),
        ("contact", {"quiet": [23, 0, 5, 5]}, {"quiet": []}, {"quiet": [0, 5, 23]}),
        ("pause", {"on": True}, {"on": False}, {"paused": True}),
        ("pause", {"on": True, "until": "2999-12-31"}, {"on": False},
         {"paused": True, "paused_until": "2999-12-31"}),
        ("objection", {"objects": True}, {"objects": False}, {"objects": True}),
    ]  # fmt: skip
    for path, said, undone, changed in doors:
        assert await own.ok("PUT", f"/v1/me/{path}", said) == AS_THEY_COME | changed
        assert await own.ok("GET", "/v1/me/preferences") == AS_THEY_COME | changed
        assert await own.ok("PUT", f"/v1/me/{path}", undone) == AS_THEY_COME
    lines = (await own.ok("GET", "/v1/me/choices/history"))["lines"]
    assert len(lines) == 2 * len(doors)
    assert next(line for line in lines if line["quiet"])["quiet"] == [0, 5, 23]


async def test_how_often_and_at_what_hours_are_said_together_or_apart(club: Club) -> None:
    own = await club.member(await club.joins("1"))
    await own.ok("PUT", "/v1/me/contact", {"often": 7, "quiet": [22]})
    told = await own.ok("PUT", "/v1/me/contact", {"often": 14})
    assert (told["often"], told["quiet"]) == (14, [22])


async def test_a_pause_and_an_objection_silence_what_was_consented_to(club: Club) -> None:
    member = await club.joins("1", tier="gold")
    own = await club.member(member)
    await club.agrees(member)
    for path, on, off, reason in (
        ("pause", {"on": True}, {"on": False}, "paused"),
        ("objection", {"objects": True}, {"objects": False}, "objected"),
    ):
        await own.ok("PUT", f"/v1/me/{path}", on)
        assert (await _of(own, PURPOSE))["reason"] == reason
        assert (await club.segment("tier = 'gold'"))["held_back"] == {reason: 1}
        assert (await _of(own, "membership"))["allowed"] is True
        await own.ok("PUT", f"/v1/me/{path}", off)
        assert (await club.segment("tier = 'gold'"))["members"] == [member]


async def test_one_purpose_is_let_through_an_objection_to_all_marketing(club: Club) -> None:
    member = await club.joins("1")
    own = await club.member(member)
    for purpose in (PURPOSE, "newsletter"):
        await club.agrees(member, purpose=purpose)
    await own.ok("PUT", "/v1/me/objection", {"objects": True})
    assert (await _of(own, "newsletter"))["objected"] is True
    stands = await club.agrees(member, purpose="newsletter")
    assert (stands["allowed"], stands["objected"]) == (True, False)
    assert (await _of(own, PURPOSE))["reason"] == "objected"
    assert (await own.ok("GET", "/v1/me/preferences"))["objects"] is True


async def test_a_pause_is_over_on_its_day(settings: Settings) -> None:
    async with stopped_club(settings) as (club, clock):
        member = await club.joins("1")
        await club.agrees(member)
        own = await club.member(member)
        await own.ok("PUT", "/v1/me/pause", {"on": True, "until": "2026-03-02"})
        assert (await _of(own, PURPOSE))["reason"] == "paused"
        clock.at = START.replace(day=2)
        own = await club.member(member)
        assert (await _of(own, PURPOSE))["allowed"] is True
        assert await own.ok("GET", "/v1/me/preferences") == AS_THEY_COME


async def test_a_consent_whose_time_is_up_shows_as_expired_before_anybody_wrote_so(
    settings: Settings,
) -> None:
    async with stopped_club(settings) as (club, clock):
        member = await club.joins("1")
        await club.agrees(member)
        clock.at = START.replace(year=2028)
        stands = await _of(await club.member(member), PURPOSE)
        assert (stands["state"], stands["reason"]) == ("expired", "expired")


NO_SENSE: list[tuple[str, dict[str, Any], str]] = [
    ("choices/newsleter", {"allow": True, "language": "sv"}, "unknown-purpose"),
    ("choices/newsletter", {"allow": True, "language": "xx"}, "not-a-choice"),
    ("choices/newsletter", {"allow": True}, "not-a-choice"),
    ("choices/newsletter", {"allow": "yes"}, "misshapen"),
    ("choices/newsletter", {"allow": False, "why": "spam"}, "misshapen"),
    ("choices/membership", {"allow": False}, "not-a-choice"),
    ("choices/newsletter/channels/fax", {"on": False}, "not-a-choice"),
    ("choices/newsletter/channels/post", {"on": False}, "not-a-choice"),
    ("choices/newsletter/channels/Anna@post.example", {"on": False}, "misshapen"),
    ("choices/bookkeeping/channels/email", {"on": False}, "not-a-choice"),
    ("choices/nothing/channels/email", {"on": False}, "unknown-purpose"),
    ("channels/fax", {"on": False}, "not-a-choice"),
    ("channels/email", {}, "misshapen"),
    ("contact", {}, "not-a-choice"),
    ("contact", {"often": 3}, "not-a-choice"),
    ("contact", {"often": -1}, "not-a-choice"),
    ("contact", {"often": True}, "misshapen"),
    ("contact", {"often": 7, "quiet": [24]}, "not-a-choice"),
    ("contact", {"quiet": [-1]}, "not-a-choice"),
    ("contact", {"quiet": [10**30]}, "not-a-choice"),
    ("contact", {"quiet": [0] * 25}, "misshapen"),
    ("pause", {"on": True, "until": "2026-03-01"}, "not-a-choice"),
    ("pause", {"on": True, "until": "1999-01-01"}, "not-a-choice"),
    ("pause", {"on": True, "until": "soon"}, "misshapen"),
    ("pause", {"on": False, "until": "2999-01-01"}, "not-a-choice"),
    ("objection", {"objects": None}, "misshapen"),
]


async def test_what_makes_no_sense_is_refused_and_leaves_nothing_behind(
    settings: Settings, tables: Tables
) -> None:
    async with stopped_club(settings) as (club, _):
        own = await club.member(await club.joins("1"))
        before = tables()
        for path, body, slug in NO_SENSE:
            refused = await own("PUT", f"/v1/me/{path}", body)
            assert not refused.is_success, (path, body)
            assert refused.json()["type"] == PROBLEM + slug, (path, body, refused.text)
            assert refused.status_code == 422
            assert "Anna@post.example" not in refused.text
            assert tables() == before


async def test_what_a_member_says_is_kept_as_the_members_own_word(club: Club) -> None:
    member = await club.joins("1")
    own = await club.member(member)
    await club.agrees(member)
    await own.ok("PUT", "/v1/me/channels/phone", {"on": False})
    async with club.tillit.unit() as work:
        person = await one(work.unit, UUID(member))
        said = (await ledger.opened(work.unit, {person.id: person.key}))[person.id]
    assert [(line.action, line.by, line.purpose) for line in said] == [
        (Action.GIVEN, "member", PURPOSE),
        (Action.CHANNEL_OFF, "member", None),
    ]
