"""Breaches: written down, asked about, told of, closed, by officers who may."""

import csv
import io
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest

from api import work as worker
from api.bootstrap import SYSTEM, Tillit, opened
from api.breaching import tell
from api.settings import Settings
from audit.browsing import all_entries
from audit.entries import Kind
from audit.errors import RecordError
from consent.grants import authorise
from consent.programme import Action, load_programme, read_programme
from dsar import checks
from dsar.breaches import register, searches
from dsar.breaches.clock import clock, due_at
from kernel.clock import StoppedClock
from kernel.database import libpq
from profiles.enrolment import enrol
from tests.at_a_browser import Browser, member_at, officer_at
from tests.conftest import EXAMPLES

PAGE = "/desk/breaches"
NOW = datetime(2026, 3, 30, 6, 30, tzinfo=UTC)  # 08:30 in Stockholm, a day after summer time
SECRET = "A list was left on a bus by somebody from the shop"
ROLES = """
[officers.auditor]
can = ["record"]

[officers.desk]
can = ["requests", "programme", "keys"]
"""


@pytest.fixture
async def club(settings: Settings) -> Tillit:  # type: ignore[misc]
    async with opened(settings, clock=StoppedClock(NOW)) as tillit:
        await tillit.apply(SYSTEM, load_programme(EXAMPLES / "fjallklubben.toml"))
        yield tillit


async def with_roles(tillit: Tillit) -> None:
    source = (EXAMPLES / "fjallklubben.toml").read_text("utf-8")
    whole = '[officers.privacy_officer]\ncan = ["requests", "record", "programme", "keys"]\n'
    await tillit.apply(SYSTEM, read_programme((source + whole + ROLES).encode()))


async def read_by_till(tillit: Tillit, count: int = 3) -> list[UUID]:
    values = [
        {"member_number": f"m{n}", "name": f"=Nora {n}", "email": f"n{n}@post.example",
         "tier": "gold", "birth_date": "2015-01-01"}
        for n in range(count)
    ]  # fmt: skip
    async with tillit.unit() as work:
        people = await enrol(work.unit, SYSTEM, values, source="test")
    async with tillit.unit() as work:
        grant = authorise(
            work.active, "till", purpose="membership", action=Action.READ, fields=["tier"]
        )
        read = [one.id for one in people[: count - 1]]
        await tillit.gate.read(work.unit, grant, read)
    return [one.id for one in people]


async def write_down(at: Browser, *, aware: str = "2026-03-29T20:00") -> str:
    """The address of a new breach's page."""
    await at.open(f"{PAGE}/new")
    page = await at.send(f"{PAGE}/new", happened=SECRET, aware=aware, since="2026-03-20T00:00")
    assert page.status_code == 200, page.text
    return str(page.url.path)


async def ask(at: Browser, breach: str, **more: str | list[str]) -> str:
    await at.open(f"{breach}/ask")
    sent = {"since": "2026-03-20T00:00", "until": "2026-03-31T00:00"} | more
    page = await at.send(f"{breach}/ask", **sent)
    assert page.status_code == 200, page.text
    return str(page.url.path)


def figures(text: str) -> dict[str, str]:
    found = re.findall(r'<dt>([^<]*)</dt><dd class="figure">([\d ,.]+)', text)
    return {name: value.strip() for name, value in found}


async def test_a_breach_is_written_down_and_its_clock_is_seen(club: Tillit) -> None:
    async with officer_at(club) as at:
        assert "No breach has been written down" in (await at.open(PAGE)).text
        breach = await write_down(at)
        text = (await at.open(PAGE)).text
        assert SECRET in text
        # 20:00 in summer time is 18:00 UTC: 12 and a half hours are gone.
        assert "2 days 11 hours left" in text
        assert "The risk has to be assessed" in text
        assert SECRET in (await at.open(breach)).text
    with psycopg.connect(libpq(club.url, role=None)) as connection:
        [(sealed,)] = connection.execute("SELECT sealed FROM breach").fetchall()
        bodies = connection.execute("SELECT body FROM audit_entry").fetchall()
    assert SECRET.encode() not in bytes(sealed)
    assert not any(b"bus" in bytes(body) for (body,) in bodies)


