"""Made-up members and purchases: Faker with a fixed seed, so that every telling is the same."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from faker import Faker

from api.imports.made_up import Inventor
from api.imports.mapping import MadeUp
from consent.choices import Action
from profiles.purchases import Item, Purchase
from profiles.unit import Unit

SEED = 20260301
MONTHS, MONTH = 12, timedelta(days=30)
INTERESTS = ("hiking", "skiing", "climbing", "paddling", "cycling", "camping")
COUNTIES = {
    "SE": ("Jämtland", "Norrbotten", "Dalarna", "Stockholm", "Västra Götaland", "Skåne"),
    "NO": ("Innlandet", "Nordland", "Oslo", "Troms", "Vestland", "Trøndelag"),
}
ARTICLES = (
    ("1001", "Tent for two", "2495.00"),
    ("1002", "Down sleeping bag", "1895.00"),
    ("1003", "Storm stove", "749.00"),
    ("1004", "Wool socks", "149.00"),
    ("1005", "Shell jacket", "3295.00"),
    ("1006", "Climbing rope 60 m", "1299.00"),
    ("1007", "Touring skis", "4495.00"),
    ("1008", "Dry bag 20 l", "249.00"),
    ("1009", "Freeze-dried stew", "89.00"),
    ("1010", "Map of the mountains", "129.00"),
)


@dataclass(frozen=True)
class Person:
    """One made-up member: when they joined, what they tell us, what they buy, what they say."""

    joined: date
    values: dict[str, Any]
    purchases: tuple[Purchase, ...]
    said: tuple[tuple[str, Action], ...]


def people(count: int, unit: Unit) -> Iterator[Person]:
    """`count` members who join in twelve parts, the last a month ago, and have bought since.

    The same ones every time.
    """
    dice = random.Random(SEED)  # noqa: S311 - made-up data wants repeatable chance
    wish = MadeUp(
        seed=SEED,
        locales=["sv_SE", "no_NO"],
        fields={"name": "name", "email": "email", "phone": "phone"},
    )
    inventor, faker = Inventor(wish), Faker("sv_SE")
    faker.seed_instance(SEED)
    for index in range(count):
        number = str(100_001 + index)
        invented = inventor.invent(number)
        country = "NO" if invented["phone"].startswith("+47") else "SE"
        joined = unit.today - MONTH * (MONTHS - index * MONTHS // count)
        bought = tuple(_purchases(dice, number, unit, since=joined))
        spent = sum(one.amount for one in bought)
        yield Person(
            joined=joined,
            values={
                "member_number": number,
                **invented,
                "birth_date": faker.date_of_birth(minimum_age=18, maximum_age=85).isoformat(),
                "tier": "gold" if spent > 12_000 else "silver" if spent > 5_000 else "bronze",
                "interests": dice.sample(INTERESTS, dice.randint(0, 3)),
                "county": dice.choice(COUNTIES[country]),
                "country": country,
            },
            purchases=bought,
            said=tuple(_said(dice, yes=0.5 + 0.2 * index / count)),
        )


def _purchases(dice: random.Random, number: str, unit: Unit, *, since: date) -> Iterator[Purchase]:
    for order in range(dice.choice((0, 1, 2, 3, 4, 6, 9))):
        day = unit.today - timedelta(days=dice.randint(1, (unit.today - since).days - 1))
        at = datetime.combine(day, time(dice.randint(9, 19), dice.randint(0, 59)))
        items = tuple(
            Item(sku, name, Decimal(dice.randint(1, 2)), Decimal(price))
            for sku, name, price in dice.sample(ARTICLES, dice.randint(1, 4))
        )
        yield Purchase(
            source="shop",
            reference=f"{number}-{order + 1}",
            at=at.replace(tzinfo=unit.schema.zone),
            amount=sum((item.quantity * item.price for item in items), Decimal(0)),
            cancelled=False,
            items=items,
        )


def _said(dice: random.Random, *, yes: float) -> Iterator[tuple[str, Action]]:
    """Most are asked; `yes`: how many of these say it to offers; fewer to letters; some object."""
    if dice.random() < 0.9:
        yield "personalised_offers", Action.GIVEN if dice.random() < yes else Action.REFUSED
    if dice.random() < 0.03:
        yield "personalised_offers", Action.OBJECTED
    if dice.random() < 0.7:
        yield "newsletter", Action.GIVEN if dice.random() < 0.5 else Action.REFUSED
    if dice.random() < 0.05:
        yield "assortment_insight", Action.OBJECTED
