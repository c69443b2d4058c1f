"""Global Privacy Control: the browser's signal objects; its owner's own word weighs more."""

import asyncio
from typing import Any

import httpx
from callers_at_doors import PURPOSE, Client, Club
from stopped_club import START, altered, stopped_club

from api.bootstrap import SYSTEM
from api.settings import Settings


async def _signals(
    own: Client, method: str = "GET", path: str = "/v1/me", body: Any = None, value: str = "1"
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {own.token}", "Sec-GPC": value}
    return await own.http.request(method, path, json=body, headers=headers)


async def _lines(own: Client) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = (await own.ok("GET", "/v1/me/choices/history"))["lines"]
    return lines


async def _objects(own: Client) -> bool:
    return bool((await own.ok("GET", "/v1/me/preferences"))["objects"])


async def test_the_signal_is_an_objection_from_that_request_on(club: Club) -> None:
    member = await club.joins("1", tier="gold")
    await club.agrees(member)
    own = await club.member(member)
    stands = (await _signals(own, path="/v1/me/choices")).json()
    assert next(one for one in stands if one["purpose"] == PURPOSE)["reason"] == "objected"
    assert (await club.segment("tier = 'gold'"))["held_back"] == {"objected": 1}
    line = (await _lines(own))[0]
    assert (line["action"], line["purpose"], line["by"]) == ("objected", None, "gpc")


async def test_the_signal_is_kept_once_however_often_it_comes(club: Club) -> None:
    own = await club.member(await club.joins("1"))
    answers = await asyncio.gather(*(_signals(own) for _ in range(8)))
    assert {one.status_code for one in answers} == {200}
    await _signals(own, "PUT", "/v1/me/contact", {"often": 7})
    assert [line["action"] for line in await _lines(own)] == ["often", "objected"]


async def test_any_other_value_is_no_signal(club: Club) -> None:
    own = await club.member(await club.joins("1"))
    for value in ("0", "", "true", "01", "1.0", "1,1", "?1", '"1"', "1;a=b", "11"):
        assert (await _signals(own, value=value)).status_code == 200
    twice = [("Authorization", f"Bearer {own.token}"), ("Sec-GPC", "1"), ("Sec-GPC", "1")]
    assert (await own.http.request("GET", "/v1/me", headers=twice)).status_code == 200
    assert await _lines(own) == []
    assert await _objects(own) is False


async def test_whoever_lifted_the_objection_is_not_spoken_for_by_their_browser(
    club: Club,
) -> None:
    own = await club.member(await club.joins("1"))
    await _signals(own)
    assert await _objects(own) is True
    await own.ok("PUT", "/v1/me/objection", {"objects": False})
    await _signals(own)
    assert await _objects(own) is False
    assert len(await _lines(own)) == 2


async def test_whoever_never_objected_and_says_so_is_not_spoken_for_either(club: Club) -> None:
    own = await club.member(await club.joins("1"))
    await own.ok("PUT", "/v1/me/objection", {"objects": False})
    await _signals(own)
    assert await _objects(own) is False


async def test_what_the_member_says_in_the_same_request_comes_after_the_signal(
    settings: Settings,
) -> None:
    """At one frozen moment the no would decide: so this tells the order, and not the clock."""
    async with stopped_club(settings) as (club, clock):
        own = await club.member(await club.joins("1"))
        yes = {"allow": True, "language": "sv"}
        clock.at = START.replace(hour=13)
        stands = (await _signals(own, "PUT", f"/v1/me/choices/{PURPOSE}", yes)).json()
        assert (stands["allowed"], stands["objected"]) == (True, False)
        lines = await _lines(own)
        assert {line["action"] for line in lines} == {"objected", "given", "objection_lifted"}
        other = await club.member(await club.joins("2"))
        lifted = {"objects": False}
        told = (await _signals(other, "PUT", "/v1/me/objection", lifted)).json()
        assert told["objects"] is False


async def test_a_request_that_fails_leaves_no_signal_behind(club: Club) -> None:
    own = await club.member(await club.joins("1"))
    refused = await _signals(own, "PUT", "/v1/me/choices/membership", {"allow": False})
    assert refused.status_code == 422
    assert await _lines(own) == []


async def test_a_service_that_sends_the_header_speaks_for_nobody(club: Club) -> None:
    member = await club.joins("1", tier="gold")
    await club.agrees(member)
    offers = await club.service("offers-engine")
    body = {"expression": "tier = 'gold'", "purpose": PURPOSE}
    answer = await _signals(offers, "POST", "/v1/segments/evaluate", body)
    assert answer.json()["members"] == [member]
    assert await _objects(await club.member(member)) is False


async def test_browsers_are_told_that_the_signal_is_heeded_and_since_when(
    settings: Settings,
) -> None:
    async with stopped_club(settings) as (club, clock):
        clock.at = START.replace(month=4)
        later = altered(('name = "Fjällklubben AB"', 'name = "Fjällklubben i Norden AB"'))
        await club.tillit.apply(SYSTEM, later)
        told = await club.nobody.ok("GET", "/.well-known/gpc.json")
        assert told == {"gpc": True, "lastUpdate": "2026-03-01"}
