"""How commands show requests: as lines for people, as plain objects for machines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import typer

from api.cli import connectors, letters
from api.cli.request_waiting import said, waits_plain
from api.cli.speaking import say_json
from dsar.by_hand import ByHand
from dsar.desk import Seen
from dsar.letters.desk import Status
from dsar.outgoing import Outgoing
from dsar.waiting import Waiting
from dsar.wanted import Wanted


@dataclass(frozen=True)
class Besides:
    """What is told of one request alone: what it waits for, its letters, and who was told of it.

    `by_hand`: who has to be told by an officer; None where the record has been changed.
    """

    waits: Waiting
    by_hand: Sequence[ByHand] | None
    written: Sequence[Status]
    words: Sequence[Outgoing]


def plain(seen: Seen, today: date, wish: Wanted | None = None) -> dict[str, Any]:
    """Everything told of a request, in what JSON has. `wish`: what exactly was asked for."""
    request = seen.request
    told = {
        "id": str(request.id),
        "right": request.right.value,
        "state": request.state.value,
        "term": request.state.term,
        "member": str(request.member) if request.member else None,
        "channel": request.channel.value,
        "language": request.language,
        "received": request.received.isoformat(),
        "opened_at": request.opened_at.isoformat(),
        "due": request.due.isoformat(),
        "days_left": request.days_left(today) if request.unanswered else None,
        "overdue": request.overdue(today),
        "extended": request.extended,
        "paused": request.paused,
        "second_officer": request.two,
        "not_before": request.not_before.isoformat() if request.not_before else None,
        "reason": request.reason,
        "lacking": sorted(seen.lacking),
        "steps": [step.value for step in seen.steps],
        "joined": request.joined,
        "closed_at": request.closed_at.isoformat() if request.closed_at else None,
        "broken": str(seen.broken) if seen.broken is not None else None,
    }
    return told if wish is None else told | {"wanted": _wanted(wish)}


def say(
    seen: Seen,
    today: date,
    *,
    as_json: bool,
    wish: Wanted | None = None,
    besides: Besides | None = None,
) -> None:
    """One request on stdout."""
    told = plain(seen, today, wish)
    if as_json:
        say_json(told | (_plainly(seen, besides) if besides is not None else {}))
        return
    for name, value in told.items():
        # What is not so goes without saying.
        if value in (None, False, []):
            continue
        typer.echo(f"{name.replace('_', ' '):<14} {_written(value)}")
    if besides is None:
        return
    if seen.request.state.is_open:
        typer.echo(f"{'waits for':<14} {said(besides.waits)}")
    for word in besides.words:
        typer.echo(f"{'recipient':<14} {word.recipient}  {connectors.line(word, today)}")
    for line in _by_hand(besides.by_hand):
        typer.echo(f"{'tell by hand':<14} {line}")
    for letter in besides.written:
        typer.echo(f"{'letter':<14} {letters.line(letter)}")


def _by_hand(left: Sequence[ByHand] | None) -> list[str]:
    if left is None:
        return ["nobody can say whom: somebody has changed the database: run `tillit audit verify`"]
    return [f"{one.name or one.recipient} ({one.contact or 'no contact known'})" for one in left]


def _plainly(seen: Seen, besides: Besides) -> dict[str, Any]:
    return waits_plain(seen, besides.waits) | {
        "recipients": [connectors.word_plain(one) for one in besides.words],
        "by_hand": None if besides.by_hand is None else [one.facts() for one in besides.by_hand],
        "letters": [letters.plain(one) for one in besides.written],
    }


def _wanted(wish: Wanted) -> dict[str, Any]:
    """What is there of it."""
    found = {name: getattr(wish, name) for name in wish.__struct_fields__}
    return {name: value for name, value in found.items() if value}


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_written(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return "yes" if value is True else str(value)
