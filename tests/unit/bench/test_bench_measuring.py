"""Ratios say how many times faster ours is, round by round, and unequal sides give none."""

import numpy as np
import pytest

from bench.equality import Unequal, same, same_members
from bench.measuring import Rounds, in_turn, latency, result, seconds, throughput
from bench.wire import BadAnswer, body_span


def test_a_ratio_is_how_many_times_faster_ours_is() -> None:
    rounds = Rounds(ours=[1.0, 2.0, 4.0], theirs=[2.0, 2.0, 2.0])
    line = result("row", rounds, size="3", goal="≥ 1×", say=latency)
    assert (line.ratio, line.ratio_min, line.ratio_max) == (1.0, 0.5, 2.0)
    assert (line.ours, line.theirs) == ("2 s", "2 s")


def test_sides_take_turns_at_being_first() -> None:
    order: list[str] = []
    in_turn(lambda: order.append("o"), lambda: order.append("t"), rounds=3)
    assert "".join(order) == "ottoot"


def test_a_throughput_is_named_with_its_unit() -> None:
    assert throughput("reads")(0.0005) == "2,000 reads/s"


def test_sides_that_differ_are_not_measured() -> None:
    with pytest.raises(Unequal, match="1 are in ours only, 0 in theirs only"):
        same([1, 2], [2])


def test_two_empty_answers_prove_nothing() -> None:
    with pytest.raises(Unequal, match="neither side"):
        same([], [])


def test_members_are_the_same_in_whatever_order_and_byte_order() -> None:
    ours = np.array([[1, 2], [3, 4]], dtype=">u8")
    assert same_members(ours, np.array([[3, 4], [1, 2]], dtype=np.uint64)) == 2


def test_an_answer_that_is_no_success_is_never_counted() -> None:
    with pytest.raises(BadAnswer, match="403"):
        body_span(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\n{}")


def test_an_answer_is_whole_when_its_announced_length_is_there() -> None:
    assert body_span(b"HTTP/1.1 200 OK\r\nContent-Length: 5") is None
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    assert body_span(head + b"he") == (len(head), len(head) + 5)


def test_a_short_run_is_repeated_until_its_time_can_be_told() -> None:
    runs: list[None] = []
    mean = seconds(lambda: runs.append(None), at_least=0.01)
    assert len(runs) > 1
    assert mean < 0.01
