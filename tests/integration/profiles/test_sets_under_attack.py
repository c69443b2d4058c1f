"""Who can write to the database, and has no key, gets no older answer out of us."""

from datetime import timedelta

import pytest

from api.bootstrap import SYSTEM, Tillit, opened
from consent import ledger
from consent.choices import Action as Said
from consent.choosing import choose
from consent.grants import authorise
from consent.programme import Action
from kernel.clock import StoppedClock, SystemClock
from kernel.database import raw
from kernel.errors import TillitError, Unavailable
from profiles.enrolment import enrol
from profiles.errors import CannotOpen
from profiles.folding import fold
from profiles.members import Member, one

PURPOSE = "personalised_offers"


async def _consenting(tillit: Tillit) -> Member:
    async with tillit.unit() as work:
        values = {"member_number": "1", "tier": "gold"}
        member = (await enrol(work.unit, SYSTEM, [values], source="test"))[0]
    await _say(tillit, member, Said.GIVEN)
    return member


async def _say(tillit: Tillit, member: Member, action: Said) -> None:
    async with tillit.unit() as work:
        purpose = work.active.programme.purpose(PURPOSE)
        said = choose(work.unit, purpose, action, at=work.unit.now, by="member", language="sv")
        locked = await one(work.unit, member.id, lock=True)
        await ledger.record(work.unit, SYSTEM, {locked: [said]})


async def _matched(tillit: Tillit) -> int:
    async with tillit.unit() as work:
        grant = authorise(work.active, "offers-engine", purpose=PURPOSE, action=Action.SEGMENT)
        return (await tillit.gate.evaluate(work.unit, grant, "tier = 'gold'")).matched


async def _as_intruder(tillit: Tillit, statement: str) -> None:
    async with tillit.database.transaction() as session:
        await (await raw(session)).execute(statement)


async def test_a_process_that_is_told_of_a_change_it_cannot_find_answers_nothing(
    tillit: Tillit,
) -> None:
    member = await _consenting(tillit)
    assert await _matched(tillit) == 1
    async with opened(tillit.settings) as other:
        await _say(other, member, Said.WITHDRAWN)
    await _as_intruder(
        tillit, "DELETE FROM shard_change WHERE number = (SELECT max(number) FROM shard_change)"
    )
    for _ in range(2):
        with pytest.raises(Unavailable):
            await _matched(tillit)


async def test_a_gap_is_not_folded_away(tillit: Tillit) -> None:
    member = await _consenting(tillit)
    await _say(tillit, member, Said.WITHDRAWN)
    await _say(tillit, member, Said.REFUSED)
    await _as_intruder(tillit, "DELETE FROM shard_change WHERE number = 3")
    with pytest.raises(CannotOpen, match="lacks the change after 2"):
        async with tillit.unit() as work:
            await fold(work.session, work.unit.epoch, 0)


async def test_no_row_talks_us_into_deleting_the_only_key(tillit: Tillit) -> None:
    await _consenting(tillit)
    keys = sorted(tillit.settings.root_key.parent.glob("epoch-*.key"))
    await _as_intruder(tillit, "UPDATE epoch_key SET state='destroyed', destroyed_at=now()")
    with pytest.raises(TillitError):
        async with opened(tillit.settings) as other:
            await _matched(other)
    assert sorted(tillit.settings.root_key.parent.glob("epoch-*.key")) == keys
    await _as_intruder(tillit, "UPDATE epoch_key SET state='live', destroyed_at=NULL")
    async with opened(tillit.settings) as other:
        assert await _matched(other) == 1


async def test_a_withdrawal_wins_over_a_consent_from_a_clock_that_is_ahead(
    tillit: Tillit,
) -> None:
    member = await _consenting(tillit)
    ahead = StoppedClock(SystemClock().now() + timedelta(seconds=45))
    async with opened(tillit.settings, clock=ahead) as other:
        await _say(other, member, Said.GIVEN)
    assert await _matched(tillit) == 1
    await _say(tillit, member, Said.WITHDRAWN)
    assert await _matched(tillit) == 0


async def test_a_yes_is_as_long_as_a_no_wherever_it_rests(tillit: Tillit) -> None:
    member = await _consenting(tillit)
    await _say(tillit, member, Said.WITHDRAWN)
    async with tillit.unit() as work:
        connection = await raw(work.session)
        for table in ("shard_change WHERE number > 1", "ledger"):
            cursor = await connection.execute(f"SELECT DISTINCT length(sealed) FROM {table}")
            assert len(await cursor.fetchall()) == 1
