"""`/desk/breaches`: the register of breaches with the clock on each, and a new one put into it.

What officers have written is opened here; of members nothing is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec

from api.pages import pressing
from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.breach_words import LACKING, NATURES
from api.pages.officer.inbox import Option
from api.pages.pressing import Press
from api.people.people import Kind
from consent.affected.giving import PURCHASES, WORDS
from consent.programme import Ability
from dsar.breaches import register
from dsar.breaches.account import LONGEST, Account, Nature
from dsar.breaches.register import Breach
from dsar.errors import NotABreach
from dsar.packages.marking import mark
from kernel.errors import TillitError

pages = Pages(Kind.OFFICER)
PATH = "/desk/breaches"
_TITLE = 90  # characters of what happened that name a breach in a list
_WRITTEN = "%Y-%m-%dT%H:%M"  # as `datetime-local` has it

Text = Annotated[str, msgspec.Meta(max_length=LONGEST)]


@dataclass(frozen=True)
class ShownClock:
    """`how`: ``left``, ``late``, ``told``, ``told_late``, ``none`` or ``closed``. `days` and
    `hours`: left, or by which it is late."""

    how: str
    days: int
    hours: int
    due: datetime | None
    soon: bool


@dataclass(frozen=True)
class Row:
    """`lacks`: what has to be done, in words; nothing once it is closed."""

    id: UUID
    name: str
    aware: datetime
    clock: ShownClock
    lacks: Sequence[str]
    closed: bool


@dataclass(frozen=True)
class Breaches(View):
    """`broken`: rows that nobody can read."""

    template: ClassVar[str] = "officer/breaches.html"
    title: ClassVar[str] = mark("Breaches")

    breaches: Sequence[Row]
    broken: Sequence[UUID]


@dataclass(frozen=True)
class Written:
    """What a form about what happened holds; moments as `datetime-local` writes them."""

    happened: str
    aware: str
    since: str
    until: str
    natures: Sequence[Option]


@dataclass(frozen=True)
class NewBreach(View):
    template: ClassVar[str] = "officer/breach_new.html"
    title: ClassVar[str] = mark("A new breach")

    form: Written
    wrong: str
    longest: int


@dataclass(frozen=True)
class Misfit(NewBreach):
    """The same, after what was written cannot be so."""

    status: ClassVar[int] = 422


class Described(msgspec.Struct, forbid_unknown_fields=True):
    """Moments in the programme's own time."""

    happened: Text
    aware: str
    since: str = ""
    until: str = ""
    natures: list[Nature] = []

    def __repr__(self) -> str:
        return "Described(***)"


class Opened(Described, forbid_unknown_fields=True):
    press: Press = ""


@pages("GET", PATH, ability=Ability.RECORD)
async def see(asked: Asked) -> Breaches:
    """The open ones first, those that are due soonest before the others."""
    found = await register.listed(asked.unit)
    rows = [row(asked, one, one.account) for one in found if one.account is not None]
    rows.sort(key=lambda one: (one.closed, not one.lacks, one.aware if one.lacks else one.id))
    return Breaches(rows, [one.id for one in found if one.account is None])


@pages("GET", PATH + "/new", ability=Ability.RECORD)
async def ask(asked: Asked) -> NewBreach:
    """What happened, and since when it is known: now, unless somebody says otherwise."""
    written = Written("", local(asked, asked.unit.now), "", "", natures(asked, ()))
    return NewBreach(written, "", LONGEST)


@pages("POST", PATH + "/new", ability=Ability.RECORD)
async def open_(asked: Asked, said: Opened) -> Go | Misfit:
    """Put it into the register; its clock runs. Pressed twice, it leads there and does it once."""
    if await pressing.again(asked, said.press, said):
        return await _newest(asked)
    try:
        found = await register.open_breach(
            asked.unit,
            asked.act,
            happened=said.happened.strip(),
            aware=needed(asked, said.aware),
            since=moment(asked, said.since),
            until=moment(asked, said.until, later=True),
            natures=tuple(said.natures),
        )
    except NotABreach as error:
        return Misfit(written(asked, said), wrong(asked, error), LONGEST)
    return Go(to(found.id), said="on-record")


async def _newest(asked: Asked) -> Go:
    """To what this officer has put into the register last, where nobody has done so since."""
    for one in await register.listed(asked.unit, limit=1):
        if one.account is not None and one.account.history[0].by == asked.act.actor:
            return Go(to(one.id), said="on-record")
    return Go(PATH, said="on-record")


