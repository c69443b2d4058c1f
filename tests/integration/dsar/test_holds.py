"""While a legal hold stands nothing is erased, and when it ends what was approved is done."""

from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import at_the_desk
import psycopg
import pytest
from at_the_books import BEGAN, Books

from api import work as worker
from api.bootstrap import SYSTEM, opened
from api.settings import Settings
from audit.acts import Act
from audit.browsing import all_entries
from audit.entries import ActorType
from audit.entries import Kind as EntryKind
from dsar import checks, deciding, holds, overdue, previews, register
from dsar.errors import BrokenRequest, Held, NotAHold, UnknownHold
from dsar.holds import Ground, Hold
from dsar.journal import Journal, Line
from dsar.states import Right, State
from kernel.database import libpq
from kernel.errors import Unavailable
from profiles.errors import UnknownMember

LAWYER = Act(ActorType.OFFICER, "officer-3")
TODAY = BEGAN.date()


async def _placed(books: Books, member: UUID, **how: Any) -> Hold:
    async with books.tillit.unit() as work:
        ground = how.pop("ground", Ground.LEGAL_CLAIMS)
        return await holds.place(work.unit, LAWYER, member, ground, **how)


async def _lifted(books: Books, hold: UUID) -> Hold:
    async with books.tillit.unit() as work:
        return (await holds.lift(work.unit, LAWYER, hold)).hold


async def _state(books: Books, request: UUID) -> State:
    async with books.tillit.unit() as work:
        return (await register.get(work.unit, request)).state


async def _jobs(books: Books) -> int:
    [(count,)] = await books.query(
        "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'request.erasure'"
    )
    return int(count)


async def _wrong(books: Books) -> list[str]:
    await books.tillit.integrate()
    key = (await books.tillit.signer()).key
    async with books.tillit.unit() as work:
        return await checks.check(work.unit, key)


async def test_an_erasure_under_a_hold_is_not_approved(books: Books) -> None:
    member = await books.joins()
    hold = await _placed(books, member, until=TODAY + timedelta(days=9))
    with pytest.raises(Held, match="legal_claims") as raised:
        await books.approved(member)
    assert str(TODAY + timedelta(days=9)) in raised.value.problems[0].remedy
    await _lifted(books, hold.id)
    request = await books.erased(member)
    assert await _state(books, request) is State.FULFILLED


@pytest.mark.parametrize("until", [date.max, TODAY.replace(year=TODAY.year + 101)])
async def test_a_hold_until_a_day_out_of_reach_is_refused_and_says_what_to_do(
    books: Books, until: date
) -> None:
    member = await books.joins()
    with pytest.raises(NotAHold, match="years away"):
        await _placed(books, member, until=until)
    await _placed(books, member, until=TODAY.replace(year=TODAY.year + 100))
    assert await _wrong(books) == []


async def test_other_rights_are_answered_under_a_hold(books: Books) -> None:
    member = await books.joins()
    await _placed(books, member)
    async with books.tillit.unit() as work:
        asked = await at_the_desk.approved(work, Right.RESTRICTION, member)
    await worker.drain(books.tillit)
    assert await _state(books, asked.id) is State.FULFILLED


async def test_an_approved_erasure_waits_for_a_hold_and_nothing_spins(books: Books) -> None:
    member = await books.joins()
    request = await books.approved(member)
    hold = await _placed(books, member)
    for _ in range(3):
        await worker.drain(books.tillit)
    assert await _state(books, request) is State.ACCEPTED
    assert await _jobs(books) == 1  # the one that the approval made
    assert await worker.resume(books.tillit) == 0
    async with books.tillit.database.transaction() as session:
        assert await overdue.failing(session, books.clock.now()) == 0
    await _lifted(books, hold.id)
    assert await worker.resume(books.tillit) == 1
    await worker.drain(books.tillit)
    assert await _state(books, request) is State.FULFILLED
    assert await books.query("SELECT FROM legal_hold") == []
    assert await _wrong(books) == []


async def test_a_hold_ends_by_itself_after_its_last_day(books: Books) -> None:
    member = await books.joins()
    request = await books.approved(member)
    await _placed(books, member, until=TODAY + timedelta(days=2))
    for days in range(5):
        books.clock.at = BEGAN + timedelta(days=days)
        await worker.drain(books.tillit)
        expected = State.ACCEPTED if days <= 2 else State.FULFILLED
        assert await _state(books, request) is expected, days
    assert await _wrong(books) == []


async def test_the_last_of_several_holds_frees_the_member(books: Books) -> None:
    member = await books.joins()
    request = await books.approved(member)
    first = await _placed(books, member)
    second = await _placed(books, member, ground=Ground.DISPUTE)
    for hold in (first, second):
        await worker.drain(books.tillit)
        assert await _state(books, request) is State.ACCEPTED
        await _lifted(books, hold.id)
    await worker.drain(books.tillit)
    assert await _state(books, request) is State.FULFILLED


