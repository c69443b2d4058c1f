"""No note of a request, a proof or a hold keeps a control character, whichever door it came by."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from api.bootstrap import SYSTEM, Tillit, Work
from dsar import desk, holds, identity_steps, register
from dsar.errors import NotAHold, NotARequest
from dsar.holds import Ground
from dsar.identity import How
from dsar.states import Right
from dsar.wanted import Wanted
from profiles.enrolment import enrol
from tests.at_a_browser import member_at
from tests.at_the_desk import opened

NOTE = "please\0 now"


async def _asked(work: Work, member: UUID) -> object:
    return await opened(work, Right.ACCESS, member, wish=Wanted(note=NOTE))


async def _held(work: Work, member: UUID) -> object:
    return await holds.place(work.unit, SYSTEM, member, Ground.LEGAL_CLAIMS, note=NOTE)


async def _attested(work: Work, member: UUID) -> object:
    made = await opened(work, Right.ACCESS, member)
    return await identity_steps.attest(
        work.unit, SYSTEM, work.active, made.id, how=How.OFFICER, note=NOTE
    )


async def _member(tillit: Tillit) -> UUID:
    async with tillit.unit() as work:
        [member] = await enrol(work.unit, SYSTEM, [{"member_number": "m1"}], source="sign-up")
    return member.id


@pytest.mark.parametrize("keep", [_asked, _held, _attested])
async def test_a_note_with_a_control_character_is_refused(
    tillit: Tillit, keep: Callable[[Work, UUID], Awaitable[object]]
) -> None:
    member = await _member(tillit)
    with pytest.raises((NotARequest, NotAHold), match="no control characters"):
        async with tillit.unit() as work:
            await keep(work, member)


async def test_a_pages_form_is_read_without_them(tillit: Tillit) -> None:
    member = await _member(tillit)
    async with member_at(tillit, member, stepped_up=True) as at:
        await at.open("/my/requests/new/access")
        answer = await at.send("/my/requests/new/access", note=NOTE)
        assert answer.status_code == 200
    async with tillit.unit() as work:
        [found] = await register.listed(work.unit, member=member)
        wish = await desk.wish_opened(work.unit, SYSTEM, found)
    assert wish is not None
    assert wish.note == "please now"
