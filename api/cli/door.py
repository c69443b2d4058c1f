"""What every command has around it: how mistakes are told, and how Tillit is opened.

A mistake gives one clear line for each problem and exit status 1; a wrong use of a command 2;
a fault of ours 70, as sysexits has it; Ctrl-C 130. With --json a mistake is one JSON object.
"""

import json
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import sqlalchemy.exc
import typer
import uvloop
from typer.core import TyperGroup

from api.bootstrap import Tillit, opened
from api.cli.logs import quiet_logs
from api.http.problems import NAMES
from api.settings import read_settings
from audit.verify import VerificationError
from kernel.errors import Problem, TillitError

MISTAKE, FAULT, INTERRUPTED = 1, 70, 130

T = TypeVar("T")


@dataclass
class Manners:
    """How this command is to speak: JSON for machines, tracebacks for who mends Tillit."""

    json: bool = False
    debug: bool = False


class Door(TyperGroup):
    """The outermost group: nothing leaves a command but through here."""

    def invoke(self, ctx: Any) -> Any:
        ctx.obj = Manners()
        quiet_logs()
        with _told(ctx.obj):
            return super().invoke(ctx)


def run(step: Callable[[Tillit], Awaitable[T]]) -> T:
    """Open Tillit, do one thing, close it again; whatever it did is durable or undone."""

    async def opened_and_done() -> T:
        async with opened(read_settings()) as tillit:
            return await step(tillit)

    return uvloop.run(opened_and_done())


def run_until_stopped(step: Callable[[Tillit], Awaitable[None]]) -> None:
    """For what has no end of its own: being stopped is how it ends well."""
    try:
        run(step)
    except KeyboardInterrupt:
        typer.echo("stopped", err=True)


@contextmanager
def _told(manners: Manners) -> Iterator[None]:
    try:
        yield
    except TillitError as error:
        _tell(manners, error.slug, error.problems)
        raise typer.Exit(MISTAKE) from error
    except VerificationError as error:
        _tell(manners, "not-verified", (Problem("", str(error)),))
        raise typer.Exit(MISTAKE) from error
    except (psycopg.OperationalError, sqlalchemy.exc.OperationalError) as error:
        _traceback(manners)
        what = Problem("database", "it did not answer, or gave up", "try again in a moment")
        _tell(manners, "unavailable", (what,))
        raise typer.Exit(MISTAKE) from error
    except KeyboardInterrupt as error:
        what = Problem("", "interrupted; nothing is half done", "run it again to go on")
        _tell(manners, "interrupted", (what,))
        raise typer.Exit(INTERRUPTED) from error
    except (typer.TyperException, typer.Exit, typer.Abort, BrokenPipeError):
        raise
    except OSError as error:
        what = Problem(str(error.filename or ""), error.strerror or type(error).__name__)
        _tell(manners, "file", (what,))
        raise typer.Exit(MISTAKE) from error
    except Exception as error:
        # Not its text: that may hold what it was about.
        _traceback(manners)
        what = Problem(_where(error), f"unexpected {type(error).__name__}", "see --debug")
        _tell(manners, "unexpected", (what,))
        raise typer.Exit(FAULT) from error


def _tell(manners: Manners, slug: str, problems: tuple[Problem, ...]) -> None:
    if manners.json:
        document = {
            "type": NAMES + slug,
            "title": slug.replace("-", " ").capitalize(),
            "detail": "\n".join(str(one) for one in problems),
            "problems": [
                {"place": one.place, "message": one.message, "remedy": one.remedy}
                for one in problems
            ],
        }
        typer.echo(json.dumps(document, ensure_ascii=False), err=True)
        return
    for one in problems:
        typer.echo(f"error: {one}", err=True)


def _traceback(manners: Manners) -> None:
    if manners.debug:
        traceback.print_exc(file=sys.stderr)


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name} line {frames[-1].lineno}" if frames else ""
