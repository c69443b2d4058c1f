"""`tillit demo`: the whole story on made-up members, in a folder of its own, then HTTP."""

import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from api.bootstrap import Tillit, opened
from api.cli.logs import full_logs
from api.cli.speaking import AsJson, say_json
from api.demo.story import Story
from api.http.serving import listen, serve
from api.settings import Settings, read_settings
from api.tokens import Caller, mint
from audit.entries import ActorType
from kernel.errors import Conflict

#: A folder with this file in it was made by a telling before, and may be emptied for the next.
MARK = ".tillit-demo"
FOLDER = "tillit-demo"
HOST = "127.0.0.1"


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
    async with opened(settings) as tillit:
        story = Story(tillit, settings.data, _numbered(console))
        figures = await story.run()
        if json:
            say_json(figures)
        else:
            ended = f"\nThat took {figures['seconds']} s. Everything is in {settings.data}."
            console.print(ended, soft_wrap=not console.is_terminal)
        if listening is not None:
            await _invite(tillit, story, console, listening.getsockname()[1])
            full_logs()
            await serve(tillit, listening)


def _numbered(console: Console) -> Callable[[str], None]:
    step = 0

    def tell(line: str) -> None:
        nonlocal step
        step += 1
        # In a file or a pipe a step is one line, however long: somebody may search for it.
        console.print(f"[bold]{step:>2}.[/] {line}", soft_wrap=not console.is_terminal)

    return tell


async def _invite(tillit: Tillit, story: Story, console: Console, port: int) -> None:
    """Tokens to go on with, one for each kind of caller."""
    assert story.another is not None
    callers = {
        "a member": Caller(ActorType.MEMBER, str(story.another)),
        "an officer": Caller(ActorType.OFFICER, "demo-officer", role="privacy_officer"),
        "a service": Caller(ActorType.SERVICE, "offers-engine"),
    }
    console.print(f"\nServing HTTP on http://{HOST}:{port} until Ctrl-C; routes: /docs. Tokens:")
    for who, caller in callers.items():
        minted = await mint(tillit, caller)
        console.print(f"\n[bold]{who}[/]\n{minted.token}", soft_wrap=True)
    console.print(
        "\nFor example:\n  curl -H 'Authorization: Bearer TOKEN' "
        f"http://{HOST}:{port}/v1/me/choices\n",
        soft_wrap=True,
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
