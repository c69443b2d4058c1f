"""`tillit keys`: which epoch keys there are, and what they hold. Never a secret."""

from dataclasses import asdict

import typer

from api.bootstrap import Tillit
from api.cli.door import run
from api.cli.speaking import ActingAs, AsJson, officer, say_json
from consent.errors import NoProgramme
from profiles.epoch_states import Epoch, epochs, wrapped
from profiles.rotation import Rotated

app = typer.Typer(no_args_is_help=True, help="The keys that everything is sealed under.")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Each epoch, how many member keys it wraps, and the record's verifier key."""

    async def step(tillit: Tillit) -> tuple[list[Epoch], dict[int, int], str | None]:
        async with tillit.database.transaction() as session:
            found, wraps = await epochs(session), await wrapped(session)
        try:
            key: str | None = (await tillit.signer()).verifier_key
        except NoProgramme:
            key = None
        return found, wraps, key

    known, wraps, key = run(step)
    if as_json:
        plain = [
            asdict(epoch) | _times(epoch) | {"member_keys": wraps.get(epoch.number, 0)}
            for epoch in known
        ]
        say_json({"epochs": plain, "record": {"verifier_key": key}})
        return
    for epoch in known:
        until = f", destroyed {epoch.destroyed_at:%Y-%m-%d %H:%M}" if epoch.destroyed_at else ""
        typer.echo(
            f"epoch {epoch.number}  {epoch.state:<9}  {wraps.get(epoch.number, 0):,} member keys  "
            f"made {epoch.created_at:%Y-%m-%d %H:%M}{until}"
        )
    typer.echo(f"record verifier key  {key or 'none before a programme is applied'}")


@app.command()
def rotate(acting: ActingAs, as_json: AsJson = False) -> None:
    """Begin a new epoch: wrap living members' keys anew and destroy the old epoch key."""
    act = officer(acting)

    async def step(tillit: Tillit) -> Rotated:
        return await tillit.rotate(act)

    rotated = run(step)
    if as_json:
        say_json(asdict(rotated))
    else:
        typer.echo(f"epoch {rotated.epoch} is live and wraps {rotated.members:,} member keys")


def _times(epoch: Epoch) -> dict[str, str | None]:
    gone = epoch.destroyed_at
    return {
        "created_at": epoch.created_at.isoformat(),
        "destroyed_at": gone.isoformat() if gone else None,
    }
