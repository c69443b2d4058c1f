"""`/desk/requests`: the requests by what is due, with the clock on each, filtered by the address.

No value of anybody stands here; who a request is about is told on its own page. A list has as many
requests as a form may take with it to `/desk/requests/several`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from urllib.parse import urlencode
from uuid import UUID

from api.http.errors import Misshapen
from api.pages.answers import View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.rows import PATH, Row, rows
from api.pages.officer.words import CHANNELS, RIGHTS, STATES, STEPS
from api.people.people import Kind
from consent.programme import Ability
from dsar import request_figures, worklist
from dsar.desk import BY_OFFICERS
from dsar.packages.marking import mark
from dsar.states import Right, State
from dsar.words import Channel
from dsar.worklist import SOON, Counts, Wish

pages = Pages(Kind.OFFICER)

AT_ONCE = 25  # with a step and a reason, they still fit into one form
_YEAR = timedelta(days=365)
#: The views there are, by their word in an address.
VIEWS: Mapping[str, str] = {
    "open": mark("Open"),
    "overdue": mark("Overdue"),
    "soon": mark("Due within 7 days"),
    "all": mark("All, closed ones too"),
}


@dataclass(frozen=True)
class Tab:
    to: str
    text: str
    here: bool


@dataclass(frozen=True)
class Option:
    value: str
    text: str
    chosen: bool


@dataclass(frozen=True)
class Filter:
    """One thing to filter by; an option without a value leaves it open."""

    name: str
    label: str
    options: Sequence[Option]


@dataclass(frozen=True)
class Inbox(View):
    """`median_days`: until the answer, of half of those received within a year, as text; empty
    where none was answered. `unreadable`: requests nobody can make sense of. `more`: the next page.
    """

    template: ClassVar[str] = "officer/inbox.html"
    title: ClassVar[str] = mark("Inbox")

    counts: Counts
    median_days: str
    views: Sequence[Tab]
    view: str
    filters: Sequence[Filter]
    filtered: bool
    requests: Sequence[Row]
    unreadable: Sequence[UUID]
    steps: Sequence[Option]
    more: str


@pages("GET", PATH, ability=Ability.REQUESTS, query=("view", "right", "state", "channel", "after"))
async def see(asked: Asked) -> Inbox:
    """The overdue first, then what is due soonest, the closed last."""
    sent = {name: value for name, value in asked.query.items() if value}
    view = _word(sent.get("view", "open"), VIEWS, "view")
    found = await worklist.page(asked.unit, _wish(asked, sent, view))
    requests = found.requests
    if view == "soon":  # what is done waits for recipients, and is due no more
        requests = [one for one in requests if one.unanswered]
    today = asked.unit.today
    median = await request_figures.median_days(asked.unit, since=today - _YEAR, until=today)
    picked: dict[str, str] = {name: sent[name] for name, _, _ in _FILTERS if name in sent}
    return Inbox(
        counts=await worklist.counts(asked.unit),
        median_days="" if median is None else asked.speaking.wording.number(f"{median:g}"),
        views=[
            Tab(_address(picked | {"view": one}), asked.speaking.say(text), one == view)
            for one, text in VIEWS.items()
        ],
        view=view,
        filters=_filters(asked, picked),
        filtered=bool(picked),
        requests=await rows(asked, requests),
        unreadable=found.unreadable,
        steps=[Option(one, asked.speaking.say(STEPS[one]), False) for one in BY_OFFICERS],
        more="" if found.next is None else _address(picked | {"view": view, "after": found.next}),
    )


def _wish(asked: Asked, sent: Mapping[str, str], view: str) -> Wish:
    right, state, channel = sent.get("right"), sent.get("state"), sent.get("channel")
    return Wish(
        only_open=view in ("open", "soon"),
        right=None if right is None else Right(_word(right, RIGHTS, "right")),
        state=None if state is None else State(_word(state, STATES, "state")),
        channel=None if channel is None else Channel(_word(channel, CHANNELS, "channel")),
        due_by=asked.unit.today + SOON if view == "soon" else None,
        overdue={"overdue": True, "soon": False}.get(view),
        after=sent.get("after"),
        limit=AT_ONCE,
    )


def _word(sent: str, known: Mapping[str, str], place: str) -> str:
    if sent not in known:
        raise Misshapen("there is no such word", place=place)
    return sent


_FILTERS: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("right", mark("Right"), RIGHTS),
    ("state", mark("State"), STATES),
    ("channel", mark("How it came in"), CHANNELS),
)


def _filters(asked: Asked, picked: Mapping[str, str]) -> list[Filter]:
    say = asked.speaking.say
    return [
        Filter(
            name,
            say(label),
            [
                Option("", say(mark("Any")), name not in picked),
                *(Option(one, say(text), picked.get(name) == one) for one, text in words.items()),
            ],
        )
        for name, label, words in _FILTERS
    ]


def _address(query: Mapping[str, str]) -> str:
    return f"{PATH}?{urlencode(query)}"
