"""The tables named in code are the tables that the migrations make."""

from sqlalchemy import inspect
from sqlmodel import SQLModel

from audit import tables
from kernel.database import Database

NAMED = [
    value
    for value in vars(tables).values()
    if isinstance(value, type) and issubclass(value, SQLModel) and value is not SQLModel
]


async def test_every_table_and_column_named_in_code_is_in_the_schema(database: Database) -> None:
    async with database.engine.connect() as connection:
        found = await connection.run_sync(
            lambda sync: {
                name: {
                    column["name"]: column["nullable"] for column in inspect(sync).get_columns(name)
                }
                for name in inspect(sync).get_table_names()
                if name.startswith("audit_")
            }
        )
    expected = {
        str(table.__tablename__): {
            column.name: column.nullable
            for column in SQLModel.metadata.tables[str(table.__tablename__)].c
        }
        for table in NAMED
    }
    assert len(NAMED) == 9
    assert found == expected
