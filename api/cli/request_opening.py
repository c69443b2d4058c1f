"""`tillit request open`: a member's request, as an officer writes it down."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from api.bootstrap import Tillit
from api.cli.days import day_at
from api.cli.door import run
from api.cli.finding import one_member
from api.cli.request_shown import say
from api.cli.speaking import ActingAs, AsJson, officer
from dsar import desk, requests
from dsar.desk import Seen
from dsar.identity import How, Proof
from dsar.states import Right
from dsar.wanted import Wanted
from dsar.words import Channel, right_named
from kernel.errors import Invalid

Received = Annotated[
    date | None,
    typer.Option(
        "--received", parser=day_at("--received"), help="The day it came in, if not today."
    ),
]
Language = Annotated[
    str | None, typer.Option("--language", help="Of the answer, if not the programme's first.")
]
Purposes = Annotated[
    list[str] | None,
    typer.Option("--purpose", help="For withdrawal and objection: about this; repeatable."),
]


def open_(
    right: Annotated[str, typer.Argument(help="One of " + ", ".join(Right) + ".")],
    *,
    acting: ActingAs,
    member: Annotated[str | None, typer.Option("--member", help="A member number.")] = None,
    email: Annotated[str | None, typer.Option("--email", help="An e-mail address.")] = None,
    phone: Annotated[str | None, typer.Option("--phone", help="A phone number.")] = None,
    identified: Annotated[
        bool,
        typer.Option("--identified", help="You have seen who it is, and answer for it."),
    ] = False,
    received: Received = None,
    language: Language = None,
    purpose: Purposes = None,
    marketing: Annotated[
        bool, typer.Option("--marketing", help="For objection: to all direct marketing.")
    ] = False,
    values: Annotated[
        Path | None,
        typer.Option("--values", help="For rectification: a JSON file of the right values."),
    ] = None,
    note: Annotated[
        Path | None, typer.Option("--note", help="A text file with what they wrote.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put a member's request into the register; its clock runs from the day it came in."""
    given = {"member_number": member, "email": email, "phone": phone}
    identifiers = {how: value for how, value in given.items() if value is not None}
    if len(identifiers) != 1:
        raise typer.BadParameter("give one of --member, --email and --phone")
    (how, value), wanted, act = *identifiers.items(), right_named(right), officer(acting)
    wish = Wanted(
        tuple(purpose or ()),
        marketing,
        _values(values) if values is not None else {},
        note.read_text("utf-8").strip() if note is not None else "",
    )

    async def step(tillit: Tillit) -> tuple[Seen, date]:
        async with tillit.unit() as work:
            found = await requests.open_request(
                work.unit,
                act,
                work.active,
                wanted,
                await one_member(work, how, value),
                channel=Channel.OFFICER,
                proof=Proof(How.OFFICER) if identified else None,
                wish=wish,
                language=language,
                received=received,
            )
            seen = await desk.seen_one(work.unit, work.active, found)
            return seen, work.unit.today

    say(*run(step), as_json=as_json)


def _values(file: Path) -> dict[str, Any]:
    """The values in a JSON file. Raises `Invalid`, which repeats none of it."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Invalid(
            "this is not one JSON object",
            place=str(file),
            remedy='such as {"name": "Anna", "phone": null}',
        ) from None
