"""What a segment expression may say, and how it is told what is wrong with it."""

import sys
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refused
from profiles.catalogue import Catalogue, Field, FieldType, Trait, TraitKind, to_number
from profiles.conditions import (
    And,
    Compare,
    Condition,
    HasValue,
    Known,
    Not,
    Or,
    canonical,
    fields,
    normalise,
    stored_fields,
)
from profiles.constants import age_compare
from profiles.errors import BadExpression, FieldNotAllowed, ProfilesError, UnknownField
from profiles.expressions import parse
from profiles.stacks import Op

TODAY = date(2026, 3, 31)
CATALOGUE = Catalogue(
    fields={
        field.name: field
        for field in (
            Field("tier", FieldType.TEXT, values=("bronze", "silver", "gold")),
            Field("interests", FieldType.TEXTS, segment=True),
            Field("club", FieldType.BOOLEAN),
            Field("children", FieldType.INTEGER),
            Field("born", FieldType.DATE),
            Field("first", FieldType.INTEGER),
            Field("email", FieldType.TEXT, lookup="email"),
            Field("note", FieldType.TEXT),
        )
    },
    traits={
        "age": Trait("age", TraitKind.AGE, "born"),
        "spend_365d": Trait("spend_365d", TraitKind.SUM, "purchase.amount", days=365),
        "last_purchase": Trait("last_purchase", TraitKind.LATEST, "purchase.at"),
    },
)


def read(text: str) -> Condition:
    return parse(text, CATALOGUE, today=TODAY)


def refusal(text: str) -> str:
    with pytest.raises(ProfilesError) as caught:
        read(text)
    return str(caught.value)


def last(op: Op, day: date) -> Condition:
    return Compare("last_purchase", "last_purchase", op, to_number(day))


GOLD = HasValue("tier", "gold")
HIKING = HasValue("interests", "hiking")


def test_the_designs_own_example_is_read() -> None:
    text = (
        "tier = 'gold' AND age BETWEEN 25 AND 45 AND 'hiking' IN interests "
        "AND last_purchase >= CURRENT_DATE - INTERVAL 90 DAY"
    )
    expected = And(
        (
            GOLD,
            Compare("age", "born", Op.LE, to_number(date(2001, 3, 31))),
            Compare("age", "born", Op.GT, to_number(date(1980, 3, 31))),
            HIKING,
            last(Op.GE, TODAY - timedelta(days=90)),
        )
    )
    assert read(text) == normalise(expected)
    assert fields(read(text)) == {"tier", "age", "interests", "last_purchase"}
    assert stored_fields(read(text)) == {"tier", "born", "interests", "last_purchase"}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("'2024-02-29'", date(2024, 2, 29)),
        ("DATE '2024-02-29'", date(2024, 2, 29)),
        ("CURRENT_DATE", TODAY),
        ("CURRENT_DATE - INTERVAL 90 DAY", date(2025, 12, 31)),
        ("CURRENT_DATE - INTERVAL '90 days'", date(2025, 12, 31)),
        ("CURRENT_DATE - INTERVAL '90' DAY", date(2025, 12, 31)),
        ("current_date - interval 2 week", date(2026, 3, 17)),
        ("CURRENT_DATE - INTERVAL 1 MONTH", date(2026, 2, 28)),
        ("CURRENT_DATE + INTERVAL '1 month'", date(2026, 4, 30)),
        ("CURRENT_DATE - INTERVAL 1 YEAR", date(2025, 3, 31)),
        ("DATE '2024-02-29' + INTERVAL 1 YEAR - INTERVAL 1 DAY", date(2025, 2, 27)),
        ("(CURRENT_DATE) - INTERVAL 1 DAY", date(2026, 3, 30)),
    ],
)
def test_days_are_written_in_many_ways(text: str, day: date) -> None:
    assert read(f"last_purchase < {text}") == last(Op.LT, day)
    assert read(f"{text} > last_purchase") == last(Op.LT, day)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("500 < spend_365d", "spend_365d > 500.00"),
        ("spend_365d > 9.995", "spend_365d >= 10"),
        ("spend_365d <= 9.995", "spend_365d < 10"),
        ("spend_365d > -9.995", "spend_365d >= -9.99"),
        ("children > 0.5", "children >= 1"),
        ("children != 2", "NOT children = 2"),
        ("children NOT BETWEEN 1 AND 2", "children < 1 OR children > 2"),
        ("children IN (2, 1, 2)", "children = 1 OR children = 2"),
        ("tier NOT IN ('gold')", "tier <> 'gold'"),
        ("'hiking' = ANY(interests)", "'hiking' IN interests"),
        ("'hiking' NOT IN interests", "NOT 'hiking' IN interests"),
        ("club", "club = TRUE"),
        ("NOT club", "club <> TRUE"),
        ("tier IS NOT NULL", "NOT tier IS NULL"),
        ("NOT (club AND NOT children > 2)", "NOT club OR children > 2"),
        ("club AND (children = 1 AND tier = 'gold')", "tier = 'gold' AND club AND children = 1"),
        ("club AND TRUE", "club"),
        ("club OR TRUE", "TRUE"),
        ("club AND FALSE", "NOT TRUE"),
        ("TIER = 'gold'", "\"tier\" = 'gold'"),
        ("((tier)) = ('gold')", "tier = 'gold'"),
        ("first = 1", "(1) = first"),
        ("age = 30", "age BETWEEN 30 AND 30"),
        ("age > 30.5", "age >= 31"),
        ("'sko\u0308nt' IN interests", "'skönt' IN interests"),
        ("club OR children = 1 AND tier = 'gold'", "club OR (children = 1 AND tier = 'gold')"),
        ("children BETWEEN 1 AND 2 AND club", "(children >= 1 AND children <= 2) AND club"),
    ],
)
def test_two_spellings_of_one_thought_become_one_tree(one: str, other: str) -> None:
    assert read(one) == read(other)
    assert canonical(read(one)) == canonical(read(other))


