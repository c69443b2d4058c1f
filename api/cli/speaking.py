"""What commands share of options and ways to speak: --json, --as, progress bars."""

import getpass
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from api.cli.door import Manners
from audit.acts import Act
from audit.entries import ActorType

_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9._:/-]+")


def _as_json(context: typer.Context, value: bool) -> bool:
    manners = context.find_root().obj
    if value and isinstance(manners, Manners):
        manners.json = True
    return value


AsJson = Annotated[
    bool,
    # Eager, so that a mistake in what stands beside it is told as JSON too.
    typer.Option(
        "--json", callback=_as_json, is_eager=True, help="Print one JSON object, for machines."
    ),
]


def _login() -> str:
    """The operating system's user, in a form that the record takes for an id."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = ""
    return _NOT_IN_AN_ID.sub("-", name).lstrip("._:/-")[:128] or "console"


ActingAs = Annotated[
    str,
    typer.Option("--as", default_factory=_login, help="The officer's id, as the record names it."),
]


def officer(name: str) -> Act:
    """What somebody at the command line does, they do as an officer."""
    return Act(ActorType.OFFICER, name)


def say_json(document: Any) -> None:
    """The one thing that a command with --json puts on stdout."""
    typer.echo(json.dumps(document, ensure_ascii=False))


class Bars:
    """One progress bar on stderr for each stage; none where nobody looks."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """`done` of `total` of this stage; a stage before it has come to its end."""
        if stage not in self._tasks:
            for task in self._tasks.values():
                self._end(task)
            self._tasks[stage] = self._progress.add_task(stage, total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)

    def leaves(self, done: int, total: int) -> None:
        """The same, for what counts the record's leaves."""
        self("Leaves", done, total)

    def _end(self, task: TaskID) -> None:
        total = self._progress.tasks[task].total or 1
        self._progress.update(task, total=total, completed=total)


@contextmanager
def bars(*, quiet: bool) -> Iterator[Bars]:
    """Progress bars, unless `quiet` or stderr is no terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=quiet or not sys.stderr.isatty()) as progress:
        yield Bars(progress)
