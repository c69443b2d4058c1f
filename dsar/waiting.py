"""What each request waits for: who has to do what before it goes on, or until when nobody can.

Reads the register's own tables, and in the record whom officers have to tell; opens no value.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dsar import by_hand
from dsar.desk import Seen
from dsar.letters.announcing import UNTOLD
from dsar.outgoing import State as Way
from dsar.states import Right, State
from kernel.database import raw
from profiles.unit import Unit

_RECIPIENTS = """
SELECT request, count(*), count(problem) FROM outgoing
WHERE request = ANY(%s) AND recipient IS NOT NULL AND state IN ('waiting', 'sent')
GROUP BY request
"""
# Of several holds, the one that ends last; null where one has no end.
_HOLDS = """
SELECT member, CASE WHEN bool_and(ends_at IS NOT NULL) THEN max(ends_at) END FROM legal_hold
WHERE member = ANY(%s) AND lifted_at IS NULL AND (ends_at IS NULL OR ends_at > %s)
GROUP BY member
"""


# Put together of constants and nothing else.
_LETTERS = (
    "SELECT o.request, o.state, o.problem FROM outgoing o WHERE o.request = ANY(%s) "  # noqa: S608
    f"AND {UNTOLD}"
)


class Waits(StrEnum):
    """For what; `NOTHING` once it is closed."""

    REPAIR = "repair"  # something of it is broken
    IDENTITY = "identity"
    DECISION = "decision"
    SECOND_OFFICER = "second_officer"
    LEGAL_HOLD = "legal_hold"
    COOLING_OFF = "cooling_off"
    LETTER = "letter"  # whose restriction is to end has yet to be told (Art. 18(3))
    RECIPIENTS = "recipients"
    WORKER = "worker"  # whatever is to be done is enqueued
    NOTHING = "nothing"


@dataclass(frozen=True)
class Waiting:
    """`until`: the end of a cooling-off or of a hold, where it has one.

    `recipients`: how many have yet to say that they have done what they were told; `troubled`: of
    those, how many with something wrong, which may need an officer. `by_hand`: those that nothing
    here tells, by name, also once it is closed: an officer has to. None where the record has been
    changed and cannot tell. `unsent`: why the letter that is waited for goes by no mail, of the
    words in docs/letters.md: whoever prints it and hands it over has told the member.
    """

    what: Waits
    until: datetime | None = None
    recipients: int = 0
    troubled: int = 0
    by_hand: tuple[str, ...] | None = ()
    unsent: str | None = None


@dataclass(frozen=True)
class _Known:
    now: datetime
    holds: Mapping[UUID, datetime | None] = field(default_factory=dict)
    letters: Mapping[UUID, str | None] = field(default_factory=dict)
    recipients: Mapping[UUID, tuple[int, int]] = field(default_factory=dict)
    by_hand: Mapping[UUID, tuple[str, ...] | None] = field(default_factory=dict)


async def troubled(unit: Unit, requests: Collection[UUID]) -> dict[UUID, int]:
    """For how many recipients of each something is wrong; none where all is well."""
    counts = await _recipients(unit, requests)
    return {request: wrong for request, (_, wrong) in counts.items() if wrong}


async def waiting(unit: Unit, found: Sequence[Seen]) -> list[Waiting]:
    """What each of these waits for, in their order; a few questions to the database for all."""
    open_ones = [one.request for one in found if one.request.state.is_open]
    told = {one.id for one in open_ones if one.state is State.CARRIED_OUT}
    erased = {one.member for one in open_ones if one.right is Right.ERASURE and one.member}
    released = [one.id for one in open_ones if one.right is Right.RELEASE]
    connection = await raw(unit.session)
    held = await connection.execute(_HOLDS, (list(erased), unit.now))
    holds = dict(await held.fetchall())
    untold = await connection.execute(_LETTERS, (released,))
    letters = {
        request: problem if state == Way.DOWNLOAD else None
        for request, state, problem in await untold.fetchall()
    }
    left = await by_hand.left(unit, [one.request for one in found])
    known = _Known(unit.now, holds, letters, await _recipients(unit, told), left)
    return [_waits(one, known) for one in found]


async def _recipients(unit: Unit, requests: Collection[UUID]) -> dict[UUID, tuple[int, int]]:
    """By request, how many are open, and how many of those have a problem."""
    connection = await raw(unit.session)
    counted = await connection.execute(_RECIPIENTS, (list(requests),))
    return {row[0]: (row[1], row[2]) for row in await counted.fetchall()}


def _waits(seen: Seen, known: _Known) -> Waiting:
    request, what = seen.request, _what(seen, known)
    if what is Waits.COOLING_OFF:
        return Waiting(what, until=request.not_before)
    if what is Waits.LEGAL_HOLD and request.member is not None:
        return Waiting(what, until=known.holds[request.member])
    if what is Waits.LETTER:
        return Waiting(what, unsent=known.letters[request.id])
    recipients, troubled = known.recipients.get(request.id, (0, 0))
    left = known.by_hand.get(request.id, ())
    return Waiting(what, recipients=recipients, troubled=troubled, by_hand=left)


def _what(seen: Seen, known: _Known) -> Waits:
    request = seen.request
    accepted = request.state is State.ACCEPTED
    cooling = request.not_before is not None and known.now < request.not_before
    # The first that fits.
    rules = (
        (not request.state.is_open, Waits.NOTHING),
        (seen.broken is not None, Waits.REPAIR),
        (request.id in known.recipients, Waits.RECIPIENTS),
        (request.state is State.REQUIRES_ACTION, Waits.IDENTITY),
        (accepted and cooling, Waits.COOLING_OFF),
        (request.right is Right.ERASURE and request.member in known.holds, Waits.LEGAL_HOLD),
        (accepted and request.id in known.letters, Waits.LETTER),
        (accepted and bool(seen.lacking), Waits.IDENTITY),
        (accepted or request.state is State.CARRIED_OUT, Waits.WORKER),
        (bool(seen.lacking), Waits.IDENTITY),
        (request.two, Waits.SECOND_OFFICER),
    )
    return next((what for holds, what in rules if holds), Waits.DECISION)
