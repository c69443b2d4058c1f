"""Decisions: may this service do this, for this purpose, with this member, now?

The policy's ruling, then what the member chose, then how they may be reached. The first no is the
answer's reason; each field and the channel have their own. A service that the policy refuses is
told nothing about the member. Touches no database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from audit.acts import Act
from audit.entries import ActorType, Entry, Kind
from consent.eligibility import Reason
from consent.glances import Glance, seal_glance
from consent.policy import Denial
from consent.reach import Unreached
from consent.reasons import MEANINGS, UNKNOWN_MEMBER
from consent.rulings import Question, Ruling
from profiles.keys import MemberKey


@dataclass(frozen=True)
class Part:
    """The answer about one thing that was asked; a no has its reason and what would change it."""

    allowed: bool
    reason: str | None = None
    remedy: str | None = None


_YES = Part(True)


@dataclass(frozen=True)
class Found:
    """What was found about the member: None where nothing stands in the way.

    `unreached` is looked at for members whom `reason` does not hold back.
    """

    known: bool = True
    reason: Reason | None = None
    unreached: Unreached | None = None


@dataclass(frozen=True)
class Verdict:
    """What is answered; the same for all members of whom the same was found.

    `allowed`: everything that was asked is. `whole`: the first no.
    """

    whole: Part
    fields: Mapping[str, Part]
    channel: Part | None

    @property
    def allowed(self) -> bool:
        return self.whole.allowed

    @cached_property
    def glance(self) -> Glance:
        given = tuple(sorted(name for name, one in self.fields.items() if one.allowed))
        return Glance(given, self.whole.reason)


@dataclass(frozen=True)
class Asking:
    """One service asking one question about one member."""

    service: str
    question: Question
    member: UUID


@dataclass(frozen=True)
class Decision:
    """An answer: when, under which programme version, after which change of the member's shard.

    `shard` and `change` are None for an id that is nobody's. `entry` puts it on record.
    """

    member: UUID
    verdict: Verdict
    programme: int
    shard: int | None
    change: int | None
    entry: UUID
    at: datetime


def verdict(ruling: Ruling, found: Found) -> Verdict:
    """The ruling and what was found about the member, put together; worked out once for each."""
    known: Verdict | None = ruling.verdicts.get(found)
    if known is None:
        known = ruling.verdicts[found] = _verdict(ruling, found)
    return known


def _verdict(ruling: Ruling, found: Found) -> Verdict:
    nobody = None if found.known else UNKNOWN_MEMBER
    chose = None if found.reason is None else found.reason.value
    held = nobody or (chose if ruling.uses_choices else None)
    fields = {name: _part(denial, held) for name, denial in ruling.fields.items()}
    channel = None
    if ruling.question.channel is not None:
        unreached = None if found.unreached is None else found.unreached.value
        channel = _part(ruling.channel, nobody or chose or unreached)
    parts = [_part(ruling.denial, held), *fields.values(), *([channel] if channel else [])]
    first = next((one for one in parts if not one.allowed), _YES)
    return Verdict(first, fields, channel)


def _part(denial: Denial | None, reason: str | None) -> Part:
    if denial is not None:
        known = MEANINGS[denial.reason.value]
        return Part(False, denial.reason.value, denial.remedy or known.remedy)
    return _YES if reason is None else Part(False, reason, MEANINGS[reason].remedy)


def act_of(ruling: Ruling) -> Act:
    """The service, asking; a purpose that there is not is left out."""
    return Act(ActorType.SERVICE, ruling.service, ruling.purpose, ruling.version)


def entry_of(ruling: Ruling, verdict: Verdict, key: MemberKey | None) -> Entry:
    """The entry of one decision: about the member, its outcome sealed for them.

    Without a `key`, nobody was found: then it names no subject, and says so.
    """
    act = act_of(ruling)
    if key is None:
        return act.entry(Kind.DECISION_MADE, facts={**ruling.facts, "held_back": UNKNOWN_MEMBER})
    return act.entry(
        Kind.DECISION_MADE,
        subject=key.subject(),
        facts=ruling.facts,
        detail=seal_glance(key, verdict.glance),
    )
