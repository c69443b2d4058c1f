"""Entries of the record as officers' pages show them: in words, and members by number alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from api.pages.asked import Asked
from api.pages.officer.use_words import ACTOR_TYPES, DOUBTS, KINDS
from api.pages.officer.words import RIGHTS
from audit.browsing import Told
from audit.entries import ActorType, Kind
from audit.looking import Seen, Standing
from consent.footprints import EVERYBODY
from dsar.packages.marking import mark

PATH = "/desk/use"
#: Who is shown with what they did. Members are not told apart.
WITH_PAGES = (ActorType.SERVICE, ActorType.OFFICER, ActorType.AGENT, ActorType.SYSTEM)
#: Facts that are told, in this order: numbers, and names of the programme's. Ids are not.
FACTS: Mapping[str, str] = {
    "eligible": mark("might be used: %(value)s"),
    "matched": mark("matched: %(value)s"),
    "asked": mark("asked about: %(value)s"),
    "allowed": mark("allowed: %(value)s"),
    "purchases": mark("purchases: %(value)s"),
    "fields": mark("data: %(value)s"),
    "right": mark("right: %(value)s"),
    "version": mark("version: %(value)s"),
    "epoch": mark("key epoch: %(value)s"),
    "of": mark("of: %(value)s"),
    "about": mark("purpose: %(value)s"),
    "entries": mark("entries: %(value)s"),
}


@dataclass(frozen=True)
class Line:
    """One entry. `number`: in the record, empty without one; `who_to`: the page of who it was;
    `members`: how many it is about, empty if none; `doubt`: why it is not to be believed, or not
    yet; `bad`: whether somebody has meddled. `entry`: None where its evidence cannot be had.
    """

    number: str
    at: datetime | None
    who: str
    who_to: str
    what: str
    purpose: str
    members: str
    facts: Sequence[str]
    doubt: str
    bad: bool
    entry: UUID | None


def line(asked: Asked, seen: Seen) -> Line:
    speak, said = asked.speaking, seen.said
    doubt = DOUBTS.get(seen.standing)
    proved = seen.standing is Standing.PROVED
    return Line(
        number="" if seen.number is None else speak.number(seen.number),
        at=None if said is None else said.at,
        who="" if said is None else who(asked, said.actor.type, said.actor.id),
        who_to="" if said is None else address_of(said.actor.type, said.actor.id),
        what="" if said is None else _word(asked, KINDS, said.kind),
        purpose=titled(asked, None if said is None else said.purpose),
        members="" if said is None else _members(asked, said),
        facts=[] if said is None else _facts(asked, said),
        doubt="" if doubt is None else speak.say(doubt),
        bad=seen.standing in (Standing.FOREIGN, Standing.MISSING),
        entry=seen.id if proved else None,
    )


def of_waiting(asked: Asked, waiting: Sequence[Seen], most: int) -> list[Line]:
    """Of those without a number so many at most; what somebody has meddled with before others."""
    lines = [line(asked, one) for one in waiting]
    return sorted(lines, key=lambda one: not one.bad)[:most]


def titled(asked: Asked, purpose: str | None) -> str:
    """A purpose in words with its code; empty for none."""
    return asked.speaking.titled(asked.active, purpose) if purpose else ""


def who(asked: Asked, actor_type: str, actor: str) -> str:
    """A name of the programme's, or a word; of a member only that it was one."""
    if actor_type in (ActorType.MEMBER, ActorType.SYSTEM):
        return asked.speaking.say(ACTOR_TYPES[actor_type])
    return actor


def address_of(actor_type: str, actor: str) -> str:
    """The page about what they did; empty for members."""
    if actor_type not in WITH_PAGES:
        return ""
    return f"{PATH}/actors/{actor_type}/{quote(actor)}"


def _word(asked: Asked, table: Mapping[str, str], code: str) -> str:
    return asked.speaking.say(table[code]) if code in table else code


def _members(asked: Asked, said: Told) -> str:
    """How many members it is about: found, allowed or named; or everybody there was."""
    number = asked.speaking.number
    if said.subject is None:
        return ""
    if said.subject != EVERYBODY.hex():
        return number(1)
    for name in _COUNTS.get(said.kind, ()):
        if isinstance(count := said.facts.get(name), int):
            return number(count)
    return asked.speaking.say(ALL)


ALL = mark("all")
#: Which fact tells how many members an entry about everybody names.
_COUNTS: Mapping[str, Sequence[str]] = {
    Kind.SEGMENT_EVALUATED: ("matched",),
    Kind.SEGMENT_PREVIEWED: ("matched",),
    Kind.DECISIONS_MADE: ("asked",),
    Kind.CONTACTS_RECORDED: ("contacted", "members"),
}


def _facts(asked: Asked, said: Told) -> list[str]:
    found = []
    for name, text in FACTS.items():
        value = said.facts.get(name)
        if value is None or value in ("", []):
            continue
        found.append(asked.speaking.say(text, value=_told(asked, name, value)))
    return found


def _told(asked: Asked, name: str, value: object) -> str:
    if isinstance(value, int):
        return asked.speaking.number(value)
    if isinstance(value, list):
        return asked.speaking.listed([str(one) for one in value])
    return _word(asked, RIGHTS, str(value)) if name == "right" else str(value)
