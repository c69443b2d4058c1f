"""Where a request stands, in words: how far it is, when it is due, whom it waits for.

Pure: what `dsar` tells of a request in, words in the page's language out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from api.pages.asked import Asked
from api.pages.member.whose import Whose
from dsar import desk, register, waiting
from dsar.desk import Seen
from dsar.packages import keeping
from dsar.packages.marking import mark
from dsar.packages.request_words import STANDS, WHY
from dsar.register import Request
from dsar.states import Right, State, Step
from dsar.waiting import Waiting, Waits

#: What each right is called here, of oneself and of a child alike, and its article.
RIGHTS: Mapping[Right, tuple[str, str]] = {
    Right.ACCESS: (mark("A copy of the data"), "Art. 15"),
    Right.PORTABILITY: (mark("The data, to take elsewhere"), "Art. 20"),
    Right.RECTIFICATION: (mark("Something set right"), "Art. 16"),
    Right.ERASURE: (mark("Erasure"), "Art. 17"),
    Right.RESTRICTION: (mark("Restriction of use"), "Art. 18"),
    Right.RELEASE: (mark("End of a restriction"), "Art. 18"),
    Right.OBJECTION: (mark("Objection to a use"), "Art. 21"),
    Right.REVIEW: (mark("A human look at a decision"), "Art. 22"),
    Right.WITHDRAWAL: (mark("A yes taken back"), "Art. 7(3)"),
}
RECEIVED, PROVED = mark("Received"), mark("Shown who asks")
DECIDED, DONE = mark("Decided"), mark("Done")
_ENDS: Mapping[State, str] = {
    State.REJECTED: mark("Refused"),
    State.UNFULFILLED: mark("Closed"),
}
_GRANTED = frozenset({State.ACCEPTED, State.CARRIED_OUT, State.FULFILLED})
_WAITS: Mapping[Waits, str] = {
    Waits.REPAIR: mark("It waits for us: something of it is damaged, and we have to mend it."),
    Waits.IDENTITY: mark("It waits for you: show that it is you who asks."),
    Waits.DECISION: mark("It waits for us: somebody here looks at it."),
    Waits.SECOND_OFFICER: mark("It waits for us: one of us has said yes, and a second one looks."),
    Waits.LEGAL_HOLD: mark("It waits: for now, a legal matter keeps us from erasing anything."),
    Waits.COOLING_OFF: mark("It is approved, and waits in case you think better of it."),
    Waits.LETTER: mark("It waits for us: first you are told by letter."),
    Waits.RECIPIENTS: mark(
        "It is done here. It waits for others who have had the data, and who have yet to confirm."
    ),
    Waits.WORKER: mark("It is approved, and being done."),
    Waits.NOTHING: "",
}
#: Of a child's request, what concerns the guardian otherwise.
_CHILDS = {Waits.IDENTITY: mark("It waits for somebody to show that they may ask for the child.")}


@dataclass(frozen=True)
class Stage:
    """One of the four. `state`: ``done``, ``now`` or ``ahead``."""

    text: str
    state: str


@dataclass(frozen=True)
class Summary:
    """A request in short. `due`: None once it is answered; `waits_for_me`: the reader's turn.

    `stopped`: since when the time to answer stands still. `why`: of a refusal or an extension.
    `until`: through when its package can be fetched, None for none; `cools`: until when it can be
    taken back before it is carried out, `held`: until when a hold stands, where that is known.
    """

    id: UUID
    right: str
    article: str
    state: str
    stages: tuple[Stage, ...]
    received: date
    due: date | None
    late: bool
    stopped: date | None
    extended: bool
    why: str
    waits: str
    waits_for_me: bool
    cools: datetime | None
    held: datetime | None
    closed: datetime | None
    until: datetime | None
    can_cancel: bool
    is_open: bool


async def summaries(asked: Asked, whose: Whose, found: Sequence[Request]) -> list[Summary]:
    """Requests in short, in their order."""
    seen = await desk.seen(asked.unit, asked.active, found, among=desk.BY_MEMBERS)
    waits = await waiting.waiting(asked.unit, seen)
    there = await keeping.until(asked.unit, whose.about.id)
    return [
        summary(asked, one, wait, until=there.get(one.request.id), child=whose.child)
        for one, wait in zip(seen, waits, strict=True)
    ]


async def of(asked: Asked, whose: Whose, id: UUID) -> Summary:
    """One of them."""
    (found,) = await summaries(asked, whose, [await register.get(asked.unit, id)])
    return found


def summary(
    asked: Asked, seen: Seen, wait: Waiting, *, until: datetime | None, child: bool
) -> Summary:
    one, speak = seen.request, asked.speaking
    name, article = RIGHTS[one.right]
    text = _CHILDS.get(wait.what, _WAITS[wait.what]) if child else _WAITS[wait.what]
    return Summary(
        id=one.id,
        right=speak.say(name),
        article=speak.wording.article(article),
        state=speak.coded(one.state, STANDS),
        stages=stages(asked, seen),
        received=one.received,
        due=one.due if one.unanswered else None,
        late=one.overdue(asked.unit.today),
        stopped=one.paused_on,
        extended=one.extended,
        why=speak.coded(one.reason, WHY) if one.reason else "",
        waits=speak.say(text) if text else "",
        waits_for_me=wait.what is Waits.IDENTITY and not child,
        cools=wait.until if wait.what is Waits.COOLING_OFF else None,
        held=wait.until if wait.what is Waits.LEGAL_HOLD else None,
        closed=one.closed_at,
        until=until,
        can_cancel=Step.CANCEL in seen.steps,
        is_open=one.state.is_open,
    )


def stages(asked: Asked, seen: Seen) -> tuple[Stage, ...]:
    """Received, shown who asks, decided, done; or where it ended instead."""
    say, state = asked.speaking.say, seen.request.state
    ended = _ENDS.get(state)
    if ended is not None:
        return (Stage(say(RECEIVED), "done"), Stage(say(ended), "done"))
    decided = state in _GRANTED
    reached = [
        True,
        decided or not seen.lacking,
        decided,
        state in (State.CARRIED_OUT, State.FULFILLED),
    ]
    now = reached.index(False) if False in reached else len(reached)
    names = (RECEIVED, PROVED, DECIDED, DONE)
    return tuple(
        Stage(say(name), "done" if at < now else "now" if at == now else "ahead")
        for at, name in enumerate(names)
    )
