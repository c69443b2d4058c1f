"""How alembic reaches the database. Run through ``migrations.upgrade`` or ``tillit migrate``."""

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

# Only one process migrates at a time; the others wait, then find nothing to do.
LOCK = 0x7111_1717


def run() -> None:
    engine = create_engine(context.config.attributes["url"], poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.configure(connection=connection, target_metadata=None)
        context.run_migrations()


run()
