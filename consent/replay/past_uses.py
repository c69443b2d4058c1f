"""Past uses and decisions as questions that can be asked again, made from entries of the record.

Pure. Opens what is sealed beside an entry, and no member's values; what does not open as what the
entry committed to is never trusted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from audit.browsing import Told
from audit.entries import ActorType, Kind
from consent.footprints import Footprint, open_footprint
from consent.glances import open_glance
from consent.programme.declarations import Action
from consent.reasons import UNKNOWN_MEMBER
from consent.rulings import question_in
from profiles.members import Member
from profiles.unit import Unit

#: About one member each, under the member's pseudonym.
SINGLE = (Kind.PROFILE_READ, Kind.DECISION_MADE)
#: About many at once, in the sealed detail.
MANY = (
    Kind.SEGMENT_EVALUATED,
    Kind.SEGMENT_PREVIEWED,
    Kind.DECISIONS_MADE,
    Kind.CONTACTS_RECORDED,
)


@dataclass(frozen=True)
class Asked:
    """What a service asked: to do what, for which purpose, with which fields, how.

    `fields` None: all that the policy gives. `channel`: for a contact. `expression`: for a
    segment; its fields are in the text.
    """

    service: str
    purpose: str
    action: str
    fields: tuple[str, ...] | None = None
    channel: str | None = None
    expression: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class PastUse:
    """One question about one member. `answer`: why not, as it was given then; None for yes.

    `given`: the fields that the answer allowed.
    """

    entry: UUID
    at: datetime
    kind: str
    asked: Asked
    version: int | None
    answer: str | None
    given: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class PastQuestion:
    """One question about many. `yes`: shard to the address of the set of those handed out.

    `among`: shard to the set of those asked about; None for everybody there was. `counted`: how
    many were held back for which reason, the empty reason being yes; None where that was not
    asked, as of contacts: those happened, whatever the answer would have been. `members`: how
    many it was about.
    """

    entry: UUID
    at: datetime
    kind: str
    asked: Asked
    version: int | None
    yes: Mapping[int, bytes]
    among: Mapping[int, bytes] | None
    counted: Mapping[str, int] | None
    members: int = 0

    def answer_of(self, *, named: bool) -> bool | None:
        """The answer on record about one who was asked about: yes, no, or None for neither."""
        if self.counted is None:
            return None
        return named if self.kind == Kind.DECISIONS_MADE else named or None


@dataclass(frozen=True)
class PastContact:
    """A service said that it had contacted these, shard to address; it counts for that day."""

    at: datetime
    day: date
    those: Mapping[int, bytes]


@dataclass(frozen=True)
class Span:
    """Which uses are meant: those from `since` up to, and without, `until`."""

    since: datetime
    until: datetime
    service: str | None = None
    purpose: str | None = None

    def holds(self, entry: Told) -> bool:
        return (
            self.since <= entry.at < self.until
            and entry.actor.type == ActorType.SERVICE
            and self.service in (None, entry.actor.id)
            and self.purpose in (None, entry.purpose)
        )


def footprint_of(unit: Unit, entry: Told, sealed: bytes | None) -> Footprint | None:
    """What was sealed beside an entry about many; None when it is lost, or another."""
    if sealed is None or entry.commitment is None:
        return None
    return open_footprint(unit.epoch, entry.id, sealed, commitment=entry.commitment)


def question_of_many(entry: Told, footprint: Footprint) -> PastQuestion | None:
    """The question about many that an entry and its detail tell of; None where the service had
    words for it that the record leaves out."""
    asked, among = _asked(entry), footprint.asked
    counted: dict[str, int] | None = None
    if entry.kind == Kind.CONTACTS_RECORDED:
        channel = str(entry.facts.get("channel"))
        asked, among = (
            replace(asked, action=Action.CONTACT, fields=(), channel=channel),
            footprint.matched,
        )
    elif entry.kind == Kind.DECISIONS_MADE:
        counted = _counted(entry, "allowed")
    else:
        named = entry.kind == Kind.SEGMENT_EVALUATED
        action = Action.SEGMENT if named else Action.PREVIEW
        asked = replace(asked, action=action, expression=footprint.expression)
        counted = _counted(entry, "eligible")
    if entry.facts.get("unknown_fields"):
        return None
    return PastQuestion(
        entry=entry.id,
        at=entry.at,
        kind=entry.kind,
        asked=asked,
        version=entry.programme,
        yes=footprint.matched,
        among=among,
        counted=counted,
        members=int(entry.facts["members"]) if counted is None else sum(counted.values()),
    )


def _counted(entry: Told, yes: str) -> dict[str, int]:
    """Reason to how many members; the empty reason is yes."""
    held = entry.facts.get("held_back")
    counts = dict(held) if isinstance(held, dict) else {}
    counts.pop(UNKNOWN_MEMBER, None)
    counts[""] = entry.facts.get(yes)
    return {name: count for name, count in counts.items() if isinstance(count, int)}


def single_use(member: Member, entry: Told, sealed: bytes | None) -> PastUse | str:
    """The question about a member that an entry tells of, opened with their key; or why not."""
    if sealed is None or entry.commitment is None:
        return "detail_lost"
    glance = open_glance(member.key, entry.id, sealed, commitment=entry.commitment)
    if glance is None:
        return "detail_lost"
    if entry.facts.get("unknown_fields"):
        return "words_not_kept"
    asked = _asked(entry)
    if entry.kind == Kind.PROFILE_READ:
        asked = replace(asked, action=Action.READ, fields=glance.fields, channel=None)
    version, answer = entry.programme, glance.held_back
    return PastUse(entry.id, entry.at, entry.kind, asked, version, answer, glance.fields)


def _asked(entry: Told) -> Asked:
    told = question_in(entry.purpose, entry.facts)
    return Asked(entry.actor.id, told.purpose, told.action, told.fields, told.channel)