async def test_who_was_affected_is_asked_found_and_listed(club: Tillit) -> None:
    people = await read_by_till(club)
    async with officer_at(club) as at:
        breach = await write_down(at)
        found = await ask(at, breach, **{"actors[]": ["service/till"]})
        assert "Waits for a worker" in at.page.text if at.page else False
        await worker.drain(club)
        text = (await at.open(found)).text
        told = figures(text)
        assert (told["Affected"], told["May have been"]) == ("2", "0")
        assert told["Children (under 18)"] == "2"
        assert "The record could tell all that was asked" in text
        assert re.search(r'<th scope="row">till</th><td>[^<]*\(tier\)</td>', text)
        listed = await at.send(f"{found}/ids")
        rows = list(csv.reader(io.StringIO(listed.content.decode("utf-8-sig"))))
        assert rows[0] == ["member", "affected"]
        assert {row[0] for row in rows[1:]} == {str(one) for one in people[:2]}
        assert {row[1] for row in rows[1:]} == {"certain"}


async def test_names_are_opened_for_whoever_may_after_a_second_proof_and_on_record(
    club: Tillit,
) -> None:
    people = await read_by_till(club)
    async with officer_at(club) as at:
        found = await ask(at, await write_down(at))
        await worker.drain(club)
        await at.open(found)
        listed = await at.send(found, part="1")
    rows = list(csv.reader(io.StringIO(listed.content.decode("utf-8-sig"))))
    assert rows[0][:2] == ["member", "affected"]
    assert {row[rows[0].index("email")] for row in rows[1:]} == {
        "n0@post.example",
        "n1@post.example",
    }
    # No spreadsheet takes a name for a formula.
    assert all(row[rows[0].index("name")].startswith("'=") for row in rows[1:])
    async with club.unit() as work:
        opened_ = [
            one
            async for one in all_entries(work.session, kinds=[Kind.PROFILE_READ])
            if one.facts.get("how") == "breach"
        ]
    assert len(opened_) == 2
    assert all({"name", "email"} <= {*one.facts["fields"]} for one in opened_)
    assert len(people) == 3


async def test_names_wait_for_a_second_proof(club: Tillit) -> None:
    await read_by_till(club)
    async with officer_at(club) as at:
        found = await ask(at, await write_down(at))
        await worker.drain(club)
        assert isinstance(club.clock, StoppedClock)
        club.clock.at += timedelta(minutes=11)
        await at.open(found)
        answer = await at.send(found, part="1")
    assert answer.status_code == 403
    assert 'href="/second' in answer.text
    assert "post.example" not in answer.text


async def test_who_may_see_the_record_and_no_requests_opens_no_name(club: Tillit) -> None:
    await with_roles(club)
    await read_by_till(club)
    async with officer_at(club, role="auditor") as at:
        breach = await write_down(at)
        assert 'name="kind"' not in (await at.open(f"{breach}/ask")).text
        found = await ask(at, breach)
        await worker.drain(club)
        text = (await at.open(found)).text
        assert "Fetch the ids" in text
        assert "Fetch names" not in text
        assert (await at.send(found, part="1")).status_code == 403
        await at.open(f"{breach}/ask")
        sent = {"since": "2026-03-20T00:00", "until": "2026-03-31T00:00"}
        looked = await at.send(f"{breach}/ask", **sent, kind="email", value="n1@post.example")
        assert looked.status_code == 403


async def test_officers_without_the_record_see_no_breach(club: Tillit) -> None:
    await with_roles(club)
    async with officer_at(club, role="desk") as at:
        for path in (PAGE, f"{PAGE}/new"):
            assert (await at.open(path)).status_code == 403
        assert f'href="{PAGE}"' not in (await at.open("/desk/requests")).text


