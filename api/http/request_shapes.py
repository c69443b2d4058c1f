"""What is sent and told of data subject requests, to officers and to members alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from api.http.bodies import Name
from api.http.doors import Asked
from api.http.problems import OneProblem
from audit.entries import ActorType
from dsar import by_hand, desk, own_sight, waiting
from dsar.desk import Seen
from dsar.own_sight import Sight
from dsar.register import Request
from dsar.states import Step
from dsar.wanted import Wanted


class RequestShown(msgspec.Struct, kw_only=True):
    """A request as it stands; `term` is the Data Privacy Vocabulary's word for `state`.

    `due`: the last day to answer, `days_left` until then, below zero when it is `overdue`; null
    once it is carried out or closed. `paused`: the clock stands, while somebody is asked who they
    are.
    `second_officer`: one has approved, and another is asked for. `not_before`: until when an
    approved erasure waits. `lacking`: the identifiers whose proof lacks. `steps`: what can be
    done now, by whoever sees this. `joined`: it was open already when it was asked for now.
    `member` goes with an erasure. `broken`: what of it is not as it was written, and what to do;
    nothing can be done with it until then. Null for all others. `recipients_troubled`: how many
    recipients were told and something is wrong, as `GET /v1/requests/{request}/recipients` has it;
    for officers alone. `by_hand`: the recipients that officers have to tell once it is carried out,
    as a preview has them; null where the record was changed and cannot tell, and for all but
    officers. `reason`: why it was refused or put off; why a correction came back, to officers
    alone.
    """

    request: UUID
    right: str
    state: str
    term: str
    member: UUID | None
    channel: str
    language: str
    received: date
    opened_at: datetime
    due: date
    days_left: int | None
    overdue: bool
    extended: bool
    paused: bool
    second_officer: bool
    not_before: datetime | None
    reason: str | None
    lacking: list[str]
    steps: list[str]
    joined: bool
    closed_at: datetime | None
    broken: OneProblem | None
    recipients_troubled: int | None
    by_hand: list[dict[str, str]] | None


class WantedShown(msgspec.Struct):
    """What exactly is asked for; `values`: the fields that would be set right, and to what.

    `later`: what of it a member is told after a second proof; always empty for an officer.
    """

    purposes: list[str]
    marketing: bool
    values: dict[str, Any]
    note: str
    outcome: str
    later: list[str]


class RequestInFull(RequestShown, kw_only=True):
    """The same, with what exactly is asked for; `wanted` is null when that is all there is."""

    wanted: WantedShown | None


class Asking(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is asked for: a right, and what it is about.

    `purposes`: for a withdrawal or an objection; `marketing`: the objection is to all direct
    marketing. `values`: for a rectification, the right ones; null removes. `note`: in the
    member's own words. `language`: of the answer, one of the programme's.
    """

    right: Name
    purposes: list[Name] = []
    marketing: bool = False
    values: dict[Name, Any] = {}
    note: Annotated[str, msgspec.Meta(max_length=4_000)] = ""
    language: Annotated[str, msgspec.Meta(max_length=35)] | None = None

    @property
    def wish(self) -> Wanted:
        return Wanted(tuple(self.purposes), self.marketing, self.values, self.note)


async def shown(asked: Asked, request: Request) -> RequestShown:
    """What is told of a request to whoever asks. Raises `BrokenRequest`."""
    one = await desk.seen_one(asked.unit, asked.active, request, among=_among(asked))
    return RequestShown(**_told(asked, one, await _officers(asked, [request])))


async def all_shown(asked: Asked, requests: Sequence[Request]) -> list[RequestShown]:
    """The same of several, broken ones among them."""
    found = await desk.seen(asked.unit, asked.active, requests, among=_among(asked))
    besides = await _officers(asked, requests)
    return [RequestShown(**_told(asked, one, besides)) for one in found]


async def in_full(asked: Asked, request: Request, *, seen: Sight | None = None) -> RequestInFull:
    """With what exactly is asked for, opened: that is on record, and the member sees it.

    `seen`: for a member, what is open to them now.
    """
    told = await shown(asked, request)
    wish = await desk.wish_opened(asked.unit, asked.act, request)
    wanted = None
    if wish is not None:
        later: frozenset[str] = frozenset()
        if seen is not None:
            wish, later = own_sight.wish(wish, seen)
        wanted = WantedShown(
            list(wish.purposes),
            wish.marketing,
            dict(wish.values),
            wish.note,
            wish.outcome,
            sorted(later),
        )
    return RequestInFull(**msgspec.structs.asdict(told), wanted=wanted)


def _among(asked: Asked) -> Sequence[Step]:
    return desk.BY_OFFICERS if asked.who.type is ActorType.OFFICER else desk.BY_MEMBERS


def _broken(asked: Asked, seen: Seen) -> OneProblem | None:
    if seen.broken is None:
        return None
    (found,) = seen.broken.problems
    # What to do about our own tables is for whoever works on them.
    remedy = found.remedy if asked.who.type is ActorType.OFFICER else "tell whoever runs this"
    return OneProblem(found.place, found.message, remedy)


@dataclass(frozen=True)
class _Officers:
    """What is told to officers alone, by request; a request that left nobody to them has none."""

    troubled: Mapping[UUID, int]
    by_hand: Mapping[UUID, tuple[str, ...] | None]


async def _officers(asked: Asked, requests: Sequence[Request]) -> _Officers | None:
    if asked.who.type is not ActorType.OFFICER:
        return None
    troubled = await waiting.troubled(asked.unit, [one.id for one in requests])
    return _Officers(troubled, await by_hand.left(asked.unit, requests))


def _by_hand(asked: Asked, names: tuple[str, ...] | None) -> list[dict[str, str]] | None:
    if names is None:
        return None
    return [one.facts() for one in by_hand.described(asked.active, names)]


def _told(asked: Asked, seen: Seen, besides: _Officers | None) -> dict[str, Any]:
    one, today = seen.request, asked.unit.today
    return {
        "request": one.id,
        "right": one.right.value,
        "state": one.state.value,
        "term": one.state.term,
        "member": one.member,
        "channel": one.channel.value,
        "language": one.language,
        "received": one.received,
        "opened_at": one.opened_at,
        "due": one.due,
        "days_left": one.days_left(today) if one.unanswered else None,
        "overdue": one.overdue(today),
        "extended": one.extended,
        "paused": one.paused,
        "second_officer": one.two,
        "not_before": one.not_before,
        "reason": one.told_reason if besides is None else one.reason,
        "lacking": sorted(seen.lacking),
        "steps": [step.value for step in seen.steps],
        "joined": one.joined,
        "closed_at": one.closed_at,
        "broken": _broken(asked, seen),
        "recipients_troubled": None if besides is None else besides.troubled.get(one.id, 0),
        "by_hand": None if besides is None else _by_hand(asked, besides.by_hand[one.id]),
    }
