"""One click is enough to say no, and nothing less than a click is (RFC 8058)."""

import asyncio
import re
from uuid import UUID, uuid4

import httpx
import pytest
from callers_at_doors import Club
from letters import (
    FORM,
    INSIGHT,
    LETTER,
    ONE_CLICK,
    TRIPS,
    checked_page,
    click,
    erase,
    path_of,
    said,
    tells,
    unsubscribe_link,
)

from api.bootstrap import SYSTEM
from api.links import Kind, Link, links_of
from consent.choices import Action, By
from consent.programme import read_programme


async def test_a_click_withdraws_the_consent_without_a_sign_in(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given")
    link = await unsubscribe_link(club, member)
    checked_page(await click(http, link))
    last = (await said(club, member))[-1]
    assert (last.action, last.purpose, last.by) == (Action.WITHDRAWN, LETTER, By.UNSUBSCRIBE)
    assert (await tells(club, member, "channel_on", channel="email"))["reason"] == "no_consent"


@pytest.mark.parametrize("body", [ONE_CLICK, "", "a=b"])
async def test_whatever_the_click_carries_it_counts(
    club: Club, http: httpx.AsyncClient, body: str
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given")
    link = await unsubscribe_link(club, member)
    checked_page(await http.post(link, content=body, headers=FORM if body else {}))
    assert (await said(club, member))[-1].action is Action.WITHDRAWN


async def test_a_form_in_parts_as_mail_providers_send_it_counts(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given")
    link = await unsubscribe_link(club, member)
    checked_page(await http.post(link, files={"List-Unsubscribe": (None, "One-Click")}))
    assert (await said(club, member))[-1].action is Action.WITHDRAWN


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_at_a_link_changes_nothing(
    club: Club, http: httpx.AsyncClient, method: str
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given")
    link = await unsubscribe_link(club, member)
    before = await said(club, member)
    looked = await http.request(method, link, headers={"Purpose": "prefetch"})
    checked_page(looked)
    assert await said(club, member) == before


async def test_the_page_asks_with_one_button_and_no_field(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    text = checked_page(await http.get(await unsubscribe_link(club, member)))
    assert (text.count("<button>"), text.count("<form"), text.count("<input")) == (1, 1, 0)
    assert '<form method="post">' in text
    assert "skickar vi dig vårt nyhetsbrev" in text
    assert member not in text


@pytest.mark.parametrize(
    ("wanted", "language", "word"),
    [
        ("nb-NO,nb;q=0.9,en;q=0.5", "nb", "Vil du avslutte dette?"),
        ("de, en;q=0.8", "en", "Do you want to stop this?"),
        ("fi, da", "en", "Do you want to stop this?"),  # the programme serves neither
        ("sv-FI, fi", "sv", "Vill du avsluta det här?"),
        ("", "sv", "Vill du avsluta det här?"),
    ],
)
async def test_the_page_is_in_a_language_that_members_are_served_in(
    club: Club, http: httpx.AsyncClient, *, wanted: str, language: str, word: str
) -> None:
    link = await unsubscribe_link(club, str(uuid4()))
    text = checked_page(await http.get(link, headers={"Accept-Language": wanted}))
    assert f'<html lang="{language}">' in text
    assert word in text


async def test_a_link_works_once_also_after_the_member_has_said_yes_again(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given")
    link = await unsubscribe_link(club, member)
    first = await click(http, link)
    lines = len(await said(club, member))
    again = await click(http, link)
    assert (again.status_code, again.text) == (200, first.text)
    assert len(await said(club, member)) == lines
    assert (await tells(club, member, "given"))["allowed"] is True
    checked_page(await click(http, link))
    assert (await tells(club, member, "channel_on", channel="email"))["allowed"] is True
    # The next letter brings a link of its own, and that one works.
    await click(http, await unsubscribe_link(club, member))
    assert (await said(club, member))[-1].action is Action.WITHDRAWN


async def test_a_link_of_one_purpose_does_nothing_to_another(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given")
    await tells(club, member, "given", "personalised_offers")
    await click(http, await unsubscribe_link(club, member))
    assert {one.purpose for one in await said(club, member) if one.by is By.UNSUBSCRIBE} == {LETTER}
    stands = await tells(club, member, "given", "personalised_offers")
    assert stands["state"] == "renewed"


async def test_a_link_of_a_channel_turns_that_off_and_leaves_the_rest(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given")
    link = await unsubscribe_link(club, member, channel="sms")
    assert "sms" in checked_page(await http.get(link))
    for _ in range(2):
        checked_page(await click(http, link))
    off = [one for one in await said(club, member) if one.by is By.UNSUBSCRIBE]
    assert [(one.action, one.purpose, one.channel) for one in off] == [
        (Action.CHANNEL_OFF, LETTER, "sms")
    ]
    stands = await tells(club, member, "channel_off", channel="app")
    assert (stands["allowed"], stands["channels_off"]) == (True, ["app", "sms"])


async def test_where_the_basis_is_legitimate_interest_a_click_objects(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    links = links_of(club.tillit)
    token = links.seal(Kind.UNSUBSCRIBE, Link(UUID(member), INSIGHT, uuid4()))
    await click(http, f"/v1/unsubscribe/{token}")
    last = (await said(club, member))[-1]
    assert (last.action, last.purpose) == (Action.OBJECTED, INSIGHT)


async def test_who_never_said_yes_can_say_no_and_it_is_on_record_as_that(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    await click(http, await unsubscribe_link(club, member))
    (only,) = await said(club, member)
    assert (only.action, str(only.before)) == (Action.WITHDRAWN, "unknown")


async def test_a_link_of_an_erased_member_answers_as_any_other(
    club: Club, http: httpx.AsyncClient
) -> None:
    member, other = await club.joins("1"), await club.joins("2")
    link, others = await unsubscribe_link(club, member), await unsubscribe_link(club, other)
    await erase(club, member)
    gone, there = await click(http, link), await click(http, others)
    assert (gone.status_code, gone.text) == (there.status_code, there.text) == (200, there.text)
    assert (await http.get(link)).text == (await http.get(others)).text


@pytest.mark.parametrize("token", ["x", "AAAA", "..", "%00", "a" * 3_000])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("kind", ["unsubscribe", "confirm"])
async def test_what_is_no_link_is_not_found_and_not_repeated(
    http: httpx.AsyncClient, *, kind: str, method: str, token: str
) -> None:
    answer = await http.request(method, f"/v1/{kind}/{token}")
    assert answer.status_code == 404
    problem = answer.json()
    assert problem["type"] in (
        "urn:tillit:problem:unknown-link",
        "urn:tillit:problem:no-such-route",
    )
    assert token not in str(problem["problems"]) or token == "x"


async def test_a_link_to_unsubscribe_confirms_nothing_nor_the_other_way_round(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    link = await unsubscribe_link(club, member)
    other = link.replace("/unsubscribe/", "/confirm/")
    assert (await http.post(other)).json()["type"] == "urn:tillit:problem:unknown-link"
    assert await said(club, member) == []


async def test_links_come_with_the_headers_of_the_letter(club: Club) -> None:
    member = await club.joins("1")
    letters = await club.service("newsletter")
    made = await letters.ok(
        "POST", "/v1/unsubscribe-links", {"purpose": LETTER, "members": [member, member]}
    )
    one, two = made["links"]
    assert one["list_unsubscribe"] == f"<{one['link']}>"
    assert one["list_unsubscribe_post"] == "List-Unsubscribe=One-Click"
    assert one["link"] != two["link"]
    assert len(one["list_unsubscribe"]) < 900  # a header's line has room for 998


@pytest.mark.parametrize(
    ("service", "purpose", "channel", "status", "place"),
    [
        ("till", LETTER, None, 403, "services.till.newsletter"),
        ("newsletter", LETTER, "post", 422, "channel"),
        ("newsletter", LETTER, "emial", 422, "channel"),
        ("newsletter", "newsletters", None, 422, "purpose"),
        ("till", "membership", None, 422, "purposes.membership"),
        ("ledger-export", "bookkeeping", "email", 422, "purposes.bookkeeping"),
    ],
)
async def test_links_that_are_not_theirs_to_make_or_could_do_nothing_are_refused(
    club: Club, *, service: str, purpose: str, channel: str | None, status: int, place: str
) -> None:
    client = await club.service(service)
    body = {"purpose": purpose, "members": [str(uuid4())], "channel": channel}
    refused = await client("POST", "/v1/unsubscribe-links", body)
    assert (refused.status_code, refused.json()["problems"][0]["place"]) == (status, place)


async def test_a_service_that_may_read_may_have_links_too(club: Club) -> None:
    offers = await club.service("offers-engine")
    body = {"purpose": "personalised_offers", "members": [str(uuid4())]}
    assert (await offers.ok("POST", "/v1/unsubscribe-links", body))["links"]


async def test_a_click_counts_for_a_purpose_with_double_opt_in_before_it_is_confirmed(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", TRIPS)
    await click(http, await unsubscribe_link(club, member, TRIPS))
    assert (await said(club, member))[-1].action is Action.WITHDRAWN


async def test_two_clicks_at_one_time_are_one_no(club: Club, http: httpx.AsyncClient) -> None:
    member = await club.joins("1")
    await tells(club, member, "given")
    link = await unsubscribe_link(club, member)
    for answer in await asyncio.gather(*(click(http, link) for _ in range(5))):
        checked_page(answer)
    noes = [one for one in await said(club, member) if one.by is By.UNSUBSCRIBE]
    assert len(noes) == 1


async def test_a_no_to_a_purpose_that_is_gone_holds_should_it_come_back(
    club: Club, http: httpx.AsyncClient
) -> None:
    member = await club.joins("1")
    await tells(club, member, "given", "personalised_offers")
    offers = await club.service("offers-engine")
    body = {"purpose": "personalised_offers", "members": [member]}
    made = await offers.ok("POST", "/v1/unsubscribe-links", body)
    async with club.tillit.unit() as work:
        source = work.active.programme.source
    start = source.index("[purposes.personalised_offers]")
    without = source[:start] + source[source.index("[purposes.newsletter]") :]
    for gone in (r"personalised_offers = .*\n", r"\[services.offers-engine\]\n"):
        without = re.sub(gone, "", without)
    without = re.sub(r'"personalised_offers",\s*', "", without)
    await club.tillit.apply(SYSTEM, read_programme(without))
    link = path_of(made["links"][0]["link"])
    checked_page(await http.get(link))
    checked_page(await click(http, link))
    await club.tillit.apply(SYSTEM, read_programme(source))
    assert (await club.segment("tier = 'gold'"))["held_back"] == {"no_consent": 1}
