"""`tillit request letter`: a letter as it was written, or as it would be."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.bootstrap import Tillit
from api.cli.door import run
from api.cli.speaking import ActingAs, AsJson, officer, say_json
from dsar.letters import desk, pages, sheets
from dsar.letters.desk import Status
from dsar.letters.kinds import kind_named
from dsar.letters.written import Written
from kernel.errors import Conflict

Id = Annotated[UUID, typer.Argument(help="The request's id.", show_default=False)]
_DRAW = {".html": lambda one: pages.html(one).encode(), ".pdf": sheets.pdf}


def letter(
    request: Id,
    kind: Annotated[str, typer.Argument(help="Which letter, such as refusal.")],
    *,
    acting: ActingAs,
    out: Annotated[Path, typer.Option("--out", help="A new file: NAME.pdf or NAME.html.")],
    preview: Annotated[
        bool, typer.Option("--preview", help="As it would be now; nothing is kept or sent.")
    ] = False,
    reason: Annotated[
        str | None,
        typer.Option("--reason", help="With --preview: why it would be refused or put off."),
    ] = None,
) -> None:
    """Write a letter into a file, to be read, or printed and posted."""
    draw = _DRAW.get(out.suffix)
    if draw is None:
        raise typer.BadParameter("give a file that ends in .pdf or .html", param_hint="--out")
    if reason is not None and not preview:
        raise typer.BadParameter("only a preview takes a reason", param_hint="--reason")
    if out.exists():
        raise Conflict("this is there already", place=str(out), remedy="give a new name")
    named, act = kind_named(kind), officer(acting)

    async def step(tillit: Tillit) -> Written:
        async with tillit.unit() as work:
            if preview:
                return await desk.preview(
                    work.unit, act, work.active, request, kind=named, reason=reason
                )
            return await desk.opened(work.unit, act, request, named)

    written = run(step)
    out.touch(mode=0o600)
    out.write_bytes(draw(written))
    typer.echo(f"{out}  {written.subject}")


def letters(request: Id, *, as_json: AsJson = False) -> None:
    """The letters that were written about a request, and what became of each."""

    async def step(tillit: Tillit) -> list[Status]:
        async with tillit.unit() as work:
            return await desk.listed(work.unit, request)

    found = run(step)
    if as_json:
        say_json({"letters": [plain(one) for one in found]})
    for one in [] if as_json else found:
        typer.echo(line(one))


def plain(one: Status) -> dict[str, str | None]:
    return {
        "letter": one.kind.value,
        "state": one.state.value,
        "made_at": one.made_at.isoformat(),
        "sent_at": one.sent_at.isoformat() if one.sent_at else None,
        "problem": one.problem,
    }


def line(one: Status) -> str:
    """Such as ``2026-03-02 refusal  download  no_mail_server``."""
    return f"{one.made_at:%Y-%m-%d}  {one.kind:<15} {one.state:<9} {one.problem or ''}".rstrip()