def test_false_stays_apart_from_unsaid() -> None:
    assert read("NOT club") == Not(HasValue("club", "true"))
    assert read("club = FALSE") == HasValue("club", "false")
    assert read("NOT age IS NULL") == Known("age", "born")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("spend_356d > 5", "line 1, column 1: there is no field 'spend_356d'; did you mean 'spend"),
        ("club AND\n  teir = 'gold'", "line 2, column 3: there is no field 'teir'; did you mean"),
        ("tier > 5", "'tier' have no order"),
        ("tier > 'gold'", "'tier' have no order"),
        ("tier = 5", "line 1, column 8: 'tier' is not compared with a text"),
        ("tier = 'Gold'", "'tier' has no such value; did you mean 'gold'?"),
        ("tier = 'x'", "use bronze, silver, gold"),
        ("tier = gold", "line 1, column 8: this is neither a field nor a value; write texts in"),
        ('tier = "gold"', "line 1, column 8: double quotes name a field"),
        ("spend_365d = 'lots'", "'spend_365d' is of type money"),
        ("children = '3'", "give a number without quotes"),
        ("children = CURRENT_DATE", "'children' is of type integer"),
        ("club = 1", "write TRUE or FALSE"),
        ("last_purchase > '2024-02-30'", "give a day there is"),
        ("last_purchase > 20240101", "'last_purchase' is of type date"),
        ("last_purchase > CURRENT_DATE - 90", "INTERVAL 90 DAY"),
        (
            "last_purchase > CURRENT_DATE - INTERVAL 1 HOUR",
            "column 42: this condition|HOUR|of type",
        ),
        ("last_purchase > CURRENT_DATE - INTERVAL 9999 YEAR", "give a day there is"),
        ("last_purchase > CURRENT_DATE - INTERVAL 1000000 DAY", "give a day there is"),
        ("email = 'anna@example.com'", "'email' identifies members"),
        ("note = 'x'", "'note' is free text"),
        ("tier = NULL", "write tier IS NULL"),
        ("tier IN ('gold', NULL)", "write tier IS NULL"),
        ("club IS TRUE", "only NULL may follow IS"),
        ("interests = 'hiking'", "write 'value' IN interests"),
        ("'gold' IN tier", "'tier' does not hold several texts"),
        ("tier IN ()", "IN needs values"),
        ("children", "'children' is not true or false"),
        ("spend_365d > children", "compare it with a value"),
        ("spend_365d + 1 > 5", "'spend_365d' must stand alone"),
        ("spend_365d * 2 > 5", r"column 12: \* cannot be used"),
        ("-children = 5", "'children' must stand alone"),
        ("1 = 1", "no field in this condition"),
        ("lower(tier) = 'gold'", "column 6: functions cannot be used"),
        ("CURRENT_DATE() > last_purchase", "functions cannot be used"),
        ("tier LIKE 'g%'", "column 6: LIKE cannot be used"),
        ("tier = (SELECT 1)", "SELECT cannot be used"),
        ("CASE WHEN club THEN TRUE END", "CASE cannot be used"),
        ("children::text = '3'", ":: cannot be used"),
        ("m.tier = 'gold'", r"\. cannot be used"),
        ("tier = 'gold'; DROP TABLE members", "column 14: ; cannot be used"),
        ("tier = 'gold' -- really", "comments cannot be used"),
        ("/* really */ tier = 'gold'", "comments cannot be used"),
        ("tier = $1", r"cannot be used"),
        ("children = 1e3", "a number is malformed"),
        ("children = " + "9" * 50, "a number is malformed"),
        ("children = - -3", "two signs"),
        ("children = + -3", "two signs"),
        ("1 < children < 5", "column 14: this compares a second time; join"),
        ("club = NOT club", "NOT is out of place"),
        ("club AND tier = 'gold", "line 1, column 17: .* each quotation mark is closed"),
        ("(club", "column 1: this parenthesis is never closed"),
        ("club)", "column 5: this parenthesis was never opened"),
        ("club AND", "a condition is missing"),
        ("OR club", "a condition is missing"),
        ("()", "a condition is missing"),
        ("club club", "this condition cannot be read"),
        ("children =", "this condition cannot be read"),
        ("children BETWEEN 1", "this condition cannot be read"),
        ("tier = 'gold' 'silver'", "'tier' is not compared with a text"),
        ("((((((1)))))) = children", "too many parentheses"),
        ("'" + "x" * 1_001 + "' IN interests", "'interests' has no such text; give at most"),
        ("", "the expression is empty"),
        ("   \n", "the expression is empty"),
        ("club OR " * 2_000 + "club", "use at most 10,000 characters"),
        ("club OR " * 500 + "club", "use at most 500"),
    ],
)
def test_a_wrong_expression_is_told_where_and_what_would_be_right(text: str, says: str) -> None:
    with pytest.raises(ProfilesError, match=says) as caught:
        read(text)
    assert isinstance(caught.value, BadExpression | UnknownField)
    assert caught.value.problems[0].remedy
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "text",
    [
        "email = 'Annasdotter'",
        "note = 'Annasdotter'",
        "spend_365d = 'Annasdotter'",
        "last_purchase = 'Annasdotter'",
        "'Annasdotter' = 'Annasdotter'",
        "club = 'Annasdotter'",
        "tier = Annasdotter",
        'tier = "Annasdotter"',
        "tier LIKE 'Annasdotter'",
        "tier = 'gold' 'Annasdotter'",
        "tier = $$Annasdotter$$",
        "tier = 'Annasdotter",
        "interests = 'Annasdotter'",
        "club club 'Annasdotter'",
        "'Annasdotter' IN tier",
        "tier = 'Annasdotter'",
        "tier IN ('gold', 'Annasdotter')",
        "_Annasdotter = 'gold'",
        "E'Annasdotter' IN interests",
        "('Annasdotter'",
        "children = Annasdotter + 1",
    ],
)
def test_a_literal_that_may_be_a_members_is_not_repeated(text: str) -> None:
    assert "annasdotter" not in refusal(text).lower()


