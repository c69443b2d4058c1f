"""`tillit policy replay`: past answers asked again under a draft, or checked."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer
from sqlalchemy.ext.asyncio import AsyncSession

from api.bootstrap import Tillit
from api.cli.door import MISTAKE, run
from api.cli.speaking import ActingAs, AsJson, Bars, bars, officer, say_json
from audit.acts import Act
from audit.entries import rfc3339
from consent.programme import Programme, load_programme
from consent.programmes import Active
from consent.replay.past_uses import Span
from consent.replay.replaying import Replayed
from consent.replay.replaying import replay as asked_again
from consent.replay.tallying import FEW, LEFT_OUT, YES, Count, Group, Line
from kernel.database import raw
from kernel.errors import Invalid

Draft = Annotated[
    Path | None, typer.Option("--programme", help="The draft: a programme file, TOML.")
]
Since = Annotated[str, typer.Option("--since", help="The first day, such as 2026-01-31.")]
Until = Annotated[str | None, typer.Option("--until", help="The last day; today if left out.")]
OnlyService = Annotated[str | None, typer.Option("--service", help="Only what this service asked.")]
OnlyPurpose = Annotated[str | None, typer.Option("--purpose", help="Only for this purpose.")]
Check = Annotated[
    bool, typer.Option("--check", help="Only whether past answers were right; needs no draft.")
]
Lines = Annotated[
    Path | None,
    typer.Option("--lines", help="A new file for every answer that flips, with the member's id."),
]


@dataclass(frozen=True)
class Meant:
    """Which answers are meant, as it was typed."""

    since: str
    until: str | None
    service: str | None
    purpose: str | None


def replay(
    *,
    since: Since,
    acting: ActingAs,
    programme: Draft = None,
    until: Until = None,
    service: OnlyService = None,
    purpose: OnlyPurpose = None,
    check: Check = False,
    lines: Lines = None,
    as_json: AsJson = False,
) -> None:
    """What a draft programme would have answered to past questions, and what would flip."""
    if (programme is None) != check:
        raise typer.BadParameter("give --programme DRAFT or --check, and not both")
    if check and lines is not None:
        raise typer.BadParameter("a check flips nothing, so there are no --lines")
    draft = None if programme is None else load_programme(programme)
    act = officer(acting)

    async def step(tillit: Tillit) -> Replayed:
        with bars(quiet=as_json) as progress, _new_file(lines) as file:
            return await _replay(
                tillit,
                act,
                Meant(since, until, service, purpose),
                draft=draft,
                file=file,
                progress=progress,
            )

    found = run(step)
    if as_json:
        say_json(_plain(found, draft))
    else:
        _say(found, draft, lines)
    if not found.right:
        raise typer.Exit(MISTAKE)


async def _replay(
    tillit: Tillit,
    act: Act,
    meant: Meant,
    *,
    draft: Programme | None,
    file: BinaryIO | None,
    progress: Bars,
) -> Replayed:
    """Ask again, and put on record that it was done, before anybody is told what came of it."""

    def sink(line: Line) -> None:
        assert file is not None
        file.write(msgspec.json.encode(line) + b"\n")

    async with tillit.unit() as work:
        span = _span(meant, work.active, draft, now=tillit.clock.now())
        # The outer unit pins the epoch and the programme; only then is the moment looked at.
        async with _snapshot(tillit) as session:
            found = await asked_again(
                replace(work.unit, session=session),
                work.active,
                span,
                draft=draft,
                sink=sink if file else None,
                progress=progress,
            )
        entry = found.entry(act, draft=draft, lines=file is not None)
        await work.unit.record.write(work.session, entry)
    await tillit.integrate()
    return found


@asynccontextmanager
async def _snapshot(tillit: Tillit) -> AsyncIterator[AsyncSession]:
    """A transaction that sees one moment: what is asked again changes meanwhile."""
    async with tillit.database.transaction() as session:
        await (await raw(session)).execute(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
        )
        yield session


@contextmanager
def _new_file(path: Path | None) -> Iterator[BinaryIO | None]:
    """A new file that only we can read, there under its name once everything is on record."""
    if path is None:
        yield None
        return
    if path.exists():
        raise FileExistsError(17, "there is such a file already", str(path))
    under_way = path.with_name(f".{path.name}.under-way")
    handle = os.open(under_way, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        under_way.rename(path)
    finally:
        under_way.unlink(missing_ok=True)


def _span(meant: Meant, active: Active, draft: Programme | None, *, now: datetime) -> Span:
    """The days meant, by the programme's clock; names are those of any version there was."""
    known = [active.programme, *(one.programme for one in active.earlier.values())]
    known += [draft] if draft else []
    service, purpose = meant.service, meant.purpose
    if service is not None and not any(service in one.services for one in known):
        active.programme.service(service)
    if purpose is not None and not any(purpose in one.purposes for one in known):
        active.programme.purpose(purpose)
    zone = active.programme.zone
    first = datetime.combine(_day(meant.since, "since"), datetime.min.time(), zone)
    end = now + timedelta(microseconds=1)
    if meant.until is not None:
        last = _day(meant.until, "until") + timedelta(days=1)
        end = min(end, datetime.combine(last, datetime.min.time(), zone))
    if end <= first:
        raise Invalid("there is no such time", place="since", remedy="an earlier day")
    return Span(first, end, service, purpose)


