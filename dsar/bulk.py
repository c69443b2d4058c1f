"""One step with many requests: each succeeds or fails by itself, in the caller's transaction.

Each has a savepoint of its own, so that one that cannot take the step undoes nothing of the
others. Sent again, it finds the step taken and changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from audit.acts import Act
from consent.programme.suggestion import did_you_mean
from consent.programmes import Active
from dsar import desk, register
from dsar.errors import BrokenRequest, NotARequest, UnknownRequest
from dsar.register import Request
from dsar.states import State, Step
from kernel.errors import TillitError, Unavailable
from profiles.errors import CannotOpen
from profiles.unit import Unit

MOST = 500
#: Raises for a request that this officer may not handle.
Allowed = Callable[[Request], None]


class Came(StrEnum):
    """What came of a step with one of them."""

    DONE = "done"
    WAITS = "waits"  # for a second officer
    ALREADY = "already"  # it had been taken before; nothing was changed
    NOT_DONE = "not_done"


@dataclass(frozen=True)
class Outcome:
    """`state`: where it stands; None when there is none, or it cannot be read. `error`: why not."""

    request: UUID
    came: Came
    state: State | None
    error: TillitError | None = None


def step_named(name: str) -> Step:
    """Raises `NotARequest` for a step that nobody takes with many at once."""
    if name not in desk.BY_OFFICERS:
        raise NotARequest(
            "this is no step that officers take",
            place="step",
            remedy=did_you_mean(name[:64], desk.BY_OFFICERS),
        )
    return Step(name)


async def take(
    unit: Unit,
    act: Act,
    active: Active,
    requests: Sequence[UUID],
    step: Step,
    *,
    reason: str | None = None,
    allowed: Allowed | None = None,
) -> list[Outcome]:
    """Take the step with each; returns what came of each, once, in the order given.

    Raises `NotARequest` and `UnknownReason`; what is missing or broken of ours (`Unavailable`)
    raises too, and then nothing was done. What is broken of one request is that one's outcome.
    """
    desk.check_reason(step, reason)
    outcomes = {}
    # In one order for everybody, so that two officers at once never wait for each other.
    for request in sorted(set(requests)):
        outcomes[request] = await take_one(
            unit, act, active, request, step, reason=reason, allowed=allowed
        )
    return [outcomes[request] for request in dict.fromkeys(requests)]


async def take_one(
    unit: Unit,
    act: Act,
    active: Active,
    request: UUID,
    step: Step,
    *,
    reason: str | None = None,
    allowed: Allowed | None = None,
) -> Outcome:
    """The same with one of them."""
    try:
        async with unit.session.begin_nested():
            # Locked before it is looked at, so that of two officers the second finds it done.
            found = register.shown(await register.row_of(unit, request, lock=True))
            if allowed is not None:
                allowed(found)
            if not desk.taken(found, step):
                found = await desk.take(unit, act, active, request, step, reason=reason)
                return Outcome(request, Came.WAITS if found.two else Came.DONE, found.state)
            return Outcome(request, Came.ALREADY, found.state)
    except CannotOpen:
        broken = BrokenRequest("something of this request does not open")
        return Outcome(request, Came.NOT_DONE, await _stands(unit, request), broken)
    except TillitError as error:
        if isinstance(error, Unavailable) and not isinstance(error, BrokenRequest):
            raise
        return Outcome(request, Came.NOT_DONE, await _stands(unit, request), error)


async def _stands(unit: Unit, request: UUID) -> State | None:
    """Where it stands; None where there is no such request, or none that anybody can read."""
    try:
        return (await register.get(unit, request)).state
    except (UnknownRequest, BrokenRequest):
        return None
