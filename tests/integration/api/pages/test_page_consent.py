"""Figures of consent on a page: never a small group, and each look is on record."""

import re
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from api.bootstrap import SYSTEM, Tillit
from api.pages.officer import consent
from api.pages.officer import consent_words as words
from api.pages.speaking import Speaking
from audit.browsing import all_entries
from audit.entries import Kind
from consent import ledger
from consent.choices import Action, By
from consent.choosing import choose
from consent.eligibility import Reason
from consent.figures import groups
from consent.figures.showing import Told
from consent.programme import read_programme
from profiles.enrolment import enrol
from profiles.members import load
from tests.at_a_browser import officer_at
from tests.conftest import EXAMPLES

PAGE = "/desk/consent"
PROGRAMME = read_programme((EXAMPLES / "fjallklubben.toml").read_bytes())
OFFERS = "purpose=personalised_offers"
ROLES = """
[officers.chief]
can = ["programme"]

[officers.desk]
can = ["requests"]
"""
_ROW = re.compile(r'<tr><th scope="row">(.*?)</th><td class="number">(.*?)</td>', re.DOTALL)


async def people(tillit: Tillit, *, yes: int, no: int, silent: int) -> None:
    total = yes + no + silent
    async with tillit.unit() as work:
        unit, purpose = work.unit, work.active.programme.purpose("personalised_offers")
        values = [{"member_number": str(n)} for n in range(total)]
        made = await enrol(unit, SYSTEM, values, source="test")
        said = {
            action: choose(unit, purpose, action, at=unit.now, by=By.MEMBER, language="sv")
            for action in (Action.GIVEN, Action.REFUSED)
        }
    async with tillit.unit() as work:
        locked = list((await load(work.unit, [one.id for one in made], lock=True)).values())
        lines = {one: [said[Action.GIVEN]] for one in locked[:yes]}
        lines |= {one: [said[Action.REFUSED]] for one in locked[yes : yes + no]}
        await ledger.record(work.unit, SYSTEM, lines)


async def looks(tillit: Tillit) -> list[dict[str, object]]:
    """The facts of every look at figures."""
    async with tillit.database.transaction() as session:
        found = all_entries(session, kinds=[Kind.FIGURES_VIEWED])
        return [one.facts async for one in found]


async def test_answers_are_rounded_and_small_groups_hidden(tillit: Tillit) -> None:
    await people(tillit, yes=57, no=24, silent=33)
    async with officer_at(tillit) as at:
        text = (await at.open(f"{PAGE}?{OFFERS}")).text
    row = re.search(r"<tbody><tr>(.*?)</tr>", text, re.DOTALL)
    assert row is not None
    cells = re.findall(r'<td class="number">(.*?)</td>', row.group(1), re.DOTALL)
    assert (cells[0], cells[6]) == ("60", "30")
    assert all("hidden" in one for one in cells[1:6])
    assert not re.search(r"\b(57|24|33)\b", re.sub(r"<time.*?</time>|<svg.*?</svg>", "", text))


async def test_who_may_be_used_is_told_reason_by_reason(tillit: Tillit) -> None:
    await people(tillit, yes=57, no=24, silent=33)
    async with officer_at(tillit) as at:
        text = (await at.open(f"{PAGE}?view=funnel&{OFFERS}")).text
    rows = dict(_ROW.findall(text))
    assert rows["May be used"] == "60"
    assert "hidden" in rows["Restricted"]
    assert "The hidden groups have 60 members in all." in text
    assert "<svg" in text


async def test_what_runs_out_is_told_month_by_month(tillit: Tillit) -> None:
    await people(tillit, yes=57, no=24, silent=33)
    async with officer_at(tillit) as at:
        text = (await at.open(f"{PAGE}?view=expiring&{OFFERS}")).text
    rows = dict(_ROW.findall(text))
    assert len(rows) >= 16
    assert "No consent that stands" in rows
    assert "60" in rows.values()


async def test_nothing_is_told_of_nine_members(tillit: Tillit) -> None:
    await people(tillit, yes=5, no=2, silent=2)
    async with officer_at(tillit) as at:
        for view in ("rates", "funnel", "expiring"):
            text = (await at.open(f"{PAGE}?view={view}&{OFFERS}")).text
            assert not re.search(r'<td class="number">\d', text)
            assert "<svg" not in text


async def test_each_view_is_one_look_on_record(tillit: Tillit) -> None:
    await people(tillit, yes=57, no=24, silent=33)
    async with officer_at(tillit) as at:
        for number, view in enumerate(("rates", "funnel", "expiring"), start=1):
            await at.open(f"{PAGE}?view={view}&{OFFERS}")
            found = await looks(tillit)
            assert len(found) == number
            assert view in found[-1].values()


async def test_a_line_is_drawn_over_several_days() -> None:
    def told(days: int, yes: int) -> Told:
        groups = ("consented", "said_no", "never_asked")
        shown = {"consented": yes, "said_no": 100 - yes, "never_asked": 100}
        day = date(2026, 3, 1) + timedelta(days=days)
        return Told(day, "personalised_offers", 1, groups, shown)

    asked = SimpleNamespace(speaking=Speaking.of("en", PROGRAMME))
    chart, legend = consent._over_time(asked, [told(0, 20), told(1, 60)])
    assert chart is not None
    assert chart.count("<polyline") == 3
    assert legend == ["Whole line: Yes", "Dashed: No", "Dotted: Not asked, or no valid answer"]
    assert consent._over_time(asked, [told(0, 20)]) == (None, [])


@pytest.mark.parametrize("query", ["view=names", "purpose=membership", "purpose=x", "by=hour"])
async def test_there_is_no_other_view_purpose_or_step(tillit: Tillit, query: str) -> None:
    async with officer_at(tillit) as at:
        assert (await at.open(f"{PAGE}?{query}")).status_code == 422
    assert await looks(tillit) == []


async def test_only_a_role_with_the_programme_sees_it(tillit: Tillit) -> None:
    source = (EXAMPLES / "fjallklubben.toml").read_text("utf-8") + ROLES
    await tillit.apply(SYSTEM, read_programme(source.encode()))
    async with officer_at(tillit, role="desk") as at:
        assert (await at.open(PAGE)).status_code == 403
        assert f'href="{PAGE}"' not in (await at.open("/desk/requests")).text
    assert await looks(tillit) == []


def test_every_group_has_its_words() -> None:
    assert set(words.ANSWERS) == set(groups.Answer)
    assert set(words.STEPS) == {*Reason, groups.ELIGIBLE}


@pytest.mark.parametrize("language", ["sv", "nb", "da", "fi"])
async def test_it_speaks_every_language(tillit: Tillit, language: str) -> None:
    await people(tillit, yes=57, no=24, silent=33)
    async with officer_at(tillit, language=language) as at:
        for view in ("rates", "funnel", "expiring"):
            answer = await at.open(f"{PAGE}?view={view}")
            assert answer.status_code == 200
            assert f'<html lang="{language}">' in answer.text
