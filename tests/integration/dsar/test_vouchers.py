"""What the books keep of somebody who was erased: enough, apart, until its day, and nameless."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from at_the_books import BEGAN, Books

from api import work as worker
from api.bootstrap import SYSTEM, opened
from api.settings import Settings
from audit.browsing import Told, all_entries
from audit.entries import Kind as EntryKind
from consent.errors import NotPermitted
from consent.grants import Grant, authorise
from consent.programme import Action, read_programme
from dsar import certificates, checks, previews, vouchers
from dsar.bookkeeping import books_of
from dsar.errors import NoBookkeeping
from dsar.journal import Journal, Line
from dsar.vouchers import Kept
from kernel.clock import StoppedClock
from profiles.errors import CannotOpen, KeyDestroyed

YEAR = BEGAN.year
#: Purchases of so many years ago: the law has let go of those of eight.
YEARS_AGO = (0, 1, 1, 6, 7, 8, 9)
DAYS = [datetime(YEAR - back, 1, 15, 12, tzinfo=UTC) for back in YEARS_AGO]
KEPT = [back for back in YEARS_AGO if back <= 7]


async def _read(books: Books, year: int, **how: Any) -> list[Kept]:
    async with books.tillit.unit() as work:
        found = books_of(work.active.programme)
        assert found is not None
        grant = authorise(work.active, "ledger-export", purpose="bookkeeping", action=Action.READ)
        how = {"after": None, "limit": 100} | how
        return await vouchers.read(work.unit, grant, found, year=year, **how)


async def _entries(books: Books, kind: EntryKind) -> list[Told]:
    async with books.tillit.unit() as work:
        return [one async for one in all_entries(work.session, kinds=[kind])]


async def test_purchases_whose_years_are_not_over_stay_and_the_others_go(books: Books) -> None:
    member = await books.joins(DAYS)
    await books.erased(member)
    rows = await books.query("SELECT year, keep_until FROM voucher ORDER BY year DESC")
    assert rows == [(YEAR - back, date(YEAR - back + 7, 12, 31)) for back in sorted(KEPT)]
    assert await books.query("SELECT FROM event") == []
    [entry] = await _entries(books, EntryKind.VOUCHERS_KEPT)
    assert (entry.facts["vouchers"], entry.facts["until"]) == (len(KEPT), f"{YEAR + 7}-12-31")
    assert entry.facts["law"] == "Bokföringslagen (1999:1078), 7 kap. 2 §"
    assert entry.purpose == "bookkeeping"


async def test_a_voucher_shows_the_purchase_and_only_the_fields_that_its_purpose_names(
    books: Books,
) -> None:
    member = await books.joins(DAYS[:1], phone="+46701234567", tier="gold")
    await books.erased(member)
    [kept] = await _read(books, YEAR)
    assert kept.voucher.fields == {"member_number": "FK-1", "name": "Åsa Öberg-1"}
    bought = kept.voucher.purchase
    assert (bought.source, bought.reference, bought.at) == ("till", "R-0", DAYS[0])
    assert [item.sku for item in bought.items] == ["SKU-0"]
    assert "Öberg" not in repr(kept)


async def test_no_column_of_a_voucher_leads_to_the_member(books: Books) -> None:
    member = await books.joins(DAYS)
    # What a backup from before holds of them, to hold against what stays.
    old = await books.query("SELECT id, reference FROM event WHERE member = %s", member)
    request = await books.erased(member)
    rows = await books.query("SELECT t.*, t::text AS whole FROM voucher AS t")
    assert len(rows) == len(KEPT)
    known = {member, request, *(row[0] for row in old)}
    hexes = {one.hex for one in known} | {row[1].hex() for row in old}
    for id, *_, whole in rows:
        assert id.version == 4
        assert id not in known
        flat = whole.replace("-", "").replace("\\x", "")
        assert not any(one in flat or one[:32] in flat for one in hexes)


async def test_a_page_follows_the_one_before_and_each_is_on_record(books: Books) -> None:
    for _ in range(3):
        await books.erased(await books.joins(DAYS[1:3]))
    seen: list[UUID] = []
    after: UUID | None = None
    while page := await _read(books, YEAR - 1, after=after, limit=4):
        seen += [one.id for one in page]
        after = page[-1].id
    assert len(seen) == len(set(seen)) == 6
    assert seen == sorted(seen)
    read = await _entries(books, EntryKind.VOUCHERS_READ)
    assert [one.facts["vouchers"] for one in read] == [4, 2, 0]
    assert {(one.subject, one.purpose, one.actor.id) for one in read} == {
        (None, "bookkeeping", "ledger-export")
    }


async def test_no_other_service_and_no_other_purpose_reads_a_voucher(books: Books) -> None:
    await books.erased(await books.joins(DAYS))
    async with books.tillit.unit() as work:
        found = books_of(work.active.programme)
        assert found is not None
        programme = work.active.programme
        grants: list[Grant] = []
        for service in programme.services:
            for purpose in programme.purposes:
                for action in Action:
                    try:
                        grant = authorise(work.active, service, purpose=purpose, action=action)
                    except NotPermitted:
                        continue
                    grants.append(grant)
        able = []
        for grant in grants:
            try:
                page = await vouchers.read(work.unit, grant, found, year=YEAR, after=None, limit=9)
            except NoBookkeeping:
                continue
            able.append((grant.service, grant.purpose.name, grant.action, len(page)))
    assert len(grants) > 5
    assert able == [("ledger-export", "bookkeeping", Action.READ, 1)]


async def test_vouchers_open_after_a_rotation_and_copies_from_before_do_not(books: Books) -> None:
    await books.erased(await books.joins(DAYS))
    before = await books.query("SELECT id, year, keep_until, epoch, sealed FROM voucher")
    await books.tillit.rotate(SYSTEM)
    assert {row[0] for row in await books.query("SELECT epoch FROM voucher")} == {2}
    assert len(await _read(books, YEAR)) == 1
    async with books.tillit.unit() as work:
        for id, year, until, _, sealed in before:
            with pytest.raises((CannotOpen, KeyDestroyed)):
                vouchers.opened(work.unit.epoch, id=id, year=year, until=until, sealed=sealed)


async def test_a_voucher_goes_the_day_after_its_last_and_not_before(books: Books) -> None:
    await books.erased(await books.joins(DAYS))
    for back in sorted(KEPT, reverse=True):
        last = datetime(YEAR - back + 7, 12, 31, 12, tzinfo=UTC)
        if last < books.clock.at:
            continue
        books.clock.at = last
        assert await worker.drop_vouchers(books.tillit) == 0
        assert await _read(books, YEAR - back)
        books.clock.at = last + timedelta(days=1)
        assert await _read(books, YEAR - back) == []  # over: given to nobody any more
        gone = await worker.drop_vouchers(books.tillit)
        assert gone == KEPT.count(back) or not gone
    assert await books.query("SELECT FROM voucher") == []
    deleted = await _entries(books, EntryKind.VOUCHERS_DELETED)
    assert sum(one.facts["vouchers"] for one in deleted) == len(KEPT)
    await _holds(books)


async def test_a_voucher_whose_day_was_changed_is_neither_read_nor_deleted(books: Books) -> None:
    await books.erased(await books.joins(DAYS[:1]))
    for day in (date(YEAR - 1, 12, 31), date(YEAR + 70, 12, 31)):
        await books.query("UPDATE voucher SET keep_until = %s", day)
        with pytest.raises(CannotOpen):
            await (_read(books, YEAR) if day.year > YEAR else worker.drop_vouchers(books.tillit))
        assert await books.query("SELECT count(*) FROM voucher") == [(1,)]
        assert any("voucher" in one for one in await _wrong(books))


async def test_a_programme_without_books_keeps_nothing(books: Books) -> None:
    async with books.tillit.unit() as work:
        source = work.active.programme.source
    line = next(one for one in source.splitlines() if one.startswith('bookkeeping = "book'))
    await books.tillit.apply(SYSTEM, read_programme(source.replace(line, "")))
    await books.erased(await books.joins(DAYS))
    assert await books.query("SELECT FROM voucher") == []
    assert await _entries(books, EntryKind.VOUCHERS_KEPT) == []


async def test_a_restored_member_is_erased_again_and_their_vouchers_stay_once(
    books: Books, settings: Settings
) -> None:
    """The purchases come back with a backup; their vouchers have the ids they had."""
    member = await books.joins(DAYS)
    kept = {
        table: await books.query(f"SELECT * FROM {table} WHERE {column} = %s", member)
        for table, column in (("member", "id"), ("member_key", "member"), ("event", "member"))
    }
    await books.erased(member)
    before = sorted(await books.query("SELECT id, year, keep_until FROM voucher"))
    for table, rows in kept.items():
        for row in rows:
            places = ", ".join(["%s"] * len(row))
            await books.query(f"INSERT INTO {table} VALUES ({places})", *row)
    async with opened(settings, clock=StoppedClock(books.clock.at)) as again:
        revived = Books(again, books.clock)
        assert await revived.query("SELECT FROM event") == []
        assert sorted(await revived.query("SELECT id, year, keep_until FROM voucher")) == before
        await worker.drain(again)
        await _holds(revived)


async def test_an_erasure_cut_off_before_its_commit_keeps_them_at_the_next_start(
    books: Books, settings: Settings
) -> None:
    member = await books.joins(DAYS)
    request = await books.approved(member)
    Journal(settings.journal).append(Line(member, request), at=books.clock.at)
    async with opened(settings, clock=books.clock) as again:
        assert await Books(again, books.clock).query("SELECT count(*) FROM voucher") == [
            (len(KEPT),)
        ]


async def test_a_damaged_purchase_keeps_nobody_from_being_erased_and_is_counted_as_lost(
    books: Books,
) -> None:
    days = [datetime(YEAR - back, 1, 15, 12, tzinfo=UTC) for back in KEPT]  # whichever is damaged
    member = await books.joins(days)
    [(damaged,), *_] = await books.query("SELECT id FROM event ORDER BY id")
    await books.query(_DAMAGE + " WHERE id = %s", damaged)
    request = await books.approved(member)
    async with books.tillit.unit() as work:
        found = await previews.of_request(work.unit, SYSTEM, work.active, request)
    await worker.drain(books.tillit)
    [erased] = await _entries(books, EntryKind.MEMBER_ERASED)
    assert erased.facts["rows"]["unreadable"] == 1
    assert erased.facts["rows"]["event"] == len(days)
    assert found.destroys["unreadable"] == 1
    assert sum(one["count"] for one in erased.facts["kept"]) == len(KEPT) - 1
    assert await books.query("SELECT count(*) FROM voucher") == [(len(KEPT) - 1,)]
    async with books.tillit.unit() as work:
        document = json.loads(
            await certificates.of_request(
                work.unit, await books.tillit.signer(work.session), request
            )
        )
    assert document["certificate"]["destroyed"]["unreadable"] == 1
    await _holds(books)


_DAMAGE = "UPDATE event SET sealed = overlay(sealed placing '\\x00'::bytea from 20)"


async def test_a_voucher_that_was_taken_or_added_is_found(books: Books) -> None:
    await books.erased(await books.joins(DAYS))
    await _holds(books)
    [row, *_] = await books.query("SELECT * FROM voucher LIMIT 1")
    await books.query("DELETE FROM voucher WHERE id = %s", row[0])
    assert any("voucher" in one for one in await _wrong(books))
    await books.query("INSERT INTO voucher VALUES (%s, %s, %s, %s, %s)", *row)
    await _holds(books)
    await books.query("UPDATE voucher SET id = %s WHERE id = %s", UUID(int=7), row[0])
    assert any("voucher" in one for one in await _wrong(books))


async def _wrong(books: Books) -> list[str]:
    await books.tillit.integrate()
    key = (await books.tillit.signer()).key
    async with books.tillit.unit() as work:
        return await checks.check(work.unit, key)


async def _holds(books: Books) -> None:
    assert await _wrong(books) == []
