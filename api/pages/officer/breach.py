"""`/desk/breaches/{id}`: one breach, and the steps that are taken with it, each a form of its own.

What was written is opened for the officer. A form that does not fit comes back as it was sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.breach_words import LACKING, NATURES, RISKS, SEARCHES, SPARED, STEPS
from api.pages.officer.breaches import (
    PATH,
    Described,
    ShownClock,
    Text,
    Written,
    clock,
    local,
    moment,
    name,
    natures,
    needed,
    to,
    written,
    wrong,
)
from api.pages.officer.inbox import Option
from api.people.people import Kind
from consent.programme import Ability
from dsar.breaches import register, searches, telling
from dsar.breaches.account import LONGEST, Account, Risk, Spared
from dsar.breaches.searches import Search, State
from dsar.errors import NotABreach, Overtaken
from dsar.packages.marking import mark

pages = Pages(Kind.OFFICER)
ONE = PATH + "/{breach:uuid}"
_BROKEN = LACKING["account"]
#: What is picked where nobody was told by name.
PUBLIC = "public"
_OVERTAKEN = mark(
    "Somebody has changed this breach since you opened the page, so nothing was saved. What stands "
    "now is shown above, and what you wrote is in the form: put both together, and press again."
)
_LOOK_AGAIN = mark(
    "Somebody has changed this breach since you opened the page, so it was not closed. Look at "
    "what stands now, and press again if it is still what you want."
)
_CLOSE = "close"


@dataclass(frozen=True)
class ShownSearch:
    """`certain` and `maybe` are None while there is no answer. `done`: in per cent, while one is
    worked at."""

    id: UUID
    asked_at: datetime
    state: str
    certain: int | None
    maybe: int | None
    gone: int


@dataclass(frozen=True)
class Past:
    what: str
    at: datetime
    by: str
    entry: UUID


@dataclass(frozen=True)
class Assessed:
    """What the form of the assessment holds."""

    risks: Sequence[Option]
    why: str
    consequences: str
    measures: str
    spared: Sequence[Option]


@dataclass(frozen=True)
class Told:
    """What the form about the authority holds."""

    at: str
    reference: str
    delay: str


@dataclass(frozen=True)
class OneBreach(View):
    """`clock` and `lacks`: where it stands. `account`: what is known, for reading; the others are
    what its forms hold, and `stood` which step that was after. `wrong_at`: the form in which
    something is wrong, which is told there. `searches`: the newest first; `told`: which of them
    those affected were told by; `picked`: what the form about them holds, nothing before somebody
    has picked one.
    """

    template: ClassVar[str] = "officer/breach.html"
    title: ClassVar[str] = mark("A breach")

    id: UUID
    stood: UUID
    name: str
    clock: ShownClock
    lacks: Sequence[str]
    closed: bool
    account: Account
    natures: Sequence[str]
    risk: str
    spared: str
    described: Written
    assessed: Assessed
    authority: Told
    members_at: str
    searches: Sequence[ShownSearch]
    answers: Sequence[ShownSearch]
    told: UUID | None
    picked: str
    history: Sequence[Past]
    wrong: str
    wrong_at: str
    longest: int


@dataclass(frozen=True)
class Unfit(OneBreach):
    """The same, after what was written cannot be so."""

    status: ClassVar[int] = 422


@dataclass(frozen=True)
class Outdated(Unfit):
    """The same, after somebody else has changed it: what stands now, and what was written."""

    status: ClassVar[int] = 409


class Redescribed(Described, forbid_unknown_fields=True, kw_only=True):
    """`stood`, here and below: after which step the page has shown the breach."""

    stood: UUID


class Assessment(msgspec.Struct, forbid_unknown_fields=True):
    risk: Risk
    stood: UUID
    why: Text = ""
    consequences: Text = ""
    measures: Text = ""
    spared: str = ""

    def __repr__(self) -> str:
        return "Assessment(***)"


class Notified(msgspec.Struct, forbid_unknown_fields=True):
    at: str
    stood: UUID
    reference: Text = ""
    delay: Text = ""

    def __repr__(self) -> str:
        return "Notified(***)"


class Informed(msgspec.Struct, forbid_unknown_fields=True):
    """`search`: the id of the search whose members were told, or `PUBLIC`."""

    at: str
    stood: UUID
    search: str = ""


class Closing(msgspec.Struct, forbid_unknown_fields=True):
    stood: UUID


@pages("GET", ONE, ability=Ability.RECORD)
async def see(asked: Asked) -> OneBreach:
    """All that is known of it."""
    return await _shown(asked)


@pages("POST", ONE + "/account", ability=Ability.RECORD)
async def describe(asked: Asked, said: Redescribed) -> Go | Unfit:
    """Set right what happened and when."""
    breach = asked.id("breach")
    try:
        await register.describe(
            asked.unit,
            asked.act,
            breach,
            stood=said.stood,
            happened=said.happened.strip(),
            aware=needed(asked, said.aware),
            since=moment(asked, said.since),
            until=moment(asked, said.until, later=True),
            natures=tuple(said.natures),
        )
    except (NotABreach, Overtaken) as error:
        unfit = await _unfit(asked, error, "account", said.stood)
        return replace(unfit, described=written(asked, said))
    return Go(to(breach), said="on-record")


@pages("POST", ONE + "/assessment", ability=Ability.RECORD)
async def assess(asked: Asked, said: Assessment) -> Go | Unfit:
    """What it may lead to, and who has therefore to be told."""
    breach = asked.id("breach")
    try:
        await register.assess(
            asked.unit,
            asked.act,
            breach,
            stood=said.stood,
            risk=said.risk,
            why=said.why.strip(),
            consequences=said.consequences.strip(),
            measures=said.measures.strip(),
            spared=_spared(said.spared),
        )
    except (NotABreach, Overtaken) as error:
        unfit = await _unfit(asked, error, "assessment", said.stood)
        return replace(unfit, assessed=_assessed(asked, said))
    return Go(to(breach), said="on-record")


@pages("POST", ONE + "/authority", ability=Ability.RECORD)
async def tell_authority(asked: Asked, said: Notified) -> Go | Unfit:
    """Put down that the authority was told."""
    breach = asked.id("breach")
    try:
        await register.tell_authority(
            asked.unit,
            asked.act,
            breach,
            stood=said.stood,
            at=needed(asked, said.at, place="authority_at", later=True),
            reference=said.reference.strip(),
            delay=said.delay.strip(),
        )
    except (NotABreach, Overtaken) as error:
        unfit = await _unfit(asked, error, "authority", said.stood)
        return replace(unfit, authority=Told(said.at, said.reference, said.delay))
    return Go(to(breach), said="on-record")


@pages("POST", ONE + "/members", ability=Ability.RECORD)
async def tell_members(asked: Asked, said: Informed) -> Go | Unfit:
    """Put down that those affected were told; they see it in the uses of their data."""
    breach = asked.id("breach")
    try:
        await telling.told(
            asked.unit,
            asked.act,
            breach,
            stood=said.stood,
            at=needed(asked, said.at, place="members_at", later=True),
            search=_search(said.search),
        )
    except (NotABreach, Overtaken) as error:
        unfit = await _unfit(asked, error, "members", said.stood)
        return replace(unfit, members_at=said.at, picked=said.search)
    return Go(to(breach), said="on-record")


@pages("POST", ONE + "/close", ability=Ability.RECORD)
async def close(asked: Asked, said: Closing) -> Go | Unfit:
    """Nothing of it is changed any more."""
    breach = asked.id("breach")
    try:
        await register.close(asked.unit, asked.act, breach, stood=said.stood)
    except Overtaken as error:
        return await _unfit(asked, error, _CLOSE, said.stood)
    return Go(to(breach), said="on-record")


async def _shown(asked: Asked) -> OneBreach:
    found = await register.get(asked.unit, asked.id("breach"))
    one, say = found.account, asked.speaking.say
    assert one is not None  # `get` raises for one that cannot be read
    asked_for = [_search_of(asked, each) for each in await searches.of_breach(asked.unit, found.id)]
    closed = one.closed_at is not None
    now = local(asked, asked.unit.now)
    return OneBreach(
        id=found.id,
        stood=register.stands(one),
        name=name(one),
        clock=clock(asked, found, one),
        lacks=[] if closed else [say(LACKING[what]) for what in found.lacking()],
        closed=closed,
        account=one,
        natures=[say(NATURES[each]) for each in one.natures],
        risk=say(RISKS[one.risk]),
        spared="" if one.spared is None else say(SPARED[one.spared]),
        described=Written(
            one.happened,
            local(asked, one.aware),
            local(asked, one.since),
            local(asked, one.until),
            natures(asked, one.natures),
        ),
        assessed=_assessed(
            asked,
            Assessment(
                risk=one.risk,
                stood=register.stands(one),
                why=one.why,
                consequences=one.consequences,
                measures=one.measures,
                spared=one.spared or "",
            ),
        ),
        authority=Told(local(asked, one.authority_at) or now, one.reference, one.delay),
        members_at=local(asked, one.members_at) or now,
        searches=asked_for,
        answers=[each for each in asked_for if each.certain is not None],
        told=one.told,
        picked="" if one.told is None else str(one.told),
        history=[Past(say(STEPS[each.step]), each.at, each.by, each.entry) for each in one.history],
        wrong="",
        wrong_at="",
        longest=LONGEST,
    )


async def _unfit(asked: Asked, error: NotABreach | Overtaken, form: str, stood: UUID) -> Unfit:
    """What is wrong with what was written; but first, that it is of what stands no more."""
    shown = await _shown(asked)
    values = {one.name: getattr(shown, one.name) for one in fields(shown)} | {"wrong_at": form}
    if shown.stood != stood:
        text = _LOOK_AGAIN if form == _CLOSE else _OVERTAKEN
        return Outdated(**values | {"wrong": asked.speaking.say(text)})
    return Unfit(**values | {"wrong": wrong(asked, error)})


def _assessed(asked: Asked, sent: Assessment) -> Assessed:
    say = asked.speaking.say
    return Assessed(
        risks=[Option(one, say(text), one == sent.risk) for one, text in RISKS.items()],
        why=sent.why,
        consequences=sent.consequences,
        measures=sent.measures,
        spared=[Option(one, say(text), one == sent.spared) for one, text in SPARED.items()],
    )


def _search_of(asked: Asked, one: Search) -> ShownSearch:
    found = one.result
    return ShownSearch(
        id=one.id,
        asked_at=one.asked_at,
        state=asked.speaking.say(SEARCHES[one.state])
        if found is not None or one.state is not State.DONE
        else asked.speaking.say(_BROKEN),
        certain=None if found is None else len(found.those("certain")),
        maybe=None if found is None else len(found.those("maybe")),
        gone=0 if found is None else found.gone,
    )


def _spared(sent: str) -> Spared | None:
    if not sent:
        return None
    try:
        return Spared(sent)
    except ValueError:
        raise NotABreach("this spares nobody from being told", place="spared") from None


def _search(sent: str) -> UUID | None:
    """None where it was made public. Raises `NotABreach` where nobody has said which it was."""
    if sent == PUBLIC:
        return None
    try:
        return UUID(sent)
    except ValueError:
        raise NotABreach("it is not said who was told", place="search") from None
