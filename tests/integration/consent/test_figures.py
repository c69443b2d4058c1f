"""Figures about groups: counted once a day, the same from the ledger, and none about few."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from api.bootstrap import SYSTEM, Tillit, opened
from api.settings import Settings
from api.work import count
from consent import ledger
from consent.choices import Action, By, Choice
from consent.eligibility import reason_of
from consent.figures import kept, showing
from consent.figures.backfill import Past, Sweep, fill_in
from consent.figures.expiring import months_from
from consent.figures.showing import Told
from consent.programme import read_programme
from consent.standings import fold
from kernel.clock import StoppedClock
from kernel.database import raw
from kernel.ids import made_at
from profiles.enrolment import enrol
from profiles.members import load

PROGRAMME = """
[controller]
name = "A"
country = "SE"
contact = "a@b.example"
[purposes.letters]
legal_basis = "consent"
dpv = "dpv:CustomerCare"
fields = ["member_number"]
valid_months = 1
remind_days = 20
channels = ["email"]
retention = "1 year"
notice.sv = "Vi skriver."
[purposes.insight]
legal_basis = "legitimate_interest"
dpv = "dpv:CustomerCare"
fields = ["member_number"]
balancing_test = "B-1"
retention = "1 year"
notice.sv = "Vi räknar."
[purposes.club]
legal_basis = "contract"
dpv = "dpv:CustomerCare"
fields = ["member_number"]
retention = "1 year"
notice.sv = "Du är medlem."
[services.newsletter]
letters = ["read", "contact"]
"""
ANOTHER = PROGRAMME.replace("Vi skriver.", "Vi skriver oftare.")
FIRST = datetime(2026, 3, 1, 11, tzinfo=UTC)
DAYS = 45
WORDS = [
    Action.GIVEN,
    Action.GIVEN,
    Action.GIVEN,
    Action.REQUESTED,
    Action.UNPROVEN,
    Action.REFUSED,
    Action.WITHDRAWN,
    Action.INVALIDATED,
]


@dataclass
class Years:
    """A process in which time passes when it is told to."""

    tillit: Tillit
    clock: StoppedClock
    members: list[UUID]

    async def join(self, number: int) -> None:
        async with self.tillit.unit() as work:
            people = [{"member_number": str(len(self.members) + n)} for n in range(number)]
            made = await enrol(work.unit, SYSTEM, people, source="test")
        self.members += [one.id for one in made]

    async def say(self, said: dict[UUID, Sequence[Choice]]) -> None:
        async with self.tillit.unit() as work:
            locked = await load(work.unit, list(said), lock=True)
            lines = {locked[member]: choices for member, choices in said.items()}
            await ledger.record(work.unit, SYSTEM, lines)

    async def choice(self, action: Action, *, purpose: str | None = "letters") -> Choice:
        async with self.tillit.unit() as work:
            declared = work.active.programme.purposes["letters"]
            yes = action in (Action.GIVEN, Action.REQUESTED)
            until = self.clock.at.date() + timedelta(days=30) if yes else None
            terms = declared.terms(declared.notice_digest("sv")) if yes else None
            return Choice(
                action, purpose, self.clock.at, By.MEMBER, work.active.version,
                until=until, terms=terms,
            )  # fmt: skip

    async def kept(self) -> dict[tuple[date, str], kept.Day]:
        async with self.tillit.unit() as work:
            days = await kept.between(work.unit, date(2020, 1, 1), date(2030, 1, 1))
        return {(one.day, one.purpose): one for one in days}

    async def ledgers(self) -> dict[UUID, list[Choice]]:
        async with self.tillit.unit() as work:
            found = await load(work.unit, self.members)
            return await ledger.opened(work.unit, {one.id: one.key for one in found.values()})


@pytest_asyncio.fixture
async def years(settings: Settings) -> AsyncIterator[Years]:
    clock = StoppedClock(FIRST)
    async with opened(settings, clock=clock) as tillit:
        await tillit.apply(SYSTEM, read_programme(PROGRAMME))
        yield Years(tillit, clock, [])


async def _lived(years: Years, chance: Random, *, counted: bool) -> None:
    """Some weeks in which members join and say things, and the programme asks for more once."""
    for day in range(DAYS):
        years.clock.at = FIRST + timedelta(days=day)
        if day == DAYS // 2:
            await years.tillit.apply(SYSTEM, read_programme(ANOTHER))
        await years.join(chance.choice([0, 0, 1, 5, 20]) if day else 12)
        said: dict[UUID, Sequence[Choice]] = {}
        for member in chance.sample(years.members, min(len(years.members), 6)):
            years.clock.at += timedelta(minutes=1)
            if chance.random() < 0.3:
                words = [Action.OBJECTED, Action.OBJECTION_LIFTED]
                said[member] = [await years.choice(chance.choice(words), purpose="insight")]
            elif chance.random() < 0.1:
                words = [Action.RESTRICTED, Action.RESTRICTION_LIFTED]
                said[member] = [await years.choice(chance.choice(words), purpose=None)]
            else:
                said[member] = [await years.choice(chance.choice(WORDS))]
        await years.say(said)
        if counted:
            await count(years.tillit)


def _naive(lines: Sequence[Choice], purpose: str, day: date, terms: set[bytes]) -> str:
    """Where a member stood, told without any of the product's ways to tell it."""
    about = [one for one in lines if one.purpose == purpose]
    if purpose == "insight":
        restricted = [one.action for one in lines if one.action.startswith("restrict")]
        if restricted and restricted[-1] == "restricted":
            return "no_objection"
        return "objected" if about and about[-1].action == "objected" else "no_objection"
    state: tuple[str, Choice | None] = ("never_asked", None)
    no = False
    for one in about:
        if one.action in ("given", "renewed"):
            state, no = ("yes", one), False
        elif one.action in ("refused", "withdrawn"):
            state, no = ("said_no", None), True
        elif one.action == "invalidated":
            state = ("said_no" if no else "never_asked", None)
        elif one.action == "requested":
            state = ("unconfirmed", None)
        elif state[0] not in ("yes", "unconfirmed"):
            state = ("unproven", None)
    if state[1] is None:
        return state[0]
    if state[1].until is not None and state[1].until <= day:
        return "expired"
    return "consented" if state[1].terms in terms else "ask_again"


