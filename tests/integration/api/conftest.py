"""What tests of the doors look at: every table's rows, whatever they hold."""

from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql

from kernel.database import libpq

Tables = dict[str, tuple[int, str | None]]

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_CONTENT = "SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {} AS t"


@pytest.fixture
def tables(database_url: str) -> Callable[[], Tables]:
    """Tells of each table how many rows it has and what they add up to."""

    def look() -> Tables:
        with psycopg.connect(libpq(database_url, role=None)) as connection:
            names = [row[0] for row in connection.execute(_TABLES)]
            return {
                name: connection.execute(sql.SQL(_CONTENT).format(sql.Identifier(name))).fetchone()
                or (0, None)
                for name in names
            }

    return look
