"""`tillit audit`: the record, checked, handed out, and proved entry by entry."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from api.bootstrap import Tillit
from api.cli.door import MISTAKE, run
from api.cli.speaking import AsJson, Bars, bars, say_json
from audit.check import Findings
from audit.check import check as check_record
from audit.errors import RecordTampered
from audit.export import export as export_record
from audit.proofs import entry_use, inclusion
from audit.verify import VerifierKey
from consent.checks import check as check_derived
from consent.checks import check_programmes
from dsar.checks import check as check_requests
from kernel.database import raw
from profiles.labels import Label

app = typer.Typer(no_args_is_help=True, help="Check the record of use, and give it to others.")


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Recompute the whole record, and compare with it what rests on it."""
    told, checked = list[Findings](), False
    try:
        with bars(quiet=as_json) as progress:

            async def step(tillit: Tillit) -> tuple[Findings, list[str]]:
                return await _verify(tillit, progress, told.append)

            record, derived = run(step)
        checked = True
    finally:  # also where what rests on the record cannot be checked at all
        if not (as_json and checked):
            _complain(told)
    problems = [*record.problems, *derived]
    if as_json:
        say_json(asdict(record) | {"verified": not problems, "problems": problems})
    else:
        for problem in derived:
            typer.echo(f"error: {problem}", err=True)
        typer.echo(
            f"{record.entries:,} entries, {record.leaves:,} leaves, {record.tiles:,} tiles, "
            f"{record.checkpoints:,} checkpoints: "
            + (f"{len(problems)} problems" if problems else "verified")
        )
    if problems:
        raise typer.Exit(MISTAKE)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A new folder, or one that holds no log.")],
    as_json: AsJson = False,
) -> None:
    """Write the whole record into a folder, for anyone to keep and to check."""
    with bars(quiet=as_json) as progress:

        async def step(tillit: Tillit) -> str:
            await tillit.integrate()
            async with tillit.database.transaction() as session:
                await export_record(session, folder, progress=progress.leaves)
            return (await tillit.signer()).verifier_key

        key = run(step)
    command = f"python -m audit.verify log {folder} --key '{key}'"
    if as_json:
        say_json({"folder": str(folder), "verifier_key": key, "verify": command})
    else:
        typer.echo(f"to verify it, with nothing of ours but one file:\n  {command}")


@app.command()
def evidence(
    entry: Annotated[UUID, typer.Argument(help="The entry's id.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="The folder to write into.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Write one entry and the proof that it is on record."""

    async def step(tillit: Tillit) -> tuple[bytes, str, str]:
        await tillit.integrate()
        key = (await tillit.signer()).verifier_key
        async with tillit.database.transaction() as session:
            use = await entry_use(session, entry)
            return use.body, await inclusion(session, entry), key

    body, proof, key = run(step)
    out.mkdir(parents=True, exist_ok=True)
    leaf, proved = out / f"{entry}.entry", out / f"{entry}.tlog-proof"
    leaf.write_bytes(body)
    proved.write_text(proof, "utf-8")
    command = f"python -m audit.verify proof {proved} --entry {leaf} --key '{key}'"
    if as_json:
        files = {"entry": str(leaf), "proof": str(proved)}
        say_json(files | {"verifier_key": key, "verify": command})
    else:
        typer.echo(f"{leaf}\n{proved}\nto verify it, with nothing of ours but one file:")
        typer.echo(f"  {command}")


def _complain(records: Sequence[Findings]) -> None:
    """Of the record, on standard error, whatever becomes of the rest."""
    for record in records:
        for problem in record.problems:
            typer.echo(f"error: {problem}", err=True)


async def _verify(
    tillit: Tillit, progress: Bars, tell: Callable[[Findings], None] | None = None
) -> tuple[Findings, list[str]]:
    """`tell` is told what the record itself has come to before anything is compared with it."""
    with suppress(RecordTampered):  # the check tells all that is wrong, and goes on
        await tillit.integrate()
    key = (await tillit.signer()).verifier_key
    mac = tillit.keyring.live.derive(Label.AUDIT_MAC)
    async with tillit.database.transaction() as session:
        record = await check_record(
            session,
            vkey=key,
            mac_keys=[mac],
            progress=progress.leaves,
            remembered=tillit.checkpoint.recall(),
        )
    if tell is not None:
        tell(record)
    progress("Ledger, requests and member sets", 0, None)
    async with _snapshot(tillit) as session:
        programmes = await check_programmes(session, tillit.programmes)
    if programmes:  # nothing is opened under a programme that nobody applied
        return record, programmes
    # The outer unit pins the epoch and the programme; only then is the moment looked at.
    async with tillit.unit() as work, _snapshot(tillit) as session:
        unit = replace(work.unit, session=session)
        requests = await check_requests(unit, VerifierKey.parse(key))
        return record, [*await check_derived(unit), *requests]


@asynccontextmanager
async def _snapshot(tillit: Tillit) -> AsyncIterator[AsyncSession]:
    """A transaction that sees one moment: what is compared changes meanwhile, and together."""
    async with tillit.database.transaction() as session:
        await (await raw(session)).execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield session
