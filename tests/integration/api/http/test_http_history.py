"""What members said before: line by line, and where they stood at a time, under which text."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from callers_at_doors import PURPOSE, Client, Club
from stopped_club import START, altered, stopped_club

from api.bootstrap import SYSTEM
from api.settings import Settings
from kernel.clock import StoppedClock

OLD, NEW = "If you say yes, we send you our", "If you agree, we send you our"
HOUR = timedelta(hours=1)


async def _then(
    own: Client, at: datetime | str, *, known: datetime | None = None
) -> dict[str, dict[str, Any]]:
    sent = at if isinstance(at, str) else at.isoformat()
    path = f"/v1/me/choices?language=en&at={quote(sent)}"
    path += f"&known={quote(known.isoformat())}" if known else ""
    return {one["purpose"]: one for one in await own.ok("GET", path)}


async def _says(own: Client, purpose: str, *, allow: bool) -> None:
    body = {"allow": allow, "language": "en"}
    await own.ok("PUT", f"/v1/me/choices/{purpose}", body)


async def test_the_history_tells_every_line_with_what_proves_it(club: Club) -> None:
    member = await club.joins("1")
    own = await club.member(member)
    await _says(own, "newsletter", allow=True)
    till = await club.service("till")
    body = {"member": member, "purpose": PURPOSE, "action": "objected"}
    await till.ok("POST", "/v1/consents", body)
    pending = (await own.ok("GET", "/v1/me/choices/history"))["lines"]
    assert [line["leaf"] for line in pending] == [None, None]
    await club.tillit.integrate()
    objected, given = (await own.ok("GET", "/v1/me/choices/history"))["lines"]
    uses = {one["entry"]: one for one in (await own.ok("GET", "/v1/me/uses"))["uses"]}
    for line, by in ((objected, "till"), (given, "member")):
        assert line["by"] == by
        assert line["leaf"] == uses[line["entry"]]["leaf"]
        assert line["leaf"] is not None
        assert line["receipt"] == f"/v1/me/choices/history/{line['entry']}/receipt"
        assert line["programme"] == 1
        assert line["before"] == "unknown"
    shown = next(
        one
        for one in await own.ok("GET", "/v1/me/choices?language=en")
        if one["purpose"] == "newsletter"
    )
    assert given["notice"] == shown["agreed"]
    assert given["notice"]["text"] == shown["notice"]
    assert (given["language"], objected["language"], objected["notice"]) == ("en", None, None)


async def test_what_has_no_receipt_says_so_and_every_receipt_that_is_named_is_there(
    club: Club,
) -> None:
    own = await club.member(await club.joins("1"))
    await _says(own, "newsletter", allow=True)
    await own.ok("PUT", "/v1/me/objection", {"objects": True})
    await own.ok("PUT", "/v1/me/channels/sms", {"on": False})
    await own.ok("PUT", "/v1/me/contact", {"often": 30, "quiet": [22]})
    await own.ok("PUT", "/v1/me/pause", {"on": True})
    await club.tillit.integrate()
    lines = (await own.ok("GET", "/v1/me/choices/history"))["lines"]
    named = {line["action"]: line["receipt"] is not None for line in lines}
    without = dict.fromkeys(("channel_off", "often", "hours", "paused"), False)
    assert named == {"given": True, "objected": True, **without}
    for line in lines:
        found = await own("GET", f"/v1/me/choices/history/{line['entry']}/receipt")
        assert (found.status_code == 200) == (line["receipt"] is not None)


async def test_another_members_history_is_not_among_ones_own(club: Club) -> None:
    anna, bo = await club.joins("1"), await club.joins("2")
    await club.agrees(anna)
    his = await club.member(bo)
    assert (await his.ok("GET", "/v1/me/choices/history"))["lines"] == []


async def _two_versions(club: Club, clock: StoppedClock) -> Client:
    """Said at 12 and 14, another text of the letter from 15, and a yes to that at 16."""
    member = await club.joins("1")
    own = await club.member(member)
    clock.at = START + 2 * HOUR
    await _says(own, "newsletter", allow=True)
    clock.at = START + 3 * HOUR
    await club.tillit.apply(SYSTEM, altered((OLD, NEW)))
    clock.at = START + 4 * HOUR
    await _says(own, "newsletter", allow=True)
    clock.at = START + 5 * HOUR
    await _says(own, "newsletter", allow=False)
    clock.at = START + 6 * HOUR
    return own


async def test_a_moment_in_the_past_shows_what_was_allowed_and_the_text_of_then(
    settings: Settings,
) -> None:
    async with stopped_club(settings) as (club, clock):
        own = await _two_versions(club, clock)
        wanted = {
            0: ("unknown", "no_consent", OLD, 1, None),
            2: ("given", None, OLD, 1, 1),
            3: ("given", "ask_again", NEW, 2, 1),
            4: ("renewed", None, NEW, 2, 2),
            5: ("withdrawn", "no_consent", NEW, 2, None),
            6: ("withdrawn", "no_consent", NEW, 2, None),
        }
        for hours, (state, reason, text, version, agreed) in wanted.items():
            for at in (START + hours * HOUR, START + hours * HOUR + timedelta(microseconds=1)):
                if at > clock.at:
                    continue
                stood = (await _then(own, at))["newsletter"]
                assert (stood["state"], stood["reason"]) == (state, reason), hours
                assert stood["notice"].startswith(text)
                assert stood["notice_version"] == version
                assert (stood["agreed"] or {}).get("version") == agreed
            if hours not in (0, 6):
                before = START + hours * HOUR - timedelta(microseconds=1)
                assert (await _then(own, before))["newsletter"] != stood
        now = await own.ok("GET", "/v1/me/choices?language=en")
        assert list((await _then(own, clock.at)).values()) == now


async def test_before_the_first_programme_there_was_no_purpose(settings: Settings) -> None:
    async with stopped_club(settings) as (club, _):
        own = await club.member(await club.joins("1"))
        assert await _then(own, START - HOUR) == {}
        assert await _then(own, "1970-01-01T00:00:00Z") == {}


async def test_what_was_written_down_later_was_said_and_not_yet_known(
    settings: Settings,
) -> None:
    async with stopped_club(settings) as (club, clock):
        member = await club.joins("1")
        clock.at = START + HOUR
        own = await club.member(member)
        await _says(own, "newsletter", allow=True)
        clock.at = START + 10 * HOUR
        till = await club.service("till")
        said = {"member": member, "purpose": "newsletter", "action": "withdrawn",
                "at": (START + 2 * HOUR).isoformat()}  # fmt: skip
        await till.ok("POST", "/v1/consents", said)
        at = START + 3 * HOUR
        assert (await _then(own, at))["newsletter"]["state"] == "withdrawn"
        assert (await _then(own, at, known=at))["newsletter"]["state"] == "given"
        assert (await _then(own, at, known=clock.at))["newsletter"]["state"] == "withdrawn"
        assert (await _then(own, at, known=START))["newsletter"]["state"] == "unknown"


@pytest.mark.parametrize("name", ["at", "known"])
async def test_a_time_that_is_none_or_has_not_come_is_refused(club: Club, name: str) -> None:
    own = await club.member(await club.joins("1"))
    for sent in ("tomorrow", "", "2026-03-01", "2026-03-01T12:00:00", "2999-01-01T00:00:00Z",
                 "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00",
                 "1772366400"):  # fmt: skip
        refused = await own("GET", f"/v1/me/choices?{name}={quote(sent)}")
        assert refused.status_code == 422, sent
        assert refused.json()["problems"][0]["place"] == name
    assert (await own("GET", "/v1/me/choices?when=now")).status_code == 422


async def test_officers_see_where_a_member_stood_and_the_member_sees_that_they_looked(
    settings: Settings,
) -> None:
    async with stopped_club(settings) as (club, clock):
        own = await _two_versions(club, clock)
        officer = await club.officer()
        member = (await own.ok("GET", "/v1/me"))["member"]
        at = quote((START + 2 * HOUR).isoformat())
        told = await officer.ok("GET", f"/v1/members/{member}/choices?language=en&at={at}")
        assert (told["member"], told["programme"], told["guardians"]) == (member, 1, [])
        stood = (await _then(own, START + 2 * HOUR)).values()
        assert told["choices"] == list(stood)
        (use, *_) = (await own.ok("GET", "/v1/me/uses"))["uses"]
        assert (use["what"], use["by"]) == ("choices.viewed", "officer officer-7")
        now = await officer.ok("GET", f"/v1/members/{member}/choices")
        assert (now["programme"], len(now["choices"])) == (2, 6)
