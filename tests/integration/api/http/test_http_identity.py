"""Showing who one is: a code to an address on file, a purchase on a card, a second proof."""

from datetime import timedelta
from uuid import uuid4

import pytest
from callers_at_doors import Club
from proving import Desk, mine, proving_club, reachable, tries, wants, wrong
from stopped_club import START, stopped_club

from api.settings import Settings

MAIL, PHONE = "anna@post.example", "+46701234567"


async def _anna(desk: Desk, **values: str) -> str:
    return await desk.club.joins("1001", email=MAIL, phone=PHONE, **values)


async def _buys(club: Club, member: str, at: str, amount: str) -> None:
    """A purchase; with an amount below zero, the taking back of one."""
    till = await club.service("till")
    one = {"member": member, "reference": str(uuid4()), "at": at, "amount": amount}
    one |= {"cancelled": True} if amount.startswith("-") else {}
    await till.ok("POST", "/v1/events", {"purpose": "membership", "purchases": [one]})


async def _moves(desk: Desk, member: str, mail: str) -> None:
    """A member has an e-mail address changed, with a second proof."""
    own = await desk.club.member(member)
    await own.ok("PATCH", "/v1/me", {"values": {"email": mail}})


async def test_a_code_that_comes_back_proves_its_identifier_and_no_other(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, _):
        own, request = await desk.asks(await _anna(desk), "erasure")
        before = await own.ok("GET", mine(request))
        assert before["lacks"] == ["email", "member_number", "phone"]
        assert before["ways"] == [
            {"how": "code", "identifier": "email", "by": "email", "to": "a…@p…"},
            {"how": "code", "identifier": "phone", "by": "sms", "to": "…67"},
        ]
        assert await wants(own, mine(request)) == "sent"
        (message,) = await desk.messages()
        assert (message.to, message.language, message.minutes) == (MAIL, "sv", 10)
        assert len(message.code) == 8
        assert message.code.isdecimal()
        spaced = f" {message.code[:4]} {message.code[4:]} "
        assert await tries(own, mine(request), "email", spaced) == "proved"
        after = await own.ok("GET", mine(request))
        assert (after["proved"], after["lacks"]) == (["email"], ["member_number", "phone"])
        assert await wants(own, mine(request)) == "proved"
        assert len(await desk.messages()) == 1
        assert await desk.outcomes() == {"proved": 1}
        assert await desk.outcomes("identity.asked") == {"sent": 1, "proved": 1}


async def test_a_code_by_telephone_goes_to_the_number_on_file(settings: Settings) -> None:
    async with proving_club(settings) as (desk, _):
        own, request = await desk.asks(await _anna(desk))
        assert await wants(own, mine(request), "phone") == "sent"
        (message,) = await desk.messages()
        assert message.to == PHONE
        assert await tries(own, mine(request), "email", message.code) == "expired"
        assert await tries(own, mine(request), "phone", message.code) == "proved"


async def test_without_a_gateway_the_door_says_that_no_code_can_be_sent(
    settings: Settings,
) -> None:
    async with stopped_club(reachable(settings, sms=False)) as (club, _):
        desk = Desk(club)
        own, request = await desk.asks(await _anna(desk))
        assert await wants(own, mine(request), "phone") == "unavailable"
        ways = (await own.ok("GET", mine(request)))["ways"]
        assert [way["identifier"] for way in ways] == ["email"]
        assert await desk.outcomes("identity.asked") == {"unavailable": 1}


async def test_without_a_mail_server_no_code_is_said_to_be_on_its_way(settings: Settings) -> None:
    async with stopped_club(settings) as (club, _):
        own, request = await Desk(club).asks(await _anna(Desk(club)))
        assert await wants(own, mine(request)) == "unavailable"
        assert (await own.ok("GET", mine(request)))["ways"] == []


async def test_an_identifier_that_is_not_on_file_is_sent_nothing(settings: Settings) -> None:
    async with proving_club(settings) as (desk, _):
        own, request = await desk.asks(await desk.club.joins("1001", email=MAIL))
        assert await wants(own, mine(request), "phone") == "unavailable"
        assert await wants(own, mine(request), "member_number") == "unavailable"
        for name in ("tier", "annas-own"):
            refused = await own("POST", f"{mine(request)}/codes", {"identifier": name})
            assert refused.status_code == 422
        assert await desk.messages() == []


