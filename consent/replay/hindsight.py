"""A programme version as the judge of a past question, and a member as they stood then.

Pure once the ledger's lines are open. Policy and member are asked by the very functions that the
gate asks; only where a member stands is taken from their ledger and not from the sets.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from consent.choices import Choice
from consent.decisions import Found, verdict
from consent.eligibility import reason_of
from consent.footing import Footing, footings_of
from consent.policy import CompiledPolicy
from consent.programme import Programme
from consent.programmes import Active
from consent.reach import Moment, unreached_one
from consent.replay.past_uses import Asked
from consent.rulings import Question, Ruling, Rulings
from consent.standings import Standings, fold
from kernel.ids import made_at
from profiles.catalogue import Field
from profiles.errors import BadExpression, CannotOpen, FieldNotAllowed, UnknownField
from profiles.expressions import parse
from profiles.members import Member
from profiles.sealing import open_value

#: A choice or contact written down this shortly before a question may not have been in force
#: when it was asked: its transaction was under way.
UNDER_WAY = timedelta(seconds=60)
#: The expression says what the programme does not know: a value that is none any more.
BAD_EXPRESSION = "bad_expression"
_KEPT = 4_096
_MOST_UNDER_WAY = 20


@dataclass(frozen=True)
class Refusal:
    """A no of the policy, whoever it is about; and the fields that are at fault, if it is they."""

    reason: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What a question could see of a member: their first `lines`, the contacts before `heard`."""

    lines: int
    day: date
    hour: int
    heard: datetime


class Judge:
    """One programme version, asked about the past. Made once, asked many times."""

    def __init__(self, active: Active) -> None:
        self.active = active
        self._rulings = Rulings()
        self._refusals: dict[tuple[Asked, date], Refusal | None] = {}

    @classmethod
    def draft(cls, programme: Programme, active: Active) -> "Judge":
        """A programme as it would be in force, were it applied next."""
        earlier = {**active.earlier, active.version: active}
        footings = footings_of(programme, [one.programme for one in earlier.values()])
        policy = CompiledPolicy(programme)
        number = active.version + 1
        return cls(Active(number, programme, policy, active.applied_at, footings, earlier))

    def knows(self, purpose: str) -> bool:
        return purpose in self.active.footings

    def answer(self, asked: Asked, life: "Life", seen: Seen) -> str | None:
        """Why not, as the gate would have said it of that member; None for yes."""
        if asked.expression is not None:
            refusal = self.refusal(asked, seen.day)
            return refusal.reason if refusal else self.found(asked, life, seen).reason
        ruling = self._ruling(asked)
        found = self.found(asked, life, seen) if ruling.footing else Found()
        return verdict(ruling, found).whole.reason

    def refusal(self, asked: Asked, day: date) -> Refusal | None:
        """Why the policy allows no such question, whoever it is about; None when it does."""
        known = (asked, day)
        if known not in self._refusals:
            if len(self._refusals) == _KEPT:
                self._refusals.clear()
            refused = self._refused if asked.expression is None else self._refused_expression
            self._refusals[known] = refused(asked, day)
        return self._refusals[known]

    def _ruling(self, asked: Asked) -> Ruling:
        question = Question(asked.purpose, asked.action, asked.fields, asked.channel)
        return self._rulings.of(self.active, asked.service, question)

    def _refused(self, asked: Asked, _: date) -> Refusal | None:
        ruling = self._ruling(asked)
        if ruling.denial is not None:
            return Refusal(ruling.denial.reason.value)
        fields = {name: denial for name, denial in ruling.fields.items() if denial is not None}
        denial = next(iter(fields.values()), ruling.channel)
        return Refusal(denial.reason.value, tuple(fields)) if denial else None

    def _refused_expression(self, asked: Asked, day: date) -> Refusal | None:
        policy = self.active.policy
        allowed = policy.allowed(asked.service, asked.purpose, asked.action)
        if allowed is None:
            denial = policy.why_not(asked.service, asked.purpose, asked.action)
            assert denial is not None
            return Refusal(denial.reason.value)
        catalogue = self.active.programme.catalogue()
        try:
            parse(asked.expression or "", catalogue, today=day, allowed=allowed)
        except UnknownField:
            return Refusal("unknown_field")
        except FieldNotAllowed:
            return Refusal("field_not_in_purpose")
        except BadExpression:
            return Refusal(BAD_EXPRESSION)
        return None

    def found(self, asked: Asked, life: "Life", seen: Seen) -> Found:
        """What stands in the way of using that member, whatever the policy says."""
        footing = self.active.footings[asked.purpose]
        standings = life.standings(seen.lines)
        born = life.born(footing, self.active.programme) if footing.needs_consent else None
        reason = reason_of(footing, standings, seen.day, born=born)
        if reason is not None or asked.channel is None:
            return Found(reason=reason)
        moment = Moment(seen.day, seen.hour)
        days = life.contacted(seen.heard)
        far = unreached_one(footing, asked.channel, standings, moment, contacted=days)
        return Found(unreached=far)


