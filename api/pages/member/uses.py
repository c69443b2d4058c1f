"""`/my/uses`: how one's data was used, in words, newest first, each use with its proof.

Addresses hold filters from closed lists and the ids of entries, and nothing about anybody. What
hangs on more than the address signed in by is told after a second proof (`dsar.own_sight`).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import ClassVar
from urllib.parse import urlencode
from uuid import UUID

from babel.dates import format_time

from api.http.errors import Misshapen
from api.pages.answers import File, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.member.checking import entry_of
from api.pages.member.questions import Part, in_words
from api.people.people import Kind
from audit.browsing import told
from audit.entries import ActorType
from audit.entries import Kind as EntryKind
from consent.choices import Choice
from consent.uses import Use
from dsar import own, own_sight
from dsar.own_sight import Sight
from dsar.packages import past
from dsar.packages.closing import LEFT_OUT
from dsar.packages.kept import label
from dsar.packages.marking import mark
from dsar.packages.meanings import CHANNELS, MAY
from dsar.packages.processing import title

pages = Pages(Kind.MEMBER)
PATH = "/my/uses"
SHOWN = 25  # uses on a page
#: Stands for what has no purpose, in an address.
NO_PURPOSE = "none"
#: Stands for everybody, the member too, whose own looks are left out if nobody is picked: there
#: are many, and others' uses would be lost among them.
ANYBODY, YOURSELF = "anybody", "member"
_SERVICE = "service:"
_PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Option:
    """One of a list to choose from."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True)
class Row:
    """One line of the summary: what, how often, and where those alone are shown."""

    text: str
    count: int
    to: str


@dataclass(frozen=True)
class ShownUse:
    """One use, in the page's language. `number`: in the record, empty in the second before it has
    one. `question` and `written`: what was asked about many, in words and as it was asked.
    `later`: both are told after a second proof. `may`: what a check was about.
    """

    entry: UUID
    at: datetime
    time: str
    what: str
    by: str
    purpose: str
    outcome: str
    data: Sequence[str]
    may: str
    question: Part | None
    written: str
    later: bool
    number: str


@dataclass(frozen=True)
class ShownDay:
    day: date
    uses: Sequence[ShownUse]


@dataclass(frozen=True)
class Uses(View):
    """`by_purpose` and `by_actor` count the newest uses whatever is picked, on the first page.
    `others`: what the member did is left out."""

    template: ClassVar[str] = "member/uses.html"
    title: ClassVar[str] = mark("How my data was used")

    days: Sequence[ShownDay]
    purposes: Sequence[Option]
    actors: Sequence[Option]
    picked: bool
    others: bool
    first: bool
    older: str
    counted: int
    since: date | None
    by_purpose: Sequence[Row]
    by_actor: Sequence[Row]
    later: bool


@pages("GET", PATH, query=("purpose", "by", "before"))
async def see(asked: Asked) -> Uses:
    """The newest uses, or those before one, by purpose and by who it was."""
    purposes, actors = _purposes(asked), _actors(asked)
    purpose = _one_of(asked, "purpose", purposes)
    by = _one_of(asked, "by", actors)
    before = _entry(asked.query.get("before"))
    seen = own_sight.sight(asked.unit, asked.active, asked.member, proved=asked.proved_lately)
    looked = await own_sight.used(
        asked.unit,
        asked.act,
        asked.member,
        seen,
        pick=lambda one, said: _is_of(one, purpose) and _is_by(one, said, by),
        count=SHOWN,
        before=before,
    )
    shown = [_shown(asked, seen, one, looked.said.get(one.entry)) for one in looked.uses]
    return Uses(
        days=_by_day(asked, shown),
        purposes=[Option(value, text, value == purpose) for value, text in purposes.items()],
        actors=[Option(value, text, value == by) for value, text in actors.items()],
        picked=bool(purpose or by),
        others=not by,
        first=before is None,
        older=_address(purpose, by, looked.older) if looked.older else "",
        counted=len(looked.newest),
        since=_day(asked, looked.newest[-1].at) if looked.newest else None,
        by_purpose=_counted(
            looked.newest,
            lambda one: one.purpose or NO_PURPOSE,
            purposes,
            lambda name: _address(name, ANYBODY, None),
        ),
        by_actor=_counted(
            looked.newest,
            lambda one: _actor(one, looked.said.get(one.entry)),
            actors,
            lambda name: _address("", name, None),
        ),
        later=bool(seen.closed),
    )


@pages("GET", PATH + "/{entry:uuid}/proof")
async def proof(asked: Asked) -> File:
    """The proof that a use is on record (c2sp.org/tlog-proof@v1)."""
    await entry_of(asked)
    text = await own.proof(asked.unit, asked.member, asked.id("entry"))
    return File(text.encode(), _PLAIN, "proof.txt")


@pages("GET", PATH + "/{entry:uuid}/entry")
async def entry(asked: Asked) -> File:
    """The exact bytes of a use's entry: what its proof proves."""
    return File(await entry_of(asked), "application/json", "entry.json")


ALL_PURPOSES, ANYBODY_AT_ALL = mark("All purposes"), mark("Anybody")
WITHOUT_PURPOSE = mark("No purpose: what you did yourself, and our own upkeep")
YOU, OTHERS = mark("You"), mark("Everybody but you")
STAFF, SYSTEM = mark("Our staff"), mark("The system, by itself")
GUARDIAN, AGENT = mark("Your guardian"), mark("Somebody who asked for you")
SERVICE = mark("Our service “%(name)s”")


