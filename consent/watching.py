"""The record of use as officers look at it: entries by what is looked for, and an actor's activity.

Each look is an entry itself. Nothing is opened here, and nobody is named: entries bear pseudonyms,
which are not given on.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from audit.acts import Act
from audit.entries import ActorType, Fact, Kind
from audit.looking import Page, Place, Seen, Standing, Wanted, days, look
from audit.tallies import Count, counted
from consent.policy import FIELDLESS
from consent.programme.declarations import Ability, Action
from consent.programmes import Active
from profiles.unit import Unit

#: Entries in an export, at most.
MOST = 5_000
_AT_ONCE = 500


class View(StrEnum):
    """What of the record was looked at."""

    LIST = "list"
    EXPORT = "export"
    ACTIVITY = "activity"
    QUESTIONS = "questions"
    ENTRY = "entry"


@dataclass(frozen=True)
class Export:
    """`entries`: the newest first, those without a number first of all. `whole`: False where there
    are more than `MOST`. `doubtful`: some were altered or are gone, or tallies named entries that
    do not belong; then nobody can tell that these are all.
    """

    entries: Sequence[Seen]
    whole: bool
    doubtful: bool


async def entries(
    unit: Unit, act: Act, wanted: Wanted, *, count: int, before: Place | None, after: Place | None
) -> Page:
    """A page of the record (`audit.looking.look`); that it was looked at is on record."""
    trust = unit.record.trust
    page = await look(unit.session, wanted, trust=trust, count=count, before=before, after=after)
    await viewed(unit, act, View.LIST, wanted, len(page.entries) + len(page.waiting))
    return page


async def export(unit: Unit, act: Act, wanted: Wanted) -> Export:
    """The newest entries, `MOST` at most; that they were taken is on record."""
    found: list[Seen] = []
    before, stray, more = None, 0, False
    while True:
        page = await look(
            unit.session,
            wanted,
            trust=unit.record.trust,
            count=min(_AT_ONCE, MOST - len(found)),
            before=before,
        )
        found += [*page.waiting, *page.entries]
        stray, more, before = stray + page.stray, more or page.more, page.older
        if before is None or len(found) >= MOST:
            break
    await viewed(unit, act, View.EXPORT, wanted, len(found))
    sound = {Standing.PROVED, Standing.WAITING}
    doubtful = bool(stray) or any(one.standing not in sound for one in found)
    return Export(found, before is None and not more, doubtful)


@dataclass(frozen=True)
class Activity:
    """What one actor did from one day to another, by the tallies: no entry is read for it.

    `unused`: what a service may do for a purpose and did not; `kinds` and `purposes`: most first.
    """

    by_day: Mapping[date, int]
    kinds: Sequence[tuple[str, int]]
    purposes: Sequence[tuple[str | None, int]]
    counts: Sequence[Count]
    latest: Page

    @property
    def entries(self) -> int:
        return sum(self.by_day.values())


async def activity(
    unit: Unit,
    act: Act,
    actor_type: ActorType,
    actor: str,
    *,
    first: date,
    last: date,
    zone: ZoneInfo,
    latest: int,
) -> Activity:
    """What a service, officer, agent or the system did; that it was looked at is on record.

    Days are the zone's, and each is there. `latest`: how many of the newest entries come along.
    """
    span = days(first, last, zone)
    assert span["since"] is not None
    assert span["until"] is not None
    counts = await counted(
        unit.session,
        actor_type,
        actor,
        kinds=[kind.value for kind in Kind],
        since=span["since"],
        until=span["until"],
        zone=zone.key,
    )
    by_day = {first + timedelta(days=n): 0 for n in range((last - first).days + 1)}
    kinds: Counter[str] = Counter()
    purposes: Counter[str | None] = Counter()
    for one in counts:
        by_day[one.day] = by_day.get(one.day, 0) + one.entries
        kinds[one.kind] += one.entries
        purposes[one.purpose] += one.entries
    wanted = Wanted(actor_type=actor_type, actor=actor, **span)
    page = await look(unit.session, wanted, trust=unit.record.trust, count=latest)
    await viewed(unit, act, View.ACTIVITY, wanted, sum(by_day.values()))
    return Activity(by_day, kinds.most_common(), purposes.most_common(), counts, page)


#: The kinds of entries that doing something leaves. A choice's entry does not tell its purpose.
LEAVES: Mapping[Action, frozenset[Kind]] = {
    Action.PREVIEW: frozenset({Kind.SEGMENT_PREVIEWED}),
    Action.SEGMENT: frozenset({Kind.SEGMENT_EVALUATED}),
    Action.READ: frozenset({Kind.PROFILE_READ}),
    Action.ENROL: frozenset({Kind.MEMBER_ENROLLED, Kind.PROFILE_CHANGED}),
    Action.RECORD: frozenset({Kind.EVENTS_RECORDED}),
    Action.CONSENT: frozenset({Kind.CHOICE_RECORDED, Kind.CONSENTS_LISTED}),
    Action.CONTACT: frozenset({Kind.CONTACTS_RECORDED}),
}
#: The same of officers; what leaves no entry of its own is not told.
SHOWS: Mapping[Ability, frozenset[Kind]] = {
    Ability.REQUESTS: frozenset(
        {
            Kind.REQUEST_OPENED,
            Kind.REQUEST_MOVED,
            Kind.REQUEST_APPROVED,
            Kind.REQUEST_REFUSED,
            Kind.ERASURE_PREVIEWED,
            Kind.LETTER_SENT,
            Kind.IDENTITY_TRIED,
            Kind.HOLD_PLACED,
            Kind.HOLD_LIFTED,
        }
    ),
    Ability.RESTRICT: frozenset({Kind.CHOICE_RECORDED}),
    Ability.PROGRAMME: frozenset({Kind.PROGRAMME_APPLIED, Kind.FIGURES_VIEWED}),
    Ability.RECORD: frozenset({Kind.RECORD_VIEWED}),
    Ability.KEYS: frozenset({Kind.KEYS_ROTATED, Kind.TOKEN_MINTED}),
}


@dataclass(frozen=True)
class Use:
    """Something a service may do for a purpose, and how many entries say that it did."""

    purpose: str
    action: Action
    entries: int


def uses_of_grants(active: Active, service: str, counts: Sequence[Count]) -> list[Use]:
    """What the programme in force lets a service do, each with how often it did.

    To count is part of finding who fits: who may do both is asked about the second. Entries that
    tell no purpose count for each.
    """
    found = []
    for purpose in active.programme.purposes:
        may = [one for one in Action if active.policy.allowed(service, purpose, one) is not None]
        if Action.SEGMENT in may and Action.PREVIEW in may:
            may.remove(Action.PREVIEW)
        for action in may:
            kinds = LEAVES[action]
            if action is Action.SEGMENT:
                kinds |= LEAVES[Action.PREVIEW]
            untold = action in FIELDLESS
            found.append(
                Use(
                    purpose,
                    action,
                    sum(
                        one.entries
                        for one in counts
                        if one.kind in kinds
                        and (one.purpose == purpose or (untold and one.purpose is None))
                    ),
                )
            )
    return found


async def viewed(unit: Unit, act: Act, view: View, wanted: Wanted, count: int) -> None:
    """Put on record that somebody looked, at what, and how many entries they were shown."""
    facts: dict[str, Fact] = {"view": view.value, "entries": count}
    if wanted.kinds:
        facts["kinds"] = [kind.value for kind in wanted.kinds]
    if wanted.actor_type is not None:
        facts["actor_type"] = wanted.actor_type.value
    if wanted.actor is not None:
        facts["of"] = wanted.actor
    if wanted.purpose is not None:
        facts["about"] = wanted.purpose
    for name, at in (("since", wanted.since), ("until", wanted.until)):
        if at is not None:
            facts[name] = at.isoformat()
    await unit.record.write(unit.session, act.entry(Kind.RECORD_VIEWED, facts=facts))
