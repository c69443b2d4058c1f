"""Rotating the key epoch: the living lose nothing, and old copies of the erased are noise."""

import asyncio

import at_the_desk
import pytest

from api.bootstrap import SYSTEM, Tillit, opened
from api.work import drain
from consent import checks, ledger
from consent.choices import Action as Said
from consent.choosing import choose
from consent.grants import authorise
from consent.programme import Action
from dsar import deciding
from dsar.states import Right
from kernel.database import raw
from profiles import rotation
from profiles.enrolment import enrol
from profiles.errors import EpochInUse, ProfilesError
from profiles.keys import MemberKey
from profiles.members import find, load

PEOPLE = [
    {"member_number": str(n), "email": f"member{n}@example.com", "tier": "gold"} for n in range(3)
]


async def _consenting(tillit: Tillit) -> list[MemberKey]:
    async with tillit.unit() as work:
        unit = work.unit
        members = await enrol(unit, SYSTEM, PEOPLE, source="test")
        purpose = work.active.programme.purpose("personalised_offers")
        yes = choose(unit, purpose, Said.GIVEN, at=unit.now, by="member", language="sv")
        locked = await load(unit, [m.id for m in members], lock=True)
        await ledger.record(unit, SYSTEM, {one: [yes] for one in locked.values()})
    return [member.key for member in members]


async def _matched(tillit: Tillit) -> int:
    async with tillit.unit() as work:
        grant = authorise(
            work.active, "offers-engine", purpose="personalised_offers", action=Action.SEGMENT
        )
        answer = await tillit.gate.evaluate(work.unit, grant, "tier = 'gold'")
        assert len(await tillit.gate.numbers(work.unit, answer)) == answer.matched
        return answer.matched


async def test_a_rotation_changes_no_answer(tillit: Tillit) -> None:
    await _consenting(tillit)
    assert await _matched(tillit) == 3
    rotated = await tillit.rotate(SYSTEM)
    assert (rotated.epoch, rotated.members) == (2, 3)
    assert await _matched(tillit) == 3
    async with tillit.unit() as work:
        assert len(await find(work.unit, "email", " Member1@Example.com ")) == 1
        assert await checks.check(work.unit) == []


async def test_a_process_that_slept_through_a_rotation_answers_right(tillit: Tillit) -> None:
    await _consenting(tillit)
    async with opened(tillit.settings) as other:
        assert await _matched(other) == 3
        await tillit.rotate(SYSTEM)
        assert await _matched(other) == 3


async def test_a_copy_from_before_opens_nothing_of_a_member_erased_before_the_rotation(
    tillit: Tillit,
) -> None:
    keys = await _consenting(tillit)
    gone = keys[0].member
    async with tillit.unit() as work:
        connection = await raw(work.session)
        cursor = await connection.execute(
            "SELECT m.ordinal, k.epoch, k.wrapped FROM member m "
            "JOIN member_key k ON k.member = m.id WHERE m.id = %s",
            (gone,),
        )
        ordinal, epoch, wrapped = (await cursor.fetchall())[0]
        request = await at_the_desk.opened(work, Right.ERASURE, gone)
        await deciding.approve(work.unit, SYSTEM, work.active, request.id)
    await drain(tillit)
    live = tillit.keyring.live
    assert live.unwrap_at(epoch, gone, wrapped, ordinal=ordinal).fingerprint()  # a backup's danger
    await tillit.rotate(SYSTEM)
    with pytest.raises(ProfilesError):
        tillit.keyring.live.unwrap_at(epoch, gone, wrapped, ordinal=ordinal)
    with pytest.raises(ProfilesError):
        tillit.keyring.live.unwrap(gone, wrapped, ordinal=ordinal)
    async with tillit.unit() as work:
        connection = await raw(work.session)
        cursor = await connection.execute("SELECT number, state FROM epoch_key")
        assert sorted(await cursor.fetchall()) == [(1, "destroyed"), (2, "live")]
    files = list(tillit.settings.root_key.parent.glob("epoch-*.key"))
    assert [file.name[:12] for file in files] == ["epoch-000002"]
    assert await _matched(tillit) == 2


async def test_a_rotation_that_waits_for_long_work_lets_others_by(tillit: Tillit) -> None:
    await _consenting(tillit)
    async with asyncio.timeout(60):
        async with tillit.unit():  # long work
            rotating = asyncio.create_task(tillit.rotate(SYSTEM))
            await asyncio.sleep(0.5)
            assert await _matched(tillit) == 3
            assert not rotating.done()
        assert (await rotating).epoch == 2


async def test_a_rotation_gives_up_where_the_epoch_is_always_in_use(
    tillit: Tillit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "_TRIES", 2)
    monkeypatch.setattr(rotation, "_PAUSE", 0.01)
    async with tillit.unit():
        with pytest.raises(EpochInUse):
            await tillit.rotate(SYSTEM)
    assert (await tillit.rotate(SYSTEM)).epoch == 2
