"""Attacks on identity: what they get is nothing, and each attempt stands in the record."""

import asyncio
import io
import zipfile
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from callers_at_doors import Client, Club
from proving import Desk, mine, proving_club, reachable, tries, wants, wrong
from stopped_club import START

from api.bootstrap import opened
from api.http.app import create_app
from api.settings import Settings
from api.work import drain
from dsar.identity_limits import ATTEMPTS, CARDS, DAILY, HOURLY, SAME

OWN, VICTIMS = "mallory@post.example", "+46709999999"


async def _mallory(desk: Desk) -> str:
    """Somebody who has put another's telephone number into their own profile."""
    return await desk.club.joins("6660", email=OWN, phone=VICTIMS, name="Mallory", tier="gold")


async def _proves(desk: Desk, own: Client, request: str) -> None:
    await wants(own, mine(request))
    code = (await desk.messages(request))[-1].code
    assert await tries(own, mine(request), "email", code) == "proved"


async def test_somebody_elses_phone_is_not_in_the_package_that_ones_own_email_opens(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, _):
        member = await _mallory(desk)
        own, request = await desk.asks(member)
        await _proves(desk, own, request)
        officer = await desk.club.officer()
        await officer.ok("POST", f"/v1/requests/{request}/approve")
        await drain(desk.club.tillit)
        stepped_up = await desk.club.member(member)  # which opens no more than was proved before
        package = await stepped_up.ok("GET", f"/v1/me/requests/{request}/package")
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            told = "\n".join(archive.read(name).decode() for name in archive.namelist())
        assert OWN in told
        assert VICTIMS not in told
        assert VICTIMS.removeprefix("+46") not in told.replace(" ", "").replace("-", "")


async def test_somebody_elses_phone_keeps_an_erasure_from_being_approved(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, _):
        own, request = await desk.asks(await _mallory(desk), "erasure")
        await _proves(desk, own, request)
        officer = await desk.club.officer()
        refused = await officer("POST", f"/v1/requests/{request}/approve")
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:tillit:problem:not-identified"
        assert "phone" in refused.json()["problems"][0]["remedy"]
        # The code for the phone goes to the victim, who has not asked for it.
        await wants(own, mine(request), "phone")
        assert [one.to for one in await desk.messages(request) if "@" not in one.to] == [VICTIMS]


async def test_no_code_goes_to_an_address_that_was_claimed(settings: Settings) -> None:
    async with proving_club(settings) as (desk, _):
        own, request = await desk.asks(await desk.club.joins("1", email="anna@post.example"))
        body = {"identifier": "email", "to": OWN}
        assert (await own("POST", f"{mine(request)}/codes", body)).status_code == 422
        assert (await own("POST", f"{mine(request)}/codes", {"identifier": OWN})).status_code == 422
        assert await desk.messages() == []


async def test_a_code_can_be_guessed_at_five_times_and_the_right_one_comes_too_late(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, _):
        own, request = await desk.asks(await desk.club.joins("1", email="anna@post.example"))
        await wants(own, mine(request))
        (message,) = await desk.messages()
        guesses = [await tries(own, mine(request), "email", wrong(message.code)) for _ in range(5)]
        assert guesses == ["wrong"] * ATTEMPTS
        assert await tries(own, mine(request), "email", message.code) == "limited"
        assert await desk.outcomes() == {"wrong": 5, "limited": 1}
        assert (await desk.state(request))["proofs"] == []


async def test_asking_for_new_codes_again_and_again_gives_no_more_than_fifty_guesses_a_day(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, clock):
        member = await desk.club.joins("1", email="anna@post.example", phone="+46701234567")
        outcomes: list[str] = []
        for _ in range(12):  # every two hours, by two requests in turn
            for right in ("access", "erasure"):
                own, request = await desk.asks(member, right)
                for identifier in ("email", "phone"):
                    await wants(own, mine(request), identifier)
                    outcomes += [
                        await tries(own, mine(request), identifier, "00000000") for _ in range(6)
                    ]
            clock.at += timedelta(hours=1, minutes=59)
        assert outcomes.count("wrong") == DAILY * ATTEMPTS
        assert "proved" not in outcomes
        assert (await desk.outcomes())["wrong"] == DAILY * ATTEMPTS
        assert sum((await desk.outcomes()).values()) == len(outcomes)


async def test_a_code_asked_for_a_thousand_times_sends_few_messages_and_is_all_on_record(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, clock):
        member = await desk.club.joins("1", email="anna@post.example")
        own, request = await desk.asks(member)
        base = desk.link(member, request, clock.at + timedelta(days=30))
        told = [await wants(own, mine(request)) for _ in range(500)]
        told += [await wants(desk.club.nobody, base) for _ in range(500)]
        assert told == ["sent"] * SAME + ["limited"] * (1000 - SAME)
        assert await desk.outcomes("identity.asked") == {"sent": SAME, "limited": 1000 - SAME}
        other_own, other = await desk.asks(member, "erasure")
        for _ in range(10):
            await wants(other_own, mine(other))
        assert len(await desk.messages()) == HOURLY


