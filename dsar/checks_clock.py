"""Whether a request's clock is the one that its entries in the record come to.

Pure. Whether a question about identity stopped it hangs on the programme of that day: both are
taken for a question that was asked early enough for the longest `prompt_days` there can be.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from audit.browsing import Told
from audit.entries import Kind
from dsar.deadlines import due_day
from dsar.states import State, Step
from dsar.tables import RequestRow

_PROMPT = 14
#: A row has the time at which its transaction began, an entry that of its own writing; and one
#: transaction can open many requests, on a machine that has much else to do.
_SAME = timedelta(minutes=10)


def agrees(row: RequestRow, steps: Sequence[Told], zone: ZoneInfo, country: str) -> bool:
    """`steps`: the entries about the request, oldest first; `zone`, `country`: the programme's."""
    opened = next(one for one in steps if one.kind == Kind.REQUEST_OPENED)
    # Asked for twice, it runs from the earlier day; the later word may be the one that came first.
    received = [date.fromisoformat(day) for one in steps if (day := one.facts.get("received"))]
    asked: date | None = None
    could = {0}
    for one in steps:
        day, step = one.at.astimezone(zone).date(), one.facts.get("step")
        if step == Step.ASK_IDENTITY:
            asked = day
        elif step == Step.IDENTIFY and asked is not None and _prompt(received[0], asked):
            could |= {before + (day - asked).days for before in could}
    stands: set[date | None] = {None}
    if asked is not None and row.state == State.REQUIRES_ACTION and _prompt(received[0], asked):
        stands = {None, asked}
    due = due_day(row.received, country, extended=row.extended, paused=row.paused_days)
    return (
        row.received == min(received)
        and abs(row.opened_at - opened.at) < _SAME
        and row.asked_on == asked
        and row.paused_on in stands
        and row.paused_days in could
        and row.due == due
        and _carried(row, steps)
    )


def _carried(row: RequestRow, steps: Sequence[Told]) -> bool:
    """Whether it was carried out when the record says so, or not at all."""
    said = [one.at for one in steps if one.facts.get("step") == Step.CARRY_OUT]
    if row.carried_at is None or not said:
        return row.carried_at is None and not said
    return abs(row.carried_at - said[-1]) < _SAME


def _prompt(received: date, asked: date) -> bool:
    return (asked - received).days <= _PROMPT