def _purposes(asked: Asked) -> dict[str, str]:
    """The purposes there are and were, by what stands in an address."""
    said: dict[str, str] = {"": asked.speaking.say(ALL_PURPOSES)}
    for active in (asked.active, *asked.active.earlier.values()):
        for name, one in active.programme.purposes.items():
            said.setdefault(name, asked.speaking.purpose(one))
    return said | {NO_PURPOSE: asked.speaking.say(WITHOUT_PURPOSE)}


def _actors(asked: Asked) -> dict[str, str]:
    """Who there is to use data, by what stands in an address."""
    say = asked.speaking.say
    services = {
        name: say(SERVICE, name=name)
        for active in (asked.active, *asked.active.earlier.values())
        for name in active.programme.services
    }
    return {
        "": say(OTHERS),
        ANYBODY: say(ANYBODY_AT_ALL),
        YOURSELF: say(YOU),
        "guardian": say(GUARDIAN),
        "officer": say(STAFF),
        "system": say(SYSTEM),
        "agent": say(AGENT),
        **{_SERVICE + name: text for name, text in services.items()},
    }


def _one_of(asked: Asked, parameter: str, known: Mapping[str, str]) -> str:
    """What was picked from a list. Raises `Misshapen` for what is not in it."""
    sent = asked.query.get(parameter, "")
    if sent not in known:
        raise Misshapen("this is not in the list", place=parameter, remedy="pick from the list")
    return sent


def _entry(sent: str | None) -> UUID | None:
    """Raises `Misshapen` for what is no entry's id."""
    if sent is None:
        return None
    try:
        return UUID(sent)
    except ValueError:
        raise Misshapen("this is no entry's id", place="before") from None


def _is_of(one: Use, purpose: str) -> bool:
    return not purpose or (one.purpose or NO_PURPOSE) == purpose


def _is_by(one: Use, said: Choice | None, by: str) -> bool:
    who = _actor(one, said)
    return by in (who, ANYBODY) or (not by and who != YOURSELF)


def _actor(one: Use, said: Choice | None) -> str:
    """Who it was, as an address has it; a guardian acts under the child's pseudonym."""
    if one.actor_type == ActorType.SERVICE:
        return _SERVICE + one.actor
    return "guardian" if past.by_guardian(one, said) else one.actor_type


def _address(purpose: str, by: str, before: UUID | None) -> str:
    query = {"purpose": purpose, "by": by, "before": str(before or "")}
    picked = urlencode({name: value for name, value in query.items() if value})
    return f"{PATH}?{picked}" if picked else PATH


def _counted(
    found: Sequence[Use],
    key: Callable[[Use], str],
    words: Mapping[str, str],
    to: Callable[[str], str],
) -> list[Row]:
    """How often each comes, the most often first."""
    counts = Counter(map(key, found)).most_common()
    return [
        Row(words.get(one, one), count, to(one) if one in words else "") for one, count in counts
    ]


def _by_day(asked: Asked, shown: Sequence[ShownUse]) -> list[ShownDay]:
    return [
        ShownDay(day, list(uses)) for day, uses in groupby(shown, lambda one: _day(asked, one.at))
    ]


def _day(asked: Asked, at: datetime) -> date:
    return at.astimezone(asked.speaking.zone).date()


def _shown(asked: Asked, seen: Sight, one: Use, said: Choice | None) -> ShownUse:
    speak = asked.speaking
    later = one.outcome == LEFT_OUT
    question = None
    if one.question is not None and one.kind in _EXPRESSIONS:
        asked_under = asked.active.at(told(one.body).programme)
        day = _day(asked, one.at)
        question = in_words(one.question, asked_under, day, named=seen, speaking=speak)
    names = [*one.fields, *(question.names if question else ())]
    there = one.at.astimezone(speak.zone)
    return ShownUse(
        entry=one.entry,
        at=one.at,
        time=format_time(there, "short", locale=speak.language.locale),
        what=past.what(speak.wording, one)["words"],
        by=past.who(speak.wording, one, said)["words"] or "",
        purpose=title(seen, speak.wording, one.purpose) if one.purpose else "",
        outcome="" if later else _outcome(asked, one, said),
        data=[] if later else _data(asked, seen, one, names),
        may="" if later else _may(asked, one),
        question=question.whole if question else None,
        written=one.question or "",
        later=later,
        number=speak.number(one.leaf) if one.leaf is not None else "",
    )


def _outcome(asked: Asked, one: Use, said: Choice | None) -> str:
    """What came of it; nothing where that it was done says it all."""
    found = past.came_to(asked.speaking.wording, one, said)
    return "" if found["code"] == "done" else found["words"]


#: Uses whose question is an expression.
_EXPRESSIONS = frozenset({EntryKind.SEGMENT_EVALUATED, EntryKind.SEGMENT_PREVIEWED})
_DECISIONS = frozenset({EntryKind.DECISION_MADE, EntryKind.DECISIONS_MADE})


def _data(asked: Asked, seen: Sight, one: Use, names: Sequence[str]) -> list[str]:
    """The kinds of data that a use was of, each once."""
    facts = told(one.body).facts
    if one.kind in _DECISIONS and not names:
        names = [str(name) for name in facts.get("fields", ())]
    found = [label(seen, asked.speaking.wording, name) for name in names]
    if facts.get("purchases") and not seen.closed.purchases:
        found.append(asked.speaking.category("pd:Purchase"))
    return list(dict.fromkeys(found))


def _may(asked: Asked, one: Use) -> str:
    """What a service asked whether it may."""
    if one.kind not in _DECISIONS:
        return ""
    facts = told(one.body).facts
    parts = [asked.speaking.coded(str(facts.get("action", "")), MAY)]
    if "channel" in facts:
        parts.append(asked.speaking.coded(str(facts["channel"]), CHANNELS))
    return ", ".join(parts)
