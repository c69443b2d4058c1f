"""What an entry says is believed when the signed tree holds it, however many are asked together."""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from audit.errors import RecordTampered
from audit.merkle import inclusion_path
from audit.tree import StoredTree, rows
from audit.trusting import Stored
from audit.verify import VerificationError, leaf_hash, open_checkpoint, verify_inclusion
from kernel.database import with_driver

_ENTRIES = """
SELECT e.id, e.body, l.number, p.mac FROM audit_entry e
LEFT JOIN audit_leaf l ON l.entry = e.id LEFT JOIN audit_pending p ON p.entry = e.id
ORDER BY e.id
"""
#: In each: a full tile, the next one, and the one that the tree ends in.
_TILES = (0, 1, 3)


@pytest.fixture
async def owner(full_url: str) -> AsyncIterator[AsyncSession]:
    """A session that may do anything; each change is rolled back."""
    engine = create_async_engine(with_driver(full_url), isolation_level="REPEATABLE READ")
    async with AsyncSession(engine) as session:
        await session.execute(text("SET session_replication_role = replica"))
        yield session
    await engine.dispose()


async def _entries(session: AsyncSession) -> list[Stored]:
    return [Stored(*row) for row in await rows(session, _ENTRIES)]


async def _believed(log: Any, session: AsyncSession, entries: list[Stored]) -> bool:
    session.info.clear()  # as in another transaction
    try:
        await log.record.trust.check(session, entries)
    except RecordTampered:
        return False
    return True


async def _proved(log: Any, session: AsyncSession, one: Stored) -> bool:
    """Whether this entry has a proof of its own, by what an outsider verifies it with."""
    [(note, size)] = await rows(
        session, "SELECT note, size FROM audit_checkpoint ORDER BY size DESC LIMIT 1"
    )
    checkpoint = open_checkpoint(note, log.signer.key)
    tree = await StoredTree.at(session, size)
    assert one.number is not None
    proof = await tree.prove(inclusion_path(one.number, size))
    try:
        verify_inclusion(
            leaf=leaf_hash(one.body),
            index=one.number,
            proof=proof,
            size=checkpoint.size,
            root=checkpoint.root,
        )
    except VerificationError:
        return False
    return True


async def test_every_entry_of_ours_is_believed_alone_and_with_all_others(
    full: Any, owner: AsyncSession
) -> None:
    entries = await _entries(owner)
    assert len(entries) == 1_020
    assert await _believed(full, owner, entries)
    for one in random.Random(1).sample(entries, 20):
        assert await _believed(full, owner, [one])


@pytest.mark.parametrize("tile", _TILES)
async def test_an_entry_that_was_changed_is_believed_neither_alone_nor_beside_its_neighbours(
    full: Any, owner: AsyncSession, tile: int
) -> None:
    number = tile * 256 + random.Random(tile).randrange(1, 200)
    await owner.execute(
        text(
            "UPDATE audit_entry SET body = body || ' '::bytea "
            "WHERE id = (SELECT entry FROM audit_leaf WHERE number = :number)"
        ),
        {"number": number},
    )
    near = [one for one in await _entries(owner) if one.number and one.number // 256 == tile]
    [changed] = [one for one in near if one.number == number]
    others = [one for one in near if one.number != number]
    assert not await _proved(full, owner, changed)
    assert not await _believed(full, owner, [changed])
    assert not await _believed(full, owner, near)
    # The last tile has no row: its hashes are those of its bodies, and none of them is proved.
    assert await _believed(full, owner, others) is (tile < 3)
    assert await _proved(full, owner, others[0]) is (tile < 3)


@pytest.mark.parametrize("number", [0, 7, 255])
async def test_no_entry_is_believed_by_a_tile_that_does_not_lie_under_the_signed_root(
    full: Any, owner: AsyncSession, number: int
) -> None:
    """Whoever changes an entry can change its hash in the tile as well."""
    entries = [one for one in await _entries(owner) if one.number is not None and one.number < 512]
    forged = {one.number: one.body + b" " for one in entries if one.number == number}
    await owner.execute(
        text(
            "UPDATE audit_tile SET hashes = overlay(hashes PLACING :hash FROM :place) "
            "WHERE level = 0 AND number = 0"
        ),
        {"hash": leaf_hash(forged[number]), "place": number * 32 + 1},
    )
    there = [
        Stored(one.id, forged.get(one.number or 0, one.body), one.number, None) for one in entries
    ]
    for one in random.Random(number).sample([one for one in there if (one.number or 0) < 256], 10):
        assert not await _believed(full, owner, [one])
    assert not await _believed(full, owner, there)
    assert await _believed(full, owner, [one for one in there if (one.number or 0) > 255])


async def test_of_two_entries_that_claim_one_leaf_neither_hides_the_other(
    full: Any, owner: AsyncSession
) -> None:
    [true] = [one for one in await _entries(owner) if one.number == 300]
    forged = Stored(true.id, true.body.replace(b"offers-engine", b"offers-enginf"), 300, None)
    assert await _believed(full, owner, [true])
    assert not await _believed(full, owner, [true, forged])
    assert not await _believed(full, owner, [forged, true])


async def test_what_was_seen_once_in_a_transaction_does_not_vouch_for_a_change_after_it(
    full: Any, owner: AsyncSession
) -> None:
    entries = [one for one in await _entries(owner) if one.number in (300, 301)]
    await full.record.trust.check(owner, entries)
    moved = Stored(entries[0].id, entries[0].body, 301, None)
    with pytest.raises(RecordTampered):
        await full.record.trust.check(owner, [moved])


async def test_an_entry_without_a_leaf_is_believed_by_its_mac_alone(
    full: Any, owner: AsyncSession
) -> None:
    pending = [one for one in await _entries(owner) if one.number is None]
    assert len(pending) == 20
    assert await _believed(full, owner, pending)
    for mac in (None, bytes(32)):
        forged = Stored(pending[0].id, pending[0].body, None, mac)
        assert not await _believed(full, owner, [*pending[1:], forged])


async def test_a_number_below_the_first_is_nobody_s(full: Any, owner: AsyncSession) -> None:
    [first] = [one for one in await _entries(owner) if one.number == 0]
    for number in (-1, -256, -1_000):
        assert not await _believed(full, owner, [Stored(first.id, first.body, number, None)])
