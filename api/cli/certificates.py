"""`tillit request certificate`: the certificate of an erasure, as signed or to be read."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.bootstrap import Tillit, Work
from api.cli.door import run
from dsar import register
from dsar.certificates import ERASURE_PART, HORIZON_PART
from dsar.errors import NotReady
from dsar.readable import checked, pages, sheets
from dsar.readable.checked import Check
from dsar.readable.reading import Reading
from dsar.states import Right, State
from kernel.errors import Conflict

_DRAW: Mapping[str, Callable[[Reading], bytes]] = {
    ".json": lambda one: one.signed.encode(),
    ".html": lambda one: pages.html(one).encode(),
    ".pdf": sheets.pdf,
}


def certificate(
    request: Annotated[UUID, typer.Argument(help="The request's id.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="A new file: NAME.pdf, .html or .json.")],
    horizon: Annotated[
        bool, typer.Option("--horizon", help="The second one: that no backup opens any more.")
    ] = False,
    language: Annotated[
        str | None,
        typer.Option("--language", help="Such as sv; else the one that the request is in."),
    ] = None,
) -> None:
    """Write the certificate of an erasure into a file: to be read, printed, or checked."""
    draw = _DRAW.get(out.suffix)
    if draw is None:
        raise typer.BadParameter("give a file that ends in .pdf, .html or .json", param_hint="out")
    if out.exists():
        raise Conflict("this is there already", place=str(out), remedy="give a new name")

    async def step(tillit: Tillit) -> Reading:
        async with tillit.unit() as work:
            await refuse_awaited(work, request)
            signer = await tillit.signer(work.session)
            check = Check(work.unit, work.active, signer, tillit.settings.public_url)
            part = HORIZON_PART if horizon else ERASURE_PART
            return await checked.of_request(check, request, part=part, language=language)

    reading = run(step)
    out.write_bytes(draw(reading))
    typer.echo(f"{out}  {reading.title}  {reading.reference}")


async def refuse_awaited(work: Work, request: UUID) -> None:
    """Raises `NotReady` where the certificate of an erasure waits for recipients."""
    found = await register.get(work.unit, request)
    if found.right is Right.ERASURE and found.state is State.CARRIED_OUT:
        raise NotReady(
            "it is issued once every recipient has answered, or was given up",
            place="certificate",
            remedy=f"see for whom it waits: `tillit connectors list --request {request}`",
        )
