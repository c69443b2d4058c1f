"""The record is read back newest first by what is looked for, as a naive reading of all has it."""

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql
from sqlalchemy import make_url, text

from audit.browsing import told
from audit.entries import ActorType, Entry, Kind, entry_mac
from audit.errors import EntryUnknown
from audit.integrator import integrate
from audit.looking import Place, Seen, Standing, Wanted, days, look
from audit.looking import one as one_of
from audit.record import Record
from audit.tallies import actors, counted, hour_of, recount
from kernel.database import Database, libpq
from tests.integration.audit.conftest import Log

START = datetime(2026, 3, 27, 20, tzinfo=UTC)  # over the night in which clocks change
HOURS = 60
KINDS = [
    Kind.PROFILE_READ,
    Kind.SEGMENT_EVALUATED,
    Kind.MEMBER_ENROLLED,
    Kind.TOKEN_MINTED,
    Kind.USES_VIEWED,
]
ACTORS = [
    (ActorType.SERVICE, "offers-engine"),
    (ActorType.SERVICE, "till"),
    (ActorType.OFFICER, "officer-7"),
    (ActorType.SYSTEM, "tillit"),
    (ActorType.MEMBER, None),
]
PURPOSES = [None, "membership", "personalised_offers"]


def an_entry(chance: random.Random, number: int) -> Entry:
    """One of any kind, by anybody, at any time."""
    actor_type, actor = chance.choice(ACTORS)
    subject = number.to_bytes(32, "big") if actor is None or chance.random() < 0.5 else None
    return Entry(
        kind=chance.choices(KINDS, [8, 4, 4, 1, 1])[0],
        actor_type=actor_type,
        actor=actor or (subject or b"").hex(),
        purpose=chance.choice(PURPOSES),
        subject=subject,
        facts={"number": number, "word": '"kind":"token.minted"'},
        at=START + timedelta(seconds=chance.randrange(HOURS * 3600)),
    )


class Whole(NamedTuple):
    """A record, what runs on it, and all that is in it: `numbered` by the order of its leaves."""

    log: Log
    runner: asyncio.Runner
    numbered: list[Any]
    waiting: list[Any]

    def look(self, wanted: Wanted, **how: Any) -> Any:
        async def looked() -> Any:
            async with self.log.database.transaction() as session:
                return await look(session, wanted, trust=self.log.record.trust, **how)

        return self.runner.run(looked())


async def _fill(log: Log) -> None:
    chance, number = random.Random(17), 0
    for size in (300, 7, 1, 256, 90, 40, 3):
        async with log.database.transaction() as session:
            batch = [an_entry(chance, number := number + 1) for _ in range(size)]
            await log.record.write_many(session, batch)
        if size != 3:
            await log.integrate(limit=chance.choice([50, 256, 10_000]))
    # An hour in which one thing happened much more often than a tile is wide.
    async with log.database.transaction() as session:
        at = START + timedelta(hours=30)
        bulk = Entry(kind=Kind.MEMBER_ENROLLED, actor_type="system", actor="tillit", at=at)
        await log.record.write_many(session, [bulk] * 600)
    await log.integrate()
    async with log.database.transaction() as session:
        await log.record.write_many(session, [an_entry(chance, number + one) for one in range(9)])


async def _all(log: Log) -> tuple[list[Any], list[Any]]:
    query = (
        "SELECT l.number, e.body, e.id FROM audit_entry e LEFT JOIN audit_leaf l ON l.entry = e.id"
    )
    async with log.database.transaction() as session:
        found = [tuple(row) for row in (await session.execute(text(query))).all()]
    read = [(number, told(body)) for number, body, _ in found]
    return (
        sorted([one for one in read if one[0] is not None], key=lambda one: one[0]),
        sorted([one[1] for one in read if one[0] is None], key=lambda one: one.id, reverse=True),
    )


