"""A key opens what was sealed under it, at the place it was sealed for, and nothing else."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.errors import CannotOpen, KeyDestroyed
from profiles.keys import EpochKey, MemberKey, SealingKey, place
from profiles.labels import Label

ANNA, BERTA = UUID(int=1), UUID(int=2)


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_what_is_sealed_opens_at_its_place(plain: bytes, at: bytes) -> None:
    key = SealingKey(b"k" * 32)
    assert key.open(key.seal(plain, at=at), at=at) == plain


@given(st.binary(min_size=1, max_size=100), st.data())
def test_one_altered_bit_and_it_does_not_open(plain: bytes, data: st.DataObject) -> None:
    key = SealingKey(b"k" * 32)
    sealed = bytearray(key.seal(plain, at=b"here"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CannotOpen):
        key.open(bytes(sealed), at=b"here")


@pytest.mark.parametrize("sealed", [b"", b"short", b"\0" * 12, b"\0" * 28])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(CannotOpen):
        SealingKey(b"k" * 32).open(sealed, at=b"")


def test_the_same_text_is_never_sealed_alike() -> None:
    key = SealingKey(b"k" * 32)
    assert len({key.seal(b"gold", at=b"") for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    ("table", "field", "member"),
    [("event", "email", ANNA), ("member", "phone", ANNA), ("member", "email", BERTA)],
)
def test_a_value_moved_to_another_row_field_or_table_does_not_open(
    table: str, field: str, member: UUID
) -> None:
    anna = MemberKey(ANNA, b"a" * 32)
    sealed = anna.seal_field("member", "email", b"anna@post.example")
    with pytest.raises(CannotOpen):
        MemberKey(member, b"a" * 32).open_field(table, field, sealed)


def test_places_do_not_run_into_each_other() -> None:
    assert place("member", "ab", "c") != place("member", "a", "bc")


@given(st.binary(max_size=300), st.sampled_from([16, 64, 256]))
def test_padding_comes_off_again_whatever_the_value_ends_in(plain: bytes, pad: int) -> None:
    key = MemberKey(ANNA, b"a" * 32)
    sealed = key.seal_field("member", "x", plain, pad=pad)
    assert key.open_field("member", "x", sealed) == plain
    assert (len(sealed) - 12 - 16) % pad == 0


def test_length_does_not_tell_gold_from_silver() -> None:
    key = MemberKey(ANNA, b"a" * 32)
    lengths = {len(key.seal_field("member", "tier", tier)) for tier in (b"gold", b"silver", b"")}
    assert len(lengths) == 1


def test_a_member_key_is_unwrapped_by_its_epoch_for_its_member_alone() -> None:
    epoch, anna = EpochKey(3, b"e" * 32), MemberKey.new(ANNA)
    wrapped = epoch.wrap(anna, ordinal=7)
    sealed = anna.seal_field("member", "x", b"value")
    key = epoch.unwrap_at(3, ANNA, wrapped, ordinal=7)
    assert key.open_field("member", "x", sealed) == b"value"
    with pytest.raises(CannotOpen):
        epoch.unwrap(BERTA, wrapped, ordinal=7)
    with pytest.raises(CannotOpen):
        EpochKey(3, b"f" * 32).unwrap(ANNA, wrapped, ordinal=7)
    with pytest.raises(CannotOpen):
        EpochKey(4, b"e" * 32).unwrap(ANNA, wrapped, ordinal=7)
    with pytest.raises(KeyDestroyed, match="epoch 2"):
        epoch.unwrap_at(2, ANNA, wrapped, ordinal=7)


def test_a_member_key_does_not_open_beside_another_ordinal() -> None:
    epoch, anna = EpochKey(3, b"e" * 32), MemberKey.new(ANNA)
    wrapped = epoch.wrap(anna, ordinal=7)
    with pytest.raises(CannotOpen, match="tillit audit verify"):
        epoch.unwrap(ANNA, wrapped, ordinal=8)


def test_no_two_uses_of_an_epoch_share_a_key() -> None:
    epoch = EpochKey(1, b"e" * 32)
    derived = [epoch.derive(label) for label in Label]
    assert len({*derived, b"e" * 32}) == len(derived) + 1
    assert derived == [EpochKey(9, b"e" * 32).derive(label) for label in Label]
    assert derived[0] != EpochKey(1, b"f" * 32).derive(next(iter(Label)))


def test_pseudonyms_follow_from_the_key_and_are_each_member_s_own() -> None:
    one, same, other = (MemberKey(ANNA, b * 32) for b in (b"a", b"a", b"b"))
    assert one.subject() == same.subject() != other.subject()
    assert one.fingerprint() == same.fingerprint() != other.fingerprint()
    assert one.subject().hex() != one.fingerprint()
    assert one.reference("till", "1") == same.reference("till", "1") != other.reference("till", "1")


@given(st.text(max_size=9), st.text(max_size=9), st.text(max_size=9), st.text(max_size=9))
def test_two_purchases_share_a_reference_only_if_they_share_source_and_name(
    source: str, name: str, other_source: str, other_name: str
) -> None:
    key = MemberKey(ANNA, b"a" * 32)
    same = key.reference(source, name) == key.reference(other_source, other_name)
    assert same == ((source, name) == (other_source, other_name))
