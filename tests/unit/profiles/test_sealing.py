"""Values come out of their seal as they went in, with where they came from; traits likewise."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.catalogue import Catalogue, Field, Trait, TraitKind
from profiles.errors import BadValue, CannotOpen
from profiles.keys import MemberKey
from profiles.sealing import TRAITS, open_traits, open_value, pack, seal_traits, seal_value, unpack
from profiles.values import FieldType, Value

TODAY = date(2026, 3, 1)
KEY = MemberKey(UUID(int=5), b"m" * 32)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

_text = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cs", "Cc"]),
    min_size=1,
).filter(lambda text: bool(text.strip()))
VALUES: dict[FieldType, st.SearchStrategy[object]] = {
    FieldType.TEXT: _text,
    FieldType.INTEGER: st.integers(-(2**53), 2**53),
    FieldType.MONEY: st.decimals(-(10**9), 10**9, places=2),
    FieldType.DATE: st.dates(),
    FieldType.BOOLEAN: st.booleans(),
    FieldType.TEXTS: st.sets(_text, max_size=4).map(sorted),
}


@given(st.data())
def test_every_kind_of_value_comes_back(data: st.DataObject) -> None:
    type_ = data.draw(st.sampled_from(list(FieldType)))
    field = Field("anything", type_)
    try:
        value = field.check(data.draw(VALUES[type_]), today=TODAY)
    except BadValue:
        return  # two texts that become one in NFC
    sealed = seal_value(KEY, field.name, value, source="till", at=NOW)
    opened, kept = open_value(KEY, field, sealed)
    assert (opened, type(opened)) == (value, type(value))
    assert (kept.source, kept.at) == ("till", NOW)


def test_times_are_kept_in_utc() -> None:
    summer = NOW.astimezone(timezone(timedelta(hours=2)))
    field = Field("tier", FieldType.TEXT)
    _, kept = open_value(KEY, field, seal_value(KEY, "tier", "gold", source="till", at=summer))
    assert kept.at == NOW
    assert kept.at.utcoffset() == timedelta(0)


def test_a_value_does_not_open_as_another_field() -> None:
    sealed = seal_value(KEY, "name", "Åsa", source="till", at=NOW)
    with pytest.raises(CannotOpen):
        open_value(KEY, Field("nick", FieldType.TEXT), sealed)


def test_a_value_since_struck_from_the_declared_ones_still_opens() -> None:
    sealed = seal_value(KEY, "tier", "platinum", source="till", at=NOW)
    value, _ = open_value(KEY, Field("tier", FieldType.TEXT, values=("gold",)), sealed)
    assert value == "platinum"


def test_traits_come_back_with_their_version_and_the_day_they_are_due() -> None:
    traits = {
        "spend": Trait("spend", TraitKind.SUM, "purchase.amount", 30),
        "last": Trait("last", TraitKind.LATEST, "purchase.at"),
        "orders": Trait("orders", TraitKind.COUNT, "purchase", 30),
    }
    values: dict[str, Value] = {
        "spend": Decimal("12.50"),
        "last": date(2026, 2, 1),
        "orders": 3,
    }
    sealed = {TRAITS: seal_traits(KEY, values, version=4, due=date(2026, 3, 3))}
    opened, computed = open_traits(KEY, Catalogue({}, traits), sealed)
    assert opened == values
    assert computed is not None
    assert (computed.version, computed.due) == (4, date(2026, 3, 3))


def test_a_trait_no_longer_declared_is_left_out() -> None:
    sealed = {TRAITS: seal_traits(KEY, {"gone": 1}, version=1, due=None)}
    opened, computed = open_traits(KEY, Catalogue({}, {}), sealed)
    assert opened == {}
    assert computed is not None


def test_a_member_without_traits_has_none() -> None:
    assert open_traits(KEY, Catalogue({}, {}), {}) == ({}, None)


@given(st.dictionaries(st.text(max_size=20), st.binary(max_size=50)))
def test_a_row_of_sealed_fields_comes_back(sealed: dict[str, bytes]) -> None:
    assert unpack(pack(sealed)) == sealed