def _day(text: str, place: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("not a day", place=place, remedy="such as 2026-01-31") from error


def _plain(found: Replayed, draft: Programme | None) -> dict[str, Any]:
    tally = found.tally
    return {
        "since": rfc3339(found.span.since),
        "until": rfc3339(found.span.until),
        "draft": draft.digest.hex() if draft else None,
        "entries": found.entries,
        "questions_about_many": found.questions,
        "members": tally.members,
        "replayed": tally.replayed,
        "in_flight": tally.in_flight,
        "yes_to_no": asdict(tally.total("yes_to_no")),
        "no_to_yes": asdict(tally.total("no_to_yes")),
        "flips": [_row(group, count) | {"way": group.way} for group, count in tally.in_order()],
        "fields": [
            {"service": service, "purpose": purpose, "field": field, "answers": count}
            for (service, purpose, field), count in tally.fields.most_common()
        ],
        "refused": [
            {"kind": kind, "service": service, "purpose": purpose, "reason": why, "questions": n}
            for (kind, service, purpose, why), n in found.refused.most_common()
        ],
        "left_out": found.left_out,
        "right": found.right,
        "wrong": [_row(group, count) for group, count in sorted(tally.wrong.items())],
        "wrong_entries": [str(one) for one in (*tally.wrong_entries, *found.miscounted)],
    }


def _row(group: Group, count: Count) -> dict[str, Any]:
    return asdict(group) | asdict(count)


def _say(found: Replayed, draft: Programme | None, lines: Path | None) -> None:
    tally = found.tally
    for group, count in sorted(tally.wrong.items()):
        typer.echo(
            f"WRONG: {group.kind} of {group.service} for {group.purpose}: on record is "
            f"{group.before}, and {group.after} follows; {count.answers:,} times",
            err=True,
        )
    for entry in (*tally.wrong_entries, *found.miscounted):
        typer.echo(f"WRONG: what entry {entry} says does not follow from the ledgers", err=True)
    typer.echo(f"{found.entries:,} entries, {tally.replayed:,} answers about members asked again")
    if found.right:
        typer.echo("each came out as it is on record")
    if tally.in_flight:
        typer.echo(f"{tally.in_flight:,} of them while a choice was being written down")
    if draft is not None:
        _say_flips(found)
    for reason, number in found.left_out.items():
        typer.echo(f"not asked again: {number:,} {LEFT_OUT[reason]}")
    if lines is not None:
        typer.echo(f"each answer that flips is in {lines}")


def _say_flips(found: Replayed) -> None:
    tally = found.tally
    for way, words in (("yes_to_no", "from yes to no"), ("no_to_yes", "from no to yes")):
        typer.echo(f"{words}: {_many(tally.total(way))}")
        for group, count in tally.in_order():
            if group.way == way:
                where = f"{group.kind} of {group.service} for {group.purpose}"
                typer.echo(f"  {where}: {group.reason}: {_many(count)}")
    for (service, purpose, field), _ in tally.fields.most_common():
        typer.echo(f"{service} would not get {field} for {purpose}")
    for (kind, service, purpose, reason), number in found.refused.most_common():
        typer.echo(f"refused outright: {number:,} {kind} of {service} for {purpose}: {reason}")
    if any(group.after == YES and group.kind.startswith("segment.") for group in tally.flips):
        typer.echo("of those who might newly be used, nobody knows who would have matched")


def _many(count: Count) -> str:
    if 0 < count.members < FEW:
        return f"fewer than {FEW} members"
    named = f", {count.named:,} of them handed out" if count.named else ""
    return f"{count.answers:,} answers about {count.members:,} members{named}"
