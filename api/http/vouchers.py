"""The bookkeeping ledger, for the service that keeps the books and for nobody else."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from api.http.bodies import whole
from api.http.doors import Asked, Doors
from api.http.errors import Misshapen
from audit.entries import ActorType
from consent.grants import authorise
from consent.programme import Action
from dsar import vouchers
from dsar.bookkeeping import books_of
from dsar.errors import NoBookkeeping

doors = Doors(ActorType.SERVICE)

_PAGE, _LARGEST = 100, 1_000


class ItemShown(msgspec.Struct):
    """One line of a purchase; numbers are exact, as text."""

    sku: str
    description: str
    quantity: str
    price: str


class VoucherShown(msgspec.Struct):
    """One purchase of somebody who was erased. `keep_until`: the last day it is kept.

    `fields`: of the member, those that the bookkeeping purpose names.
    """

    voucher: UUID
    keep_until: date
    at: datetime
    source: str
    reference: str
    amount: str
    cancelled: bool
    items: list[ItemShown]
    fields: dict[str, Any]


class Page(msgspec.Struct):
    """Vouchers of one year. `next`: what to give as `after` for more, null at the end."""

    vouchers: list[VoucherShown]
    next: UUID | None


@doors("GET", "/v1/vouchers", query=("year", "after", "limit"), problems=(403, 404))
async def vouchers_of_year(asked: Asked) -> Page:
    """Vouchers of one financial year, of members who were erased; needs `read` for bookkeeping."""
    year = whole(asked.query.get("year", ""), most=9999, place="year")
    limit = whole(asked.query.get("limit", str(_PAGE)), most=_LARGEST, place="limit")
    after = _after(asked.query.get("after"))
    books = books_of(asked.active.programme)
    if books is None:
        raise NoBookkeeping(
            "this programme keeps no vouchers",
            place="programme",
            remedy="it would have to name its purpose under [requests] bookkeeping",
        )
    grant = authorise(asked.active, asked.who.name, purpose=books.purpose.name, action=Action.READ)
    found = await vouchers.read(asked.unit, grant, books, year=year, after=after, limit=limit)
    return Page([_shown(one) for one in found], found[-1].id if len(found) == limit else None)


def _shown(kept: vouchers.Kept) -> VoucherShown:
    bought = kept.voucher.purchase
    return VoucherShown(
        voucher=kept.id,
        keep_until=kept.keep_until,
        at=bought.at,
        source=bought.source,
        reference=bought.reference,
        amount=str(bought.amount),
        cancelled=bought.cancelled,
        items=[
            ItemShown(one.sku, one.description, str(one.quantity), str(one.price))
            for one in bought.items
        ],
        fields=dict(kept.voucher.fields),
    )


def _after(given: str | None) -> UUID | None:
    if given is None:
        return None
    try:
        return UUID(given)
    except ValueError as error:
        raise Misshapen("this is no id", place="after", remedy="give the `next` before") from error
