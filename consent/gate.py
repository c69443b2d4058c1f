"""The gate: the one door to personal data.

Whoever comes has a grant. The gate gives what the grant, the members' choices and any
restriction allow, names what it held back and why, and puts the use on record in the same
transaction. No entry, no data: what it returns is given out only once that has committed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pyroaring import BitMap

from audit.entries import Kind
from consent.eligibility import eligibility, standing_in, standing_reason
from consent.errors import NotPermitted
from consent.footprints import EVERYBODY, Footprint, keep_matched, seal_footprint
from consent.grants import Grant
from consent.programme.declarations import Action
from kernel.errors import Unavailable
from profiles import members as people
from profiles import reading
from profiles.conditions import Condition
from profiles.evaluation import PredicateCache, evaluate_within
from profiles.expressions import parse
from profiles.members import NUMBER, Member
from profiles.reading import Opened
from profiles.refreshing import bring_up_to_date, due, members_at, refuse_if_many
from profiles.replica import Replica
from profiles.unit import Unit

#: All that an expression's meaning hangs on: its text, the version, the day, the fields granted.
_Asked = tuple[str, int, date, frozenset[str]]
_KEPT = 512


@dataclass(frozen=True)
class Answer:
    """Who matched, of those who may be used; `held_back` and `eligible` add up to all members."""

    eligible: int
    matched: int
    held_back: dict[str, int]
    members: BitMap
    entry: UUID


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

        Raises `UnknownField`, `FieldNotAllowed` or `BadExpression`, and `Unavailable` when the
        sets cannot be brought up to date; then nothing is answered.
        """
        _check(grant, Action.SEGMENT, Action.PREVIEW)
        condition = self._condition(unit, grant, expression)
        await self._replica.barrier()
        sets = self._replica.members
        if due(sets, unit):
            raise Unavailable("members are being brought up to date", place="member sets")
        allowed = eligibility(grant.purpose, sets, unit.today, self._cache)
        matched = evaluate_within(condition, sets, allowed.eligible, self._cache)
        named = grant.action is Action.SEGMENT
        footprint = Footprint(
            expression=expression,
            heads=dict(self._replica.heads),
            matched=await keep_matched(unit, matched) if named else {},
        )
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
        return Answer(len(allowed.eligible), len(matched), allowed.held_back, matched, entry)

    def ids(self, answer: Answer) -> list[UUID]:
        """The ids of the members in an answer."""
        return members_at(self._replica.members, answer.members)

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
            facts = (
                {"held_back": line.held_back} if line.held_back else {"fields": sorted(line.values)}
            )
            entries.append(
                grant.act.entry(Kind.PROFILE_READ, subject=member.key.subject(), facts=facts)
            )
        await unit.record.write_many(unit.session, entries)
        return lines

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
        standings = standing_in(sets, grant.purpose.name, member.ordinal)
        reason = standing_reason(grant.purpose, standings, unit.today)
        if reason is not None:
            return Line(member.id, {}, reason.value)
        return Line(member.id, await reading.values(unit, member, grant.fields))


def _check(grant: Grant, *actions: Action) -> None:
    if grant.action not in actions:
        raise NotPermitted(f"this grant is for {grant.action}", place="grant")
