"""The benchmark's segment is the same question in all its spellings."""

import sys
from datetime import date, timedelta

import psycopg
import pytest

from bench.people import EPOCH, TIERS, made_up
from bench.segments import HIKING, naive, plain_conditions
from kernel.database import libpq

COLUMNS = (
    "place int, tier text, likes boolean, birth_date date, spend numeric, last_visit date,"
    " consented boolean, consented_until date, objected boolean, restricted boolean"
)


@pytest.mark.parametrize("today", [date(2026, 3, 2), date(2028, 2, 29), date(2027, 3, 1)])
def test_plain_sql_and_the_naive_columns_agree_on_any_day(server: str, today: date) -> None:
    people = made_up(20_000, today=today)
    with psycopg.connect(libpq(server, role=None)) as connection:
        connection.execute(f"CREATE TEMPORARY TABLE plain ({COLUMNS}) ON COMMIT DROP")
        with connection.cursor().copy("COPY plain FROM STDIN") as copy:
            for place in range(len(people)):
                copy.write_row(
                    (
                        place,
                        TIERS[people.tier[place]],
                        bool(people.interests[place, HIKING]),
                        EPOCH + timedelta(days=int(people.born[place])),
                        people.spend[place] / 100,
                        EPOCH + timedelta(days=int(people.visited[place])),
                        bool(people.consents[place, 0]),
                        today + timedelta(days=1),
                        False,
                        bool(people.restricted[place]),
                    )
                )
        where = plain_conditions("likes", today)
        found = connection.execute(f"SELECT place FROM plain WHERE {where} ORDER BY place")
        assert [row[0] for row in found] == naive(people, today).tolist()
        assert found.rowcount > 0


def test_the_same_seed_makes_the_same_people() -> None:
    day = date(2026, 3, 2)
    assert made_up(50, today=day).person(7) == made_up(50, today=day).person(7)


def test_duckdb_has_a_process_of_its_own() -> None:
    assert "duckdb" not in sys.modules
