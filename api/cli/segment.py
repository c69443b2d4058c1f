"""`tillit segment`: what a service would be told, asked through the same gate."""

from typing import Annotated

import typer

from api.bootstrap import Tillit
from api.cli.door import run
from api.cli.speaking import AsJson, say_json
from api.work import refresh
from consent.gate import Answer
from consent.grants import authorise
from consent.programme import Action

app = typer.Typer(no_args_is_help=True, help="Ask which members match, as a service for a purpose.")

Expression = Annotated[
    str, typer.Argument(help="A SQL condition, such as \"tier = 'gold' AND spend_365d >= 500\".")
]
Purpose = Annotated[str, typer.Option("--purpose", help="What the answer is for.")]
Service = Annotated[str, typer.Option("--service", help="Which service asks.")]


@app.command()
def preview(
    expression: Expression, purpose: Purpose, service: Service, as_json: AsJson = False
) -> None:
    """Count the members who match, and name none."""
    answer, _ = _ask(expression, purpose, service, Action.PREVIEW)
    if as_json:
        say_json(_counts(answer) | {"entry": str(answer.entry)})
    else:
        _say(answer, err=False)


@app.command()
def evaluate(
    expression: Expression, purpose: Purpose, service: Service, as_json: AsJson = False
) -> None:
    """Name the members who match and may be used for the purpose."""
    answer, numbers = _ask(expression, purpose, service, Action.SEGMENT)
    if as_json:
        say_json(_counts(answer) | {"members": numbers, "entry": str(answer.entry)})
        return
    # Counts go to stderr, so that stdout holds member numbers and nothing else.
    _say(answer, err=True)
    for number in numbers:
        typer.echo(number)


def _ask(expression: str, purpose: str, service: str, action: Action) -> tuple[Answer, list[str]]:
    async def step(tillit: Tillit) -> tuple[Answer, list[str]]:
        await refresh(tillit)  # what a worker does while one runs
        async with tillit.unit() as work:
            grant = authorise(work.active, service, purpose=purpose, action=action)
            answer = await tillit.gate.evaluate(work.unit, grant, expression)
            named = action is Action.SEGMENT
            numbers = await tillit.gate.numbers(work.unit, answer) if named else []
        return answer, numbers

    return run(step)


def _counts(answer: Answer) -> dict[str, object]:
    return {"eligible": answer.eligible, "matched": answer.matched, "held_back": answer.held_back}


def _say(answer: Answer, *, err: bool) -> None:
    held = ", ".join(f"{reason} {count:,}" for reason, count in answer.held_back.items())
    typer.echo(f"{answer.matched:,} matched of {answer.eligible:,} who may be used", err=err)
    typer.echo(f"held back: {held or 'nobody'}", err=err)
    typer.echo(f"on record as {answer.entry}", err=err)