def test_only_allowed_fields_may_be_asked_about_and_the_refusal_names_them() -> None:
    allowed = {"tier", "age"}
    parse("tier = 'gold' AND age > 30", CATALOGUE, today=TODAY, allowed=allowed)
    for text in ("club", "tier = 'gold' OR NOT children IS NULL", "born > '2000-01-01'"):
        with pytest.raises(FieldNotAllowed, match="may not be used here; allowed: age, tier") as it:
            parse(text, CATALOGUE, today=TODAY, allowed=allowed)
        assert isinstance(it.value, Refused)
    with pytest.raises(FieldNotAllowed):
        # Folded away or not, it was asked about.
        parse("TRUE OR club", CATALOGUE, today=TODAY, allowed=allowed)


def test_nesting_is_bounded_long_before_the_stack_is() -> None:
    for opening, closing in (("(", ")"), ("NOT ", ""), ("NOT (", ")")):
        levels = 50 if opening != "NOT (" else 25
        read(opening * levels + "club" + closing * levels)
        with pytest.raises(BadExpression, match="nested too deeply"):
            read(opening * 51 + "club" + closing * 51)
    with pytest.raises(BadExpression, match="nested too deeply"):
        read("(" * 4_990 + "club" + ")" * 4_990)


PIECES = ["NOT ", "(", "- ", "INTERVAL 1 ", "club IN ", "club IS ", "ANY(", "BETWEEN ", "DATE '' "]
PIECES += ["= ", "club = ", "1 - ", ", ", "'x' ", "IN (", "NOT IN ", "= ANY (", "BETWEEN 1 AND "]
PIECES += ["+ ", "- + ", "NOT BETWEEN ", "TRUE NOT BETWEEN ", "+ NOT IN <> ", "IS NOT "]


