"""Who lives at the site: made-up members of every condition, officers, and what they asked for.

Nobody here is changed by a test; who changes things joins as somebody new.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from api.bootstrap import SYSTEM, Tillit, Work
from api.demo.people import Person
from api.demo.people import people as made_up
from api.people import officers
from api.people.keys import keys_of
from audit.acts import Act
from audit.entries import ActorType
from consent import guardians, ledger
from consent.choices import Action as Said
from consent.choices import By
from consent.choosing import channel, choose
from consent.contacts import record_contacts
from consent.grants import authorise
from consent.programme import Action
from consent.uses import uses
from profiles import events, members
from profiles.enrolment import enrol
from profiles.members import Member
from profiles.purchases import Item, Purchase
from tests.e2e.pages.the_breaches import WRITTEN, written_down
from tests.e2e.pages.the_requests import WISHES, asked

CROWD = 40
MAJA = {
    "member_number": "200001",
    "name": "Maja Fjällström",
    "email": "maja.fjallstrom@post.example",
    "phone": "+46701740605",
    "birth_date": "1984-05-17",
    "tier": "gold",
    "interests": ["hiking", "skiing", "climbing"],
    "county": "Jämtland",
    "country": "SE",
}
TOM = {"member_number": "200002", "email": "tom@post.example"}
NILS = {"member_number": "200003", "name": "Nils Fjällström", "tier": "bronze"}
OFFERS = "personalised_offers"


@dataclass(frozen=True)
class People:
    """By name. `maja`: has done everything there is; `tom`: nothing; `nils`: Maja's child, of ten.

    `requests`: by the name of what is particular about each; `breaches` too, each with a search.
    `values`: every text about anybody. `use`: the entry of the last use of Maja's data.
    """

    maja: UUID
    tom: UUID
    nils: UUID
    crowd: Sequence[UUID]
    officer: UUID
    desk: UUID
    newcomer: UUID
    requests: dict[str, UUID]
    breaches: dict[str, tuple[UUID, UUID]]
    values: frozenset[str]
    use: UUID


async def moved_in(tillit: Tillit) -> People:
    """Enrol them all, and have them live for a while."""
    async with tillit.unit() as work:
        invented = list(made_up(CROWD, work.unit))
        crowd = await _crowd(work, invented)
        maja, tom, nils = await _family(work)
        accounts = [await _account(tillit, work, *one) for one in _OFFICERS]
    async with tillit.unit() as work:
        await _say(work, await members.one(work.unit, maja, lock=True))
    await _use(tillit, [maja, *crowd[:5]])
    made = await asked(tillit, maja, nils, crowd)
    breaches = await written_down(tillit)
    values, use = frozenset(_texts(invented)), await _newest_use(tillit, maja)
    return People(maja, tom, nils, crowd, *accounts, made, breaches, values, use)


#: Accounts, by name and role.
_OFFICERS = (
    ("officer-1", "privacy_officer"),
    ("officer-2", "desk"),
    ("officer-3", "privacy_officer"),
)
#: What was bought: article, name, price, how many days ago.
_PURCHASES = tuple(
    (f"30{number:02}", name, price, 3 + number * 27)
    for number, (name, price) in enumerate(
        (
            ("Tent for three, with a porch that keeps four rucksacks dry", "3495.00"),
            ("Wool socks", "149.00"),
            ("Touring skis", "4495.00"),
            ("Climbing rope 60 m", "1299.00"),
            ("Map of the mountains", "129.00"),
            ("Storm stove", "749.00"),
            ("Shell jacket", "3295.00"),
            ("Dry bag 20 l", "249.00"),
            ("Freeze-dried stew", "89.00"),
            ("Down sleeping bag", "1895.00"),
            ("Sunglasses", "399.00"),
            ("Crampons", "1099.00"),
            ("Thermos flask", "299.00"),
        )
    )
)


async def _account(tillit: Tillit, work: Work, name: str, role: str) -> UUID:
    keys, address = keys_of(tillit), f"{name}@club.example"
    return await officers.add(
        work.unit, work.active, keys, SYSTEM, name=name, address=address, role=role
    )


async def _newest_use(tillit: Tillit, member: UUID) -> UUID:
    """The entry of the last use of a member's data."""
    async with tillit.unit() as work:
        person = await members.one(work.unit, member)
        said = (await ledger.opened_rows(work.unit, {person.id: person.key}))[person.id]
        return (await uses(work.unit, person, said, work.active))[0].entry


