"""What officers do with requests, one at a time and many at once."""

from typing import Annotated
from uuid import UUID

import msgspec

from api.http.callers import able
from api.http.doors import Asked, Doors
from api.http.problems import OneProblem, told, type_of
from api.http.request_shapes import RequestShown, shown
from audit.entries import ActorType
from consent.programme import Ability
from dsar import bulk, desk, register
from dsar.register import Request
from dsar.states import Right, Step

doors = Doors(ActorType.OFFICER)

_RESTRICTING = frozenset({Right.RESTRICTION, Right.RELEASE})


class Approval(msgspec.Struct, forbid_unknown_fields=True):
    """`outcome`: for a review, what you found when you looked again, and what holds now."""

    outcome: Annotated[str, msgspec.Meta(max_length=4_000)] = ""


class Because(msgspec.Struct, forbid_unknown_fields=True):
    """Why, in DPV's words: a closed list, no free text."""

    reason: str


class Batch(msgspec.Struct, forbid_unknown_fields=True):
    """One step with many requests: `approve`, `refuse`, `extend`, `ask_identity` or `cancel`.

    `reason`: for a refusal and an extension.
    """

    requests: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=bulk.MOST)]
    step: str
    reason: str | None = None


class Came(msgspec.Struct):
    """What came of one of them.

    `came`: `done`; `waits` for a second officer; `already`, where it had been done before and
    nothing was changed; or `not_done`, with the `problem` and its `type`. `state`: where it
    stands; null when there is no such request.
    """

    request: UUID
    came: str
    state: str | None
    type: str | None
    problem: OneProblem | None


class BatchCame(msgspec.Struct):
    """What came of each, in the order they were sent; one that was sent twice is told once."""

    requests: list[Came]
    done: int
    not_done: int


@doors("POST", "/v1/requests/{request:uuid}/approve", ability=Ability.REQUESTS, problems=(409,))
async def approve(asked: Asked, approval: Approval | None) -> RequestShown:
    """Approve a request; what it asks for is done by a worker, in the order of approval.

    Restriction and its end need the ability `restrict` too. Where the programme asks for four
    eyes, the first officer's yes waits for another's. The end of a restriction is told to the
    member before it takes effect (Art. 18(3)).
    """
    outcome = approval.outcome if approval is not None else ""
    return await _taken(asked, Step.APPROVE, outcome=outcome)


@doors("POST", "/v1/requests/{request:uuid}/refuse", ability=Ability.REQUESTS, problems=(409,))
async def refuse(asked: Asked, because: Because) -> RequestShown:
    """Refuse a request, with a reason (Art. 12(4))."""
    return await _taken(asked, Step.REFUSE, reason=because.reason)


@doors("POST", "/v1/requests/{request:uuid}/extend", ability=Ability.REQUESTS, problems=(409,))
async def extend(asked: Asked, because: Because) -> RequestShown:
    """Take two months more, within the first; the member is told why (Art. 12(3))."""
    return await _taken(asked, Step.EXTEND, reason=because.reason)


@doors("POST", "/v1/requests/{request:uuid}/cancel", ability=Ability.REQUESTS, problems=(409,))
async def cancel(asked: Asked) -> RequestShown:
    """Close a request that the member has taken back, before it is carried out."""
    return await _taken(asked, Step.CANCEL)


@doors("POST", "/v1/requests/bulk", ability=Ability.REQUESTS)
async def many(asked: Asked, batch: Batch) -> BatchCame:
    """Take one step with up to 500 requests; each succeeds or fails by itself.

    Sent again after a lost answer, it changes nothing that was done.
    """
    step = bulk.step_named(batch.step)
    came = await bulk.take(
        asked.unit,
        asked.act,
        asked.active,
        batch.requests,
        step,
        reason=batch.reason,
        allowed=lambda request: _allowed(asked, request, step),
    )
    lines = [
        Came(
            request=one.request,
            came=one.came.value,
            state=one.state.value if one.state is not None else None,
            type=type_of(one.error.slug) if one.error is not None else None,
            problem=told(one.error.problems[0]) if one.error is not None else None,
        )
        for one in came
    ]
    failed = sum(one.error is not None for one in came)
    return BatchCame(lines, len(lines) - failed, failed)


async def _taken(
    asked: Asked, step: Step, *, reason: str | None = None, outcome: str = ""
) -> RequestShown:
    found = await register.get(asked.unit, asked.id("request"))
    _allowed(asked, found, step)
    taken = await desk.take(
        asked.unit, asked.act, asked.active, found.id, step, reason=reason, outcome=outcome
    )
    return await shown(asked, taken)


def _allowed(asked: Asked, request: Request, step: Step) -> None:
    """Raises `WrongCaller` for an officer who may not restrict, or lift a restriction."""
    if step is Step.APPROVE and request.right in _RESTRICTING:
        able(asked.work, asked.who, Ability.RESTRICT)
