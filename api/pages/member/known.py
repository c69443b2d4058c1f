"""`/my/data` and `/my/purchases`: what is kept about somebody, where it came from, what it is for.

What hangs on more than the address signed in by is shown after a second proof (`dsar.own_sight`).
Correcting is on a page of its own for each field (`correcting`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from api.http.bodies import whole
from api.pages.answers import View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.people.people import Kind
from consent.programme.declarations import TraitDeclaration
from dsar import own, own_sight
from dsar.own_sight import Sight
from dsar.packages import kept
from dsar.packages.marking import mark
from dsar.packages.processing import title
from profiles.catalogue import Field
from profiles.members import NUMBER
from profiles.opened import Opened
from profiles.purchases import Purchase
from profiles.values import encode_value

pages = Pages(Kind.MEMBER)
PATH = "/my/data"
SHOWN = 25  # purchases on a page

#: What tells who somebody is, or where to reach them.
_WHO = frozenset(
    {
        "pd:AccountIdentifier",
        "pd:BirthDate",
        "pd:City",
        "pd:Contact",
        "pd:Country",
        "pd:EmailAddress",
        "pd:EmailAddressPersonal",
        "pd:EmailAddressWork",
        "pd:Gender",
        "pd:HouseNumber",
        "pd:Identifier",
        "pd:Identifying",
        "pd:Language",
        "pd:Locality",
        "pd:Name",
        "pd:OfficialID",
        "pd:PhysicalAddress",
        "pd:PostalCode",
        "pd:Region",
        "pd:Residency",
        "pd:TelephoneNumber",
        "pd:Username",
    }
)


@dataclass(frozen=True)
class ShownValue:
    """One value. `how`: how it was worked out, empty for what was not; `since`: none for that.

    `theirs`: the member sets it right here. `former`: a field that the programme has no more.
    `code`: its name in the programme, where others on the page are called the same; else empty.
    """

    name: str
    label: str
    value: str
    source: str
    since: datetime | None
    how: str
    purposes: Sequence[str]
    theirs: bool
    special: bool
    former: bool
    code: str = ""


@dataclass(frozen=True)
class Missing:
    """A field that nothing is kept in, and that the member could fill."""

    name: str
    label: str


@dataclass(frozen=True)
class Data(View):
    """`later`: what is shown after a second proof, by its label."""

    template: ClassVar[str] = "member/data.html"
    title: ClassVar[str] = mark("What you know about me")

    who: Sequence[ShownValue]
    rest: Sequence[ShownValue]
    traits: Sequence[ShownValue]
    later: Sequence[str]
    missing: Sequence[Missing]


@dataclass(frozen=True)
class Item:
    quantity: str
    text: str
    price: str


@dataclass(frozen=True)
class ShownPurchase:
    at: datetime
    reference: str
    source: str
    amount: str
    cancelled: bool
    items: Sequence[Item]


@dataclass(frozen=True)
class Purchases(View):
    """`number`: of the page, of `pages`; `count`: how many purchases there are in all."""

    template: ClassVar[str] = "member/purchases.html"
    title: ClassVar[str] = mark("My purchases")

    count: int
    number: int
    pages: int
    shown: Sequence[ShownPurchase]


@pages("GET", PATH)
async def see(asked: Asked) -> Data:
    """Every value that is open to the member, and what is known of it."""
    seen = own_sight.sight(asked.unit, asked.active, asked.member, proved=asked.proved_lately)
    found = await own_sight.values(asked.unit, asked.act, asked.member, seen)
    theirs = own.correctable(asked.unit, asked.active, asked.member)
    fields = {**asked.unit.schema.catalogue.fields, **seen.former}
    in_order = sorted(fields, key=lambda name: name != NUMBER)  # else as the programme has them
    values = [
        _value(asked, seen, fields[name], found[name], theirs=name in theirs)
        for name in in_order
        if name in found
    ]
    traits = [
        _trait(asked, seen, trait, found[name])
        for name, trait in asked.active.programme.traits.items()
        if name in found
    ]
    times = Counter(one.label for one in (*values, *traits))
    values, traits = _told_apart(values, times), _told_apart(traits, times)
    closed = own_sight.held_back(asked.unit, seen)
    return Data(
        who=[one for one in values if fields[one.name].category in _WHO],
        rest=[one for one in values if fields[one.name].category not in _WHO],
        traits=traits,
        later=list(dict.fromkeys(_label(asked, seen, name) for name in closed)),
        missing=[
            Missing(name, _label(asked, seen, name))
            for name in fields
            if name in theirs and name not in found and name not in asked.member.sealed
        ],
    )


@pages("GET", "/my/purchases", query=("page",), proved=True)
async def purchases(asked: Asked) -> Purchases:
    """Every purchase, the newest first, some on each page."""
    number = whole(asked.query.get("page", "1"), most=1_000_000, place="page")
    seen = own_sight.sight(asked.unit, asked.active, asked.member, proved=asked.proved_lately)
    found = await own_sight.purchases(asked.unit, asked.act, asked.member, seen)
    found.reverse()
    start = (number - 1) * SHOWN
    return Purchases(
        count=len(found),
        number=number,
        pages=-(-len(found) // SHOWN),
        shown=[_purchase(asked, seen, one) for one in found[start : start + SHOWN]],
    )


def _told_apart(those: Iterable[ShownValue], times: Mapping[str, int]) -> list[ShownValue]:
    """With their codes, where several are called the same. `times`: how many, by label."""
    return [replace(one, code=one.name) if times[one.label] > 1 else one for one in those]


def _value(asked: Asked, seen: Sight, declared: Field, one: Opened, *, theirs: bool) -> ShownValue:
    wording = asked.speaking.wording
    return ShownValue(
        name=declared.name,
        label=_label(asked, seen, declared.name),
        value=wording.value(
            encode_value(one.value),
            kind=declared.type,
            category=declared.category,
            words=kept.read_as(seen, wording, declared.name),
        ),
        source=kept.source(seen, wording, one.source)["words"],
        since=one.at,
        how="",
        purposes=_purposes(asked, seen, declared.name),
        theirs=theirs,
        special=declared.special,
        former=declared.name in seen.former,
    )


def _trait(asked: Asked, seen: Sight, trait: TraitDeclaration, one: Opened) -> ShownValue:
    wording = asked.speaking.wording
    type_ = asked.unit.schema.catalogue.traits[trait.name].type
    return ShownValue(
        name=trait.name,
        label=_label(asked, seen, trait.name),
        value=wording.value(encode_value(one.value), kind=type_, category=trait.category),
        source=kept.source(seen, wording, "computed")["words"],
        since=None,
        how=kept.how(trait, wording),
        purposes=_purposes(asked, seen, trait.name),
        theirs=False,
        special=False,
        former=False,
    )


def _purchase(asked: Asked, seen: Sight, one: Purchase) -> ShownPurchase:
    wording = asked.speaking.wording
    return ShownPurchase(
        at=one.at,
        reference=one.reference,
        source=kept.source(seen, wording, one.source)["words"],
        amount=wording.money(one.amount),
        cancelled=one.cancelled,
        items=[
            Item(wording.number(item.quantity), item.description, wording.money(item.price))
            for item in one.items
        ],
    )


def _label(asked: Asked, seen: Sight, name: str) -> str:
    return kept.label(seen, asked.speaking.wording, name)


def _purposes(asked: Asked, seen: Sight, name: str) -> list[str]:
    found = (title(seen, asked.speaking.wording, one) for one in kept.purposes_of(seen, name))
    return list(dict.fromkeys(found))
