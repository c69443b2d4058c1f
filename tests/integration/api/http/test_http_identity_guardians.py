"""Guardians ask for their children and fetch the answer, until the child is grown."""

import io
import zipfile
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from callers_at_doors import PURPOSE, Club
from stopped_club import START, stopped_club

from api.settings import Settings
from api.work import drain
from dsar.states import AT_ONCE, Right

CHILD, GROWN_UP = "2014-03-02", "1984-02-29"  # thirteen, the Swedish age, on 2 March 2027
FORM = {"evidence": "form 4711", "how": "paper"}
ACCESS = {"right": "access"}


async def _family(club: Club) -> tuple[str, str]:
    child = await club.joins("C1", birth_date=CHILD, email="kim@post.example")
    parent = await club.joins("P1", birth_date=GROWN_UP)
    officer = await club.officer()
    await officer.ok("PUT", f"/v1/members/{child}/guardians/{parent}", FORM)
    return child, parent


async def test_a_guardian_asks_for_a_child_and_fetches_the_answer(settings: Settings) -> None:
    async with stopped_club(settings) as (club, _):
        child, parent = await _family(club)
        theirs, officer = await club.member(parent), await club.officer()
        path = f"/v1/me/children/{child}/requests"
        opened = await theirs.ok("POST", path, ACCESS)
        assert (opened["member"], opened["channel"], opened["lacking"]) == (child, "guardian", [])
        request = opened["request"]
        assert [one["request"] for one in await theirs.ok("GET", path)] == [request]
        await officer.ok("POST", f"/v1/requests/{request}/approve")
        await drain(club.tillit)
        package = await theirs.ok("GET", f"{path}/{request}/package")
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            told = "\n".join(archive.read(name).decode() for name in archive.namelist())
        assert "kim@post.example" in told
        own = await club.member(child)
        assert [one["request"] for one in await own.ok("GET", "/v1/me/requests")] == [request]
        uses = [one["what"] for one in (await own.ok("GET", "/v1/me/uses"))["uses"]]
        assert "package.fetched" in uses
        proofs = (await officer.ok("GET", f"/v1/requests/{request}/identity"))["proofs"]
        assert [one["how"] for one in proofs] == ["guardian"]


async def test_a_guardian_has_shown_a_moment_ago_who_they_are(settings: Settings) -> None:
    async with stopped_club(settings) as (club, clock):
        child, parent = await _family(club)
        path = f"/v1/me/children/{child}/requests"
        ordinary = await club.member(parent, stepped_up=False)
        refused = await ordinary("POST", path, ACCESS)
        assert refused.status_code == 401
        assert refused.json()["type"] == "urn:tillit:problem:step-up-needed"
        theirs = await club.member(parent)
        request = (await theirs.ok("POST", path, ACCESS))["request"]
        officer = await club.officer()
        await officer.ok("POST", f"/v1/requests/{request}/approve")
        await drain(club.tillit)
        clock.at += timedelta(minutes=11)
        assert (await theirs("GET", f"{path}/{request}/package")).status_code == 401


@pytest.mark.parametrize(
    "about",
    [{"right": "withdrawal", "purposes": [PURPOSE]}, {"right": "objection", "marketing": True}],
)
@pytest.mark.parametrize("stepped_up", [False, True])
async def test_to_ask_for_an_end_of_a_use_takes_a_guardian_no_more_than_to_say_no(
    settings: Settings, about: dict[str, Any], stepped_up: bool
) -> None:
    """As easy as their yes for the child, for which they sign in as every day (Art. 7(3))."""
    async with stopped_club(settings) as (club, clock):
        child, parent = await _family(club)
        theirs = await club.member(parent, stepped_up=stepped_up)
        clock.at += timedelta(seconds=1)
        yes = {"allow": True, "language": "sv"}
        await theirs.ok("PUT", f"/v1/me/children/{child}/choices/{PURPOSE}", yes)
        clock.at += timedelta(seconds=1)
        asked = await theirs.ok("POST", f"/v1/me/children/{child}/requests", about)
        assert (asked["state"], asked["channel"], asked["lacking"]) == ("accepted", "guardian", [])
        await drain(club.tillit)
        own = await club.member(child)
        stands = {one["purpose"]: one for one in await own.ok("GET", "/v1/me/choices")}
        assert not stands[PURPOSE]["allowed"]
        officer = await club.officer()
        kept = await officer.ok("GET", f"/v1/requests/{asked['request']}/identity")
        [proof] = kept["proofs"]
        how = "guardian" if stepped_up else "guardian_sign_in"
        assert (proof["how"], proof["identifier"], proof["holds"]) == (how, None, True)


@pytest.mark.parametrize("right", sorted({*Right} - AT_ONCE))
async def test_whatever_else_a_guardian_asks_for_takes_a_second_proof(
    settings: Settings, right: Right
) -> None:
    async with stopped_club(settings) as (club, _):
        child, parent = await _family(club)
        theirs = await club.member(parent, stepped_up=False)
        refused = await theirs("POST", f"/v1/me/children/{child}/requests", {"right": right})
        assert refused.status_code == 401
        assert refused.json()["type"] == "urn:tillit:problem:step-up-needed"
        own = await club.member(child)
        assert await own.ok("GET", "/v1/me/requests") == []


