"""Whether two officers approved what two were asked to, by the record and the programmes of then.

For `tillit audit verify`. Reads the record's entries and the programmes that were applied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.browsing import Told
from consent.errors import ProgrammeInvalid
from consent.programme.loading import read_programme
from dsar import approvals
from dsar.states import Right, State, Step
from dsar.tables import RequestRow
from kernel.database import raw
from profiles.members import Member
from profiles.unit import Unit

_APPLIED = "SELECT number, applied_at, source FROM programme_version ORDER BY number"


@dataclass(frozen=True)
class Asked:
    """Which rights a version of the programme wants two officers for, from when on."""

    version: int
    since: datetime
    rights: frozenset[str]


async def asked_by_programmes(unit: Unit) -> list[Asked]:
    """The oldest first. One that cannot be read is left out: the programme's own checks name it."""
    found = []
    for number, since, source in await (
        await (await raw(unit.session)).execute(_APPLIED)
    ).fetchall():
        try:
            handling = read_programme(source).requests
        except ProgrammeInvalid:
            continue
        found.append(Asked(number, since, frozenset(map(str, handling.asks_two))))
    return found


def alone(right: Right, steps: Sequence[Told], asked: Sequence[Asked]) -> UUID | None:
    """The entry of an approval by one officer where two were asked for; None if there is none.

    `steps`: the entries about the request, oldest first.
    """
    endorsed: set[str] = set()
    for one in steps:
        match one.facts.get("step"):
            case Step.RETURN:
                endorsed = set()
            case Step.ENDORSE:
                endorsed.add(one.actor.id)
            case Step.APPROVE if not endorsed - {one.actor.id} and _two(right, one, asked):
                return one.id
    return None


def stands(row: RequestRow, member: Member | None, steps: Sequence[Told]) -> bool:
    """Whether what is sealed in an open row is the approval that it has come to, or none."""
    if State(row.state) is State.ACCEPTED or row.approval is not None:
        given = approvals.given(row, member) if member else None
        return (
            given is not None
            and given.whole == (row.state == State.ACCEPTED)
            and given.returned == approvals.returns(steps)
        )
    return True


def _two(right: Right, approval: Told, asked: Sequence[Asked]) -> bool:
    """Of an entry that names no version: whether both asked that can have been in force then."""
    if approval.programme is not None:
        mine = [one for one in asked if one.version == approval.programme]
    else:
        before = [one for one in asked if one.since < approval.at][-1:]
        mine = before + [one for one in asked if one.since <= approval.at][-1:]
    return bool(mine) and all(right in one.rights for one in mine)
