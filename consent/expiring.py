"""Consents whose day has come: written down as expired, for the history.

Nobody's eligibility hangs on it: a consent stops counting on its day, whether or not this has
been done.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from uuid import UUID

from pyroaring import BitMap

from audit.acts import Act
from consent import ledger
from consent.choices import Action, By, Choice
from consent.programme.declarations import Purpose
from consent.programmes import Active
from consent.sets import consent_set, until_stack
from consent.standings import Standings, fold
from profiles import stacks
from profiles.members import load
from profiles.shard import MemberSets
from profiles.stacks import Op
from profiles.unit import Unit
from profiles.values import to_number

#: As many members as one transaction takes.
BATCH = 500


def expired(unit: Unit, active: Active, members: MemberSets) -> BitMap:
    """The members who have a consent that has run out and is not yet written down as such."""
    today = to_number(unit.today)
    found = (
        stacks.compare(members, until_stack(one.name), Op.LE, today)
        & members.get(consent_set(one.name))
        for one in active.programme.consent_purposes
    )
    return BitMap.union(BitMap(), *found)


async def expire(unit: Unit, act: Act, active: Active, members: Sequence[UUID]) -> int:
    """Write down what has run out of these members' consents; returns how many lines.

    Idempotent: the members are locked, and what their ledgers say is looked at then. What was
    renewed meanwhile stands.
    """
    found = await load(unit, members, lock=True)
    ledgers = await ledger.opened(unit, {one.id: one.key for one in found.values()})
    purposes = active.programme.consent_purposes
    said = {
        member: lines
        for member in found.values()
        if (lines := list(_lines(unit, purposes, fold(ledgers[member.id]))))
    }
    if said:
        await ledger.record(unit, act, said)
    return sum(map(len, said.values()))


def _lines(unit: Unit, purposes: Iterable[Purpose], standings: Standings) -> Iterable[Choice]:
    """A line for each consent that has run out, as of the midnight when it did."""
    for purpose in purposes:
        standing = standings.of(purpose.name)
        until = standing.until
        if not standing.consented or until is None or until > unit.today:
            continue
        midnight = datetime.combine(until, time(), unit.schema.zone).astimezone(UTC)
        yield Choice(
            action=Action.EXPIRED,
            purpose=purpose.name,
            at=max(midnight, standing.since or midnight),
            by=By.SYSTEM,
            programme=unit.schema.version,
        )
