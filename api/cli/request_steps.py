"""What officers do with requests at the command line: one step, with one or with many."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.bootstrap import Tillit
from api.cli.door import MISTAKE, run
from api.cli.request_shown import say
from api.cli.speaking import ActingAs, AsJson, bars, officer, say_json
from api.http.problems import type_of
from api.work import drain
from dsar import bulk, desk, identity_steps, register
from dsar.bulk import Came, Outcome
from dsar.identity import How
from dsar.states import Step
from dsar.words import Delay, Reason
from kernel.errors import Invalid

Id = Annotated[UUID, typer.Argument(help="The request's id.", show_default=False)]
Now = Annotated[
    bool, typer.Option("--now", help="Carry it out here, without waiting for a worker.")
]


def approve(
    request: Id,
    acting: ActingAs,
    outcome: Annotated[
        Path | None,
        typer.Option("--outcome", help="For a review: a text file with what you found."),
    ] = None,
    now: Now = False,
    as_json: AsJson = False,
) -> None:
    """Accept a request; a worker carries it out."""
    found = outcome.read_text("utf-8").strip() if outcome is not None else ""
    _take(request, Step.APPROVE, acting, outcome=found, now=now, as_json=as_json)


def refuse(
    request: Id,
    reason: Annotated[str, typer.Option("--reason", help="One of " + ", ".join(Reason) + ".")],
    acting: ActingAs,
    as_json: AsJson = False,
) -> None:
    """Refuse a request, for a reason that the member is told (Art. 12(4))."""
    _take(request, Step.REFUSE, acting, reason=reason, as_json=as_json)


def extend(
    request: Id,
    reason: Annotated[str, typer.Option("--reason", help="One of " + ", ".join(Delay) + ".")],
    acting: ActingAs,
    as_json: AsJson = False,
) -> None:
    """Take two months more, within the first; the member is told why (Art. 12(3))."""
    _take(request, Step.EXTEND, acting, reason=reason, as_json=as_json)


def cancel(request: Id, acting: ActingAs, as_json: AsJson = False) -> None:
    """Close a request that the member has taken back, before it is carried out."""
    _take(request, Step.CANCEL, acting, as_json=as_json)


def ask(request: Id, acting: ActingAs, as_json: AsJson = False) -> None:
    """Ask who they are (Art. 12(6)); the clock stands, if this is asked promptly."""
    _take(request, Step.ASK_IDENTITY, acting, as_json=as_json)


def identify(
    request: Id,
    how: Annotated[
        str, typer.Option("--how", help="One of " + ", ".join(identity_steps.ATTESTED) + ".")
    ],
    acting: ActingAs,
    note: Annotated[
        str, typer.Option("--note", help="Such as the day of a mandate; it is sealed.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Put on record that you have seen who it is, or their mandate; you answer for it."""
    act = officer(acting)
    if how not in identity_steps.ATTESTED:
        raise typer.BadParameter("one of " + ", ".join(identity_steps.ATTESTED))

    async def taken(tillit: Tillit) -> tuple[desk.Seen, date]:
        async with tillit.unit() as work:
            await identity_steps.attest(
                work.unit, act, work.active, request, how=How(how), note=note
            )
        return await _seen(tillit, request)

    say(*run(taken), as_json=as_json)


def many(
    step: Annotated[
        str, typer.Argument(help="One of " + ", ".join(desk.BY_OFFICERS) + ".", show_default=False)
    ],
    *,
    file: Annotated[
        Path, typer.Option("--file", help="Request ids, one a line.", show_default=False)
    ],
    acting: ActingAs,
    reason: Annotated[
        str | None, typer.Option("--reason", help="For refuse and extend, as they have it.")
    ] = None,
    now: Now = False,
    as_json: AsJson = False,
) -> None:
    """Take one step with many requests; each succeeds or fails by itself."""
    taken, act = bulk.step_named(step), officer(acting)
    desk.check_reason(taken, reason)
    requests = _ids(file)

    async def steps(tillit: Tillit) -> list[Outcome]:
        came = []
        with bars(quiet=as_json) as bar:
            for request in requests:
                # Each is durable once it is done: stopped half-way, it can be run again.
                async with tillit.unit() as work:
                    came.append(
                        await bulk.take_one(
                            work.unit, act, work.active, request, taken, reason=reason
                        )
                    )
                bar(f"{step} requests", len(came), len(requests))
        if now:
            await drain(tillit)
        return came

    outcomes = run(steps)
    _tell(outcomes, as_json=as_json)
    if any(one.error is not None for one in outcomes):
        raise typer.Exit(MISTAKE)


def _take(
    request: UUID,
    step: Step,
    acting: str,
    *,
    reason: str | None = None,
    outcome: str = "",
    now: bool = False,
    as_json: bool,
) -> None:
    act = officer(acting)
    desk.check_reason(step, reason)

    async def taken(tillit: Tillit) -> tuple[desk.Seen, date]:
        async with tillit.unit() as work:
            await desk.take(
                work.unit, act, work.active, request, step, reason=reason, outcome=outcome
            )
        if now:
            await drain(tillit)
        return await _seen(tillit, request)

    say(*run(taken), as_json=as_json)


async def _seen(tillit: Tillit, request: UUID) -> tuple[desk.Seen, date]:
    async with tillit.unit() as work:
        seen = await desk.seen_one(work.unit, work.active, await register.get(work.unit, request))
        return seen, work.unit.today


def _ids(file: Path) -> list[UUID]:
    """The ids in a file, each once. Raises `Invalid` with the number of a line that is none."""
    found = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found.append(UUID(line.strip()))
        except ValueError:
            raise Invalid(
                "this is no request's id",
                place=f"{file} line {number}",
                remedy="one id a line, as `tillit request list` shows them",
            ) from None
    return list(dict.fromkeys(found))


def _tell(outcomes: list[Outcome], *, as_json: bool) -> None:
    if as_json:
        lines = [
            {
                "id": str(one.request),
                "came": one.came.value,
                "state": one.state.value if one.state is not None else None,
                "type": type_of(one.error.slug) if one.error is not None else None,
                "problem": str(one.error) if one.error is not None else None,
            }
            for one in outcomes
        ]
        say_json({"requests": lines})
        return
    for one in outcomes:
        if one.error is not None:
            typer.echo(f"error: {one.request}: {one.error}", err=True)
    counts = Counter(one.came for one in outcomes)
    told = [f"{count} {_WORDS[came]}" for came, count in counts.items()]
    typer.echo(", ".join(told) or "no request in the file")


_WORDS = {
    Came.DONE: "done",
    Came.WAITS: "waiting for a second officer",
    Came.ALREADY: "done before",
    Came.NOT_DONE: "not done",
}