def _expected(
    ledgers: dict[UUID, list[Choice]], purpose: str, at: datetime, terms: set[bytes]
) -> Counter[str]:
    found: Counter[str] = Counter()
    for member, lines in ledgers.items():
        if made_at(member) <= at:
            heard = [one for one in lines if one.at <= at]
            found[_naive(heard, purpose, at.date(), terms)] += 1
    return found


def _terms(source: str) -> set[bytes]:
    letters = read_programme(source).purposes["letters"]
    return {letters.terms(letters.notice_digest("sv"))}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_day_s_counts_are_those_of_a_naive_reading_and_of_the_ledger(
    years: Years, seed: int
) -> None:
    await _lived(years, Random(seed), counted=True)
    days, ledgers = await years.kept(), await years.ledgers()
    async with years.tillit.unit() as work:
        active = work.active
    sweep = Sweep(Past.of(active, active.programme.zone), FIRST.date(), years.clock.at.date())
    for member, lines in ledgers.items():
        sweep.add(made_at(member), lines)
    swept = sweep.counts()
    seen: Counter[str] = Counter()
    for (day, purpose), one in days.items():
        rates = one.figures.counts.get("rates", {})
        assert rates == swept[day].get(purpose, {})
        if purpose == "club":
            assert rates == {}
            continue
        terms = _terms(PROGRAMME if one.programme == 1 else ANOTHER)
        expected = _expected(ledgers, purpose, one.counted_at, terms)
        assert {name: n for name, n in rates.items() if n} == expected, (day, purpose)
        seen.update(expected)
    assert len(days) == 3 * DAYS
    assert len(seen) == 9, "every group there is was somebody's"


async def test_the_funnel_s_steps_are_all_members_and_as_each_ledger_says(years: Years) -> None:
    await _lived(years, Random(4), counted=True)
    ledgers = await years.ledgers()
    async with years.tillit.unit() as work:
        footings, today = work.active.footings, work.unit.today
    for name, footing in footings.items():
        one = (await years.kept())[today, name]
        expected = Counter(
            reason_of(footing, fold(lines), today, born=None) or "eligible"
            for lines in ledgers.values()
        )
        steps = one.figures.counts["funnel"]
        assert {step: n for step, n in steps.items() if n} == expected
        assert sum(steps.values()) == len(years.members)
    letters = (await years.kept())[today, "letters"].figures.counts
    assert sum(letters["reach_email"].values()) == len(years.members)
    assert letters["reach_email"]["reachable"] == letters["funnel"]["eligible"]


async def test_what_runs_out_when_is_as_the_ledgers_say(years: Years) -> None:
    await _lived(years, Random(5), counted=True)
    today = years.clock.at.date()
    ledgers = await years.ledgers()
    async with years.tillit.unit() as work:
        footing = work.active.footings["letters"]
    expected: Counter[str] = Counter()
    for lines in ledgers.values():
        standing = fold(lines).of("letters")
        until = standing.until
        if not standing.consented or until is None or until <= today:
            expected["no_consent"] += 1
        elif until <= today + timedelta(days=20) and not reason_of(
            footing, fold(lines), today, born=None
        ):
            expected["reminder_due"] += 1
        else:
            expected[f"{until:%Y-%m}"] += 1
    found = (await years.kept())[today, "letters"].figures.counts["expiring"]
    assert {group: n for group, n in found.items() if n} == expected
    assert expected["reminder_due"] > 0
    assert [f"{month:%Y-%m}" for month in months_from(today)[:-1]] == [
        group for group in found if group[0] == "2"
    ]


