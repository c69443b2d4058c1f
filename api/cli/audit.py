"""`tillit audit`: the record, checked, handed out, and proved entry by entry."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from api.bootstrap import Tillit
from api.cli.days import day_at
from api.cli.door import MISTAKE, run
from api.cli.speaking import ActingAs, AsJson, Bars, bars, officer, say_json
from audit.check import Findings
from audit.check import check as check_record
from audit.entries import ActorType, Kind
from audit.errors import RecordTampered
from audit.export import export as export_record
from audit.looking import Page, Place, Seen, Standing, Wanted, days
from audit.proofs import entry_use, inclusion
from audit.tallies import recount as make_anew
from audit.verify import VerifierKey
from consent import watching
from consent.checks import check as check_derived
from consent.checks import check_programmes
from dsar.checks import check as check_requests
from kernel.database import raw
from kernel.errors import Invalid
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


@app.command()
def entries(
    acting: ActingAs,
    *,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Of this kind; may be given several times.")
    ] = None,
    actor: Annotated[
        str | None, typer.Option("--actor", help="By whom: service, or service:till.")
    ] = None,
    purpose: Annotated[
        str | None, typer.Option("--purpose", help="For this purpose; none: for no purpose.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="The first day.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="The last day.")] = None,
    before: Annotated[
        str | None, typer.Option("--before", help="Only older ones: the place that it told.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1_000, help="How many, at most.")
    ] = 50,
    as_json: AsJson = False,
) -> None:
    """Show the newest entries that are looked for, and whether they are to be believed."""

    place = None if before is None else Place.read(before)
    if before is not None and place is None:
        raise typer.BadParameter("no place in the record", param_hint="--before")

    async def step(tillit: Tillit) -> Page:
        async with tillit.unit() as work:
            zone = work.active.programme.zone
            wanted = _wanted(kind or [], actor, purpose, first=first, last=last, zone=zone)
            act = replace(officer(acting), programme=work.active.version)
            return await watching.entries(
                work.unit, act, wanted, count=limit, before=place, after=None
            )

    page = run(step)
    found = [*page.waiting, *page.entries]
    if as_json:
        say_json(
            {
                "entries": [_line(one) for one in found],
                "older": None if page.older is None else str(page.older),
                "index_sound": not page.stray,
            }
        )
    else:
        for one in found:
            typer.echo("  ".join(str(value or "-") for value in _line(one).values()))
        if page.older is not None:
            typer.echo(f"older ones: --before {page.older}")
        if page.stray:
            typer.echo("error: the index is wrong: run `tillit audit verify`", err=True)
    if page.stray or any(one.standing in _DOUBTFUL for one in found):
        raise typer.Exit(MISTAKE)


@app.command()
def recount(as_json: AsJson = False) -> None:
    """Make the index of the record anew, by which entries are found; nothing else changes."""
    with bars(quiet=as_json) as progress:

        async def step(tillit: Tillit) -> int:
            async with tillit.database.transaction() as session:
                return await make_anew(session, progress.leaves)

        leaves = run(step)
    if as_json:
        say_json({"leaves": leaves})
    else:
        typer.echo(f"{leaves:,} leaves are in it")


_DOUBTFUL = (Standing.FOREIGN, Standing.MISSING)


def _wanted(
    kinds: Sequence[str],
    actor: str | None,
    purpose: str | None,
    *,
    first: str | None,
    last: str | None,
    zone: ZoneInfo,
) -> Wanted:
    """Raises `Invalid` for what is no kind, actor or day."""
    for one in kinds:
        if one not in set(Kind):
            raise Invalid("there is no such kind", place="--kind", remedy="see docs/entries.md")
    type, _, id = (actor or "").partition(":")
    if actor is not None and (type not in set(ActorType) or (id and type == ActorType.MEMBER)):
        raise Invalid(
            "this is nobody who can be looked for",
            place="--actor",
            remedy="a type (service, officer, system, agent, member), or one of them but member "
            "with an id, such as service:till",
        )
    return Wanted(
        kinds=tuple(Kind(one) for one in kinds),
        actor_type=ActorType(type) if type else None,
        actor=id or None,
        purpose="" if purpose == "none" else purpose,
        **days(
            None if first is None else day_at("--from")(first),
            None if last is None else day_at("--to")(last),
            zone,
        ),
    )


def _line(one: Seen) -> dict[str, object]:
    """An entry without anybody's pseudonym."""
    said = one.said
    named = said is not None and said.actor.type != ActorType.MEMBER
    return {
        "number": one.number,
        "at": None if said is None else said.at.isoformat(),
        "kind": None if said is None else said.kind,
        "actor_type": None if said is None else said.actor.type,
        "actor": said.actor.id if said is not None and named else None,
        "purpose": None if said is None else said.purpose,
        "entry": None if one.id is None else str(one.id),
        "standing": one.standing.value,
    }


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
        programmes = await check_programmes(session, tillit.programmes, trust=tillit.record.trust)
    if not programmes.stands:  # nothing is opened under a programme that nobody applied
        return record, programmes.problems
    # The outer unit pins the epoch and the programme; only then is the moment looked at.
    async with tillit.unit() as work, _snapshot(tillit) as session:
        unit = replace(work.unit, session=session)
        requests = await check_requests(unit, VerifierKey.parse(key))
        derived = await check_derived(unit)
        return record, [*programmes.problems, *derived, *requests]


@asynccontextmanager
async def _snapshot(tillit: Tillit) -> AsyncIterator[AsyncSession]:
    """A transaction that sees one moment: what is compared changes meanwhile, and together."""
    async with tillit.database.transaction() as session:
        await (await raw(session)).execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield session
