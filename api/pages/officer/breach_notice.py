"""`/desk/breaches/{id}/notice`: a draft of what the authority is told, point by point, to print.

Every point of Art. 33(3), filled with what is known; what is missing is named. It is a draft: the
authority has a form of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from api.pages.answers import View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.breach import ONE
from api.pages.officer.breach_asking import MINUTE
from api.pages.officer.breach_words import NATURES, RISKS, SPARED
from api.pages.officer.breaches import ShownClock, clock, label, to
from api.people.people import Kind
from consent.affected.question import Affected, How
from consent.programme import Ability
from dsar.breaches import register, searches
from dsar.breaches.account import Account, Risk
from dsar.breaches.searches import Search
from dsar.packages.marking import mark

pages = Pages(Kind.OFFICER)

_MISSING: Mapping[str, str] = {
    "natures": mark("Nature: which kind of breach it is"),
    "when": mark("When it happened"),
    "affected": mark("Who was affected: nobody has asked the record yet, or it could not tell"),
    "consequences": mark("What it is likely to lead to (c)"),
    "measures": mark("What has been done, and will be (d)"),
    "risk": mark("The assessment of the risk"),
    "delay": mark("The reasons for the delay (Art. 33(1))"),
}


@dataclass(frozen=True)
class Numbers:
    """Of people and of records, as approximate as Art. 33(3)(a) allows. `most`: with those of whom
    nobody can tell, and those who have left since. `records`: values given out, counted by field.
    """

    people: int
    most: int
    children: int
    records: int
    only_answered: int


@dataclass(frozen=True)
class Basis:
    """The search that the numbers come from, and what it was asked. `most`: as in `Numbers`."""

    href: str
    asked_at: datetime
    since: datetime | None
    until: datetime | None
    actors: Sequence[str]
    account: bool
    purposes: Sequence[str]
    fields: Sequence[str]
    whole: bool
    most: int


@dataclass(frozen=True)
class Contact:
    name: str
    address: str


@dataclass(frozen=True)
class Notice(View):
    """`missing`: what the law asks for and nobody has written yet. `categories`: of data, in words,
    `special`: those of Arts. 9 and 10. `basis`: the search that the numbers come from, the newest;
    `more`: earlier ones that found more people. `dpo`: None where the programme names none.
    """

    template: ClassVar[str] = "officer/breach_notice.html"
    title: ClassVar[str] = mark("Notice to the supervisory authority: draft")

    back: str
    missing: Sequence[str]
    account: Account
    clock: ShownClock
    natures: Sequence[str]
    numbers: Numbers | None
    basis: Basis | None
    more: Sequence[Basis]
    categories: Sequence[str]
    special: Sequence[str]
    encrypted: bool
    risk: str
    spared: str
    controller: Contact
    dpo: Contact | None
    made_at: datetime


@pages("GET", ONE + "/notice", ability=Ability.RECORD)
async def see(asked: Asked) -> Notice:
    """What is known now."""
    breach = await register.get(asked.unit, asked.id("breach"))
    one, say = breach.account, asked.speaking.say
    assert one is not None
    answered = [each for each in await searches.of_breach(asked.unit, breach.id) if each.result]
    newest = answered[0] if answered else None
    found = newest.result if newest else None
    whole = newest.question if newest and newest.question and newest.question.whole else None
    shown = clock(asked, breach, one)
    programme = asked.active.programme
    dpo = programme.dpo
    return Notice(
        back=to(breach.id),
        missing=[say(_MISSING[what]) for what in _missing(one, found, late=shown.how == "late")],
        account=one,
        clock=shown,
        natures=[say(NATURES[each]) for each in one.natures],
        numbers=None if found is None else _numbers(found),
        basis=None if newest is None else _basis(asked, newest),
        more=[_basis(asked, one) for one in answered[1:] if _most(one) > _most(answered[0])],
        categories=_categories(asked, found, special=False),
        special=_categories(asked, found, special=True),
        encrypted=whole is not None and not whole.keys_too,
        risk=say(RISKS[one.risk]),
        spared="" if one.spared is None else say(SPARED[one.spared]),
        controller=Contact(programme.controller.name, programme.controller.contact),
        dpo=None if dpo is None else Contact(dpo.name, dpo.contact),
        made_at=asked.unit.now,
    )


def _missing(one: Account, found: Affected | None, *, late: bool) -> list[str]:
    checks = (
        ("natures", not one.natures),
        ("when", one.since is None),
        ("affected", found is None),
        ("risk", one.risk is Risk.OPEN),
        ("consequences", not one.consequences),
        ("measures", not one.measures),
        ("delay", late and not one.delay),
    )
    return [name for name, is_missing in checks if is_missing]


def _most(one: Search) -> int:
    return 0 if one.result is None else _numbers(one.result).most


def _basis(asked: Asked, one: Search) -> Basis:
    question = one.question
    return Basis(
        href=to(one.breach, "found", str(one.id)),
        asked_at=one.asked_at,
        since=question.since if question else None,
        until=question.until - MINUTE if question else None,
        actors=[each.partition("/")[2] for each in question.actors] if question else [],
        account=question is not None and question.account is not None,
        purposes=list(question.purposes) if question else [],
        fields=[label(asked, each) for each in question.fields] if question else [],
        whole=bool(question and question.whole),
        most=_most(one),
    )


def _numbers(found: Affected) -> Numbers:
    told = found.told
    return Numbers(
        people=len(found.those("certain")),
        most=len(told) + found.gone + found.untold,
        children=found.children,
        records=sum(line.members for line in found.lines if line.how is not How.ANSWER),
        only_answered=len(found.those("answered")),
    )


def _categories(asked: Asked, found: Affected | None, *, special: bool) -> list[str]:
    lines = found.lines if found else ()
    terms = {line.category for line in lines if line.category and line.special is special}
    return sorted({asked.speaking.category(one) for one in terms})
