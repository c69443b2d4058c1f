"""On which days a request is reminded of: against somebody who looks at the calendar each day."""

from hypothesis import given
from hypothesis import strategies as st

from dsar.reminding import BEFORE, is_due


def test_the_days_are_those_of_the_promise() -> None:
    assert BEFORE == (14, 7, 3)
    assert [left for left in range(30, -3, -1) if is_due(left, left + 1)] == [14, 7, 3, -1, -2]


def test_whoever_is_opened_late_is_reminded_of_at_once() -> None:
    assert [is_due(left, None) for left in (15, 14, 10, 0, -1)] == [False, True, True, True, True]


@given(st.lists(st.integers(0, 5), min_size=1), st.integers(-3, 40))
def test_however_seldom_the_worker_looks_no_day_is_missed_and_none_told_twice(
    steps: list[int], start: int
) -> None:
    """`steps`: days between two looks; 0: twice on the same day."""
    before: int | None = None
    left, told = start, list[int]()
    for step in steps:
        if is_due(left, before):
            told.append(left)
            before = left
        left -= step
    looked = [start - sum(steps[:n]) for n in range(len(steps))]
    assert told == _by_calendar(looked)


def _by_calendar(looked: list[int]) -> list[int]:
    """Each day marked on the calendar is told of on the first day that somebody looks."""
    told = list[int]()
    marked = {14, 7, 3}
    for left in looked:
        passed = {day for day in marked if day >= left}
        if left < 0:
            if left not in told:
                told.append(left)
        elif passed:
            told.append(left)
        marked -= passed
    return told
