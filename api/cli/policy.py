"""`tillit policy`: past answers asked again under a draft, and one answer explained."""

import typer

from api.cli.policy_explain import explain
from api.cli.policy_replay import replay

app = typer.Typer(
    no_args_is_help=True, help="Ask past decisions again under a draft, and explain one."
)
app.command()(replay)
app.command()(explain)
