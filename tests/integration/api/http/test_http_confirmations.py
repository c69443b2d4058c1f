"""Double opt-in over HTTP: a yes counts once its member has confirmed it, and once only."""

import asyncio
from uuid import UUID

import httpx
import pytest
from callers_at_doors import Club
from letters import (
    TRIPS,
    checked_page,
    click,
    confirm_link,
    due,
    erase,
    path_of,
    said,
    tells,
    unsubscribe_link,
)

from api.links import ANSWERED_WITHIN
from consent.choices import Action, By
from kernel.clock import StoppedClock


async def test_a_yes_counts_once_it_is_confirmed(club: Club, http: httpx.AsyncClient) -> None:
    member = await club.joins("1")
    asked = await tells(club, member, "given", TRIPS, how="till screen", evidence="A 12")
    assert (asked["state"], asked["allowed"], asked["reason"]) == (
        "requested",
        False,
        "unconfirmed",
    )
    link = await confirm_link(club, member)
    assert "Ditt ja är bekräftat" in checked_page(await http.post(link))
    last = (await said(club, member))[-1]
    assert (last.action, last.by, last.language) == (Action.GIVEN, By.TILL, "sv")
    assert last.terms is not None
    assert last.evidence
    assert (await tells(club, member, "channel_on", TRIPS, channel="email"))["allowed"] is True


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_at_what_would_be_confirmed_changes_nothing(
    club: Club, http: httpx.AsyncClient, method: str
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", TRIPS, language="nb")
    link = await confirm_link(club, member)
    before = await said(club, member)
    looked = await http.request(method, link, headers={"Accept-Language": "en"})
    checked_page(looked)
    if method == "GET":  # in the language in which they were asked
        assert "Hvis du sier ja, velger vi sammen med" in looked.text
        assert '<html lang="nb">' in looked.text
        assert looked.text.count("<button>") == 1
    assert await said(club, member) == before


async def test_confirming_again_answers_the_same_and_writes_no_second_line(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", TRIPS)
    link, other = await confirm_link(club, member), await confirm_link(club, member)
    first = await http.post(link)
    lines = await said(club, member)
    for path in (link, other):
        again = await http.post(path)
        assert (again.status_code, again.text) == (200, first.text)
        assert "<button>" not in (await http.get(path)).text
    assert await said(club, member) == lines


async def test_confirming_twice_at_one_time_is_one_yes(club: Club, http: httpx.AsyncClient) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", TRIPS)
    link = await confirm_link(club, member)
    for answer in await asyncio.gather(*(http.post(link) for _ in range(5))):
        checked_page(answer)
    actions = [one.action for one in await said(club, member)]
    assert actions == [Action.REQUESTED, Action.GIVEN]


@pytest.mark.parametrize("no", ["refused", "withdrawn", "objected", "unsubscribed", "everything"])
async def test_who_has_said_no_meanwhile_is_not_confirmed(
    club: Club, http: httpx.AsyncClient, no: str
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", TRIPS)
    link = await confirm_link(club, member)
    if no == "unsubscribed":
        await click(http, await unsubscribe_link(club, member, TRIPS))
    elif no == "everything":
        body = {"member": member, "purpose": TRIPS, "marketing_objection": True}
        till = await club.service("till")
        await till.ok("POST", "/v1/consents/preferences", body)
    else:
        await tells(club, member, no, TRIPS)
    lines = await said(club, member)
    for method in ("GET", "POST"):
        answer = await http.request(method, link)
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:tillit:problem:unknown-link"
    assert await said(club, member) == lines


async def test_a_no_before_the_request_does_not_keep_it_from_being_confirmed(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    await tells(club, member, "refused", TRIPS)
    await tells(club, member, "given", TRIPS)
    checked_page(await http.post(await confirm_link(club, member)))


async def test_a_request_withdrawn_and_made_again_is_not_confirmed_by_its_first_link(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", TRIPS)
    first = await confirm_link(club, member)
    await tells(club, member, "withdrawn", TRIPS)
    await tells(club, member, "given", TRIPS)
    assert (await http.post(first)).status_code == 404
    checked_page(await http.post(await confirm_link(club, member)))


async def test_a_link_to_confirm_does_not_undo_a_later_withdrawal(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", TRIPS)
    link = await confirm_link(club, member)
    await http.post(link)
    await tells(club, member, "withdrawn", TRIPS)
    assert (await http.post(link)).status_code == 404
    assert (await said(club, member))[-1].action is Action.WITHDRAWN


async def test_an_erased_member_confirms_nothing(club: Club, http: httpx.AsyncClient) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", TRIPS)
    link = await confirm_link(club, member)
    await erase(club, member)
    gone, forged = await http.post(link), await http.post("/v1/confirm/AAAA")
    assert gone.status_code == 404
    assert gone.json() == forged.json()


async def test_a_link_that_has_run_out_says_no_more_than_a_forged_one(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", TRIPS)
    link = await confirm_link(club, member)
    club.tillit.clock = StoppedClock(club.tillit.clock.now() + ANSWERED_WITHIN)
    late, forged = await http.post(link), await http.post("/v1/confirm/AAAA")
    assert late.json() == forged.json()
    assert (await said(club, member))[-1].action is Action.REQUESTED


async def test_a_purpose_without_double_opt_in_has_nothing_to_confirm(club: Club) -> None:
    member = await club.joins("1")
    assert (await tells(club, member, "given"))["allowed"] is True
    assert (await due(club, "newsletter"))["confirm"] == {"total": 0, "members": []}


async def test_what_was_confirmed_is_a_yes_under_the_text_that_was_shown(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", TRIPS, language="en")
    requested = (await said(club, member))[-1]
    waiting = (await due(club))["confirm"]["members"]
    assert [one["member"] for one in waiting] == [member]
    await http.post(path_of(waiting[0]["link"]))
    last = (await said(club, member))[-1]
    assert (last.notice, last.terms, last.language) == (requested.notice, requested.terms, "en")
    assert UUID(last.evidence)  # the row of the ledger that it answers
