"""The tables as the code describes them are the tables that the migrations make."""

import importlib

from sqlalchemy import inspect
from sqlalchemy.engine import Connection
from sqlalchemy.types import LargeBinary, TypeEngine
from sqlmodel import SQLModel

from kernel.database import Database

ROOMS = ("audit", "profiles", "consent", "dsar", "api.people")
#: What the queue and the migrations keep for themselves.
OTHERS = ("procrastinate_", "alembic_")

#: One type under two names, as SQLAlchemy and PostgreSQL spell it.
_SPELT = {"CHAR": "UUID", "VARCHAR": "TEXT", "AUTOSTRING": "TEXT", "DATETIME": "TIMESTAMP"}

Columns = dict[str, tuple[str, bool, bool]]


def _kind(type_: TypeEngine[object]) -> str:
    if isinstance(type_, LargeBinary):
        return "BYTEA"
    name = str(type_).upper().split("(")[0]
    return {"CHAR": "UUID", "VARCHAR": "TEXT", "AUTOSTRING": "TEXT", "DATETIME": "TIMESTAMP"}.get(
        name, name
    )


def _described() -> dict[str, Columns]:
    for room in ROOMS:
        importlib.import_module(f"{room}.tables")
    return {
        name: {
            column.name: (_kind(column.type), bool(column.nullable), column.primary_key)
            for column in table.columns
        }
        for name, table in SQLModel.metadata.tables.items()
    }


def _made(connection: Connection) -> dict[str, Columns]:
    found = inspect(connection)
    made: dict[str, Columns] = {}
    for name in found.get_table_names():
        if not name.startswith(OTHERS):
            keys = found.get_pk_constraint(name)["constrained_columns"]
            made[name] = {
                column["name"]: (_kind(column["type"]), column["nullable"], column["name"] in keys)
                for column in found.get_columns(name)
            }
    return made


async def test_every_table_is_described_as_the_migrations_make_it(database: Database) -> None:
    described = _described()
    async with database.engine.connect() as connection:
        made = await connection.run_sync(_made)
    assert described == made