async def test_days_that_nobody_counted_are_filled_in_once_and_told_the_same_ever_after(
    years: Years,
) -> None:
    await _lived(years, Random(6), counted=False)
    years.clock.at += timedelta(days=1)
    await count(years.tillit)
    told: list[tuple[int, int]] = []

    async def fill(since: date) -> int:
        async with years.tillit.unit() as work:
            return await fill_in(
                work.unit, work.active, since, lambda done, total: told.append((done, total))
            )

    async def shown(by: showing.By) -> list[Told]:
        async with years.tillit.unit() as work:
            return await showing.rates(
                work.unit, SYSTEM, work.active, purpose="letters", since=date(2026, 1, 1), by=by
            )

    assert await fill(FIRST.date() + timedelta(days=30)) == DAYS - 30
    assert told[-1] == (len(years.members), len(years.members))
    part = await shown(showing.By.DAY)
    assert await fill(date(2020, 1, 1)) == 30
    assert await fill(date(2020, 1, 1)) == 0
    whole = await shown(showing.By.DAY)
    assert whole[-len(part) :] == part
    assert [one.day for one in whole] == [
        FIRST.date() + timedelta(days=day) for day in range(DAYS + 1)
    ]
    ledgers, days = await years.ledgers(), await years.kept()
    for (day, purpose), one in days.items():
        if day != years.clock.at.date() and purpose == "letters":
            terms = _terms(PROGRAMME if one.programme == 1 else ANOTHER)
            end = datetime(day.year, day.month, day.day, 22, 59, tzinfo=UTC)
            expected = _expected(ledgers, purpose, end, terms)
            assert {n: c for n, c in one.figures.counts["rates"].items() if c} == expected
    for before, after in pairwise(sorted(day for day, purpose in days if purpose == "letters")):
        was, now = (days[day, "letters"].figures.told["rates"] for day in (before, after))
        for group in was:
            moved = abs(was[group] - now[group])
            assert moved == 0 or moved >= 10 or (was[group] < 10) != (now[group] < 10)
    months = await shown(showing.By.MONTH)
    assert months == [one for one in whole if one.day in (date(2026, 3, 31), whole[-1].day)]


async def test_the_first_count_of_a_day_stands_all_day(years: Years) -> None:
    await years.join(30)
    assert await count(years.tillit) == 3
    before = await years.kept()
    await years.say({one: [await years.choice(Action.GIVEN)] for one in years.members})
    assert await count(years.tillit) == 0
    assert await years.kept() == before
    years.clock.at += timedelta(days=1)
    assert await count(years.tillit) == 3
    assert await count(years.tillit) == 0
    async with years.tillit.unit() as work:
        told = await showing.rates(
            work.unit, SYSTEM, work.active, purpose="letters", since=FIRST.date(), by=showing.By.DAY
        )
    assert [one.shown for one in told] == [{}, {}]  # hidden groups, and one to hide them in


async def test_two_workers_at_once_count_a_day_once(years: Years) -> None:
    await years.join(30)
    async with opened(years.tillit.settings, clock=years.clock) as other:
        await other.replica.barrier()
        async with other.unit() as second:
            assert await kept.days(second.unit, FIRST.date(), FIRST.date()) == set()
            assert await count(years.tillit) == 3
            rows = list((await years.kept()).values())
            await kept.keep(second.unit, rows)
        async with other.unit() as work:
            found = await (await raw(work.session)).execute("SELECT count(*) FROM consent_figure")
            assert await found.fetchone() == (3,)


async def test_a_programme_of_nine_members_has_no_figures(years: Years) -> None:
    await years.join(9)
    await years.say({one: [await years.choice(Action.GIVEN)] for one in years.members})
    assert await count(years.tillit) == 0
    years.clock.at += timedelta(days=2)
    async with years.tillit.unit() as work:
        await fill_in(work.unit, work.active, FIRST.date(), lambda _, __: None)
    async with years.tillit.unit() as work:
        unit, active = work.unit, work.active
        told = await showing.rates(unit, SYSTEM, active, purpose=None, since=FIRST.date())
        assert [one.shown for one in told if one.shown] == []
        assert await showing.funnel(unit, SYSTEM, active, purpose="letters") == (None, {})
        assert await showing.expiring(unit, SYSTEM, active, purpose=None) == []


async def test_figures_outlive_a_rotation_and_a_copy_from_before_tells_none(years: Years) -> None:
    await years.join(30)
    await count(years.tillit)
    before = await years.kept()
    await years.tillit.rotate(SYSTEM)
    assert await years.kept() == before
    async with years.tillit.unit() as work:
        cursor = await (await raw(work.session)).execute(
            "SELECT epoch, count(*) FROM consent_figure GROUP BY epoch ORDER BY epoch"
        )
        assert await cursor.fetchall() == [(1, 3), (2, 3)]


async def test_counts_are_not_readable_where_they_are_kept(years: Years) -> None:
    await years.join(30)
    await count(years.tillit)
    async with years.tillit.unit() as work:
        cursor = await (await raw(work.session)).execute("SELECT sealed FROM consent_figure")
        rows: list[Any] = await cursor.fetchall()
    assert len({len(sealed) for (sealed,) in rows}) == 1
    assert all(b"funnel" not in sealed for (sealed,) in rows)
    assert "eligible" not in repr(next(iter((await years.kept()).values())).figures)
