"""Figures of consent on a page: never a small group, and each look is on record."""

import re
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from api.bootstrap import SYSTEM, Tillit
from api.pages.officer import consent, doubtful
from api.pages.officer import consent_words as words
from api.pages.speaking import Speaking
from audit.browsing import all_entries
from audit.entries import Kind
from consent import checks, ledger
from consent.choices import Action, By
from consent.choosing import choose
from consent.due import Due
from consent.eligibility import Reason
from consent.figures import groups
from consent.figures.showing import Told
from consent.programme import read_programme
from dsar import doubtful as named_people
from dsar.errors import NotIdentified
from profiles.enrolment import enrol
from profiles.members import by_number, load
from tests.at_a_browser import officer_at
from tests.conftest import EXAMPLES

PAGE = "/desk/consent"
PEOPLE = "/desk/consent/people"
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


async def test_a_purpose_is_picked_by_its_title_with_its_code_beside_it(tillit: Tillit) -> None:
    said = Speaking.of("en", PROGRAMME)
    async with officer_at(tillit) as at:
        text = (await at.open(PAGE)).text
    for purpose in PROGRAMME.purposes.values():
        if purpose.is_choice:
            assert f">{said.purpose(purpose)} ({purpose.name})</option>" in text


async def looks(tillit: Tillit) -> list[dict[str, object]]:
    """The facts of every look at figures."""
    async with tillit.database.transaction() as session:
        found = all_entries(session, kinds=[Kind.FIGURES_VIEWED])
        return [one.facts async for one in found]


async def test_answers_are_rounded_and_small_groups_hidden(tillit: Tillit) -> None:
    await people(tillit, yes=57, no=33, silent=24)
    async with officer_at(tillit) as at:
        text = (await at.open(f"{PAGE}?{OFFERS}")).text
    row = re.search(r"<tbody><tr>(.*?)</tr>", text, re.DOTALL)
    assert row is not None
    cells = re.findall(r'<td class="number">(.*?)</td>', row.group(1), re.DOTALL)
    assert (cells[0], cells[5]) == ("60", "30")
    assert all("hidden" in one for one in (*cells[1:5], cells[6]))
    assert "hidden" in cells[7]  # the sum would tell those who have said nothing
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


async def test_a_day_tells_how_many_the_hidden_groups_have_together() -> None:
    groups = ("consented", "said_no", "never_asked")
    told = Told(date(2026, 3, 1), "personalised_offers", 1, groups, {"consented": 60}, 40)
    shown = consent._day(SimpleNamespace(speaking=Speaking.of("en", PROGRAMME)), told, groups)
    assert (shown.hidden, shown.together) == (2, "40")
    assert list(shown.cells[1:]) == ["", ""]


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


async def test_whose_yes_nothing_proves_is_named_page_by_page_and_on_record(
    tillit: Tillit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubtful, "SHOWN", 2)
    await people(tillit, yes=1, no=1, silent=3)
    async with tillit.unit() as work:
        unit, purpose = work.unit, work.active.programme.purpose("personalised_offers")
        numbers = [str(n) for n in range(2, 5)]
        found = list((await by_number(unit, numbers, lock=True)).values())
        said = choose(unit, purpose, Action.UNPROVEN, at=unit.now, by=By.MEMBER)
        await ledger.record(unit, SYSTEM, {one: [said] for one in found})
    async with officer_at(tillit) as at:
        first = (await at.open(f"{PEOPLE}?{OFFERS}")).text
        second = (await at.open(f"{PEOPLE}?{OFFERS}&page=2")).text
        soon = (await at.open(f"{PEOPLE}?{OFFERS}&list=remind")).text
    named = re.findall(r'<th scope="row">(\d)</th>', first + second)
    assert named == ["2", "3", "4"]
    assert "3 members" in first
    assert "Page 2 of 2" in second
    assert "Nobody here" in soon
    async with tillit.database.transaction() as session:
        looked = [
            (one.actor.id, one.facts)
            async for one in all_entries(session, kinds=[Kind.CONSENTS_LISTED])
        ]
        opened = [one async for one in all_entries(session, kinds=[Kind.PROFILE_READ])]
    assert looked == [
        ("officer-7", {"reconfirm": 2}),
        ("officer-7", {"reconfirm": 1}),
        ("officer-7", {}),
    ]
    assert [one.facts["fields"] for one in opened] == [["member_number"]] * 3
    async with tillit.unit() as work:
        assert await checks.check_footprints(work.unit) == []


async def test_a_yes_is_named_before_it_runs_out(tillit: Tillit) -> None:
    source = (EXAMPLES / "fjallklubben.toml").read_text("utf-8")
    month = source.replace("valid_months = 24\nremind_days = 30", "valid_months = 1", 1)
    await tillit.apply(SYSTEM, read_programme(month.replace("24 months", "1 months", 1).encode()))
    await people(tillit, yes=2, no=1, silent=1)
    async with officer_at(tillit) as at:
        later = (await at.open(f"{PEOPLE}?{OFFERS}&list=remind")).text
        other = (await at.open(f"{PEOPLE}?purpose=partner_offers&list=remind")).text
    assert re.findall(r'<th scope="row">(\d)</th>', later) == ["0", "1"]
    assert "Within 31 days." in later
    assert "Nobody here" in other


@pytest.mark.parametrize("query", ["list=confirm", "list=x", "purpose=membership", "page=0"])
async def test_there_is_no_other_list(tillit: Tillit, query: str) -> None:
    async with officer_at(tillit) as at:
        assert (await at.open(f"{PEOPLE}?{query}")).status_code == 422


async def test_nobody_is_named_without_a_second_proof_or_the_role(tillit: Tillit) -> None:
    source = (EXAMPLES / "fjallklubben.toml").read_text("utf-8") + ROLES
    await tillit.apply(SYSTEM, read_programme(source.encode()))
    async with officer_at(tillit, role="chief") as at:
        assert (await at.open(PEOPLE)).status_code == 403
        assert PEOPLE not in (await at.open(PAGE)).text
    async with officer_at(tillit, role="desk", name="officer-8") as at:
        assert PEOPLE in (await at.open("/desk/requests")).text
        assert (await at.open(PEOPLE)).status_code == 200
    with pytest.raises(NotIdentified):
        async with tillit.unit() as work:
            await named_people.listed(
                work.unit, SYSTEM, work.active, tillit.replica, purpose="personalised_offers",
                which=Due.RECONFIRM, skip=0, limit=1, lately=False,
            )  # fmt: skip
