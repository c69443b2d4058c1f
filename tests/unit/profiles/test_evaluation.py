"""What matches is what SQL's three-valued logic says, member by member, and never anybody else."""

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_expressions import PLAIN, TODAY, Member, Tree, World, members_of, sql, trees, worlds
from pyroaring import BitMap

from profiles.conditions import And, Compare, Constant, HasValue, Known, Not, Or
from profiles.evaluation import PredicateCache, evaluate, evaluate_within
from profiles.expressions import parse
from profiles.stacks import Op

# ── the naive oracle: one member at a time, over the generator's own tree ──


def truth(tree: Tree, member: Member) -> bool | None:
    kind, *rest = tree
    if kind == "not":
        inner = truth(rest[0], member)
        return None if inner is None else not inner
    if kind in ("and", "or"):
        parts = [truth(part, member) for part in rest[0]]
        decisive = kind == "or"
        undecided = None if None in parts else not decisive
        return decisive if decisive in parts else undecided
    if kind == "constant":
        return bool(rest[0])
    value = member.get(rest[0])
    if kind == "null":
        return value is None
    return None if value is None else predicate(kind, value, *rest[1:])


def predicate(kind: str, value: Any, *operands: Any) -> bool:
    match kind, operands:
        case "bare", ():
            return value is True
        case "contains", (wanted, _):
            return wanted in value
        case "in", (wanted,):
            return value in [one for one, _ in wanted]
        case "between", ((low, _), (high, _)):
            return bool(low <= value <= high)
        case "compare", (op, (other, _), _):
            return {
                "=": value == other,
                "<>": value != other,
                "!=": value != other,
                "<": op == "<" and value < other,
                "<=": op == "<=" and value <= other,
                ">": op == ">" and value > other,
                ">=": op == ">=" and value >= other,
            }[op]
    raise AssertionError(kind)


def expected(tree: Tree, members: Mapping[int, Member]) -> set[int]:
    return {ordinal for ordinal, member in members.items() if truth(tree, member) is True}


SLOW = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@SLOW
@given(st.data())
def test_any_expression_matches_the_members_the_naive_oracle_finds(data: st.DataObject) -> None:
    world = data.draw(worlds())
    cache = PredicateCache(limit=4)
    before = {name: members.copy() for name, members in world.sets.items()}
    for tree in data.draw(st.lists(trees(world.catalogue), min_size=1, max_size=4)):
        text = sql(tree)
        condition = parse(text, world.catalogue, today=TODAY)
        assert set(evaluate(condition, world)) == expected(tree, world.members), text
        assert set(evaluate(condition, world, cache)) == expected(tree, world.members), text
    assert world.sets == before


@SLOW
@given(st.data())
def test_only_eligible_members_ever_match(data: st.DataObject) -> None:
    world = data.draw(worlds())
    tree = data.draw(trees(world.catalogue))
    # Also some who are in no set at all: erased, or never members.
    eligible = BitMap(data.draw(st.sets(st.sampled_from([*world.members, 7, 99_999]))))
    asked = eligible.copy()
    condition = parse(sql(tree), world.catalogue, today=TODAY)
    found = evaluate_within(condition, world, asked)
    members = {ordinal: world.members.get(ordinal, {}) for ordinal in eligible}
    assert set(found) == expected(tree, members)
    found.add(123_456)
    assert asked == eligible


@SLOW
@given(st.data())
def test_a_cached_answer_is_never_older_than_the_sets(data: st.DataObject) -> None:
    world = data.draw(worlds())
    asked = data.draw(st.lists(trees(world.catalogue), min_size=1, max_size=3))
    cache = PredicateCache()
    for _ in range(3):
        for tree in asked:
            condition = parse(sql(tree), world.catalogue, today=TODAY)
            assert set(evaluate(condition, world, cache)) == expected(tree, world.members)
        for ordinal in world.members:
            world.members[ordinal] = data.draw(members_of(world.catalogue))
        world.rebuild()


# ── single promises ──


def small() -> World:
    return World(
        PLAIN,
        {
            1: {"tier": "gold", "children": 0, "interests": ()},
            2: {"tier": "silver", "children": 3},
            3: {"children": -2, "interests": ("gold",)},
        },
    )


def matched(text: str) -> set[int]:
    return set(evaluate(parse(text, PLAIN, today=TODAY), small()))


def test_an_unknown_value_does_not_match_under_not_either() -> None:
    assert matched("tier = 'gold'") == {1}
    assert matched("NOT tier = 'gold'") == {2}
    assert matched("tier <> 'gold'") == {2}
    assert matched("NOT 'gold' IN interests") == {1}
    assert matched("tier IS NULL") == {3}
    assert matched("NOT (tier IS NULL)") == {1, 2}


def test_a_fraction_equals_no_whole_number_and_differs_from_every_known_one() -> None:
    assert matched("children = 0.5") == set()
    assert matched("children <> 0.5") == {1, 2, 3}
    assert matched("spend <> 9.995") == set()


def test_a_tree_not_in_normal_form_is_evaluated_all_the_same() -> None:
    gold = HasValue("tier", "gold")
    assert set(evaluate(Not(And((gold, Constant(True)))), small())) == {2}
    assert set(evaluate(Not(Or((gold, Known("tier", "tier")))), small())) == set()
    assert set(evaluate(Or(()), small())) == set()
    assert set(evaluate(And(()), small())) == {1, 2, 3}


def test_the_cache_answers_again_until_the_version_changes_and_stays_bounded() -> None:
    world, cache = small(), PredicateCache(limit=2)
    predicate_ = Compare("children", "children", Op.GE, 0)
    for _ in range(3):
        assert set(evaluate(predicate_, world, cache)) == {1, 2}
    assert (cache.hits, cache.misses) == (2, 1)
    world.members[1]["children"] = -5
    world.rebuild()
    assert set(evaluate(predicate_, world, cache)) == {2}
    assert cache.misses == 2
    for constant in range(5):
        evaluate(Compare("children", "children", Op.EQ, constant), world, cache)
    assert len(cache) == 2


def test_an_answer_belongs_to_whoever_asked() -> None:
    world, cache = small(), PredicateCache()
    everyone = world.everyone
    for text in ("TRUE", "children > 0", "tier = 'gold'", "tier IS NOT NULL"):
        condition = parse(text, PLAIN, today=TODAY)
        first = evaluate_within(condition, world, everyone, cache)
        first.add(1_000)
        assert 1_000 not in evaluate_within(condition, world, everyone, cache)
        assert 1_000 not in everyone
