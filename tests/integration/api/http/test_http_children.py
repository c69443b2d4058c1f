"""Guardians answer for children, and for nobody else; a child's own no always works."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
from callers_at_doors import PURPOSE, Client, Club
from stopped_club import START, stopped_club

from api.bootstrap import SYSTEM
from api.settings import Settings
from api.work import drain

HIDDEN = "urn:tillit:problem:"
CHILD, GROWN_UP = "2014-03-02", "1984-02-29"  # thirteen, the Swedish age, on 2 March 2027
YES, NO = {"allow": True, "language": "sv"}, {"allow": False}
FORM = {"evidence": "form 4711", "how": "paper"}


async def _family(club: Club) -> tuple[str, str]:
    """A child and their guardian, on record."""
    child = await club.joins("C1", birth_date=CHILD, tier="gold")
    parent = await club.joins("P1", birth_date=GROWN_UP)
    officer = await club.officer()
    told = await officer.ok("PUT", f"/v1/members/{child}/guardians/{parent}", FORM)
    assert told == {"member": child, "guardians": [parent]}
    return child, parent


async def _says(club: Club, speaker: str, child: str, body: dict[str, Any]) -> httpx.Response:
    own = await club.member(speaker)
    return await own("PUT", f"/v1/me/children/{child}/choices/{PURPOSE}", body)


def _problem(answer: httpx.Response) -> tuple[int, str, str]:
    told = answer.json()
    return answer.status_code, told["type"].removeprefix(HIDDEN), told["detail"]


async def _lines(own: Client) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = (await own.ok("GET", "/v1/me/choices/history"))["lines"]
    return lines


async def test_a_childs_own_yes_is_refused_and_their_no_is_not(settings: Settings) -> None:
    async with stopped_club(settings) as (club, clock):
        own = await club.member(await club.joins("C1", birth_date=CHILD))
        path = f"/v1/me/choices/{PURPOSE}"
        refused = await own("PUT", path, YES)
        assert _problem(refused)[:2] == (403, "guardian-needed")
        assert "guardian" in refused.json()["problems"][0]["remedy"]
        assert await _lines(own) == []
        assert (await own.ok("PUT", path, NO))["state"] == "withdrawn"
        for allow in (False, True):  # no consent is asked for here: Art. 8 is about consents
            clock.at += timedelta(seconds=1)
            insight = "/v1/me/choices/assortment_insight"
            assert (await own.ok("PUT", insight, {"allow": allow}))["allowed"] is allow


async def test_a_guardians_yes_counts_and_the_childs_no_outweighs_it(settings: Settings) -> None:
    async with stopped_club(settings) as (club, clock):
        child, parent = await _family(club)
        clock.at += timedelta(seconds=1)
        given = (await _says(club, parent, child, YES)).json()
        assert (given["state"], given["allowed"]) == ("given", True)
        assert (await club.segment("tier = 'gold'"))["members"] == [child]
        own = await club.member(child)
        line = (await _lines(own))[0]
        assert (line["by"], line["action"]) == ("guardian", "given")
        assert parent not in str(line)
        clock.at = START.replace(hour=13)
        stands = await own.ok("PUT", f"/v1/me/choices/{PURPOSE}", NO)
        assert stands["reason"] == "no_consent"
        assert (await club.segment("tier = 'gold'"))["members"] == []
        clock.at = START.replace(hour=14)
        refused = await _says(club, parent, child, YES)
        assert _problem(refused)[:2] == (422, "not-a-choice")
        officer = await club.officer()
        said = {"action": "invalidated", "how": "meeting", "evidence": "minutes of 1 March"}
        await officer.ok("POST", f"/v1/members/{child}/choices", {"purpose": PURPOSE} | said)
        clock.at = START.replace(hour=15)
        assert (await _says(club, parent, child, YES)).json()["allowed"] is True
        withdrawn = (await _says(club, parent, child, NO)).json()
        assert withdrawn["state"] == "withdrawn"


async def test_whoever_comes_of_age_is_asked_themselves(settings: Settings) -> None:
    async with stopped_club(settings) as (club, clock):
        child, parent = await _family(club)
        await _says(club, parent, child, YES)
        clock.at = START.replace(year=2027, day=2)
        own, theirs = await club.member(child), await club.member(parent)
        stands = {one["purpose"]: one for one in await own.ok("GET", "/v1/me/choices")}
        assert stands[PURPOSE]["reason"] == "come_of_age"
        assert await theirs.ok("GET", "/v1/me/children") == []
        for body in (YES, NO):
            assert _problem(await _says(club, parent, child, body))[:2] == (403, "of-age")
        assert (await own.ok("PUT", f"/v1/me/choices/{PURPOSE}", YES))["allowed"] is True


async def test_nobody_speaks_for_a_child_but_their_guardian(settings: Settings) -> None:
    """And nobody learns from the refusal who is a member, or a child, or whose."""
    async with stopped_club(settings) as (club, _):
        child, parent = await _family(club)
        stranger = await club.joins("S1", birth_date=GROWN_UP)
        told = {
            _problem(await _says(club, speaker, about, body))
            for speaker, about in (
                (stranger, child),
                (stranger, parent),
                (stranger, stranger),
                (stranger, str(uuid4())),
                (child, parent),
                (child, child),
            )
            for body in (YES, NO)
        }
        assert {one[:2] for one in told} == {(404, "child-unknown")}
        assert len(told) == 1
        own = await club.member(child)
        assert [line["action"] for line in await _lines(own)] == ["guardian_named"]
        assert await (await club.member(stranger)).ok("GET", "/v1/me/children") == []


async def test_a_guardian_sees_their_children_and_the_children_see_that_they_looked(
    settings: Settings,
) -> None:
    async with stopped_club(settings) as (club, _):
        child, parent = await _family(club)
        await _says(club, parent, child, YES)
        theirs, own = await club.member(parent), await club.member(child)
        (shown,) = await theirs.ok("GET", "/v1/me/children?language=en")
        assert (shown["member"], shown["number"]) == (child, "C1")
        assert shown["choices"] == await own.ok("GET", "/v1/me/choices?language=en")
        (use, *_) = (await own.ok("GET", "/v1/me/uses"))["uses"]
        assert (use["what"], use["fields"]) == ("choices.viewed", ["member_number"])


async def test_the_record_does_not_tell_who_belongs_to_whom(settings: Settings) -> None:
    async with stopped_club(settings) as (club, _):
        child, parent = await _family(club)
        theirs = await club.member(parent)
        await _says(club, parent, child, YES)
        await theirs.ok("GET", "/v1/me/children")
        async with club.tillit.unit() as work:
            rows = await work.session.connection()
            found = await rows.exec_driver_sql("SELECT convert_from(body, 'UTF8') FROM audit_entry")
            bodies = [row[0] for row in found]
        subjects = {body.split('"subject":"')[1][:64] for body in bodies if '"subject":"' in body}
        assert len(subjects) >= 2
        assert all(sum(one in body for one in subjects) <= 1 for body in bodies)
        assert not any(child in body or parent in body for body in bodies)


async def test_a_guardian_who_is_removed_speaks_no_more_and_what_they_said_stands(
    settings: Settings,
) -> None:
    async with stopped_club(settings) as (club, clock):
        child, parent = await _family(club)
        await _says(club, parent, child, YES)
        clock.at = START.replace(hour=13)
        officer = await club.officer()
        path = f"/v1/members/{child}/guardians/{parent}"
        assert (await officer.ok("DELETE", path))["guardians"] == []
        assert _problem(await officer("DELETE", path))[:2] == (403, "guardian-unknown")
        assert _problem(await _says(club, parent, child, NO))[:2] == (404, "child-unknown")
        assert await (await club.member(parent)).ok("GET", "/v1/me/children") == []
        assert (await club.segment("tier = 'gold'"))["members"] == [child]
        told = await officer.ok("GET", f"/v1/members/{child}/choices")
        assert told["guardians"] == []
        clock.at = START.replace(hour=14)
        await officer.ok("PUT", path, FORM)
        assert (await _says(club, parent, child, NO)).status_code == 200


async def test_who_cannot_be_a_guardian_is_not_named_one(settings: Settings) -> None:
    async with stopped_club(settings) as (club, _):
        child, parent = await _family(club)
        officer, nobody = await club.officer(), str(uuid4())
        teenager = await club.joins("T1", birth_date="2008-03-02")  # eighteen tomorrow
        wrong = (
            (child, child, FORM, "not-a-choice"),
            (child, teenager, FORM, "not-a-choice"),
            (parent, teenager, FORM, "not-a-choice"),
            (teenager, parent, FORM, "of-age"),
            (child, nobody, FORM, "unknown-member"),
            (nobody, parent, FORM, "unknown-member"),
            (child, parent, {"evidence": ""}, "misshapen"),
            (child, parent, {}, "misshapen"),
            (child, parent, {"evidence": "x" * 501}, "misshapen"),
        )
        for one, other, body, slug in wrong:
            answer = await officer("PUT", f"/v1/members/{one}/guardians/{other}", body)
            assert _problem(answer)[1] == slug, (one, other)
        unknown = await club.joins("U1")  # a birth date nobody knows keeps nobody from it
        told = await officer.ok("PUT", f"/v1/members/{child}/guardians/{unknown}", FORM)
        assert set(told["guardians"]) == {parent, unknown}


async def _erase(club: Club, member: str) -> None:
    own, officer = await club.member(member), await club.officer()
    request = (await own.ok("POST", "/v1/me/requests", {"right": "erasure"}))["request"]
    await officer.ok("POST", f"/v1/requests/{request}/approve")
    await drain(club.tillit)


async def _kinships(club: Club) -> int:
    async with club.tillit.unit() as work:
        rows = await work.session.connection()
        found = await rows.exec_driver_sql("SELECT count(*) FROM guardianship")
        return int(found.scalar_one())


async def test_the_way_from_guardian_to_child_goes_with_either(settings: Settings) -> None:
    async with stopped_club(settings) as (club, _):
        child, parent = await _family(club)
        await _says(club, parent, child, YES)
        other = await club.joins("P2", birth_date=GROWN_UP)
        officer = await club.officer()
        await officer.ok("PUT", f"/v1/members/{child}/guardians/{other}", FORM)
        assert await _kinships(club) == 2
        await _erase(club, parent)
        assert await _kinships(club) == 1
        # The word was valid when it was given: it stands.
        assert (await club.segment("tier = 'gold'"))["members"] == [child]
        # An erased guardian is still one to be taken off the record.
        told = await officer.ok("DELETE", f"/v1/members/{child}/guardians/{parent}")
        assert told["guardians"] == [other]
        await _erase(club, child)
        assert await _kinships(club) == 0
        assert await (await club.member(other)).ok("GET", "/v1/me/children") == []


async def test_a_guardian_finds_their_children_after_a_rotation_of_the_keys(
    settings: Settings,
) -> None:
    async with stopped_club(settings) as (club, _):
        child, parent = await _family(club)
        await club.tillit.rotate(SYSTEM)
        (shown,) = await (await club.member(parent)).ok("GET", "/v1/me/children")
        assert shown["member"] == child
        assert (await _says(club, parent, child, YES)).json()["allowed"] is True


async def test_a_child_joins_together_with_their_guardian_or_not_at_all(
    settings: Settings,
) -> None:
    async with stopped_club(settings) as (club, _):
        parent = await club.joins("P1", birth_date=GROWN_UP)
        till = await club.service("till")
        values = {"member_number": "C1", "birth_date": CHILD, "tier": "gold"}
        wrong = (({"member": str(uuid4())}, "unknown-member"), ({"evidence": ""}, "misshapen"))
        named = {"member": parent, **FORM}
        for change, slug in wrong:
            body = {"purpose": "membership", "values": values, "guardian": named | change}
            assert _problem(await till("POST", "/v1/members", body))[1] == slug
        body = {"purpose": "membership", "values": values, "guardian": named}
        child = (await till.ok("POST", "/v1/members", body))["member"]
        assert (await _says(club, parent, child, YES)).json()["allowed"] is True
        assert (await club.segment("tier = 'gold'"))["members"] == [child]