@pytest.mark.parametrize("piece", PIECES)
def test_no_repetition_exhausts_the_stack(piece: str) -> None:
    count = 9_990 // len(piece)
    for text in (piece * count, "club = " + piece * count, piece * 900 + "club" + ")" * 900):
        assert refusal(text[:10_000])
    assert sys.getrecursionlimit() == 1_000


WORDS = ["tier", "club", "children", "interests", "'gold'", "5", "-", "(", ")", "AND", "OR"]
WORDS += ["NOT", "IN", "IS", "NULL", "BETWEEN", "=", "<", "ANY", "DATE", "INTERVAL", "DAY"]
WORDS += ["CURRENT_DATE", "TRUE", ",", "+", "last_purchase", "'2024-01-01'", "x", '"', ";"]


@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join) | st.text(max_size=40))
def test_whatever_is_sent_is_either_read_or_refused_as_an_expression(text: str) -> None:
    try:
        condition = read(text)
    except ProfilesError:
        return
    assert normalise(condition) == condition


def age_on(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1)) | st.sampled_from(
    [date(y, m, d) for y in (2000, 2004) for m, d in ((2, 28), (2, 29), (3, 1), (12, 31))]
    + [date(y, m, d) for y in (2001, 2023) for m, d in ((2, 28), (3, 1), (1, 1))]
)


def holds(condition: Condition, number: int) -> bool:
    if isinstance(condition, And):
        return all(holds(part, number) for part in condition.parts)
    assert isinstance(condition, Compare)
    return {
        Op.EQ: number == condition.constant,
        Op.LT: number < condition.constant,
        Op.LE: number <= condition.constant,
        Op.GT: number > condition.constant,
        Op.GE: number >= condition.constant,
    }[condition.op]


@given(DAYS, DAYS, st.sampled_from(Op), st.integers(-3, 3) | st.integers(-12_000, 12_000))
def test_an_age_is_counted_in_birthdays(born: date, today: date, op: Op, off: int) -> None:
    age = age_on(born, today)
    condition = age_compare("age", "born", op, age + off, today=today)
    expected = {
        Op.EQ: off == 0,
        Op.LT: off > 0,
        Op.LE: off >= 0,
        Op.GT: off < 0,
        Op.GE: off <= 0,
    }[op]
    assert holds(condition, to_number(born)) == expected


def test_a_leap_day_child_grows_older_on_the_first_of_march() -> None:
    born = to_number(date(2004, 2, 29))
    assert not holds(parse("age >= 18", CATALOGUE, today=date(2022, 2, 28)), born)
    assert holds(parse("age >= 18", CATALOGUE, today=date(2022, 3, 1)), born)
    assert not holds(parse("age >= 20", CATALOGUE, today=date(2024, 2, 28)), born)
    assert holds(parse("age >= 20", CATALOGUE, today=date(2024, 2, 29)), born)


def test_canonical_texts_differ_when_conditions_do() -> None:
    texts = {
        canonical(read(text))
        for text in (
            "'a' IN interests",
            "'a'' OR ''b' IN interests",
            "'a' IN interests OR 'b' IN interests",
            "'a' IN interests AND 'b' IN interests",
            "NOT 'a' IN interests",
            "interests IS NULL",
            "age IS NULL",
            "born IS NULL",
        )
    }
    assert len(texts) == 8


def test_normal_form_has_not_only_over_single_predicates() -> None:
    born = Compare("born", "born", Op.LT, 3)
    tree = Not(Or((And((GOLD, Not(HIKING))), Not(born))))
    flipped = And((Or((Not(GOLD), HIKING)), born))
    assert normalise(tree) == normalise(flipped)
    assert canonical(tree) == "((NOT tier HAS 'gold' OR interests HAS 'hiking') AND born < 3)"