async def test_placing_and_lifting_are_on_record_without_the_note(books: Books) -> None:
    member = await books.joins()
    hold = await _placed(books, member, note="Claim of Åsa Öberg", ground=Ground.DISPUTE)
    await _lifted(books, hold.id)
    assert (await _lifted(books, hold.id)).lifted_at == books.clock.now()
    async with books.tillit.unit() as work:
        kinds = [EntryKind.HOLD_PLACED, EntryKind.HOLD_LIFTED]
        said = [one async for one in all_entries(work.session, kinds=kinds)]
        [kept] = await holds.listed(work.unit, only_standing=False)
    assert [one.kind for one in said] == ["hold.placed", "hold.lifted"]
    assert said[0].facts == {"hold": str(hold.id), "ground": "dispute", "until": None}
    assert {one.actor.id for one in said} == {"officer-3"}
    assert kept.note == "Claim of Åsa Öberg"
    assert "Öberg" not in repr(kept)
    [(row,)] = await books.query("SELECT t::text FROM legal_hold AS t")
    assert b"Claim".hex() not in row


async def test_holds_that_stand_are_listed_and_the_others_are_not(books: Books) -> None:
    one, other = await books.joins(), await books.joins()
    stands = await _placed(books, one)
    ends = await _placed(books, other, until=TODAY)
    gone = await _placed(books, other)
    await _lifted(books, gone.id)
    async with books.tillit.unit() as work:
        assert {hold.id for hold in await holds.listed(work.unit)} == {stands.id, ends.id}
    books.clock.at = BEGAN + timedelta(days=1)
    async with books.tillit.unit() as work:
        assert [hold.id for hold in await holds.listed(work.unit)] == [stands.id]


#: What somebody who writes to the database, and has no key, does to one hold.
_BREAKS = (
    "UPDATE legal_hold SET sealed = 'x' WHERE member = %s",
    "UPDATE member_key SET wrapped = 'x' WHERE member = %s",
    "UPDATE member_key SET epoch = 99 WHERE member = %s",
    "UPDATE member SET ordinal = ordinal + 1000 WHERE id = %s",
    "UPDATE legal_hold SET member = gen_random_uuid() WHERE member = %s",
)


@pytest.mark.parametrize("statement", _BREAKS)
async def test_a_hold_that_does_not_open_is_listed_as_broken_and_the_others_as_they_are(
    books: Books, statement: str
) -> None:
    first, second, third = [await _placed(books, await books.joins()) for _ in range(3)]
    with psycopg.connect(libpq(books.tillit.url, role=None), autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(statement.encode(), (second.member,))
    [(member,)] = await books.query("SELECT member FROM legal_hold WHERE id = %s", second.id)
    broken = holds.Broken(second.id, member, second.placed_at, None)
    for only_standing in (True, False):
        async with books.tillit.unit() as work:
            found = await holds.listed(work.unit, only_standing=only_standing)
        assert found == [first, broken, third]
    assert "tillit audit verify" in str(broken.why)


@pytest.mark.parametrize(
    "how", [{"until": TODAY - timedelta(days=1)}, {"until": date(1999, 1, 1)}, {"note": "x" * 4001}]
)
async def test_a_hold_that_is_none_is_refused(books: Books, how: dict[str, Any]) -> None:
    member = await books.joins()
    with pytest.raises(NotAHold):
        await _placed(books, member, **how)
    with pytest.raises(NotAHold):
        holds.ground_named("because Åsa asked")


async def test_nobody_is_held_who_is_not_there(books: Books) -> None:
    with pytest.raises(UnknownMember):
        await _placed(books, uuid4())
    with pytest.raises(UnknownHold):
        await _lifted(books, uuid4())


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM legal_hold",
        "UPDATE legal_hold SET lifted_at = now()",
        "UPDATE legal_hold SET ends_at = '2001-01-01'",
        "UPDATE legal_hold SET ends_at = '2001-01-01', lifted_at = now()",
    ],
)
async def test_a_hold_that_was_taken_away_by_hand_frees_nobody_and_shows(
    books: Books, statement: str
) -> None:
    member = await books.joins()
    request = await books.approved(member)
    await _placed(books, member, until=TODAY + timedelta(days=20))
    assert await _wrong(books) == []
    await books.query(statement)
    await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        with suppress(Unavailable):
            assert not await books.tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [request])
    assert await _state(books, request) is State.ACCEPTED
    assert any("hold" in one for one in await _wrong(books))


