"""What cannot be done loses nothing that was written, and no address makes a fault of ours."""

import re
from datetime import datetime
from uuid import uuid4

from api.bootstrap import SYSTEM, Tillit
from api.pages.all import PAGES
from dsar.breaches.account import LONGEST
from profiles.enrolment import enrol
from tests.at_a_browser import browser, member_at, officer_at

TYPED = "What was found in the logs"


async def test_nothing_is_at_an_address_with_a_control_character(tillit: Tillit) -> None:
    other = []
    async with browser(tillit) as nobody, officer_at(tillit) as officer:
        for page in PAGES:
            named = re.sub(r"\{\w+:uuid\}", str(uuid4()), page.path)
            for sign in ("%00", "a%7Fb", "%C2%85"):
                address = re.sub(r"\{\w+(:path)?\}", sign, named)
                if address == named:
                    continue
                for at in (nobody, officer):
                    answer = await at.client.request(
                        page.method, address, headers={"Sec-Fetch-Site": "same-origin"}
                    )
                    if answer.status_code != 404:
                        other.append((page.method, address, answer.status_code))
    assert other == []


async def test_what_an_officer_wrote_for_a_breach_that_was_closed_meanwhile_is_there(
    tillit: Tillit,
) -> None:
    async with officer_at(tillit, name="a") as late, officer_at(tillit, name="b") as early:
        aware = datetime.now().astimezone().strftime("%Y-%m-%dT00:00")
        await early.open("/desk/breaches/new")
        path = (await early.send("/desk/breaches/new", happened="A letter", aware=aware)).url.path
        await late.open(path)
        await early.open(path)
        await early.send(f"{path}/assessment", risk="none", why="harmless")
        await early.open(path)
        assert (await early.send(f"{path}/close")).status_code == 200
        answer = await late.send(f"{path}/assessment", risk="high", why=TYPED, measures="locked")
        assert answer.status_code == 409
        assert TYPED in answer.text
        assert ">locked<" in answer.text
        assert ">high<" not in answer.text, "nobody wrote that"


async def test_three_texts_as_long_as_they_may_be_are_taken_in_any_letters(tillit: Tillit) -> None:
    async with officer_at(tillit) as at:
        aware = datetime.now().astimezone().strftime("%Y-%m-%dT00:00")
        await at.open("/desk/breaches/new")
        path = (await at.send("/desk/breaches/new", happened="A letter", aware=aware)).url.path
        long = "山" * LONGEST
        await at.open(path)
        answer = await at.send(
            f"{path}/assessment", risk="high", why=long, consequences=long, measures=long
        )
        assert answer.status_code == 200
        assert answer.text.count(long) >= 3


async def test_the_note_of_a_request_that_is_one_too_many_is_there(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        [member] = await enrol(work.unit, SYSTEM, [{"member_number": "1"}], source="sign-up")
    async with member_at(tillit, member.id, stepped_up=True) as at:
        for number in range(30):
            await at.open("/my/requests/new/review")
            answer = await at.send("/my/requests/new/review", note=f"Decision {number}")
            if answer.status_code >= 400:
                break
        assert answer.status_code == 429
        assert f"Decision {number}" in answer.text
