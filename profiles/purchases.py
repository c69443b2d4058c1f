"""A purchase as the store keeps it: what it is, and how it is written down and sealed."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec


# `gc=False`: nothing in a purchase can lead back to it, and a long history need not be walked.
class Item(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line of a purchase. Quantities and prices are exact decimals."""

    sku: str
    description: str
    quantity: Decimal
    price: Decimal


class Purchase(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One purchase, or its cancellation.

    `at` is aware; `amount` is in the programme's currency and negative for a cancellation.
    `source` and `reference` together name it: the same purchase is kept once.
    """

    source: str
    reference: str
    at: datetime
    amount: Decimal
    cancelled: bool
    items: tuple[Item, ...] = ()

    def __repr__(self) -> str:
        return "Purchase(***)"

    def day(self, zone: ZoneInfo) -> date:
        """The calendar day of the purchase where the programme runs."""
        return self.at.astimezone(zone).date()


def pack(purchase: Purchase) -> bytes:
    return msgspec.msgpack.encode(purchase)


unpack = msgspec.msgpack.Decoder(Purchase).decode
