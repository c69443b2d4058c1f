"""Past uses and decisions as questions that can be asked again, made from entries of the record.

Pure. Opens what is sealed beside an entry, and no member's values; what does not open as what the
entry committed to is never trusted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from audit.browsing import Told
from audit.entries import ActorType, Kind
from consent.footprints import Footprint, open_footprint
from consent.glances import Glance, open_glance
from consent.policy import Denied
from consent.programme.declarations import Action
from profiles.members import Member
from profiles.unit import Unit

#: About one member each, under the member's pseudonym.
SINGLE = (Kind.PROFILE_READ, Kind.DECISION_MADE)
#: About many at once, in the sealed detail.
MANY = (Kind.SEGMENT_EVALUATED, Kind.SEGMENT_PREVIEWED, Kind.CONTACTS_RECORDED)


@dataclass(frozen=True)
class Asked:
    """What a service asked: to do what, for which purpose, with which fields, how.

    `fields` None: all that the policy gives. `channel`: for a contact. `expression`: for a
    segment; its fields are in the text.
    """

    service: str
    purpose: str
    action: str
    fields: frozenset[str] | None = None
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
    given: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class PastQuestion:
    """One question about many. `yes`: shard to the address of the set of those handed out.

    `among`: shard to the set of those asked about; None for everybody there was. `counted`: how
    many were held back for which reason, the empty reason being yes; None where that was not
    asked, as of contacts: those happened, whatever the answer would have been.
    """

    entry: UUID
    at: datetime
    kind: str
    asked: Asked
    version: int | None
    yes: Mapping[int, bytes]
    among: Mapping[int, bytes] | None
    counted: Mapping[str, int] | None


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


def question_of_many(entry: Told, footprint: Footprint) -> PastQuestion:
    """The question about many that an entry and its detail tell of."""
    contact = entry.kind == Kind.CONTACTS_RECORDED
    service, purpose = entry.actor.id, entry.purpose or ""
    if contact:
        channel = str(entry.facts.get("channel"))
        asked = Asked(service, purpose, Action.CONTACT, frozenset(), channel)
    else:
        named = entry.kind == Kind.SEGMENT_EVALUATED
        action = Action.SEGMENT if named else Action.PREVIEW
        asked = Asked(service, purpose, action, expression=footprint.expression)
    return PastQuestion(
        entry=entry.id,
        at=entry.at,
        kind=entry.kind,
        asked=asked,
        version=entry.programme,
        yes=footprint.matched,
        among=footprint.matched if contact else None,
        counted=None if contact else _counted(entry),
    )


def _counted(entry: Told) -> dict[str, int]:
    """Reason to how many; the empty reason is yes."""
    held, eligible = entry.facts.get("held_back"), entry.facts.get("eligible")
    counts = dict(held) if isinstance(held, dict) else {}
    counts[""] = eligible
    return {name: count for name, count in counts.items() if isinstance(count, int)}


def single_use(member: Member, entry: Told, sealed: bytes | None) -> PastUse | str:
    """The question about a member that an entry tells of, opened with their key; or why not."""
    if sealed is None or entry.commitment is None:
        return "detail_lost"
    glance = open_glance(member.key, entry.id, sealed, commitment=entry.commitment)
    if glance is None:
        return "detail_lost"
    asked = _asked(entry, glance)
    if asked is None:
        return "words_not_kept"
    given = frozenset(glance.fields)
    return PastUse(entry.id, entry.at, entry.kind, asked, entry.programme, glance.held_back, given)


def _asked(entry: Told, glance: Glance) -> Asked | None:
    """What was asked; None where the service had words for it that the record leaves out."""
    service, purpose = entry.actor.id, entry.purpose or ""
    if entry.kind == Kind.PROFILE_READ:
        return Asked(service, purpose, Action.READ, frozenset(glance.fields))
    facts = entry.facts
    action, channel, fields = (facts.get(name) for name in ("action", "channel", "fields"))
    wordless = channel is None and glance.held_back == Denied.CHANNEL_NOT_IN_PURPOSE
    if not isinstance(action, str) or wordless or facts.get("unknown_fields"):
        return None
    names = frozenset(map(str, fields)) if isinstance(fields, list) else None
    return Asked(service, purpose, action, names, None if channel is None else str(channel))
