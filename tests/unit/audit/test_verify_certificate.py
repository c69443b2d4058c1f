"""A certificate of erasure: a genuine one passes, and each part that was changed is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from audit.notes import Signer
from audit.verify import (
    CERTIFICATE,
    HORIZON,
    Proof,
    VerificationError,
    leaf_hash,
    main,
    node_hash,
    verify_certificate,
)

SIGNER = Signer(name="fjallklubben.example/record", seed=bytes(range(32)))
STRANGER = Signer(name="fjallklubben.example/record", seed=bytes(32))
ENTRY: dict[str, Any] = {
    "v": 1,
    "id": "0193a0c0-0000-7000-8000-000000000002",
    "at": "2026-03-01T12:00:00.000000Z",
    "kind": "member.erased",
    "facts": {
        "request": "0193a0c0-0000-7000-8000-000000000001",
        "key": "ab" * 32,
        "rows": {"event": 1, "ledger": 3},
        "kept": [{"what": "voucher", "count": 1, "until": "2033-12-31"}],
        "epoch": 4,
    },
}
SAID: dict[str, Any] = {
    "format": CERTIFICATE,
    "controller": "Fjällklubben",
    "request": ENTRY["facts"]["request"],
    "erased_at": ENTRY["at"],
    "destroyed": ENTRY["facts"]["rows"],
    "key_fingerprint": ENTRY["facts"]["key"],
    "kept": ENTRY["facts"]["kept"],
    "epoch": ENTRY["facts"]["epoch"],
    "entry": ENTRY["id"],
}


def proof(entry: str) -> str:
    """Of the first of two entries."""
    other = leaf_hash(b"other")
    root = node_hash(leaf_hash(entry.encode()), other)
    return str(Proof(0, (other,), SIGNER.checkpoint(2, root)))


def note(said: dict[str, Any], form: str = CERTIFICATE, signer: Signer = SIGNER) -> str:
    return signer.sign_note(f"{form}\n{json.dumps(said, sort_keys=True, ensure_ascii=False)}\n")


def document(said: dict[str, Any] = SAID, entry: dict[str, Any] = ENTRY) -> dict[str, Any]:
    """A certificate that is signed and proven, whatever it says."""
    body = json.dumps(entry, separators=(",", ":"), sort_keys=True)
    return {
        "certificate": said,
        "note": note(said),
        "entry": body,
        "proof": proof(body),
        "verifier_key": SIGNER.verifier_key,
    }


ROTATION: dict[str, Any] = {
    "v": 1,
    "id": "0193a0c0-0000-7000-8000-000000000003",
    "at": "2026-04-01T12:00:00.000000Z",
    "kind": "keys.rotated",
    "facts": {"epoch": 5, "members": 9},
}
BEYOND: dict[str, Any] = {
    **SAID,
    "format": HORIZON,
    "rotation": ROTATION["id"],
    "passed_at": ROTATION["at"],
}


def proofs(first: str, second: str) -> tuple[str, str]:
    """Of both of two entries, in their order."""
    one, other = leaf_hash(first.encode()), leaf_hash(second.encode())
    signed = SIGNER.checkpoint(2, node_hash(one, other))
    return str(Proof(0, (other,), signed)), str(Proof(1, (one,), signed))


def second(
    said: dict[str, Any] = BEYOND, rotation: dict[str, Any] = ROTATION, *, before: bool = False
) -> dict[str, Any]:
    """A second certificate that is signed and proven; `before`: the rotation came first."""
    body = json.dumps(ENTRY, separators=(",", ":"), sort_keys=True)
    rotated = json.dumps(rotation, separators=(",", ":"), sort_keys=True)
    if before:
        of_rotation, of_erasure = proofs(rotated, body)
    else:
        of_erasure, of_rotation = proofs(body, rotated)
    return {
        "certificate": said,
        "note": note(said, HORIZON),
        "entry": body,
        "proof": of_erasure,
        "rotation": rotated,
        "rotation_proof": of_rotation,
        "verifier_key": SIGNER.verifier_key,
    }


def wrong(text: dict[str, Any] | str) -> str:
    """What is found, or nothing."""
    try:
        verify_certificate(text if isinstance(text, str) else json.dumps(text), SIGNER.key)
    except VerificationError as error:
        return str(error)
    return ""


def test_a_genuine_certificate_verifies() -> None:
    checkpoint = verify_certificate(json.dumps(document()), SIGNER.key)
    assert (checkpoint.origin, checkpoint.size) == (SIGNER.name, 2)


@pytest.mark.parametrize("name", sorted(SAID))
def test_a_readable_part_that_the_note_does_not_say_is_named(name: str) -> None:
    for said in ({**SAID, name: "x"}, {n: v for n, v in SAID.items() if n != name}):
        assert wrong({**document(), "certificate": said}) == (
            f"certificate.{name}: differs from the note"
        )


def test_a_changed_count_an_added_line_and_another_type_are_named() -> None:
    counts = {**SAID, "destroyed": {"event": 1, "ledger": 4}}
    assert "certificate.destroyed.ledger" in wrong({**document(), "certificate": counts})
    assert "certificate.more" in wrong({**document(), "certificate": {**SAID, "more": 1}})
    true = {**SAID, "destroyed": {"event": True, "ledger": 3}}
    assert "certificate.destroyed.event" in wrong({**document(), "certificate": true})
    assert wrong({**document(), "certificate": []}) == "certificate: differs from the note"


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        ("request", "0193a0c0-0000-7000-8000-000000000009", "facts.request"),
        ("key_fingerprint", "cd" * 32, "facts.key"),
        ("destroyed", {"event": 2, "ledger": 3}, "facts.rows"),
        ("kept", [], "facts.kept"),
        ("epoch", 5, "facts.epoch"),
        ("erased_at", "2026-03-01T12:00:01.000000Z", "at"),
        ("entry", "0193a0c0-0000-7000-8000-000000000008", "id"),
    ],
)
def test_a_signed_certificate_of_another_entry_is_found(name: str, value: Any, where: str) -> None:
    found = wrong(document({**SAID, name: value}))
    assert found.startswith(f"certificate.{name}")
    assert found.endswith(f"differs from the entry's {where}")
    assert wrong(document({n: v for n, v in SAID.items() if n != name})) == f"{name}: missing"


@pytest.mark.parametrize("name", ["request", "key", "rows", "kept", "epoch"])
def test_an_entry_without_what_the_certificate_names_is_found(name: str) -> None:
    facts = {n: v for n, v in ENTRY["facts"].items() if n != name}
    assert wrong(document(entry={**ENTRY, "facts": facts})) == f"facts.{name}: missing"


def test_a_proven_entry_of_another_kind_is_no_erasure() -> None:
    assert "kind" in wrong(document(entry={**ENTRY, "kind": "certificate.issued"}))


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("note", note(SAID, signer=STRANGER), "note: not signed by"),
        ("note", note(SAID).replace("Fjäll", "Fjell"), "note: the signature"),
        ("note", note(SAID, form="tillit/other/v1"), "note: its format line"),
        ("note", SIGNER.checkpoint(0, b"\0" * 32), "note: expected two lines"),
        ("note", SIGNER.sign_note(f"{CERTIFICATE}\n[]\n"), "note: not a JSON object"),
        ("note", SIGNER.sign_note(f'{CERTIFICATE}\n{{"a":1,"a":1}}\n'), "note: not JSON"),
        ("note", SIGNER.sign_note(f'{CERTIFICATE}\n{{"a":1}}\n'), "note: its certificate"),
        ("note", note({**SAID, "format": "v2"}), "certificate.format: differs"),
        ("note", 1, "note: expected text"),
        ("entry", json.dumps(ENTRY), "inclusion proof"),
        ("proof", proof("another entry"), "inclusion proof"),
        ("proof", "", "proof: expected"),
        ("verifier_key", STRANGER.verifier_key, "verifier_key: differs"),
    ],
)
def test_each_part_that_was_exchanged_is_found(part: str, value: Any, said: str) -> None:
    assert wrong({**document(), part: value}).startswith(said)


def test_a_file_that_is_not_a_certificate_is_refused() -> None:
    sound = json.dumps(document())
    for text in ("", "[]", "{}", "[" * 100_000, '{"a": "\\ud800"}', '{"a": NaN}', sound[:-1],
                 '{"note": "x", ' + sound[1:]):  # fmt: skip
        assert wrong(text).startswith("certificate's file")
    assert "certificate's file" in wrong({**document(), "more": ""})


def test_the_command_exits_with_0_for_a_genuine_certificate_and_1_for_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "certificate.json"
    command = ["certificate", str(file), "--key", SIGNER.verifier_key]
    file.write_text(json.dumps(document(), ensure_ascii=False), "utf-8")
    assert main(command) == 0
    assert capsys.readouterr().out.startswith(f"verified: {SIGNER.name}, 2 entries")
    file.write_text(json.dumps({**document(), "certificate": {**SAID, "kept": ["all"]}}))
    assert main(command) == 1
    said = capsys.readouterr()
    assert said.err == "certificate.kept: differs from the note\nNOT VERIFIED\n"
    assert said.out == ""


def test_a_genuine_second_certificate_verifies() -> None:
    checkpoint = verify_certificate(json.dumps(second()), SIGNER.key)
    assert (checkpoint.origin, checkpoint.size) == (SIGNER.name, 2)


@pytest.mark.parametrize("epoch", [4, 6, 3, "5", None, True, 5.0])
def test_a_rotation_that_did_not_end_the_erasures_epoch_is_found(epoch: Any) -> None:
    rotation = {**ROTATION, "facts": {"epoch": epoch}}
    assert wrong(second(rotation=rotation)) == "rotation: it did not end the epoch of the erasure"


def test_a_rotation_from_before_the_erasure_is_found() -> None:
    assert wrong(second(before=True)) == "rotation: it stands before the erasure"


def test_an_entry_that_is_no_rotation_and_one_that_is_not_named_are_found() -> None:
    assert "kind" in wrong(second(rotation={**ROTATION, "kind": "certificate.issued"}))
    other = {**ROTATION, "id": "0193a0c0-0000-7000-8000-000000000009"}
    assert wrong(second(rotation=other)).startswith("certificate.rotation: differs")
    later = {**ROTATION, "at": "2027-04-01T12:00:00.000000Z"}
    assert wrong(second(rotation=later)).startswith("certificate.passed_at: differs")
    assert (
        wrong(second({n: v for n, v in BEYOND.items() if n != "rotation"})) == "rotation: missing"
    )


def test_what_a_second_certificate_repeats_of_the_first_is_checked_too() -> None:
    for name in ("destroyed", "kept", "epoch", "key_fingerprint", "erased_at", "request"):
        assert wrong(second({**BEYOND, name: "x"})).startswith(f"certificate.{name}")


def test_neither_certificate_passes_for_the_other() -> None:
    assert "format" in wrong({**second(), "note": note(SAID), "certificate": SAID})
    assert "format" in wrong({**document(), "note": note(BEYOND, HORIZON), "certificate": BEYOND})
    assert "expected" in wrong({n: v for n, v in second().items() if n != "rotation_proof"})
    assert "expected" in wrong({**document(), "rotation_proof": ""})
    assert "inclusion" in wrong({**second(), "rotation": second()["entry"]})
