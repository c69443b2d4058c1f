"""`tillit request`: data subject requests, from the first word to the certificate."""

import io
import json
import shlex
import zipfile
from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.bootstrap import Tillit, Work
from api.cli import letters, request_figures, request_list, request_opening, request_steps
from api.cli.certificates import refuse_awaited
from api.cli.days import day_at
from api.cli.door import run
from api.cli.request_shown import Besides, say
from api.cli.request_steps import Id
from api.cli.speaking import ActingAs, AsJson, officer, say_json
from audit.acts import Act
from dsar import by_hand, certificates, desk, outgoing, packages, register, waiting
from dsar.deadlines import due_day
from dsar.desk import Seen
from dsar.letters import desk as letters_desk
from dsar.register import Request
from dsar.wanted import Wanted
from kernel.errors import Conflict
from profiles.errors import UnknownMember

app = typer.Typer(no_args_is_help=True, help="Handle what members ask for (Arts. 7, 15 to 22).")
for name, step in (
    ("open", request_opening.open_),
    ("list", request_list.list_),
    ("approve", request_steps.approve),
    ("refuse", request_steps.refuse),
    ("extend", request_steps.extend),
    ("cancel", request_steps.cancel),
    ("ask", request_steps.ask),
    ("identify", request_steps.identify),
    ("bulk", request_steps.many),
    ("figures", request_figures.figures),
    ("letter", letters.letter),
    ("letters", letters.letters),
):
    app.command(name)(step)


@app.command()
def show(
    request: Id,
    acting: ActingAs,
    package: Annotated[
        Path | None,
        typer.Option("--package", help="A new folder for the answer to an access request."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="A file for the certificate of an erasure.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """One request, with what exactly was asked for; and what came of it.

    That you looked at what they asked for is on record, and the member sees it.
    """
    for target in (package, certificate):
        if target is not None and target.exists():
            raise Conflict("this is there already", place=str(target), remedy="give a new name")
    act = officer(acting)

    async def step(tillit: Tillit) -> tuple[_Shown, Besides, bytes, str]:
        async with tillit.unit() as work:
            found = await register.get(work.unit, request)
            zipped = await _zipped(work, act, found) if package else b""
            signed = await _certificate(tillit, work, request) if certificate else ""
            seen = await desk.seen_one(work.unit, work.active, found)
            wish = await desk.wish_opened(work.unit, act, found)
            besides = await _besides(work, seen)
            return (seen, work.unit.today, wish), besides, zipped, signed

    (seen, today, wish), besides, zipped, signed = run(step)
    if package is not None:
        _unpack(zipped, package)
    if certificate is not None:
        certificate.write_text(signed, "utf-8")
        key = json.loads(signed)["verifier_key"]
        command = ["python", "-m", "audit.verify", "certificate", str(certificate), "--key", key]
        typer.echo(f"to verify it: {shlex.join(command)}", err=True)
    say(seen, today, wish=wish, besides=besides, as_json=as_json)


@app.command()
def due(
    received: Annotated[
        date, typer.Argument(metavar="DATE", parser=day_at("DATE"), help="When it came in.")
    ],
    country: Annotated[str, typer.Option("--country", help="The controller's, such as SE.")],
    extended: Annotated[
        bool, typer.Option("--extended", help="By two months, reasons having been sent in time.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The last day for an answer (Art. 12(3)), for a request received on DATE."""
    day: date = due_day(received, country, extended=extended)
    if as_json:
        say_json({"due": day.isoformat()})
    else:
        typer.echo(day.isoformat())


_Shown = tuple[Seen, date, Wanted | None]


async def _besides(work: Work, seen: Seen) -> Besides:
    (waits,) = await waiting.waiting(work.unit, [seen])
    sent = await outgoing.of_request(work.unit, seen.request.id)
    written = await letters_desk.listed(work.unit, seen.request.id)
    names = waits.by_hand
    left = None if names is None else by_hand.described(work.active, names)
    return Besides(waits, left, written, [one for one in sent if one.recipient is not None])


async def _certificate(tillit: Tillit, work: Work, request: UUID) -> str:
    await refuse_awaited(work, request)
    signer = await tillit.signer(work.session)
    return await certificates.of_request(work.unit, signer, request)


async def _zipped(work: Work, act: Act, found: Request) -> bytes:
    if found.member is None:
        raise UnknownMember("the member of this request has been erased", place="request")
    return (await packages.fetch(work.unit, act, found.id, found.member)).zipped


def _unpack(zipped: bytes, folder: Path) -> None:
    """Into a new folder that nobody else may look into."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700)
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        archive.extractall(folder)
