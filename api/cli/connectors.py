"""`tillit connectors`: how recipients are told, and what became of it."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import typer

from api.bootstrap import Tillit, Work
from api.cli.door import run
from api.cli.speaking import ActingAs, AsJson, officer, say_json
from api.outward import home_of
from dsar.connectors import desk, trying
from dsar.connectors.desk import Standing, Told
from dsar.connectors.trouble import GivingUp, giving_up_named
from dsar.outgoing import Outgoing
from kernel.errors import Unavailable

app = typer.Typer(
    no_args_is_help=True, help="Recipients who are told what members asked for (Art. 19)."
)

Id = Annotated[UUID, typer.Argument(help="The word's id.", show_default=False)]


@app.command("list")
def list_(
    request: Annotated[
        UUID | None,
        typer.Option("--request", help="Only who was told because of it, answered or not."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Each recipient: the way to it, how many words it has yet to answer, and what is wrong."""

    async def step(tillit: Tillit) -> tuple[list[tuple[Standing, list[Outgoing]]], date]:
        async with tillit.unit() as work:
            found = await desk.standings(work.unit, work.active)
            if request is not None:
                return await _because_of(work, request, found), work.unit.today
            words = [await desk.waiting_for(work.unit, one.recipient) for one in found]
            return list(zip(found, words, strict=True)), work.unit.today

    found, today = run(step)
    if as_json:
        say_json({"connectors": [_plain(one) | {"words": _words(w)} for one, w in found]})
        return
    for one, words in found:
        way = f"{one.by} at {one.host}" if one.by else "no connector any more"
        problem = f"; {one.problem}" if one.problem else ""
        typer.echo(f"{one.recipient:<20} {way}: {one.open} open, {one.late} late{problem}")
        for word in words:
            typer.echo(f"  {word.id}  {line(word, today)}  request {word.request}")
    if not found and request is not None:
        typer.echo("no recipient was told because of this request")


async def _because_of(
    work: Work, request: UUID, known: list[Standing]
) -> list[tuple[Standing, list[Outgoing]]]:
    """Those of them that were told because of it, each with what it was told."""
    told = [one.word for one in await desk.of_request(work.unit, request)]
    by_name = {one.recipient: one for one in known}
    found = []
    for name in sorted({word.recipient for word in told if word.recipient is not None}):
        standing = by_name.get(name, Standing(name, None, None, 0, 0, 0, None, None))
        found.append((standing, [word for word in told if word.recipient == name]))
    return found


@app.command("test")
def try_(
    recipient: Annotated[str, typer.Argument(help="The recipient's name in the programme.")],
    as_json: AsJson = False,
) -> None:
    """Try the way to a recipient; nothing about any member is sent."""

    async def step(tillit: Tillit) -> str:
        async with tillit.unit() as work:
            way, now = trying.way_to(work.active, recipient), work.unit.now
        if way.by == "mailbox" and tillit.mail is None:
            raise Unavailable(
                "no settings name a mail server",
                place=recipient,
                remedy="set TILLIT_SMTP_URL and TILLIT_MAIL_FROM",
            )
        return await trying.attempt(way, home_of(tillit), now=now)

    said = run(step)
    if as_json:
        say_json({"recipient": recipient, "said": said})
    else:
        typer.echo(f"{recipient}: {said}")


@app.command()
def retry(outgoing: Id, as_json: AsJson = False) -> None:
    """Have a recipient told again now, also one that is not tried any more."""

    async def step(tillit: Tillit) -> Told:
        async with tillit.unit() as work:
            return await desk.retry(work.unit, work.active, outgoing)

    _say(run(step), as_json=as_json)


@app.command("give-up")
def give_up(
    outgoing: Id,
    reason: Annotated[str, typer.Option("--reason", help="One of " + ", ".join(GivingUp) + ".")],
    acting: ActingAs,
    as_json: AsJson = False,
) -> None:
    """Wait for a recipient no more; its request closes without it (Art. 19)."""
    why, act = giving_up_named(reason), officer(acting)

    async def step(tillit: Tillit) -> Told:
        async with tillit.unit() as work:
            return await desk.give_up(work.unit, act, outgoing, reason=why)

    _say(run(step), as_json=as_json)


def _plain(one: Standing) -> dict[str, Any]:
    at = one.answered_at
    return asdict(one) | {"answered_at": at.isoformat() if at else None}


def _words(found: list[Outgoing]) -> list[dict[str, Any]]:
    return [word_plain(one) for one in found]


def line(one: Outgoing, today: date) -> str:
    """Such as ``erasure       waiting  due 2026-03-02, late: no_secret``."""
    due = f"due {one.due}" if one.due and one.state.is_open else ""
    late = ", late" if one.is_late(today) else ""
    problem = f"{': ' if due else ''}{one.problem}" if one.problem else ""
    return f"{one.what:<13} {one.state:<8} {due}{late}{problem}".rstrip()


def word_plain(one: Outgoing) -> dict[str, Any]:
    """A word to a recipient, for machines."""
    return {
        "outgoing": str(one.id),
        "request": str(one.request),
        "recipient": one.recipient,
        "what": one.what,
        "state": one.state.value,
        "due": one.due.isoformat() if one.due else None,
        "problem": one.problem,
    }


def _say(told: Told, *, as_json: bool) -> None:
    one = told.word
    if as_json:
        say_json(word_plain(one) | {"reason": told.reason})
    else:
        typer.echo(
            f"{one.id}  {one.recipient}  {one.what}  {one.state}  {told.reason or ''}".rstrip()
        )
