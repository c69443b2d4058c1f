"""Requests that services of the programme hand in for members."""

from typing import Any
from uuid import uuid4

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
        assert await requests.lacking(work.unit, request.id)
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