@pytest.fixture(scope="module")
def whole(server: str, template: str) -> Iterator[Whole]:
    name = f"tillit_look_{uuid4().hex[:8]}"
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(libpq(server, role=None), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        with asyncio.Runner() as runner:
            log = Log(Database(url))
            runner.run(_fill(log))
            yield Whole(log, runner, *runner.run(_all(log)))
            runner.run(log.database.close())
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@st.composite
def filters(draw: st.DrawFn) -> Wanted:
    actor_type, actor = draw(
        st.one_of(
            st.just((None, None)),
            st.sampled_from(list(ActorType)).map(lambda one: (one, None)),
            st.sampled_from(ACTORS),
            st.just((ActorType.OFFICER, "nobody")),
        )
    )
    hours = st.none() | st.integers(0, HOURS).map(lambda hour: START + timedelta(hours=hour))
    return Wanted(
        kinds=tuple(
            draw(st.lists(st.sampled_from([*KINDS, Kind.KEYS_ROTATED]), max_size=3, unique=True))
        ),
        actor_type=actor_type,
        actor=actor,
        purpose=draw(st.sampled_from([None, "", "membership", "personalised_offers", "x"])),
        since=draw(hours),
        until=draw(hours),
    )


def meets(wanted: Wanted, said: Any) -> bool:
    """The same question asked naively."""
    if wanted.kinds and said.kind not in [kind.value for kind in wanted.kinds]:
        return False
    if wanted.actor_type is not None and said.actor.type != wanted.actor_type.value:
        return False
    if wanted.actor is not None and said.actor.id != wanted.actor:
        return False
    if wanted.purpose is not None and (said.purpose or "") != wanted.purpose:
        return False
    if wanted.since is not None and said.at < wanted.since:
        return False
    return wanted.until is None or said.at < wanted.until


def expected(whole: Whole, wanted: Wanted) -> list[int]:
    """The numbers of what meets it: newest hour first, within it the newest number."""
    found = [(hour_of(said.at), number) for number, said in whole.numbered if meets(wanted, said)]
    return [number for _, number in sorted(found, reverse=True)]


@settings(max_examples=80, deadline=None)
@given(wanted=filters(), count=st.sampled_from([1, 2, 7, 50, 300, 2_000]))
def test_paging_meets_each_entry_that_is_looked_for_once_and_newest_first(
    whole: Whole, wanted: Wanted, count: int
) -> None:
    right = expected(whole, wanted)
    if len(right) > 40 * count:
        count = 300
    page = whole.look(wanted, count=count)
    assert [one.said.id for one in page.waiting] == [
        one.id for one in whole.waiting if meets(wanted, one)
    ]
    assert page.newer is None
    seen, pages = [one.number for one in page.entries], [page]
    while page.older is not None:
        page = whole.look(wanted, count=count, before=page.older)
        assert page.waiting == []
        assert page.entries
        seen += [one.number for one in page.entries]
        pages.append(page)
    assert seen == right
    # And back again, by the way "newer": the same pages.
    for earlier in reversed(pages[:-1]):
        assert page.newer is not None
        page = whole.look(wanted, count=count, after=page.newer)
        assert page.entries == earlier.entries
        assert (page.newer is None) == (earlier is pages[0])
    assert all(one.stray == 0 and not one.more for one in pages)


@settings(max_examples=40, deadline=None)
@given(
    actor=st.sampled_from(ACTORS),
    since=st.integers(0, HOURS),
    length=st.integers(0, HOURS),
    zone=st.sampled_from(["UTC", "Europe/Stockholm", "Europe/Helsinki"]),
)
def test_an_actors_activity_is_counted_as_a_count_of_all_entries_has_it(
    whole: Whole, actor: tuple[ActorType, str | None], since: int, length: int, zone: str
) -> None:
    first = START + timedelta(hours=since)
    past = first + timedelta(hours=length)

    async def told_of() -> Any:
        async with whole.log.database.transaction() as session:
            return await counted(
                session, actor[0], actor[1] or "",
                kinds=[kind.value for kind in Kind], since=first, until=past, zone=zone,
            )  # fmt: skip

    right: dict[Any, int] = {}
    for _, said in whole.numbered:
        own = said.actor.type == actor[0] and actor[1] in (None, said.actor.id)
        if own and first <= said.at < past:
            key = (said.at.astimezone(ZoneInfo(zone)).date(), said.kind, said.purpose)
            right[key] = right.get(key, 0) + 1
    found = whole.runner.run(told_of())
    assert {(one.day, one.kind, one.purpose): one.entries for one in found} == right


def test_everybody_who_acted_is_listed_and_members_once_without_a_pseudonym(whole: Whole) -> None:
    async def told_of() -> list[tuple[str, str]]:
        async with whole.log.database.transaction() as session:
            return await actors(session)

    acted = {(kind.value, id or "") for kind, id in ACTORS}
    assert whole.runner.run(told_of()) == sorted(acted)


def test_days_begin_where_the_zone_has_them() -> None:
    stockholm = ZoneInfo("Europe/Stockholm")
    span = days(date(2026, 3, 29), date(2026, 3, 29), stockholm)
    assert span["since"] == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert span["until"] == datetime(2026, 3, 29, 22, tzinfo=UTC)  # an hour shorter
    half = days(date(2026, 3, 2), date(2026, 3, 2), ZoneInfo("Asia/Kolkata"))
    assert half["since"] == datetime(2026, 3, 1, 18, tzinfo=UTC)
    assert half["until"] == datetime(2026, 3, 2, 19, tzinfo=UTC)
    assert days(None, None, stockholm) == {"since": None, "until": None}


@pytest.mark.parametrize(
    "wrong",
    [
        {"actor": "officer-7"},
        {"actor": "0" * 64, "actor_type": ActorType.MEMBER},
        {"since": START + timedelta(minutes=1)},
    ],
)
def test_a_member_is_not_looked_for_nor_a_part_of_an_hour(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="looked for"):
        Wanted(**wrong)


async def seen(log: Log, wanted: Wanted | None = None, **how: Any) -> Any:
    async with log.database.transaction() as session:
        return await look(session, wanted or Wanted(), trust=log.record.trust, **how)


def by_number(found: list[Seen]) -> dict[int | None, Standing]:
    return {one.number: one.standing for one in found}


async def test_entries_are_proved_by_the_tree_and_waiting_ones_by_their_mac(log: Log) -> None:
    await log.write(300)
    await log.integrate()
    await log.write(2)
    page = await seen(log, count=400)
    assert {one.standing for one in page.entries} == {Standing.PROVED}
    assert [one.standing for one in page.waiting] == [Standing.WAITING] * 2
    assert len(page.entries) == 300


async def test_what_nobody_of_ours_wrote_is_marked_and_the_rest_is_not(
    log: Log, owned: Any
) -> None:
    await log.write(300)
    await log.integrate()
    await log.write(3)
    for change in (
        "UPDATE audit_entry SET body = replace(encode(body, 'escape'), 'offers', 'orders')::bytea"
        " WHERE id = (SELECT entry FROM audit_leaf WHERE number = 249)",
        "DELETE FROM audit_entry WHERE id = (SELECT entry FROM audit_leaf WHERE number = 248)",
        "DELETE FROM audit_leaf WHERE number = 247",
        "UPDATE audit_entry SET body = 'x' WHERE id ="
        " (SELECT entry FROM audit_leaf WHERE number = 246)",
        "UPDATE audit_pending SET mac = 'x' WHERE entry ="
        " (SELECT entry FROM audit_pending ORDER BY entry DESC LIMIT 1)",
    ):
        owned(change)
    page = await seen(log, before=Place(hour_of(log.clock.now()), 250), count=10)
    assert not page.broken
    assert by_number(page.entries[:5]) == {
        249: Standing.FOREIGN,
        248: Standing.MISSING,
        247: Standing.MISSING,
        246: Standing.FOREIGN,
        245: Standing.PROVED,
    }
    assert [one.standing for one in (await seen(log)).waiting] == [
        Standing.FOREIGN,
        Standing.WAITING,
        Standing.WAITING,
    ]
    assert page.entries[2].id is None
    assert page.entries[3].said is None


async def test_where_the_signed_tree_is_damaged_nothing_is_shown_as_proved(
    log: Log, owned: Any
) -> None:
    await log.write(300)
    await log.integrate()
    await log.write(1)
    owned("DELETE FROM audit_leaf WHERE number = 290")
    page = await seen(log, count=50)
    assert page.broken
    assert set(by_number(page.entries).values()) == {Standing.FOREIGN, Standing.MISSING}
    assert [one.standing for one in page.waiting] == [Standing.WAITING]


async def test_an_entry_that_a_wrong_tally_names_is_left_out_and_counted(
    log: Log, owned: Any
) -> None:
    await log.write(20)
    await log.integrate()
    wanted = Wanted(kinds=(Kind.SEGMENT_EVALUATED,))
    assert len((await seen(log, wanted)).entries) == 5
    owned("UPDATE audit_tally SET leaves = leaves || '\\x01' WHERE kind = 'segment.evaluated'")
    page = await seen(log, wanted)
    assert (len(page.entries), page.stray) == (5, 1)
    assert any("tile 0" in problem for problem in (await log.check()).problems)


async def test_tallies_are_made_anew_and_then_agree_with_the_entries(log: Log, owned: Any) -> None:
    for size in (200, 100, 700):
        await log.write(size)
        await log.integrate(limit=130)
    owned("DELETE FROM audit_tally WHERE tile = 1")
    owned("UPDATE audit_tally SET tile = 77 WHERE tile = 2")
    problems = (await log.check()).problems
    assert any("tile 1" in one for one in problems)
    assert any("tile 2" in one for one in problems)
    assert any("audit recount" in one for one in problems)
    async with log.database.transaction() as session:
        assert await recount(session) == 1_000
    assert (await log.check()).problems == ()
    await log.write(5)
    await log.integrate()
    assert (await log.check()).problems == ()


async def test_no_member_stands_in_a_tally(log: Log) -> None:
    chance = random.Random(5)
    async with log.database.transaction() as session:
        await log.record.write_many(session, [an_entry(chance, number) for number in range(200)])
    await log.integrate()
    async with log.database.transaction() as session:
        found = (
            await session.execute(text("SELECT DISTINCT actor_type, actor FROM audit_tally"))
        ).all()
    assert ("member", "") in [tuple(row) for row in found]
    assert not any(len(row.actor) == 64 for row in found)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM audit_entry WHERE id = {edge}",
        "DELETE FROM audit_leaf WHERE entry = {edge}",
        "UPDATE audit_entry SET body = '\\x00' WHERE id = {edge}",
        "UPDATE audit_entry SET body = replace(encode(body, 'escape'), '\"at\":\"20',"
        ' \'"at":"19\')::bytea WHERE id = {edge}',
        "UPDATE audit_entry SET body = replace(encode(body, 'escape'), '\"at\":\"20',"
        ' \'"at":"21\')::bytea WHERE id = {edge}',
    ],
)
@pytest.mark.parametrize("kinds", [(), (Kind.SEGMENT_EVALUATED,)])
async def test_whoever_meddles_with_the_edge_of_a_page_hides_nothing_behind_it(
    log: Log, owned: Any, change: str, kinds: tuple[Kind, ...]
) -> None:
    for _ in range(12):
        await log.write(25)
        await log.integrate()
        log.clock.at += timedelta(hours=1)
    wanted = Wanted(kinds=kinds)
    right = [one.number for one in (await seen(log, wanted, count=500)).entries]
    page = await seen(log, wanted, count=60)
    edge = page.entries[-1].number
    owned(change.format(edge=f"(SELECT entry FROM audit_leaf WHERE number = {edge})"))
    page = await seen(log, wanted, count=60)
    read, pages = list(page.entries), 1
    while page.older is not None and pages < 30:
        page = await seen(log, wanted, count=60, before=page.older)
        read, pages = [*read, *page.entries], pages + 1
    assert [one.number for one in read] == right
    doubted = [one.number for one in read if one.standing is not Standing.PROVED]
    assert doubted == [edge]


