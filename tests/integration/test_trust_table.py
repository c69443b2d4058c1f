"""The README's table of trust, line by line: what each holder learns and can change."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import at_the_desk
import psycopg
import pytest
import pytest_asyncio

from api.bootstrap import SYSTEM, Tillit, opened
from api.http.errors import Unauthenticated
from api.settings import Settings
from api.tokens import Caller, Tokens
from api.work import drain
from audit.proofs import uses_of
from consent import checks, ledger
from consent.choices import Action as Said
from consent.choosing import choose
from consent.errors import NotPermitted
from consent.grants import authorise
from consent.programme import Action
from dsar import deciding
from dsar.journal import Journal, Line
from dsar.states import Right
from kernel.clock import SystemClock
from kernel.database import libpq, raw
from kernel.errors import Unavailable
from kernel.ids import uuid7
from profiles.enrolment import enrol
from profiles.epochs import EpochFiles
from profiles.errors import CannotOpen
from profiles.keys import EpochKey, MemberKey, place
from profiles.members import Member, find, load
from profiles.roots import FileRootKey
from profiles.sealing import open_value

PURPOSE, SERVICE = "personalised_offers", "offers-engine"
PEOPLE = [
    {"member_number": str(n), "email": f"member{n}@example.com", "tier": "gold"} for n in range(3)
]


@dataclass(frozen=True)
class World:
    """Three members, all of whom said yes; the last one withdrew."""

    tillit: Tillit
    members: list[Member]

    @property
    def withdrawn(self) -> Member:
        return self.members[2]

    def as_owner(self, *statements: str) -> None:
        """What somebody does who owns the database and has no key."""
        with psycopg.connect(libpq(self.tillit.url, role=None)) as connection:
            connection.execute("SET session_replication_role = replica")  # no trigger fires
            for statement in statements:
                connection.execute(statement)

    async def rows(self, query: str, *values: Any) -> list[Any]:
        async with self.tillit.database.transaction() as session:
            cursor = await (await raw(session)).execute(query, values, binary=True)
            return await cursor.fetchall()

    async def check(self) -> list[str]:
        async with self.tillit.unit() as work:
            return await checks.check(work.unit)

    async def erase(self, member: UUID) -> None:
        async with self.tillit.unit() as work:
            kind = Right.ERASURE
            request = await at_the_desk.opened(work, kind, member)
            await deciding.approve(work.unit, SYSTEM, work.active, request.id)
        await drain(self.tillit)


@pytest_asyncio.fixture
async def world(tillit: Tillit) -> AsyncIterator[World]:
    async with tillit.unit() as work:
        members = await enrol(work.unit, SYSTEM, PEOPLE, source="test")
    for said, those in ((Said.GIVEN, members), (Said.WITHDRAWN, members[2:])):
        async with tillit.unit() as work:
            unit, purpose = work.unit, work.active.programme.purpose(PURPOSE)
            word = choose(unit, purpose, said, at=unit.now, by="member", language="sv")
            found = await load(unit, [one.id for one in those], lock=True)
            await ledger.record(unit, SYSTEM, {one: [word] for one in found.values()})
    yield World(tillit, members)


# Who has got hold of the database


async def test_the_database_without_its_root_key_opens_nothing(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    elsewhere = replace(settings, root_key=tmp_path / "elsewhere" / "root.key")
    beside = replace(settings, root_key=settings.root_key.with_name("another.key"))
    for thief, lacking in ((elsewhere, "the key of epoch 1"), (beside, "root key")):
        with pytest.raises(CannotOpen, match=lacking):
            async with opened(thief):
                pass


async def test_a_value_moved_to_another_member_or_field_does_not_open(world: World) -> None:
    one, other = world.members[:2]
    async with world.tillit.unit() as work:
        fields = work.active.programme.catalogue().fields
    assert open_value(one.key, fields["tier"], one.sealed["tier"])[0] == "gold"
    for key, field, sealed in (
        (one.key, fields["email"], one.sealed["tier"]),
        (one.key, fields["tier"], other.sealed["tier"]),
        (other.key, fields["tier"], one.sealed["tier"]),
    ):
        with pytest.raises(CannotOpen):
            open_value(key, field, sealed)


async def test_a_dropped_consent_shows_in_the_check(world: World) -> None:
    assert await world.check() == []
    newest = (await world.rows("SELECT id FROM ledger ORDER BY id DESC LIMIT 1"))[0][0]
    world.as_owner(f"DELETE FROM ledger WHERE id = '{newest}'")
    assert f"ledger row {newest} is on record and missing" in await world.check()


async def test_a_withdrawal_undone_in_the_sets_shows_in_the_check(world: World) -> None:
    await world.tillit.replica.barrier()
    world.as_owner(
        "DELETE FROM shard_change WHERE number = (SELECT max(number) FROM shard_change)",
        "UPDATE shard SET head = head - 1",
    )
    assert f"the set consent:{PURPOSE} is wrong about 1 members" in await world.check()
    with pytest.raises(Unavailable, match="went back"):  # a process that saw the withdrawal
        await world.tillit.replica.barrier()


async def test_the_application_cannot_drop_a_living_members_consent(world: World) -> None:
    gone = world.withdrawn.id
    for statement in ("DELETE FROM ledger WHERE member = %s", "SELECT tillit_erase_ledger(%s)"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await world.rows(statement, gone)
    assert len(await world.rows("SELECT id FROM ledger WHERE member = %s", gone)) == 2


# Who has got hold of the root key


async def test_the_root_key_alone_opens_no_key_and_no_value(world: World) -> None:
    root = FileRootKey(world.tillit.settings.root_key)
    member = world.members[0]
    wrapped = await world.rows("SELECT wrapped FROM member_key WHERE member = %s", member.id)
    at = place("member_key", member.id.hex, f"1:{member.ordinal}")
    for sealed, where in ((wrapped[0][0], at), *((v, at) for v in member.sealed.values())):
        with pytest.raises(CannotOpen):
            root.unwrap(sealed, context=where)


# Who has got hold of both


_KEYS = "SELECT m.id, k.wrapped, m.ordinal FROM member m JOIN member_key k ON k.member = m.id"


async def _thief(world: World) -> EpochKey:
    """The epoch key as somebody has it who copied database and key folder just now."""
    number, name = (await world.rows("SELECT number, name FROM epoch_key WHERE state = 'live'"))[0]
    keys = world.tillit.settings.root_key
    wrapped = EpochFiles(keys.parent).read(number, name)
    secret = FileRootKey(keys).unwrap(wrapped, context=place("epoch_key", name, str(number)))
    return EpochKey(number, secret)


async def test_database_and_root_key_open_who_is_there_and_hold_nothing_of_the_erased(
    world: World,
) -> None:
    gone, there = world.members[:2]
    await world.erase(gone.id)
    epoch = await _thief(world)
    keys = {
        member: epoch.unwrap(member, wrapped, ordinal=ordinal)
        for member, wrapped, ordinal in await world.rows(_KEYS)
    }
    assert keys.keys() == {there.id, world.withdrawn.id}
    assert keys[there.id].fingerprint() == there.key.fingerprint()
    for table in ("member_key", "event", "lookup", "ledger", "package"):
        assert await world.rows(f"SELECT 1 FROM {table} WHERE member = %s", gone.id) == []
    assert await world.rows("SELECT 1 FROM member WHERE id = %s", gone.id) == []


async def test_after_a_rotation_an_old_backup_opens_nothing_even_with_the_root_key(
    world: World,
) -> None:
    gone = world.members[0]
    number, name = (await world.rows("SELECT number, name FROM epoch_key"))[0]
    wrapped = (await world.rows("SELECT wrapped FROM member_key WHERE member = %s", gone.id))[0][0]
    keys = world.tillit.settings.root_key
    with_everything = (await _thief(world)).unwrap(gone.id, wrapped, ordinal=gone.ordinal)
    assert with_everything.fingerprint() == gone.key.fingerprint()
    await world.erase(gone.id)
    await world.tillit.rotate(SYSTEM)
    with pytest.raises(CannotOpen):
        EpochFiles(keys.parent).read(number, name)
    with pytest.raises(CannotOpen):
        (await _thief(world)).unwrap(gone.id, wrapped, ordinal=gone.ordinal)
    at = place("member_key", gone.id.hex, f"1:{gone.ordinal}")
    with pytest.raises(CannotOpen):
        FileRootKey(keys).unwrap(wrapped, context=at)


async def test_after_erasure_nothing_computes_the_pseudonym(world: World) -> None:
    gone = world.members[0]
    subject = gone.key.subject()
    await world.erase(gone.id)
    epoch = world.tillit.keyring.live
    left = [
        epoch.unwrap(member, wrapped, ordinal=ordinal)
        for member, wrapped, ordinal in await world.rows(_KEYS)
    ]
    left.append(MemberKey.new(gone.id))  # the same id makes another key, and another pseudonym
    assert subject not in {key.subject() for key in left}
    async with world.tillit.unit() as work:
        assert await uses_of(work.session, subject)  # the entries stay


# Who restores a backup


async def test_who_is_journalled_and_yet_there_is_erased_before_anything_is_served(
    world: World,
) -> None:
    revived = world.members[0].id
    journal = Journal(world.tillit.settings.journal)
    journal.append(Line(revived, uuid7()), at=datetime.now(UTC))
    async with opened(world.tillit.settings) as restarted, restarted.unit() as work:
        assert await load(work.unit, [revived]) == {}
        assert await find(work.unit, "email", "member0@example.com") == []


# Who has got hold of a service's credentials


async def test_a_service_reads_its_purposes_fields_of_who_allows_it_and_all_is_on_record(
    world: World,
) -> None:
    everyone = [one.id for one in world.members]
    async with world.tillit.unit() as work:
        grant = authorise(work.active, SERVICE, purpose=PURPOSE, action=Action.READ)
        lines = await world.tillit.gate.read(work.unit, grant, everyone)
        with pytest.raises(NotPermitted, match="email"):
            authorise(work.active, SERVICE, purpose=PURPOSE, action=Action.READ, fields=["email"])
        with pytest.raises(NotPermitted):
            authorise(work.active, SERVICE, purpose="membership", action=Action.READ)
    assert [line.held_back for line in lines] == [None, None, "no_consent"]
    assert lines[0].values["tier"].value == "gold"
    assert lines[2].values == {}
    assert all(line.values.keys() <= grant.fields for line in lines)
    async with world.tillit.unit() as work:
        for member in world.members:
            newest = (await uses_of(work.session, member.key.subject(), limit=1))[0]
            assert b'"profile.read"' in newest.body


def test_a_token_signed_by_another_key_opens_nothing() -> None:
    clock = SystemClock()
    ours, theirs = (Tokens(seed * 32, issuer="club.example", clock=clock) for seed in (b"a", b"b"))
    expires = clock.now() + timedelta(hours=1)
    token = theirs.sign(Caller.service(SERVICE), expires=expires, id="1")
    assert theirs.verify(token).name == SERVICE
    with pytest.raises(Unauthenticated):
        ours.verify(token)