def written(asked: Asked, said: Described) -> Written:
    """The form again, as it was sent."""
    return Written(said.happened, said.aware, said.since, said.until, natures(asked, said.natures))


def natures(asked: Asked, chosen: Sequence[str]) -> list[Option]:
    return [Option(one, asked.speaking.say(text), one in chosen) for one, text in NATURES.items()]


def row(asked: Asked, one: Breach, account: Account) -> Row:
    closed = account.closed_at is not None
    say = asked.speaking.say
    return Row(
        id=one.id,
        name=name(account),
        aware=account.aware,
        clock=clock(asked, one, account),
        lacks=[] if closed else [say(LACKING[what]) for what in one.lacking()],
        closed=closed,
    )


def name(account: Account) -> str:
    """The beginning of what happened, as its name in a list."""
    first = account.happened.split("\n", 1)[0]
    return first if len(first) <= _TITLE else first[: _TITLE - 1].rstrip() + "…"


def clock(asked: Asked, one: Breach, account: Account) -> ShownClock:
    found = one.clock(asked.unit.now)
    if found is None:
        return ShownClock("none", 0, 0, None, False)
    if account.authority_at is not None:
        how = "told_late" if found.late else "told"
    elif account.closed_at is not None:
        how = "closed"
    else:
        how = "late" if found.late else "left"
    return ShownClock(how, found.days, found.hours, found.due, found.soon)


#: What is wrong with what was written, by its place.
_WRONG: Mapping[str, str] = {
    "happened": mark("Write what happened. It may not be longer than 8,000 characters."),
    "aware": mark("Give the moment at which you became aware of it. It lies not in the future."),
    "since": mark("Look at when it began and ended: not in the future, and in this order."),
    "until": mark("Look at when it began and ended: not in the future, and in this order."),
    "why": mark("Write what the assessment rests on."),
    "spared": mark("Only of a high risk do those affected have to be told at all."),
    "delay": mark("That was later than 72 hours after you became aware of it: write why."),
    "authority_at": mark("Nobody is told before it is known, or in the future."),
    "members_at": mark("Nobody is told before it is known, or in the future."),
    "search": mark("Choose whom you have told."),
    "actors": mark("The programme has no such service, or no such officer."),
    "account": mark("No member is found by that, or more than one."),
}
_ELSE = mark("Something of this does not fit. Nothing was changed.")


def wrong(asked: Asked, error: TillitError) -> str:
    return asked.speaking.say(_WRONG.get(error.problems[0].place, _ELSE))


def local(asked: Asked, at: datetime | None) -> str:
    """A moment on the programme's clock, as a form holds it."""
    return "" if at is None else at.astimezone(asked.speaking.zone).strftime(_WRITTEN)


def moment(
    asked: Asked, sent: str, *, place: str = "since", later: bool = False
) -> datetime | None:
    """What a form holds as a moment, in UTC; of an hour that comes twice the first, or the `later`
    once that has come.

    Raises `NotABreach`.
    """
    if not sent.strip():
        return None
    try:
        found = datetime.fromisoformat(sent.strip())
    except ValueError:
        raise NotABreach("this is no moment", place=place) from None
    if found.tzinfo is not None or not 2000 <= found.year < 2200:
        raise NotABreach("this is no moment of the programme's clock", place=place)
    readings = sorted(
        found.replace(tzinfo=asked.speaking.zone, fold=fold).astimezone(UTC) for fold in (0, 1)
    )
    return readings[1] if later and readings[1] <= asked.unit.now else readings[0]


def needed(asked: Asked, sent: str, *, place: str = "aware", later: bool = False) -> datetime:
    found = moment(asked, sent, place=place, later=later)
    if found is None:
        raise NotABreach("a moment is missing", place=place)
    return found


_WORDS = mark("What somebody wrote in their own words")


def label(asked: Asked, name: str) -> str:
    """What a field or trait is called, with its own name beside it."""
    if name == PURCHASES:
        return asked.speaking.category("pd:Purchase")
    if name == WORDS:
        return asked.speaking.say(_WORDS)
    return asked.speaking.field(asked.active, name)


def to(breach: UUID, *more: str) -> str:
    """The address of a breach's page, or of one below it."""
    return "/".join((PATH, str(breach), *more))
