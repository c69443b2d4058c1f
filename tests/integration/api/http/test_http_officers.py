"""What officers do over HTTP: requests, finding a member, the programme, the record's entries."""

import json
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from callers_at_doors import PURPOSE, Club
from starlette.applications import Starlette

from api.bootstrap import SYSTEM, Tillit
from api.http import record
from api.http.doors import routes
from api.work import drain
from audit import verify
from audit.errors import TileUnknown
from consent.programme import read_programme

ROLES = """
[officers.desk]
can = ["requests"]

[officers.auditor]
can = ["record"]

[officers.owner]
can = ["programme"]
"""


async def _with_roles(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        source = work.active.programme.source
    await tillit.apply(SYSTEM, read_programme(source + ROLES))


async def test_an_officer_opens_approves_and_hands_over_what_a_letter_asked_for(
    club: Club,
) -> None:
    member = await club.joins("1", email="anna@example.com", tier="gold")
    officer = await club.officer()
    found = await officer.ok("POST", "/v1/members/find", {"email": "Anna@Example.com"})
    assert found == {"members": [member]}
    body = {"right": "erasure", "member": member, "identified": True}
    request = (await officer.ok("POST", "/v1/requests", body))["request"]
    listed = (await officer.ok("GET", "/v1/requests?open=true"))["requests"]
    assert [(one["request"], one["state"]) for one in listed] == [(request, "acknowledged")]
    await officer.ok("POST", f"/v1/requests/{request}/approve")
    again = await officer("POST", f"/v1/requests/{request}/approve")
    assert (again.status_code, again.json()["type"]) == (409, "urn:tillit:problem:wrong-state")
    await drain(club.tillit)
    shown = await officer.ok("GET", f"/v1/requests/{request}")
    assert (shown["state"], shown["member"]) == ("fulfilled", None)
    certificate = await officer.ok("GET", f"/v1/requests/{request}/certificate")
    assert certificate["certificate"]["request"] == request
    assert (await officer.ok("GET", "/v1/requests?open=true"))["requests"] == []
    assert (await officer("GET", "/v1/requests?open=yes")).status_code == 422


async def test_a_member_sees_that_an_officer_looked_for_them(club: Club) -> None:
    member = await club.joins("1", email="anna@example.com")
    officer = await club.officer()
    await officer.ok("POST", "/v1/members/find", {"email": "anna@example.com"})
    await officer.ok("POST", "/v1/members/find", {"email": "bo@example.com"})
    own = await club.member(member)
    uses = (await own.ok("GET", "/v1/me/uses"))["uses"]
    looks = [one for one in uses if one["by"] == "officer officer-7"]
    assert [(one["what"], one["fields"]) for one in looks] == [("profile.read", ["email"])]


async def test_a_restriction_takes_the_member_out_of_every_answer(club: Club) -> None:
    member = await club.joins("1", tier="gold")
    await club.agrees(member)
    own, officer = await club.member(member), await club.officer()
    request = (await own.ok("POST", "/v1/me/requests", {"right": "restriction"}))["request"]
    await officer.ok("POST", f"/v1/requests/{request}/approve")
    await drain(club.tillit)
    answer = await club.segment("tier = 'gold'")
    assert (answer["members"], answer["held_back"]) == ([], {"restricted": 1})
    offers = await club.service("offers-engine")
    body = {"purpose": PURPOSE, "members": [member]}
    (line,) = (await offers.ok("POST", "/v1/profiles/read", body))["lines"]
    assert line == {"member": member, "values": {}, "held_back": "restricted"}


async def test_a_refusal_takes_a_reason_from_the_closed_list(club: Club) -> None:
    member = await club.joins("1")
    officer = await club.officer()
    body = {"right": "access", "member": member}
    request = (await officer.ok("POST", "/v1/requests", body))["request"]
    path = f"/v1/requests/{request}/refuse"
    for reason in ("Anna Andersson is rude", "processunfounded"):
        answer = await officer("POST", path, {"reason": reason})
        problem = answer.json()
        assert (answer.status_code, problem["type"]) == (422, "urn:tillit:problem:unknown-reason")
        assert "Anna" not in answer.text
    assert problem["problems"][0]["remedy"] == "did you mean 'ProcessUnfounded'?"
    shown = await officer.ok("POST", path, {"reason": "ProcessUnfounded"})
    assert shown["state"] == "rejected"


async def test_a_role_does_what_its_abilities_say_and_no_more(club: Club, tillit: Tillit) -> None:
    await _with_roles(tillit)
    member = await club.joins("1")
    own, desk, auditor = (
        await club.member(member),
        await club.officer("desk"),
        await club.officer("auditor"),
    )
    request = (await own.ok("POST", "/v1/me/requests", {"right": "restriction"}))["request"]
    refused = await desk("POST", f"/v1/requests/{request}/approve")
    assert refused.status_code == 403
    assert '"restrict"' in refused.json()["problems"][0]["remedy"]
    assert len((await desk.ok("GET", "/v1/requests"))["requests"]) == 1
    assert (await auditor("GET", "/v1/requests")).status_code == 403
    assert (await desk("GET", "/v1/programme")).status_code == 403
    await tillit.integrate()
    width = (await _size(club)) % 256
    path = f"/v1/audit/tile/entries/000.p/{width}"
    assert (await desk("GET", path)).status_code == 403
    await auditor.ok("GET", path)


async def test_a_role_that_left_the_programme_opens_nothing_any_more(
    club: Club, tillit: Tillit
) -> None:
    async with tillit.unit() as work:
        source = work.active.programme.source
    before = await club.officer()
    await before.ok("GET", "/v1/requests")
    await tillit.apply(SYSTEM, read_programme(source + ROLES))
    assert (await before("GET", "/v1/requests")).status_code == 403


async def test_the_programme_in_force_is_shown_with_its_digest(club: Club) -> None:
    shown = await (await club.officer()).ok("GET", "/v1/programme")
    assert shown["version"] == 1
    programme = read_programme(shown["source"])
    assert shown["digest"] == programme.digest.hex()


async def test_a_log_fetched_over_http_verifies_and_one_changed_byte_does_not(
    club: Club, tillit: Tillit, tmp_path: Path
) -> None:
    for number in range(3):
        await club.agrees(await club.joins(str(number), tier="gold"))
    await club.segment("tier = 'gold'")
    await tillit.integrate()
    auditor = await club.officer()
    size = await _size(club)
    key = verify.VerifierKey.parse((await club.nobody.ok("GET", "/v1/audit/key")).decode().strip())
    fetched = {"checkpoint": await club.nobody.ok("GET", "/v1/audit/checkpoint")}
    for caller, path in (
        (club.nobody, f"tile/0/000.p/{size}"),
        (auditor, f"tile/entries/000.p/{size}"),
    ):
        fetched[path] = await caller.ok("GET", f"/v1/audit/{path}")
    for path, content in fetched.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert verify.verify_log(tmp_path, key).ok
    entries = tmp_path / f"tile/entries/000.p/{size}"
    entries.write_bytes(entries.read_bytes().replace(b'"matched":3', b'"matched":2'))
    assert not verify.verify_log(tmp_path, key).ok


async def test_entries_are_not_handed_out_by_the_public_door(club: Club, tillit: Tillit) -> None:
    await club.joins("1")
    await tillit.integrate()
    size = await _size(club)
    for path in (
        f"entries/000.p/{size}",
        f"0/../entries/000.p/{size}",
        f"/entries/000.p/{size}",
        f"./entries/000.p/{size}",
        f"%65ntries/000.p/{size}",
        f"0/..%2Fentries/000.p/{size}",
    ):
        answer = await club.nobody("GET", f"/v1/audit/tile/{path}")
        assert answer.status_code in (401, 404), path
        assert b"member.enrolled" not in answer.content


async def test_the_public_door_refuses_entries_also_when_it_is_the_only_one(
    club: Club, tillit: Tillit
) -> None:
    await club.joins("1")
    await tillit.integrate()
    alone = Starlette(routes=routes(tillit, record.public.all))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(alone), base_url="http://t.test"
    ) as http:
        size = await _size(club)
        assert (await http.get(f"/v1/audit/tile/0/000.p/{size}")).status_code == 200
        with pytest.raises(TileUnknown):
            await http.get(f"/v1/audit/tile/entries/000.p/{size}")


