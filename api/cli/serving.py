"""`tillit serve`, `worker`, `migrate` and `token`: what keeps an installation running."""

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Annotated

import typer

from api import tokens
from api.bootstrap import Tillit
from api.cli.door import run, run_until_stopped
from api.cli.finding import one_member
from api.cli.logs import full_logs
from api.cli.speaking import ActingAs, officer
from api.http.serving import listen
from api.http.serving import serve as serve_http
from api.settings import read_settings
from api.tokens import Caller
from api.work import once as one_pass
from api.work import work as work_on
from kernel.errors import Invalid
from kernel.postgres import private_server
from migrations import upgrade
from profiles.members import NUMBER


def serve(
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="The port.", min=0, max=65_535)] = 8000,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Leave jobs to a `tillit worker` elsewhere.")
    ] = False,
) -> None:
    """Serve HTTP until Ctrl-C, and do jobs beside it."""
    full_logs()
    listening = listen(host, port)

    async def step(tillit: Tillit) -> None:
        bound = listening.getsockname()[1]
        typer.echo(f"serving HTTP on http://{host}:{bound} (Ctrl-C stops)", err=True)
        await serve_http(tillit, listening, worker=not no_worker)

    run_until_stopped(step)


def worker(
    once: Annotated[
        bool, typer.Option("--once", help="Do everything that is due now, and end.")
    ] = False,
) -> None:
    """Do jobs, number entries, remind of requests and keep traits up to date, until Ctrl-C."""
    full_logs()
    if not once:
        run_until_stopped(work_on)
        return
    done = Counter[str]()
    try:
        run(partial(one_pass, done=done))
    finally:  # also what went well before something did not
        for words, number in done.items():
            if number:
                typer.echo(f"{number:>6}  {words}")
    if not any(done.values()):
        typer.echo("nothing was due")


def migrate() -> None:
    """Bring the database's schema up to what this program needs."""
    settings = read_settings()
    upgrade(settings.database_url or private_server(settings.data / "postgres"))
    typer.echo("the schema is up to date")


def token(
    *,
    acting: ActingAs,
    service: Annotated[str | None, typer.Option("--service", help="For a service.")] = None,
    officer_id: Annotated[
        str | None, typer.Option("--officer", help="For an officer: an id, never an address.")
    ] = None,
    role: Annotated[
        str | None, typer.Option("--role", help="The officer's role; may be left out if only one.")
    ] = None,
    member: Annotated[
        str | None, typer.Option("--member", help="For a member: their number.")
    ] = None,
    days: Annotated[
        int | None,
        typer.Option("--days", help="How long it holds; 12 hours if not said.", max=365),
    ] = None,
    step_up: Annotated[
        bool,
        typer.Option(
            "--step-up", help="For a member who has signed in with a second proof, just now."
        ),
    ] = False,
) -> None:
    """Print a bearer token for a service, an officer or a member, and nothing else."""
    if sum(one is not None for one in (service, officer_id, member)) != 1:
        raise typer.BadParameter("give one of --service, --officer and --member")
    if role is not None and officer_id is None:
        raise typer.BadParameter("--role goes with --officer")
    if step_up and member is None:
        raise typer.BadParameter("--step-up goes with --member")
    act = officer(acting)
    lifetime = tokens.LIFETIME if days is None else timedelta(days=days)

    async def step(tillit: Tillit) -> str:
        async with tillit.unit() as work:
            if service is not None:
                caller = Caller.service(service)
            elif officer_id is not None:
                roles = list(work.active.programme.officers)
                caller = Caller.officer(officer_id, role=role or _only(roles))
            else:
                caller = Caller.member(
                    await one_member(work, NUMBER, member or ""),
                    stepped_up=work.unit.now if step_up else None,
                )
        return (await tokens.mint(tillit, caller, act=act, lifetime=lifetime)).token

    typer.echo(run(step))


def _only(roles: list[str]) -> str:
    if len(roles) != 1:
        raise Invalid(
            "an officer needs a role", place="--role", remedy="one of " + ", ".join(roles)
        )
    return roles[0]
