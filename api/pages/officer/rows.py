"""A request in a line, as lists and its own page show it: the clock, what it waits for, what next.

Codes are words of the officer's language here; days and moments are said by the template.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from api.pages.asked import Asked
from api.pages.officer.words import CHANNELS, NEXT, RIGHTS, STATES, UNSENT, WAITS
from consent.programme import Ability
from dsar import desk, waiting
from dsar.desk import Seen
from dsar.register import Request
from dsar.states import Right, State, Step
from dsar.waiting import Waiting, Waits
from dsar.worklist import SOON

PATH = "/desk/requests"
_RESTRICTING = frozenset({Right.RESTRICTION, Right.RELEASE})


@dataclass(frozen=True)
class Clock:
    """`how`: ``late``, ``today``, ``left``, ``paused``, ``done`` or ``closed``; `days` until it is
    due, or since it was. `soon`: within a week. `closed`: the day it was.
    """

    how: str
    days: int
    due: date
    soon: bool
    closed: date | None


@dataclass(frozen=True)
class Row:
    """`waits`, `until`, `unsent`: for what, until when, and why a letter went by no mail.

    `troubled`: recipients with something wrong. `by_hand`: how many officers have to tell; None
    where the record cannot say. `steps`: what this officer can do now.
    """

    id: UUID
    right: str
    state: str
    channel: str
    language: str
    received: date
    clock: Clock
    waits: str
    until: datetime | None
    unsent: str
    recipients: int
    troubled: int
    by_hand: int | None
    then: str
    broken: bool
    steps: tuple[Step, ...]

    @property
    def short(self) -> str:
        """Tells requests apart in a list; the whole id stands on its page."""
        return str(self.id)[-8:]


async def rows(asked: Asked, found: Sequence[Request]) -> list[Row]:
    """These requests, broken ones among them; opens no value."""
    seen = await desk.seen(asked.unit, asked.active, found)
    waits = await waiting.waiting(asked.unit, seen)
    return [row(asked, one, what) for one, what in zip(seen, waits, strict=True)]


def row(asked: Asked, seen: Seen, waits: Waiting) -> Row:
    request, say = seen.request, asked.speaking.say
    unsent = UNSENT.get(waits.unsent or "", "")
    return Row(
        id=request.id,
        right=say(RIGHTS[request.right]),
        state=say(STATES[request.state]),
        channel=say(CHANNELS[request.channel]),
        language=asked.speaking.language.language(request.language),
        received=request.received,
        clock=clock(asked, request),
        waits=say(WAITS[waits.what]),
        until=waits.until,
        unsent=say(unsent) if unsent else "",
        recipients=waits.recipients,
        troubled=waits.troubled,
        by_hand=None if waits.by_hand is None else len(waits.by_hand),
        then="" if waits.what is Waits.NOTHING else say(NEXT[waits.what]),
        broken=seen.broken is not None,
        steps=tuple(one for one in seen.steps if may_take(asked, request, one)),
    )


def clock(asked: Asked, request: Request) -> Clock:
    left = request.days_left(asked.unit.today)
    if not request.state.is_open:
        how = "closed"
    elif request.state is State.CARRIED_OUT:
        how = "done"
    elif left < 0:
        how = "late"
    elif request.paused:
        how = "paused"
    else:
        how = "today" if left == 0 else "left"
    soon = how in ("today", "left") and left <= SOON.days
    zone = asked.unit.schema.zone
    closed = None if request.closed_at is None else request.closed_at.astimezone(zone).date()
    return Clock(how, abs(left), request.due, soon, closed)


def may_take(asked: Asked, request: Request, step: Step) -> bool:
    """Whether the officer's role includes this step with this right."""
    if step is Step.APPROVE and request.right in _RESTRICTING:
        return asked.may(Ability.RESTRICT)
    return asked.may(Ability.REQUESTS)


def to(request: UUID, *more: str) -> str:
    """The address of a request's page, or of one below it."""
    return "/".join((PATH, str(request), *more))
