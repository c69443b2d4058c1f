"""`tillit`: all commands, put together."""

import signal
from typing import Annotated

import typer

from api.cli import (
    audit,
    certificates,
    connectors,
    consent,
    demo,
    erasures,
    imports,
    keys,
    officers,
    policy,
    programme,
    receipts,
    requests,
    segment,
    serving,
)
from api.cli.door import Door

app = typer.Typer(
    name="tillit",
    cls=Door,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(demo.demo)
app.command()(serving.serve)
app.command()(serving.worker)
app.command()(serving.migrate)
app.command()(serving.token)
app.add_typer(programme.app, name="programme")
app.add_typer(policy.app, name="policy")
app.add_typer(imports.app, name="import")
app.add_typer(segment.app, name="segment")
app.add_typer(consent.app, name="consent")
requests.app.command("preview")(erasures.preview)
requests.app.command("certificate")(certificates.certificate)
requests.app.add_typer(erasures.holding, name="hold")
app.add_typer(requests.app, name="request")
app.add_typer(connectors.app, name="connectors")
app.add_typer(officers.app, name="officer")
app.add_typer(keys.app, name="keys")
app.add_typer(audit.app, name="audit")
app.add_typer(receipts.app, name="receipt")


@app.callback()
def tillit(
    context: typer.Context,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of a fault in Tillit itself.")
    ] = False,
) -> None:
    """Customer data and consent that members can check.

    Settings are environment variables: TILLIT_DATA is the data folder, TILLIT_DATABASE_URL a
    PostgreSQL of 15 or later (unset: a private one in the data folder).
    """
    context.obj.debug = debug


def main() -> None:
    """The console script's way in. Being told to end is like Ctrl-C: things are put in order."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app(prog_name="tillit")
