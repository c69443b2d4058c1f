"""Figures as officers see them: what disclosure control leaves, and that it was looked at.

Made from what is kept and from nothing else; each look is an entry in the record.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from audit.acts import Act
from audit.entries import Kind
from consent.figures import kept
from consent.figures.disclosure import shown, together
from consent.figures.expiring import order_of_ends
from consent.figures.funnel import order_of_reach, order_of_steps, reach_kind
from consent.figures.groups import EXPIRING, FUNNEL, RATES, order_of_answers
from consent.programmes import Active
from profiles.unit import Unit


class By(StrEnum):
    """Of which days rates are told: every one, or the last of each week or month."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Told:
    """A figure of one purpose and day: how many in which group, rounded, and which are hidden.

    `groups`: all there are, in the order in which they are read. `together`: how many the hidden
    ones have in all; None when that is hidden too, or none is. `members`: the sum of all that is
    told, of everybody if `whole`.
    """

    day: date
    purpose: str
    programme: int
    groups: tuple[str, ...]
    shown: Mapping[str, int]
    together: int | None = None

    @property
    def hidden(self) -> tuple[str, ...]:
        return tuple(name for name in self.groups if name not in self.shown)

    @property
    def members(self) -> int:
        return sum(self.shown.values()) + (self.together or 0)

    @property
    def whole(self) -> bool:
        """Whether every member is counted in what is told, so that there are shares."""
        return self.together is not None or not self.hidden

    def share(self, group: str) -> int | None:
        """Of everybody, in whole percent; None where either is hidden."""
        return self.part(self.shown.get(group))

    def part(self, count: int | None) -> int | None:
        """So many of everybody, in whole percent; None where either, or every group, is hidden."""
        if count is None or not self.whole or not self.shown or not self.members:
            return None
        return round(100 * count / self.members)


async def rates(
    unit: Unit,
    act: Act,
    active: Active,
    *,
    purpose: str | None,
    since: date,
    by: By = By.MONTH,
) -> list[Told]:
    """Where members stood with each purpose, oldest first; `purpose`: with that one only.

    Raises `UnknownPurpose` for one that no version of the programme had.
    """
    _check(active, purpose)
    days = await kept.between(unit, since, unit.today)
    await _viewed(unit, act, RATES, purpose=purpose, since=since)
    last = {_period(one.day, by): one.day for one in days}
    wanted = set(last.values())
    return [
        _told(one, RATES, order_of_answers)
        for one in days
        if one.day in wanted and purpose in (None, one.purpose) and RATES in one.figures.told
    ]


async def funnel(
    unit: Unit, act: Act, active: Active, *, purpose: str
) -> tuple[Told | None, dict[str, Told]]:
    """From all members to those who may be used today, and for each channel those it reaches.

    None when today has not been counted. Raises `UnknownPurpose`.
    """
    footing = active.footing(purpose)
    today = await _today(unit, purpose)
    await _viewed(unit, act, FUNNEL, purpose=purpose, since=unit.today)
    if today is None:
        return None, {}
    channels = {
        channel.value: _told(today, reach_kind(channel), order_of_reach)
        for channel in footing.purpose.channels
        if reach_kind(channel) in today.figures.told
    }
    return _told(today, FUNNEL, order_of_steps), channels


async def expiring(unit: Unit, act: Act, active: Active, *, purpose: str | None) -> list[Told]:
    """Which consents run out when, as of today; `purpose`: to that one only.

    Raises `UnknownPurpose` for one that no version of the programme had.
    """
    _check(active, purpose)
    days = await kept.between(unit, unit.today, unit.today)
    await _viewed(unit, act, EXPIRING, purpose=purpose, since=unit.today)
    return [
        _told(one, EXPIRING, order_of_ends)
        for one in days
        if purpose in (None, one.purpose) and EXPIRING in one.figures.told
    ]


def _check(active: Active, purpose: str | None) -> None:
    versions = (active, *active.earlier.values())
    if purpose is not None and not any(purpose in one.footings for one in versions):
        active.footing(purpose)


async def _today(unit: Unit, purpose: str) -> kept.Day | None:
    days = await kept.between(unit, unit.today, unit.today)
    return next((one for one in days if one.purpose == purpose), None)


def _told(one: kept.Day, kind: str, order: Callable[[Mapping[str, int]], Sequence[str]]) -> Told:
    counts = one.figures.told[kind]
    hidden_first = order(counts)
    seen = shown(counts, hidden_first)
    return Told(
        day=one.day,
        purpose=one.purpose,
        programme=one.programme,
        groups=tuple(counts),
        shown={name: seen[name] for name in counts if name in seen},
        together=together(counts, hidden_first),
    )


def _period(day: date, by: By) -> tuple[int, ...]:
    match by:
        case By.DAY:
            return (day.toordinal(),)
        case By.WEEK:
            return day.isocalendar()[:2]
        case By.MONTH:
            return day.year, day.month


async def _viewed(unit: Unit, act: Act, figure: str, *, purpose: str | None, since: date) -> None:
    facts = {"figure": figure, "about": purpose, "since": since.isoformat()}
    await unit.record.write(unit.session, act.entry(Kind.FIGURES_VIEWED, facts=facts))
