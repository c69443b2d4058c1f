"""Rates of days that nobody counted, from the ledger itself.

What everybody who is a member today had said by the end of each of those days, under the
programme version in force then, of those who had joined by then. Members erased since are not
in it. Opens every ledger once, whatever the number of days.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from consent import ledger
from consent.choices import Choice
from consent.figures import kept
from consent.figures.groups import OF_CONSENT, OF_INTEREST, RATES, Answer, answer_of
from consent.programmes import Active
from consent.standings import Standings, after, order
from kernel.database import raw
from kernel.ids import made_at
from profiles import members
from profiles.unit import Unit

_BATCH = 1_000
_IDS = "SELECT member FROM member_key WHERE member > %s ORDER BY member LIMIT %s"
_MEMBERS = "SELECT count(*) FROM member_key"

#: Told how many members are done, of how many.
Progress = Callable[[int, int], None]
_Counts = dict[date, dict[str, dict[str, int]]]


async def fill_in(unit: Unit, active: Active, since: date, progress: Progress) -> int:
    """Keep the rates of every day from `since` to yesterday that is not kept yet; how many days.

    None before the first programme version: nobody was asked under one.
    """
    past = Past.of(active, unit.schema.zone)
    first, last = max(since, past.first), unit.today - timedelta(days=1)
    wanted = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    there = await kept.days(unit, first, last) if wanted else set()
    missing = [day for day in wanted if day not in there]
    if not missing:
        return 0
    sweep = Sweep(past, missing[0], missing[-1])
    await _swept(unit, sweep, progress)
    counts = sweep.counts()
    for run, backwards in await _runs(unit, missing):
        await _keep(unit, past, counts, run, backwards=backwards)
    return len(missing)


async def _swept(unit: Unit, sweep: "Sweep", progress: Progress) -> None:
    connection = await raw(unit.session)
    row = await (await connection.execute(_MEMBERS)).fetchone()
    total, done, last = row[0] if row else 0, 0, UUID(int=0)
    progress(0, total)
    while True:
        cursor = await connection.execute(_IDS, (last, _BATCH), binary=True)
        page = [row[0] for row in await cursor.fetchall()]
        if not page:
            return
        keys = {member: key for member, (_, key) in (await members.keys(unit, page)).items()}
        for member, choices in (await ledger.opened(unit, keys)).items():
            sweep.add(made_at(member), choices)
        done, last = done + len(page), page[-1]
        progress(done, total)


async def _runs(unit: Unit, missing: Sequence[date]) -> list[tuple[list[date], bool]]:
    """The missing days, run by run, each in the order in which they are taken.

    From a kept day on; backwards, towards the past, where only a later one is kept.
    """
    runs: list[list[date]] = []
    for day in missing:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    ordered = []
    for run in runs:
        before, later = await kept.neighbours(unit, run[0])
        backwards = not before and bool(later)
        ordered.append((run[::-1] if backwards else run, backwards))
    return ordered


async def _keep(
    unit: Unit, past: "Past", counts: _Counts, run: Sequence[date], *, backwards: bool
) -> None:
    before, later = await kept.neighbours(unit, run[0])
    told = kept.told_of(later if backwards else before)
    rows = []
    for day in run:
        version = past.at(day)
        assert version is not None
        figures = {
            purpose: kept.after(told, purpose, {RATES: groups})
            for purpose, groups in counts.get(day, {}).items()
        }
        told = {purpose: one.told for purpose, one in figures.items()}
        rows += [
            kept.Day(day, purpose, version.version, past.end(day), one)
            for purpose, one in figures.items()
        ]
    await kept.keep(unit, rows)


@dataclass(frozen=True)
class Past:
    """Which programme version was in force at the end of a day, by the programme's calendar."""

    versions: Sequence[Active]
    zone: ZoneInfo

    @classmethod
    def of(cls, active: Active, zone: ZoneInfo) -> "Past":
        versions = [*active.earlier.values(), active]
        return cls(sorted(versions, key=lambda one: one.version), zone)

    @property
    def first(self) -> date:
        return self.day(self.versions[0].applied_at)

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def end(self, day: date) -> datetime:
        return datetime.combine(day + timedelta(days=1), time.min, self.zone)

    def at(self, day: date) -> Active | None:
        end = self.end(day)
        return next((one for one in reversed(self.versions) if one.applied_at < end), None)


@dataclass
class Sweep:
    """Counts of every day from `first` to `last`, gathered member by member.

    Holds who came into a group and left it on which day, and nothing about any one member.
    """

    past: Past
    first: date
    last: date
    _moves: defaultdict[tuple[str, Answer], Counter[date]] = field(
        default_factory=lambda: defaultdict(Counter), repr=False
    )

    def add(self, joined: datetime, choices: Sequence[Choice]) -> None:
        """One member, with all they ever said."""
        lines = sorted(choices, key=order)
        standings, heard = Standings(), 0
        stood: dict[str, Answer] = {}
        for day in self._turns(joined, lines):
            end = self.past.end(day)
            while heard < len(lines) and lines[heard].at < end:
                standings = after(standings, lines[heard])
                heard += 1
            stands = self._answers(standings, day)
            for purpose in stood.keys() | stands.keys():
                was, now = stood.get(purpose), stands.get(purpose)
                if was is not now:
                    self._move(purpose, was, -1, day)
                    self._move(purpose, now, 1, day)
            stood = stands

    def counts(self) -> _Counts:
        """By day and purpose, every group there is."""
        found: _Counts = {}
        running: Counter[tuple[str, Answer]] = Counter()
        for n in range((self.last - self.first).days + 1):
            day = self.first + timedelta(days=n)
            for group, moves in self._moves.items():
                running[group] += moves[day]
            found[day] = dict(self._of(day, running))
        return found

    def _of(
        self, day: date, running: Mapping[tuple[str, Answer], int]
    ) -> Iterator[tuple[str, dict[str, int]]]:
        version = self.past.at(day)
        for name, footing in (version.footings if version else {}).items():
            if footing.purpose.is_choice:
                groups = OF_CONSENT if footing.needs_consent else OF_INTEREST
                yield name, {one.value: running.get((name, one), 0) for one in groups}

    def _turns(self, joined: datetime, lines: Sequence[Choice]) -> list[date]:
        """The days on which where they stand may become another, from their first one on."""
        start = max(self.past.day(joined), self.first)
        days = {start, *(self.past.day(one.applied_at) for one in self.past.versions)}
        days |= {self.past.day(one.at) for one in lines}
        days |= {one.until for one in lines if one.until is not None}
        return sorted(day for day in days if start <= day <= self.last)

    def _answers(self, standings: Standings, day: date) -> dict[str, Answer]:
        version = self.past.at(day)
        return {
            name: answer
            for name, footing in (version.footings if version else {}).items()
            if (answer := answer_of(footing, standings, day)) is not None
        }

    def _move(self, purpose: str, group: Answer | None, by: int, day: date) -> None:
        if group is not None:
            self._moves[purpose, group][day] += by