async def test_what_was_lacking_when_somebody_was_asked_moves_the_request_on(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, clock):
        own, request = await desk.asks(await _anna(desk))
        officer = await desk.club.officer()
        asked = await officer.ok("POST", f"/v1/requests/{request}/identity/query")
        assert (asked["state"], asked["paused"]) == ("requires_action", True)
        clock.at = START.replace(day=4)
        own = await desk.club.member(asked["member"], stepped_up=False)
        await wants(own, mine(request))
        (message,) = await desk.messages()
        body = {"identifier": "email", "code": message.code}
        told = await own.ok("POST", f"{mine(request)}/codes/check", body)
        assert told == {"outcome": "proved", "state": "acknowledged", "lacks": []}


async def test_a_code_holds_for_ten_minutes_and_works_once(settings: Settings) -> None:
    async with proving_club(settings) as (desk, clock):
        own, request = await desk.asks(await _anna(desk), "erasure")
        await wants(own, mine(request))
        (first,) = await desk.messages()
        clock.at += timedelta(minutes=10)
        assert await tries(own, mine(request), "email", first.code) == "expired"
        await wants(own, mine(request))
        second = (await desk.messages())[-1]
        clock.at += timedelta(minutes=9, seconds=59)
        assert await tries(own, mine(request), "email", second.code) == "proved"
        assert await tries(own, mine(request), "email", second.code) == "expired"
        assert await desk.outcomes() == {"expired": 2, "proved": 1}


async def test_a_new_code_closes_the_old_one(settings: Settings) -> None:
    async with proving_club(settings) as (desk, clock):
        own, request = await desk.asks(await _anna(desk))
        await wants(own, mine(request))
        clock.at += timedelta(seconds=1)
        await wants(own, mine(request))
        old, new = await desk.messages()
        assert await tries(own, mine(request), "email", old.code) == "wrong"
        assert await tries(own, mine(request), "email", new.code) == "proved"


async def test_a_code_proves_the_address_it_went_to_and_not_the_next_one(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, clock):
        member = await _anna(desk)
        own, request = await desk.asks(member, "erasure")
        await wants(own, mine(request))
        (message,) = await desk.messages()
        await _moves(desk, member, "victim@post.example")
        assert await tries(own, mine(request), "email", message.code) == "expired"
        await _moves(desk, member, MAIL)
        clock.at += timedelta(days=14)
        own = await desk.club.member(member, stepped_up=False)
        assert await wants(own, mine(request)) == "sent"
        message = (await desk.messages())[-1]
        assert await tries(own, mine(request), "email", message.code) == "proved"
        await _moves(desk, member, "victim@post.example")
        assert (await own.ok("GET", mine(request)))["proved"] == []
        (proof,) = (await desk.state(request))["proofs"]
        assert (proof["identifier"], proof["holds"]) == ("email", False)


@pytest.mark.parametrize(
    ("shown", "outcome"),
    [
        ({}, "proved"),
        ({"amount": "199,5"}, "proved"),
        ({"member_number": " fk-1001 "}, "proved"),
        ({"member_number": "FK-1002"}, "wrong"),
        ({"day": "2026-02-09"}, "wrong"),
        ({"amount": "199.51"}, "wrong"),
        ({"day": "2025-11-01", "amount": "88"}, "wrong"),  # 120 days ago
        ({"day": "2026-03-01", "amount": "10"}, "wrong"),  # made after the request
        ({"day": "2026-02-11", "amount": "45.00"}, "wrong"),  # a taking back
    ],
)
async def test_a_card_is_proved_by_a_purchase_of_the_last_90_days(
    settings: Settings, shown: dict[str, str], outcome: str
) -> None:
    async with proving_club(settings) as (desk, clock):
        member = await desk.club.joins("FK-1001", email=MAIL)
        await _buys(desk.club, member, "2025-11-01T12:00:00Z", "88.00")
        # Half past midnight in Sweden: the day on the receipt is the tenth.
        await _buys(desk.club, member, "2026-02-09T23:30:00Z", "199.50")
        await _buys(desk.club, member, "2026-02-11T12:00:00Z", "-45.00")
        own, request = await desk.asks(member)
        clock.at += timedelta(hours=1)
        await _buys(desk.club, member, "2026-03-01T12:30:00Z", "10.00")
        body = {"member_number": "FK-1001", "day": "2026-02-10", "amount": "199.50"} | shown
        link = desk.link(member, request, clock.at + timedelta(days=1))
        told = await desk.club.nobody.ok("POST", f"{link}/purchase", body)
        assert told["outcome"] == outcome
        proved = (await own.ok("GET", mine(request)))["proved"]
        assert proved == (["member_number"] if outcome == "proved" else [])
        (tried,) = await desk.entries("identity.tried")
        assert (tried["how"], tried["identifier"]) == ("purchase", "member_number")


