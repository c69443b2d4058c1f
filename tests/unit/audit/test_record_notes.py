"""Keys, notes and checkpoints: what is signed opens, and what is malformed is refused."""

import base64
import copy
import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.notes import Signer, row_bytes
from audit.verify import (
    EMPTY_ROOT,
    Checkpoint,
    VerificationError,
    VerifierKey,
    open_checkpoint,
    open_note,
    parse_note,
)

# Signed with the same seed by the package note of Go's module golang.org/x/mod.
GO_KEY = "fjallklubben.example/record+f7087e66+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
GO_NOTE = (
    "Two lines that another\nimplementation signed.\n\n— fjallklubben.example/record "
    "9wh+ZmkcTpzcwW3yYhSzO7nDYFLhgSHHZyF4W9ZeOBp52cn1dP9zKutAFiHMTPuEWn0Za0UbMjlq+aa6SYts/PQXjwQ=\n"
)
SIGNER = Signer(name="fjallklubben.example/record", seed=bytes(range(32)))
OTHER = Signer(name="fjallklubben.example/record", seed=bytes(32))
NOTE = SIGNER.checkpoint(7, b"r" * 32)


def test_keys_and_notes_are_those_of_another_implementation() -> None:
    text = "Two lines that another\nimplementation signed.\n"
    assert SIGNER.verifier_key == GO_KEY
    assert SIGNER.sign_note(text) == GO_NOTE
    assert open_note(GO_NOTE, VerifierKey.parse(GO_KEY)) == text
    with pytest.raises(VerificationError, match="wrong"):
        open_note(GO_NOTE.replace("Two", "Too"), SIGNER.key)


def test_a_checkpoint_opens_with_its_key_and_with_no_other() -> None:
    key = VerifierKey.parse(SIGNER.verifier_key)
    assert key == SIGNER.key
    assert open_checkpoint(NOTE, key) == Checkpoint(SIGNER.name, 7, b"r" * 32)
    with pytest.raises(VerificationError, match="not signed by"):
        open_checkpoint(NOTE, OTHER.key)


@given(st.text(alphabet="abc åäö\n—+ ", min_size=1, max_size=60))
def test_any_text_that_ends_in_a_line_feed_is_signed_and_read_back(text: str) -> None:
    note = SIGNER.sign_note(text + "\n")
    assert open_note(note, SIGNER.key) == text + "\n"


@given(st.integers(0, len(NOTE) - 1), st.sampled_from("\x00 A0\n—+é"))
def test_no_single_character_of_a_checkpoint_can_be_changed(at: int, other: str) -> None:
    changed = NOTE[:at] + other + NOTE[at + 1 :]
    if changed != NOTE:
        with pytest.raises(VerificationError):
            open_checkpoint(changed, SIGNER.key)


def test_signatures_of_others_do_not_disturb() -> None:
    witness = Signer(name="witness.example", seed=b"w" * 32).sign_note("x\n").split("\n\n")[1]
    assert open_checkpoint(NOTE + witness, SIGNER.key).size == 7
    head, tail = NOTE.split("\n\n")
    assert open_checkpoint(f"{head}\n\n{witness}{tail}", SIGNER.key).size == 7


def test_one_wrong_signature_of_ours_beside_a_right_one_is_refused() -> None:
    wrong = base64.b64encode(SIGNER.key.id + bytes(64)).decode()
    with pytest.raises(VerificationError, match="wrong"):
        open_checkpoint(f"{NOTE}— {SIGNER.name} {wrong}\n", SIGNER.key)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "text\n",
        "text\n\n",
        "text\n— name AAAAAAAA\n",
        "text\n\n— name AAAAAAAA",
        "text\n\n- name AAAAAAAA\n",
        "text\n\n— name\n",
        "text\n\n—  AAAAAAAA\n",
        "text\n\n— na+me AAAAAAAA\n",
        "text\n\n— name AAAAAA==\n",
        "text\n\n— name AAAAAAA\n",
        "text\n\n— name AAAA AAAA\n",
        "text\n\n— name AAAAAAB=\n",
        "te\txt\n\n— name AAAAAAAA\n",
        "text\r\n\r\n— name AAAAAAAA\r\n",
        "text\n\n" + "— name AAAAAAAA\n" * 101,
        "x" * 70_000 + "\n\n— name AAAAAAAA\n",
    ],
)
def test_a_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(VerificationError):
        parse_note(note)