async def test_an_entry_altered_to_be_no_more_what_is_looked_for_is_shown_as_altered(
    log: Log, owned: Any
) -> None:
    await log.write(256)
    await log.integrate()
    wanted = Wanted(kinds=(Kind.SEGMENT_EVALUATED,))
    [first, *_] = (await seen(log, wanted)).entries
    owned(
        "UPDATE audit_entry SET body = replace(encode(body, 'escape'), 'segment.evaluated',"
        f" 'token.minted')::bytea WHERE id = '{first.id}'"
    )
    page = await seen(log, wanted)
    assert (page.entries[0].id, page.entries[0].standing) == (first.id, Standing.FOREIGN)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2400, 1, 1)), st.integers(0, 10**18 - 1))
def test_a_place_is_read_as_it_was_written(at: datetime, number: int) -> None:
    place = Place(hour_of(at.replace(tzinfo=UTC)), number)
    assert Place.read(str(place)) == place


@pytest.mark.parametrize("word", ["", "1", "-1", "1-", "1-1-1", "1-x", "9" * 8 + "-1", "١-١"])
def test_what_is_no_place_is_not_read(word: str) -> None:
    assert Place.read(word) is None


async def test_a_number_that_no_entry_has_is_unknown(log: Log) -> None:
    await log.write(3)
    await log.integrate()
    async with log.database.transaction() as session:
        assert (await one_of(session, 2, trust=log.record.trust)).standing is Standing.PROVED
        with pytest.raises(EntryUnknown):
            await one_of(session, 3, trust=log.record.trust)


