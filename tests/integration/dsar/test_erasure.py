"""An erasure leaves nothing: no row, no set, no key, nothing that opens; and it can be proved."""

import asyncio
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import at_the_desk
import pytest
from a_life import ITEMS, Life

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from audit.browsing import all_entries
from audit.entries import Kind as EntryKind
from audit.verify import CERTIFICATE, VerifierKey, open_note, verify_proof
from consent import checks
from consent.grants import authorise
from consent.programme import Action
from dsar import certificates, register
from dsar.errors import NotReady
from dsar.states import Right, State
from kernel.database import raw
from profiles import events
from profiles.enrolment import enrol
from profiles.errors import AlreadyEnrolled, CannotOpen, KeyDestroyed, UnknownMember
from profiles.keys import MemberKey, SealingKey
from profiles.members import find, load, one
from profiles.purchases import Purchase
from profiles.sealing import TABLE, unpack

_UUID_COLUMNS = """
SELECT c.table_name, c.column_name FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND c.data_type = 'uuid' AND t.table_type = 'BASE TABLE'
"""
_TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
"""


async def _query(tillit: Tillit, statement: str, *values: Any) -> list[Any]:
    async with tillit.database.transaction() as session:
        cursor = await (await raw(session)).execute(statement, values)
        return await cursor.fetchall()


async def _mentions(tillit: Tillit, member: UUID) -> set[str]:
    """Every column of every table in which the member's id stands, also inside other values."""
    found = set()
    for table, column in await _query(tillit, _UUID_COLUMNS):
        query = f"SELECT count(*) FROM {table} WHERE {column} = %s"
        if (await _query(tillit, query, member))[0][0]:
            found.add(f"{table}.{column}")
    for (table,) in await _query(tillit, _TABLES):
        # The whole row as text: ids in text, JSON or bytes show too.
        query = f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE ANY(%s)"
        spellings = [f"%{member}%", f"%{member.hex}%"]
        if (await _query(tillit, query, spellings))[0][0]:
            found.add(table)
    return found


async def test_no_row_of_any_table_mentions_the_member_any_more(life: Life) -> None:
    tillit = life.tillit
    await life.answered(Right.ACCESS)
    before = await _mentions(tillit, life.member)
    assert {"member.id", "member_key.member", "event.member", "lookup.member", "ledger.member",
            "request.member", "package.member"} <= before  # fmt: skip
    await life.answered(Right.ERASURE)
    assert await _mentions(tillit, life.member) == set()
    assert await _mentions(tillit, life.neighbour) >= {"member.id", "event.member"}


async def test_the_member_is_in_no_set_and_in_no_answer(life: Life) -> None:
    tillit = life.tillit
    await tillit.replica.barrier()
    ordinal = (await _query(tillit, "SELECT ordinal FROM member WHERE id = %s", life.member))[0][0]
    assert sum(ordinal in members for members in tillit.replica.members.sets.values()) > 5
    await life.answered(Right.ERASURE)
    assert await life.segment() == {life.neighbour}
    assert not any(ordinal in members for members in tillit.replica.members.sets.values())
    fresh = Tillit(tillit.settings, tillit.url, tillit.clock)
    await fresh.open_keys()
    await fresh.replica.barrier()
    assert not any(ordinal in members for members in fresh.replica.members.sets.values())
    await fresh.close()
    async with tillit.unit() as work:
        assert await checks.check(work.unit) == []
        assert await find(work.unit, "email", "asa.oberg@post.example") == []
        may = {"purpose": "personalised_offers", "action": Action.READ}
        grant = authorise(work.active, "offers-engine", **may)
        [line] = await tillit.gate.read(work.unit, grant, [life.member])
        assert (line.values, line.held_back) == ({}, "unknown_member")


async def test_what_was_copied_before_opens_with_nothing_the_store_has(life: Life) -> None:
    tillit = life.tillit
    [(sealed,)] = await _query(tillit, "SELECT sealed FROM member WHERE id = %s", life.member)
    [event, *_] = await _query(
        tillit, "SELECT id, sealed FROM event WHERE member = %s", life.member
    )
    copied = unpack(sealed)
    async with tillit.unit() as work:
        key = (await one(work.unit, life.member)).key
        assert key.open_field(TABLE, "email", copied["email"])
        assert key.open_field("event", event[0].hex, event[1])
    await life.answered(Right.ERASURE)
    async with tillit.unit() as work:
        everything: list[SealingKey] = [work.unit.epoch]
        rows = await (await raw(work.session)).execute("SELECT id FROM member")
        members = await load(work.unit, [row[0] for row in await rows.fetchall()])
        everything += [member.key for member in members.values()]
    for held in everything:
        # As this member's key, should the secret be the same by whatever mistake.
        disguised = MemberKey(life.member, held._secret)
        for name, value in copied.items():
            with pytest.raises(CannotOpen):
                disguised.open_field(TABLE, name, value)
        with pytest.raises(CannotOpen):
            disguised.open_field("event", event[0].hex, event[1])


async def test_after_a_rotation_a_copied_member_key_opens_nothing_either(life: Life) -> None:
    """The shred horizon: until then a backup of the database holds the wrapped key."""
    tillit = life.tillit
    query = """SELECT m.ordinal, k.epoch, k.wrapped
        FROM member m JOIN member_key k ON k.member = m.id WHERE m.id = %s"""
    [(ordinal, epoch, wrapped)] = await _query(tillit, query, life.member)
    await life.answered(Right.ERASURE)
    async with tillit.unit() as work:
        assert work.unit.epoch.unwrap_at(epoch, life.member, wrapped, ordinal=ordinal)
    await tillit.rotate(SYSTEM)
    async with tillit.unit() as work:
        with pytest.raises(KeyDestroyed):
            work.unit.epoch.unwrap_at(epoch, life.member, wrapped, ordinal=ordinal)
        with pytest.raises(CannotOpen):
            work.unit.epoch.unwrap(life.member, wrapped, ordinal=ordinal)
    assert await life.segment() == {life.neighbour}


