"""Guardians ask for their children and fetch the answer, until the child is grown."""

import io
import zipfile
from datetime import timedelta
from uuid import uuid4

from callers_at_doors import Club
from stopped_club import START, stopped_club

from api.settings import Settings
from api.work import drain

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
