"""Sets in memory follow changes as plain dicts would, and survive being packed and loaded."""

import re
from uuid import UUID

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pyroaring import BitMap

from profiles.changes import SHARD_SIZE, Changes, unpack
from profiles.shard import MemberSets, span
from profiles.stacks import Op, compare

ORDINALS = st.sampled_from([0, 1, 2, 63, SHARD_SIZE - 1, SHARD_SIZE, SHARD_SIZE + 7])
NAMES = st.sampled_from(["tier=gold", "tier=silver", "tier#?", "consent:offers", "~restricted"])
STACKS = st.sampled_from(["visits", "consent_until:offers"])
NUMBERS = st.none() | st.integers(-9, 9) | st.sampled_from([-(2**53), 2**53])


class Shards(RuleBasedStateMachine):
    """Random transactions on member sets, beside dicts."""

    @initialize()
    def start(self) -> None:
        self.members = MemberSets()
        self.ids: dict[int, UUID] = {}
        self.sets: dict[str, set[int]] = {}
        self.numbers: dict[str, dict[int, int]] = {}

    @rule(who=st.lists(ORDINALS, unique=True, min_size=1), data=st.data())
    def enrol(self, who: list[int], data: st.DataObject) -> None:
        changes = Changes()
        for ordinal in who:
            id = UUID(int=data.draw(st.integers(1, 2**128 - 1)))
            changes.join(ordinal, id)
            if ordinal in self.ids:
                self._leave(ordinal)  # nobody inherits what another said
            self.ids[ordinal] = id
        self._apply(changes)

    @rule(
        put=st.lists(st.tuples(NAMES, ORDINALS, st.booleans()), max_size=6),
        assign=st.lists(st.tuples(STACKS, ORDINALS, NUMBERS), max_size=4),
    )
    def change(
        self, put: list[tuple[str, int, bool]], assign: list[tuple[str, int, int | None]]
    ) -> None:
        changes = Changes()
        for name, ordinal, inside in put:
            (changes.add if inside else changes.remove)(name, ordinal)
            those = self.sets.setdefault(name, set())
            (those.add if inside else those.discard)(ordinal)
        for stack, ordinal, number in assign:
            changes.assign(stack, ordinal, number)
            numbers = self.numbers.setdefault(stack, {})
            numbers.pop(ordinal, None)
            if number is not None:
                numbers[ordinal] = number
        self._apply(changes)

    @rule(who=ORDINALS)
    def forget(self, who: int) -> None:
        changes = Changes()
        changes.forget(who)
        self._leave(who)
        self._apply(changes)

    def _leave(self, who: int) -> None:
        self.ids.pop(who, None)
        for those in self.sets.values():
            those.discard(who)
        for numbers in self.numbers.values():
            numbers.pop(who, None)

    @rule(fields=st.sampled_from(["tier", "visits", "consent:offers"]), shard=st.integers(0, 1))
    def drop(self, fields: str, shard: int) -> None:
        changes = Changes()
        changes.drop(fields, shard)
        inside = range(shard * SHARD_SIZE, (shard + 1) * SHARD_SIZE)
        for name, those in self.sets.items():
            if re.split("[=#]", name)[0] == fields:
                those.difference_update(inside)
        for stack, numbers in self.numbers.items():
            if stack == fields:
                self.numbers[stack] = {o: n for o, n in numbers.items() if o not in inside}
        self._apply(changes)

    @rule(shard=st.integers(0, 1))
    def load_again(self, shard: int) -> None:
        """A shard packed and loaded over itself is the same shard."""
        self.members.load(shard, self.members.pack(shard))

    @rule()
    def start_again(self) -> None:
        """A process that starts from snapshots has what one that lived through it has."""
        fresh = MemberSets()
        for shard in range(2):
            fresh.load(shard, self.members.pack(shard))
        self.members = fresh

    @invariant()
    def same(self) -> None:
        if not hasattr(self, "members"):
            return
        assert set(self.members.everyone) == set(self.ids)
        for ordinal, id in self.ids.items():
            assert self.members.ids[ordinal].tobytes() == id.bytes
        for name, those in self.sets.items():
            assert set(self.members.get(name)) == those, name
        for stack, numbers in self.numbers.items():
            for limit in (-1, 0, 3):
                found = compare(self.members, stack, Op.GE, limit)
                assert set(found) == {o for o, n in numbers.items() if n >= limit}

    def _apply(self, changes: Changes) -> None:
        before = {name: (those.copy(), self._version(name)) for name, those in self._now().items()}
        for shard, change in changes.finished():
            self.members.apply(shard, unpack(change))
        for name, those in self._now().items():
            old, version = before.get(name, (BitMap(), None))
            if those != old:
                assert self._version(name) != version, f"{name} changed and does not say so"

    def _now(self) -> dict[str, BitMap]:
        return self.members.sets

    def _version(self, name: str) -> int:
        return self.members.version(re.split("[=#]", name)[0])


Shards.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestShards = Shards.TestCase


def test_nothing_loaded_is_an_empty_shard_and_leaves_the_others() -> None:
    members, changes = MemberSets(), Changes()
    changes.add("tier=gold", 1)
    changes.add("tier=gold", SHARD_SIZE + 1)
    for shard, change in changes.finished():
        members.apply(shard, unpack(change))
    members.load(0, None)
    assert list(members.get("tier=gold")) == [SHARD_SIZE + 1]


def test_a_span_is_one_shard_whole() -> None:
    assert (span(1).min(), span(1).max(), len(span(1))) == (
        SHARD_SIZE,
        2 * SHARD_SIZE - 1,
        SHARD_SIZE,
    )
