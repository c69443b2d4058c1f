"""An attacker who knows the rules, and everything that is shown, learns nothing of small groups."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from consent.figures.disclosure import ENOUGH, SMALLEST, STEP, shown, steady, together

#: The rules with 3 for 10, and three groups: small enough to go through everything there is.
SMALL = 3
TOP = 8
ORDER = ("first", "second", "third")
DAYS = [dict(zip(ORDER, counts, strict=True)) for counts in product(range(TOP + 1), repeat=3)]

counts = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 60), min_size=1)


@dataclass
class Left:
    """What is left possible of one group on two days, given all that was shown of both."""

    before: set[int] = field(default_factory=set)
    after: set[int] = field(default_factory=set)
    change: set[int] = field(default_factory=set)


Seen = tuple[tuple[str, int], ...]


def _seen(steady_counts: dict[str, int]) -> Seen:
    return tuple(shown(steady_counts, ORDER, smallest=SMALL, step=SMALL).items())


@cache
def _histories() -> dict[tuple[Seen, Seen], dict[str, Left]]:
    """Everything that two days can look like, with what is possible when they do."""
    first = {tuple(day.values()): _seen(day) for day in DAYS}
    left: dict[tuple[Seen, Seen], dict[str, Left]] = defaultdict(
        lambda: {name: Left() for name in ORDER}
    )
    for day, following in product(DAYS, DAYS):
        told = steady(day, following, smallest=SMALL)
        found = left[first[tuple(day.values())], first[tuple(told.values())]]
        for name, one in found.items():
            one.before.add(day[name])
            one.after.add(following[name])
            one.change.add(following[name] - day[name])
    return left


def test_over_two_days_a_group_that_may_be_small_may_have_any_small_number_of_members() -> None:
    for (before, after), left in _histories().items():
        for name, one in left.items():
            for seen, possible in ((before, one.before), (after, one.after)):
                if name in dict(seen):
                    assert min(possible) >= SMALL, (before, after, name)
                elif min(possible) < SMALL:
                    assert set(range(SMALL)) <= possible, (before, after, name)


def test_over_two_days_no_change_is_known_to_be_one_of_few_members() -> None:
    for (before, after), left in _histories().items():
        for name, one in left.items():
            much = max(map(abs, one.change)) >= SMALL
            assert much or 0 in one.change, (before, after, name, one.change)


def test_over_two_days_the_sum_of_what_is_hidden_gives_nothing_away_either() -> None:
    # 2 for 10, so that there is room for sums; whatever may reach beyond the top is passed over.
    small, top = 2, 10
    days = list(product(range(top + 1), repeat=3))
    moved = [
        [steady({"": was}, {"": now}, smallest=small)[""] for now in range(top + 1)]
        for was in range(top + 1)
    ]
    seen = {day: _with_sum(day, small) for day in days}
    left: dict[object, list[int]] = defaultdict(lambda: [0] * 9)  # sets of numbers, bit by bit
    for day in days:
        for following in days:
            told = tuple(moved[was][now] for was, now in zip(day, following, strict=True))
            found = left[seen[day], seen[told]]
            for n in range(3):
                found[n] |= 1 << day[n]
                found[3 + n] |= 1 << following[n]
                found[6 + n] |= 1 << (following[n] - day[n] + top)
    few = (1 << small) - 1
    much = sum(1 << top + by for by in range(-top, top + 1) if abs(by) >= small)
    whole = [found for found in left.values() if not any(one >> top & 1 for one in found[:6])]
    assert len(whole) > 1_000
    for found in whole:
        assert all(one & few in (0, few) for one in found[:6]), found
        assert all(one & much or one >> top & 1 for one in found[6:]), found


def _with_sum(day: tuple[int, ...], small: int) -> object:
    counts = dict(zip(ORDER, day, strict=True))
    groups = shown(counts, ORDER, smallest=small, step=small)
    return tuple(groups.items()), together(counts, ORDER, smallest=small, step=small)


@given(counts)
def test_hidden_groups_are_told_as_one_only_where_they_are_many(day: dict[str, int]) -> None:
    order = sorted(day)
    hidden = sum(day[name] for name in day.keys() - shown(day, order).keys())
    found = together(day, order)
    assert (found is None) == (hidden < ENOUGH)
    assert found is None or abs(found - hidden) <= STEP // 2


def test_whoever_knows_the_others_exactly_and_the_sum_cannot_work_out_a_hidden_group() -> None:
    most = 15
    agreeing: dict[tuple[Seen, int], list[dict[str, int]]] = defaultdict(list)
    for counts in product(range(most + 1), repeat=3):
        day = dict(zip(ORDER, counts, strict=True))
        exactly = tuple((name, day[name]) for name, _ in _seen(day))
        if sum(counts) <= most:  # a larger sum has days that are not gone through
            agreeing[exactly, sum(counts)].append(day)
    partly = [(dict(seen), days) for (seen, _), days in agreeing.items() if seen]
    assert len(partly) > 20
    for seen, days in partly:
        for name in set(ORDER) - seen.keys():
            possible = {day[name] for day in days}
            assert min(possible) >= SMALL or set(range(SMALL)) <= possible, (seen, name, possible)


@given(counts)
def test_nothing_small_is_shown_and_everything_is_rounded(day: dict[str, int]) -> None:
    seen = shown(day, sorted(day))
    for name, members in seen.items():
        assert day[name] >= SMALLEST
        assert members % STEP == 0
        assert abs(members - day[name]) <= STEP // 2


@given(counts)
def test_what_is_hidden_is_none_or_more_than_one_group_of_twenty_together(
    day: dict[str, int],
) -> None:
    hidden = day.keys() - shown(day, sorted(day)).keys()
    if hidden and len(hidden) < len(day):
        assert len(hidden) > 1
        assert sum(day[name] for name in hidden) >= 2 * SMALLEST
    if all(members >= SMALLEST for members in day.values()):
        assert not hidden


@given(counts, counts, counts)
def test_what_stands_is_never_far_off_and_never_hides_that_a_group_has_become_small(
    first: dict[str, int], second: dict[str, int], third: dict[str, int]
) -> None:
    told = steady(steady(steady({}, first), second), third)
    assert told.keys() == third.keys()
    for name, count in third.items():
        assert abs(told[name] - count) < SMALLEST
        assert (told[name] < SMALLEST) == (count < SMALLEST)


def test_nothing_is_shown_of_nine_members() -> None:
    for one in range(10):
        assert shown({"yes": one, "no": 9 - one}, ["no", "yes"]) == {}


def test_as_much_is_shown_as_may_be() -> None:
    order = ["unproven", "refused", "withdrawn", "yes"]
    day = {"yes": 1234, "withdrawn": 85, "refused": 12, "unproven": 10}
    assert shown(day, order) == {"unproven": 10, "refused": 10, "withdrawn": 90, "yes": 1230}
    assert shown(day | {"unproven": 9}, order) == {"withdrawn": 90, "yes": 1230}
    assert shown(day | {"unproven": 7}, order) == {"yes": 1230}  # 7 and 12 are less than twenty
    assert shown(day | {"withdrawn": 0}, order) == {"yes": 1230}
    assert shown(day | {"unproven": 0, "refused": 0, "withdrawn": 19}, order) == {}
    many = {"one": 9, "two": 9, "three": 9, "four": 300, "five": 400}
    assert shown(many, list(many)) == {"five": 400}  # three small ones never stand alone


@given(counts, st.lists(counts, min_size=1, max_size=5))
def test_a_figure_stays_until_ten_have_moved_or_it_has_come_to_be_hidden(
    first: dict[str, int], days: list[dict[str, int]]
) -> None:
    told = steady({}, first)
    for day in days:
        following = steady(told, day)
        for name in told.keys() & following.keys():
            was, now = told[name], following[name]
            crossed = (was < SMALLEST) != (now < SMALLEST)
            assert was == now or abs(was - now) >= SMALLEST or crossed
        told = following


def test_a_figure_that_creeps_moves_once_it_has_come_far_enough() -> None:
    told = {"yes": 100}
    for count in range(101, 110):
        assert steady(told, {"yes": count}) == {"yes": 100}
    assert steady(told, {"yes": 110}) == {"yes": 110}
