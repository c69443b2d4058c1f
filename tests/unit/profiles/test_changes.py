"""What one transaction says about member sets: gathered by shard, later words winning."""

from uuid import UUID

import pytest

from profiles.changes import SHARD_SIZE, Changes, unpack
from profiles.errors import BadValue
from profiles.shard import EVERYONE, MemberSets
from profiles.stacks import Op, compare
from profiles.values import LARGEST

ANNA = UUID("0199aaaa-0000-7000-8000-00000000000a")


def _applied(changes: Changes, members: MemberSets | None = None) -> MemberSets:
    members = members or MemberSets()
    for shard, change in changes.finished():
        members.apply(shard, unpack(change))
    return members


def test_the_later_word_about_a_member_wins() -> None:
    changes = Changes()
    changes.add("tier=gold", 1)
    changes.remove("tier=gold", 1)
    changes.remove("tier=gold", 2)
    changes.add("tier=gold", 2)
    changes.assign("visits", 1, 5)
    changes.assign("visits", 1, None)
    changes.assign("visits", 2, None)
    changes.assign("visits", 2, 7)
    members = _applied(changes)
    assert list(members.get("tier=gold")) == [2]
    assert list(compare(members, "visits", Op.GE, 0)) == [2]


def test_one_transaction_moves_a_member_from_one_value_to_another() -> None:
    before = Changes()
    before.add("tier=gold", 1)
    before.add("tier#?", 1)
    members = _applied(before)
    after = Changes()
    after.remove("tier=gold", 1)
    after.remove("tier#?", 1)
    after.add("tier=silver", 1)
    after.add("tier#?", 1)
    _applied(after, members)
    assert [list(members.get(f"tier{s}")) for s in ("=gold", "=silver", "#?")] == [[], [1], [1]]


def test_who_is_forgotten_is_nowhere_whatever_else_was_said() -> None:
    changes = Changes()
    changes.join(4, ANNA)
    changes.forget(4)
    changes.add("tier=gold", 4)
    changes.assign("visits", 4, 3)
    members = _applied(changes)
    assert not any(4 in those for those in members.sets.values())
    assert not members.ids[4].any()


def test_each_shard_gets_its_own_change_in_order() -> None:
    changes = Changes()
    for ordinal in (2 * SHARD_SIZE + 1, 5, SHARD_SIZE - 1):
        changes.add("tier=gold", ordinal)
    assert [shard for shard, _ in changes.finished()] == [0, 2]
    assert list(_applied(changes).get("tier=gold")) == [5, SHARD_SIZE - 1, 2 * SHARD_SIZE + 1]


def test_dropping_a_field_empties_its_sets_in_that_shard_before_anything_is_added() -> None:
    before = Changes()
    for ordinal in (1, SHARD_SIZE + 1):
        before.add("county=Oslo", ordinal)
        before.assign("countys", ordinal, 3)  # a name that begins alike
    members = _applied(before)
    after = Changes()
    after.add("county=Dalarna", 1)
    after.drop("county", 0)
    _applied(after, members)
    assert list(members.get("county=Oslo")) == [SHARD_SIZE + 1]
    assert list(members.get("county=Dalarna")) == [1]
    assert len(compare(members, "countys", Op.EQ, 3)) == 2


def test_a_number_that_no_replica_could_apply_is_refused_when_it_is_said() -> None:
    changes = Changes()
    changes.assign("balance", 1, LARGEST)
    changes.assign("balance", 2, -LARGEST)
    with pytest.raises(BadValue, match="too large"):
        changes.assign("balance", 3, LARGEST + 1)
    assert list(compare(_applied(changes), "balance", Op.EQ, LARGEST)) == [1]


def test_nothing_said_is_no_change() -> None:
    assert list(Changes().finished()) == []
    assert list(_applied(Changes()).get(EVERYONE)) == []