async def test_a_second_proof_a_moment_ago_proves_the_whole_person(settings: Settings) -> None:
    async with proving_club(settings) as (desk, clock):
        member = await _anna(desk)
        own, request = await desk.asks(member, "erasure")
        path = f"{mine(request)}/step-up"
        assert (await own.ok("POST", path))["outcome"] == "expired"
        again = await desk.club.member(member)
        told = await again.ok("POST", path)
        assert (told["outcome"], told["lacks"]) == ("proved", [])
        clock.at += timedelta(minutes=10, seconds=1)
        other = (await again.ok("POST", "/v1/me/requests", {"right": "access"}))["request"]
        assert (await again.ok("POST", f"{mine(other)}/step-up"))["outcome"] == "expired"
        assert await desk.outcomes() == {"expired": 2, "proved": 1}


async def test_an_officer_attests_and_the_note_is_sealed(settings: Settings) -> None:
    async with proving_club(settings) as (desk, _):
        _, request = await desk.asks(await _anna(desk), "erasure")
        officer, path = await desk.club.officer(), f"/v1/requests/{request}/identity"
        assert (await officer("POST", f"/v1/requests/{request}/approve")).status_code == 409
        note = "mandate of 2026-02-27"
        told = await officer.ok("POST", path, {"how": "mandate", "note": note})
        assert told["lacking"] == []
        found = await officer.ok("GET", path)
        assert [(one["how"], one["note"]) for one in found["proofs"]] == [("mandate", note)]
        assert note not in await desk.everything_kept()
        for how in ("step_up", "code", "anna"):
            assert (await officer("POST", path, {"how": how})).status_code == 422
        await officer.ok("POST", f"/v1/requests/{request}/approve")
        assert (await officer("POST", path, {"how": "officer"})).status_code == 409
        (tried,) = await desk.entries("identity.tried")
        assert (tried["how"], tried["actor"]) == ("mandate", "officer")


async def test_nobody_is_asked_who_has_shown_it(settings: Settings) -> None:
    async with proving_club(settings) as (desk, _):
        own = await desk.club.member(await _anna(desk))
        request = (await own.ok("POST", "/v1/me/requests", {"right": "access"}))["request"]
        officer = await desk.club.officer()
        refused = await officer("POST", f"/v1/requests/{request}/identity/query")
        assert (refused.status_code, refused.json()["type"]) == (
            422,
            "urn:tillit:problem:not-a-request",
        )


async def test_a_link_lets_somebody_without_a_sign_in_prove_what_is_theirs(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, clock):
        member = await _anna(desk)
        _, request = await desk.asks(member)
        base = desk.link(member, request, clock.at + timedelta(days=30))
        nobody = desk.club.nobody
        page = (await nobody.ok("GET", base)).decode()
        assert "a…@p…" in page
        assert "…67" in page
        assert MAIL not in page
        assert await desk.entries("identity.asked") == []
        assert await wants(nobody, base) == "sent"
        (message,) = await desk.messages()
        assert await tries(nobody, base, "email", wrong(message.code)) == "wrong"
        assert await tries(nobody, base, "email", message.code) == "proved"
        assert (await desk.state(request))["lacks"] == []
        # Whoever follows a link is not known to be the member.
        assert {one["actor"] for one in await desk.entries("identity.tried")} == {"system"}


async def test_the_page_works_without_scripts_and_speaks_the_requests_language(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, clock):
        member = await _anna(desk)
        _, request = await desk.asks(member)
        base = desk.link(member, request, clock.at + timedelta(days=30))
        http = desk.club.http
        first = await http.get(base)
        assert first.headers["cache-control"] == "no-store"
        assert "script" not in first.headers["content-security-policy"]
        assert '<html lang="sv">' in first.text
        assert "Visa att det är du" in first.text
        assert "<script" not in first.text
        token = base.rpartition("/")[2]
        assert f'action="{token}/codes"' in first.text
        sent = await http.post(f"{base}/codes", data={"identifier": "email"})
        assert "En kod är på väg till dig." in sent.text
        assert f'action="../{token}/codes/check"' in sent.text
        (message,) = await desk.messages()
        form = {"identifier": "email", "code": wrong(message.code)}
        missed = await http.post(f"{base}/codes/check", data=form)
        assert 'role="alert"' in missed.text
        done = await http.post(f"{base}/codes/check", data=form | {"code": message.code})
        assert "Vi vet att det är du." in done.text
        assert f'action="../../{token}/purchase"' in done.text
        for body in ("identifier=%ff", "identifier", "x=1&x=2", "\xff"):
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = await http.post(f"{base}/codes", content=body, headers=headers)
            assert answer.status_code in (400, 422)
