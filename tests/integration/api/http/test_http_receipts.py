"""Receipts over HTTP: for the member, for an officer who may, and for nobody else."""

import json
from hashlib import sha256
from typing import Any
from uuid import uuid4

from callers_at_doors import Club

from audit.verify import VerifierKey
from consent.receipts import verify_file
from consent.receipts.context import CONTEXT

LD = "application/ld+json"


async def said(club: Club, member: str, **how: Any) -> str:
    """What the member said last, as the history names it."""
    await club.agrees(member, **how)
    await club.tillit.integrate()
    own = await club.member(member)
    return str((await own.ok("GET", "/v1/me/choices/history"))["lines"][0]["receipt"])


async def test_a_member_downloads_a_receipt_that_verifies_with_the_published_key(
    club: Club,
) -> None:
    member = await club.joins("1")
    key = VerifierKey.parse((await club.nobody.ok("GET", "/v1/audit/key")).decode().strip())
    for allow, action in ((True, "given"), (False, "withdrawn")):
        address = await said(club, member, allow=allow)
        answer = await (await club.member(member))("GET", address)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == LD
        made = answer.json()
        name = f'attachment; filename="receipt-{made["receipt_id"]}.jsonld"'
        assert answer.headers["content-disposition"] == name
        assert verify_file(answer.text, key).pinned
        assert made["consent_record"]["event"]["action"] == action


async def test_nobody_gets_anothers_receipt(club: Club) -> None:
    anna, bo = await club.joins("1"), await club.joins("2")
    address = await said(club, anna)
    answer = await (await club.member(bo))("GET", address)
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:tillit:problem:record-entry-unknown"
    entry = address.split("/")[-2]
    officer = await club.officer()
    assert (await officer("GET", f"/v1/members/{bo}/choices/{entry}/receipt")).status_code == 404
    nobody = f"/v1/members/{uuid4()}/choices/{entry}/receipt"
    assert (await officer("GET", nobody)).status_code == 404


async def test_an_officers_look_is_the_same_receipt_and_the_member_sees_that_it_was_made(
    club: Club,
) -> None:
    member = await club.joins("1")
    address = await said(club, member)
    own = await club.member(member)
    mine = json.loads(await own.ok("GET", address))
    entry = address.split("/")[-2]
    officer = await club.officer()
    theirs = json.loads(await officer.ok("GET", f"/v1/members/{member}/choices/{entry}/receipt"))
    for name in ("receipt_id", "consent_record", "parties"):
        assert theirs[name] == mine[name]
    uses = (await own.ok("GET", "/v1/me/uses"))["uses"]
    issued = [one["by"] for one in uses if one["what"] == "receipt.issued"]
    assert sorted(issued) == ["officer officer-7", "you"]


async def test_a_receipt_is_pending_for_the_second_until_its_entry_has_a_leaf(club: Club) -> None:
    member = await club.joins("1")
    await said(club, member)
    await club.agrees(member, allow=False)
    own = await club.member(member)
    line = (await own.ok("GET", "/v1/me/choices/history"))["lines"][0]
    answer = await own("GET", f"/v1/me/choices/history/{line['entry']}/receipt")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:tillit:problem:record-entry-pending"
    assert answer.headers["retry-after"] == "1"


async def test_the_context_that_receipts_name_is_published_with_its_schema(club: Club) -> None:
    context = await club.nobody("GET", "/v1/contexts/receipt-v1.jsonld")
    assert context.headers["content-type"] == LD
    assert "immutable" in context.headers["cache-control"]
    assert CONTEXT.endswith(sha256(context.content).hexdigest())
    schema = await club.nobody("GET", "/v1/contexts/receipt-v1.schema.json")
    assert schema.json()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
