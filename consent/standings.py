"""Where a member stands: what all their choices come to.

Pure: the fold from the ledger's lines to a state, and from nothing else. Whether the member may
be used for a purpose follows from it in `consent.eligibility`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from consent.choices import STATES, Action, By, Choice, State

#: At one time the yes is heard first, so that the no decides: among noes the last named here.
_RANKS = {
    action: rank
    for rank, actions in enumerate(
        (
            (Action.GIVEN, Action.RENEWED, Action.OBJECTION_LIFTED, Action.RESTRICTION_LIFTED),
            (Action.RESUMED, Action.CHANNEL_ON, Action.GUARDIAN_NAMED),
            (Action.UNPROVEN,),
            (Action.REQUESTED,),
            (Action.EXPIRED,),
        )
    )
    for action in actions
}
#: What a word about a consent makes of a no before it; the others leave it as it is.
_NOES = {
    Action.GIVEN: False,
    Action.RENEWED: False,
    Action.REFUSED: True,
    Action.WITHDRAWN: True,
}
_LAST = (Action.REFUSED, Action.WITHDRAWN, Action.INVALIDATED)


@dataclass(frozen=True)
class Standing:
    """Where a member stands with one purpose.

    `until`: the first day on which the consent no longer holds; `terms`: what it was a consent
    to; `guardian`: who gave it for a child. `objected`: to this purpose by name; `lifted`: its
    objection was taken back later than any to all direct marketing. `said_no`: they refused or
    withdrew when asked for consent, and neither said a proven yes since nor took an objection
    back; what others claim they said makes it no less a no. `taken_back`: the last that was said
    to this purpose by name, where it asks for no consent, is that they do not object; it is told
    to them, and decides nothing.
    """

    state: State = State.UNKNOWN
    until: date | None = None
    terms: bytes | None = None
    guardian: UUID | None = None
    objected: bool = False
    lifted: bool = False
    said_no: bool = False
    taken_back: bool = False
    confirmed: bool = False
    since: datetime | None = None
    language: str | None = None
    notice: bytes | None = None

    @property
    def consented(self) -> bool:
        """A consent was given and not taken back; it may have run out since."""
        return self.state in (State.GIVEN, State.RENEWED)


@dataclass(frozen=True)
class Standings:
    """Where a member stands: purpose by purpose, and what they said about all at once.

    `paused_until` without a day lasts until they resume. `channels_off`: (purpose or None for
    all, channel). `often`: days between two contacts; `quiet`: hours without any, a bit each.
    """

    purposes: Mapping[str, Standing] = field(default_factory=dict)
    restricted: bool = False
    marketing_objected: bool = False
    paused: bool = False
    paused_until: date | None = None
    channels_off: frozenset[tuple[str | None, str]] = frozenset()
    often: int = 0
    quiet: int = 0
    guardians: frozenset[UUID] = frozenset()

    def of(self, purpose: str) -> Standing:
        return self.purposes.get(purpose, Standing())

    def objects_to(self, purpose: str, *, marketing: bool) -> bool:
        """Whether an objection stands against it: by name, or as direct marketing."""
        one = self.of(purpose)
        return one.objected or (marketing and self.marketing_objected and not one.lifted)


def fold(choices: Iterable[Choice]) -> Standings:
    """What a member's choices come to. The latest decides, and of several at one time the no.

    The order in which they are handed over makes no difference.
    """
    standings = Standings()
    for choice in sorted(choices, key=order):
        standings = after(standings, choice)
    return standings


def order(choice: Choice) -> tuple[datetime, int, int, int, bytes]:
    """By time; at one time the no comes last, and of several alike the one that lets out less.

    Two that are alike in all that are the same choice, so that the order is one and no other.
    """
    rank = _RANKS.get(choice.action)
    if rank is None:
        rank = 10 + (_LAST.index(choice.action) if choice.action in _LAST else 0)
    setting = choice.setting or 0
    if choice.action is Action.HOURS:
        setting |= setting.bit_count() << 24
    ends = (date.max if choice.until is None else choice.until).toordinal()
    longer = ends if choice.action is Action.PAUSED else -ends
    return choice.at, rank, longer, setting, msgspec.msgpack.encode(choice)


def after(before: Standings, choice: Choice) -> Standings:
    """The standings after one more choice, which comes last by `order`."""
    if choice.action in STATES:
        return _consent(before, choice)
    if choice.action in (Action.OBJECTED, Action.OBJECTION_LIFTED):
        return _objection(before, choice, on=choice.action is Action.OBJECTED)
    if choice.action in (Action.CHANNEL_OFF, Action.CHANNEL_ON):
        about = frozenset({(choice.purpose, choice.channel or "")})
        off = choice.action is Action.CHANNEL_OFF
        channels = before.channels_off | about if off else before.channels_off - about
        return replace(before, channels_off=channels)
    if choice.action in (Action.GUARDIAN_NAMED, Action.GUARDIAN_REMOVED):
        who: frozenset[UUID] = frozenset({choice.guardian} if choice.guardian else ())
        named = choice.action is Action.GUARDIAN_NAMED
        guardians = before.guardians | who if named else before.guardians - who
        return replace(before, guardians=guardians)
    return replace(before, **_overall(choice))


def _overall(choice: Choice) -> dict[str, Any]:
    """What a choice about everything at once sets."""
    match choice.action:
        case Action.RESTRICTED | Action.RESTRICTION_LIFTED:
            return {"restricted": choice.action is Action.RESTRICTED}
        case Action.PAUSED:
            return {"paused": True, "paused_until": choice.until}
        case Action.RESUMED:
            return {"paused": False, "paused_until": None}
        case Action.OFTEN:
            return {"often": choice.setting or 0}
        case Action.HOURS:
            return {"quiet": choice.setting or 0}
    raise AssertionError(choice.action)


def _consent(before: Standings, choice: Choice) -> Standings:
    assert choice.purpose is not None
    was = before.of(choice.purpose)
    state = STATES[choice.action]
    if state is State.UNPROVEN and (was.consented or was.state is State.REQUESTED):
        return before  # what is proven, or about to be, is not made less so by somebody's word
    now = Standing(
        state=state,
        until=choice.until,
        terms=choice.terms,
        guardian=choice.guardian if choice.by is By.GUARDIAN else None,
        objected=was.objected,
        lifted=was.lifted,
        said_no=_NOES.get(choice.action, was.said_no),
        taken_back=was.taken_back,
        confirmed=choice.confirmed,
        since=choice.at,
        language=choice.language,
        notice=choice.notice,
    )
    return replace(before, purposes={**before.purposes, choice.purpose: now})


def _objection(before: Standings, choice: Choice, *, on: bool) -> Standings:
    if choice.purpose is not None:
        was = before.of(choice.purpose)
        now = replace(
            was,
            objected=on,
            lifted=not on,
            taken_back=not on,
            said_no=was.said_no and on,
            since=choice.at,
        )
        return replace(before, purposes={**before.purposes, choice.purpose: now})
    if not on:
        return replace(before, marketing_objected=False)
    purposes = {name: replace(one, lifted=False) for name, one in before.purposes.items()}
    return replace(before, purposes=purposes, marketing_objected=True)
