"""A row that somebody wrote into the register keeps no member from what is theirs by right."""

from typing import LiteralString
from uuid import UUID, uuid4

import at_the_desk
import psycopg
import pytest
from a_life import Life

from api.jobs import Steps
from audit.verify import VerifierKey
from dsar import checks, register
from dsar.states import Right, State
from dsar.wanted import Wanted
from kernel.database import libpq

_ROW: LiteralString = (
    "INSERT INTO request (id, kind, state, member, channel, language, received, opened_at, due, "
    "wanted) VALUES (%s, %s, %s, %s, %s, 'sv', now(), now(), now(), 'x')"
)


def _written(life: Life, kind: str, state: str, channel: str = "member") -> UUID:
    """A row about the member that no door has written."""
    id = uuid4()
    with psycopg.connect(libpq(life.tillit.url, role=None), autocommit=True) as owner:
        owner.execute(_ROW, (id, kind, state, life.member, channel))
    return id


async def _problems(life: Life) -> list[str]:
    key = VerifierKey.parse((await life.tillit.signer()).verifier_key)
    async with life.tillit.unit() as work:
        return await checks.check(work.unit, key)


@pytest.mark.parametrize(
    ("kind", "state", "channel"),
    [
        ("access", "garbage", "member"),
        ("garbage", "acknowledged", "member"),
        ("access", "acknowledged", "garbage"),
    ],
)
async def test_an_erasure_goes_through_past_a_row_with_no_word_of_ours(
    life: Life, kind: str, state: str, channel: str
) -> None:
    row = _written(life, kind, state, channel)
    request = await life.ask(Right.ERASURE)
    await Steps(life.tillit).erasure(request=str(request))
    async with life.tillit.unit() as work:
        assert (await register.get(work.unit, request)).member is None
    with psycopg.connect(libpq(life.tillit.url, role=None)) as owner:
        left = owner.execute(
            "SELECT member, wanted, closed_at IS NULL FROM request WHERE id = %s", (row,)
        ).fetchone()
    assert left == (None, None, False)
    assert any(str(row) in problem for problem in await _problems(life))


@pytest.mark.parametrize("state", ["acknowledged", "garbage"])
async def test_a_member_withdraws_past_a_row_that_does_not_open(life: Life, state: str) -> None:
    row = _written(life, "withdrawal", state)
    wish = Wanted(purposes=("newsletter",))
    async with life.tillit.unit() as work:
        asked = await at_the_desk.opened(work, Right.WITHDRAWAL, life.member, wish=wish)
    assert (asked.joined, asked.state) == (False, State.ACCEPTED)
    await Steps(life.tillit).objection(request=str(asked.id))
    async with life.tillit.unit() as work:
        assert (await register.get(work.unit, asked.id)).state is State.FULFILLED
    assert any(str(row) in problem for problem in await _problems(life))
