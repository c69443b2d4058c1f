"""Stacks of sets hold numbers exactly, and compare them as Python does."""

import operator
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from profiles.stacks import Op, Ordinals, assign, clear, compare, values_of

LIMIT = 2**53
PYTHON: dict[Op, Callable[[int, int], bool]] = {
    Op.EQ: operator.eq,
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
}
EDGES = [0, 1, -1, 2, -2, 7, 8, -8, LIMIT, -LIMIT, LIMIT - 1, 1 - LIMIT]
NUMBERS = st.sampled_from(EDGES) | st.integers(-20, 20) | st.integers(-LIMIT, LIMIT)
CONSTANTS = NUMBERS | st.sampled_from([LIMIT + 1, -LIMIT - 1, 10**30, -(10**30)])
ORDINALS = st.integers(0, 40) | st.integers(0, 2**32 - 1)
STEPS = st.lists(
    st.tuples(st.just("assign"), st.dictionaries(ORDINALS, NUMBERS, max_size=12))
    | st.tuples(st.just("clear"), st.dictionaries(ORDINALS, st.just(0), max_size=6)),
    max_size=6,
)


def ordinals(members: object) -> Ordinals:
    return np.array(list(members), dtype=np.uint32)  # type: ignore[call-overload]


def give(sets: dict[str, BitMap], name: str, numbers: dict[int, int]) -> None:
    assign(sets, name, ordinals(numbers), np.array(list(numbers.values()), dtype=np.int64))


def build(steps: list[tuple[str, dict[int, int]]]) -> tuple[dict[str, BitMap], dict[int, int]]:
    sets: dict[str, BitMap] = {}
    oracle: dict[int, int] = {}
    for action, numbers in steps:
        if action == "assign":
            give(sets, "n", numbers)
            oracle.update(numbers)
        else:
            clear(sets, "n", ordinals(numbers))
            for member in numbers:
                oracle.pop(member, None)
    return sets, oracle


@given(STEPS, st.sampled_from(Op), CONSTANTS)
def test_comparing_a_stack_finds_what_comparing_each_number_finds(
    steps: list[tuple[str, dict[int, int]]], op: Op, constant: int
) -> None:
    sets, oracle = build(steps)
    for against in {constant, *oracle.values()}:
        expected = {member for member, n in oracle.items() if PYTHON[op](n, against)}
        assert set(compare(sets, "n", op, against)) == expected


@given(STEPS, st.lists(ORDINALS, max_size=10))
def test_numbers_read_back_as_they_were_last_given(
    steps: list[tuple[str, dict[int, int]]], others: list[int]
) -> None:
    sets, oracle = build(steps)
    asked = [*oracle, *others]
    numbers, known = values_of(sets, "n", ordinals(asked))
    assert known.tolist() == [member in oracle for member in asked]
    assert numbers.tolist() == [oracle.get(member, 0) for member in asked]


@pytest.mark.parametrize("constant", EDGES)
@pytest.mark.parametrize("op", list(Op))
def test_the_edges_of_the_range_compare_with_each_other(op: Op, constant: int) -> None:
    sets: dict[str, BitMap] = {}
    give(sets, "n", dict(enumerate(EDGES)))
    expected = {i for i, n in enumerate(EDGES) if PYTHON[op](n, constant)}
    assert set(compare(sets, "n", op, constant)) == expected


def test_a_new_number_leaves_nothing_of_the_old_one() -> None:
    sets: dict[str, BitMap] = {}
    give(sets, "n", {1: -LIMIT, 2: -LIMIT})
    give(sets, "n", {1: 0})
    assert 1 not in sets["n#-"]
    assert all(1 not in members for name, members in sets.items() if name != "n#?")
    assert values_of(sets, "n", ordinals([2]))[0].tolist() == [-LIMIT]


def test_a_cleared_number_is_unknown_and_matches_nothing() -> None:
    sets: dict[str, BitMap] = {}
    give(sets, "n", {1: 5, 2: 5})
    clear(sets, "n", ordinals([1, 99]))
    assert all(1 not in compare(sets, "n", op, c) for op in Op for c in (-9, 0, 5, 9))
    assert set(sets["n#?"]) == {2}


def test_zero_is_not_negative() -> None:
    sets: dict[str, BitMap] = {}
    give(sets, "n", {1: 0, 2: -1})
    assert set(sets["n#-"]) == {2}


def test_other_numbers_and_sets_are_left_alone() -> None:
    sets = {"tier=gold": BitMap([1, 2])}
    give(sets, "n", {1: 3})
    give(sets, "nn", {1: 5})
    clear(sets, "n", ordinals([1]))
    assert set(sets["tier=gold"]) == {1, 2}
    assert values_of(sets, "nn", ordinals([1]))[0].tolist() == [5]


def test_a_comparison_gives_a_set_of_its_own() -> None:
    sets: dict[str, BitMap] = {}
    give(sets, "n", {1: 5, 2: 8})
    before = {name: members.copy() for name, members in sets.items()}
    for op in Op:
        for constant in (-1, 0, 5):
            compare(sets, "n", op, constant).add(77)
    assert sets == before


def test_what_a_stack_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="beyond"):
        give({}, "n", {1: LIMIT + 1})
    with pytest.raises(ValueError, match="beyond"):
        give({}, "n", {1: -(2**63)})
    with pytest.raises(ValueError, match="twice"):
        assign({}, "n", ordinals([1, 1]), np.array([1, 2], dtype=np.int64))
    with pytest.raises(ValueError, match="as many"):
        assign({}, "n", ordinals([1]), np.array([1, 2], dtype=np.int64))
