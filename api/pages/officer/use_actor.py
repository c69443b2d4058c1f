"""`/desk/use/actors/{type}/{id}`: what one service, officer or other did, day by day, by kind and
purpose; and what it may do and did not.

Counts come from the record's tallies and the latest entries from the record; that somebody looked
is an entry. A member has no such page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar
from urllib.parse import urlencode

from babel.dates import format_skeleton
from markupsafe import Markup

from api.http.errors import Misshapen
from api.pages.answers import View
from api.pages.asked import Asked
from api.pages.charts import Series, lines
from api.pages.declaring import Pages
from api.pages.officer import use_filter
from api.pages.officer.inbox import Tab
from api.pages.officer.programme_words import ABILITIES, ACTIONS
from api.pages.officer.use import tabs
from api.pages.officer.use_rows import PATH, WITH_PAGES, Line, address_of, line, of_waiting, titled
from api.pages.officer.use_words import ACTOR_TYPES, KINDS
from api.people import officers
from api.people.people import Kind
from audit.entries import ActorType
from audit.errors import EntryUnknown
from consent import watching
from consent.programme import Ability
from dsar.packages.marking import mark

pages = Pages(Kind.OFFICER)
LATEST = 10
#: The spans there are, in days.
SPANS = {"7": 7, "30": 30, "90": 90, "365": 365}
_NO_PURPOSE = mark("No purpose")


@dataclass(frozen=True)
class Row:
    """What, how often, and where those alone are shown."""

    text: str
    count: int
    to: str


@dataclass(frozen=True)
class Day:
    day: date
    count: int


@dataclass(frozen=True)
class Grant:
    """What it may do, and how often it did; `purpose` is empty of an officer's abilities."""

    purpose: str
    text: str
    count: int


@dataclass(frozen=True)
class ActorPage(View):
    """`all`: where all its entries are. `grants`: what it may do, under a programme of this
    `version`; `unknown`: the programme does not have it. `role`: an officer's.
    """

    template: ClassVar[str] = "officer/use_actor.html"
    title: ClassVar[str] = mark("Activity")

    tabs: Sequence[Tab]
    name: str
    type: str
    role: str
    spans: Sequence[Tab]
    total: int
    days: Sequence[Day]
    chart: Markup | None
    kinds: Sequence[Row]
    purposes: Sequence[Row]
    version: int
    grants: Sequence[Grant]
    unused: int
    unknown: bool
    latest: Sequence[Line]
    waiting: Sequence[Line]
    all: str


@pages("GET", PATH + "/actors/{type}/{actor:path}", ability=Ability.RECORD, query=("days",))
async def see(asked: Asked) -> ActorPage:
    """Of the last days, today with them."""
    type, id = await _actor(asked)
    span = asked.query.get("days") or "30"
    if span not in SPANS:
        raise Misshapen("there is no such span", place="days", remedy=f"one of {', '.join(SPANS)}")
    last = asked.unit.now.astimezone(asked.speaking.zone).date()
    first = last - timedelta(days=SPANS[span] - 1)
    found = await watching.activity(
        asked.unit,
        asked.act,
        type,
        id,
        first=first,
        last=last,
        zone=asked.speaking.zone,
        latest=LATEST,
    )
    say, own = asked.speaking.say, address_of(type, id)
    role, grants, unknown = await _may(asked, type, id, found)
    who = {"who": type.value if type is ActorType.SYSTEM else f"{type}:{id}"}
    dated = {"first": first.isoformat(), "last": last.isoformat()}
    return ActorPage(
        tabs=tabs(asked, ""),
        name=id,
        type=say(ACTOR_TYPES[type]),
        role=role,
        spans=[Tab(f"{own}?days={one}", say(LAST, number=one), one == span) for one in SPANS],
        total=found.entries,
        days=[Day(day, count) for day, count in reversed([*found.by_day.items()]) if count],
        chart=_chart(asked, found),
        kinds=[
            Row(say(KINDS.get(kind, kind)), count, _list({**who, "kind": kind, **dated}))
            for kind, count in found.kinds
        ],
        purposes=[
            Row(
                titled(asked, purpose) or say(_NO_PURPOSE),
                count,
                _list({**who, "purpose": purpose or "none", **dated}),
            )
            for purpose, count in found.purposes
        ],
        version=asked.active.version,
        grants=grants,
        unused=sum(not one.count for one in grants),
        unknown=unknown,
        latest=[line(asked, one) for one in found.latest.entries],
        waiting=of_waiting(asked, found.latest.waiting, LATEST),
        all=_list(who),
    )


LAST = mark("Last %(number)s days")


async def _actor(asked: Asked) -> tuple[ActorType, str]:
    """Raises `EntryUnknown` for somebody who is neither on record nor in the programme."""
    type, id = str(asked.path["type"]), str(asked.path["actor"])
    if type in WITH_PAGES and (type, id) in await use_filter.everybody(asked):
        return ActorType(type), id
    raise EntryUnknown("nobody of that name is on record", place="actor")


async def _may(
    asked: Asked, type: ActorType, id: str, found: watching.Activity
) -> tuple[str, list[Grant], bool]:
    """An officer's role, what it may do, and whether the programme does not know it."""
    say, policy = asked.speaking.say, asked.active.policy
    if type is ActorType.SERVICE:
        uses = watching.uses_of_grants(asked.active, id, found.counts)
        grants = [
            Grant(titled(asked, one.purpose), say(ACTIONS[one.action]), one.entries) for one in uses
        ]
        return "", grants, id not in asked.active.programme.services
    if type is not ActorType.OFFICER:
        return "", [], False
    accounts = await officers.listed(asked.unit, asked.active, asked.keys)
    role = next((one.role for one in accounts if one.name == id), "")
    counted = dict(found.kinds)
    grants = [
        Grant("", say(ABILITIES[one]), sum(counted.get(kind, 0) for kind in watching.SHOWS[one]))
        for one in Ability
        if role and policy.officer_may(role, one)
    ]
    return role, grants, not role


def _list(query: dict[str, str]) -> str:
    return f"{PATH}?{urlencode(query)}"


def _chart(asked: Asked, found: watching.Activity) -> Markup | None:
    if not found.entries or len(found.by_day) < 2:
        return None
    say, locale = asked.speaking.say, asked.speaking.language.locale
    return lines(
        "activity",
        title=say(mark("Entries by day")),
        desc=say(mark("The table beside it has the same figures.")),
        labels=[format_skeleton("MMMd", day, locale=locale) for day in found.by_day],
        series=[Series(say(mark("Entries")), list(found.by_day.values()))],
    )
