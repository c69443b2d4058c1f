"""The benchmark's segment is the same question in all its spellings."""

from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from bench.people import EPOCH, TIERS, made_up
from bench.segments import HIKING, naive, plain_conditions


@pytest.mark.parametrize("today", [date(2026, 3, 2), date(2028, 2, 29), date(2027, 3, 1)])
def test_plain_sql_and_the_naive_columns_agree_on_any_day(today: date) -> None:
    people = made_up(20_000, today=today)
    table = pa.table(
        {
            "place": np.arange(len(people)),
            "tier": pa.DictionaryArray.from_arrays(people.tier, list(TIERS)),
            "likes": people.interests[:, HIKING],
            "birth_date": pa.array(people.born, pa.date32()),
            "spend": people.spend / 100,
            "last_visit": pa.array(people.visited, pa.date32()),
            "consented": people.consents[:, 0],
            "consented_until": pa.array(
                np.full(len(people), (today - EPOCH).days + 1, np.int32), pa.date32()
            ),
            "objected": np.zeros(len(people), np.bool_),
            "restricted": people.restricted,
        }
    )
    connection = duckdb.connect()
    connection.register("member", table)
    where = plain_conditions("likes", today)
    found = connection.execute(f"SELECT place FROM member WHERE {where} ORDER BY place").fetchall()
    assert [row[0] for row in found] == naive(people, today).tolist()
    assert found


def test_the_same_seed_makes_the_same_people() -> None:
    day = date(2026, 3, 2)
    assert made_up(50, today=day).person(7) == made_up(50, today=day).person(7)
