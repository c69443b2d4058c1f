"""What members see and say about themselves over HTTP, and what they do not see of others."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from callers_at_doors import PURPOSE, Client, Club

from api.bootstrap import Tillit, opened
from api.http.app import create_app
from api.settings import Settings
from api.work import drain
from audit import verify
from tests.at_a_browser import member_at

HIDDEN = "urn:tillit:problem:"


async def test_withdrawing_takes_the_member_out_of_the_very_next_answer(club: Club) -> None:
    members = [await club.joins(str(number), tier="gold") for number in range(3)]
    for member in members:
        await club.agrees(member)
    assert set((await club.segment("tier = 'gold'"))["members"]) == set(members)
    await club.agrees(members[1], allow=False)
    answer = await club.segment("tier = 'gold'")
    assert set(answer["members"]) == {members[0], members[2]}
    assert answer["held_back"] == {"no_consent": 1}


async def test_another_process_obeys_a_withdrawal_too(club: Club, settings: Settings) -> None:
    member = await club.joins("1", tier="gold")
    await club.agrees(member)
    token = (await club.service("offers-engine")).token
    async with opened(settings) as other:
        transport = httpx.ASGITransport(create_app(other, worker=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://b.test") as http:
            asks = Client(http, token)
            body = {"expression": "tier = 'gold'", "purpose": PURPOSE}
            for allow in (True, False, True, False):
                await club.agrees(member, allow=allow)
                answer = await asks.ok("POST", "/v1/segments/evaluate", body)
                assert answer["members"] == ([member] if allow else [])


async def test_withdrawing_takes_no_more_requests_and_fields_than_giving(club: Club) -> None:
    member = await club.joins("1")
    own = await club.member(member)
    path = f"/v1/me/choices/{PURPOSE}"
    yes = {"allow": True, "language": "sv"}
    assert (await own("PUT", path, yes | {"language": None})).status_code == 422
    given = await own.ok("PUT", path, yes)
    withdrawn = await own.ok("PUT", path, {"allow": False})
    assert (given["allowed"], withdrawn["allowed"]) == (True, False)
    assert withdrawn["reason"] == "no_consent"


async def test_an_objection_takes_the_member_out_and_lifting_it_brings_them_back(
    club: Club,
) -> None:
    member = await club.joins("1", country="SE")
    own, analytics = await club.member(member), await club.service("analytics")
    ask = {"expression": "country = 'SE'", "purpose": "assortment_insight"}
    for allow in (True, False, True):
        path = "/v1/me/choices/assortment_insight"
        stands = await own.ok("PUT", path, {"allow": allow})
        assert stands["objected"] is not allow
        shown = await analytics.ok("POST", "/v1/segments/preview", ask)
        assert shown["matched"] == int(allow)


async def test_a_yes_takes_back_an_objection_that_stood_in_its_way(club: Club) -> None:
    member = await club.joins("1", tier="gold")
    till = await club.service("till")
    body = {"member": member, "purpose": PURPOSE, "action": "objected"}
    await till.ok("POST", "/v1/consents", body)
    stands = await club.agrees(member)
    assert (stands["allowed"], stands["objected"]) == (True, False)
    assert (await club.segment("tier = 'gold'"))["members"] == [member]


async def test_there_is_nothing_to_choose_about_a_contract(club: Club) -> None:
    own = await club.member(await club.joins("1"))
    for allow in (True, False):
        refused = await own("PUT", "/v1/me/choices/membership", {"allow": allow})
        assert (refused.status_code, refused.json()["type"]) == (422, HIDDEN + "not-a-choice")
    misspelt = await own("PUT", "/v1/me/choices/newsleter", {"allow": False})
    assert misspelt.json()["problems"][0]["remedy"] == "did you mean 'newsletter'?"


async def test_choices_show_every_purpose_its_notice_and_who_uses_it(club: Club) -> None:
    member = await club.joins("1")
    await club.agrees(member)
    own = await club.member(member)
    shown = {one["purpose"]: one for one in await own.ok("GET", "/v1/me/choices?language=en")}
    assert list(shown) == [
        "membership",
        PURPOSE,
        "newsletter",
        "partner_offers",
        "assortment_insight",
        "bookkeeping",
    ]
    offers = shown[PURPOSE]
    assert offers["notice"].startswith("If you say yes, we use your purchases")
    assert offers["services"] == {
        "offers-engine": ["preview", "read", "segment"],
        "till": ["consent"],
    }
    assert (offers["allowed"], offers["consented"]) == (True, True)
    assert offers["until"] is not None
    assert (shown["newsletter"]["reason"], shown["bookkeeping"]["can_choose"]) == (
        "no_consent",
        False,
    )
    assert (await own("GET", "/v1/me/choices?language=xx")).status_code == 422


async def test_members_see_their_values_and_set_them_right(club: Club) -> None:
    member = await club.joins("1", name="Ana", tier="gold", interests=["hiking"])
    own = await club.member(member)
    await own.ok("PATCH", "/v1/me", {"values": {"name": "Anna", "interests": None}})
    values = (await own.ok("GET", "/v1/me"))["values"]
    assert (values["name"]["value"], values["name"]["source"]) == ("Anna", "member")
    assert values["tier"]["source"] == "till"
    assert "interests" not in values
    for given in ({"tier": "silver"}, {"member_number": "2"}):
        refused = await own("PATCH", "/v1/me", {"values": given})
        assert (refused.status_code, refused.json()["type"]) == (403, HIDDEN + "not-yours")
    refused = await own("PATCH", "/v1/me", {"values": {"nme": "x"}})
    assert "did you mean 'name'" in refused.text


async def test_a_plain_token_shows_no_more_than_a_page_does_without_a_second_proof(
    club: Club,
) -> None:
    member = await club.joins(
        "1", name="Anna", email="anna@post.example", phone="+46701234567", tier="gold"
    )
    await club.agrees(member)
    await club.segment("tier = 'gold'")
    plain, proved = await club.member(member, stepped_up=False), await club.member(member)
    shown, whole = await plain.ok("GET", "/v1/me"), await proved.ok("GET", "/v1/me")
    assert {"email"} <= shown["values"].keys()
    assert not {"phone", "tier", "member_number", "spend_365d"} & shown["values"].keys()
    assert {"phone", "tier", "member_number"} <= set(shown["later"])
    assert whole["later"] == []
    assert whole["values"]["tier"]["value"] == "gold"
    for own, outcome, question in (
        (plain, "left_out", None),
        (proved, "matched", "tier = 'gold'"),
    ):
        uses = (await own.ok("GET", "/v1/me/uses"))["uses"]
        [asked] = [one for one in uses if one["what"] == "segment.evaluated"]
        assert (asked["outcome"], asked["question"]) == (outcome, question)
    async with member_at(club.tillit, UUID(member)) as at:
        page = (await at.open("/my/data")).text
        assert "anna@post.example" in page
        assert "+46701234567" not in page
        for name in whole["values"].keys() & {"email", "phone", "tier", "name", "member_number"}:
            assert (f'id="{name}"' in page) is (name in shown["values"]), name


async def test_how_often_and_when_something_was_bought_waits_for_a_second_proof(
    club: Club,
) -> None:
    member = await club.joins("1")
    till = await club.service("till")
    bought = {"member": member, "reference": "r-1", "at": "2026-01-05T12:00:00Z", "amount": "9.00"}
    await till.ok("POST", "/v1/events", {"purpose": "membership", "purchases": [bought]})
    await club.tillit.integrate()
    plain, proved = await club.member(member, stepped_up=False), await club.member(member)
    shown, whole = await plain.ok("GET", "/v1/me/uses"), await proved.ok("GET", "/v1/me/uses")
    assert (shown["later"], whole["later"]) == (True, False)
    [recorded] = [one for one in whole["uses"] if one["what"] == "events.recorded"]
    assert recorded["entry"] not in {one["entry"] for one in shown["uses"]}
    for what in ("entry", "proof"):
        path = f"/v1/me/uses/{recorded['entry']}/{what}"
        refused = await plain("GET", path)
        assert (refused.status_code, refused.json()["type"]) == (401, HIDDEN + "step-up-needed")
        await proved.ok("GET", path)


async def test_what_was_asked_for_in_words_waits_for_a_second_proof(club: Club) -> None:
    member = await club.joins("1", tier="gold", phone="+46701234567")
    plain, proved = await club.member(member, stepped_up=False), await club.member(member)
    wish = {"right": "rectification", "values": {"tier": "silver", "name": "Ana"}, "note": "Call"}
    request = (await proved.ok("POST", "/v1/me/requests", wish))["request"]
    shown = (await plain.ok("GET", f"/v1/me/requests/{request}"))["wanted"]
    assert (shown["note"], shown["later"]) == ("", ["note", "tier"])
    assert "tier" not in shown["values"]
    whole = (await proved.ok("GET", f"/v1/me/requests/{request}"))["wanted"]
    assert (whole["note"], whole["later"]) == ("Call", [])
    assert whole["values"] == wish["values"]


async def test_a_uses_proof_downloaded_over_http_verifies_offline(
    club: Club, tmp_path: Path
) -> None:
    member = await club.joins("1", tier="gold")
    await club.agrees(member)
    evaluation = (await club.segment("tier = 'gold'"))["entry"]
    await club.tillit.integrate()
    own = await club.member(member)
    uses = (await own.ok("GET", "/v1/me/uses"))["uses"]
    found = {one["entry"]: one for one in uses}
    assert found[evaluation]["outcome"] == "matched"
    assert found[evaluation]["question"] == "tier = 'gold'"
    assert found[evaluation]["by"] == "service offers-engine"
    key = (await club.nobody.ok("GET", "/v1/audit/key")).decode().strip()
    numbered = [one for one in uses if one["proof"]]
    assert len(numbered) >= 3
    for one in numbered:
        proof, entry = tmp_path / "proof.txt", tmp_path / "entry.json"
        proof.write_bytes(await own.ok("GET", one["proof"]))
        entry.write_bytes(await own.ok("GET", f"/v1/me/uses/{one['entry']}/entry"))
        check = ["proof", str(proof), "--entry", str(entry), "--key", key]
        assert verify.main(check) == 0
        entry.write_bytes(entry.read_bytes().replace(b"service", b"sirvice"))
        changed = b"sirvice" in entry.read_bytes()
        assert verify.main(check) == int(changed)


async def test_an_entry_without_a_number_yet_says_to_ask_again(club: Club) -> None:
    member = await club.joins("1")
    own = await club.member(member)
    (use, *_) = (await own.ok("GET", "/v1/me/uses?limit=1"))["uses"]
    assert (use["leaf"], use["proof"]) == (None, None)
    pending = await own("GET", f"/v1/me/uses/{use['entry']}/proof")
    assert (pending.status_code, pending.headers["retry-after"]) == (404, "1")


async def test_what_is_another_members_is_not_there(club: Club) -> None:
    anna, bo = await club.joins("1", tier="gold"), await club.joins("2")
    hers, his = await club.member(anna), await club.member(bo)
    request = (await hers.ok("POST", "/v1/me/requests", {"right": "access"}))["request"]
    await _approve(club, request)
    await drain(club.tillit)
    entries = [one["entry"] for one in (await hers.ok("GET", "/v1/me/uses"))["uses"]]
    assert len(entries) >= 3
    paths = [f"/v1/me/requests/{request}/{what}" for what in ("package", "certificate")]
    paths += [f"/v1/me/uses/{entry}/{what}" for entry in entries for what in ("proof", "entry")]
    unknown = await his("GET", f"/v1/me/requests/{uuid4()}/package")
    for path in paths:
        refused = await his("GET", path)
        assert refused.status_code == 404, path
        assert anna not in refused.text
    refused = await his("GET", paths[0])
    assert _without_instance(refused.json()) == _without_instance(unknown.json())
    assert await his.ok("GET", "/v1/me/requests") == []
    assert (await hers.ok("GET", paths[0]))[:2] == b"PK"


async def test_a_use_from_before_a_member_joined_is_not_theirs(club: Club) -> None:
    earlier = (await club.segment("tier = 'gold'"))["entry"]
    own = await club.member(await club.joins("1"))
    later = (await club.segment("tier = 'gold'"))["entry"]
    entries = [one["entry"] for one in (await own.ok("GET", "/v1/me/uses"))["uses"]]
    assert later in entries
    assert earlier not in entries
    assert (await own("GET", f"/v1/me/uses/{earlier}/entry")).status_code == 404
    await own.ok("GET", f"/v1/me/uses/{later}/entry")


async def test_an_erased_member_is_let_in_no_more_but_gets_the_certificate(
    club: Club, tillit: Tillit
) -> None:
    member = await club.joins("1", tier="gold")
    own, other = await club.member(member), await club.member(await club.joins("2"))
    await club.agrees(member)
    request = (await own.ok("POST", "/v1/me/requests", {"right": "erasure"}))["request"]
    certificate = f"/v1/me/requests/{request}/certificate"
    assert (await own("GET", certificate)).status_code == 404
    await _approve(club, request)
    await drain(tillit)
    for path in ("/v1/me", "/v1/me/choices", "/v1/me/uses", "/v1/me/requests"):
        refused = await own("GET", path)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
    issued = await own.ok("GET", certificate)
    assert issued["certificate"]["request"] == request
    key = verify.VerifierKey.parse(issued["verifier_key"])
    verify.verify_proof(issued["proof"], entry=issued["entry"].encode(), key=key)
    assert (await other("GET", certificate)).status_code == 404
    assert (await club.segment("tier = 'gold'"))["members"] == []


async def test_the_same_request_is_not_opened_twice(club: Club) -> None:
    own = await club.member(await club.joins("1"))
    first = await own.ok("POST", "/v1/me/requests", {"right": "access"})
    again = await own.ok("POST", "/v1/me/requests", {"right": "access"})
    assert again == {**first, "joined": True}
    assert await own.ok("GET", "/v1/me/requests") == [first]
    misspelt = await own("POST", "/v1/me/requests", {"right": "acess"})
    assert "'access'" in misspelt.json()["problems"][0]["remedy"]


@pytest.mark.parametrize(
    "limit", ["0", "1001", "-1", "x", "9" * 40, "", "0000000019999999", "01", "٣", "1_0"]
)
async def test_a_limit_that_is_none_is_refused(club: Club, limit: str) -> None:
    own = await club.member(await club.joins("1"))
    assert (await own("GET", f"/v1/me/uses?limit={limit}")).status_code == 422


async def _approve(club: Club, request: str) -> None:
    officer = await club.officer()
    await officer.ok("POST", f"/v1/requests/{request}/approve")


def _without_instance(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name != "instance"}