async def test_a_misused_account_is_found_by_its_member(club: Tillit) -> None:
    people = await read_by_till(club)
    async with member_at(club, people[2], stepped_up=True) as at:
        assert (await at.open("/my/data")).status_code == 200
    async with officer_at(club) as at:
        breach = await write_down(at)
        found = await ask(at, breach, kind="email", value="N2@post.example")
        await worker.drain(club)
        text = (await at.open(found)).text
        assert figures(text)["Affected"] == "1"
        assert "the account of one member" in text
        await at.open(f"{breach}/ask")
        sent = {"since": "2026-03-20T00:00", "until": "2026-03-31T00:00"}
        nobody = await at.send(f"{breach}/ask", **sent, kind="email", value="x@post.example")
        assert nobody.status_code == 422
        assert "No member is found by that" in nobody.text


@pytest.mark.parametrize("keys", [False, True])
async def test_a_copied_database_says_what_its_seals_are_worth(club: Tillit, keys: bool) -> None:
    await read_by_till(club)
    async with officer_at(club) as at:
        breach = await write_down(at)
        more = {"keys_too": "true"} if keys else {}
        found = await ask(at, breach, whole="true", **more)
        await worker.drain(club)
        text = (await at.open(found)).text
        assert figures(text)["Affected"] == "3"
        assert ("Art. 34(3)(a)" in text) is not keys
        assert ("AES-256-GCM" in (await at.open(f"{breach}/notice")).text) is not keys


async def test_it_is_assessed_told_of_and_closed_and_then_stays(club: Tillit) -> None:
    people = await read_by_till(club)
    async with officer_at(club) as at:
        breach = await write_down(at)
        found = await ask(at, breach, **{"actors[]": ["service/till"]})
        await worker.drain(club)
        await at.open(breach)
        stood = re.findall(r'name="stood" value="([^"]*)"', at.page.text if at.page else "")[0]
        early = await at.send(f"{breach}/close", stood=stood)
        assert early.status_code == 409
        await at.open(breach)
        page = await at.send(
            f"{breach}/assessment", risk="high", why="Names", consequences="Fraud", measures="Keys"
        )
        assert "The authority has to be told" in page.text
        assert "Those affected have to be told" in page.text
        page = await at.send(f"{breach}/authority", at="2026-03-30T08:00", reference="DI-1")
        assert "Authority told in time" in page.text
        search = found.rpartition("/")[2]
        page = await at.send(f"{breach}/members", at="2026-03-30T08:15", search=search)
        assert page.status_code == 200, page.text
        notice = (await at.open(f"{breach}/notice")).text
        assert "Nothing is missing" not in notice  # which kind it is has not been said
        assert "Nature: which kind of breach it is" in notice
        await at.open(breach)
        page = await at.send(f"{breach}/close")
        assert "Nothing of it is changed" not in page.text
        changed = await at.send(
            f"{breach}/account", happened="Else", aware="2026-03-29T20:00", stood=str(uuid4())
        )
        assert changed.status_code in (403, 409)
        await at.open(PAGE)
        assert "Nothing: it is closed." in at.page.text if at.page else False
    await worker.drain(club)
    await club.integrate()
    async with member_at(club, people[0], stepped_up=True) as at:
        assert "a breach of data security concerned your data" in (await at.open("/my/uses")).text
    async with member_at(club, people[2], stepped_up=True) as at:
        assert "breach of data security" not in (await at.open("/my/uses")).text


