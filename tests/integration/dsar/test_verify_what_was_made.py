"""What the record says was made, and nothing says is gone, is there, or the check names it."""

from datetime import timedelta
from uuid import UUID

import at_the_desk
import pytest
from a_life import Life
from at_the_books import Books
from test_forged_entries import _as_owner
from test_verify_goes_on import _problems

from api import work as worker
from api.bootstrap import SYSTEM
from dsar import checks, identity_steps
from dsar.identity import How, Proof
from dsar.packages import keeping
from dsar.states import Right

_LETTER = "DELETE FROM letter WHERE request = %s AND kind = 'answer'"


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (_LETTER, "the answer letter of request {} was written and is missing"),
        (
            "DELETE FROM outgoing WHERE request = %s AND what = 'letter:answer'",
            "what became of the answer letter of request {} is on record and missing",
        ),
        (
            "DELETE FROM package WHERE request = %s",
            "the package of request {} was made and is missing",
        ),
        (
            "DELETE FROM identity_proof WHERE request = %s",
            "request {} has 0 of the 1 proofs of identity that were given for it",
        ),
    ],
)
async def test_what_was_deleted_by_hand_is_named(life: Life, statement: str, named: str) -> None:
    request = await life.answered(Right.ACCESS)
    other = await life.answered(Right.ACCESS, life.neighbour)
    assert await _problems(life) == []
    _as_owner(life, statement, request)
    assert await _problems(life) == [named.format(request)]
    _as_owner(life, statement, other)
    assert sorted(await _problems(life)) == sorted([named.format(request), named.format(other)])


async def test_what_went_with_an_erased_member_is_not_missed_and_a_farewell_is(life: Life) -> None:
    await life.answered(Right.ACCESS)
    request = await life.answered(Right.ERASURE)
    assert _as_owner(life, "SELECT id FROM letter WHERE member = %s", life.member) == []
    assert await _problems(life) == []
    _as_owner(life, "DELETE FROM outgoing WHERE request = %s AND what = 'letter:farewell'", request)
    assert await _problems(life) == [
        f"what became of the farewell letter of request {request} is on record and missing"
    ]


async def test_a_package_that_ran_out_is_not_missed(books: Books) -> None:
    member = await books.joins()
    async with books.tillit.unit() as work:
        asked = await at_the_desk.approved(work, Right.ACCESS, member)
    await worker.drain(books.tillit)
    books.clock.at += timedelta(days=400)
    async with books.tillit.unit() as work:
        assert await keeping.expire(work.unit, SYSTEM) == 1
    await books.tillit.integrate()
    key = (await books.tillit.signer()).key
    async with books.tillit.unit() as work:
        assert await checks.check(work.unit, key) == []
    assert await books.query("SELECT FROM package WHERE request = %s", asked.id) == []


async def test_a_second_sign_in_that_was_not_kept_again_is_not_missed(life: Life) -> None:
    """It is on record each time, and kept while none of its kind holds."""
    tillit = life.tillit
    async with tillit.unit() as work:
        how = {"proof": Proof(How.OFFICER)}
        request: UUID = (await at_the_desk.opened(work, Right.ACCESS, life.member, **how)).id
    for _ in range(3):
        async with tillit.unit() as work:
            await identity_steps.step_up(work.unit, SYSTEM, work.active, request, lately=True)
    assert len(_as_owner(life, "SELECT id FROM identity_proof WHERE request = %s", request)) == 2
    assert await _problems(life) == []
    _as_owner(
        life,
        "DELETE FROM identity_proof WHERE id = "
        "(SELECT id FROM identity_proof WHERE request = %s LIMIT 1)",
        request,
    )
    assert await _problems(life) == [
        f"request {request} has 1 of the 2 proofs of identity that were given for it"
    ]
