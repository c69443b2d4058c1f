"""No row of a request or a sign-in has a date that a program cannot hold: the database does it."""

from typing import LiteralString
from uuid import UUID

import psycopg
import pytest
from a_life import Life
from psycopg import sql

from dsar.states import Right
from kernel.database import libpq

TABLES: list[LiteralString] = [
    "request",
    "identity_challenge",
    "package",
    "letter",
    "legal_hold",
    "voucher",
    "outgoing",
    "recipient_answer",
    "handed_in",
    "officer_account",
    "person_session",
    "sign_in_post",
    "sign_in_link",
    "second_code",
    "sign_in_try",
]


def _columns(owner: psycopg.Connection, table: str) -> list[str]:
    found = owner.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s "
        "AND data_type IN ('date', 'timestamp with time zone')",
        (table,),
    )
    return [name for (name,) in found]


@pytest.mark.parametrize("table", TABLES)
async def test_every_date_has_a_first_day_and_a_last(life: Life, table: LiteralString) -> None:
    """Tried on a row of nothing but that date: what else lacks comes to light after it."""
    with psycopg.connect(libpq(life.tillit.url, role=None), autocommit=True) as owner:
        columns = _columns(owner, table)
        assert columns
        copy = sql.SQL("CREATE TEMP TABLE copy (LIKE {} INCLUDING CONSTRAINTS)")
        owner.execute(copy.format(sql.Identifier(table)))
        for (name,) in owner.execute(
            "SELECT attname FROM pg_attribute "
            "WHERE attrelid = 'copy'::regclass AND attnotnull AND attnum > 0"
        ).fetchall():
            drop = sql.SQL("ALTER TABLE copy ALTER {} DROP NOT NULL")
            owner.execute(drop.format(sql.Identifier(name)))
        for column in columns:
            add = sql.SQL("INSERT INTO copy ({}) VALUES (%s)").format(sql.Identifier(column))
            owner.execute(add, ("2126-12-31",))  # in a hundred years
            for never in ("infinity", "-infinity", "20000-01-01", "0044-03-15 BC", "1999-12-30"):
                with pytest.raises(psycopg.errors.CheckViolation):
                    owner.execute(add, (never,))


async def test_the_application_writes_no_such_date(life: Life) -> None:
    request: UUID = await life.ask(Right.ACCESS)
    with psycopg.connect(libpq(life.tillit.url), autocommit=True) as application:
        for change in ("due = 'infinity'", "paused_days = 2147483647"):
            update = sql.SQL("UPDATE request SET {} WHERE id = %s").format(sql.SQL(change))
            with pytest.raises(psycopg.errors.CheckViolation):
                application.execute(update, (request,))
