"""`tillit request list`: the requests, each with what it waits for and the command that comes next.

As wide as the terminal: two lines a request where there is room, four where there is not.
"""

import shutil
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import typer

from api.bootstrap import Tillit
from api.cli.door import run
from api.cli.request_shown import plain
from api.cli.speaking import AsJson, say_json
from dsar import desk, waiting, worklist
from dsar.desk import Seen
from dsar.errors import BrokenRequest
from dsar.register import Request
from dsar.states import Right, State, Step
from dsar.waiting import Waiting, Waits
from dsar.words import right_named
from dsar.worklist import Wish

_SOON = worklist.SOON.days
_WIDE = 140  # columns: the longest line of two has 133
_FIRST = f"{'':<{len('2026-03-02')}}"  # as wide as a day

_WORDS = {
    Waits.REPAIR: "repair: something of it is broken",
    Waits.IDENTITY: "identity",
    Waits.DECISION: "your decision",
    Waits.SECOND_OFFICER: "a second pair of eyes",
    Waits.LEGAL_HOLD: "a legal hold",
    Waits.COOLING_OFF: "cooling-off",
    Waits.LETTER: "the letter that says so",
    Waits.RECIPIENTS: "recipients",
    Waits.WORKER: "a worker",
    Waits.NOTHING: "nothing",
}


def list_(
    only_open: Annotated[
        bool, typer.Option("--open", help="Leave out those that are closed.")
    ] = False,
    only_overdue: Annotated[
        bool, typer.Option("--overdue", help="Only those that are late.")
    ] = False,
    right: Annotated[str | None, typer.Option("--right", help="Only for this right.")] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=worklist.MOST, help="At most so many.")
    ] = 100,
    as_json: AsJson = False,
) -> None:
    """The requests: the overdue first, then what is due soonest, the closed last."""
    wish = Wish(
        only_open=only_open,
        overdue=True if only_overdue else None,
        right=right_named(right) if right is not None else None,
        limit=limit,
    )

    async def step(tillit: Tillit) -> tuple[list[tuple[Seen, Waiting]], worklist.Page, date]:
        async with tillit.unit() as work:
            page = await worklist.page(work.unit, wish)
            found = await desk.seen(work.unit, work.active, page.requests)
            waits = await waiting.waiting(work.unit, found)
            return list(zip(found, waits, strict=True)), page, work.unit.today

    found, page, today = run(step)
    if as_json:
        requests = [plain(seen, today) | _waits(seen, one) for seen, one in found]
        unreadable = [str(one) for one in page.unreadable]
        say_json({"requests": requests, "unreadable": unreadable})
        return
    wide = shutil.get_terminal_size().columns >= _WIDE
    for seen, one in found:
        typer.echo("\n".join(lines(seen, one, today, wide=wide)))
    for request in page.unreadable:
        typer.echo(f"error: {_unreadable(request)}", err=True)
    if page.next is not None:
        typer.echo("there are more: --limit, or fewer kinds", err=True)


def lines(seen: Seen, waits: Waiting, today: date, *, wide: bool) -> list[str]:
    """What a request's lines in the list say; what is overdue in red, where there are colours."""
    request = seen.request
    first = f"{request.due}  {_when(request, today):<27}  {request.right:<13}  {request.state:<15}"
    first = _coloured(first.rstrip() if not wide else first, request, today)
    member = str(request.member) if request.member else "erased"
    what, then = said(waits), next_command(seen, waits)
    if str(request.id) not in then:  # a comment in any shell
        then = f"{then}  # {request.id}"
    if seen.broken is not None:
        what = typer.style(what, fg=typer.colors.RED, bold=True)
    if wide:
        return [f"{first}  waits for {what}", f"{_FIRST}  member {member:<36}  $ {then}"]
    return [first, f"  waits for {what}", f"  member {member}", f"  $ {then}"]


def said(waits: Waiting) -> str:
    """What it waits for, in words: `cooling-off until 2026-03-09 12:00 UTC`."""
    words = _WORDS[waits.what]
    if waits.what is Waits.RECIPIENTS:
        trouble = f", {waits.troubled} with a problem" if waits.troubled else ""
        return f"{words}: {waits.recipients} open{trouble}"
    return words if waits.until is None else f"{words} until {waits.until:%Y-%m-%d %H:%M %Z}"


def next_command(seen: Seen, waits: Waiting) -> str:
    """What to type next; `tillit request show` where there is nothing to do but to look."""
    request = seen.request
    of_it = {
        Waits.IDENTITY: "identify {} --how officer",
        Waits.DECISION: "approve {}",
        Waits.SECOND_OFFICER: "approve {}",
        Waits.LEGAL_HOLD: "preview {}",
    }
    elsewhere = {
        Waits.REPAIR: "tillit audit verify",
        Waits.RECIPIENTS: "tillit connectors list",
    }
    if (other := elsewhere.get(waits.what)) is not None:
        return other
    step = of_it.get(waits.what, "show {}")
    if waits.what is Waits.IDENTITY and Step.ASK_IDENTITY in seen.steps:
        step = "ask {}"
    if waits.what is Waits.IDENTITY and request.state is State.ACCEPTED:
        step = "show {}"  # whoever spoke may no more: the member asks themselves, or nobody does
    if waits.what is Waits.DECISION and request.right is Right.REVIEW:
        step += " --outcome FILE"
    return f"tillit request {step.format(request.id)}"


def _waits(seen: Seen, waits: Waiting) -> dict[str, Any]:
    return {
        "waits_for": waits.what.value,
        "waits_until": waits.until.isoformat() if waits.until is not None else None,
        "recipients_open": waits.recipients,
        "recipients_troubled": waits.troubled,
        "next": next_command(seen, waits),
    }


def _unreadable(request: UUID) -> str:
    return f"{request}: {BrokenRequest('nobody can make sense of its row')}"


def _when(request: Request, today: date) -> str:
    if not request.state.is_open:
        return "closed"
    left = request.days_left(today)
    days = f"{abs(left)} day" if abs(left) == 1 else f"{abs(left)} days"
    if left < 0:
        return f"OVERDUE by {days}"
    return f"{days} left" + (", clock stands" if request.paused else "")


def _coloured(line: str, request: Request, today: date) -> str:
    if request.overdue(today):
        return typer.style(line, fg=typer.colors.RED, bold=True)
    soon = request.state.is_open and not request.paused and request.days_left(today) <= _SOON
    return typer.style(line, fg=typer.colors.YELLOW) if soon else line
