"""The gate: the one door to personal data.

Whoever comes has a grant. The gate gives what the grant, the members' choices and any
restriction allow, names what it held back and why, and puts the use on record in the same
transaction. No entry, no data: what it returns is given out only once that has committed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from audit.entries import Kind
from consent.batches import Batch
from consent.deciding import AskingMany, Decider
from consent.decisions import Asking, Decision
from consent.eligibility import Eligibles, Reason, eligibility, reason_of
from consent.errors import NotPermitted, OutOfDate
from consent.footing import Footing, footings_of
from consent.footprints import EVERYBODY, Footprint, keep_matched, seal_footprint
from consent.glances import Glance, seal_glance
from consent.grants import Grant
from consent.programme.declarations import Action
from consent.programme.model import Programme
from consent.programmes import Active
from consent.sets import day_of, standings_in
from profiles import members as people
from profiles import reading
from profiles.conditions import Condition
from profiles.evaluation import PredicateCache, evaluate_within
from profiles.expressions import parse
from profiles.members import NUMBER, Member
from profiles.opened import Opened
from profiles.refreshing import bring_up_to_date, due, members_at, refuse_if_many
from profiles.replica import Replica
from profiles.unit import Unit

#: All that an expression's meaning hangs on: its text, the version, the day, the fields granted.
_Asked = tuple[str, int, date, frozenset[str]]
_KEPT = 512
_NOBODY = np.zeros((0, 2), dtype=">u8")


@dataclass(frozen=True)
class Answer:
    """Who matched, of those who may be used; `held_back` and `eligible` add up to all members.

    `packed`: the ids of those who matched, a row of two big-endian 64-bit words each, in ordinal
    order; taken when they matched, so that no later erasure blanks one. Empty for a preview.
    """

    eligible: int
    matched: int
    held_back: dict[str, int]
    entry: UUID
    packed: NDArray[np.uint64] = field(default_factory=lambda: _NOBODY, repr=False, compare=False)


@dataclass(frozen=True)
class Line:
    """What a service is told of one member: values, or why there are none."""

    member: UUID
    values: dict[str, Opened]
    held_back: str | None = None


class Gate:
    """Answers questions from one process's replica; see the module for the promise."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._cache = PredicateCache()
        self._eligibles = Eligibles()
        self._decider = Decider(replica, self._eligibles)
        self._conditions: dict[_Asked, Condition] = {}

    async def freshen(self, unit: Unit) -> int:
        """Bring members up to date whose traits changed because time passed; returns how many.

        A unit of work of its own, before the question's: sets change with its commit. Raises
        `Unavailable` when there are too many to do while somebody waits.
        """
        await self._replica.barrier()
        waiting = due(self._replica.members, unit)
        refuse_if_many(waiting)
        if waiting:
            await bring_up_to_date(unit, members_at(self._replica.members, waiting))
        return len(waiting)

    async def evaluate(self, unit: Unit, grant: Grant, expression: str) -> Answer:
        """The eligible members who match, as of everything committed before this call.

        Raises `UnknownField`, `FieldNotAllowed` or `BadExpression`; `OutOfDate` when `freshen`
        is due first, and `Unavailable` when the sets cannot be brought up to date. Then nothing
        is answered, nor evaluated.
        """
        _check(grant, Action.SEGMENT, Action.PREVIEW)
        condition = self._condition(unit, grant, expression)
        await self._replica.barrier()
        # From here on the sets stand still until the next await: others change them meanwhile.
        if self.stale(unit):
            raise OutOfDate(
                "members are being brought up to date",
                place="member sets",
                remedy="try again in a moment",
            )
        sets, heads = self._replica.members, dict(self._replica.heads)
        allowed = self._eligibles.of(grant.footing, sets, unit.today)
        matched = evaluate_within(condition, sets, allowed.eligible, self._cache)
        named = grant.action is Action.SEGMENT
        packed = _ids_of(sets.ids, matched) if named else _NOBODY
        kept = await keep_matched(unit, matched) if named else {}
        footprint = Footprint(expression=expression, heads=heads, matched=kept)
        entry = await unit.record.write(
            unit.session,
            grant.act.entry(
                Kind.SEGMENT_EVALUATED if named else Kind.SEGMENT_PREVIEWED,
                subject=EVERYBODY,
                facts={
                    "eligible": len(allowed.eligible),
                    "matched": len(matched),
                    "held_back": allowed.held_back,
                },
                detail=seal_footprint(unit, footprint),
            ),
        )
        return Answer(len(allowed.eligible), len(matched), allowed.held_back, entry, packed)

    async def affected(self, unit: Unit, active: Active, draft: Programme) -> dict[str, int]:
        """How many members would have to be asked again, by purpose, were this draft in force.

        Those whose consent counts today and would not cover what the draft does.
        """
        await self._replica.barrier()
        found = {}
        for name, footing in _drafted(active, draft).items():
            now = active.footings.get(name)
            if now is None or not footing.needs_consent:
                continue
            members = self._replica.members
            counts = self._eligibles.of(now, members, unit.today).eligible
            again = eligibility(footing, members, unit.today).those.get(Reason.ASK_AGAIN)
            found[name] = len(counts & again) if again else 0
        return {name: count for name, count in found.items() if count}

    async def newly_eligible(self, unit: Unit, active: Active, draft: Programme) -> dict[str, int]:
        """How many members might be used who may not be today, by purpose, were this draft in
        force; for a purpose that is new, all who might be.
        """
        await self._replica.barrier()
        members = self._replica.members
        found = {}
        for name, footing in _drafted(active, draft).items():
            now = active.footings.get(name)
            if footing == now:
                continue
            then = eligibility(footing, members, unit.today).eligible
            today = self._eligibles.of(now, members, unit.today).eligible if now else BitMap()
            found[name] = len(then - today)
        return {name: count for name, count in found.items() if count}

    def stale(self, unit: Unit) -> bool:
        """Whether `freshen` is due before a question can be answered. Asks no database: as of
        the last barrier."""
        return bool(due(self._replica.members, unit))

    def ids(self, answer: Answer) -> list[UUID]:
        """The ids of the members in an answer, in ordinal order; of a preview, none."""
        packed = answer.packed.tobytes()
        return [UUID(bytes=packed[at : at + 16]) for at in range(0, len(packed), 16)]

    async def numbers(self, unit: Unit, answer: Answer) -> list[str]:
        """The member numbers of those in an answer: the name both sides know members by."""
        found = await people.load(unit, self.ids(answer))
        opened = [await reading.values(unit, one, [NUMBER]) for one in found.values()]
        return sorted(str(values[NUMBER].value) for values in opened)

    async def read(self, unit: Unit, grant: Grant, members: Sequence[UUID]) -> list[Line]:
        """The granted fields of each member who may be used for the purpose.

        One `profile.read` entry for each member who exists, naming fields and never values;
        also when the member is held back, so that they see who asked.
        """
        _check(grant, Action.READ)
        await self._replica.barrier()
        found = await people.load(unit, members)
        lines, entries = [], []
        for asked in members:
            member = found.get(asked)
            if member is None:
                lines.append(Line(asked, {}, "unknown_member"))
                continue
            line = await self._line(unit, grant, member)
            lines.append(line)
            glance = Glance(tuple(sorted(line.values)), line.held_back)
            entries.append(
                grant.act.entry(
                    Kind.PROFILE_READ,
                    subject=member.key.subject(),
                    detail=seal_glance(member.key, glance),
                )
            )
        await unit.record.write_many(unit.session, entries)
        return lines

    async def decide(self, unit: Unit, active: Active, asked: Sequence[Asking]) -> list[Decision]:
        """May these services do this with these members? Each a yes, or a no with its reason.

        As of everything committed before this call. One `decision.made` entry for each, with the
        outcome sealed for the member. The services are taken to be who they say: see to that
        before. No question is an error; raises `Unavailable` when the sets cannot be brought up
        to date, and `KeyDestroyed` or `CannotOpen` for a member's key that is not as it was.
        """
        return await self._decider.one_by_one(unit, active, asked)

    async def decide_batch(self, unit: Unit, active: Active, asked: AskingMany) -> Batch:
        """The same about many members at once: one `decisions.made` entry, which keeps who was
        asked about and who was allowed as sealed sets. Raises `Unavailable`."""
        return await self._decider.many(unit, active, asked)

    def _condition(self, unit: Unit, grant: Grant, expression: str) -> Condition:
        """The expression read; reading costs more than answering, so what was read is kept."""
        asked = (expression, unit.schema.version, unit.today, grant.fields)
        known = self._conditions.get(asked)
        if known is None:
            catalogue = unit.schema.catalogue
            known = parse(expression, catalogue, today=unit.today, allowed=grant.fields)
            if len(self._conditions) == _KEPT:
                self._conditions.clear()
            self._conditions[asked] = known
        return known

    async def _line(self, unit: Unit, grant: Grant, member: Member) -> Line:
        sets = self._replica.members
        if member.ordinal not in sets.everyone:
            return Line(member.id, {}, "unknown_member")
        standings = standings_in(sets, grant.footing, member.ordinal)
        birth = grant.footing.birth_field
        born = None if birth is None else day_of(sets, birth, member.ordinal)
        reason = reason_of(grant.footing, standings, unit.today, born=born)
        if reason is not None:
            return Line(member.id, {}, reason.value)
        return Line(member.id, await reading.values(unit, member, grant.fields))


def _drafted(active: Active, draft: Programme) -> dict[str, Footing]:
    """The draft's footings, were it to follow the version in force."""
    earlier = [one.programme for one in active.earlier.values()]
    return footings_of(draft, [active.programme, *earlier])


def _ids_of(ids: NDArray[np.uint64], members: BitMap) -> NDArray[np.uint64]:
    """A copy of these members' rows."""
    return ids.take(np.frombuffer(members.to_array(), np.uint32), axis=0)


def _check(grant: Grant, *actions: Action) -> None:
    if grant.action not in actions:
        raise NotPermitted(f"this grant is for {grant.action}", place="grant")
