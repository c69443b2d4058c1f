"""What a programme may declare, and which values fit."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.catalogue import (
    Catalogue,
    Field,
    FieldType,
    Trait,
    TraitKind,
    field_of_set,
    from_number,
    member_set,
    nearest,
    sets_of,
    to_number,
)
from profiles.errors import BadCatalogue, BadValue, UnknownField
from profiles.values import LARGEST

TODAY = date(2026, 3, 1)
TIER = Field("tier", FieldType.TEXT, values=("bronze", "silver", "gold"))
BORN = Field("born", FieldType.DATE)
EMAIL = Field("email", FieldType.TEXT, lookup="email")
NOTE = Field("note", FieldType.TEXT)
INTERESTS = Field("interests", FieldType.TEXTS, segment=True)
AGE = Trait("age", TraitKind.AGE, "born")
SPEND = Trait("spend_365d", TraitKind.SUM, "purchase.amount", days=365)
FIELDS = {field.name: field for field in (TIER, BORN, EMAIL, NOTE, INTERESTS)}
CATALOGUE = Catalogue(fields=FIELDS, traits={"age": AGE, "spend_365d": SPEND})

BAD: list[tuple[FieldType, object]] = [
    (FieldType.TEXT, ""),
    (FieldType.TEXT, " \t"),
    (FieldType.TEXT, "x" * 1_001),
    (FieldType.TEXT, "\ud800"),
    (FieldType.TEXT, 4711),
    (FieldType.INTEGER, True),
    (FieldType.INTEGER, 2**53 + 1),
    (FieldType.INTEGER, "4711"),
    (FieldType.INTEGER, 47.11),
    (FieldType.MONEY, 47.11),
    (FieldType.MONEY, "47.111"),
    (FieldType.MONEY, "NaN"),
    (FieldType.MONEY, "1e400"),
    (FieldType.MONEY, "1e-400"),
    (FieldType.MONEY, "4711 kr"),
    (FieldType.MONEY, False),
    (FieldType.DATE, "2024-02-30"),
    (FieldType.DATE, "20240211"),
    (FieldType.DATE, "11/02/2024"),
    (FieldType.DATE, datetime(2024, 2, 11, tzinfo=UTC)),
    (FieldType.BOOLEAN, "true"),
    (FieldType.BOOLEAN, 1),
    (FieldType.TEXTS, "hiking"),
    (FieldType.TEXTS, ["hiking", "hiking"]),
    (FieldType.TEXTS, ["hiking", 3]),
]


@pytest.mark.parametrize(("type_", "raw"), BAD)
def test_a_value_of_another_type_is_refused_without_being_repeated(
    type_: FieldType, raw: object
) -> None:
    with pytest.raises(BadValue) as caught:
        Field("secret_field", type_).check(raw, today=TODAY)
    assert "secret_field" in str(caught.value)
    assert caught.value.problems[0].remedy
    assert "4711" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_value_outside_the_declared_ones_is_refused_with_the_declared_ones_named() -> None:
    with pytest.raises(BadValue, match="bronze, silver, gold") as caught:
        TIER.check("platinum", today=TODAY)
    assert "platinum" not in str(caught.value)


def test_texts_are_sorted_and_composed() -> None:
    assert INTERESTS.check(["sko\u0308nt", "hiking"], today=TODAY) == ("hiking", "skönt")


def test_money_keeps_two_decimals_and_knows_no_negative_zero() -> None:
    money = Field("spend", FieldType.MONEY)
    assert str(money.check("12.5", today=TODAY)) == "12.50"
    assert str(money.check(3, today=TODAY)) == "3.00"
    assert str(money.check("-0.00", today=TODAY)) == "0.00"


def _values(type_: FieldType) -> st.SearchStrategy[object]:
    word = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
        lambda text: bool(text.strip())
    )
    return {
        FieldType.TEXT: word,
        FieldType.INTEGER: st.integers(-LARGEST, LARGEST),
        FieldType.MONEY: st.decimals("-90000000000000", "90000000000000", places=2),
        FieldType.DATE: st.dates(),
        FieldType.BOOLEAN: st.booleans(),
        FieldType.TEXTS: st.lists(word, max_size=4),
    }[type_]


@given(st.sampled_from(FieldType), st.data())
def test_what_is_encoded_decodes_to_the_same_value(type_: FieldType, data: st.DataObject) -> None:
    field = Field("some", type_, segment=True) if "text" in type_ else Field("some", type_)
    try:
        value = field.check(data.draw(_values(type_)), today=TODAY)
    except BadValue:
        assert type_ is FieldType.TEXTS  # the same text twice, once composed
        return
    plain = field.encode(value)
    assert isinstance(plain, str | int | list)
    assert field.decode(plain) == value
    if type_.numeric:
        assert from_number(type_, to_number(value)) == value


def test_a_number_is_days_minor_units_or_itself() -> None:
    assert to_number(date(1970, 1, 2)) == 1
    assert to_number(date(1969, 12, 31)) == -1
    assert to_number(Decimal("12.34")) == 1234
    assert to_number(-5) == -5
    with pytest.raises(TypeError):
        to_number(True)


def test_identifiers_and_free_texts_stay_out_of_segments() -> None:
    assert not CATALOGUE.segmentable("email")
    assert not CATALOGUE.segmentable("note")
    assert all(CATALOGUE.segmentable(name) for name in ("tier", "interests", "born", "age"))
    assert sets_of(EMAIL, "anna@example.com") == ()


def test_a_value_belongs_to_its_own_set_and_the_known_set() -> None:
    assert sets_of(TIER, "gold") == ("tier#?", "tier=gold")
    assert sets_of(INTERESTS, ("hiking", "ski")) == (
        "interests#?",
        "interests=hiking",
        "interests=ski",
    )
    assert sets_of(Field("club", FieldType.BOOLEAN), False) == ("club#?", "club=false")
    assert sets_of(BORN, date(2000, 1, 1)) == ("born#?",)
    assert field_of_set(member_set("tier", "a=b#c")) == "tier"
    assert field_of_set("born#?") == "born"


def test_a_name_that_is_none_is_not_repeated() -> None:
    with pytest.raises(UnknownField) as caught:
        CATALOGUE.get("anna.ek@example.com")
    assert "anna" not in str(caught.value)


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownField, match="did you mean 'spend_365d'"):
        CATALOGUE.get("spend_356d")


def test_a_suggestion_is_plain_text_also_for_members_of_an_enumeration() -> None:
    assert nearest("summ", frozenset(TraitKind)) == "did you mean 'sum'?"
    assert "TraitKind" not in nearest("nothing like it", frozenset(TraitKind))


def test_traits_say_what_type_they_are() -> None:
    assert Trait("last", TraitKind.LATEST, "purchase.at").type is FieldType.DATE
    assert Trait("orders", TraitKind.COUNT, "purchase").type is FieldType.INTEGER
    assert SPEND.type is FieldType.MONEY
    assert AGE.type is FieldType.INTEGER


def test_a_catalogue_that_cannot_work_is_not_made() -> None:
    with pytest.raises(BadCatalogue, match="not a date field"):
        Catalogue(fields=FIELDS, traits={"age": Trait("age", TraitKind.AGE, "tier")})
    with pytest.raises(BadCatalogue, match="share this name"):
        Catalogue(fields=FIELDS, traits={"tier": Trait("tier", TraitKind.COUNT, "purchase")})
    with pytest.raises(BadCatalogue, match="another name"):
        Catalogue(fields={"level": TIER}, traits={})
    with pytest.raises(BadCatalogue, match=r"purchase\.amount"):
        Trait("spend", TraitKind.SUM, "purchase")
    with pytest.raises(BadCatalogue, match="window"):
        Trait("orders", TraitKind.COUNT, "purchase", days=0)
    with pytest.raises(BadCatalogue, match="cannot be a name"):
        Field("Tier=", FieldType.TEXT)
    with pytest.raises(BadCatalogue, match="identifier"):
        Field("email", FieldType.TEXT, lookup="email", segment=True)
    with pytest.raises(BadCatalogue, match="no lookup"):
        Field("email", FieldType.TEXT, lookup="mail")


@pytest.mark.parametrize("day", ["2026-03-02", "1895-12-31", "0001-01-01", "9999-12-31"])
def test_nobody_who_lives_was_born_tomorrow_or_in_another_age(day: str) -> None:
    born = Field("born", FieldType.DATE, category="pd:BirthDate")
    with pytest.raises(BadValue, match="born"):
        born.check(day, today=TODAY)
    assert Field("seen", FieldType.DATE).check(day, today=TODAY) == date.fromisoformat(day)
    for lived in ("2026-03-01", "1896-01-01"):
        assert born.check(lived, today=TODAY) == date.fromisoformat(lived)
