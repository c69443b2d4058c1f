"""`tillit request list`: the requests, each with what it waits for and the command that comes next.

As wide as the terminal: two lines a request where there is room, four where there is not.
"""

import shutil
from datetime import date
from typing import Annotated
from uuid import UUID

import typer

from api.bootstrap import Tillit
from api.cli.door import run
from api.cli.request_shown import plain
from api.cli.request_waiting import next_command, said, waits_plain
from api.cli.speaking import AsJson, say_json
from dsar import desk, waiting, worklist
from dsar.desk import Seen
from dsar.errors import BrokenRequest
from dsar.register import Request
from dsar.waiting import Waiting
from dsar.words import right_named
from dsar.worklist import Wish

_SOON = worklist.SOON.days
_WIDE = 140  # columns: the longest line of two has 133
_FIRST = f"{'':<{len('2026-03-02')}}"  # as wide as a day


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
        requests = [plain(seen, today) | waits_plain(seen, one) for seen, one in found]
        unreadable = [str(one) for one in page.unreadable]
        say_json({"requests": requests, "unreadable": unreadable})
        return
    wide = shutil.get_terminal_size().columns >= _WIDE
    for seen, one in found:
        typer.echo("\n".join(lines(seen, one, today, wide=wide)))
    for request in page.unreadable:
        typer.echo(f"error: {_unreadable(request)}", err=True)
    if page.next is not None:
        typer.echo(
            f"there are more than {limit}: see more with --limit, or fewer with --open or --right",
            err=True,
        )


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


def _unreadable(request: UUID) -> str:
    return f"{request}: {BrokenRequest('nobody can make sense of its row')}"


def _when(request: Request, today: date) -> str:
    if not request.state.is_open:
        return "closed"
    if not request.unanswered:
        return "done"
    left = request.days_left(today)
    days = f"{abs(left)} day" if abs(left) == 1 else f"{abs(left)} days"
    if left < 0:
        return f"OVERDUE by {days}"
    return f"{days} left" + (", clock stands" if request.paused else "")


def _coloured(line: str, request: Request, today: date) -> str:
    if request.overdue(today):
        return typer.style(line, fg=typer.colors.RED, bold=True)
    soon = request.unanswered and not request.paused and request.days_left(today) <= _SOON
    return typer.style(line, fg=typer.colors.YELLOW) if soon else line
