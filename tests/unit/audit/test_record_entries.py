"""An entry is checked before it is written for ever, and its bytes are canonical."""

import ast
import hashlib
import inspect
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import entries
from audit.entries import ActorType, Entry, Kind, body, commit, entry_mac, opens, rfc3339, written
from audit.errors import EntryInvalid

ID = UUID("01957b2e-0000-7000-8000-000000000001")
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SUBJECT = b"\xab" * 32
GOOD: dict[str, Any] = {
    "kind": Kind.PROFILE_READ,
    "actor_type": ActorType.SERVICE,
    "actor": "offers-engine",
    "purpose": "personalised_offers",
    "programme": 3,
    "subject": SUBJECT,
}

FACTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True), FACTS, max_size=5))
def test_the_bytes_are_canonical_json_that_says_what_was_meant(facts: dict[str, Any]) -> None:
    text = body(Entry(**GOOD, facts=facts), id=ID, at=AT).decode()
    said = json.loads(text)
    assert said["facts"] == facts
    again = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert json.loads(again) == said
    assert text.replace("\x7f", "") == again.replace("\x7f", "")
    assert set(said) == {
        "v", "id", "at", "kind", "actor", "purpose", "programme", "subject", "facts", "commitment",
    }  # fmt: skip


def test_the_same_entry_has_the_same_bytes_whatever_order_its_facts_came_in() -> None:
    one = body(Entry(**GOOD, facts={"a": 1, "b": {"x": 1, "y": 2}}), id=ID, at=AT)
    other = body(Entry(**GOOD, facts={"b": {"y": 2, "x": 1}, "a": 1}), id=ID, at=AT)
    assert one == other


def test_what_was_written_is_read_back() -> None:
    said = written(body(Entry(**GOOD), id=ID, at=AT))
    assert (said.id, said.subject) == (ID, SUBJECT.hex())
    for junk in (b"", b"{}", b"[]", b"\xff", b'{"id":"x","subject":null}'):
        with pytest.raises(EntryInvalid):
            written(junk)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "profile.peeked"},
        {"actor_type": "robot"},
        {"actor": ""},
        {"actor": "karin@fjallklubben.example"},
        {"actor": "Karin Berg"},
        {"actor": "+46701234567"},
        {"purpose": "Personalised offers"},
        {"subject": b"short"},
        {"actor_type": "member", "actor": "karin"},
        {"commitment": b"c" * 32},
        {"sealed_detail": b"sealed"},
        {"commitment": b"short", "sealed_detail": b"sealed"},
        {"at": datetime(2026, 3, 1)},
    ],
)
def test_an_entry_unfit_for_the_record_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(EntryInvalid):
        Entry(**{**GOOD, **change})


@pytest.mark.parametrize(
    "facts",
    [{"share": 0.5}, {"raw": b"bytes"}, {"when": AT}, {"Not A Name": 1}, {"deep": [{"x": 0.1}]}],
)
def test_facts_that_json_cannot_carry_exactly_are_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(EntryInvalid):
        body(Entry(**GOOD, facts=facts), id=ID, at=AT)


def test_a_member_acts_under_their_own_subject() -> None:
    entry = Entry(**{**GOOD, "actor_type": ActorType.MEMBER, "actor": SUBJECT.hex()})
    assert json.loads(body(entry, id=ID, at=AT))["actor"] == {"type": "member", "id": SUBJECT.hex()}


def test_a_body_fits_a_bundle_and_one_byte_more_does_not() -> None:
    empty = len(body(Entry(**GOOD, facts={"x": ""}), id=ID, at=AT))
    room = 65_535 - empty
    assert len(body(Entry(**GOOD, facts={"x": "a" * room}), id=ID, at=AT)) == 65_535
    with pytest.raises(EntryInvalid, match="65536 bytes"):
        body(Entry(**GOOD, facts={"x": "a" * (room + 1)}), id=ID, at=AT)


@given(st.binary(max_size=100))
def test_a_commitment_opens_with_its_salt_and_detail_and_with_nothing_else(detail: bytes) -> None:
    one, other = commit(detail), commit(detail)
    assert one.digest != other.digest
    assert one.digest == hashlib.sha256(one.salt + detail).digest()
    assert opens(one.digest.hex(), one.salt + detail)
    assert not opens(one.digest.hex(), other.salt + detail)
    assert not opens(one.digest.hex(), one.salt + detail + b"x")
    assert not opens(hashlib.sha256(b"short").hexdigest(), b"short")


def test_neither_salt_nor_sealed_detail_is_shown() -> None:
    one = commit(b"detail")
    assert one.salt.hex() not in repr(one)
    assert repr(one.salt) not in repr(one)
    assert "secret" not in repr(Entry(**GOOD, commitment=one.digest, sealed_detail=b"secret"))


def test_the_mac_covers_key_id_and_body() -> None:
    macs = {
        entry_mac(key, id=id, body=text)
        for key in (b"k" * 32, b"l" * 32)
        for id in (ID, UUID(int=1))
        for text in (b"a", b"b")
    }
    assert len(macs) == 8


def test_times_are_utc_to_the_microsecond() -> None:
    zone = timezone(timedelta(hours=2))
    assert rfc3339(datetime(2026, 3, 1, 14, 0, 0, 5, tzinfo=zone)) == "2026-03-01T12:00:00.000005Z"
    assert rfc3339(AT) == "2026-03-01T12:00:00.000000Z"


def test_every_kind_is_named_by_its_value_and_explained_in_one_line() -> None:
    source = ast.parse(inspect.getsource(entries))
    kind = next(n for n in source.body if isinstance(n, ast.ClassDef) and n.name == "Kind")
    lines = kind.body[1:]
    assert len(lines) == 2 * len(Kind)
    for assignment, explained in zip(lines[::2], lines[1::2], strict=True):
        assert isinstance(assignment, ast.Assign)
        assert isinstance(explained, ast.Expr)
        name = ast.unparse(assignment.targets[0])
        value, text = ast.literal_eval(assignment.value), ast.literal_eval(explained.value)
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", value)
        assert name == value.replace(".", "_").upper()
        assert text.endswith(".")
        assert "\n" not in text
