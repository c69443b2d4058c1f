"""Rows that somebody has changed are told as broken, on the pages that hang on them: no fault."""

from typing import LiteralString
from uuid import UUID, uuid4

import at_the_desk
import psycopg
import pytest
from test_page_consent import OFFERS, people
from test_page_health import PAGE as HEALTH
from test_page_health import as_owner, wrong

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from consent.figures.counting import count_today
from dsar.states import Right
from kernel.database import libpq
from profiles.enrolment import enrol
from profiles.errors import CannotOpen
from tests.at_a_browser import member_at, officer_at

NEVER = ("infinity", "-infinity", "0044-03-15 BC", "20000-01-01")


async def _asked(tillit: Tillit) -> tuple[UUID, UUID]:
    """A member and their request, to which a letter was written."""
    async with tillit.unit() as work:
        values = {"member_number": "m1", "email": "maja@post.example"}
        [member] = await enrol(work.unit, SYSTEM, [values], source="sign-up")
        request = (await at_the_desk.opened(work, Right.ACCESS, member.id)).id
    await worker.drain(tillit)
    return member.id, request


@pytest.mark.parametrize("column", ["state", "what"])
async def test_a_letter_with_a_word_that_nobody_of_ours_wrote_breaks_its_request_alone(
    tillit: Tillit, column: LiteralString
) -> None:
    member, request = await _asked(tillit)
    paths = (f"/my/requests/{request}", f"/my/requests/{request}/letters/acknowledgement")
    async with member_at(tillit, member, stepped_up=True) as at:
        whole = [(await at.open(path)).status_code for path in paths]
    set_to: LiteralString = f"UPDATE outgoing SET {column} = 'zzz' WHERE request = %s"
    as_owner(tillit, set_to, request)
    async with member_at(tillit, member, stepped_up=True) as at:
        broken = [(await at.open(path)).status_code for path in paths]
        assert (await at.open("/my/requests")).status_code == 200
    assert [503 if status == 200 else status for status in whole] == broken
    assert 503 in broken
    async with officer_at(tillit) as at:
        page = await at.open(f"/desk/requests/{request}")
        assert page.status_code == 409
        assert "not as it was written" in page.text
        assert (await at.open("/desk/requests")).status_code == 200


@pytest.mark.parametrize("never", NEVER)
@pytest.mark.parametrize("column", ["day", "counted_at"])
async def test_figures_of_a_time_that_cannot_be_are_no_fault(
    tillit: Tillit, column: LiteralString, never: str
) -> None:
    await people(tillit, yes=30, no=20, silent=5)
    async with tillit.unit() as work:
        await tillit.gate.freshen(work.unit)
        await count_today(work.unit, work.active, tillit.replica.members)
    set_to: LiteralString = f"UPDATE consent_figure SET {column} = %s"
    as_owner(tillit, set_to + " WHERE purpose = 'personalised_offers'", never)
    async with officer_at(tillit) as at:
        page = await at.open(f"/desk/consent?{OFFERS}")
    # A row of no day is about none that anybody asks for; one of a day and no time is broken.
    assert page.status_code == (503 if column == "counted_at" else 200)
    with pytest.raises(CannotOpen):
        await tillit.rotate(SYSTEM)


@pytest.mark.parametrize("never", NEVER)
async def test_the_page_of_health_tells_of_a_checkpoint_of_no_time(
    tillit: Tillit, never: str
) -> None:
    await tillit.integrate()
    as_owner(tillit, "UPDATE audit_checkpoint SET at = %s", never)
    async with officer_at(tillit) as at:
        page = await at.open(HEALTH)
    assert page.status_code == 200
    assert any("not as it was signed" in one for one in wrong(page.text))


async def test_a_session_whose_account_is_gone_is_none(tillit: Tillit) -> None:
    async with officer_at(tillit) as at:
        assert (await at.open("/desk/requests")).status_code == 200
        as_owner(tillit, "UPDATE officer_account SET id = %s", uuid4())
        for path in ("/desk/requests", HEALTH):
            answer = await at.client.get(path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/sign-in")
        assert (await at.client.get("/sign-in")).status_code == 200
    with psycopg.connect(libpq(tillit.url, role=None)) as owner:
        assert owner.execute("SELECT count(*) FROM person_session").fetchone() == (1,)
