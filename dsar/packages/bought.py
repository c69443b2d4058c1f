"""Purchases as packages tell them: exact decimals as texts, times as RFC 3339. Pure.

Not tracked by the cyclic collector (`gc=False`): nothing in them can lead back to them, and a
history may be long.
"""

import msgspec

from audit.entries import rfc3339
from profiles.purchases import Purchase


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line of a receipt."""

    sku: str
    description: str
    quantity: str
    price: str

    def __repr__(self) -> str:
        return "Line(***)"


class Bought(msgspec.Struct, frozen=True, gc=False):
    """A purchase in a member's copy. `source`: a code and its words."""

    reference: str
    source: dict[str, str]
    at: str
    amount: str
    currency: str
    cancelled: bool
    items: tuple[Line, ...]

    def __repr__(self) -> str:
        return "Bought(***)"


class Taken(msgspec.Struct, frozen=True, gc=False):
    """A purchase to take elsewhere: codes alone, for machines."""

    reference: str
    source: str
    at: str
    amount: str
    cancelled: bool
    items: tuple[Line, ...]

    def __repr__(self) -> str:
        return "Taken(***)"


def bought(one: Purchase, *, source: dict[str, str], currency: str) -> Bought:
    return Bought(
        one.reference,
        source,
        rfc3339(one.at),
        str(one.amount),
        currency,
        one.cancelled,
        lines(one),
    )


def taken(one: Purchase) -> Taken:
    return Taken(
        one.reference, one.source, rfc3339(one.at), str(one.amount), one.cancelled, lines(one)
    )


def lines(one: Purchase) -> tuple[Line, ...]:
    return tuple(
        [
            Line(item.sku, item.description, str(item.quantity), str(item.price))
            for item in one.items
        ]
    )
