"""How a request ended, by its row, is compared with how it ended by the record."""

import at_the_desk
from a_life import Life
from test_forged_entries import _as_owner
from test_verify_goes_on import _problems

from api.bootstrap import SYSTEM
from dsar import deciding
from dsar.states import Right
from dsar.words import Reason


async def test_another_reason_than_the_one_on_record_is_named(life: Life) -> None:
    async with life.tillit.unit() as work:
        asked = await at_the_desk.opened(work, Right.ERASURE, life.member)
        await deciding.refuse(work.unit, SYSTEM, work.active, asked.id, reason=Reason.LAW)
    assert await _problems(life) == []
    named = [f"request {asked.id} has another reason than was put on record"]
    for other in (Reason.EXCESSIVE.value, None):
        _as_owner(life, "UPDATE request SET reason = %s WHERE id = %s", other, asked.id)
        assert await _problems(life) == named


async def test_an_erasure_s_request_names_the_entry_of_its_own_erasure(life: Life) -> None:
    one = await life.answered(Right.ERASURE)
    other = await life.answered(Right.ERASURE, life.neighbour)
    assert await _problems(life) == []
    named = [f"request {one} does not name the erasure that was put on record for it"]
    [(theirs,)] = _as_owner(life, "SELECT erased FROM request WHERE id = %s", other)
    for entry in (None, one, theirs):
        _as_owner(life, "UPDATE request SET erased = %s WHERE id = %s", entry, one)
        assert await _problems(life) == named
