"""`/desk/requests/{id}`: one request, with everything that is decided by and done about it.

Opens what exactly is asked for, and says so in the record (`desk.wish_opened`); a note about a
proof likewise. What an erasure would take is a page of its own, so that it is looked at only by who
means to. What can be undone is a form here; a step of the request has a page that asks first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from api.pages.answers import View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.inbox import Option
from api.pages.officer.past import Happened, happened
from api.pages.officer.rows import PATH, Row, row
from api.pages.officer.standing import (
    Hand,
    Identity,
    LetterLine,
    Recipient,
    ShownHold,
    hands,
    holds_of,
    identity_of,
    letters_of,
    reason_said,
    recipients_of,
)
from api.pages.officer.words import ATTESTED, GIVEN_UP, GROUNDS, STEPS
from api.people.people import Kind
from consent.programme import Ability
from dsar import approvals, desk, register, waiting
from dsar.certificates import ERASURE_PART, HORIZON_PART
from dsar.errors import BrokenRequest
from dsar.packages.marking import mark
from dsar.register import Request
from dsar.states import Right, State, Step
from dsar.wanted import Wanted
from profiles import members
from profiles.errors import CannotOpen, KeyDestroyed

pages = Pages(Kind.OFFICER)
ONE = PATH + "/{request:uuid}"
_UNDECIDED = frozenset({State.INITIATED, State.ACKNOWLEDGED, State.DELAYED, State.REQUIRES_ACTION})
_PACKED = frozenset({Right.ACCESS, Right.PORTABILITY})
_DONE = frozenset({State.CARRIED_OUT, State.FULFILLED})


@dataclass(frozen=True)
class Wish:
    """What exactly is asked for. `values`: fields in words, each with what it is to be; empty where
    it is to be removed.
    """

    purposes: Sequence[str]
    marketing: bool
    values: Sequence[tuple[str, str]]
    note: str
    outcome: str


@dataclass(frozen=True)
class RequestPage(View):
    """`member`: whether it is about somebody still. `approved_by`: who has said yes so far;
    `mine`: this officer is among them. `history`: None where the record of it was changed.
    `extended`, `paused_on`, `not_before`, `reason`: as the register has them.
    """

    template: ClassVar[str] = "officer/request.html"
    title: ClassVar[str] = mark("Request")

    one: Row
    member: bool
    extended: bool
    paused_on: date | None
    not_before: datetime | None
    reason: str
    wish: Wish | None
    identity: Identity | None
    attested: Sequence[Option]
    is_erasure: bool
    holds: Sequence[ShownHold] | None
    grounds: Sequence[Option]
    approved_by: Sequence[str]
    mine: bool
    steps: Sequence[Option]
    letters: Sequence[LetterLine]
    recipients: Sequence[Recipient]
    giving_up: Sequence[Option]
    hands: Sequence[Hand] | None
    package: bool
    certificates: Sequence[str]
    history: Sequence[Happened] | None


@dataclass(frozen=True)
class BrokenPage(View):
    """A request of which something is not as it was written: nothing can be done with it."""

    template: ClassVar[str] = "officer/broken.html"
    title: ClassVar[str] = mark("A broken request")
    status: ClassVar[int] = 409

    request: UUID


@pages("GET", ONE, ability=Ability.REQUESTS)
async def see(asked: Asked) -> RequestPage | BrokenPage:
    """The whole of a request."""
    id = asked.id("request")
    try:
        found = await register.get(asked.unit, id)
        return await _page(asked, found)
    except (BrokenRequest, CannotOpen, KeyDestroyed):
        return BrokenPage(id)


async def _page(asked: Asked, found: Request) -> RequestPage:
    unit, say = asked.unit, asked.speaking.say
    seen = await desk.seen_one(unit, asked.active, found)
    (waits,) = await waiting.waiting(unit, [seen])
    wish = await desk.wish_opened(unit, asked.act, found)
    by = await _approved_by(asked, found)
    one = row(asked, seen, waits)
    steps = [one for one in one.steps if not (one is Step.APPROVE and asked.act.actor in by)]
    undecided = found.state in _UNDECIDED
    is_erasure = found.right is Right.ERASURE
    return RequestPage(
        one=one,
        member=found.member is not None,
        extended=found.extended,
        paused_on=found.paused_on,
        not_before=found.not_before,
        reason=reason_said(asked, found.reason),
        wish=None if wish is None else _wish(asked, wish),
        identity=await identity_of(asked, found, seen),
        attested=_options(asked, ATTESTED) if undecided and seen.lacking else [],
        is_erasure=is_erasure,
        holds=await holds_of(asked, found) if is_erasure else [],
        grounds=_options(asked, GROUNDS),
        approved_by=by if undecided else [],
        mine=asked.act.actor in by,
        steps=[Option(one, say(STEPS[one]), one is Step.APPROVE) for one in _ordered(steps)],
        letters=await letters_of(asked, found),
        recipients=await recipients_of(asked, found),
        giving_up=_options(asked, GIVEN_UP),
        hands=hands(asked, waits.by_hand),
        package=found.right in _PACKED and found.state in _DONE and found.member is not None,
        certificates=_certificates(found),
        history=await happened(asked, found.id),
    )


def _options(asked: Asked, words: Mapping[str, str]) -> list[Option]:
    return [Option(one, asked.speaking.say(text), False) for one, text in words.items()]


def _ordered(steps: Sequence[Step]) -> list[Step]:
    """As they are offered: in the order of the words for them."""
    return [one for one in map(Step, STEPS) if one in steps]


async def _approved_by(asked: Asked, found: Request) -> tuple[str, ...]:
    """The officers who have said yes, by the record; none once the member is erased."""
    if found.member is None or not found.state.is_open:
        return ()
    row = await register.row_of(asked.unit, found.id)
    person = await members.one(asked.unit, found.member)
    return (await approvals.so_far(asked.unit, row, person)).by


def _wish(asked: Asked, wish: Wanted) -> Wish:
    speak = asked.speaking
    known = asked.unit.schema.catalogue.fields
    values = []
    for name, value in sorted(wish.values.items()):
        field = known.get(name)
        label = f"{speak.category(field.category)} ({name})" if field else name
        text = "" if value is None else str(value)
        if value is not None and field is not None:
            text = speak.wording.value(value, kind=field.type.value, category=field.category)
        values.append((label, text))
    return Wish(
        purposes=[speak.titled(asked.active, name) for name in wish.purposes],
        marketing=wish.marketing,
        values=values,
        note=wish.note,
        outcome=wish.outcome,
    )


def _certificates(found: Request) -> list[str]:
    """The parts that can be asked for, where the erasure is certified."""
    if found.right is not Right.ERASURE or found.state is not State.FULFILLED:
        return []
    return [ERASURE_PART, HORIZON_PART]
