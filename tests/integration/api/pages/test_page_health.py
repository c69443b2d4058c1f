"""Keys and health: what needs somebody is said first and in words."""

import re
from datetime import timedelta
from typing import Any, LiteralString

import psycopg
import pytest

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from audit.entries import Kind
from consent.programme import read_programme
from dsar.states import Right
from kernel.database import libpq
from profiles.enrolment import enrol
from tests.at_a_browser import officer_at
from tests.at_the_desk import approved
from tests.conftest import EXAMPLES

PAGE = "/desk/health"
CONNECTED = (EXAMPLES / "fjallklubben-connected.toml").read_text("utf-8")
ROLES = """
[officers.keeper]
can = ["programme", "keys"]

[officers.desk]
can = ["requests"]
"""
_LIVES = "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s::interval)"


def as_owner(tillit: Tillit, statement: LiteralString, *values: Any) -> None:
    with psycopg.connect(libpq(tillit.url, role=None), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no trigger fires
        connection.execute(statement, values)


def wrong(text: str) -> list[str]:
    """Each warning at the top."""
    found = re.search(r'<section class="wrong".*?</section>', text, re.DOTALL)
    return re.findall(r"<li>(.*?)</li>", found.group()) if found else []


async def seen(tillit: Tillit) -> str:
    async with officer_at(tillit) as at:
        return (await at.open(PAGE)).text


async def test_all_is_well_where_a_worker_lives_and_nothing_waits(tillit: Tillit) -> None:
    as_owner(tillit, _LIVES, timedelta())
    await tillit.integrate()
    text = await seen(tillit)
    assert wrong(text) == []
    assert "Nothing is wrong" in text


@pytest.mark.parametrize("silent", [None, timedelta(minutes=5)])
async def test_a_worker_that_is_gone_or_silent_is_missed(
    tillit: Tillit, silent: timedelta | None
) -> None:
    if silent is not None:
        as_owner(tillit, _LIVES, silent)
    [said] = wrong(await seen(tillit))
    assert said.startswith("No worker has said for a while that it lives")


async def test_the_newest_checkpoint_and_what_waits_are_told(tillit: Tillit) -> None:
    await tillit.integrate()
    async with tillit.database.transaction() as session:
        await tillit.record.write(session, SYSTEM.entry(Kind.KEYS_ROTATED))
    text = await seen(tillit)
    assert "entries, signed" in text
    assert re.search(r"\d+, the oldest for \d+ seconds", text)


async def test_a_record_that_was_cut_off_is_called_out(tillit: Tillit) -> None:
    as_owner(tillit, _LIVES, timedelta())
    await tillit.integrate()
    as_owner(tillit, "DELETE FROM audit_checkpoint")
    assert any(one.startswith("The record is shorter") for one in wrong(await seen(tillit)))


async def test_the_horizon_is_the_last_rotation(tillit: Tillit) -> None:
    assert "every backup there is still opens" in await seen(tillit)
    await tillit.rotate(SYSTEM)
    async with officer_at(tillit, name="officer-8") as at:
        text = (await at.open(PAGE)).text
    assert "opens any more: the key of that time is destroyed" in text
    assert re.search(r'<th scope="row" class="number">1</th><td>Destroyed</td>', text)
    assert re.search(r'<th scope="row" class="number">2</th><td><span[^>]*>In use', text)


async def test_an_erasure_before_the_next_rotation_is_within_reach(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        [member] = await enrol(work.unit, SYSTEM, [{"member_number": "m1"}], source="sign-up")
        await approved(work, Right.ERASURE, member.id)
    await worker.drain(tillit)
    assert "1 erasure could still be undone" in await seen(tillit)
    await tillit.rotate(SYSTEM)
    async with officer_at(tillit, name="officer-8") as at:
        assert "could still be undone" not in (await at.open(PAGE)).text


async def test_jobs_are_counted_by_their_name_and_failures_are_wrong(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        [member] = await enrol(work.unit, SYSTEM, [{"member_number": "m1"}], source="sign-up")
        await approved(work, Right.ACCESS, member.id)
    as_owner(tillit, "UPDATE procrastinate_jobs SET status = 'failed'")
    text = await seen(tillit)
    assert re.search(r'class="mono">request\.access</th>.*?>1 <span class="badge late">', text)
    assert any("failed too often: 1." in one for one in wrong(text))
    assert str(member.id) not in text


async def test_recipients_without_their_keys_are_wrong(tillit: Tillit) -> None:
    await tillit.apply(SYSTEM, read_programme(CONNECTED.encode()))
    said = wrong(await seen(tillit))
    assert any("its secret is missing" in one for one in said)
    assert any("its certificate is missing" in one for one in said)


async def test_only_who_looks_after_keys_sees_it(tillit: Tillit) -> None:
    await tillit.apply(SYSTEM, read_programme((CONNECTED + ROLES).encode()))
    async with officer_at(tillit, role="keeper") as at:
        assert (await at.open(PAGE)).status_code == 200
    async with officer_at(tillit, role="desk", name="officer-8") as at:
        assert (await at.open(PAGE)).status_code == 403
        assert f'href="{PAGE}"' not in (await at.open("/desk/requests")).text


@pytest.mark.parametrize("language", ["sv", "nb", "da", "fi"])
async def test_it_speaks_every_language(tillit: Tillit, language: str) -> None:
    async with officer_at(tillit, language=language) as at:
        answer = await at.open(PAGE)
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
