"""A job that somebody made, or pointed elsewhere, carries out no request of another right."""

from uuid import UUID

import at_the_desk
import pytest
from a_life import Life

from api.bootstrap import SYSTEM
from api.jobs import Steps
from dsar import deciding, register
from dsar.deciding import JOBS
from dsar.states import Right, State
from dsar.wanted import Wanted
from kernel.errors import TillitError
from profiles import members

WISHES = {
    Right.OBJECTION: Wanted(marketing=True),
    Right.WITHDRAWAL: Wanted(purposes=("newsletter",)),
    Right.RECTIFICATION: Wanted(values={"tier": "silver"}),
}
STEPS = ("package", "rectification", "erasure", "restriction", "objection", "review")
OWN = {
    Right.ACCESS: "package", Right.PORTABILITY: "package", Right.RELEASE: "restriction",
    Right.WITHDRAWAL: "objection",
}  # fmt: skip


async def _approved(life: Life, right: Right) -> UUID:
    async with life.tillit.unit() as work:
        if right is Right.RELEASE:
            await at_the_desk.restricted(work, life.member)
        how = {"wish": WISHES[right]} if right in WISHES else {}
        asked = await at_the_desk.opened(work, right, life.member, **how)
        if State(asked.state) is not State.ACCEPTED:
            outcome = "it stands" if right is Right.REVIEW else ""
            await deciding.approve(work.unit, SYSTEM, work.active, asked.id, outcome=outcome)
    return asked.id


@pytest.mark.parametrize("right", list(Right), ids=str)
async def test_no_step_carries_out_what_is_another_s(life: Life, right: Right) -> None:
    request = await _approved(life, right)
    assert right in JOBS
    for name in STEPS:
        if name == OWN.get(right, right.value):
            continue
        with pytest.raises(TillitError):
            await getattr(Steps(life.tillit), name)(request=str(request))
        async with life.tillit.unit() as work:
            assert (await register.get(work.unit, request)).state is State.ACCEPTED, name
            assert await members.present(work.unit, [life.member]) == {life.member}, name
