"""Requests that services of the programme hand in for members."""

from typing import Any
from uuid import UUID, uuid4

import at_the_desk
import pytest
from callers_at_doors import Club

from api.bootstrap import Tillit
from api.work import drain
from dsar import register, requests
from dsar.opendsr.receiving import PER_HOUR
from dsar.states import State
from dsar.words import Channel

ASA = "asa@post.example"
DOOR = "/v1/requests/handed-in"


def said(**other: Any) -> dict[str, Any]:
    return {"reference": str(uuid4()), "right": "access", "identifiers": {"email": ASA}} | other


async def test_a_service_hands_in_what_a_member_wants_and_the_member_is_asked(
    tillit: Tillit, club: Club
) -> None:
    member = await club.joins("1", email=ASA)
    till = await club.service("till")
    wish = said(right="restriction", language="nb")
    found = await till.ok("POST", DOOR, wish)
    assert found["reference"] == wish["reference"]
    await drain(tillit)
    async with tillit.unit() as work:
        (request,) = await register.listed(work.unit)
        assert request.channel is Channel.SERVICE
        assert (str(request.member), request.language) == (member, "nb")
        assert request.state is State.REQUIRES_ACTION
        assert str(request.due) == found["due"]
        assert await requests.lacking(work.unit, work.active, request.id)
    assert await till.ok("POST", DOOR, wish) == found
    await drain(tillit)
    async with tillit.unit() as work:
        assert len(await register.listed(work.unit)) == 1


async def test_a_service_learns_nothing_of_who_is_a_member(tillit: Tillit, club: Club) -> None:
    await club.joins("1", email=ASA)
    till = await club.service("till")
    answers = []
    for email in (ASA, "nobody@post.example"):
        answer = await till.ok("POST", DOOR, said(identifiers={"email": email}))
        answers.append(set(answer) | {answer["due"]})
    assert answers[0] == answers[1]


@pytest.mark.parametrize("name", ["offers-engine", "newsletter", "analytics"])
async def test_a_service_that_enrols_nobody_hands_in_nothing(club: Club, name: str) -> None:
    answer = await (await club.service(name))("POST", DOOR, said())
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:tillit:problem:wrong-caller"


@pytest.mark.parametrize(
    ("wish", "place"),
    [
        (said(right="withdrawal"), "right"),
        (said(right="rectification"), "right"),
        (said(right="forgetting"), "right"),
        (said(identifiers={}), "identifiers"),
        (said(identifiers={"email": "nobody"}), "email"),
        (said(identifiers={"tier": "gold"}), "tier"),
        (said(identifiers={"shoe_size": "44"}), "shoe_size"),
        (said(reference="7"), "reference"),
        (said(more="x"), "more"),
        (said(right="objection"), "right"),
        (said(right="access", note="Why?"), "note"),
        (said(right="review", note="x" * 1_001), "note"),
    ],
)
async def test_what_cannot_be_handed_in_is_refused_with_its_place(
    club: Club, wish: dict[str, Any], place: str
) -> None:
    answer = await (await club.service("till"))("POST", DOOR, wish)
    assert answer.status_code == 422
    assert place in answer.json()["problems"][0]["place"]
    assert "nobody" not in answer.text


async def test_a_service_too_hands_in_so_many_within_an_hour_and_no_more(club: Club) -> None:
    till = await club.service("till")
    for _ in range(PER_HOUR):
        await till.ok("POST", DOOR, said())
    answer = await till("POST", DOOR, said())
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3600"
    assert answer.json()["type"] == "urn:tillit:problem:too-many"


async def test_the_same_reference_with_another_wish_is_refused(club: Club) -> None:
    till = await club.service("till")
    first = said()
    await till.ok("POST", DOOR, first)
    assert (await till("POST", DOOR, first | {"right": "erasure"})).status_code == 422


async def test_a_service_that_asks_on_and_on_keeps_the_member_from_nothing_and_learns_nothing(
    club: Club,
) -> None:
    member = await club.joins("1", email=ASA)
    own, officer, till = (
        await club.member(member),
        await club.officer(),
        await club.service("till"),
    )
    about = [ASA, "nobody@post.example"]
    wishes = [
        said(right="review", identifiers={"email": email}, note=f"Why, {number}?")
        for number in range(25)
        for email in about
    ]
    answers = [await till.ok("POST", DOOR, wish) for wish in wishes]
    assert len({(*answer.keys(), answer["due"]) for answer in answers}) == 1
    await drain(club.tillit)
    assert [await till.ok("POST", DOOR, wish) for wish in wishes] == answers
    for right in ("erasure", "access"):
        await own.ok("POST", "/v1/me/requests", {"right": right})
    await own.ok("POST", "/v1/me/requests", {"right": "review", "note": "Mine"})
    found = await officer.ok("GET", DOOR)
    # The member is asked about one, and an officer looks at the others.
    states = [one["state"] for one in found]
    assert sorted(states) == ["held"] * 24 + ["opened"] + ["waiting"] * 25
    held = found[0]["handed"]
    leads = await officer.ok("GET", f"{DOOR}/{held}")
    assert leads["leads"] == [{"field": "email", "members": [member]}]
    opened = await officer.ok("POST", f"{DOOR}/{held}/open", {"member": member})
    assert (opened["right"], opened["state"]) == ("review", "requires_action")


async def test_a_review_is_handed_in_with_what_it_is_about(tillit: Tillit, club: Club) -> None:
    await club.joins("1", email=ASA)
    till, officer = await club.service("till"), await club.officer()
    await till.ok("POST", DOOR, said(right="review", note="Why was I offered less?"))
    await drain(tillit)
    async with tillit.unit() as work:
        (request,) = await register.listed(work.unit)
    shown = await officer.ok("GET", f"/v1/requests/{request.id}")
    assert (shown["right"], shown["state"]) == ("review", "requires_action")
    assert shown["wanted"]["note"] == "Why was I offered less?"


async def test_the_end_of_a_restriction_is_handed_in_for_whoever_is_restricted_and_none_can_tell(
    tillit: Tillit, club: Club
) -> None:
    restricted, free = await club.joins("1", email=ASA), await club.joins("2", email="bo@x.example")
    async with tillit.unit() as work:
        await at_the_desk.restricted(work, UUID(restricted))
    till, officer = await club.service("till"), await club.officer()
    emails = (ASA, "bo@x.example", "nobody@post.example")
    wishes = [said(right="release", identifiers={"email": email}) for email in emails]
    answers = [await till.ok("POST", DOOR, wish) for wish in wishes]
    await drain(tillit)
    assert [await till.ok("POST", DOOR, wish) for wish in wishes] == answers
    async with tillit.unit() as work:
        assert [str(one.member) for one in await register.listed(work.unit)] == [restricted]
    states = sorted(one["state"] for one in await officer.ok("GET", DOOR))
    assert states == ["opened", "waiting", "waiting"]
    assert (await (await club.member(free)).ok("GET", "/v1/me/requests")) == []
