"""`tillit officer`: who may sign in at the desk, and in which role."""

from typing import Annotated, Any

import typer

from api.bootstrap import Tillit
from api.cli.door import run
from api.cli.speaking import ActingAs, AsJson, officer, say_json
from api.people import officers
from api.people.keys import keys_of
from api.people.officers import Officer

app = typer.Typer(no_args_is_help=True, help="Officers' accounts: who signs in, in which role.")

Name = Annotated[
    str,
    typer.Argument(help="The officer's id, as the record names it: officer-7.", show_default=False),
]


@app.command()
def add(
    name: Name,
    *,
    email: Annotated[str, typer.Option("--email", help="Where sign-in links are sent.")],
    role: Annotated[str, typer.Option("--role", help="A role of the programme.")],
    acting: ActingAs,
    as_json: AsJson = False,
) -> None:
    """Make an account. They sign in with a link, and set up a second factor the first time."""
    act = officer(acting)

    async def step(tillit: Tillit) -> None:
        async with tillit.unit() as work:
            await officers.add(
                work.unit, work.active, keys_of(tillit), act, name=name, address=email, role=role
            )

    run(step)
    if as_json:
        say_json({"officer": name, "role": role})
    else:
        typer.echo(f"{name} may sign in as {role}")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Who may sign in, with their address and whether they have set up a second factor."""

    async def step(tillit: Tillit) -> list[Officer]:
        async with tillit.unit() as work:
            return await officers.listed(work.unit, work.active, keys_of(tillit))

    found = run(step)
    if as_json:
        say_json({"officers": [_plain(one) for one in found]})
        return
    for one in found:
        typer.echo(_line(one))
    if not found:
        typer.echo("no officer has an account; `tillit officer add` makes one")


@app.command()
def remove(name: Name, acting: ActingAs, as_json: AsJson = False) -> None:
    """Delete an account: their sessions end at once."""
    act = officer(acting)

    async def step(tillit: Tillit) -> int:
        async with tillit.unit() as work:
            return await officers.remove(work.unit, act, name)

    _ended(name, run(step), "removed", as_json=as_json)


@app.command()
def reset(name: Name, acting: ActingAs, as_json: AsJson = False) -> None:
    """Take a second factor away that was lost: they set up another when they next sign in."""
    act = officer(acting)

    async def step(tillit: Tillit) -> int:
        async with tillit.unit() as work:
            return await officers.reset(work.unit, act, name)

    _ended(name, run(step), "has no second factor now", as_json=as_json)


def _ended(name: str, sessions: int, what: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"officer": name, "sessions_ended": sessions})
    else:
        typer.echo(f"{name} {what}; {sessions} sessions ended")


def _plain(one: Officer) -> dict[str, Any]:
    return {
        "officer": one.name,
        "role": one.role,
        "email": one.address,
        "second_factor": one.has_factor,
        "may_sign_in": one.may_sign_in,
        "made_at": one.made_at.isoformat(),
        "sessions": one.sessions,
    }


def _line(one: Officer) -> str:
    factor = "second factor" if one.has_factor else "no second factor yet"
    address = one.address or "(altered in the database: remove it)"
    barred = "" if one.may_sign_in else "  may not sign in: the programme lacks the role"
    if one.address is None:
        barred = "  may not sign in"
    return f"{one.name:<16} {one.role:<20} {address}  {factor}, {one.sessions} sessions{barred}"