async def test_members_are_told_once_however_often_the_job_is_done(club: Tillit) -> None:
    await read_by_till(club)
    async with officer_at(club) as at:
        breach = await write_down(at)
        search = (await ask(at, breach)).rpartition("/")[2]
        await worker.drain(club)
        for _ in range(2):
            await at.open(breach)
            page = await at.send(f"{breach}/members", at="2026-03-30T08:15", search=search)
            assert page.status_code == 200

    await worker.drain(club)
    id = UUID(breach.rpartition("/")[2])
    assert await tell(club, id, UUID(search), "officer-7") == 0
    async with club.unit() as work:
        told = [one async for one in all_entries(work.session, kinds=[Kind.BREACH_TOLD])]
    assert len(told) == 2
    assert {one.actor.id for one in told} == {"officer-7"}


async def test_a_late_notice_gives_its_reasons(club: Tillit) -> None:
    async with officer_at(club) as at:
        breach = await write_down(at, aware="2026-03-27T08:00")
        # 72 hours and a half by the wall, and an hour less than that: a night was cut short.
        assert "less than an hour left" in (await at.open(breach)).text
    assert isinstance(club.clock, StoppedClock)
    club.clock.at += timedelta(hours=3)
    async with officer_at(club, name="officer-8") as at:
        assert "Late by 2 hours" in (await at.open(PAGE)).text
        await at.open(breach)
        page = await at.send(f"{breach}/authority", at="2026-03-30T11:00", reference="DI <2>")
        assert page.status_code == 422
        assert "write why" in page.text
        assert 'value="DI &lt;2&gt;"' in page.text  # what was sent is still there
        why = "Nobody was at work."
        page = await at.send(f"{breach}/authority", at="2026-03-30T11:00", delay=why)
        assert "Authority told late, by 2 hours" in page.text
        assert why in (await at.open(f"{breach}/notice")).text


@pytest.mark.parametrize(
    "sent",
    [
        {"happened": " ", "aware": "2026-03-29T20:00"},
        {"happened": "x", "aware": "2026-04-01T20:00"},
        {"happened": "x", "aware": "yesterday"},
        {"happened": "x", "aware": "2026-03-29T20:00+02:00"},
        {"happened": "x", "aware": "0001-01-01T00:00"},
        {"happened": "x", "aware": "2026-03-29T20:00", "until": "2026-03-01T00:00"},
        {"happened": "x", "aware": "2026-03-29T20:00", "since": "2026-03-29T00:00",
         "until": "2026-03-28T00:00"},
    ],
)  # fmt: skip
async def test_what_cannot_be_so_comes_back(club: Tillit, sent: dict[str, str]) -> None:
    async with officer_at(club) as at:
        await at.open(f"{PAGE}/new")
        page = await at.send(f"{PAGE}/new", **sent)
        assert page.status_code == 422
        assert 'role="alert"' in page.text
        async with club.unit() as work:
            assert await register.listed(work.unit) == []


@pytest.mark.parametrize(
    "sent",
    [
        {"until": "2026-03-19T00:00"},
        {"since": ""},
        {"actors[]": ["service/nobody"]},
        {"purposes[]": ["nothing"]},
        {"fields[]": ["nothing"]},
        {"keys_too": "true"},
    ],
)
async def test_what_cannot_be_asked_comes_back(
    club: Tillit, sent: dict[str, str | list[str]]
) -> None:
    async with officer_at(club) as at:
        breach = await write_down(at)
        await at.open(f"{breach}/ask")
        form: dict[str, str | list[str]] = {
            "since": "2026-03-20T00:00",
            "until": "2026-03-31T00:00",
        }
        page = await at.send(f"{breach}/ask", **form | sent)
        assert page.status_code == 422
        assert 'role="alert"' in page.text


