"""`tillit receipt`: checks a receipt, or another signed document, with nothing but the file."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.speaking import AsJson, say_json
from audit.verify import VerificationError, VerifierKey
from consent.documents import LONGEST
from consent.receipts import Verified, verify_file

app = typer.Typer(no_args_is_help=True, help="Check what members and services were handed.")

UNPINNED = (
    "the key is the one that the file itself names: a forger would have named their own. "
    "Get the record's key another way (`GET /v1/audit/key`), and give it with --key"
)


@app.callback()
def receipt() -> None:
    """Check what members and services were handed."""


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The receipt.", show_default=False)],
    key: Annotated[
        str | None,
        typer.Option(
            "--key", help="The record's verifier key, known from elsewhere than the file."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a receipt offline: its signature, its proof, and that it says what was recorded."""
    pinned = None if key is None else VerifierKey.parse(key.strip())
    found = verify_file(_read(file), pinned)
    if as_json:
        say_json(_report(found))
        return
    for sentence in found.proves:
        typer.echo(f"  {sentence}")
    typer.echo(f"signed with {found.key}")
    if not found.pinned:
        typer.echo(f"warning: {UNPINNED}", err=True)
    typer.echo("verified" if found.pinned else "verified, under a key that was not pinned")


def _report(found: Verified) -> dict[str, object]:
    covered = found.checkpoint and {
        "origin": found.checkpoint.origin,
        "size": found.checkpoint.size,
        "root": found.checkpoint.root.hex(),
    }
    return {
        "verified": True,
        "type": found.type,
        "verifier_key": str(found.key),
        "key_pinned": found.pinned,
        "warning": None if found.pinned else UNPINNED,
        "checkpoint": covered,
        "proves": list(found.proves),
    }


def _read(file: Path) -> str:
    """The file's text; one that is too long for a receipt is not read to its end."""
    with file.open("rb") as opened:
        content = opened.read(4 * LONGEST + 1)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise VerificationError("file: not UTF-8") from error