ROOT = base64.b64encode(b"r" * 32).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"origin\n7\n{ROOT}",
        f"origin\n7\n{ROOT}\nextension\n",
        f"origin\n07\n{ROOT}\n",
        f"origin\n-7\n{ROOT}\n",
        f"origin\n+7\n{ROOT}\n",
        f"origin\n٧\n{ROOT}\n",
        f"origin\n7_0\n{ROOT}\n",
        f"origin\n9223372036854775808\n{ROOT}\n",
        f"origin\n{'9' * 5000}\n{ROOT}\n",
        f"\n7\n{ROOT}\n",
        f"origin\n7\n{ROOT[:-1]}\n",
        f"origin\n7\n{ROOT[:-2]}J=\n",  # the same bytes, were the last bits not looked at
        f"origin\n7\n {ROOT}\n",
        f"origin\n0\n{ROOT}\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        Checkpoint.parse(text)


def test_the_checkpoint_of_an_empty_log_is_one() -> None:
    assert open_checkpoint(SIGNER.checkpoint(0, EMPTY_ROOT), SIGNER.key).size == 0


def test_a_checkpoint_of_another_origin_is_refused_though_the_key_signed_it() -> None:
    note = SIGNER.sign_note(str(Checkpoint("elsewhere.example", 7, b"r" * 32)))
    with pytest.raises(VerificationError, match="another log"):
        open_checkpoint(note, SIGNER.key)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "name",
        "name+f7087e66",
        GO_KEY.replace("f7087e66", "f7087e67"),
        GO_KEY.replace("f7087e66", "F7087E66"),
        GO_KEY.replace("record", "recor"),
        GO_KEY.replace("record", "rec ord"),
        GO_KEY.replace("+AQOh", "+BAOh"),
        GO_KEY[:-4],
        GO_KEY + "\n",
        GO_KEY + "AAAA",
    ],
)
def test_a_malformed_verifier_key_is_refused(key: str) -> None:
    with pytest.raises(VerificationError):
        VerifierKey.parse(key)


def test_a_verifier_key_is_read_and_written_alike() -> None:
    assert str(VerifierKey.parse(GO_KEY)) == GO_KEY
    assert str(VerifierKey.parse(SIGNER.verifier_key)) == SIGNER.verifier_key


def test_the_signing_key_is_neither_shown_nor_carried_away() -> None:
    seed = bytes(range(32))
    for shown in (repr(SIGNER), str(SIGNER), f"{vars(SIGNER)}"):
        assert seed.hex() not in shown
        assert repr(seed) not in shown
    assert "seed=…" in repr(SIGNER)
    for carry in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            carry(SIGNER)  # type: ignore[operator]


def test_a_signer_needs_a_name_that_verifiers_take_and_a_seed_of_32_bytes() -> None:
    for name in ("", "two words", "a+b", "tab\t"):
        with pytest.raises(VerificationError):
            Signer(name=name, seed=bytes(32))
    with pytest.raises(ValueError, match="32"):
        Signer(name="name", seed=bytes(31))
    with pytest.raises(ValueError, match="line feed"):
        SIGNER.sign_note("no end")


def test_the_bytes_that_bind_a_row_are_never_a_note_s_text() -> None:
    text = row_bytes(size=1, previous=0, note=NOTE, at=datetime(2026, 1, 1, tzinfo=UTC)).decode()
    with pytest.raises(VerificationError):
        Checkpoint.parse("\n".join(text.split("\n")[:3]) + "\n")
