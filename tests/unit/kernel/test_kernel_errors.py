"""A mistake says where it is, what it is, and what would be right."""

import pytest

from kernel.errors import Conflict, Invalid, Problem, TillitError


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (Problem("fields.tier", "there is no such field"), "fields.tier: there is no such field"),
        (Problem("", "it is empty", "write something"), "it is empty; write something"),
        (Problem("line 3", "no date", "give a day"), "line 3: no date; give a day"),
    ],
)
def test_a_problem_reads_as_one_sentence(problem: Problem, says: str) -> None:
    assert str(problem) == says


def test_an_error_carries_its_problem() -> None:
    error = Invalid("no date", place="line 3", remedy="give a day")
    assert error.problems == (Problem("line 3", "no date", "give a day"),)
    assert str(error) == "line 3: no date; give a day"


def test_several_problems_are_one_error_and_all_are_said() -> None:
    problems = (Problem("a", "wrong"), Problem("b", "wrong too"))
    error = Conflict.of(problems)
    assert isinstance(error, Conflict)
    assert isinstance(error, TillitError)
    assert error.problems == problems
    assert str(error) == "a: wrong\nb: wrong too"
