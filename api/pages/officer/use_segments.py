"""`/desk/use/segments`: the questions asked about everybody, by whom, how often, and how many
members they found; and which services asked many that found few.

Questions are opened from their footprints, which tell nothing about any member. That somebody
looked is on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from api.pages.answers import View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer import use_filter
from api.pages.officer.inbox import Option, Tab
from api.pages.officer.use import tabs
from api.pages.officer.use_rows import PATH, address_of, titled
from api.people.people import Kind
from audit.entries import ActorType
from audit.looking import days
from consent import questions
from consent.figures.disclosure import SMALLEST
from consent.programme import Ability
from dsar.packages.marking import mark

pages = Pages(Kind.OFFICER)
#: Days looked back, where no day is named.
BACK = 30


@dataclass(frozen=True)
class By:
    """Who asked, and how often."""

    name: str
    to: str
    times: int


@dataclass(frozen=True)
class Shown:
    """One question. `text`: as it was asked, empty where it is lost. `found`: how many members, a
    range where it was not always the same. `small`: how often it found few.
    """

    text: str
    purpose: str
    by: Sequence[By]
    evaluated: int
    previewed: int
    first: datetime
    last: datetime
    found: str
    small: int


@dataclass(frozen=True)
class SegmentsPage(View):
    """`narrow`: services that asked many questions that found few. `whole`: False where older
    questions were not read. `foreign`: entries that nothing vouches for, which are left out.
    """

    template: ClassVar[str] = "officer/use_segments.html"
    title: ClassVar[str] = mark("Questions about everybody")

    tabs: Sequence[Tab]
    wrong: str
    people: Sequence[Option]
    purposes: Sequence[Option]
    first: str
    last: str
    questions: Sequence[Shown]
    narrow: Sequence[By]
    smallest: int
    most: int
    whole: bool
    foreign: int


class WrongSegmentsPage(SegmentsPage):
    status = 422


@pages("GET", f"{PATH}/segments", ability=Ability.RECORD, query=("who", "purpose", "first", "last"))
async def see(asked: Asked) -> SegmentsPage:
    """Of the last days, where none are named."""
    filtered = await use_filter.read(asked)
    if filtered.wrong:
        return _page(WrongSegmentsPage, asked, filtered, questions.Asked((), (), True, 0))
    wanted = replace(filtered.wanted, kinds=questions.ASKING)
    if wanted.since is None and wanted.until is None:
        today = asked.unit.now.astimezone(asked.speaking.zone).date()
        first = today - timedelta(days=BACK - 1)
        filtered = replace(filtered, first=first.isoformat())
        wanted = replace(wanted, since=days(first, None, asked.speaking.zone)["since"])
    found = await questions.asked(asked.unit, asked.act, wanted)
    return _page(SegmentsPage, asked, filtered, found)


def _page(
    shape: type[SegmentsPage], asked: Asked, filtered: use_filter.Filter, found: questions.Asked
) -> SegmentsPage:
    return shape(
        tabs=tabs(asked, f"{PATH}/segments"),
        wrong=filtered.wrong,
        people=[one for one in filtered.people if _asks(one.value)],
        purposes=filtered.purposes,
        first=filtered.first,
        last=filtered.last,
        questions=[_shown(asked, one) for one in found.questions],
        narrow=[_by(one.service, one.questions) for one in found.narrow],
        smallest=SMALLEST,
        most=questions.MOST,
        whole=found.whole,
        foreign=found.foreign,
    )


def _asks(value: str) -> bool:
    """Only services ask about everybody."""
    return value in ("", ActorType.SERVICE) or value.startswith(f"{ActorType.SERVICE}:")


def _by(service: str, times: int) -> By:
    return By(service, address_of(ActorType.SERVICE, service), times)


def _shown(asked: Asked, one: questions.Question) -> Shown:
    number = asked.speaking.number
    found = number(one.most)
    if one.fewest != one.most:
        found = asked.speaking.say(FROM_TO, fewest=number(one.fewest), most=number(one.most))
    return Shown(
        text=one.text or "",
        purpose=titled(asked, one.purpose),
        by=[_by(service, times) for service, times in one.by],
        evaluated=one.evaluated,
        previewed=one.previewed,
        first=one.first,
        last=one.last,
        found=found,
        small=one.small,
    )


FROM_TO = mark("%(fewest)s to %(most)s")
