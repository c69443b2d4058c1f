"""Breaches when things are not as they should be: who may be asked about, whose key does not open,
which of two hours is meant, what has failed, and which of several searches counts."""

import csv
import io
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from test_page_breaches import SECRET, ask, club, figures, read_by_till, write_down

from api import breaching
from api import work as worker
from api.bootstrap import SYSTEM, Tillit, opened
from api.settings import Settings
from audit.acts import Act
from audit.browsing import all_entries
from audit.entries import ActorType, Kind
from consent import guardians
from consent.choices import By
from consent.programme import load_programme
from dsar import finding
from dsar.breaches import register, searches, telling
from dsar.errors import NotABreach
from kernel.clock import StoppedClock
from kernel.database import libpq
from kernel.errors import Unavailable
from profiles.enrolment import enrol
from tests.at_a_browser import member_at, officer_at
from tests.conftest import EXAMPLES

__all__ = ["club"]
OFFICER = Act(ActorType.OFFICER, "anna")
PAGE = "/desk/breaches"
TILL = {"actors[]": ["service/till"]}


def as_owner(tillit: Tillit, statement: Any, *values: Any) -> None:
    with psycopg.connect(libpq(tillit.url, role=None), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no trigger fires
        connection.execute(statement, values)


async def test_officers_and_agents_who_have_no_account_can_be_asked_about(club: Tillit) -> None:
    await read_by_till(club)
    for act in (Act(ActorType.OFFICER, "mallory"), Act(ActorType.AGENT, "data-buddy")):
        async with club.unit() as work:
            await finding.find(work.unit, act, "member_number", "m0")
    await club.integrate()
    async with officer_at(club) as at:
        breach = await write_down(at)
        text = (await at.open(f"{breach}/ask")).text
        assert 'value="officer/mallory"' in text
        assert 'value="agent/data-buddy"' in text
        for one in ("officer/mallory", "agent/data-buddy"):
            found = await ask(at, breach, **{"actors[]": [one]})
            await worker.drain(club)
            assert figures((await at.open(found)).text)["Affected"] == "1"


async def test_the_pseudonym_of_an_account_is_kept_no_longer_than_the_search(club: Tillit) -> None:
    await read_by_till(club)
    async with officer_at(club) as at:
        found = await ask(at, await write_down(at), kind="member_number", value="m1")
    kept = []
    for _ in range(2):
        async with club.unit() as work:
            [one] = await searches.of_breach(work.unit, UUID(found.split("/")[3]))
            assert one.question is not None
            kept.append(one.question.pseudonym)
        await worker.drain(club)
    assert kept[0] is not None
    assert kept[1] is None


async def test_a_key_that_does_not_open_keeps_nobody_else_from_being_told(club: Tillit) -> None:
    people = await read_by_till(club, 4)
    async with officer_at(club) as at:
        breach = await write_down(at)
        found = await ask(at, breach, **TILL)
        await worker.drain(club)
        await at.open(found)
        as_owner(club, "UPDATE member_key SET wrapped = '\\x00' WHERE member = %s", people[0])
        listed = await at.send(found, part="1")
        assert listed.status_code == 200
        await at.open(breach)
        search = found.rsplit("/", 1)[1]
        await at.send(f"{breach}/members", at="2026-03-30T08:30", search=search)
        await worker.drain(club)
    rows = list(csv.DictReader(io.StringIO(listed.content.decode("utf-8-sig"))))
    assert {row["member"]: row["opened"] for row in rows} == {
        str(one): "no" if one == people[0] else "yes" for one in people[:3]
    }
    assert [row["email"] for row in rows if row["opened"] == "no"] == [""]
    async with club.unit() as work:
        told = [one async for one in all_entries(work.session, kinds=[Kind.BREACH_TOLD])]
        moved = [one async for one in all_entries(work.session, kinds=[Kind.BREACH_MOVED])]
    assert len(told) == 2
    assert [one.facts["members"] for one in moved if one.facts["step"] == "list"] == [2]


async def test_an_hour_that_comes_twice_is_asked_about_to_its_second_end(
    settings: Settings,
) -> None:
    clock = StoppedClock(datetime(2026, 10, 25, 1, 20, tzinfo=UTC))  # 02:20 for the second time
    async with opened(settings, clock=clock) as tillit:
        await tillit.apply(SYSTEM, load_programme(EXAMPLES / "fjallklubben.toml"))
        await read_by_till(tillit)
        clock.at += timedelta(minutes=20)
        async with officer_at(tillit) as at:
            await at.open(f"{PAGE}/new")
            aware = "2026-10-25T02:10"
            page = await at.send(
                f"{PAGE}/new", happened=SECRET, aware=aware, since="2026-10-25T00:00"
            )
            breach = str(page.url.path)
            await at.open(f"{breach}/ask")
            page = await at.send(
                f"{breach}/ask", since="2026-10-25T00:00", until="2026-10-25T02:40"
            )
            await worker.drain(tillit)
            assert figures((await at.open(str(page.url.path))).text)["Affected"] == "2"
            await at.open(breach)
            await at.send(f"{breach}/authority", at="2026-10-25T02:30")
        async with tillit.unit() as work:
            account = (await register.get(work.unit, UUID(breach.rsplit("/", 1)[1]))).account
        assert account is not None
        assert account.aware == datetime(2026, 10, 25, 0, 10, tzinfo=UTC)  # the first time
        assert account.authority_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # the second


@pytest.mark.parametrize("trouble", [ValueError("x"), Unavailable("no answer", place="database")])
async def test_a_search_that_fails_says_so_and_not_that_the_record_is_altered(
    club: Tillit, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    await read_by_till(club)

    async def fails(*_: Any) -> Any:
        raise trouble

    async with officer_at(club) as at:
        found = await ask(at, await write_down(at), **TILL)
        monkeypatch.setattr(club.replica, "barrier", fails)
        search = UUID(found.rsplit("/", 1)[1])
        with suppress(ValueError):
            await breaching.search(club, search)
        text = (await at.open(found)).text
        monkeypatch.undo()
        await worker.drain(club)
        after = (await at.open(found)).text
    assert "stopped halfway" in text or "could not be finished" in text
    # What was only interrupted is answered after all.
    assert ("Affected" in figures(after)) == isinstance(trouble, ValueError)
    assert "is not what was signed" not in text
    assert "nobody can say who was affected" in text


async def test_a_notice_names_its_search_and_warns_of_one_that_found_more(club: Tillit) -> None:
    await read_by_till(club)
    async with officer_at(club) as at:
        breach = await write_down(at)
        first = await ask(at, breach, **TILL)
        await worker.drain(club)
        text = (await at.open(f"{breach}/notice")).text
        assert f'href="{first}"' in text
        assert "An earlier search found more people" not in text
        second = await ask(at, breach, **{"actors[]": ["service/newsletter"]})
        await worker.drain(club)
        text = (await at.open(f"{breach}/notice")).text
        assert f'href="{second}"' in text
        assert "newsletter" in text
        warned = text[text.index("An earlier search found more people") :]
        assert re.search(rf'href="{first}">[^<]*</a>: 2<', warned)


async def test_a_further_search_tells_only_those_who_were_not_told_before(club: Tillit) -> None:
    await read_by_till(club, 4)  # three of them
    async with club.unit() as work:
        await finding.find(work.unit, OFFICER, "member_number", "m3")
        await finding.find(work.unit, OFFICER, "member_number", "m0")
    await club.integrate()
    told = []
    async with officer_at(club) as at:
        breach = await write_down(at)
        for actor in ("service/till", "officer/anna"):
            found = await ask(at, breach, **{"actors[]": [actor]})
            await worker.drain(club)
            await at.open(breach)
            search = found.rsplit("/", 1)[1]
            page = await at.send(f"{breach}/members", at="2026-03-30T08:30", search=search)
            assert page.status_code == 200
            await worker.drain(club)
            async with club.unit() as work:
                entries = all_entries(work.session, kinds=[Kind.BREACH_TOLD])
                told.append([one.subject async for one in entries])
    assert [len(one) for one in told] == [3, 4]
    assert len({*told[1]}) == 4


@pytest.mark.parametrize("at_", ["2026-04-30T08:00", "2026-03-01T08:00"])
async def test_a_refused_step_tells_nobody(club: Tillit, at_: str) -> None:
    await read_by_till(club)
    async with officer_at(club) as at:
        breach = await write_down(at)
        first = (await ask(at, breach, **TILL)).rsplit("/", 1)[1]
        await ask(at, breach)
        await worker.drain(club)
        await at.open(breach)
        page = await at.send(f"{breach}/members", at=at_, search=first)
        assert page.status_code == 422
        await worker.drain(club)
    async with club.unit() as work:
        assert [one async for one in all_entries(work.session, kinds=[Kind.BREACH_TOLD])] == []
        assert [one async for one in all_entries(work.session, kinds=[Kind.BREACH_MOVED])] == []


async def test_a_step_that_is_refused_has_begun_nothing(club: Tillit) -> None:
    await read_by_till(club)
    async with officer_at(club) as at:
        breach = await write_down(at)
        found = await ask(at, breach, **TILL)
        await worker.drain(club)
    ids = UUID(breach.rsplit("/", 1)[1]), UUID(found.rsplit("/", 1)[1])
    async with club.unit() as work:
        later = work.unit.now + timedelta(days=1)
        said = (await register.get(work.unit, ids[0])).account
        assert said is not None
        stood = register.stands(said)
        with pytest.raises(NotABreach):
            await telling.told(work.unit, OFFICER, ids[0], stood=stood, at=later, search=ids[1])
    await worker.drain(club)
    async with club.unit() as work:
        assert [one async for one in all_entries(work.session, kinds=[Kind.BREACH_TOLD])] == []


def whom(text: str) -> tuple[list[str], list[str]]:
    """What can be picked as those who were told, and what is."""
    select = text[text.index('<select id="search"') :]
    select = select[: select.index("</select>")]
    options = re.findall(r'<option value="([^"]*)"( selected)?', select)
    assert " required>" in select
    return [value for value, _ in options], [value for value, chosen in options if chosen]


async def test_who_was_told_is_picked_and_stays_picked_when_the_step_is_refused(
    club: Tillit,
) -> None:
    await read_by_till(club)
    async with officer_at(club) as at:
        breach = await write_down(at)
        first, second = [(await ask(at, breach, **TILL)).rsplit("/", 1)[1] for _ in range(2)]
        await worker.drain(club)
        assert whom((await at.open(breach)).text) == (["", second, first, "public"], [])
        for picked in (first, second, "public"):
            page = await at.send(f"{breach}/members", at="2026-04-30T08:00", search=picked)
            assert page.status_code == 422
            assert whom(page.text)[1] == [picked]
        page = await at.send(f"{breach}/members", at="2026-03-30T08:00", search="")
        assert page.status_code == 422
        assert "Choose whom you have told." in page.text
        page = await at.send(f"{breach}/members", at="2026-03-30T08:00", search="public")
        assert page.status_code == 200
        page = await at.send(f"{breach}/members", at="2026-03-30T08:00", search=first)
        assert whom(page.text) == (["", second, first], [first])
    await worker.drain(club)
    async with club.unit() as work:
        told = [one async for one in all_entries(work.session, kinds=[Kind.BREACH_TOLD])]
    assert len(told) == 2


async def test_the_children_of_a_guardian_whose_account_was_misused_are_found(
    club: Tillit,
) -> None:
    values = [
        {"member_number": "p1", "birth_date": "1980-01-01"},
        {"member_number": "c1", "birth_date": "2016-01-01"},
    ]
    async with club.unit() as work:
        parent, child = await enrol(work.unit, SYSTEM, values, source="test")
        await guardians.name(
            work.unit, SYSTEM, work.active, child=child.id, guardian=parent.id, by=By.OFFICER,
            how="paper", evidence="F-1",
        )  # fmt: skip
    async with member_at(club, parent.id, stepped_up=True) as at:
        assert (await at.open("/my/family")).status_code == 200
    async with officer_at(club) as at:
        found = await ask(at, await write_down(at), kind="member_number", value="p1")
        search = UUID(found.rsplit("/", 1)[1])
        async with club.unit() as work:
            asked = await searches.one(work.unit, UUID(found.split("/")[3]), search)
        assert asked.question is not None
        assert len(asked.question.wards) == 1
        await worker.drain(club)
        text = (await at.open(found)).text
        assert "Somebody was signed in as a child&#39;s guardian" in text
        listed = (await at.send(f"{found}/ids")).content.decode("utf-8-sig")
        assert {row["member"] for row in csv.DictReader(io.StringIO(listed))} == {
            str(parent.id),
            str(child.id),
        }
        async with club.unit() as work:
            asked = await searches.one(work.unit, UUID(found.split("/")[3]), search)
        assert asked.question is not None
        assert (asked.question.holder, asked.question.wards) == (None, ())


MINE = {
    "account": {"happened": "My words of it", "aware": "2026-03-29T20:00"},
    "assessment": {"risk": "risk", "why": "My words of it", "consequences": "", "measures": ""},
    "authority": {"at": "2026-03-30T08:00", "reference": "My words of it"},
    "members": {"at": "2026-03-30T08:00", "search": "public"},
}
THEIRS = {
    "account": {"happened": "Theirs, of the same", "aware": "2026-03-29T20:00"},
    "assessment": {"risk": "high", "why": "Theirs, of the same", "consequences": "Fraud"},
    "authority": {"at": "2026-03-30T07:00", "reference": "Theirs, of the same"},
    "members": {"at": "2026-03-30T07:00", "search": "public"},
}


@pytest.mark.parametrize("form", [*MINE])
async def test_what_another_officer_has_written_meanwhile_is_not_done_away_with_unseen(
    club: Tillit, form: str
) -> None:
    async with officer_at(club) as mine, officer_at(club, name="officer-8") as theirs:
        breach = await write_down(mine)
        await mine.open(breach)
        await theirs.open(breach)
        assert (await theirs.send(f"{breach}/{form}", **THEIRS[form])).status_code == 200
        page = await mine.send(f"{breach}/{form}", **MINE[form])
        assert page.status_code == 409
        assert "Somebody has changed this breach since you opened the page" in page.text
        for one in (THEIRS, MINE):  # both are there, to be put together
            words = [text for text in one[form].values() if "of" in text]
            assert all(text in page.text for text in words)
        async with club.unit() as work:
            [one] = await register.listed(work.unit)
        assert one.account is not None
        assert [past.by for past in one.account.history] == ["officer-7", "officer-8"]
        # What stands now has been seen.
        assert (await mine.send(f"{breach}/{form}", **MINE[form])).status_code == 200


async def test_a_misfit_on_an_old_page_says_first_that_it_is_old(club: Tillit) -> None:
    async with officer_at(club) as mine, officer_at(club, name="officer-8") as theirs:
        breach = await write_down(mine)
        await mine.open(breach)
        await theirs.open(breach)
        await theirs.send(f"{breach}/account", **THEIRS["account"])
        page = await mine.send(f"{breach}/account", happened=" ", aware="2026-03-29T20:00")
        assert page.status_code == 409
        page = await mine.send(f"{breach}/account", happened=" ", aware="2026-03-29T20:00")
        assert page.status_code == 422


async def test_nobody_closes_what_they_have_not_seen(club: Tillit) -> None:
    async with officer_at(club) as mine, officer_at(club, name="officer-8") as theirs:
        breach = await write_down(mine)
        await mine.open(breach)
        await mine.send(f"{breach}/assessment", risk="none", why="Nobody read it")
        await theirs.open(breach)
        await theirs.send(f"{breach}/assessment", risk="none", why="It came back unopened")
        page = await mine.send(f"{breach}/close")
        assert page.status_code == 409
        assert "so it was not closed" in page.text
        assert "It came back unopened" in page.text
        assert (await mine.send(f"{breach}/close")).status_code == 200


async def test_a_list_that_was_fetched_changes_nothing_of_what_stands(club: Tillit) -> None:
    await read_by_till(club)
    async with officer_at(club) as mine, officer_at(club, name="officer-8") as theirs:
        breach = await write_down(mine)
        found = await ask(theirs, breach, **TILL)
        await worker.drain(club)
        await mine.open(breach)
        await theirs.open(found)
        assert (await theirs.send(f"{found}/ids")).status_code == 200
        assert (await mine.send(f"{breach}/account", **MINE["account"])).status_code == 200


async def test_a_closed_breach_tells_nobody_whether_an_identifier_is_a_members(
    club: Tillit,
) -> None:
    await read_by_till(club)
    async with officer_at(club) as at:
        breach = await write_down(at)
        await at.open(breach)
        await at.send(f"{breach}/assessment", risk="none", why="Nobody read it")
        await at.send(f"{breach}/close")
        answers = []
        for number in ("m0", "nobody"):
            await at.open("/desk/breaches/new")
            when = {"since": "2026-03-20T00:00", "until": "2026-03-31T00:00"}
            page = await at.send(f"{breach}/ask", **when, kind="member_number", value=number)
            answers.append(page.status_code)
        assert answers == [409, 409]


async def test_that_somebody_looked_for_a_member_stays_on_record_when_the_question_is_refused(
    club: Tillit,
) -> None:
    await read_by_till(club)
    async with officer_at(club) as at:
        breach = await write_down(at)
        await at.open(f"{breach}/ask")
        when = {"since": "2026-03-31T00:00", "until": "2026-03-20T00:00"}
        page = await at.send(f"{breach}/ask", **when, kind="member_number", value="m0")
        assert page.status_code == 422
    async with club.unit() as work:
        looked = [one async for one in all_entries(work.session, kinds=[Kind.PROFILE_READ])]
        assert [one.facts.get("how") for one in looked if one.actor.id == "officer-7"] == ["find"]
        id = UUID(breach.rsplit("/", 1)[1])
        assert await searches.of_breach(work.unit, id) == []
