"""`tillit receipt verify`: with nothing but the file, and a word for everything that is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.bootstrap import SYSTEM, Tillit
from audit.notes import Signer
from consent import ledger
from consent.choices import Action, By
from consent.choosing import choose
from consent.documents import sign_document
from consent.receipts import receipt
from profiles import members
from profiles.enrolment import enrol


@pytest.fixture
async def made(tillit: Tillit) -> dict[str, Any]:
    """The receipt of a yes to the newsletter."""
    async with tillit.unit() as work:
        (one,) = await enrol(work.unit, SYSTEM, [{"member_number": "1"}], source="test")
    async with tillit.unit() as work:
        member = await members.one(work.unit, one.id, lock=True)
        purpose, now = work.active.programme.purposes["newsletter"], work.unit.now
        said = choose(work.unit, purpose, Action.GIVEN, at=now, by=By.MEMBER, language="sv")
        await ledger.record(work.unit, SYSTEM, {member: [said]})
    await tillit.integrate()
    async with tillit.unit() as work:
        member = await members.one(work.unit, one.id)
        (row,) = (await ledger.rows_of(work.unit, {member.id: member.key}))[member.id]
        signer = await tillit.signer(work.session)
        return await receipt(work.unit, SYSTEM, work.active, member, signer, entry=row.id)


@pytest.fixture
def verify(cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Verifies a document where there is no database, and nothing of an installation."""
    monkeypatch.setenv("TILLIT_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("TILLIT_DATA", str(tmp_path / "never"))

    def run(document: Any, *options: str):
        text = document if isinstance(document, str) else json.dumps(document)
        (tmp_path / "receipt.jsonld").write_text(text, "utf-8")
        came = cli("receipt", "verify", "receipt.jsonld", *options)
        assert not (tmp_path / "never").exists()
        return came

    return run


async def test_it_tells_what_a_receipt_proves_with_nothing_but_the_file(made, verify) -> None:
    came = verify(made, "--key", made["verifierKey"])
    assert (came.status, came.err) == (0, "")
    assert "given, newsletter" in came.out
    assert "under the signed checkpoint of 3 entries" in came.out
    assert came.out.endswith("verified\n")


async def test_it_says_clearly_that_a_key_was_not_pinned(made, verify) -> None:
    came = verify(made)
    assert came.status == 0
    assert came.err.startswith("warning: the key is the one that the file itself names")
    assert came.out.endswith("verified, under a key that was not pinned\n")
    told = verify(made, "--json").json
    assert (told["verified"], told["key_pinned"]) == (True, False)
    assert told["warning"]
    pinned = verify(made, "--json", "--key", made["verifierKey"]).json
    assert (pinned["key_pinned"], pinned["warning"]) == (True, None)
    assert pinned["checkpoint"]["size"] == 3


async def test_what_does_not_hold_is_named_and_ends_with_1(made, verify) -> None:
    other = Signer(name="fjallklubben.example/record", seed=b"\x09" * 32)
    event = made["consent_record"]["event"]
    record = made["consent_record"]
    altered = made | {"consent_record": record | {"event": event | {"action": "withdrawn"}}}
    cases = {
        "cut off": json.dumps(made)[:900],
        "proof: the signature is wrong": altered,
        "proof: missing": {n: v for n, v in made.items() if n != "proof"},
        "nothing this can check": made | {"type": "Letter"},
        "verifierKey": {n: v for n, v in made.items() if n != "verifierKey"},
    }
    for told, document in cases.items():
        came = verify(document)
        assert came.status == 1, told
        assert told in came.err
        assert came.err.startswith("error: ")
        assert came.out == ""
    came = verify(made, "--key", other.verifier_key)
    assert came.status == 1
    assert "is not the key that was given" in came.err
    came = verify(made, "--key", "no key", "--json")
    assert (came.status, json.loads(came.err)["type"]) == (1, "urn:tillit:problem:not-verified")


async def test_a_file_that_is_not_there_or_no_text_is_a_mistake(cli, tmp_path: Path) -> None:
    assert cli("receipt", "verify", "nowhere").status == 1
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    came = cli("receipt", "verify", "bytes")
    assert (came.status, came.err) == (1, "error: file: not UTF-8\n")


async def test_a_signed_decision_is_verified_by_its_signature(tillit: Tillit, verify) -> None:
    signer = await tillit.signer()
    decision = {"type": "DecisionReceipt", "allowed": True, "purpose": "newsletter"}
    signed = sign_document(decision, signer, tillit.clock.now())
    came = verify(signed, "--key", signer.verifier_key)
    assert came.status == 0
    assert "signed this decision" in came.out
    assert verify(signed | {"allowed": False}).status == 1
