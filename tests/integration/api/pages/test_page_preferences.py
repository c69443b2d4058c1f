"""Everything at once on a page: a pause, no to all marketing, channels, how often, quiet hours."""

import re
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from api.bootstrap import SYSTEM, Tillit
from api.pages.member.at_once import between, ranges
from api.people.people import Kind, Somebody
from dsar import own_preferences
from dsar.own_preferences import Preferences
from profiles import members
from profiles.enrolment import enrol
from tests.at_a_browser import browser, member_at, signed_in

PATH = "/my/choices/all-at-once"


@pytest_asyncio.fixture
async def maja(tillit: Tillit) -> UUID:
    async with tillit.unit() as work:
        [member] = await enrol(work.unit, SYSTEM, [{"member_number": "m1"}], source="sign-up")
    return member.id


async def wishes(tillit: Tillit, member: UUID) -> Preferences:
    async with tillit.unit() as work:
        return await own_preferences.preferences(work.unit, await members.one(work.unit, member))


async def test_a_pause_until_resumed_is_one_press_and_so_is_its_end(
    tillit: Tillit, maja: UUID
) -> None:
    async with member_at(tillit, maja) as at:
        await at.open(PATH)
        said = await at.send(PATH, pause="true", until="")
        assert "until you start it again" in said.text
        assert (await wishes(tillit, maja)).paused
        said = await at.send(PATH, pause="false")
        assert "until you start it again" not in said.text.split("<main")[1].split("form")[0]
    assert not (await wishes(tillit, maja)).paused


async def test_a_pause_ends_on_the_day_that_was_picked(tillit: Tillit, maja: UUID) -> None:
    async with tillit.unit() as work:
        day = work.unit.today + timedelta(days=3)
    async with member_at(tillit, maja) as at:
        await at.open(PATH)
        await at.send(PATH, pause="true", until=day.isoformat())
    assert (await wishes(tillit, maja)).paused_until == day


@pytest.mark.parametrize("until", ["2020-01-01", "soon", "2026-02-30"])
async def test_a_day_that_cannot_be_is_told_in_words_and_changes_nothing(
    tillit: Tillit, maja: UUID, until: str
) -> None:
    async with member_at(tillit, maja) as at:
        await at.open(PATH)
        said = await at.send(PATH, pause="true", until=until)
    assert said.status_code == 422
    assert "pick one that is still to come" in said.text
    assert f'href="{PATH}"' in said.text
    assert not (await wishes(tillit, maja)).paused


async def test_no_to_all_marketing_and_yes_again_are_one_press_each(
    tillit: Tillit, maja: UUID
) -> None:
    async with member_at(tillit, maja) as at:
        await at.open(PATH)
        for objects in (True, False):
            await at.send(PATH, objects="true" if objects else "false")
            assert (await wishes(tillit, maja)).objects is objects


async def test_what_a_no_to_marketing_stops_and_what_it_does_not_stands_there_beforehand(
    tillit: Tillit, maja: UUID
) -> None:
    async with member_at(tillit, maja) as at:
        page = (await at.open(PATH)).text
    stops = page.split('id="marketing"')[1].split("<button")[0]
    assert "Our newsletter" in stops
    assert "Personalised" in stops
    assert "It does not change what rests on the membership or on a law" in page


async def test_a_channel_is_turned_off_for_everything(tillit: Tillit, maja: UUID) -> None:
    async with member_at(tillit, maja) as at:
        page = (await at.open(PATH)).text
        assert 'value="post"' not in page, "no purpose of the club's reaches anybody by post"
        await at.send(PATH, channel="sms", on="false")
        assert not (await wishes(tillit, maja)).channels["sms"]
        await at.send(PATH, channel="sms", on="true")
    assert (await wishes(tillit, maja)).channels["sms"]


async def test_how_often_is_picked_from_a_list(tillit: Tillit, maja: UUID) -> None:
    async with member_at(tillit, maja) as at:
        await at.open(PATH)
        said = await at.send(PATH, often="14")
        assert '<option value="14" selected>' in said.text
        refused = await at.send(PATH, often="3")
    assert refused.status_code == 422
    assert (await wishes(tillit, maja)).often == 14


async def test_quiet_hours_go_over_midnight(tillit: Tillit, maja: UUID) -> None:
    async with member_at(tillit, maja) as at:
        await at.open(PATH)
        said = await at.send(PATH, quiet="true", begins="22", ends="7")
        assert "Quiet now: 22:00 to 07:00." in said.text
        assert (await wishes(tillit, maja)).quiet == [0, 1, 2, 3, 4, 5, 6, 22, 23]
        said = await at.send(PATH, quiet="false")
        assert "You have no quiet hours." in said.text
    assert (await wishes(tillit, maja)).quiet == []


