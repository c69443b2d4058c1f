"""The schema, as alembic migrations; the one place that runs as the database's owner."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from kernel.database import with_driver
from kernel.errors import Unavailable


def check_current(url: str) -> None:
    """Raises `Unavailable` when the database lacks a migration this program needs."""
    head = ScriptDirectory.from_config(_config(url)).get_current_head()
    engine = create_engine(with_driver(url), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        raise Unavailable(
            "the database does not answer",
            place="TILLIT_DATABASE_URL",
            remedy="check the address, and that the server runs",
        ) from error
    finally:
        engine.dispose()
    if found != head:
        raise Unavailable(
            f"the database's schema is at {found or 'nothing'}, this program needs {head}",
            place="TILLIT_DATABASE_URL",
            remedy="run `tillit migrate`",
        )


def upgrade(url: str, *, to: str = "head") -> None:
    """Bring the database at `url` to revision `to`, creating the role ``tillit_app``.

    Durable on return. The URL's user must own the database and, the first time on a
    server, be allowed to create a role.
    """
    command.upgrade(_config(url), to)


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["url"] = with_driver(url)
    return config
