"""`/desk/requests/{id}/steps/{step}`: a step, asked for once more before it is taken.

What it does is shown first: the letter that goes out, and for an erasure what it destroys. Looking
at either is on record (`dsar.letters.desk`, `dsar.previews`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec

from api.http.errors import WrongCaller
from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.inbox import Option
from api.pages.officer.request import ONE
from api.pages.officer.rows import may_take, to
from api.pages.officer.standing import Hand, hands
from api.pages.officer.words import DESTROYED, REASONS, RIGHTS, STEPS
from api.people.people import Kind
from consent.programme import Ability
from dsar import bulk, desk, previews, register
from dsar.errors import WrongState
from dsar.letters import desk as letters_desk
from dsar.letters.kinds import Kind as Letter
from dsar.letters.written import Written
from dsar.packages.marking import mark
from dsar.register import Request
from dsar.states import Right, Step
from dsar.words import REFUSED_BY, Delay, Reason

pages = Pages(Kind.OFFICER)

_LETTERS: Mapping[Step, Letter] = {
    Step.ASK_IDENTITY: Letter.IDENTITY_QUERY,
    Step.EXTEND: Letter.EXTENSION,
    Step.REFUSE: Letter.REFUSAL,
    Step.APPROVE: Letter.ANSWER,
}
_LATER = mark("It is carried out once it is approved, and once the time to take it back is over.")
_EFFECTS: Mapping[Step, str] = {
    Step.APPROVE: mark("It is carried out as soon as it is approved."),
    Step.ASK_IDENTITY: mark(
        "They are sent a question. If you ask soon after the request came in, the clock stands "
        "until they have answered."
    ),
    Step.EXTEND: mark(
        "The answer may then take three months in all. They are told why, within the first month. "
        "This can be done once."
    ),
    Step.REFUSE: mark("The request is closed. They are told why, and where they can complain."),
    Step.CANCEL: mark("The request is closed, because the member does not want it any more."),
}


@dataclass(frozen=True)
class Stay:
    count: int
    until: date
    law: str


@dataclass(frozen=True)
class Preview:
    """What an erasure would do today. `goes`: how many, by what they are called."""

    goes: Sequence[tuple[str, int]]
    stays: Sequence[Stay]
    told: Sequence[str]
    by_hand: Sequence[Hand]
    held: bool
    closes: int
    waits: int


@dataclass(frozen=True)
class StepPage(View):
    """`reasons`: to choose from; the letter is written once one is `chosen`. `outcome`: it asks for
    what was found. `first`: a second officer has to approve after this one.
    """

    template: ClassVar[str] = "officer/step.html"
    title: ClassVar[str] = mark("Before you do this")

    request: UUID
    right: str
    step: str
    step_text: str
    effect: str
    reasons: Sequence[Option]
    chosen: str
    outcome: bool
    first: bool
    letter: Written | None
    preview: Preview | None


@dataclass(frozen=True)
class PreviewPage(View):
    template: ClassVar[str] = "officer/preview.html"
    title: ClassVar[str] = mark("What this erasure would do")

    request: UUID
    preview: Preview


class Taken(msgspec.Struct, forbid_unknown_fields=True):
    reason: str | None = None
    outcome: Annotated[str, msgspec.Meta(max_length=4_000)] = ""

    def __repr__(self) -> str:
        return "Taken(***)"


@pages("GET", ONE + "/steps/{step}", ability=Ability.REQUESTS, query=("reason",))
async def confirm(asked: Asked) -> StepPage:
    """What the step does, and the one button that takes it."""
    request, step = await _asked_for(asked)
    seen = await desk.seen_one(asked.unit, asked.active, request)
    if step not in seen.steps:
        raise WrongState("this step cannot be taken now", place="request")
    reasons = _reasons(request.right, step, doubtful=bool(seen.lacking))
    chosen = asked.query.get("reason", "")
    chosen = chosen if chosen in {one.value for one in reasons} else ""
    erases = step is Step.APPROVE and request.right is Right.ERASURE
    preview = await preview_of(asked, request) if erases else None
    say = asked.speaking.say
    first = asked.active.programme.requests.asks_two.get(request.right, False) and not request.two
    return StepPage(
        request=request.id,
        right=say(RIGHTS[request.right]),
        step=step.value,
        step_text=say(STEPS[step]),
        effect=say(_LATER if preview and preview.waits else _EFFECTS[step]),
        reasons=[Option(one.value, say(one.text), one.value == chosen) for one in reasons],
        chosen=chosen,
        outcome=step is Step.APPROVE and request.right is Right.REVIEW,
        first=step is Step.APPROVE and first,
        letter=None
        if erases or (reasons and not chosen)
        else await _letter(asked, request, step, chosen or None),
        preview=preview,
    )


@pages("POST", ONE + "/steps/{step}", ability=Ability.REQUESTS)
async def take(asked: Asked, taken: Taken) -> Go:
    """Take it. What follows is done by a worker."""
    request, step = await _asked_for(asked)
    found = await desk.take(
        asked.unit,
        asked.act,
        asked.active,
        request.id,
        step,
        reason=taken.reason or None,
        outcome=taken.outcome.strip(),
    )
    return Go(to(found.id), said="second-officer" if found.two else "on-record")


@pages("GET", ONE + "/preview", ability=Ability.REQUESTS)
async def look(asked: Asked) -> PreviewPage:
    """What the erasure would destroy, what stays, who is told; on record."""
    request = await register.get(asked.unit, asked.id("request"))
    return PreviewPage(request.id, await preview_of(asked, request))


async def preview_of(asked: Asked, request: Request) -> Preview:
    found = await previews.of_request(asked.unit, asked.act, asked.active, request.id)
    say, known = asked.speaking.say, asked.active.programme.recipients
    keeps = found.keeps
    by_hand = hands(asked, [one.recipient for one in found.by_hand])
    return Preview(
        goes=[(say(DESTROYED[kind]), count) for kind, count in found.destroys.items() if count],
        stays=[]
        if keeps is None
        else [Stay(count, day, keeps.books.law) for day, count in sorted(keeps.by_day.items())],
        told=[known[name].name if name in known else name for name in found.tells],
        by_hand=by_hand or [],
        held=bool(found.holds),
        closes=found.closes,
        waits=found.waits,
    )


async def _asked_for(asked: Asked) -> tuple[Request, Step]:
    """The request and the step in the address. Raises `WrongCaller` where the role lacks it."""
    request = await register.get(asked.unit, asked.id("request"))
    step = bulk.step_named(str(asked.path["step"]))
    if not may_take(asked, request, step):
        raise WrongCaller("officers in this role may not restrict", place="request")
    return request, step


async def _letter(asked: Asked, request: Request, step: Step, reason: str | None) -> Written | None:
    """The letter that goes out because of this step, as it would be now."""
    kind = _LETTERS.get(step)
    if step is Step.APPROVE and request.right is Right.RELEASE:
        kind = Letter.RELEASE
    if kind is None or (step is Step.APPROVE and request.right is Right.REVIEW):
        return None  # what was found is written into the letter, and is not known yet
    return await letters_desk.preview(
        asked.unit, asked.act, asked.active, request.id, kind=kind, reason=reason
    )


@dataclass(frozen=True)
class _Reason:
    value: str
    text: str


def _reasons(right: Right, step: Step, *, doubtful: bool) -> list[_Reason]:
    """Those that fit this right; a doubt about who asked only where there is one."""
    if step is Step.EXTEND:
        return [_Reason(one, REASONS[one]) for one in Delay]
    if step is not Step.REFUSE:
        return []
    fitting = (one for one in REFUSED_BY[right] if doubtful or one is not Reason.IDENTITY)
    return [_Reason(one, REASONS[one]) for one in fitting]
