"""The other side's table: the same members in plaintext columns, in the same PostgreSQL server.

Proper types, a primary key, the indexes an engineer would put there, vacuumed and analysed.
Nothing of ours: no sealing, no policy, no record.
"""

from collections.abc import Iterator
from datetime import timedelta

import psycopg

from bench.people import TIERS, day
from bench.segments import CONSENT_DAYS
from bench.store import Store, beside
from kernel.database import libpq

DATABASE = "plain"

_TABLE = f"""
CREATE TYPE tier AS ENUM {TIERS};
CREATE TABLE customer (
    id uuid PRIMARY KEY,
    member_number text NOT NULL UNIQUE,
    name text NOT NULL,
    birth_date date NOT NULL,
    tier tier NOT NULL,
    interests text[] NOT NULL,
    spend numeric(12, 2) NOT NULL,
    last_visit date NOT NULL,
    consented boolean NOT NULL,
    consented_until date,
    objected boolean NOT NULL,
    restricted boolean NOT NULL
)
"""
#: The planner may use which it likes; it knows from ANALYZE how selective each is.
_INDEXES = (
    "CREATE INDEX customer_tier ON customer (tier)",
    "CREATE INDEX customer_interests ON customer USING gin (interests)",
    "CREATE INDEX customer_birth_date ON customer (birth_date)",
    "CREATE INDEX customer_spend ON customer (spend)",
    "CREATE INDEX customer_last_visit ON customer (last_visit)",
)


def plain_table(store: Store) -> str:
    """The URL of a database with the table `customer`, filled the first time it is asked for."""
    url = beside(store.url, DATABASE)
    with psycopg.connect(libpq(url, role=None), autocommit=True) as connection:
        found = connection.execute("SELECT to_regclass('customer')").fetchone()
        if found is not None and found[0] is not None:
            return url
        with connection.transaction():
            connection.execute(_TABLE.encode())
            with connection.cursor() as cursor, cursor.copy("COPY customer FROM STDIN") as copy:
                for row in _rows(store):
                    copy.write_row(row)
            for index in _INDEXES:
                connection.execute(index.encode())
        connection.execute("VACUUM (ANALYZE) customer")
        connection.execute("CHECKPOINT")
    return url


def _rows(store: Store) -> Iterator[tuple[object, ...]]:
    people = store.people
    until = store.made.day + timedelta(days=CONSENT_DAYS)
    for at in range(len(people)):
        consented = bool(people.consents[at, 0])
        yield (
            store.id(at),
            str(at),
            people.name(at),
            day(int(people.born[at])),
            TIERS[people.tier[at]],
            people.likes(at),
            people.spent(at),
            day(int(people.visited[at])),
            consented,
            until if consented else None,
            False,
            bool(people.restricted[at]),
        )
