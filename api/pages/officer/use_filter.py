"""What of the record is looked for, as an address has it: read, checked, and written again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

from api.pages.asked import Asked
from api.pages.officer.inbox import Option
from api.pages.officer.use_rows import WITH_PAGES
from api.pages.officer.use_words import ACTOR_TYPES, FAMILIES, KINDS, KINDS_OF, Family
from api.people import officers
from audit.entries import ActorType, Kind
from audit.looking import Wanted, days
from audit.tallies import actors
from dsar.packages.marking import mark

QUERY = ("kind", "who", "purpose", "first", "last")
#: Stands for entries of no purpose, in an address.
NO_PURPOSE = "none"
_ANY_KIND, _ANYBODY, _ANY_PURPOSE = mark("Anything"), mark("By anybody"), mark("Any purpose")
_NO_PURPOSE = mark("No purpose")
ONE_OF = mark("%(type)s: %(name)s")
_NO_DAY = mark("There is no such day. Write it as year, month and day, such as 2026-01-31.")
_BACKWARDS = mark("The first day is after the last.")
_NOT_LISTED = mark("Something in the address is not in the lists. Pick from the lists.")


@dataclass(frozen=True)
class Group:
    """Options under one heading."""

    text: str
    options: Sequence[Option]


@dataclass(frozen=True)
class Filter:
    """`wrong`: why it is none, in words. `sent`: what stands in the address, as it was sent.

    `groups`, `people`, `purposes`: what there is to pick from.
    """

    wanted: Wanted
    wrong: str
    sent: Mapping[str, str]
    kinds: Sequence[Option]
    groups: Sequence[Group]
    people: Sequence[Option]
    purposes: Sequence[Option]
    first: str = ""
    last: str = ""
    picked: bool = field(default=False)

    def address(self, path: str, **more: object) -> str:
        """The same with more, as an address."""
        query = {**self.sent, **more}
        text = urlencode({name: value for name, value in query.items() if value not in ("", None)})
        return f"{path}?{text}" if text else path


async def read(asked: Asked) -> Filter:
    """What is asked for. Nothing raises: a mistake is told on the page, beside what was sent."""
    say = asked.speaking.say
    sent = {name: asked.query.get(name, "") for name in QUERY}
    people = {"": say(_ANYBODY)}
    people |= {one.value: say(text) for one, text in ACTOR_TYPES.items()}  # type: ignore[attr-defined]
    for type, id in await everybody(asked):
        if type == ActorType.SYSTEM:
            continue  # there is one, by its type alone
        people[f"{type}:{id}"] = say(ONE_OF, type=say(ACTOR_TYPES[type]), name=id)
    purposes = {"": say(_ANY_PURPOSE)} | {
        name: asked.speaking.titled(asked.active, name) for name in purposes_of(asked)
    }
    purposes[NO_PURPOSE] = say(_NO_PURPOSE)
    first, last = _day(sent["first"]), _day(sent["last"])
    wrong = ""
    if sent["who"] not in people or sent["purpose"] not in purposes or _kinds(sent["kind"]) is None:
        wrong = say(_NOT_LISTED)
    elif (sent["first"] and first is None) or (sent["last"] and last is None):
        wrong = say(_NO_DAY)
    elif first is not None and last is not None and first > last:
        wrong = say(_BACKWARDS)
    wanted = Wanted() if wrong else _wanted(asked, sent, first, last)
    return Filter(
        wanted,
        wrong,
        sent,
        [Option("", say(_ANY_KIND), not sent["kind"])],
        [_group(asked, one, sent["kind"]) for one in Family],
        [Option(value, text, value == sent["who"]) for value, text in people.items()],
        [Option(value, text, value == sent["purpose"]) for value, text in purposes.items()],
        sent["first"] if first else "",
        sent["last"] if last else "",
        any(sent.values()),
    )


async def everybody(asked: Asked) -> list[tuple[str, str]]:
    """Who is shown with what they did: services of the programme, officers with an account, and
    whoever is on record."""
    accounts = await officers.listed(asked.unit, asked.active, asked.keys)
    known = [
        *(("service", name) for name in asked.active.programme.services),
        *(("officer", one.name) for one in accounts),
        *await actors(asked.unit.session),
    ]
    return [one for one in dict.fromkeys(known) if one[0] in WITH_PAGES]


def purposes_of(asked: Asked) -> list[str]:
    """Those there are, and those that earlier versions of the programme had."""
    versions = (asked.active, *asked.active.earlier.values())
    return list(dict.fromkeys(name for one in versions for name in one.programme.purposes))


def _wanted(asked: Asked, sent: Mapping[str, str], first: date | None, last: date | None) -> Wanted:
    type, _, id = sent["who"].partition(":")
    purpose = sent["purpose"]
    return Wanted(
        kinds=_kinds(sent["kind"]) or (),
        actor_type=ActorType(type) if type else None,
        actor=id or None,
        purpose=None if not purpose else "" if purpose == NO_PURPOSE else purpose,
        **days(first, last, asked.speaking.zone),
    )


def _kinds(sent: str) -> tuple[Kind, ...] | None:
    """The kinds that a word stands for; None where it stands for none."""
    if sent in set(Family):
        return tuple(KINDS_OF[Family(sent)])
    if sent in set(Kind):
        return (Kind(sent),)
    return () if not sent else None


def _group(asked: Asked, family: Family, sent: str) -> Group:
    say = asked.speaking.say
    whole = say(mark("All of: %(family)s"), family=say(FAMILIES[family]))
    options = [Option(family.value, whole, sent == family)]
    options += [Option(one.value, say(KINDS[one]), sent == one.value) for one in KINDS_OF[family]]
    return Group(say(FAMILIES[family]), options)


def _day(sent: str) -> date | None:
    """A day as browsers write it (HTML, valid date string)."""
    try:
        day = date.fromisoformat(sent)
    except ValueError:
        return None
    return day if day.isoformat() == sent and 1970 < day.year < 9999 else None
