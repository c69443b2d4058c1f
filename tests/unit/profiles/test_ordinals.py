"""Ids to ordinals: as a dictionary would have it, whoever joins or is erased meanwhile."""

from uuid import UUID, uuid4

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from profiles.changes import Changes, unpack
from profiles.ordinals import NOBODY, Index, OrdinalIndex
from profiles.shard import MemberSets

#: Many share a bucket, and some a word: as bad as it gets.
ids = st.builds(
    lambda high, low: UUID(int=high << 64 | low),
    st.integers(1, 3) | st.integers(1, 2**64 - 1),
    st.integers(1, 5) | st.integers(1, 2**64 - 1),
)
steps = st.lists(
    st.tuples(st.just("join"), st.lists(ids, min_size=1, max_size=6))
    | st.tuples(st.just("erase"), st.integers(0, 40))
    | st.tuples(st.just("build"), st.none()),
    max_size=12,
)


def _packed(asked: list[UUID]) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(one.bytes for one in asked), dtype=">u8").reshape(-1, 2)


def _apply(members: MemberSets, changes: Changes) -> None:
    for shard, change in changes.finished():
        members.apply(shard, unpack(change))


@given(steps, st.lists(ids, max_size=5))
def test_each_id_leads_to_its_members_ordinal_and_any_other_to_nobody(
    taken: list[tuple[str, object]], strangers: list[UUID]
) -> None:
    members, index, there, gone = MemberSets(), OrdinalIndex(), dict[UUID, int](), list[UUID]()
    ordinal = 0
    for what, whom in taken:
        changes = Changes()
        if what == "join":
            assert isinstance(whom, list)
            for one in whom:
                if one not in there and one not in gone:
                    changes.join(ordinal, one)
                    there[one] = ordinal
                    ordinal += 7
        elif what == "erase" and there:
            assert isinstance(whom, int)
            one = sorted(there)[whom % len(there)]
            changes.forget(there.pop(one))
            gone.append(one)
        elif what == "build":
            everyone = members.everyone.copy()
            index.rest_on(Index.of(members.ids, everyone), everyone)
        _apply(members, changes)
        asked = [*there, *gone, *strangers, *there, UUID(int=0)]
        found = index.view(members).find(_packed(asked))
        assert found.tolist() == [there.get(one, NOBODY) for one in asked]


def test_a_view_answers_as_of_its_moment_while_others_join() -> None:
    members, index = MemberSets(), OrdinalIndex()
    first, second = uuid4(), uuid4()
    for ordinal, one in enumerate((first, second)):
        changes = Changes()
        changes.join(ordinal, one)
        _apply(members, changes)
        if one is first:
            view = index.view(members)
    assert view.find(_packed([first, second])).tolist() == [0, NOBODY]
    assert index.view(members).find(_packed([first, second])).tolist() == [0, 1]


def test_the_base_is_far_behind_when_many_have_joined_and_not_for_a_few() -> None:
    members, index = MemberSets(), OrdinalIndex()
    assert not index.is_far_behind(members)
    changes = Changes()
    for ordinal in range(5_000):
        changes.join(ordinal, uuid4())
    _apply(members, changes)
    assert index.is_far_behind(members)
    everyone = members.everyone.copy()
    index.rest_on(Index.of(members.ids, everyone), everyone)
    assert not index.is_far_behind(members)