async def test_twenty_guesses_at_once_are_five_attempts_and_no_more(settings: Settings) -> None:
    async with proving_club(settings) as (desk, _):
        own, request = await desk.asks(await desk.club.joins("1", email="anna@post.example"))
        await wants(own, mine(request))
        (message,) = await desk.messages()
        guesses = [f"{(int(message.code) + n) % 10**8:08}" for n in range(1, 21)]
        told = await asyncio.gather(*(tries(own, mine(request), "email", one) for one in guesses))
        assert (told.count("wrong"), told.count("limited")) == (5, 15)
        assert await desk.outcomes() == {"wrong": 5, "limited": 15}


async def test_twenty_asked_for_at_once_are_three_messages(settings: Settings) -> None:
    async with proving_club(settings) as (desk, _):
        own, request = await desk.asks(await desk.club.joins("1", email="anna@post.example"))
        told = await asyncio.gather(*(wants(own, mine(request)) for _ in range(20)))
        assert (told.count("sent"), told.count("limited")) == (SAME, 20 - SAME)
        assert len(await desk.messages()) == SAME


async def test_the_right_code_twenty_times_at_once_proves_once(settings: Settings) -> None:
    async with proving_club(settings) as (desk, _):
        own, request = await desk.asks(await desk.club.joins("1", email="anna@post.example"))
        await wants(own, mine(request))
        (message,) = await desk.messages()
        told = await asyncio.gather(
            *(tries(own, mine(request), "email", message.code) for _ in range(20))
        )
        assert (told.count("proved"), told.count("expired")) == (1, 19)
        assert len((await desk.state(request))["proofs"]) == 1


async def test_a_code_of_one_request_does_nothing_for_another(settings: Settings) -> None:
    async with proving_club(settings) as (desk, _):
        member = await desk.club.joins("1", email="anna@post.example")
        own, first = await desk.asks(member, "access")
        _, second = await desk.asks(member, "erasure")
        await wants(own, mine(first))
        (message,) = await desk.messages()
        assert await tries(own, mine(second), "email", message.code) == "expired"
        await wants(own, mine(second))
        assert await tries(own, mine(second), "email", message.code) == "wrong"
        assert (await desk.state(second))["proofs"] == []
        assert await tries(own, mine(first), "email", message.code) == "proved"
        assert (await desk.state(second))["proofs"] == []


async def test_a_replayed_code_and_a_replayed_link_do_nothing_and_are_on_record(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, clock):
        member = await desk.club.joins("1", email="anna@post.example")
        _, request = await desk.asks(member)
        base = desk.link(member, request, clock.at + timedelta(days=30))
        nobody = desk.club.nobody
        await wants(nobody, base)
        (message,) = await desk.messages()
        assert await tries(nobody, base, "email", message.code) == "proved"
        assert await tries(nobody, base, "email", message.code) == "expired"
        officer = await desk.club.officer()
        await officer.ok("POST", f"/v1/requests/{request}/refuse", {"reason": "ProcessUnfounded"})
        assert (await nobody("GET", base)).status_code == 404
        assert await wants(nobody, base) == "expired"
        assert await tries(nobody, base, "email", message.code) == "expired"
        card = {"member_number": "1", "day": "2026-02-01", "amount": "1"}
        assert (await nobody.ok("POST", f"{base}/purchase", card))["outcome"] == "expired"
        # Another request of the same member: the old link knows nothing of it.
        _, later = await desk.asks(member)
        assert later != request
        assert await tries(nobody, base, "email", message.code) == "expired"
        assert await desk.outcomes() == {"proved": 1, "expired": 4}
        assert await desk.outcomes("identity.asked") == {"sent": 1, "expired": 1}


async def test_a_link_that_has_run_out_or_was_altered_has_one_answer(settings: Settings) -> None:
    async with proving_club(settings) as (desk, clock):
        member, other = await desk.club.joins("1", email="a@post.example"), await _mallory(desk)
        _, request = await desk.asks(member)
        good = desk.link(member, request, clock.at + timedelta(days=1))
        swapped = desk.link(other, request, clock.at + timedelta(days=1))
        unknown = desk.link(member, str(uuid4()), clock.at + timedelta(days=1))
        altered = good[:-1] + ("A" if good[-1] != "A" else "B")
        unsubscribing = good.replace("/identity/", "/unsubscribe/")
        nobody = desk.club.nobody
        assert (await nobody("GET", good)).status_code == 200
        clock.at += timedelta(days=1)
        told = set()
        for link in (good, swapped, unknown, altered, "/v1/identity/x"):
            for answer in (
                await nobody("GET", link),
                await nobody("POST", f"{link}/codes", {"identifier": "email"}),
                await nobody("POST", f"{link}/codes/check", {"identifier": "email", "code": "1"}),
            ):
                told.add((answer.status_code, answer.json()["type"], answer.json()["detail"]))
        assert len(told) == 1
        assert (await nobody("GET", unsubscribing)).status_code == 404
        assert {one[:2] for one in told} == {(404, "urn:tillit:problem:unknown-link")}
        assert await desk.messages() == []


