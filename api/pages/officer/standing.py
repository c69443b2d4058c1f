"""The parts of a request's page: who asked, holds, letters, recipients; as they stand now.

A note about a proof is opened by `dsar.identity_steps`, which puts that on record. Holds are opened
with their notes, for officers alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from api.pages.asked import Asked
from api.pages.officer.words import (
    GIVEN_UP,
    GROUNDS,
    HOWS,
    LETTERS,
    REASONS,
    SENT,
    TOLD,
    TROUBLES,
    UNSENT,
)
from dsar import by_hand, holds, identity_steps
from dsar.connectors import desk as connectors_desk
from dsar.desk import Seen
from dsar.errors import BrokenRequest
from dsar.identity import one_is_enough
from dsar.letters import desk as letters_desk
from dsar.outgoing import State as Way
from dsar.register import Request
from profiles import members


@dataclass(frozen=True)
class Given:
    """A proof. `of`: the identifier that it proves, empty for the person. `holds`: still counts."""

    how: str
    of: str
    at: datetime
    holds: bool
    note: str = field(repr=False)


@dataclass(frozen=True)
class Identity:
    """`lacks`: what has yet to be proved, any or all of it; empty where nothing lacks."""

    given: Sequence[Given]
    lacks: Sequence[str]
    any_will_do: bool


@dataclass(frozen=True)
class ShownHold:
    """`until`: its last day, None when it stands until it is lifted."""

    id: UUID
    ground: str
    by: str
    placed_at: datetime
    until: date | None
    note: str = field(repr=False)


@dataclass(frozen=True)
class LetterLine:
    """A letter that was written. `waits`: for somebody to fetch or print it."""

    kind: str
    text: str
    made_at: datetime
    sent_at: datetime | None
    state: str
    problem: str
    waits: bool


@dataclass(frozen=True)
class Recipient:
    """A recipient that is told by the system. `open`: it has yet to answer."""

    id: UUID
    name: str
    state: str
    open: bool
    late: bool
    due: date | None
    attempts: int
    next_at: datetime | None
    problem: str
    answered_at: datetime | None
    reason: str


@dataclass(frozen=True)
class Hand:
    """A recipient that officers tell by hand."""

    recipient: str
    name: str
    contact: str


def reason_said(asked: Asked, reason: str | None) -> str:
    """A reason of the register in words; one that there is no word for is not repeated."""
    return _said(asked, reason, REASONS)


async def identity_of(asked: Asked, found: Request, seen: Seen) -> Identity | None:
    """How it was shown whose request this is; None once they are erased."""
    if found.member is None:
        return None
    _, given = await identity_steps.given(asked.unit, asked.act, asked.active, found.id)
    say = asked.speaking.say
    return Identity(
        given=[
            Given(
                say(HOWS[one.proof.how]),
                _label(asked, one.proof.identifier),
                one.at,
                one.holds,
                one.proof.note,
            )
            for one in given
        ],
        lacks=[_label(asked, one) for one in sorted(seen.lacking)],
        any_will_do=one_is_enough(found.right),
    )


async def holds_of(asked: Asked, found: Request) -> list[ShownHold] | None:
    """The holds that stand; None where they are not what the record says."""
    if found.member is None:
        return []
    person = await members.one(asked.unit, found.member)
    try:
        standing = await holds.standing(asked.unit, person)
    except BrokenRequest:
        return None
    say = asked.speaking.say
    return [
        ShownHold(one.id, say(GROUNDS[one.ground]), one.by, one.placed_at, one.until, one.note)
        for one in standing
    ]


async def letters_of(asked: Asked, found: Request) -> list[LetterLine]:
    say = asked.speaking.say
    return [
        LetterLine(
            kind=one.kind.value,
            text=say(LETTERS[one.kind]),
            made_at=one.made_at,
            sent_at=one.sent_at,
            state=say(SENT[one.state]),
            problem=_said(asked, one.problem, UNSENT),
            waits=one.state is Way.DOWNLOAD,
        )
        for one in await letters_desk.listed(asked.unit, found.id)
    ]


async def recipients_of(asked: Asked, found: Request) -> list[Recipient]:
    say, known = asked.speaking.say, asked.active.programme.recipients
    told = await connectors_desk.of_request(asked.unit, found.id)
    return [
        Recipient(
            id=word.id,
            name=known[name].name if (name := word.recipient or "") in known else name,
            state=say(TOLD[word.state]),
            open=word.state.is_open,
            late=word.is_late(asked.unit.today),
            due=word.due,
            attempts=word.attempts,
            next_at=word.next_at,
            problem=_said(asked, word.problem, TROUBLES),
            answered_at=word.answered_at,
            reason=_said(asked, one.reason, GIVEN_UP),
        )
        for one in told
        if (word := one.word)
    ]


def hands(asked: Asked, names: Iterable[str] | None) -> list[Hand] | None:
    """Whom officers tell; None where the record cannot say."""
    if names is None:
        return None
    found = by_hand.described(asked.active, names)
    return [Hand(one.recipient, one.name, one.contact) for one in found]


def _label(asked: Asked, name: str | None) -> str:
    """An identifier in words, by the category that the programme gives it."""
    declared = asked.unit.schema.catalogue.fields.get(name or "")
    return asked.speaking.category(declared.category) if declared else name or ""


def _said(asked: Asked, code: str | None, words: Mapping[str, str]) -> str:
    """A code in words; nothing for one that has none: the database may hold what nobody wrote."""
    text = words.get(code or "")
    return asked.speaking.say(text) if text else ""