async def test_an_empty_record_has_nothing_to_show(log: Log) -> None:
    page = await seen(log)
    assert (page.entries, page.waiting, page.older, page.newer) == ([], [], None, None)


async def test_what_cannot_be_tallied_keeps_the_record_from_nothing(log: Log) -> None:
    """An entry of a format that this version does not know is integrated all the same."""
    await log.write(1)
    strange = Record(lambda: log.mac_key, log.clock, public=lambda: log.signer.key.public)
    async with log.database.transaction() as session:
        id, body, _ = strange._make(log.entry(1), log.mac_key, log.clock.now())
        other = body.replace(b'"kind":', b'"sort":')
        mac = entry_mac(log.mac_key, id=id, body=other)
        values = {"id": id, "body": other, "mac": mac}
        await session.execute(text("INSERT INTO audit_entry VALUES (:id, :body)"), values)
        await session.execute(text("INSERT INTO audit_pending VALUES (:id, :mac)"), values)
        await integrate(session, mac_keys=[log.mac_key], signer=log.signer, clock=log.clock)
    page = await seen(log)
    assert len(page.entries) == 2
    assert [one.said is None for one in page.entries].count(True) == 1


@pytest.fixture
def owned(log: Log) -> Any:
    """What whoever owns the database can do."""

    def run(statement: str) -> None:
        with psycopg.connect(libpq(log.database.url, role=None)) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(statement)  # type: ignore[call-overload]

    return run
