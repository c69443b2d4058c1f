"""Append-only means append-only: for the application by right, for the owner by trigger."""

from collections.abc import Iterator

import at_the_desk
import psycopg
import pytest
from psycopg import sql

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from consent import ledger
from consent.choices import Action as Said
from consent.choosing import choose
from dsar import deciding, outgoing
from dsar.connectors import answers
from dsar.states import Right
from kernel.database import libpq
from profiles.enrolment import enrol
from profiles.members import load

TABLES = (
    "audit_entry",
    "audit_leaf",
    "audit_tile",
    "audit_checkpoint",
    "audit_subject",
    "programme_version",
    "ledger",
    "consent_figure",
    "certificate",
    "recipient_answer",
)


async def _fill(tillit: Tillit) -> None:
    """At least one row in each of them, by ordinary use."""
    async with tillit.unit() as work:
        people = [{"member_number": f"N{n}"} for n in range(270)]
        made = await enrol(work.unit, SYSTEM, people, source="test")
    async with tillit.unit() as work:
        unit, purpose = work.unit, work.active.programme.purpose("newsletter")
        yes = choose(unit, purpose, Said.GIVEN, at=unit.now, by="member", language="sv")
        locked = await load(unit, [one.id for one in made[:2]], lock=True)
        await ledger.record(unit, SYSTEM, {member: [yes] for member in locked.values()})
        asked = await at_the_desk.opened(work, Right.ERASURE, made[0].id)
        await deciding.approve(work.unit, SYSTEM, work.active, asked.id)
    await worker.drain(tillit)
    await worker.count(tillit)
    async with tillit.unit() as work:
        word = await outgoing.post(
            work.unit,
            outgoing.Parcel(
                request=asked.id,
                what="erasure",
                carrier="mailbox",
                payload=b"{}",
                recipient="letters",
            ),
        )
        await answers.pressed(work.unit, SYSTEM, recipient="letters", id=word, link="a link")


@pytest.fixture
def owner(tillit: Tillit) -> Iterator[psycopg.Connection]:
    with psycopg.connect(libpq(tillit.url, role=None)) as connection:
        yield connection


async def test_not_even_the_owner_changes_or_removes_a_row(
    tillit: Tillit, owner: psycopg.Connection
) -> None:
    await _fill(tillit)
    for table in TABLES:
        name = sql.Identifier(table)
        [column] = owner.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s "
            "ORDER BY ordinal_position LIMIT 1", (table,),
        ).fetchone() or [None]  # fmt: skip
        count = owner.execute(sql.SQL("SELECT count(*) FROM {}").format(name)).fetchone()
        assert count is not None
        assert count[0] > 0, f"{table} is empty: this would prove nothing"
        owner.commit()
        for statement in ("UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"):
            done = sql.SQL(statement).format(name, sql.Identifier(str(column)))
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                owner.execute(done)
            owner.rollback()


def test_the_application_has_no_right_to(owner: psycopg.Connection) -> None:
    for table in TABLES:
        for right in ("UPDATE", "DELETE", "TRUNCATE"):
            query = "SELECT has_table_privilege('tillit_app', %s, %s)"
            assert owner.execute(query, (table, right)).fetchone() == (False,), (table, right)


def test_the_application_owns_nothing_and_has_no_other_role(owner: psycopg.Connection) -> None:
    owned = "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = 'tillit_app'"
    assert owner.execute(owned).fetchall() == []
    powers = "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = 'tillit_app'"  # noqa: E501
    assert owner.execute(powers).fetchone() == (False, False, False, False)
    granted = "SELECT count(*) FROM pg_auth_members WHERE member = 'tillit_app'::regrole"
    assert owner.execute(granted).fetchone() == (0,)


async def test_a_living_member_s_ledger_is_not_erased_by_the_function_that_erases(
    tillit: Tillit, owner: psycopg.Connection
) -> None:
    await _fill(tillit)
    row = owner.execute("SELECT member FROM ledger LIMIT 1").fetchone()
    assert row is not None
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="living member"):
        owner.execute("SELECT tillit_erase_ledger(%s)", row)
    owner.rollback()
    owner.execute("SELECT set_config('tillit.erasing', %s, true)", (str(row[0]),))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        owner.execute("DELETE FROM ledger WHERE member = %s", row)
