"""Contacts: services say that they have reached members, so that nobody is reached too often.

What has happened is written down, whoever it happened to; who ought not to have been contacted
is said in the answer. The record is the truth; the sets of who was contacted on which day
follow from it, and hold nothing older than the longest pause that members can ask for.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from pyroaring import BitMap

from audit.browsing import Told, ours_of
from audit.entries import Kind
from consent.eligibility import eligibility
from consent.errors import NotPermitted, OutOfDate
from consent.footprints import (
    EVERYBODY,
    Footprint,
    keep_matched,
    open_footprint,
    open_sets,
    seal_footprint,
)
from consent.grants import Grant
from consent.policy import CHANNEL
from consent.programme.declarations import Action
from consent.reach import COUNTED, Moment, contacted_set, unreached
from kernel.database import raw
from profiles import members as people
from profiles.changes import SHARD_BITS
from profiles.refreshing import due
from profiles.replica import Replica
from profiles.shard import MemberSets
from profiles.unit import Unit

_PREFIX = contacted_set(date.min).removesuffix(date.min.isoformat())


@dataclass(frozen=True)
class Contacted:
    """What was written down: how many, who ought not to have been, and who is no member."""

    recorded: int
    against: dict[UUID, str]
    unknown: tuple[UUID, ...]
    entry: UUID


async def record_contacts(
    unit: Unit, grant: Grant, replica: Replica, *, channel: str, members: Sequence[UUID]
) -> Contacted:
    """Write down that these members were contacted just now for the purpose, by that channel.

    One `contacts.recorded` entry, with who it was in its sealed detail. Durable with the
    transaction, from whose commit on `reach` counts it, for purposes there is a say in. Raises
    `NotPermitted` for another grant, and `OutOfDate` when `Gate.freshen` is due first.
    """
    if grant.action is not Action.CONTACT or f"{CHANNEL}{channel}" not in grant.fields:
        raise NotPermitted("this grant is not for that contact", place="grant")
    found = await people.load(unit, set(members), lock=True)
    await replica.barrier()
    # From here to the next await the sets stand still.
    sets = replica.members
    if due(sets, unit):
        raise OutOfDate("members are being brought up to date", place="member sets")
    moment = Moment.of(unit.now.astimezone(unit.schema.zone))
    allowed = eligibility(grant.footing, sets, unit.today)
    reach = unreached(grant.footing, channel, sets, moment)
    reasons = {
        member.id: allowed.reason(member.ordinal) or reach.reason(member.ordinal)
        for member in found.values()
    }
    heads = dict(replica.heads)
    those = BitMap(member.ordinal for member in found.values())
    counted = _count(unit, those) if grant.footing.is_choice else None
    footprint = Footprint(f"contact by {channel}", heads, await keep_matched(unit, those))
    entry = await unit.record.write(
        unit.session,
        grant.act.entry(
            Kind.CONTACTS_RECORDED,
            subject=EVERYBODY,
            facts={
                "channel": channel,
                "members": len(those),
                "counted": counted,
            },
            detail=seal_footprint(unit, footprint),
        ),
    )
    return Contacted(
        recorded=len(those),
        against={one: reason.value for one, reason in reasons.items() if reason is not None},
        unknown=tuple(one for one in dict.fromkeys(members) if one not in found),
        entry=entry,
    )


def _count(unit: Unit, those: BitMap) -> str:
    """Put them among those who were contacted today, the day that is given back."""
    for ordinal in those:
        unit.changes.add(contacted_set(unit.today), ordinal)
    return unit.today.isoformat()


def outdated(members: MemberSets, today: date) -> list[str]:
    """The sets of days so long ago that nobody's wish reaches back to them."""
    since = today - timedelta(days=COUNTED)
    there = ((name, _day(name)) for name, those in members.sets.items() if those)
    return [name for name, day in there if day is not None and day <= since]


def drop(unit: Unit, members: MemberSets, names: Collection[str]) -> None:
    """Empty these sets, in every shard that has somebody in them."""
    for name in names:
        for shard in {ordinal >> SHARD_BITS for ordinal in members.get(name)}:
            unit.changes.drop(name, shard)


async def contacted_days(unit: Unit) -> dict[str, BitMap]:
    """The sets of the days that count, as the record has them: for the check.

    A detail that is lost counts for nothing here, nor does what is no entry of ours;
    `check_footprints` reports both.
    """
    contacts, trust = [Kind.CONTACTS_RECORDED], unit.record.trust
    said = {
        entry.id: (entry, name)
        async for entry in ours_of(unit.session, contacts, trust=trust, passed_over=_reported)
        if (name := f"{_PREFIX}{entry.facts.get('counted')}") and _lately(name, unit.today)
    }
    footprints = await _footprints(unit, [entry for entry, _ in said.values()])
    kept = await open_sets(
        unit, {address for one in footprints.values() for address in one.matched.values()}
    )
    days: dict[str, BitMap] = {}
    for entry, footprint in footprints.items():
        name = said[entry][1]
        for address in footprint.matched.values():
            days[name] = days.get(name, BitMap()) | (kept[address] or BitMap())
    return days


def _reported(_: UUID) -> None:
    """Elsewhere."""


def counts(name: str, today: date) -> bool:
    """Whether a set is none of a day gone by: what is about to be dropped may be there or not."""
    return not name.startswith(_PREFIX) or _lately(name, today)


async def _footprints(unit: Unit, entries: Collection[Told]) -> dict[UUID, Footprint]:
    cursor = await (await raw(unit.session)).execute(
        "SELECT entry, sealed FROM audit_detail WHERE entry = ANY(%s)",
        ([entry.id for entry in entries],),
        binary=True,
    )
    sealed = dict(await cursor.fetchall())
    found = {
        entry.id: open_footprint(
            unit.epoch, entry.id, sealed[entry.id], commitment=entry.commitment
        )
        for entry in entries
        if entry.commitment is not None and entry.id in sealed
    }
    return {entry: footprint for entry, footprint in found.items() if footprint is not None}


def _lately(name: str, today: date) -> bool:
    day = _day(name)
    return day is not None and day > today - timedelta(days=COUNTED)


def _day(name: str) -> date | None:
    """The day of a set of those contacted; None for any other, and for what is no day."""
    try:
        return date.fromisoformat(name.removeprefix(_PREFIX)) if _PREFIX in name else None
    except ValueError:
        return None
