"""Traits are what a naive sum over the purchases says, and do not change before they are due."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from profiles.catalogue import Trait, TraitKind
from profiles.purchases import Purchase
from profiles.traits import Dated, compute, dated, next_due

TODAY = date(2026, 3, 1)
TRAITS = [
    Trait("last", TraitKind.LATEST, "purchase.at"),
    Trait("orders_7", TraitKind.COUNT, "purchase", 7),
    Trait("spend_7", TraitKind.SUM, "purchase.amount", 7),
    Trait("spend", TraitKind.SUM, "purchase.amount"),
    Trait("average_30", TraitKind.AVERAGE, "purchase.amount", 30),
    Trait("age", TraitKind.AGE, "birth_date"),
]

amounts = st.decimals("0.01", "999.99", places=2)
purchases = st.lists(
    st.builds(
        lambda ago, amount, cancelled: Dated(
            TODAY - timedelta(days=ago), -amount if cancelled else amount, cancelled
        ),
        st.integers(0, 40),
        amounts,
        st.booleans(),
    ),
    max_size=8,
)


def _naive(bought: list[Dated], today: date) -> dict[str, object]:
    cents = {one: int(one.amount * 100) for one in bought}
    in_7 = [one for one in bought if 0 <= (today - one.day).days < 7]
    in_30 = [one for one in bought if 0 <= (today - one.day).days < 30]
    found: dict[str, object] = {
        "orders_7": sum(not one.cancelled for one in in_7),
        "spend_7": Decimal(sum(cents[one] for one in in_7)) / 100,
        "spend": Decimal(sum(cents[one] for one in bought)) / 100,
    }
    if days := [one.day for one in bought if not one.cancelled]:
        found["last"] = sorted(days)[-1]
    if orders := [one for one in in_30 if not one.cancelled]:
        exact = Decimal(sum(cents[one] for one in in_30)) / 100 / len(orders)
        found["average_30"] = exact.quantize(Decimal("0.01"), "ROUND_HALF_EVEN")
    return found


@given(purchases, st.integers(0, 45))
def test_traits_are_what_a_naive_sum_says(bought: list[Dated], later: int) -> None:
    today = TODAY + timedelta(days=later)
    assert compute(TRAITS, bought, today) == _naive(bought, today)


@given(purchases)
def test_nothing_changes_before_it_is_due(bought: list[Dated]) -> None:
    now, due = compute(TRAITS, bought, TODAY), next_due(TRAITS, bought, TODAY)
    for ahead in range(60):
        day = TODAY + timedelta(days=ahead)
        if due is not None and day >= due:
            break
        assert compute(TRAITS, bought, day) == now
    assert due is None or due > TODAY


def test_a_purchase_leaves_its_window_on_the_day_it_is_due() -> None:
    bought = [Dated(TODAY, Decimal("10.00"), False)]
    traits = [Trait("orders", TraitKind.COUNT, "purchase", 7)]
    due = next_due(traits, bought, TODAY)
    assert due == TODAY + timedelta(days=7)
    assert compute(traits, bought, due - timedelta(days=1)) == {"orders": 1}
    assert compute(traits, bought, due) == {"orders": 0}
    assert next_due(traits, bought, due) is None


def test_without_a_window_nothing_falls_due() -> None:
    bought = [Dated(TODAY, Decimal("10.00"), False)]
    assert next_due([TRAITS[0], TRAITS[3]], bought, TODAY) is None


def test_a_cancellation_lowers_the_sum_and_is_no_order() -> None:
    bought = [
        Dated(TODAY, Decimal("100.00"), False),
        Dated(TODAY, Decimal("-40.00"), True),
        Dated(TODAY - timedelta(days=3), Decimal("20.00"), False),
    ]
    values = compute(TRAITS, bought, TODAY)
    assert values["spend_7"] == Decimal("80.00")
    assert values["orders_7"] == 2
    assert values["average_30"] == Decimal("40.00")


def test_no_purchase_is_nought_and_not_unknown_where_one_can_count() -> None:
    nought = Decimal("0.00")
    assert compute(TRAITS, [], TODAY) == {"orders_7": 0, "spend_7": nought, "spend": nought}


def test_a_purchase_s_day_is_that_of_the_clock_on_the_wall() -> None:
    late = Purchase("till", "1", datetime(2026, 2, 28, 23, 30, tzinfo=UTC), Decimal(1), False)
    assert [one.day for one in dated([late], ZoneInfo("Europe/Stockholm"))] == [date(2026, 3, 1)]
    assert [one.day for one in dated([late], ZoneInfo("UTC"))] == [date(2026, 2, 28)]