def _texts(crowd: Sequence[Person]) -> Iterator[str]:
    """Every text that anybody told us, or bought."""
    for values in (MAJA, TOM, NILS, *(one.values for one in crowd)):
        for value in values.values():
            yield from value if isinstance(value, list) else [str(value)]
    yield from (item.description for one in crowd for buy in one.purchases for item in buy.items)
    yield from (name for _, name, _, _ in _PURCHASES)
    yield from (
        *WISHES,
        *WRITTEN,
        *(name for name, _ in _OFFICERS),
        *(role for _, role in _OFFICERS),
    )


async def _crowd(work: Work, crowd: Sequence[Person]) -> list[UUID]:
    enrolled = await enrol(work.unit, SYSTEM, [one.values for one in crowd], source="sign-up")
    both = list(zip(enrolled, crowd, strict=True))
    await events.record(work.unit, SYSTEM, {member: one.purchases for member, one in both})
    said = {member: _answers(work, one) for member, one in both}
    await ledger.record(work.unit, SYSTEM, said, new=True)
    return [member.id for member in enrolled]


def _answers(work: Work, one: Person) -> list[object]:
    programme, now = work.active.programme, work.unit.now
    return [
        choose(
            work.unit, programme.purpose(name), said, at=now, by=By.MEMBER, language="sv"
        )
        for name, said in one.said
    ]  # fmt: skip


async def _family(work: Work) -> tuple[UUID, UUID, UUID]:
    unit = work.unit
    child = {**NILS, "birth_date": unit.today.replace(year=unit.today.year - 10, day=1).isoformat()}
    maja, tom, nils = await enrol(unit, SYSTEM, [MAJA, TOM, child], source="sign-up")
    await events.record(unit, SYSTEM, {maja: [_bought(unit.now, *one) for one in _PURCHASES]})
    await guardians.name(
        unit, SYSTEM, work.active,
        child=nils.id, guardian=maja.id, by=By.OFFICER, how="form", evidence="form 17",
    )  # fmt: skip
    return maja.id, tom.id, nils.id


def _bought(now: datetime, sku: str, name: str, price: str, days: int) -> Purchase:
    at = now.replace(hour=11, minute=5, second=0, microsecond=0) - timedelta(days=days)
    item = Item(sku, name, Decimal(1), Decimal(price))
    return Purchase(
        source="shop", reference=f"maja-{sku}", at=at, amount=Decimal(price), cancelled=False,
        items=(item,),
    )  # fmt: skip


async def _say(work: Work, maja: Member) -> None:
    """A yes, a yes that is yet to be confirmed, a no after a yes, and a channel turned off."""
    unit, purpose = work.unit, work.active.programme.purpose
    own = Act(ActorType.MEMBER, maja.key.subject().hex(), programme=work.active.version)

    def says(name: str, said: Said, *, days: int = 0) -> object:
        at = unit.now - timedelta(days=days)
        return choose(unit, purpose(name), said, at=at, by=By.MEMBER, language="sv")

    await ledger.record(
        unit,
        own,
        {
            maja: [
                says(OFFERS, Said.GIVEN),
                says("newsletter", Said.GIVEN),
                says("newsletter", Said.WITHDRAWN),
                says("newsletter", Said.GIVEN),
                channel(unit, purpose("newsletter"), "sms", on=False, by=By.MEMBER),
                says("assortment_insight", Said.OBJECTED),
            ]
        },
    )


async def _use(tillit: Tillit, used: Sequence[UUID]) -> None:
    """Services look, pick and write, so that there is something to see."""
    async with tillit.unit() as work:
        await tillit.gate.freshen(work.unit)
    for expression in ("tier = 'gold'", "'hiking' IN interests", "age BETWEEN 30 AND 60"):
        async with tillit.unit() as work:
            grant = authorise(work.active, "offers-engine", purpose=OFFERS, action=Action.SEGMENT)
            await tillit.gate.evaluate(work.unit, grant, expression)
    for service, purpose in (("offers-engine", OFFERS), ("till", "membership")) * 3:
        async with tillit.unit() as work:
            grant = authorise(work.active, service, purpose=purpose, action=Action.READ)
            await tillit.gate.read(work.unit, grant, used)
    async with tillit.unit() as work:
        grant = authorise(
            work.active, "newsletter", purpose="newsletter", action=Action.CONTACT,
            fields=["@email"],
        )  # fmt: skip
        await record_contacts(
            work.unit, grant, tillit.replica, channel="email", members=used
        )  # fmt: skip
    await tillit.integrate()