async def test_a_request_for_one_of_two_with_the_same_name_and_address_proves_nothing_of_theirs(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, clock):
        alike = {"name": "Anna Lind", "county": "Jämtland"}
        victim = await desk.club.joins("1", email="anna@post.example", **alike)
        impostor = await desk.club.joins("2", email=OWN, **alike)
        officer = await desk.club.officer()
        # A letter came "from Anna Lind of Jämtland", and the desk took it for the victim's.
        body = {"right": "access", "member": victim}
        request = (await officer.ok("POST", "/v1/requests", body))["request"]
        own, theirs = await desk.asks(impostor)
        await _proves(desk, own, theirs)
        code = (await desk.messages(theirs))[-1].code
        for path in (mine(request), f"/v1/me/requests/{request}"):
            assert (await own("GET", path)).status_code == 404
        for path, sent in (
            ("codes", {"identifier": "email"}),
            ("codes/check", {"identifier": "email", "code": code}),
            ("step-up", None),
        ):
            assert (await own("POST", f"{mine(request)}/{path}", sent)).status_code == 404
        base = desk.link(victim, request, clock.at + timedelta(days=1))
        await wants(desk.club.nobody, base)
        assert (await desk.messages(request))[-1].to == "anna@post.example"
        assert await tries(desk.club.nobody, base, "email", code) == "wrong"
        proofs = (await desk.state(request))["proofs"]
        assert not [one for one in proofs if one["how"] not in ("officer",)]


async def test_strangers_are_told_the_same_whether_or_not_there_is_such_a_request(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, _):
        stranger = await desk.club.member(await _mallory(desk))
        _, request = await desk.asks(await desk.club.joins("1", email="anna@post.example"))
        for method, path, body in (
            ("GET", "", None),
            ("POST", "/codes", {"identifier": "email"}),
            ("POST", "/codes/check", {"identifier": "email", "code": "12345678"}),
            ("POST", "/step-up", None),
        ):
            told = set()
            for id in (request, str(uuid4())):
                answer = await stranger(method, mine(id) + path, body)
                told.add((answer.status_code, answer.json()["type"], answer.json()["detail"]))
            assert len(told) == 1
            assert next(iter(told))[0] == 404


async def test_a_card_can_be_tried_five_times_a_day_for_all_requests_together(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, clock):
        member = await desk.club.joins("1", email="anna@post.example")
        guess = {"member_number": "1", "day": "2026-02-01", "amount": "100.00"}
        told = []
        for right in ("access", "erasure"):
            _, request = await desk.asks(member, right)
            link = desk.link(member, request, clock.at + timedelta(days=30))
            for _ in range(5):
                answer = await desk.club.nobody.ok("POST", f"{link}/purchase", guess)
                told.append(answer["outcome"])
        assert told == ["wrong"] * CARDS + ["limited"] * 5
        assert await desk.outcomes() == {"wrong": 5, "limited": 5}
        clock.at += timedelta(days=1)
        answer = await desk.club.nobody.ok("POST", f"{link}/purchase", guess)
        assert answer["outcome"] == "wrong"


async def test_twenty_cards_at_once_are_five_tries(settings: Settings) -> None:
    async with proving_club(settings) as (desk, clock):
        member = await desk.club.joins("1")
        _, request = await desk.asks(member)
        link = desk.link(member, request, clock.at + timedelta(days=1))

        async def guess(n: int) -> str:
            body = {"member_number": "1", "day": "2026-02-01", "amount": f"{n}.00"}
            told = await desk.club.nobody.ok("POST", f"{link}/purchase", body)
            return str(told["outcome"])

        told = await asyncio.gather(*(guess(n) for n in range(20)))
        assert (told.count("wrong"), told.count("limited")) == (CARDS, 20 - CARDS)


async def test_a_token_that_somebody_has_found_moves_no_address(settings: Settings) -> None:
    async with proving_club(settings) as (desk, _):
        member = await desk.club.joins("1", email="anna@post.example", phone="+46701234567")
        thief = await desk.club.member(member, stepped_up=False)
        for moved in ({"email": OWN}, {"phone": None}, {"name": "Anna", "phone": VICTIMS}):
            refused = await thief("PATCH", "/v1/me", {"values": moved})
            assert refused.status_code == 401
            assert refused.json()["type"] == "urn:tillit:problem:step-up-needed"
        values = (await thief.ok("GET", "/v1/me"))["values"]
        assert values["email"]["value"] == "anna@post.example"
        assert "name" not in values
        await thief.ok("PATCH", "/v1/me", {"values": {"name": "Anna"}})


