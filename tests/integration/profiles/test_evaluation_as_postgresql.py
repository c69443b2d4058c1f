"""What matches is what PostgreSQL says matches, asked the same question in its own words."""

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_expressions import PLAIN, Tree, World, members_of, sql, trees

from kernel.database import libpq
from profiles.evaluation import evaluate
from profiles.expressions import parse

COLUMNS = {
    "tier": "text",
    "interests": "text[]",
    "club": "boolean",
    "children": "bigint",
    "born": "date",
    "age": "bigint",
    "spend": "numeric(18, 2)",
}


@pytest.fixture(scope="module")
def plain(server: str) -> Iterator[psycopg.Connection[Any]]:
    """A table of members' values in the clear, which goes with its connection."""
    columns = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS.items())
    with psycopg.connect(libpq(server, role=None), autocommit=True) as connection:
        connection.execute(f"CREATE TEMPORARY TABLE plain (ordinal bigint, {columns})")
        yield connection


def in_their_words(tree: Tree) -> str:
    """The tree as PostgreSQL spells it: it knows no `IN` of a list, and quotes intervals."""
    return re.sub(r"INTERVAL (\d+) DAY", r"INTERVAL '\1 days'", sql(_with_any(tree)))


def _with_any(tree: Tree) -> Tree:
    kind, *rest = tree
    if kind == "not":
        return (kind, _with_any(rest[0]))
    if kind in ("and", "or"):
        return (kind, [_with_any(part) for part in rest[0]])
    return (kind, rest[0], rest[1], True) if kind == "contains" else tree


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_expression_matches_the_rows_postgresql_finds(
    plain: psycopg.Connection[Any], data: st.DataObject
) -> None:
    [today] = plain.execute("SELECT current_date").fetchone() or ()
    drawn = data.draw(st.lists(members_of(PLAIN, today), min_size=3, max_size=8))
    world = World(PLAIN, dict(enumerate(drawn)))
    plain.execute("TRUNCATE plain")
    with plain.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO plain VALUES ({', '.join(['%s'] * (len(COLUMNS) + 1))})",
            [
                [ordinal, *(list(v) if isinstance(v := member[c], tuple) else v for c in COLUMNS)]
                for ordinal, member in world.members.items()
            ],
        )
    for tree in data.draw(st.lists(trees(PLAIN, today), min_size=1, max_size=4)):
        text = sql(tree)
        rows = plain.execute(f"SELECT ordinal FROM plain WHERE {in_their_words(tree)}").fetchall()
        found = evaluate(parse(text, PLAIN, today=today), world)
        assert set(found) == {ordinal for (ordinal,) in rows}, text