async def test_a_record_that_was_cut_off_answers_nobody(club: Tillit) -> None:
    await read_by_till(club)
    await club.integrate()
    async with officer_at(club) as at:
        found = await ask(at, await write_down(at))
        with psycopg.connect(libpq(club.url, role=None), autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("UPDATE audit_checkpoint SET note = note || ' '")
        with suppress(RecordError):  # the worker's own numbering says so too
            await worker.drain(club)
        text = (await at.open(found)).text
    assert "take it that anybody may have been" in text
    assert "Affected" not in figures(text)


async def test_a_register_that_was_changed_or_put_back_is_found(club: Tillit) -> None:
    async with officer_at(club) as at:
        breach = await write_down(at)
        await at.open(breach)
        with psycopg.connect(libpq(club.url, role=None), autocommit=True) as connection:
            [(before,)] = connection.execute("SELECT sealed FROM breach").fetchall()
            await at.send(f"{breach}/assessment", risk="risk", why="x")
            await club.integrate()
            assert await _problems(club) == []
            connection.execute("UPDATE breach SET sealed = %s", (before,))
            assert [one for one in await _problems(club) if "put on record last" in one]
            connection.execute("UPDATE breach SET sealed = '\\x00'")
            assert [one for one in await _problems(club) if "not as it was sealed" in one]
            text = (await at.open(PAGE)).text
            assert "Broken: nobody can read breach" in text
            connection.execute("DELETE FROM breach")
            assert [one for one in await _problems(club) if "missing" in one]


async def _problems(tillit: Tillit) -> list[str]:
    signer = await tillit.signer()
    async with tillit.unit() as work:
        return await checks.check(work.unit, signer.key)


async def test_a_rotation_keeps_the_register_and_its_answers(club: Tillit) -> None:
    await read_by_till(club)
    async with officer_at(club) as at:
        breach = await write_down(at)
        found = await ask(at, breach)
        await worker.drain(club)
        await club.rotate(SYSTEM)
        assert SECRET in (await at.open(breach)).text
        assert figures((await at.open(found)).text)["Affected"] == "2"
    assert await _problems(club) == []


async def test_a_search_of_another_breach_is_not_this_ones(club: Tillit) -> None:
    async with officer_at(club) as at:
        one, other = await write_down(at), await write_down(at)
        search = (await ask(at, one)).rpartition("/")[2]
        assert (await at.open(f"{other}/found/{search}")).status_code == 404
        async with club.unit() as work:
            assert await searches.of_breach(work.unit, UUID(other.rpartition("/")[2])) == []


def test_the_clock_runs_in_hours_through_weekends_and_summer_time() -> None:
    zone = ZoneInfo("Europe/Stockholm")
    friday = datetime(2026, 3, 27, 22, 0, tzinfo=zone)
    # Three days by the wall and an hour more: the night to Sunday has no hour between 2 and 3.
    assert due_at(friday).astimezone(zone) == datetime(2026, 3, 30, 23, 0, tzinfo=zone)
    autumn = datetime(2026, 10, 23, 22, 0, tzinfo=zone)
    assert due_at(autumn).astimezone(zone) == datetime(2026, 10, 26, 21, 0, tzinfo=zone)
    easter = datetime(2026, 4, 2, 16, 0, tzinfo=zone)
    assert due_at(easter).astimezone(zone) == datetime(2026, 4, 5, 16, 0, tzinfo=zone)


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (timedelta(0), (3, 0, False, False)),
        (timedelta(hours=47, minutes=59), (1, 0, False, False)),
        (timedelta(hours=48), (1, 0, False, True)),
        (timedelta(hours=72), (0, 0, False, True)),
        (timedelta(hours=72, seconds=1), (0, 0, True, False)),
        (timedelta(hours=100), (1, 4, True, False)),
    ],
)
def test_the_clock_tells_what_is_left(after: timedelta, told: tuple[int, int, bool, bool]) -> None:
    found = clock(NOW, NOW + after)
    assert (found.days, found.hours, found.late, found.soon) == told


@pytest.mark.parametrize("language", ["sv", "nb", "da", "fi"])
async def test_it_speaks_every_language(club: Tillit, language: str) -> None:
    async with officer_at(club, language=language) as at:
        breach = await write_down(at)
        for path in (PAGE, breach, f"{breach}/ask", f"{breach}/notice"):
            answer = await at.open(path)
            assert answer.status_code == 200
            assert f'<html lang="{language}">' in answer.text
