"""`tillit request`: data subject requests, from the first word to the certificate."""

import io
import json
import shlex
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from api.bootstrap import Tillit, Work
from api.cli.door import run
from api.cli.finding import one_member
from api.cli.speaking import ActingAs, AsJson, officer, say_json
from api.work import drain
from audit.acts import Act
from dsar import certificates, packages, register, requests
from dsar.deadlines import due_day
from dsar.identity import How, Proof
from dsar.register import Request
from dsar.words import Channel, Reason, reason_named, right_named
from kernel.errors import Conflict
from profiles.errors import UnknownMember

app = typer.Typer(no_args_is_help=True, help="Handle what members ask for (Arts. 15 to 18).")

Id = Annotated[UUID, typer.Argument(help="The request's id.", show_default=False)]


@app.command("open")
def open_(
    kind: Annotated[str, typer.Argument(help="access, erasure, restriction or release.")],
    *,
    acting: ActingAs,
    member: Annotated[str | None, typer.Option("--member", help="A member number.")] = None,
    email: Annotated[str | None, typer.Option("--email", help="An e-mail address.")] = None,
    phone: Annotated[str | None, typer.Option("--phone", help="A phone number.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put a member's request into the register; its clock runs from now."""
    given = {"member_number": member, "email": email, "phone": phone}
    identifiers = {how: value for how, value in given.items() if value is not None}
    if len(identifiers) != 1:
        raise typer.BadParameter("give one of --member, --email and --phone")
    (how, value), wanted, act = *identifiers.items(), right_named(kind), officer(acting)

    async def step(tillit: Tillit) -> Request:
        async with tillit.unit() as work:
            who = await one_member(work, how, value)
            return await requests.open_request(
                work.unit,
                act,
                work.active,
                wanted,
                who,
                channel=Channel.OFFICER,
                proof=Proof(How.OFFICER),
            )

    _say(run(step), as_json=as_json)


@app.command("list")
def list_(
    only_open: Annotated[
        bool, typer.Option("--open", help="Leave out those that are closed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The requests, the most urgent first."""

    async def step(tillit: Tillit) -> list[Request]:
        async with tillit.unit() as work:
            return await register.listed(work.unit, only_open=only_open)

    found = run(step)
    if as_json:
        say_json({"requests": [_plain(one) for one in found]})
    for one in [] if as_json else found:
        typer.echo(f"{one.id}  {one.right:<12} {one.state:<10} due {one.due}")


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
    """One request; with --package and --certificate, what came of it."""
    for target in (package, certificate):
        if target is not None and target.exists():
            raise Conflict("this is there already", place=str(target), remedy="give a new name")
    act = officer(acting)

    async def step(tillit: Tillit) -> tuple[Request, bytes, str]:
        async with tillit.unit() as work:
            found = await register.get(work.unit, request)
            zipped = await _zipped(work, act, found) if package else b""
            signed = await certificates.of_request(work.unit, request) if certificate else ""
        return found, zipped, signed

    found, zipped, signed = run(step)
    if package is not None:
        _unpack(zipped, package)
    if certificate is not None:
        certificate.write_text(signed, "utf-8")
        key = json.loads(signed)["verifier_key"]
        command = ["python", "-m", "audit.verify", "certificate", str(certificate), "--key", key]
        typer.echo(f"to verify it: {shlex.join(command)}", err=True)
    _say(found, as_json=as_json)


@app.command()
def approve(
    request: Id,
    acting: ActingAs,
    now: Annotated[
        bool, typer.Option("--now", help="Carry it out here, without waiting for a worker.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Accept a request; a worker carries it out."""
    act = officer(acting)

    async def step(tillit: Tillit) -> Request:
        async with tillit.unit() as work:
            await requests.approve(work.unit, act, work.active, request)
        if now:
            await drain(tillit)
        async with tillit.unit() as work:
            return await register.get(work.unit, request)

    _say(run(step), as_json=as_json)


@app.command()
def refuse(
    request: Id,
    reason: Annotated[str, typer.Option("--reason", help="One of " + ", ".join(Reason) + ".")],
    acting: ActingAs,
    as_json: AsJson = False,
) -> None:
    """Refuse a request, for a reason that the member is told (Art. 12(4))."""
    why, act = reason_named(reason), officer(acting)

    async def step(tillit: Tillit) -> Request:
        async with tillit.unit() as work:
            return await requests.refuse(work.unit, act, request, reason=why)

    _say(run(step), as_json=as_json)


@app.command()
def due(
    received: Annotated[
        datetime, typer.Argument(metavar="DATE", formats=["%Y-%m-%d"], help="When it came in.")
    ],
    country: Annotated[str, typer.Option("--country", help="The controller's, such as SE.")],
    extended: Annotated[
        bool, typer.Option("--extended", help="By two months, reasons having been sent in time.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The last day for an answer (Art. 12(3)), for a request received on DATE."""
    day: date = due_day(received.date(), country, extended=extended)
    if as_json:
        say_json({"due": day.isoformat()})
    else:
        typer.echo(day.isoformat())


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


def _plain(request: Request) -> dict[str, Any]:
    closed = request.closed_at
    return {
        "id": str(request.id),
        "right": request.right.value,
        "state": request.state.value,
        "member": str(request.member) if request.member else None,
        "opened_at": request.opened_at.isoformat(),
        "due": request.due.isoformat(),
        "closed_at": closed.isoformat() if closed else None,
    }


def _say(request: Request, *, as_json: bool) -> None:
    if as_json:
        say_json(_plain(request))
        return
    for name, value in _plain(request).items():
        if value is not None:
            typer.echo(f"{name.replace('_', ' '):<10} {value}")