async def test_leaves_hold_no_value_and_no_id_of_a_member(club: Club, tillit: Tillit) -> None:
    member = await club.joins("zq-99-zq", name="Anna Test", email="anna@example.com")
    await club.agrees(member)
    own, officer = await club.member(member), await club.officer()
    await own.ok("PATCH", "/v1/me", {"values": {"name": "Anna B"}})
    await own.ok("POST", "/v1/me/requests", {"right": "access"})
    await officer.ok("POST", "/v1/members/find", {"email": "anna@example.com"})
    await tillit.integrate()
    size = await _size(club)
    entries = await officer.ok("GET", f"/v1/audit/tile/entries/000.p/{size}")
    bodies = verify.split_bundle(entries, size)
    assert len([json.loads(one) for one in bodies]) == size
    for hidden in (member, member.replace("-", ""), "Anna", "anna@example.com", "zq-99-zq"):
        assert hidden.encode() not in entries


async def test_a_request_nobody_made_is_not_there(club: Club) -> None:
    officer = await club.officer()
    for path in (f"/v1/requests/{uuid4()}", f"/v1/requests/{uuid4()}/certificate"):
        assert (await officer("GET", path)).status_code == 404


async def _size(club: Club) -> int:
    text = (await club.nobody.ok("GET", "/v1/audit/checkpoint")).decode()
    return int(text.splitlines()[1])
