"""Opening every right over HTTP, what is told of a request, and the list that officers work by."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from callers_at_doors import PURPOSE, Club
from stopped_club import START, stopped_club
from the_desk import entries, opened, restricts, seen

from api.settings import Settings
from api.work import drain
from audit.verify import VerifierKey
from dsar import checks
from dsar.states import Right
from kernel.clock import StoppedClock

ABOUT: dict[str, dict[str, Any]] = {
    "withdrawal": {"purposes": [PURPOSE]},
    "objection": {"marketing": True},
    "rectification": {"values": {"name": "Kari Nilsson"}},
    "review": {"note": "Why was I offered less?"},
}


@pytest_asyncio.fixture
async def desk(settings: Settings) -> AsyncIterator[tuple[Club, StoppedClock]]:
    async with stopped_club(settings) as found:
        yield found


@pytest.mark.parametrize("right", Right)
async def test_an_officer_opens_every_right_with_what_it_is_about(club: Club, right: str) -> None:
    member = await club.joins("1", name="Kari Exempel", email="kari@example.com")
    if right == "release":
        await restricts(club, member)
    officer = await club.officer()
    body = {"right": right, "member": member, "identified": True, **ABOUT.get(right, {})}
    shown = await officer.ok("POST", "/v1/requests", body)
    at_once = right in ("withdrawal", "objection")
    assert shown["state"] == ("accepted" if at_once else "acknowledged")
    assert shown["term"] == ("dpv:RequestAccepted" if at_once else "dpv:RequestAcknowledged")
    assert (shown["channel"], shown["lacking"], shown["joined"]) == ("officer", [], False)
    wanted = (await seen(club, shown["request"]))["wanted"]
    asked = ABOUT.get(right)
    assert wanted == (asked and {**_nothing(), **asked})


async def test_a_member_is_told_no_reason_why_a_correction_came_back(club: Club) -> None:
    member = await club.joins("1", name="Kari Exempel")
    values = {"values": {"member_number": "FK-2000"}}
    request = await opened(club, "rectification", member, **values)
    await (await club.officer()).ok("POST", f"/v1/requests/{request}/approve")
    await club.joins("FK-2000")
    await drain(club.tillit)
    told = await (await club.member(member)).ok("GET", f"/v1/me/requests/{request}")
    assert (told["state"], told["reason"]) == ("acknowledged", None)
    assert (await seen(club, request))["reason"] == "IdentifierNotSet"


@pytest.mark.parametrize("right", Right)
async def test_a_member_opens_every_right_with_what_it_is_about(club: Club, right: str) -> None:
    member = await club.joins("1", name="Kari Exempel")
    if right == "release":
        await restricts(club, member)
    own = await club.member(member)
    shown = await own.ok("POST", "/v1/me/requests", {"right": right, **ABOUT.get(right, {})})
    assert (shown["channel"], shown["lacking"]) == ("member", [])
    assert shown["steps"] == ["cancel"]
    again = await own.ok("GET", f"/v1/me/requests/{shown['request']}")
    assert again["wanted"] == (ABOUT.get(right) and {**_nothing(), **ABOUT[right]})


@pytest.mark.parametrize(
    ("right", "about"),
    [
        ("withdrawal", {}),
        ("objection", {"marketing": False}),
        ("access", {"purposes": [PURPOSE]}),
        ("withdrawal", {"marketing": True}),
        ("rectification", {}),
        ("erasure", {"values": {"name": "x"}}),
        ("rectification", {"values": {"shoe_size": "44"}}),
        ("withdrawal", {"purposes": ["no_such_purpose"]}),
        ("access", {"note": "x" * 4_001}),
        ("acces", {}),
        ("access", {"received": "2020-01-01"}),
        ("access", {"received": "2999-01-01"}),
    ],
)
async def test_a_request_that_is_about_nothing_or_about_too_much_is_not_opened(
    club: Club, right: str, about: dict[str, Any]
) -> None:
    member = await club.joins("1", name="Kari Exempel")
    officer = await club.officer()
    body = {"right": right, "member": member, "identified": True, **about}
    assert (await officer("POST", "/v1/requests", body)).status_code in (404, 422)
    assert (await officer.ok("GET", "/v1/requests"))["requests"] == []


async def test_a_release_is_opened_for_nobody_who_is_not_restricted(club: Club) -> None:
    member = await club.joins("1")
    own, officer = await club.member(member), await club.officer()
    body = {"right": "release"}
    for answer in (
        await own("POST", "/v1/me/requests", body),
        await officer("POST", "/v1/requests", {**body, "member": member, "identified": True}),
    ):
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:tillit:problem:not-a-request"
        assert "restriction first" in answer.json()["problems"][0]["remedy"]


async def test_a_member_with_much_open_is_told_so_and_can_still_withdraw_and_object(
    club: Club,
) -> None:
    member = await club.joins("1")
    own, officer = await club.member(member), await club.officer()
    for number in range(20):
        body = {"right": "rectification", "values": {"county": f"County {number}"}}
        await own.ok("POST", "/v1/me/requests", body)
    more = {"right": "rectification", "values": {"county": "County 99"}}
    answer = await own("POST", "/v1/me/requests", more)
    assert (answer.status_code, answer.json()["type"]) == (429, "urn:tillit:problem:too-many")
    assert "take one back" in answer.json()["problems"][0]["remedy"]
    assert "retry-after" in answer.headers
    assert (await own.ok("POST", "/v1/me/requests", body))["joined"]
    for right in ("access", "erasure"):  # the first of each is never one too many
        assert not (await own.ok("POST", "/v1/me/requests", {"right": right}))["joined"]
    for said in (
        {"right": "withdrawal", "purposes": [PURPOSE]},
        {"right": "objection", "marketing": True},
    ):
        assert (await own.ok("POST", "/v1/me/requests", said))["state"] == "accepted"
    await officer.ok("POST", "/v1/requests", {**more, "member": member})
    weak = await club.member(await club.joins("2"), stepped_up=False)
    await weak.ok("POST", "/v1/me/requests", {"right": "access"})


async def test_the_clock_runs_from_the_day_a_letter_came_in(
    desk: tuple[Club, StoppedClock],
) -> None:
    club, _ = desk
    member = await club.joins("1")
    officer = await club.officer()
    body = {"right": "access", "member": member, "received": "2026-01-31", "language": "nb"}
    shown = await officer.ok("POST", "/v1/requests", body)
    assert (shown["received"], shown["due"], shown["language"]) == (
        *("2026-01-31", "2026-03-02", "nb"),
    )
    assert (shown["days_left"], shown["overdue"], shown["lacking"]) == (1, False, ["member_number"])
    assert "approve" not in shown["steps"]
    assert {"ask_identity", "refuse", "cancel", "extend"} == set(shown["steps"])


@pytest.mark.parametrize("stepped_up", [True, False])
async def test_a_signed_in_members_withdrawal_takes_effect_whatever_they_signed_in_with(
    club: Club, stepped_up: bool
) -> None:
    member = await club.joins("1", tier="gold", email="kari@example.com")
    await club.agrees(member)
    body = {"right": "withdrawal", "purposes": [PURPOSE]}
    own = await club.member(member, stepped_up=stepped_up)
    shown = await own.ok("POST", "/v1/me/requests", body)
    assert (shown["state"], shown["lacking"]) == ("accepted", [])
    [tried] = await entries(club, "identity.tried", shown["request"])
    assert (tried["how"], tried["identifier"]) == ("step_up" if stepped_up else "sign_in", None)
    await drain(club.tillit)
    assert (await club.segment("tier = 'gold'"))["members"] == []
    assert (await own.ok("GET", f"/v1/me/requests/{shown['request']}"))["state"] == "fulfilled"


@pytest.mark.parametrize(
    "about", [{"marketing": True}, {"purposes": ["assortment_insight"], "note": "No more."}]
)
async def test_a_signed_in_members_objection_takes_effect(
    club: Club, about: dict[str, Any]
) -> None:
    weak = await club.member(await club.joins("1"), stepped_up=False)
    shown = await weak.ok("POST", "/v1/me/requests", {"right": "objection", **about})
    assert (shown["state"], shown["lacking"]) == ("accepted", [])


async def test_a_sign_in_proves_what_nobody_could_tell_of_a_letter_to_withdraw(club: Club) -> None:
    member = await club.joins("1", email="kari@example.com")
    officer, weak = await club.officer(), await club.member(member, stepped_up=False)
    body = {"right": "withdrawal", "purposes": [PURPOSE]}
    waits = await officer.ok("POST", "/v1/requests", {"member": member, **body})
    assert (waits["state"], waits["lacking"]) == ("acknowledged", ["email", "member_number"])
    await officer.ok("POST", f"/v1/requests/{waits['request']}/identity/query")
    joined = await weak.ok("POST", "/v1/me/requests", body)
    assert (joined["request"], joined["joined"]) == (waits["request"], True)
    assert (joined["state"], joined["lacking"]) == ("accepted", [])


@pytest.mark.parametrize("right", sorted({*Right} - {Right.WITHDRAWAL, Right.OBJECTION}))
async def test_a_sign_in_proves_nothing_for_any_other_right(club: Club, right: str) -> None:
    member = await club.joins("1", name="Kari Exempel", email="kari@example.com")
    if right == "release":
        await restricts(club, member)
    weak = await club.member(member, stepped_up=False)
    shown = await weak.ok("POST", "/v1/me/requests", {"right": right, **ABOUT.get(right, {})})
    assert (shown["state"], shown["lacking"]) == ("acknowledged", ["email", "member_number"])
    assert await entries(club, "identity.tried", shown["request"]) == []
    officer = await club.officer()
    path, found = f"/v1/requests/{shown['request']}/approve", {"outcome": "It stands."}
    answer = await officer("POST", path, found if right == "review" else None)
    assert (answer.status_code, answer.json()["type"]) == (
        *(409, "urn:tillit:problem:not-identified"),
    )


async def test_a_letter_that_was_found_late_starts_the_clock_of_what_was_asked_for_since(
    club: Club,
) -> None:
    member, officer = await club.joins("1"), await club.officer()
    came = (club.tillit.clock.now() - timedelta(days=50)).date().isoformat()
    today = await officer.ok("POST", "/v1/requests", {"right": "access", "member": member})
    assert not today["overdue"]
    found = {"right": "access", "member": member, "received": came}
    joined = await officer.ok("POST", "/v1/requests", found)
    assert (joined["request"], joined["received"]) == (today["request"], came)
    assert joined["overdue"]
    again = await officer.ok("POST", "/v1/requests", {"right": "access", "member": member})
    assert (again["received"], again["due"]) == (came, joined["due"])
    async with club.tillit.unit() as work:
        key = VerifierKey.parse((await club.tillit.signer(work.session)).verifier_key)
        assert await checks.check(work.unit, key) == []


async def test_the_same_asked_for_twice_at_once_is_one_request(club: Club) -> None:
    member = await club.joins("1", name="Kari Exempel")
    own = await club.member(member)
    for body in ({"right": "access"}, {"right": "rectification", "values": {"name": "K"}}):
        came = await asyncio.gather(*(own.ok("POST", "/v1/me/requests", body) for _ in range(6)))
        assert len({one["request"] for one in came}) == 1
        assert sorted(one["joined"] for one in came) == [False] + [True] * 5
        (request,) = {one["request"] for one in came}
        moves = [one["step"] for one in await entries(club, "request.moved", request)]
        assert sorted(moves) == ["acknowledge"] + ["join"] * 5
    other = {"right": "rectification", "values": {"name": "L"}}
    assert (await own.ok("POST", "/v1/me/requests", other))["joined"] is False
    assert len(await own.ok("GET", "/v1/me/requests")) == 3


async def test_an_answered_request_is_not_joined(club: Club) -> None:
    member = await club.joins("1")
    first = await opened(club, "access", member)
    officer = await club.officer()
    await officer.ok("POST", f"/v1/requests/{first}/refuse", {"reason": "ProcessExcessive"})
    assert await opened(club, "access", member) != first


async def test_proof_brought_by_the_second_asking_starts_the_clock_again(
    desk: tuple[Club, StoppedClock],
) -> None:
    club, clock = desk
    member = await club.joins("1")
    officer, weak = await club.officer(), await club.member(member, stepped_up=False)
    request = (await weak.ok("POST", "/v1/me/requests", {"right": "access"}))["request"]
    batch = {"requests": [request], "step": "ask_identity"}
    assert (await officer.ok("POST", "/v1/requests/bulk", batch))["done"] == 1
    clock.at = START + timedelta(days=9)
    officer = await club.officer()
    waits = await officer.ok("GET", f"/v1/requests/{request}")
    assert (waits["paused"], waits["state"], waits["days_left"]) == (True, "requires_action", 31)
    own = await club.member(member)
    await own.ok("POST", "/v1/me/requests", {"right": "access"})
    on = await seen(club, request)
    assert (on["paused"], on["state"], on["lacking"]) == (False, "acknowledged", [])
    assert (waits["due"], on["due"]) == ("2026-04-01", "2026-04-10")


async def test_what_is_wanted_is_opened_on_record_and_the_member_sees_who_looked(
    club: Club,
) -> None:
    member = await club.joins("1", name="Kari Exempel")
    own = await club.member(member)
    body = {"right": "rectification", "values": {"name": "Kari Nilsson"}, "note": "I married."}
    request = (await own.ok("POST", "/v1/me/requests", body))["request"]
    officer = await club.officer()
    listed = await officer.ok("GET", "/v1/requests")
    assert "Nilsson" not in str(listed)
    shown = await officer.ok("GET", f"/v1/requests/{request}")
    assert shown["wanted"]["values"] == {"name": "Kari Nilsson"}
    assert shown["wanted"]["note"] == "I married."
    uses = (await own.ok("GET", "/v1/me/uses"))["uses"]
    looks = [one for one in uses if one["by"] == "officer officer-7"]
    assert [(one["what"], one["fields"]) for one in looks] == [("profile.read", ["name"])]
    (facts,) = await entries(club, "profile.read", request)
    assert facts == {"fields": ["name"], "how": "request", "request": request}


async def test_a_request_about_nothing_in_particular_opens_nothing(club: Club) -> None:
    request = await opened(club, "access", await club.joins("1"))
    assert (await seen(club, request))["wanted"] is None
    assert await entries(club, "profile.read", request) == []


async def test_members_see_their_own_requests_and_nobody_elses(club: Club) -> None:
    one, two = await club.joins("1"), await club.joins("2")
    request = await opened(club, "access", one)
    mine, theirs = await club.member(one), await club.member(two)
    assert [r["request"] for r in await mine.ok("GET", "/v1/me/requests")] == [request]
    assert await theirs.ok("GET", "/v1/me/requests") == []
    assert (await theirs("GET", f"/v1/me/requests/{request}")).status_code == 404


async def test_a_request_of_somebody_erased_is_shown_without_them(club: Club) -> None:
    member = await club.joins("1", name="Kari Exempel")
    body = {"values": {"name": "Kari Nilsson"}}
    other = await opened(club, "rectification", member, **body)
    request = await opened(club, "erasure", member)
    officer = await club.officer()
    await officer.ok("POST", f"/v1/requests/{request}/approve")
    await drain(club.tillit)
    for one, state in ((request, "fulfilled"), (other, "unfulfilled")):
        shown = await seen(club, one)
        assert (shown["state"], shown["member"], shown["wanted"]) == (state, None, None)
        assert (shown["steps"], shown["days_left"]) == ([], None)
    again = await officer("POST", "/v1/requests", {"right": "access", "member": member})
    assert again.status_code == 404


async def test_overdue_comes_first_and_closed_last_whatever_came_when(
    desk: tuple[Club, StoppedClock],
) -> None:
    club, clock = desk
    ids = {}
    days = {"a": "2026-02-20", "b": "2026-01-20", "c": "2026-01-05", "d": "2026-03-01"}
    for number, (name, day) in enumerate(days.items()):
        ids[name] = await opened(club, "access", await club.joins(str(number)), received=day)
    officer = await club.officer()
    await officer.ok("POST", f"/v1/requests/{ids['c']}/refuse", {"reason": "ProcessUnfounded"})
    listed = (await officer.ok("GET", "/v1/requests"))["requests"]
    assert [one["request"] for one in listed] == [ids[name] for name in "badc"]
    assert [one["overdue"] for one in listed] == [True, False, False, False]
    assert [one["days_left"] for one in listed] == [-9, 19, 31, None]
    late = (await officer.ok("GET", "/v1/requests?overdue=true"))["requests"]
    assert [one["request"] for one in late] == [ids["b"]]
    clock.at += timedelta(days=25)
    officer = await club.officer()
    late = (await officer.ok("GET", "/v1/requests?overdue=true"))["requests"]
    assert [one["request"] for one in late] == [ids["b"], ids["a"]]


async def test_filters_narrow_the_list_and_pages_hold_each_request_once(club: Club) -> None:
    members = [await club.joins(str(number)) for number in range(5)]
    ids = [await opened(club, "access", member) for member in members]
    own = await club.member(members[0])
    mine = (await own.ok("POST", "/v1/me/requests", {"right": "erasure"}))["request"]
    officer = await club.officer()

    async def found(query: str) -> list[str]:
        return [one["request"] for one in (await officer.ok("GET", query))["requests"]]

    assert await found("/v1/requests?channel=member") == [mine]
    assert await found("/v1/requests?right=erasure") == [mine]
    assert set(await found(f"/v1/requests?member={members[0]}")) == {ids[0], mine}
    assert set(await found("/v1/requests?right=access&state=acknowledged")) == set(ids)
    assert await found("/v1/requests?due_by=2020-01-01") == []
    assert len(await found("/v1/requests?overdue=false&due_by=2999-01-01")) == 6
    pages, after = [], ""
    while True:
        page = await officer.ok("GET", f"/v1/requests?open=true&limit=2{after}")
        pages.append([one["request"] for one in page["requests"]])
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
        # What leaves the list while it is being read shifts nothing.
        reason = {"reason": "ProcessExcessive"}
        await officer.ok("POST", f"/v1/requests/{pages[-1][-1]}/refuse", reason)
    assert [len(page) for page in pages] == [2, 2, 2]
    assert {one for page in pages for one in page} == {*ids, mine}


@pytest.mark.parametrize(
    "query",
    [
        *("open=yes", "overdue=1", "right=acces", "state=done", "channel=email", "member=anna"),
        *("due_by=soon", "limit=0", "limit=501", "after=2", "after=0.2026-99-99." + "0" * 32),
        *("name=anna", "due_by=2026-02-30"),
    ],
)
async def test_a_filter_that_is_none_is_refused(club: Club, query: str) -> None:
    officer = await club.officer()
    assert (await officer("GET", f"/v1/requests?{query}")).status_code == 422


def _nothing() -> dict[str, Any]:
    return {
        "purposes": [],
        "marketing": False,
        "values": {},
        "note": "",
        "outcome": "",
        "later": [],
    }
