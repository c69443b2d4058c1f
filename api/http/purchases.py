"""How services tell what members bought."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from api.http.bodies import Moment, Name, happened
from api.http.doors import Asked, Doors
from api.http.enrolments import Source
from audit.entries import ActorType
from consent.grants import authorise
from consent.programme import Action
from profiles import events, members
from profiles.catalogue import FieldType
from profiles.errors import BadValue, UnknownMember
from profiles.members import Member
from profiles.purchases import Item, Purchase
from profiles.values import check_value

doors = Doors(ActorType.SERVICE)

MOST = 1_000
_QUANTITY = Decimal(10) ** 9

Text = Annotated[str, msgspec.Meta(max_length=500)]
Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class BoughtItem(msgspec.Struct, forbid_unknown_fields=True):
    """One line of a purchase; quantity and price are exact decimals, best sent as texts."""

    sku: Text
    quantity: Decimal
    price: Decimal
    description: Text = ""


class Bought(msgspec.Struct, forbid_unknown_fields=True):
    """One purchase, or with `cancelled` the taking back of one, its amount zero or below.

    `reference` names it within its source: sent again, it is not counted again.
    """

    member: UUID
    reference: Reference
    at: Moment
    amount: Decimal
    cancelled: bool = False
    items: Annotated[list[BoughtItem], msgspec.Meta(max_length=500)] = []


class Bag(msgspec.Struct, forbid_unknown_fields=True):
    """Purchases, of one member or of many, kept all together or not at all."""

    purpose: Name
    purchases: Annotated[list[Bought], msgspec.Meta(min_length=1, max_length=MOST)]
    source: Source | None = None


class Recorded(msgspec.Struct):
    """How many were new, and how many were known already and left as they are."""

    new: int
    known: int


@doors("POST", "/v1/events", problems=(404,))
async def record(asked: Asked, bag: Bag) -> Recorded:
    """Keep purchases and bring their members' traits up to date.

    Needs `record`. Idempotent by source and reference: send again what you are not sure of.
    """
    grant = authorise(asked.active, asked.who.name, purpose=bag.purpose, action=Action.RECORD)
    source = bag.source or grant.service
    people = await members.load(asked.unit, {one.member for one in bag.purchases}, lock=True)
    bought: dict[Member, list[Purchase]] = defaultdict(list)
    for number, one in enumerate(bag.purchases):
        place = f"purchases[{number}]"
        if one.member not in people:
            raise UnknownMember("there is no such member", place=f"{place}.member")
        bought[people[one.member]].append(_purchase(one, source, now=asked.unit.now, place=place))
    kept = await events.record(asked.unit, grant.act, bought)
    return Recorded(kept.new, kept.known)


def _purchase(one: Bought, source: str, *, now: datetime, place: str) -> Purchase:
    amount = _money(one.amount, f"{place}.amount")
    if one.cancelled and amount > 0:
        raise BadValue(
            "a cancellation gives money back", place=f"{place}.amount", remedy="send it below zero"
        )
    return Purchase(
        source=source,
        reference=one.reference,
        at=happened(one.at, now=now, place=f"{place}.at"),
        amount=amount,
        cancelled=one.cancelled,
        items=tuple(
            _item(item, f"{place}.items[{number}]") for number, item in enumerate(one.items)
        ),
    )


def _item(item: BoughtItem, place: str) -> Item:
    if not item.quantity.is_finite() or abs(item.quantity) > _QUANTITY:
        raise BadValue("this is no quantity", place=f"{place}.quantity")
    return Item(item.sku, item.description, item.quantity, _money(item.price, f"{place}.price"))


def _money(amount: Decimal, place: str) -> Decimal:
    checked = check_value(FieldType.MONEY, amount, place=place)
    assert isinstance(checked, Decimal)
    return checked
