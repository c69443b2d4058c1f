"""`/desk/breaches/{id}/found/{search}`: how far a search is, what it found, and lists of whom.

A list of ids is on record; one with names and addresses is a use of each member's data, needs the
ability to handle members' requests, and a second proof of the last minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from api.http.errors import WrongCaller
from api.pages.answers import File, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.breach import ONE
from api.pages.officer.breach_asking import MINUTE
from api.pages.officer.breach_words import HOWS, SEARCHES, STAGES
from api.pages.officer.breaches import label, name, to
from api.people.people import Kind
from audit.errors import RecordTampered
from consent.affected.question import Affected, Line
from consent.programme import Ability
from dsar.breaches import people, register, searches
from dsar.packages.marking import mark
from profiles.errors import CannotOpen, UnknownMember

pages = Pages(Kind.OFFICER)
FOUND = ONE + "/found/{search:uuid}"
_CSV = "text/csv; charset=utf-8"
_ALTERED = mark(
    "The record is not what was signed, or cannot be read. Have whoever runs the system verify it; "
    "until then nobody can say who was affected, so take it that anybody may have been."
)
_INTERRUPTED = mark(
    "The search stopped halfway and is begun again by itself. If this stays so, have whoever runs "
    "the system look at the worker. Until then nobody can say who was affected."
)
_ERASED = mark(
    "The member whose account it was has been erased since, so their own acts cannot be found any "
    "more. Take them as affected, and ask by time or by service."
)
_ELSE = mark(
    "The search could not be finished (%(problem)s). That says nothing of the record: ask again. "
    "Until then nobody can say who was affected."
)


@dataclass(frozen=True)
class Who:
    """How many: of whom it is certain, of whom nobody can tell, who only got a yes or no."""

    certain: int
    maybe: int
    answered: int
    gone: int
    children: int
    ages_unknown: int
    entries: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True)
class Doubts:
    """What the answer could not be told by. All are numbers; 0 is none."""

    lost: int
    broken: int
    untold: int
    strangers: int
    wards: int
    vouchers: int


@dataclass(frozen=True)
class ShownLine:
    """`who`: ``named``, ``member`` or ``copy``; `actor`: the name of a service or officer."""

    who: str
    actor: str
    how: str
    field: str
    special: bool
    entries: int
    members: int


@dataclass(frozen=True)
class FoundPage(View):
    """`who`, `doubts` and `lines` once there is an answer. `percent`: of the `stage`, while it is
    looked for. `failed`: why there is none. `parts`: how many files with names there are; 0 where
    the officer's role does not include them.
    """

    template: ClassVar[str] = "officer/breach_found.html"
    title: ClassVar[str] = mark("Who was affected")

    back: str
    here: str
    name: str
    asked_at: datetime
    state: str
    stage: str
    percent: int
    failed: str
    since: datetime | None
    until: datetime | None
    actors: Sequence[str]
    account: bool
    purposes: Sequence[str]
    fields: Sequence[str]
    whole: bool
    keys_too: bool
    who: Who | None
    doubts: Doubts | None
    sure: bool
    lines: Sequence[ShownLine]
    parts: int
    part: int


class Part(msgspec.Struct, forbid_unknown_fields=True):
    part: int = 1


@pages("GET", FOUND, ability=Ability.RECORD)
async def see(asked: Asked) -> FoundPage:
    """How far it is, or what it found."""
    breach = await register.get(asked.unit, asked.id("breach"))
    assert breach.account is not None
    one = await searches.one(asked.unit, breach.id, asked.id("search"))
    say, found, question = asked.speaking.say, one.result, one.question
    return FoundPage(
        back=to(breach.id),
        here=to(breach.id, "found", str(one.id)),
        name=name(breach.account),
        asked_at=one.asked_at,
        state=say(SEARCHES[one.state]),
        stage=say(STAGES[one.stage]) if one.stage else "",
        percent=100 * one.done // one.total if one.total else 0,
        failed=_failed(asked, one),
        since=question.since if question else None,
        until=question.until - MINUTE if question else None,
        actors=[_actor(each) for each in question.actors] if question else [],
        account=question is not None and question.account is not None,
        purposes=list(question.purposes) if question else [],
        fields=[label(asked, each) for each in question.fields] if question else [],
        whole=bool(question and question.whole),
        keys_too=bool(question and question.keys_too),
        who=None if found is None else _who(found),
        doubts=None if found is None else _doubts(found),
        sure=found is not None and found.is_sure,
        lines=[] if found is None else [_line(asked, each) for each in found.lines],
        parts=people.parts(found) if found and asked.may(Ability.REQUESTS) else 0,
        part=people.PART,
    )


@pages("POST", FOUND + "/ids", ability=Ability.RECORD)
async def ids(asked: Asked) -> File:
    """The ids of all whom it found, as CSV."""
    breach, search = asked.id("breach"), asked.id("search")
    content = await people.ids(asked.unit, asked.act, breach, search)
    return File(content, _CSV, f"breach-{_short(breach)}-members.csv")


@pages("POST", FOUND, ability=Ability.RECORD, proved=True)
async def names(asked: Asked, sent: Part) -> File:
    """How to reach those who may have to be told, as CSV."""
    if not asked.may(Ability.REQUESTS):
        raise WrongCaller("officers in this role may not open members' values", place="people")
    breach, search = asked.id("breach"), asked.id("search")
    content = await people.addresses(asked.unit, asked.act, breach, search, sent.part)
    return File(content, _CSV, f"breach-{_short(breach)}-to-be-told-{sent.part}.csv")


def _failed(asked: Asked, one: searches.Search) -> str:
    """Why there is no answer and may never be; empty while it is looked for."""
    say = asked.speaking.say
    if one.state is searches.State.DONE:
        return "" if one.result else say(_ALTERED)
    if one.state is not searches.State.FAILED:
        return ""
    if (text := _FAILED.get(one.problem or "")) is not None:
        return say(text)
    return say(_ELSE, problem=one.problem)


#: Why a search failed, by its problem.
_FAILED = {
    RecordTampered.slug: _ALTERED,
    CannotOpen.slug: _ALTERED,
    UnknownMember.slug: _ERASED,
    searches.INTERRUPTED: _INTERRUPTED,
}


def _who(found: Affected) -> Who:
    return Who(
        certain=len(found.those("certain")),
        maybe=len(found.those("maybe")),
        answered=len(found.those("answered")),
        gone=found.gone,
        children=found.children,
        ages_unknown=found.ages_unknown,
        entries=found.entries,
        first=found.first,
        last=found.last,
    )


def _doubts(found: Affected) -> Doubts:
    return Doubts(
        lost=found.lost,
        broken=found.broken,
        untold=found.untold,
        strangers=found.strangers,
        wards=found.wards,
        vouchers=found.vouchers,
    )


def _line(asked: Asked, one: Line) -> ShownLine:
    return ShownLine(
        who=_WHO.get(one.actor.partition("/")[0], "named"),
        actor=_actor(one.actor),
        how=asked.speaking.say(HOWS[one.how]),
        field=label(asked, one.field) if one.field else "",
        special=one.special,
        entries=one.entries,
        members=one.members,
    )


_WHO = {"member": "member", "database": "copy"}


def _actor(name: str) -> str:
    """A service or officer by name; a member by nothing that leads to them."""
    type_, _, id = name.partition("/")
    return "" if type_ in _WHO else id


def _short(id: UUID) -> str:
    return id.hex[-8:]