@dataclass
class Life:
    """One member's ledger by when it was written, and what else an answer hangs on.

    `contacts`: when services said that they had contacted them, and the day that it counts for.
    """

    member: Member
    rows: Sequence[tuple[UUID, Choice]]
    contacts: Sequence[tuple[datetime, date]] = ()
    _times: list[datetime] = field(default_factory=list, repr=False)
    _standings: dict[int, Standings] = field(default_factory=dict, repr=False)
    _births: dict[str, tuple[date | None, datetime | None]] = field(
        default_factory=dict, repr=False
    )

    def __post_init__(self) -> None:
        self.rows = sorted(self.rows, key=lambda row: row[0])
        self._times = [made_at(row) for row, _ in self.rows]

    def sights(self, at: datetime, zone: ZoneInfo, *, reached: bool) -> Iterator[Seen]:
        """What a question of that time could see: all that was written by then, and after it
        what it saw if the newest of that was still under way. `reached`: contacts matter."""
        local, before = at.astimezone(zone), (at - UNDER_WAY).astimezone(zone)
        moments = [(local.date(), local.hour, at)]
        if (before.date(), before.hour) != (local.date(), local.hour):
            moments.append((before.date(), before.hour, at))
        if reached and any(at - UNDER_WAY <= when < at for when, _ in self.contacts):
            moments += [(day, hour, at - UNDER_WAY) for day, hour, _ in moments]
        newest = bisect_right(self._times, at)
        for lines in range(newest, max(-1, newest - _MOST_UNDER_WAY), -1):
            if lines < newest and self._times[lines] < at - UNDER_WAY:
                return
            for day, hour, heard in moments:
                yield Seen(lines, day, hour, heard)

    def standings(self, lines: int) -> Standings:
        """Where they stood by their first so many lines."""
        if lines not in self._standings:
            self._standings[lines] = fold(choice for _, choice in self.rows[:lines])
        return self._standings[lines]

    def line_of(self, lines: int, purpose: str) -> tuple[UUID, Choice] | None:
        """Of their first so many lines, the one by which they stand where they do with it."""
        standing = self.standings(lines).of(purpose)
        those = [row for row in self.rows[:lines] if row[1].purpose == purpose]
        return next((row for row in reversed(those) if row[1].at == standing.since), None)

    def born(self, footing: Footing, programme: Programme) -> date | None:
        """Their birth date as it is kept now, in the field that this programme goes by."""
        return self._birth(footing.birth_field, programme)[0]

    def _birth(self, name: str | None, programme: Programme) -> tuple[date | None, datetime | None]:
        if name is None or name not in self.member.sealed:
            return None, None
        if name not in self._births:
            declared = programme.catalogue().fields[name]
            assert isinstance(declared, Field)
            try:
                value, kept = open_value(self.member.key, declared, self.member.sealed[name])
                self._births[name] = (value if isinstance(value, date) else None), kept.at
            except CannotOpen:
                self._births[name] = None, None
        return self._births[name]

    def unsure(self, at: datetime, judge: Judge, purpose: str) -> bool:
        """Whether what held for them at that time may be another thing than what follows now."""
        newest = bisect_right(self._times, at)
        under_way = newest > 0 and self._times[newest - 1] >= at - UNDER_WAY
        just_joined = at - made_at(self.member.id) < UNDER_WAY
        return under_way or just_joined or self.rectified(at, judge, purpose)

    def rectified(self, at: datetime, judge: Judge, purpose: str) -> bool:
        """Whether their birth date was written down since: nobody knows the one before."""
        footing = judge.active.footings[purpose]
        if not footing.needs_consent:
            return False
        since = self._birth(footing.birth_field, judge.active.programme)[1]
        return since is not None and since > at

    def contacted(self, heard: datetime) -> list[date]:
        """The days on which they had been contacted by then."""
        return [day for at, day in self.contacts if at < heard]
