"""`tillit policy explain`: one answer, step by step."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from api.bootstrap import Tillit, Work
from api.cli.door import run
from api.cli.finding import one_member
from api.cli.policy_replay import Draft
from api.cli.speaking import ActingAs, AsJson, officer, say_json
from consent.programme import Action, Programme, load_programme
from consent.programmes import Active
from consent.replay.explaining import Explanation
from consent.replay.explaining_one import Looked, explain_entry
from consent.replay.explaining_one import explain as explain_one
from consent.replay.past_uses import Asked
from kernel.errors import Invalid
from profiles.members import NUMBER

AskingService = Annotated[str | None, typer.Option("--service", help="The service that asks.")]
ForPurpose = Annotated[str | None, typer.Option("--purpose", help="What it asks for.")]
Doing = Annotated[Action, typer.Option("--action", help="What it would do.")]
Fields = Annotated[str | None, typer.Option("--fields", help="With these, such as tier,age.")]
ByChannel = Annotated[str | None, typer.Option("--channel", help="By this channel, such as email.")]
OfMember = Annotated[str | None, typer.Option("--member", help="A member number, or an id.")]
OfEntry = Annotated[
    str | None, typer.Option("--entry", help="A past answer, by its entry in the record.")
]
When = Annotated[str | None, typer.Option("--at", help="A time, such as 2026-01-31T12:00.")]


def explain(
    *,
    acting: ActingAs,
    service: AskingService = None,
    purpose: ForPurpose = None,
    action: Doing = Action.READ,
    fields: Fields = None,
    channel: ByChannel = None,
    member: OfMember = None,
    entry: OfEntry = None,
    programme: Draft = None,
    at: When = None,
    as_json: AsJson = False,
) -> None:
    """Why one answer is yes or no, step by step, and what would change it."""
    draft = None if programme is None else load_programme(programme)
    act = officer(acting)
    if (entry is None) == (service is None or purpose is None):
        raise typer.BadParameter("give --service and --purpose, or --entry, and not both")
    if entry is not None and at is not None:
        raise typer.BadParameter("an entry has its own time, so there is no --at")
    names = None if fields is None else tuple(one.strip() for one in fields.split(","))
    asked = Asked(service or "", purpose or "", action, names, channel)

    async def step(tillit: Tillit) -> Explanation | Looked:
        async with tillit.unit() as work:
            who = None if member is None else await _member(work, member)
            unit, active = work.unit, work.active
            if entry is not None:
                about = _uuid(entry, "entry")
                return await explain_entry(unit, act, active, about, member=who, draft=draft)
            when = unit.now if at is None else _time(at, active)
            return await explain_one(unit, act, active, asked, member=who, at=when, draft=draft)

    found = run(step)
    if as_json:
        say_json(msgspec.to_builtins(found) | _verdict(found))
    elif isinstance(found, Looked):
        _say_looked(found, draft)
    else:
        _say_explanation(found)


async def _member(work: Work, name: str) -> UUID:
    """The member of an id or a member number."""
    try:
        return UUID(name)
    except ValueError:
        return await one_member(work, NUMBER, name)


def _uuid(text: str, place: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid("not an id", place=place, remedy="as the record has it") from error


def _time(text: str, active: Active) -> datetime:
    """A time; without a zone, by the programme's clock."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("not a time", place="at", remedy="such as 2026-01-31T12:00") from error
    return found if found.tzinfo else found.replace(tzinfo=active.programme.zone)


def _verdict(found: Explanation | Looked) -> dict[str, bool]:
    return {} if isinstance(found, Looked) else {"allowed": found.allowed}


def _say_looked(found: Looked, draft: Programme | None) -> None:
    typer.echo(f"{found.kind} of {found.at:%Y-%m-%d %H:%M} UTC, on record: {found.recorded or '-'}")
    typer.echo("as it was:")
    _say_explanation(found.then)
    typer.echo("under the draft, now:" if draft else "now:")
    _say_explanation(found.now)


_MARKS = {True: "yes", False: "NO ", None: " - "}


def _say_explanation(found: Explanation) -> None:
    for one in found.steps:
        place = f" ({one.place})" if one.place else ""
        typer.echo(f"  {_MARKS[one.passed]}  {one.what}: {one.says}{place}")
    version = "the draft" if found.version is None else f"version {found.version}"
    typer.echo(f"{'yes' if found.allowed else 'no'} on {found.day} under {version}: {found.means}")
    if found.reason is not None:
        typer.echo(f"reason: {found.reason}; what would change it: {found.remedy}")
