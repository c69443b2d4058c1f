"""What officers are shown of groups, over HTTP: never a small one, and each look is on record."""

from datetime import date
from typing import Any

import pytest
from callers_at_doors import Club

from api.bootstrap import SYSTEM, Tillit
from audit.browsing import all_entries
from audit.entries import Kind
from consent import ledger
from consent.choices import Action, By
from consent.choosing import choose
from profiles.enrolment import enrol
from profiles.members import load


async def _people(tillit: Tillit, *, yes: int, no: int, silent: int) -> None:
    total = yes + no + silent
    async with tillit.unit() as work:
        unit, purpose = work.unit, work.active.programme.purpose("personalised_offers")
        people = [{"member_number": str(n)} for n in range(total)]
        made = await enrol(unit, SYSTEM, people, source="test")
        words = {
            action: choose(unit, purpose, action, at=unit.now, by=By.MEMBER, language="sv")
            for action in (Action.GIVEN, Action.REFUSED)
        }
    async with tillit.unit() as work:
        locked = list((await load(work.unit, [one.id for one in made], lock=True)).values())
        said = {one: [words[Action.GIVEN]] for one in locked[:yes]}
        said |= {one: [words[Action.REFUSED]] for one in locked[yes : yes + no]}
        await ledger.record(work.unit, SYSTEM, said)


async def test_rates_are_rounded_and_small_groups_hidden_with_one_that_is_not(club: Club) -> None:
    await _people(club.tillit, yes=57, no=33, silent=24)
    officer = await club.officer()
    [found] = (await officer.ok("GET", "/v1/figures/rates?purpose=personalised_offers&by=day"))[
        "figures"
    ]
    assert found["groups"] == {"consented": 60, "said_no": 30}
    assert found["hidden"] == ["ask_again", "expired", "unproven", "unconfirmed", "never_asked"]
    assert (found["together"], found["members"]) == (None, 90)
    every = (await officer.ok("GET", "/v1/figures/rates"))["figures"]
    async with club.tillit.unit() as work:
        declared = work.active.programme.purposes.values()
    assert {one["purpose"] for one in every} == {one.name for one in declared if one.is_choice}


async def test_a_funnel_and_what_runs_out_are_told_alike(club: Club) -> None:
    await _people(club.tillit, yes=57, no=24, silent=33)
    officer = await club.officer()
    found = await officer.ok("GET", "/v1/figures/funnel?purpose=personalised_offers")
    assert found["funnel"]["groups"] == {"eligible": 60}
    assert (found["funnel"]["together"], found["funnel"]["members"]) == (60, 120)
    assert {"restricted", "no_consent", "objected"} <= set(found["funnel"]["hidden"])
    [ends] = (await officer.ok("GET", "/v1/figures/expiring?purpose=personalised_offers"))[
        "figures"
    ]
    assert sum(ends["groups"].values()) + ends["together"] == ends["members"]
    assert len(ends["groups"]) + len(ends["hidden"]) >= 16
    contract = await officer.ok("GET", "/v1/figures/expiring?purpose=membership")
    assert contract == {"figures": []}


async def test_a_choice_shows_in_no_figure_of_the_same_day(club: Club) -> None:
    await _people(club.tillit, yes=57, no=24, silent=33)
    officer = await club.officer()
    paths = [f"/v1/figures/{name}?purpose=personalised_offers" for name in ("funnel", "rates")]
    before = [await officer.ok("GET", path) for path in paths]
    for number in range(20):
        await club.agrees(await club.joins(f"n{number}"))
    assert [await officer.ok("GET", path) for path in paths] == before


@pytest.mark.parametrize("figure", ["funnel?purpose=newsletter", "rates", "expiring"])
async def test_nothing_is_told_of_nine_members(club: Club, figure: str) -> None:
    await _people(club.tillit, yes=5, no=2, silent=2)
    officer = await club.officer()
    assert await officer.ok("GET", f"/v1/figures/{figure}") in (
        {"figures": []},
        {"funnel": None, "channels": {}},
    )


async def test_each_look_is_on_record(club: Club) -> None:
    await _people(club.tillit, yes=57, no=24, silent=33)
    officer = await club.officer()
    await officer.ok("GET", "/v1/figures/funnel?purpose=newsletter")
    await officer.ok("GET", "/v1/figures/rates?since=2026-01")
    await officer.ok("GET", "/v1/figures/expiring")
    await club.tillit.integrate()
    async with club.tillit.unit() as work:
        seen: list[Any] = [
            one async for one in all_entries(work.session, kinds=[Kind.FIGURES_VIEWED])
        ]
        today = work.unit.today.isoformat()
    assert [one.facts for one in seen] == [
        {"figure": "funnel", "about": "newsletter", "since": today},
        {"figure": "rates", "about": None, "since": "2026-01-01"},
        {"figure": "expiring", "about": None, "since": today},
    ]


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("funnel", "purpose"),
        ("funnel?purpose=nonsense", "purpose"),
        ("funnel?purpose=No!", "purpose"),
        ("rates?purpose=nonsense", "purpose"),
        ("expiring?purpose=nonsense", "purpose"),
        ("rates?since=2026-13", "since"),
        ("rates?since=yesterday", "since"),
        (f"rates?since={date.max}", "since"),
        ("rates?by=hour", "by"),
        ("rates?tier=gold", "query"),
    ],
)
async def test_there_are_no_other_figures(club: Club, asked: str, place: str) -> None:
    officer = await club.officer()
    answer = await officer("GET", f"/v1/figures/{asked}")
    assert answer.status_code == 422
    assert place in answer.json()["problems"][0]["place"]
