"""What a replay comes to: which answers flip, how many, about how many members, and why.

Pure. Counts members as they go by, one after the other, and keeps no id of any.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from consent.replay.past_uses import Asked

YES = "yes"
#: Groups of fewer members than this are not counted out on a screen.
FEW = 10
_ENTRIES = 20

#: Why an answer cannot be asked again. The list is closed.
LEFT_OUT = {
    "erased_since": "about members who were erased since",
    "found_nobody": "about nobody: the service named no member",
    "words_not_kept": "in words that the programme did not know, which the record leaves out",
    "detail_lost": "on record, but what was sealed beside the entry is lost or another",
    "set_lost": "in a set of members that is lost",
    "entry_unreadable": "rows of the record that are no entry",
    "version_unknown": "under a programme version that cannot be trusted, or is not there",
    "rectified_since": "hanging on a birth date that was written down since",
    "member_unopened": "about members whose own rows do not open",
}


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer that flips, for one member. `before` and `after`: "yes", or why not.

    `named`: of a question about many, whether the member was among those handed out.
    """

    member: UUID
    entry: UUID
    at: datetime
    kind: str
    service: str
    purpose: str
    before: str
    after: str
    named: bool | None = None

    def __repr__(self) -> str:
        return "Line(***)"


@dataclass(frozen=True, order=True)
class Group:
    """Answers that came out alike: `before` and `after` are "yes", or why not."""

    kind: str
    service: str
    purpose: str
    before: str
    after: str

    @property
    def way(self) -> str:
        return "no_to_yes" if self.after == YES else "yes_to_no"

    @property
    def reason(self) -> str:
        """Why it would be no, or why it was."""
        return self.before if self.after == YES else self.after


@dataclass
class Count:
    """So many `answers`, about so many `members`; `named` of them had been handed out."""

    answers: int = 0
    members: int = 0
    named: int = 0


@dataclass
class Tally:
    """The counts of a replay.

    `replayed`: answers about living members that came out as they are on record; `in_flight` of
    them only if a choice of the same minute was not in force yet. `wrong`: those that came out
    otherwise, what is on record as `before` and what follows as `after`; `wrong_entries`: some of
    their entries. `flips`: under the draft. `fields`: how often one was the reason, by service,
    purpose and field. `single`: uses of one member that were looked at. `unopened`: members
    whose rows do not open. `left_out`: why answers could not be asked again; see `LEFT_OUT`.
    """

    members: int = 0
    replayed: int = 0
    in_flight: int = 0
    wrong: dict[Group, Count] = field(default_factory=lambda: defaultdict(Count))
    wrong_entries: list[UUID] = field(default_factory=list)
    flips: dict[Group, Count] = field(default_factory=lambda: defaultdict(Count))
    fields: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    single: int = 0
    unopened: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def total(self, way: str) -> Count:
        """All flips of one way; a member who is in several groups counts in each."""
        found = [count for group, count in self.flips.items() if group.way == way]
        answers, members = sum(one.answers for one in found), sum(one.members for one in found)
        return Count(answers, members, sum(one.named for one in found))

    def in_order(self) -> Iterator[tuple[Group, Count]]:
        """The flips, the most first."""
        yield from sorted(self.flips.items(), key=lambda one: (-one[1].answers, one[0]))


class OneMember:
    """What one member's answers add to a tally."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._counted: set[tuple[str, Group]] = set()

    def flipped(self, asked: Asked, kind: str, *, before: str, after: str, named: bool) -> None:
        """One answer more that flips."""
        group = Group(kind, asked.service, asked.purpose, before, after)
        self._add("flips", self._tally.flips[group], group)
        self._tally.flips[group].named += named

    def wrong(self, asked: Asked, kind: str, entry: UUID, *, said: str, follows: str) -> None:
        """One answer more that is not what follows."""
        group = Group(kind, asked.service, asked.purpose, said, follows)
        self._add("wrong", self._tally.wrong[group], group)
        entries = self._tally.wrong_entries
        if len(entries) < _ENTRIES and entry not in entries:
            entries.append(entry)

    def _add(self, what: str, count: Count, group: Group) -> None:
        count.answers += 1
        if (what, group) not in self._counted:
            self._counted.add((what, group))
            count.members += 1