async def test_a_form_that_says_nothing_is_refused(tillit: Tillit, maja: UUID) -> None:
    async with member_at(tillit, maja) as at:
        await at.open(PATH)
        assert (await at.send(PATH)).status_code == 422


def _walked(stretches: Sequence[tuple[int, int]]) -> set[int]:
    """The hours that stretches are about, walked one by one."""
    found = set()
    for begins, ends in stretches:
        hour = begins
        while True:
            found.add(hour)
            hour = (hour + 1) % 24
            if hour == ends:
                break
    return found


@given(st.sets(st.integers(0, 23)))
def test_stretches_are_about_the_hours_they_were_made_of(hours: set[int]) -> None:
    stretches = ranges(sorted(hours))
    assert _walked(stretches) == hours
    assert {one for begins, ends in stretches for one in between(begins, ends)} == hours


@given(st.integers(0, 23), st.integers(0, 23))
def test_what_is_picked_is_what_is_told_afterwards(begins: int, ends: int) -> None:
    told = ranges(between(begins, ends))
    assert told == ([(0, 0)] if begins == ends else [(begins, ends)])


async def test_nothing_at_once_looks_said_yes_to_before_anything_is(
    tillit: Tillit, maja: UUID
) -> None:
    def pressed(text: str, part: str) -> list[str]:
        section = text.split(f'<section class="card" id="{part}"')[1].split(
            "</section>", maxsplit=1
        )[0]
        return re.findall(r'<button aria-pressed="true">(\w+)', section)

    async with member_at(tillit, maja) as at:
        page = await at.open(PATH)
        assert pressed(page.text, "marketing") == []
        assert "There is no answer to all of it" in page.text
        off = [one for one in pressed(page.text, "channels") if one == "On"]
        assert off == []
        await at.open("/my/choices")
        await at.send("/my/choices/newsletter", allow="true", language="en")
        page = await at.open(PATH)
        assert pressed(page.text, "marketing") == []  # a yes to one is no answer to all
        assert pressed(page.text, "channels") == ["On", "On", "On"]
        page = await at.send(PATH, channel="sms", on="false")
        assert sorted(pressed(page.text, "channels")) == ["Off", "On", "On"]
        page = await at.send(PATH, objects="true")
        assert pressed(page.text, "marketing") == ["No"]
        page = await at.send(PATH, objects="false")
        assert pressed(page.text, "marketing") == ["Yes"]


#: Each in this order, with whether it is taken of who signed in by an address changed lately.
LATELY_CHANGED = (
    (PATH, {"pause": "true", "until": "2999-01-02"}, True),
    (PATH, {"pause": "true", "until": "2999-01-01"}, False),
    (PATH, {"pause": "true", "until": ""}, True),
    (PATH, {"pause": "true", "until": "2999-01-02"}, False),
    (PATH, {"pause": "false"}, False),
    (PATH, {"objects": "true"}, True),
    (PATH, {"objects": "false"}, False),
    (PATH, {"channel": "email", "on": "false"}, True),
    (PATH, {"channel": "email", "on": "true"}, False),
    (PATH, {"often": "7"}, True),
    (PATH, {"often": "30"}, True),
    (PATH, {"often": "7"}, False),
    (PATH, {"often": "0"}, False),
    (PATH, {"quiet": "true", "begins": "21", "ends": "8"}, True),
    (PATH, {"quiet": "true", "begins": "22", "ends": "8"}, False),
    (PATH, {"quiet": "false"}, False),
    ("/my/choices/newsletter", {"allow": "true", "language": "en"}, False),
    ("/my/choices/newsletter", {"allow": "false", "language": "en"}, True),
    ("/my/choices/newsletter/channels", {"channel": "email", "on": "false"}, True),
    ("/my/choices/newsletter/channels", {"channel": "email", "on": "true"}, False),
)


async def test_a_lately_changed_address_takes_back_and_gives_nothing(
    tillit: Tillit, maja: UUID
) -> None:
    somebody = Somebody(kind=Kind.MEMBER, member=maja, settled=False)
    async with browser(tillit, await signed_in(tillit, somebody)) as at:
        for path, fields, taken in LATELY_CHANGED:
            await at.open("/my/choices")
            before = await wishes(tillit, maja)
            said = await at.send(path, **fields)
            assert said.status_code == (200 if taken else 403), (path, fields)
            if not taken:
                assert "say no, and nothing else" in said.text
                assert await wishes(tillit, maja) == before
