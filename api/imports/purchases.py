"""Purchases as neutral values, made member by member from the lines of a checked file.

Lines with the same member and the same reference are one purchase with items.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

from api.imports.columns import Codes, Column
from api.imports.fields import Fields, Members
from api.imports.grouping import Grouping
from api.imports.values import EXACT, plain

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a purchase. `price` is of one piece; both numbers may be negative."""

    sku: str
    description: str
    quantity: int | Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Purchase:
    """What one member bought, or gave back, at one time.

    `reference` tells it from the member's other purchases, in this file and in others; two
    members may have the same. `at` is UTC, the earliest of the lines. `amount` is the exact sum
    over `lines` lines, negative where the file's is.
    """

    reference: str
    at: datetime
    amount: Decimal
    cancelled: bool
    items: tuple[Item, ...]
    lines: int


@dataclass(frozen=True, slots=True)
class MemberPurchases:
    """One member of the file; `line` is the first line that holds them."""

    number: str
    line: int
    fields: Fields
    purchases: tuple[Purchase, ...]

    @property
    def lines(self) -> int:
        return sum(purchase.lines for purchase in self.purchases)


@dataclass(frozen=True)
class PurchaseLines:
    """What purchases are made of: columns over the file's lines, checked."""

    at: Codes
    """Microseconds since 1970, UTC."""
    reference: Column[str]
    """With the mapping's source before it."""
    cancelled: Codes
    """0 or 1; all 0 when the amount tells."""
    marked: str
    """Follows a cancellation's reference when the reference itself does not tell it is one."""
    negative_cancels: bool
    money: Column[Decimal]
    """The price of one piece, or the amount of the line."""
    quantity: Column[int | Decimal] | None
    sku: Column[str] | None
    description: Column[str] | None
    itemised: bool


@dataclass(frozen=True)
class PurchasesByMember:
    """Makes each member's purchases when it comes to them. Twice over gives the same twice.

    Members come sorted by number, their purchases by time and reference, items as in the file.
    """

    members: Members
    _grouping: Grouping
    _lines: PurchaseLines

    def __len__(self) -> int:
        return len(self.members.numbers)

    def __iter__(self) -> Iterator[MemberPurchases]:
        starts = self._grouping.member_starts.tolist()
        for member, number in enumerate(self.members.numbers):
            yield MemberPurchases(
                number,
                self.members.line(member),
                self.members.fields_of(member),
                tuple(self._purchases(starts[member], starts[member + 1])),
            )

    def _purchases(self, first: int, end: int) -> Iterator[Purchase]:
        bounds = self._grouping.purchase_starts[first : end + 1].tolist()
        for start, stop in pairwise(bounds):
            yield self._purchase(self._grouping.order[start:stop])

    def _purchase(self, lines: Codes) -> Purchase:
        of = self._lines
        items = self._items(lines)
        amount = Decimal(0)
        for item in items:
            amount = EXACT.fma(item.quantity, item.price, amount)
        head = int(lines[0])
        told = bool(of.cancelled[head])
        return Purchase(
            reference=of.reference.values[of.reference.codes[head]] + (of.marked if told else ""),
            at=EPOCH + int(of.at[lines].min()) * _MICROSECOND,
            amount=plain(amount),
            cancelled=told or (of.negative_cancels and amount < 0),
            items=tuple(items) if of.itemised else (),
            lines=len(lines),
        )

    def _items(self, lines: Codes) -> list[Item]:
        of = self._lines
        money = of.money.values
        return [
            Item(sku, description, quantity, money[price])
            for sku, description, quantity, price in zip(
                _picked(of.sku, lines, ""),
                _picked(of.description, lines, ""),
                _picked(of.quantity, lines, 1),
                of.money.codes[lines].tolist(),
                strict=True,
            )
        ]


def _picked(column: Column[V] | None, lines: Codes, otherwise: V) -> list[V]:
    if column is None:
        return [otherwise] * len(lines)
    values = column.values
    return [otherwise if code < 0 else values[code] for code in column.codes[lines].tolist()]