async def test_the_certificate_verifies_offline_and_says_what_was_destroyed(life: Life) -> None:
    tillit = life.tillit
    async with tillit.unit() as work:
        fingerprint = (await one(work.unit, life.member)).key.fingerprint()
    request = await life.answered(Right.ERASURE)
    async with tillit.unit() as work:
        document = json.loads(
            await certificates.of_request(work.unit, await tillit.signer(work.session), request)
        )
    # From here on only what the certificate's holder has, and audit.verify.
    key = VerifierKey.parse(document["verifier_key"])
    text = open_note(document["note"], key)
    assert text.startswith(CERTIFICATE)
    assert json.loads(text.split("\n", 1)[1]) == document["certificate"]
    verify_proof(document["proof"], entry=document["entry"].encode(), key=key)
    entry = json.loads(document["entry"])
    assert entry["kind"] == "member.erased"
    assert document["certificate"]["key_fingerprint"] == entry["facts"]["key"] == fingerprint
    destroyed = document["certificate"]["destroyed"]
    assert destroyed == entry["facts"]["rows"]
    assert (destroyed["event"], destroyed["ledger"], destroyed["member_key"]) == (2, 3, 1)
    everything = json.dumps(document)
    assert not [v for v in ("FK-1001", "Öberg", "oberg", str(life.member)) if v in everything]


async def test_erasing_twice_changes_nothing(life: Life) -> None:
    tillit = life.tillit
    request = await life.answered(Right.ERASURE)
    async with tillit.unit() as work:
        document = await certificates.of_request(
            work.unit, await tillit.signer(work.session), request
        )
        assert not await tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [request])
        with pytest.raises(UnknownMember):
            await at_the_desk.opened(work, Right.ERASURE, life.member)
    await worker.drain(tillit)
    async with tillit.unit() as work:
        assert (
            await certificates.of_request(work.unit, await tillit.signer(work.session), request)
            == document
        )
        kinds = [entry.kind async for entry in all_entries(work.session)]
    assert kinds.count(EntryKind.MEMBER_ERASED) == 1
    assert kinds.count(EntryKind.CERTIFICATE_ISSUED) == 1


async def test_two_who_erase_at_once_erase_once(life: Life) -> None:
    tillit = life.tillit
    request = await life.ask(Right.ERASURE)

    async def erase() -> list[UUID]:
        async with tillit.unit() as work:
            return await tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [request])

    assert sorted(await asyncio.gather(erase(), erase(), erase())) == [[], [], [request]]


async def test_purchases_recorded_meanwhile_are_erased_too_or_refused(life: Life) -> None:
    """The till holds the member; the erasure waits, and takes what the till has brought."""
    tillit = life.tillit
    request = await life.ask(Right.ERASURE)

    async def erase() -> None:
        async with tillit.unit() as work:
            assert await tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [request])

    async with tillit.unit() as work:
        member = await one(work.unit, life.member, lock=True)
        erasing = asyncio.create_task(erase())
        await asyncio.sleep(0.2)
        at = work.unit.now - timedelta(minutes=1)
        bought = Purchase("till", "R-3", at, Decimal("10.00"), False, ITEMS)
        assert (await events.record(work.unit, SYSTEM, {member: [bought]})).new == 1
        assert not erasing.done()
    await erasing
    await worker.drain(tillit)
    assert await _mentions(tillit, life.member) == set()
    assert await life.segment() == {life.neighbour}
    with pytest.raises(UnknownMember):
        async with tillit.unit() as work:
            await one(work.unit, life.member, lock=True)


async def test_other_requests_of_the_member_are_closed_and_forget_them(life: Life) -> None:
    tillit = life.tillit
    async with tillit.unit() as work:
        other = await at_the_desk.opened(work, Right.RESTRICTION, life.member)
    request = await life.answered(Right.ERASURE)
    async with tillit.unit() as work:
        closed = await register.get(work.unit, other.id)
        erased = await register.get(work.unit, request)
    assert (closed.member, closed.state) == (None, State.UNFULFILLED)
    assert (erased.member, erased.state) == (None, State.FULFILLED)


async def test_an_access_request_approved_before_the_erasure_comes_to_nothing_quietly(
    life: Life,
) -> None:
    access, erasure = await life.ask(Right.ACCESS), await life.ask(Right.ERASURE)
    async with life.tillit.unit() as work:
        assert await life.tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [erasure])
    await worker.drain(life.tillit)
    async with life.tillit.unit() as work:
        assert (await register.get(work.unit, access)).state is State.UNFULFILLED
        assert await certificates.of_request(
            work.unit, await life.tillit.signer(work.session), erasure
        )


async def test_a_certificate_that_is_not_there_is_said_so(life: Life) -> None:
    request = await life.ask(Right.ERASURE)
    async with life.tillit.unit() as work:
        with pytest.raises(NotReady):
            await certificates.of_request(
                work.unit, await life.tillit.signer(work.session), request
            )


async def test_the_number_is_free_again_and_the_new_member_is_another(life: Life) -> None:
    again = {"member_number": "FK-1001", "tier": "gold"}
    with pytest.raises(AlreadyEnrolled):
        async with life.tillit.unit() as work:
            await enrol(work.unit, SYSTEM, [again], source="till")
    await life.answered(Right.ERASURE)
    async with life.tillit.unit() as work:
        [member] = await enrol(work.unit, SYSTEM, [again], source="till")
    assert member.id != life.member
    assert await life.segment() == {life.neighbour}  # the consent of the one before is gone
