"""What every test stands on: a real PostgreSQL, built by the migrations.

With TILLIT_DATABASE_URL set the same tests run against that server: they make and drop
databases of their own there and touch no other.
"""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio
import structlog
from psycopg import sql
from sqlalchemy import make_url

from api.bootstrap import SYSTEM, Tillit, opened
from api.settings import Settings, read_settings
from consent.programme import load_programme
from kernel.database import Database, libpq
from kernel.postgres import private_server
from migrations import upgrade


@pytest.fixture(autouse=True)
def _logs_as_they_come() -> Iterator[None]:
    """Commands set up logs for their process; no test finds what another's command set up."""
    yield
    structlog.reset_defaults()


EXAMPLES = Path(__file__).parents[1] / "examples"


def _with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a server on which tests may make databases."""
    if url := os.environ.get("TILLIT_DATABASE_URL"):
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="tillit-tests-") as folder:
        Path(folder).chmod(0o755)
        url = private_server(Path(folder) / "postgres")
        _hurry(url)
        yield url


def _hurry(url: str) -> None:
    """No test pulls the plug of this machine, so nothing needs to wait for the disk.

    Who kills a server, or looks into its files, starts one of their own, with all its care.
    """
    with psycopg.connect(libpq(url, role=None), autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


def _admin(server: str, statement: str, name: str) -> None:
    with psycopg.connect(libpq(server, role=None), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def template(server: str) -> Iterator[str]:
    """The name of a migrated database that the others are copied from."""
    name = f"tillit_template_{uuid4().hex[:8]}"
    _admin(server, "CREATE DATABASE {}", name)
    upgrade(_with_database(server, name))
    yield name
    _admin(server, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def database_url(server: str, template: str) -> Iterator[str]:
    """A fresh, migrated database of this test's own."""
    name = f"tillit_test_{uuid4().hex[:8]}"
    with psycopg.connect(libpq(server, role=None), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    yield _with_database(server, name)
    _admin(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url)
    yield made
    await made.close()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return read_settings({"TILLIT_DATA": str(tmp_path), "TILLIT_DATABASE_URL": database_url})


@pytest_asyncio.fixture
async def tillit(settings: Settings) -> AsyncIterator[Tillit]:
    """A process on a database of its own, with the outdoor club's programme in force."""
    async with opened(settings) as made:
        await made.apply(SYSTEM, load_programme(EXAMPLES / "fjallklubben.toml"))
        yield made
