"""Traits: what a member's purchases add up to on a given day. Pure functions.

A cancellation is no order: it lowers `sum` (and so `average`), is not counted, and is not
the latest purchase. The average is the sum over the count, both of the same window.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from profiles.catalogue import Trait, TraitKind
from profiles.purchases import Purchase
from profiles.values import Value

_CENT = Decimal("0.01")
_NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Dated:
    """As much of a purchase as traits need."""

    day: date
    amount: Decimal
    cancelled: bool


def dated(purchases: Iterable[Purchase], zone: ZoneInfo) -> list[Dated]:
    return [Dated(one.day(zone), one.amount, one.cancelled) for one in purchases]


def compute(traits: Iterable[Trait], purchases: list[Dated], today: date) -> dict[str, Value]:
    """Every stored trait that is known on `today`, by name."""
    values = {trait.name: _compute(trait, purchases, today) for trait in traits if trait.stored}
    return {name: value for name, value in values.items() if value is not None}


def next_due(traits: Iterable[Trait], purchases: list[Dated], today: date) -> date | None:
    """The first day after `today` on which a purchase leaves a window and so changes a trait."""
    windows = {trait.days for trait in traits if trait.days is not None}
    leaves = (
        one.day + timedelta(days=days)
        for one in purchases
        for days in windows
        if one.day + timedelta(days=days) > today
    )
    return min(leaves, default=None)


def _compute(trait: Trait, purchases: list[Dated], today: date) -> Value | None:
    if trait.days is not None:
        first = today - timedelta(days=trait.days - 1)
        purchases = [one for one in purchases if one.day >= first]
    orders = [one for one in purchases if not one.cancelled]
    if trait.kind is TraitKind.COUNT:
        return len(orders)
    if trait.kind is TraitKind.LATEST:
        return max((one.day for one in orders), default=None)
    total = sum((one.amount for one in purchases), _NOTHING)
    if trait.kind is TraitKind.SUM:
        return _rounded(total)
    return _rounded(total / len(orders)) if orders else None


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, rounding=ROUND_HALF_EVEN) + _NOTHING