async def test_a_hold_is_lifted_beside_a_broken_one_of_the_same_member_which_is_named(
    books: Books,
) -> None:
    member = await books.joins()
    good, broken, third = [await _placed(books, member) for _ in range(3)]
    await books.query("UPDATE legal_hold SET sealed = 'x' WHERE id = %s", broken.id)
    for _ in range(2):  # lifted again, nothing changes
        async with books.tillit.unit() as work:
            found = await holds.lift(work.unit, LAWYER, good.id)
        assert (found.hold.id, found.hold.lifted_at) == (good.id, books.clock.now())
        assert found.broken == (holds.Broken(broken.id, member, broken.placed_at, None),)
    with pytest.raises(BrokenRequest, match="tillit audit verify"):
        await _lifted(books, broken.id)
    async with books.tillit.unit() as work:
        assert {one.id for one in await holds.listed(work.unit)} == {broken.id, third.id}
    assert await _wrong(books) == [f"hold {broken.id} does not open"]


async def test_a_hold_copied_from_somebody_else_shows(books: Books) -> None:
    one, other = await books.joins(), await books.joins()
    await _placed(books, one)
    await books.query("UPDATE legal_hold SET member = %s", other)
    assert any("hold" in wrong for wrong in await _wrong(books))


async def test_a_preview_says_exactly_what_the_erasure_then_does(books: Books) -> None:
    days = [BEGAN.replace(year=BEGAN.year - back) for back in (0, 1, 7, 8)]
    member = await books.joins(days, phone="+46701234567", tier="gold")
    await _lifted(books, (await _placed(books, member)).id)
    async with books.tillit.unit() as work:
        await at_the_desk.opened(work, Right.RESTRICTION, member)
        asked = await at_the_desk.opened(work, Right.ERASURE, member)
    async with books.tillit.unit() as work:
        await deciding.approve(work.unit, SYSTEM, work.active, asked.id)
        found = await previews.of_request(work.unit, LAWYER, work.active, asked.id)
    assert (found.closes, found.holds, found.waits) == (1, (), 0)
    async with books.tillit.unit() as work:
        await books.tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [asked.id])
    async with books.tillit.unit() as work:
        kinds = [EntryKind.MEMBER_ERASED]
        [erased] = [one async for one in all_entries(work.session, kinds=kinds)]
    assert dict(found.destroys) == erased.facts["rows"]
    assert found.keeps is not None
    assert found.keeps.facts() == erased.facts["kept"]
    assert found.destroys["event"] == 4
    assert found.keeps.count == 3
    assert "4 purchases" in found.words()
    assert "1 ended legal hold" in found.words()


async def test_a_hold_placed_after_an_erasure_was_cut_off_is_heeded_at_the_next_start(
    books: Books, settings: Settings
) -> None:
    """One process died between journal and commit; another one placed the hold."""
    held, free = await books.joins(), await books.joins()
    waiting = [await books.approved(one) for one in (held, free)]
    for member, request in zip((held, free), waiting, strict=True):
        Journal(settings.journal).append(Line(member, request), at=books.clock.at)
    books.clock.at += timedelta(minutes=5)
    hold = await _placed(books, held)
    async with opened(settings, clock=books.clock) as again:
        assert await _state(Books(again, books.clock), waiting[0]) is State.ACCEPTED
        assert await _state(Books(again, books.clock), waiting[1]) is State.FULFILLED
    await _lifted(books, hold.id)
    await worker.drain(books.tillit)
    assert await _state(books, waiting[0]) is State.FULFILLED
    assert await _wrong(books) == []


async def test_a_hold_from_before_the_erasure_comes_back_with_a_backup_and_frees_nobody(
    books: Books, settings: Settings
) -> None:
    """It had been lifted when the member was erased; the backup does not know that."""
    member = await books.joins()
    request = await books.approved(member)
    await _placed(books, member)
    books.clock.at += timedelta(days=1)
    Journal(settings.journal).append(Line(member, request), at=books.clock.at)
    async with opened(settings, clock=books.clock) as again:
        assert await _state(Books(again, books.clock), request) is State.FULFILLED
        assert await _wrong(Books(again, books.clock)) == []


@pytest.mark.parametrize("until", [None, TODAY + timedelta(days=3)])
async def test_an_erasure_while_a_hold_stood_is_named(
    books: Books, monkeypatch: pytest.MonkeyPatch, until: date | None
) -> None:
    """However it came about: nobody looked, and what said that it was lifted is gone again."""
    held, lifted, ended = [await books.joins() for _ in range(3)]
    waiting = [await books.approved(one) for one in (held, lifted, ended)]
    hold = await _placed(books, held, until=until)
    await _lifted(books, (await _placed(books, lifted, until=until)).id)
    await _placed(books, ended, until=TODAY)
    books.clock.at += timedelta(days=1)
    with monkeypatch.context() as blind:
        blind.setattr(holds, "standing_each", _none_stand)
        await worker.drain(books.tillit)
    assert [await _state(books, one) for one in waiting] == [State.FULFILLED] * 3
    assert await _wrong(books) == [
        f"request {waiting[0]} erased a member on whom hold {hold.id} stood"
    ]


async def _none_stand(_: Any, people: Any) -> dict[UUID, list[Hold]]:
    return {one.id: [] for one in people}
