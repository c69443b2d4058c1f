"""The private server: whoever comes first, and however many at once, it comes up once."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_JOIN = """
import sys
from pathlib import Path

import psycopg

from kernel.postgres import private_server

with psycopg.connect(private_server(Path(sys.argv[1]))) as connection:
    print(connection.execute("SHOW max_connections").fetchone()[0], flush=True)
    sys.stdin.read()  # stays joined until all have come
    connection.execute("SELECT 1")
"""


@pytest.fixture
def empty() -> Iterator[Path]:
    """Not pytest's own folder, which another run of it closes to the server's user."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def test_four_first_processes_at_once_all_get_the_one_configured_server(empty: Path) -> None:
    joining = [
        subprocess.Popen(
            [sys.executable, "-c", _JOIN, str(empty / "data" / "postgres")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    try:
        told = [one.stdout.readline().strip() for one in joining if one.stdout is not None]
        ended = [one.communicate(timeout=60) for one in joining]
    finally:
        for one in joining:
            one.kill()
    assert told == ["200"] * 4, [errors for _, errors in ended]
    assert [one.returncode for one in joining] == [0] * 4, [errors for _, errors in ended]
