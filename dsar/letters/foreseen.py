"""The case as it will be, for a letter that is looked at before the step that causes it.

A letter tells of what its step does: that the clock stands, until when there is something to
fetch, who will be told. Looked at earlier, it says so too. Writes nothing, but that it was looked.
"""

from dataclasses import replace
from datetime import timedelta

from audit.acts import Act
from consent.programmes import Active
from dsar import previews, register, telling
from dsar.letters.cases import Case, case_of, farewell_case
from dsar.letters.kinds import Kind
from dsar.states import Right, State, Step
from dsar.tables import RequestRow
from profiles.members import Member
from profiles.unit import Unit

_PACKED = frozenset({Right.ACCESS, Right.PORTABILITY})
_DONE = frozenset({State.CARRIED_OUT, State.FULFILLED})


async def foreseen(
    unit: Unit, act: Act, active: Active, row: RequestRow, member: Member, *, kind: Kind
) -> Case:
    """The case for a letter of this kind. Raises `NotARequest` for the farewell of no erasure."""
    if kind is Kind.FAREWELL:
        seen = await previews.of_request(unit, act, active, row.id)
        known = await telling.known_of(unit, active, member)
        kept = seen.keeps.facts() if seen.keeps else []
        return farewell_case(unit, active, row, member, known=known, kept=kept)
    case = await case_of(unit, active, row, member)
    if kind is Kind.IDENTITY_QUERY and register.can(row, Step.ASK_IDENTITY):
        return _asked(unit, active, row, case)
    if kind is Kind.ANSWER and State(row.state) not in _DONE:
        return await _answered(unit, active, member, case)
    return case


def _asked(unit: Unit, active: Active, row: RequestRow, case: Case) -> Case:
    """The clock stands, if it is asked promptly (`requests.ask_identity`)."""
    rules = active.programme.requests
    prompt = (unit.today - row.received).days <= rules.prompt_days
    request = replace(case.request, paused_on=unit.today if prompt else None)
    return replace(case, request=request, closes=unit.today + timedelta(days=rules.identity_days))


async def _answered(unit: Unit, active: Active, member: Member, case: Case) -> Case:
    """There is a package to fetch, and recipients have yet to answer."""
    if case.request.right in _PACKED:
        days = timedelta(days=active.programme.requests.package_days)
        return replace(case, expires=unit.today + days)
    known = await telling.known_of(unit, active, member)
    names = telling.carriers(active, case.request.right, known=known)
    return replace(
        case, silent=tuple(sorted({active.programme.recipients[one].name for one in names}))
    )
