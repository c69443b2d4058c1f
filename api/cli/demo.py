"""`tillit demo`: the whole story on made-up members, in a folder of its own, then HTTP."""

import asyncio
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.markup import escape

from api.bootstrap import Tillit, opened
from api.cli.logs import full_logs
from api.cli.speaking import AsJson, say_json
from api.demo.mailbox import Mailbox
from api.demo.mailer import letters
from api.demo.signing_in import ADDRESS, OFFICER, ROLE, hire, way_in
from api.demo.story import Story
from api.demo.year import YEAR, Behind
from api.http.serving import listen, serve
from api.pages.panel.in_use import PATH as EXAMPLE
from api.people.people import Kind
from api.settings import LOCAL, Settings, read_settings
from api.tokens import Caller, mint
from audit.entries import ActorType
from kernel.errors import Conflict

#: A folder with this file in it was made by a telling before, and may be emptied for the next.
MARK = ".tillit-demo"
FOLDER = "tillit-demo"
HOST = "127.0.0.1"
#: In whose name the example's sign-up page enrols.
SHOP = "till"


def demo(
    *,
    json: AsJson = False,
    once: Annotated[bool, typer.Option("--once", help="Stop after the story.")] = False,
    port: Annotated[int, typer.Option("--port", help="Where to serve.", min=0, max=65_535)] = 8000,
) -> None:
    """Tell the whole story on 2,000 made-up members, then serve HTTP until Ctrl-C."""
    # A folder of its own, unless one is set: never an installation's data by accident.
    settings = read_settings(folder=FOLDER)
    listening = None if once else listen(HOST, port)
    if listening is not None and settings.public_url == LOCAL:
        here = f"http://{HOST}:{listening.getsockname()[1]}"
        # Only here may whoever comes by join: it is this machine, and everybody is made up.
        settings = replace(settings, public_url=here, panel_example=settings.panel_example or SHOP)
    _empty(settings.data)
    console = Console(stderr=json, highlight=False)
    try:
        uvloop.run(_tell(settings, console, json=json, listening=listening))
    except KeyboardInterrupt:
        if once:
            raise
        typer.echo("stopped", err=True)


async def _tell(
    settings: Settings, console: Console, *, json: bool, listening: socket.socket | None
) -> None:
    clock = Behind(YEAR)
    async with opened(settings, clock=clock) as tillit:
        mailbox = None
        # A mail server that is set gets the mail: then links are in mailboxes, and not here.
        if tillit.mail is None:
            tillit.mail = mailbox = Mailbox(partial(_told, console), shut=True)
        story = Story(tillit, settings.data, _numbered(console), clock)
        figures = await story.run()
        if json:
            say_json(figures)
        else:
            ended = f"\nThat took {figures['seconds']} s. Everything is in {settings.data}."
            console.print(ended, soft_wrap=not console.is_terminal)
        if listening is not None:
            await _invite(tillit, story, console, listening.getsockname()[1], mailbox=mailbox)
            full_logs()
            mailer = asyncio.create_task(letters(tillit, partial(_told, console)))
            try:
                await serve(tillit, listening)
            finally:
                mailer.cancel()


def _told(console: Console, text: str) -> None:
    """A letter that somebody gets."""
    console.print(f"\n[bold]{escape(text)}[/]", soft_wrap=True)


def _numbered(console: Console) -> Callable[[str], None]:
    step = 0

    def tell(line: str) -> None:
        nonlocal step
        step += 1
        # In a file or a pipe a step is one line, however long: somebody may search for it.
        console.print(f"[bold]{step:>2}.[/] {line}", soft_wrap=not console.is_terminal)

    return tell


async def _invite(
    tillit: Tillit, story: Story, console: Console, port: int, *, mailbox: Mailbox | None
) -> None:
    """Links to sign in by, and tokens to go on with, one for each kind of caller."""
    assert story.another is not None
    here = f"http://{HOST}:{port}"

    def say(text: str) -> None:
        console.print(text, soft_wrap=True)

    callers = {
        "a member": Caller(ActorType.MEMBER, str(story.another)),
        "an officer": Caller(ActorType.OFFICER, OFFICER, role=ROLE),
        "a service": Caller(ActorType.SERVICE, "offers-engine"),
    }
    say(f"\nServing on {here} until Ctrl-C. Over HTTP, with these tokens:")
    for who, caller in callers.items():
        minted = await mint(tillit, caller)
        say(f"\n[bold]{who}[/]\n{minted.token}")
    say(f"\nFor example:\n  curl -H 'Authorization: Bearer TOKEN' {here}/v1/me/choices\n")
    say("To look at it in a browser:")
    if mailbox is not None:
        await _show_in(tillit, mailbox, story.addresses[story.another], say)
    say(f"\n[bold]a service[/]: what it may ask, in what shape\n{here}/docs")
    if tillit.settings.panel_example is not None:
        say(f"  and a shop's sign-up page with the consent panel in it: {here}{EXAMPLE}")
    say("")


async def _show_in(
    tillit: Tillit, mailbox: Mailbox, member: str, say: Callable[[str], None]
) -> None:
    """A member's link and an officer's, with what the officer is asked for next."""
    factor = await hire(tillit)
    own = await way_in(tillit, mailbox, member, Kind.MEMBER)
    desk = await way_in(tillit, mailbox, ADDRESS, Kind.OFFICER)
    say(f"\n[bold]a member[/]: choices, uses of their data, requests\n{own.link}")
    say(f"\n[bold]an officer[/]: requests, the programme, figures\n{desk.link}")
    codes = " ".join(factor.recovery)
    say(f"  then a recovery code, each good once: {codes}")
    say(f"  or what an authenticator app shows that is given: {factor.secret}")
    url = tillit.settings.public_url
    say(
        f"\nA link is good once, for fifteen minutes. For another, ask at {url}/sign-in as "
        f"{escape(own.address)} or at {url}/sign-in/desk as {desk.address}: all mail is shown here."
    )


def _empty(folder: Path) -> None:
    """Start on an empty folder. One from a telling before is cleared; anything else is left."""
    if (folder / MARK).exists():
        shutil.rmtree(folder)
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(
            "the demonstration starts on an empty folder",
            place=str(folder),
            remedy="set TILLIT_DATA to a folder that is empty or does not exist yet",
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("Made by `tillit demo`, which empties this folder when run again.\n")
