"""The schema, as alembic migrations; the one place that runs as the database's owner."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from kernel.database import with_driver


def upgrade(url: str, *, to: str = "head") -> None:
    """Bring the database at `url` to revision `to`, creating the role ``tillit_app``.

    Durable on return. The URL's user must own the database and, the first time on a
    server, be allowed to create a role.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["url"] = with_driver(url)
    command.upgrade(config, to)
