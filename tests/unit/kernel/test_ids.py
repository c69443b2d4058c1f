"""Identifiers are UUIDs of version 7: they tell when they were made, and nothing else."""

import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.ids import made_at, uuid7


@given(st.integers(0, (1 << 48) // 1_000_000))
def test_an_id_is_of_version_seven_and_tells_its_millisecond(at_ms: int) -> None:
    made = uuid7(at_ms)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made_at(made) == datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms)


def test_ids_of_one_millisecond_are_in_the_order_they_were_made_in() -> None:
    made = [uuid7(1_700_000_000_000) for _ in range(10_000)]
    assert all(one < other for one, other in pairwise(made))
    assert {made_at(one) for one in made} == {made_at(made[0])}
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}


@given(st.lists(st.integers(1_700_000_000_000, 1_700_000_000_004), max_size=50))
def test_transactions_that_take_turns_keep_each_its_own_order(turns: list[int]) -> None:
    made = [(at_ms, uuid7(at_ms)) for at_ms in turns]
    # The oracle: by millisecond, and within one by turn.
    assert sorted(id for _, id in made) == [id for _, id in sorted(made, key=lambda one: one[0])]


def test_nobody_can_tell_the_next_id_from_the_one_before() -> None:
    made = [uuid7(1_700_000_000_001) for _ in range(1_000)]
    steps = {other.int - one.int for one, other in pairwise(made)}
    assert len(steps) == len(made) - 1
    assert max(steps) > 1 << 31


def test_ids_made_now_sort_after_each_other_also_when_the_clock_is_put_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = uuid7()
    earlier = time.time_ns() - 3_600_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: earlier)
    assert uuid7() > before


def test_threads_never_make_the_same_id() -> None:
    made: list[list[int]] = [[] for _ in range(4)]

    def make(mine: list[int]) -> None:
        mine.extend(uuid7(1_700_000_000_002).int for _ in range(2_000))

    threads = [threading.Thread(target=make, args=(mine,)) for mine in made]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len({id for mine in made for id in mine}) == 8_000
    assert all(mine == sorted(mine) for mine in made)


@given(st.integers(0, 1 << 47), st.integers(1, 1 << 20))
def test_a_later_id_sorts_after_an_earlier_one(at_ms: int, later: int) -> None:
    assert uuid7(at_ms) < uuid7(at_ms + later)


def test_an_id_is_made_now() -> None:
    # To the millisecond, so it may lie just under one before.
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    assert before <= made_at(uuid7()) <= datetime.now(UTC)
