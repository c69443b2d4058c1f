"""Signed documents: one way to write them, one key, and no change that goes unnoticed."""

import base64
import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.notes import Signer
from audit.verify import VerificationError, VerifierKey
from consent.documents import (
    apart,
    base58,
    canonical,
    read_document,
    sign_document,
    verification_method,
    verify_document,
)

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SIGNER = Signer(name="club.example/record", seed=b"\x01" * 32)
OTHER = Signer(name="club.example/record", seed=b"\x02" * 32)

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def document(**more: Any) -> dict[str, Any]:
    return {"@context": "https://club.example/v1", "type": "Receipt", "yes": True, "n": 3} | more


def test_what_was_signed_verifies_with_its_key_and_survives_a_file() -> None:
    signed = sign_document(document(), SIGNER, AT)
    assert verify_document(signed) == SIGNER.key
    again = read_document(json.dumps(signed, indent=3, ensure_ascii=True))
    assert verify_document(again, SIGNER.key) == SIGNER.key
    assert signed["proof"]["created"] == "2026-03-01T12:00:00.000000Z"


def test_the_signature_is_over_the_two_hashes_that_the_cryptosuite_names() -> None:
    signed = sign_document(document(), SIGNER, AT)
    proof = dict(signed.pop("proof"))
    value = proof.pop("proofValue")
    message = sha256(canonical(proof)).digest() + sha256(canonical(signed)).digest()
    expected = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32).sign(message)
    assert value == "z" + base58(expected)


def test_canonical_json_is_that_of_rfc_8785() -> None:
    # Its example of sorting by UTF-16 code units (section 3.2.3), and its escapes (3.2.2.2).
    names = {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\x80": 6, "ö": 7}
    assert list(json.loads(canonical(names))) == ["\r", "1", "\x80", "ö", "€", "😀", "\ufb33"]
    text = '€$\x0f\nA\'B"\\\\"/'
    assert canonical(text).decode() == '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'
    assert canonical({"b": [1, True, None], "a": "/"}) == b'{"a":"/","b":[1,true,null]}'


@given(plain)
def test_canonical_json_says_the_same_and_is_its_own_canonical_form(value: Any) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


@pytest.mark.parametrize("value", [1.5, 1.0, 2**53, -(2**53), b"x", {1: 2}, {"a": {1.0}}, "\ud800"])
def test_what_cannot_be_written_in_one_way_is_not_signed(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        sign_document({"value": value}, SIGNER, AT)


def test_what_is_signed_already_is_not_signed_again() -> None:
    with pytest.raises(ValueError, match="signed already"):
        sign_document(sign_document(document(), SIGNER, AT), SIGNER, AT)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [one for name in value for one in leaves(value[name], (*path, name))]
    if isinstance(value, list):
        return [one for i, each in enumerate(value) for one in leaves(each, (*path, i))]
    return [path]


def changed(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else value[:-1] + ("A" if value[-1] != "A" else "B")


def test_every_single_change_is_found() -> None:
    signed = sign_document(document(list=["a", "b"], deep={"one": 1}), SIGNER, AT)
    paths = leaves(signed)
    assert len(paths) > 12
    for path in paths:
        for drop in (False, True):
            copy = json.loads(json.dumps(signed))
            inner = copy
            for step in path[:-1]:
                inner = inner[step]
            if drop:
                del inner[path[-1]]
            else:
                inner[path[-1]] = changed(inner[path[-1]])
            with pytest.raises(VerificationError):
                verify_document(copy)
    with pytest.raises(VerificationError):
        verify_document(signed | {"more": 1})


def test_another_key_is_named_and_refused_and_passes_only_where_none_is_given() -> None:
    forged = sign_document(document(), OTHER, AT)
    assert verify_document(forged) == OTHER.key
    with pytest.raises(VerificationError, match="is not the key that was given"):
        verify_document(forged, SIGNER.key)


def test_a_key_that_is_only_named_and_did_not_sign_is_refused() -> None:
    forged = sign_document(document(), OTHER, AT) | {"verifierKey": SIGNER.verifier_key}
    with pytest.raises(VerificationError, match="verificationMethod"):
        verify_document(forged)
    forged["proof"]["verificationMethod"] = verification_method(SIGNER.key)
    with pytest.raises(VerificationError, match="signature"):
        verify_document(forged, SIGNER.key)


def test_the_key_is_given_as_a_did_that_holds_it() -> None:
    # The Ed25519 key of RFC 8032's first test, written as the did:key method has it.
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = Signer(name="a", seed=seed).key
    assert key.public.hex().startswith("d75a980182b10ab7")
    did, _, fragment = verification_method(key).partition("#")
    assert did == f"did:key:{fragment}"
    assert fragment.startswith("z6Mk")


def test_what_is_signed_is_never_a_text_that_the_record_signs() -> None:
    checkpoint = SIGNER.checkpoint(5, b"\x07" * 32).rpartition("\n\n")[0] + "\n"
    for text in (checkpoint, "tillit programme version v1\n", "x" * 64):
        with pytest.raises(ValueError, match="read as text"):
            apart(text.encode())
    assert apart(b"\xff" * 64) == b"\xff" * 64


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '"a"',
        '{"a":1,"a":1}',
        '{"a":1.0}',
        '{"a":1e3}',
        '{"a":NaN}',
        '{"a":"\\ud800"}',
        '{"a":9007199254740992}',
        "[" * 100_000,
        '{"a":' * 40 + "1" + "}" * 40,
    ],
)
def test_a_file_that_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(VerificationError, match="file"):
        read_document(text)


@given(st.binary(max_size=80))
def test_base58_keeps_every_byte(data: bytes) -> None:
    text, number = base58(data), 0
    for digit in text:
        number = number * 58 + "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".index(
            digit
        )
    zeros = len(text) - len(text.lstrip("1"))
    assert b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big") == data


def test_the_verifier_key_is_that_of_the_record() -> None:
    signed = sign_document(document(), SIGNER, AT)
    assert VerifierKey.parse(signed["verifierKey"]) == SIGNER.key
    assert base64.b64decode(signed["verifierKey"].split("+")[2])[1:] == SIGNER.key.public