async def test_an_address_that_a_member_has_changed_proves_nothing_for_a_fortnight(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, clock):
        member = await desk.club.joins("1", email="anna@post.example")
        moved = await desk.club.member(member)
        await moved.ok("PATCH", "/v1/me", {"values": {"email": OWN}})
        for days, outcome in ((0, "unavailable"), (13, "unavailable"), (1, "sent")):
            clock.at += timedelta(days=days)
            own, request = await desk.asks(member)
            assert await wants(own, mine(request)) == outcome
            ways = (await own.ok("GET", mine(request)))["ways"]
            assert bool(ways) is (outcome == "sent")


async def test_a_member_s_own_token_neither_shows_a_purchase_nor_reads_the_link_that_takes_one(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, _):
        member = await desk.club.joins("1", email="anna@post.example")
        own, request = await desk.asks(member)
        body = {"member_number": "1", "day": "2026-02-01", "amount": "1"}
        assert (await own("POST", f"{mine(request)}/purchase", body)).status_code == 404
        officer = await desk.club.officer()
        await officer.ok("POST", f"/v1/requests/{request}/identity/query")
        await drain(desk.club.tillit)
        for form in ("html", "pdf"):
            letter = f"/v1/me/requests/{request}/letters/identity_query.{form}"
            refused = await own("GET", letter)
            assert refused.status_code == 401
            assert refused.json()["type"] == "urn:tillit:problem:step-up-needed"
            assert (await (await desk.club.member(member))("GET", letter)).status_code == 200
            other = f"/v1/me/requests/{request}/letters/acknowledgement.{form}"
            assert (await own("GET", other)).status_code == 200


async def test_codes_are_nowhere_but_in_what_is_sealed(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    async with proving_club(settings) as (desk, _):
        own, request = await desk.asks(
            await desk.club.joins("1", email="anna@post.example", phone="+46701234567"), "erasure"
        )
        for identifier in ("email", "phone"):
            await wants(own, mine(request), identifier)
        messages = await desk.messages()
        # Known by its answer alone, so that the code on its way is there to be found.
        before = await desk.everything_kept()
        for message in messages:
            field = "email" if "@" in message.to else "phone"
            await tries(own, mine(request), field, wrong(message.code))
            assert await tries(own, mine(request), field, message.code) == "proved"
        everything = before + await desk.everything_kept()
        logged = "".join(capfd.readouterr())
        assert "identity.tried" in everything
        assert "/identity/codes/check" in logged
        assert len(messages) == 2
        for message in messages:
            for code in (message.code, wrong(message.code)):
                assert code not in everything
                assert code not in logged
            assert message.to not in logged
            assert message.to not in everything


async def test_what_somebody_has_proved_goes_with_them_when_they_are_erased(
    settings: Settings,
) -> None:
    async with proving_club(settings) as (desk, clock):
        member = await desk.club.joins("1", email="anna@post.example")
        own, request = await desk.asks(member, "erasure")
        base = desk.link(member, request, clock.at + timedelta(days=30))
        await wants(own, mine(request))
        officer = await desk.club.officer()
        await officer.ok("POST", f"/v1/requests/{request}/identity", {"how": "officer"})
        await officer.ok("POST", f"/v1/requests/{request}/approve")
        await drain(desk.club.tillit)
        assert await desk.messages() == []
        nobody = desk.club.nobody
        for answer in (
            await nobody("GET", base),
            await nobody("POST", f"{base}/codes", {"identifier": "email"}),
        ):
            assert answer.status_code == 404
        assert (await own("GET", mine(request))).status_code == 401


async def test_attempts_that_another_process_takes_count_too(settings: Settings) -> None:
    async with proving_club(settings) as (desk, _):
        member = await desk.club.joins("1", email="anna@post.example")
        own, request = await desk.asks(member)
        await wants(own, mine(request))
        (message,) = await desk.messages()
        clock = desk.club.tillit.clock
        async with opened(reachable(settings), clock=clock) as second:
            transport = httpx.ASGITransport(create_app(second, worker=False))
            async with httpx.AsyncClient(transport=transport, base_url="http://2.test") as http:
                theirs = await Club(second, http).member(member, stepped_up=False)
                bad = wrong(message.code)
                told = await asyncio.gather(
                    *(tries(one, mine(request), "email", bad) for one in (own, theirs) * 6)
                )
        assert (told.count("wrong"), told.count("limited")) == (5, 7)
        assert clock.now() == START
