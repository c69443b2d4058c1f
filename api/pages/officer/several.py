"""`/desk/requests/several`: one step with many requests, listed once more before it is taken.

What came of each is the answer to the form itself and stands nowhere else; sent again, it finds
the step taken and changes nothing (`dsar.bulk`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

import msgspec
from starlette.datastructures import QueryParams

from api.http.errors import Misshapen, WrongCaller
from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.inbox import AT_ONCE, Option
from api.pages.officer.rows import PATH, Row, may_take, rows
from api.pages.officer.words import REASONS, RIGHTS, STATES, STEPS
from api.pages.saying import ERRORS, WRONG
from api.people.people import Kind
from consent.programme import Ability
from dsar import bulk, register
from dsar.bulk import Came, Outcome
from dsar.packages.marking import mark
from dsar.register import Request
from dsar.states import Right, Step
from dsar.words import REFUSED_BY, Delay

pages = Pages(Kind.OFFICER)
SEVERAL = f"{PATH}/several"


@dataclass(frozen=True)
class Several(View):
    """`ready`: those with which the step can be taken, which the form sends; `others`: the rest.

    `reasons`: that fit all of the ready ones; none where the step has no reason. `unfit`: the step
    needs a reason, and no reason fits them all. `erasures`: how many of them destroy.
    """

    template: ClassVar[str] = "officer/several.html"
    title: ClassVar[str] = mark("One step with several requests")

    step: str
    step_text: str
    ready: Sequence[Row]
    others: Sequence[Row]
    reasons: Sequence[Option]
    unfit: bool
    erasures: int


@dataclass(frozen=True)
class Line:
    id: UUID
    right: str
    came: str
    why: str


@dataclass(frozen=True)
class Taken(View):
    """What came of each. `done`: of how many it was, or had been."""

    template: ClassVar[str] = "officer/several_taken.html"
    title: ClassVar[str] = mark("What came of each")

    step_text: str
    lines: Sequence[Line]
    done: int


class Batch(msgspec.Struct, forbid_unknown_fields=True):
    step: str
    requests: list[UUID] = []
    reason: str | None = None


_CAME = {
    Came.DONE: mark("Done"),
    Came.WAITS: mark("Approved by you; a second officer has to approve it too"),
    Came.ALREADY: mark("It had been done before"),
    Came.NOT_DONE: mark("Not done"),
}


@pages("GET", SEVERAL, ability=Ability.REQUESTS, query=("request", "step"))
async def confirm(asked: Asked) -> Several | Go:
    """The requests that are meant, and the one button."""
    step = bulk.step_named(asked.query.get("step", ""))
    if not (ids := _ids(asked)):
        return Go(PATH, said="none-ticked")
    found = [await register.get(asked.unit, one) for one in ids]
    shown = await rows(asked, found)
    rights = {one.id: one.right for one in found}
    ready = [one for one in shown if step in one.steps and not _alone(rights[one.id], step)]
    known = _reasons(step, {rights[one.id] for one in ready})
    say = asked.speaking.say
    return Several(
        step=step.value,
        step_text=say(STEPS[step]),
        ready=ready,
        others=[one for one in shown if one not in ready],
        reasons=[Option(one, say(REASONS[one]), False) for one in known],
        unfit=bool(ready) and step in (Step.REFUSE, Step.EXTEND) and not known,
        erasures=sum(step is Step.APPROVE and rights[one.id] is Right.ERASURE for one in ready),
    )


@pages("POST", SEVERAL, ability=Ability.REQUESTS)
async def take(asked: Asked, batch: Batch) -> Taken | Go:
    """Take the step with each; each succeeds or fails by itself."""
    step = bulk.step_named(batch.step)
    if not batch.requests:
        return Go(PATH, said="none-ticked")
    came = await bulk.take(
        asked.unit, asked.act, asked.active, batch.requests[:AT_ONCE], step,
        reason=batch.reason or None,
        allowed=lambda request: _allowed(asked, request, step),
    )  # fmt: skip
    lines = [await _line(asked, one) for one in came]
    return Taken(
        step_text=asked.speaking.say(STEPS[step]),
        lines=lines,
        done=sum(one.error is None for one in came),
    )


async def _line(asked: Asked, one: Outcome) -> Line:
    say = asked.speaking.say
    right = state = ""
    if one.state is not None:
        right = say(RIGHTS[(await register.get(asked.unit, one.request)).right])
        state = say(STATES[one.state])
    why = state if one.error is None else say(ERRORS.get(one.error.slug, WRONG))
    return Line(one.request, right, say(_CAME[one.came]), why)


def _alone(right: Right, step: Step) -> bool:
    """Whether this is said of one request alone: what was found goes with an approved review."""
    return step is Step.APPROVE and right is Right.REVIEW


def _reasons(step: Step, rights: set[Right]) -> list[str]:
    """The reasons that fit all of these."""
    if step is Step.EXTEND:
        return list(Delay)
    if step is not Step.REFUSE or not rights:
        return []
    first, *rest = (REFUSED_BY[right] for right in rights)
    return [one for one in first if all(one in other for other in rest)]


def _ids(asked: Asked) -> list[UUID]:
    """The requests in the address, each once. Raises `Misshapen`."""
    query = asked.query
    assert isinstance(query, QueryParams)
    try:
        ids = [msgspec.convert(one, UUID) for one in query.getlist("request")]
    except msgspec.ValidationError:
        raise Misshapen("this is no id", place="request") from None
    return list(dict.fromkeys(ids))[:AT_ONCE]


def _allowed(asked: Asked, request: Request, step: Step) -> None:
    if not may_take(asked, request, step):
        raise WrongCaller("officers in this role may not restrict", place="request")