async def test_who_is_no_guardian_withdraws_for_no_child(settings: Settings) -> None:
    async with stopped_club(settings) as (club, _):
        child, parent = await _family(club)
        about = {"right": "withdrawal", "purposes": [PURPOSE]}
        path = f"/v1/me/children/{child}/requests"
        stranger = await club.member(await club.joins("S1", birth_date=GROWN_UP))
        assert (await stranger("POST", path, about)).status_code == 404
        officer = await club.officer()
        await officer.ok("DELETE", f"/v1/members/{child}/guardians/{parent}")
        was = await club.member(parent)
        assert (await was("POST", path, about)).status_code == 404


async def test_a_guardian_s_sign_in_counts_for_as_long_as_they_are_one(settings: Settings) -> None:
    """And what they have asked for is not done on the word of somebody who is none any more."""
    async with stopped_club(settings) as (club, _):
        child, parent = await _family(club)
        theirs = await club.member(parent, stepped_up=False)
        about = {"right": "withdrawal", "purposes": [PURPOSE]}
        asked = await theirs.ok("POST", f"/v1/me/children/{child}/requests", about)
        officer = await club.officer()
        await officer.ok("DELETE", f"/v1/members/{child}/guardians/{parent}")
        await drain(club.tillit)
        shown = await officer.ok("GET", f"/v1/requests/{asked['request']}")
        assert shown["state"] == "accepted"
        kept = await officer.ok("GET", f"/v1/requests/{asked['request']}/identity")
        assert [one["holds"] for one in kept["proofs"]] == [False]


async def test_a_child_who_has_come_of_age_is_spoken_for_no_more(settings: Settings) -> None:
    async with stopped_club(settings) as (club, clock):
        child, parent = await _family(club)
        theirs, path = await club.member(parent), f"/v1/me/children/{child}/requests"
        clock.at = START.replace(year=2027)
        theirs = await club.member(parent)
        request = (await theirs.ok("POST", path, ACCESS))["request"]
        officer = await club.officer()
        await officer.ok("POST", f"/v1/requests/{request}/approve")
        await drain(club.tillit)
        clock.at = START.replace(year=2027, day=2)
        theirs = await club.member(parent)
        for answer in (
            await theirs("POST", path, ACCESS),
            await theirs("GET", path),
            await theirs("GET", f"{path}/{request}/package"),
        ):
            assert answer.status_code == 403
            assert answer.json()["type"] == "urn:tillit:problem:of-age"
        own = await club.member(child)
        assert (await own("GET", f"/v1/me/requests/{request}/package")).status_code == 200


async def test_nobody_asks_for_anothers_child_nor_learns_that_there_is_one(
    settings: Settings,
) -> None:
    async with stopped_club(settings) as (club, _):
        child, parent = await _family(club)
        theirs = await club.member(parent)
        request = (await theirs.ok("POST", f"/v1/me/children/{child}/requests", ACCESS))["request"]
        stranger = await club.member(await club.joins("S1", birth_date=GROWN_UP))
        told = set()
        for one in (child, parent, str(uuid4())):
            path = f"/v1/me/children/{one}/requests"
            for answer in (
                await stranger("POST", path, ACCESS),
                await stranger("GET", path),
                await stranger("GET", f"{path}/{request}/package"),
            ):
                told.add((answer.status_code, answer.json()["type"], answer.json()["detail"]))
        assert len(told) == 1
        assert {one[0] for one in told} == {404}


async def test_a_guardian_does_not_fetch_what_the_child_has_asked_for(settings: Settings) -> None:
    async with stopped_club(settings) as (club, _):
        child, parent = await _family(club)
        own, theirs, officer = (
            await club.member(child),
            await club.member(parent),
            await club.officer(),
        )
        request = (await own.ok("POST", "/v1/me/requests", ACCESS))["request"]
        await officer.ok("POST", f"/v1/requests/{request}/approve")
        await drain(club.tillit)
        path = f"/v1/me/children/{child}/requests"
        assert await theirs.ok("GET", path) == []
        answer = await theirs("GET", f"{path}/{request}/package")
        assert (answer.status_code, answer.json()["type"]) == (
            404,
            "urn:tillit:problem:unknown-request",
        )


async def test_the_record_does_not_tell_which_guardian_asked(settings: Settings) -> None:
    async with stopped_club(settings) as (club, _):
        child, parent = await _family(club)
        theirs = await club.member(parent)
        await theirs.ok("POST", f"/v1/me/children/{child}/requests", ACCESS)
        async with club.tillit.unit() as work:
            rows = await work.session.connection()
            found = await rows.exec_driver_sql("SELECT convert_from(body, 'UTF8') FROM audit_entry")
            bodies = [row[0] for row in found]
        subjects = {body.split('"subject":"')[1][:64] for body in bodies if '"subject":"' in body}
        assert any("request.opened" in body for body in bodies)
        assert all(sum(one in body for one in subjects) <= 1 for body in bodies)
