"""Erasure over HTTP: looked at first, held, cooled off, certified, and asked about by anyone."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from callers_at_doors import Client, Club
from stopped_club import altered, stopped_club

from api import work as worker
from api.bootstrap import SYSTEM
from api.http.app import DOORS
from api.settings import Settings
from api.work import drain
from audit.entries import ActorType
from consent.programme import read_programme
from kernel.database import raw

CHECK = "/v1/certificates/check"
COOLS = ("[requests]\n", "[requests]\ncooling_off_days = 3\n")


async def _bought(club: Club, number: str, **values: Any) -> str:
    """A new member with one purchase of a day ago; their id."""
    member = await club.joins(number, name="Åsa Öberg", email=f"m{number}@post.example", **values)
    at = club.tillit.clock.now() - timedelta(days=1)
    bought = {
        "member": member,
        "reference": f"R-{number}",
        "at": at.isoformat(),
        "amount": "199.50",
    }
    till = await club.service("till")
    await till.ok("POST", "/v1/events", {"purpose": "membership", "purchases": [bought]})
    return member


async def _opened(club: Club, member: str, right: str = "erasure") -> str:
    officer = await club.officer()
    body = {"right": right, "member": member, "identified": True}
    return str((await officer.ok("POST", "/v1/requests", body))["request"])


async def _erased(club: Club, member: str) -> str:
    request = await _opened(club, member)
    await (await club.officer()).ok("POST", f"/v1/requests/{request}/approve")
    await drain(club.tillit)
    return request


async def test_an_officer_looks_first_and_sees_what_goes_and_what_stays(club: Club) -> None:
    member = await _bought(club, "1")
    request, officer = await _opened(club, member), await club.officer()
    seen = await officer.ok("GET", f"/v1/requests/{request}/preview")
    assert (seen["destroys"]["event"], seen["destroys"]["value"]) == (1, 3)
    [kept] = seen["keeps"]
    assert (kept["count"], kept["purpose"]) == (1, "bookkeeping")
    assert (seen["held"], seen["holds"], seen["waits_days"]) == (False, [], 0)
    # There are no connectors; and whom only a yes lets have anything has nothing of theirs.
    assert (seen["tells"], [one["recipient"] for one in seen["by_hand"]]) == (
        [],
        ["hosting", "auditor"],
    )
    assert (await officer.ok("GET", f"/v1/requests/{request}"))["by_hand"] == []
    assert seen["by_hand"][1] == {
        "recipient": "auditor",
        "name": "Siffergården Revision AB",
        "contact": "privacy@siffergarden.example",
    }
    text = json.dumps(seen, ensure_ascii=False)
    assert not [one for one in ("Öberg", "post.example", "R-1") if one in text]
    await officer.ok("POST", f"/v1/requests/{request}/approve")
    await drain(club.tillit)
    # When nobody can look any more, officers still see whom they have to tell; and nobody else.
    done = await officer.ok("GET", f"/v1/requests/{request}")
    assert (done["state"], done["by_hand"]) == ("fulfilled", seen["by_hand"])
    [listed] = (await officer.ok("GET", "/v1/requests"))["requests"]
    assert listed["by_hand"] == seen["by_hand"]
    gone = await officer("GET", f"/v1/requests/{request}/preview")
    assert (gone.status_code, gone.json()["type"]) == (404, "urn:tillit:problem:not-ready")


async def test_a_request_for_something_else_has_no_such_preview(club: Club) -> None:
    request = await _opened(club, await club.joins("1"), "access")
    answer = await (await club.officer())("GET", f"/v1/requests/{request}/preview")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:tillit:problem:not-a-request")


async def test_a_member_sees_their_own_preview_and_not_why_they_are_held(club: Club) -> None:
    member = await _bought(club, "1")
    own, officer = await club.member(member), await club.officer()
    before = await own.ok("GET", "/v1/me/erasure-preview")
    assert (before["held"], before["destroys"]["event"]) == (False, 1)
    hold = {"ground": "authority_order", "note": "Order 12"}
    await officer.ok("POST", f"/v1/members/{member}/holds", hold)
    after = await own.ok("GET", "/v1/me/erasure-preview")
    assert after["held"]
    assert "authority_order" not in json.dumps(after)
    uses = await own.ok("GET", "/v1/me/uses")
    assert {"erasure.previewed"} <= {one["what"] for one in uses["uses"]}


async def test_a_hold_is_placed_listed_and_lifted(club: Club) -> None:
    member, officer = await club.joins("1"), await club.officer()
    request = await _opened(club, member)
    until = (club.tillit.clock.now() + timedelta(days=30)).date().isoformat()
    new = {"ground": "legal_claims", "until": until, "note": "Claim 7"}
    placed = await officer.ok("POST", f"/v1/members/{member}/holds", new)
    assert (placed["ground"], placed["until"], placed["note"]) == ("legal_claims", until, "Claim 7")
    assert placed["placed_by"] == "officer-7"
    assert await officer.ok("GET", "/v1/holds") == [placed]
    refused = await officer("POST", f"/v1/requests/{request}/approve")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:tillit:problem:held")
    [shown] = (await officer.ok("GET", f"/v1/requests/{request}/preview"))["holds"]
    assert shown == placed
    lifted = await officer.ok("POST", f"/v1/holds/{placed['hold']}/lift")
    assert lifted["lifted_at"]
    assert lifted["broken_beside"] == []
    assert await officer.ok("GET", "/v1/holds") == []
    await officer.ok("POST", f"/v1/requests/{request}/approve")


async def test_a_hold_that_somebody_has_changed_hides_no_other(club: Club) -> None:
    officer = await club.officer()
    placed = []
    for number in ("1", "2"):
        path = f"/v1/members/{await club.joins(number)}/holds"
        new = {"ground": "dispute", "note": f"Parcel {number}"}
        placed.append(await officer.ok("POST", path, new))
    broken, whole = placed
    async with club.tillit.database.transaction() as session:
        await (await raw(session)).execute(
            "UPDATE legal_hold SET sealed = 'x' WHERE id = %s", (broken["hold"],)
        )
    found = await officer.ok("GET", "/v1/holds")
    assert found[1] == whole
    assert whole["broken"] is None
    told = {name: found[0][name] for name in ("hold", "member", "placed_at")}
    assert told == {name: broken[name] for name in told}
    assert "tillit audit verify" in found[0]["broken"]["remedy"]
    # Nothing that the row says of itself: whoever changed it may have written that too.
    for name in ("ground", "note", "placed_by", "until"):
        assert found[0][name] is None


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"ground": "because"}, "not-a-hold"),
        ({"ground": "dispute", "until": "2020-01-01"}, "not-a-hold"),
        ({"ground": "dispute", "note": "x" * 4001}, "not-a-hold"),
        ({"ground": "Åsa asked"}, "misshapen"),
        ({"ground": "dispute", "until": "soon"}, "misshapen"),
    ],
)
async def test_a_hold_that_is_none_is_refused(club: Club, body: Any, problem: str) -> None:
    member, officer = await club.joins("1"), await club.officer()
    answer = await officer("POST", f"/v1/members/{member}/holds", body)
    assert (answer.status_code, answer.json()["type"]) == (422, f"urn:tillit:problem:{problem}")
    assert "Åsa" not in answer.text


async def test_a_member_takes_an_erasure_back_while_it_cools_off_and_stays(
    settings: Settings,
) -> None:
    async with stopped_club(settings, altered(COOLS)) as (club, clock):
        member, other = await club.joins("1"), await club.joins("2")
        own = await club.member(member)
        asked = await own.ok("POST", "/v1/me/requests", {"right": "erasure"})
        path = f"/v1/me/requests/{asked['request']}/cancel"
        officer = await club.officer()
        await officer.ok("POST", f"/v1/requests/{asked['request']}/approve")
        clock.at += timedelta(days=2)
        await drain(club.tillit)
        stranger = await (await club.member(other))("POST", path)
        assert (stranger.status_code, stranger.json()["type"]) == (
            404,
            "urn:tillit:problem:unknown-request",
        )
        own = await club.member(member)
        assert (await own.ok("POST", path))["state"] == "unfulfilled"
        again = await own("POST", path)
        assert (again.status_code, again.json()["type"]) == (409, "urn:tillit:problem:wrong-state")
        clock.at += timedelta(days=9)
        await drain(club.tillit)
        own = await club.member(member)
        assert await own.ok("GET", "/v1/me/requests")


async def test_the_bookkeeper_reads_vouchers_a_page_at_a_time(club: Club) -> None:
    for number in ("1", "2", "3"):
        await _erased(club, await _bought(club, number))
    year = (club.tillit.clock.now() - timedelta(days=1)).year
    books = await club.service("ledger-export")
    first = await books.ok("GET", f"/v1/vouchers?year={year}&limit=2")
    rest = await books.ok("GET", f"/v1/vouchers?year={year}&limit=2&after={first['next']}")
    assert (len(first["vouchers"]), len(rest["vouchers"]), rest["next"]) == (2, 1, None)
    shown = [*first["vouchers"], *rest["vouchers"]]
    assert {one["reference"] for one in shown} == {"R-1", "R-2", "R-3"}
    assert {tuple(sorted(one["fields"])) for one in shown} == {("member_number", "name")}
    assert {(one["amount"], one["keep_until"]) for one in shown} == {
        ("199.50", f"{year + 7}-12-31")
    }
    assert (await books.ok("GET", f"/v1/vouchers?year={year - 1}"))["vouchers"] == []


async def test_nobody_else_gets_a_voucher_at_any_door(club: Club) -> None:
    request = await _erased(club, await _bought(club, "1"))
    year = (club.tillit.clock.now() - timedelta(days=1)).year
    path = f"/v1/vouchers?year={year}"
    async with club.tillit.unit() as work:
        names = set(work.active.programme.services) - {"ledger-export"}
    callers: list[Client] = [await club.service(name) for name in sorted(names)]
    callers += [await club.officer(), await club.member(await club.joins("9")), club.nobody]
    for caller in callers:
        answer = await caller("GET", path)
        assert answer.status_code in (401, 403), answer.text
    officer = await club.officer()
    for door in DOORS:
        if door.caller is ActorType.OFFICER and door.method == "GET":
            body = (await officer("GET", door.path.replace("{request:uuid}", request))).text
            assert "R-1" not in body, door.path
            assert "Öberg" not in body, door.path


@pytest.mark.parametrize(
    "query", ["", "year=", "year=abc", "year=99999", "year=2026&limit=0", "year=2026&after=x",
              "year=2026&limit=1001", "month=1"],
)  # fmt: skip
async def test_a_page_that_cannot_be_is_refused(club: Club, query: str) -> None:
    answer = await (await club.service("ledger-export"))("GET", f"/v1/vouchers?{query}")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:tillit:problem:misshapen")


async def test_a_programme_without_books_says_so(club: Club) -> None:
    async with club.tillit.unit() as work:
        source = work.active.programme.source
    line = next(one for one in source.splitlines() if one.startswith('bookkeeping = "book'))
    await club.tillit.apply(SYSTEM, read_programme(source.replace(line, "")))
    answer = await (await club.service("ledger-export"))("GET", "/v1/vouchers?year=2026")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:tillit:problem:no-bookkeeping")


async def test_whoever_holds_the_certificate_asks_without_a_token(club: Club) -> None:
    request = await _erased(club, await _bought(club, "1"))
    officer = await club.officer()
    document = await officer.ok("GET", f"/v1/requests/{request}/certificate")
    told = await club.nobody.ok("POST", CHECK, document)
    assert (told["verified"], told["part"], told["horizon_passed"]) == (True, "erasure", False)
    assert told["destroyed"] == document["certificate"]["destroyed"]
    assert [one["deleted"] for one in told["kept"]] == [False]
    early = await officer("GET", f"/v1/requests/{request}/horizon")
    assert (early.status_code, early.json()["type"]) == (404, "urn:tillit:problem:not-ready")
    await club.tillit.rotate(SYSTEM)
    await drain(club.tillit)
    told = await club.nobody.ok("POST", CHECK, document)
    assert told["horizon_passed"]
    assert told["horizon"] == await officer.ok("GET", f"/v1/requests/{request}/horizon")
    assert (await club.nobody.ok("POST", CHECK, told["horizon"]))["part"] == "horizon"


async def test_a_document_of_somebody_elses_making_gets_no_word_of_ours(club: Club) -> None:
    request = await _erased(club, await _bought(club, "1"))
    document = await (await club.officer()).ok("GET", f"/v1/requests/{request}/certificate")
    said = {**document["certificate"], "request": "0193a0c0-0000-7000-8000-000000000001"}
    for forged in ({}, {"certificate": said}, {**document, "certificate": said}):
        told = await club.nobody.ok("POST", CHECK, forged)
        assert told == {
            "verified": False,
            "why": told["why"],
            "part": None,
            "erased_at": None,
            "destroyed": {},
            "kept": [],
            "recipients": [],
            "horizon_passed": False,
            "horizon": None,
        }
        assert told["why"]
        assert request not in json.dumps(told)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 422),
        (b"not json", 400),
        (b'{"a": ' * 5000, 400),
        (b'{"a": "' + b"x" * (256 * 1024) + b'"}', 413),
        (b'{"entry": "' + b"x" * 200_000 + b'"}', 200),
        (b'{"note": 1' + b"0" * 4000 + b"}", 200),
    ],
)
async def test_whatever_is_sent_to_the_open_door_costs_little_and_breaks_nothing(
    club: Club, http: httpx.AsyncClient, body: bytes, status: int
) -> None:
    answer = await http.post(CHECK, content=body)
    assert answer.status_code == status
    assert len(answer.content) < 2_000


async def test_vouchers_that_are_due_go_without_anybody_asking(settings: Settings) -> None:
    async with stopped_club(settings) as (club, clock):
        request = await _erased(club, await _bought(club, "1"))
        officer = await club.officer()
        document = await officer.ok("GET", f"/v1/requests/{request}/certificate")
        clock.at = clock.at.replace(year=clock.at.year + 8)
        assert await worker.drop_vouchers(club.tillit) == 1
        told = await club.nobody.ok("POST", CHECK, document)
        assert [one["deleted"] for one in told["kept"]] == [True]
