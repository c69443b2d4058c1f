"""Identifiers are UUIDs of version 7: they tell when they were made, and nothing else."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kernel.ids import made_at, uuid7


@given(st.integers(0, (1 << 48) // 1_000_000))
def test_an_id_is_of_version_seven_and_tells_its_millisecond(at_ms: int) -> None:
    made = uuid7(at_ms)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made_at(made) == datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms)


def test_ids_of_one_millisecond_differ() -> None:
    assert len({uuid7(1_700_000_000_000) for _ in range(10_000)}) == 10_000


@given(st.integers(0, 1 << 47), st.integers(1, 1 << 20))
def test_a_later_id_sorts_after_an_earlier_one(at_ms: int, later: int) -> None:
    assert uuid7(at_ms) < uuid7(at_ms + later)


def test_an_id_is_made_now() -> None:
    # To the millisecond, so it may lie just under one before.
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    assert before <= made_at(uuid7()) <= datetime.now(UTC)
