"""Decisions about many members at once: the same answers as one by one, as set algebra.

The question is the same for all, so the policy rules once; then the members asked about are
sorted by what is found about them, and each sort gets the verdict that any one of them would.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from audit.acts import Seal
from audit.entries import Entry, Fact, Kind
from consent.decisions import Found, Part, Verdict, act_of, verdict
from consent.eligibility import Eligibility
from consent.footprints import EVERYBODY
from consent.programme.declarations import Action
from consent.reach import Reach
from consent.rulings import COUNT_INSTEAD, Question, Ruling
from profiles import stacks
from profiles.ordinals import NOBODY, Ids, Ordinals, View

_NO_IDS = np.zeros((0, 2), dtype=">u8")
#: Whom these concern is for the member's own state to say, and the service may be told who it is.
_FINDS_MEMBERS = frozenset({Action.READ, Action.SEGMENT, Action.CONTACT})


@dataclass(frozen=True)
class Stand:
    """The members as they are at one moment; what is in it stands still while others change.

    `eligibility` is None for a purpose that there is not, `reach` where no channel was asked for.
    """

    everyone: BitMap
    eligibility: Eligibility | None
    reach: Reach | None
    view: View
    heads: dict[int, int]


@dataclass(frozen=True)
class Lines:
    """An answer for each id, in the order asked: `answers[codes[at]]` is that of `ids[at]`."""

    ids: Ids
    codes: NDArray[np.uint8]
    answers: tuple[Part, ...]


@dataclass(frozen=True)
class Sorted:
    """Members by answer; disjoint, and together all who were asked about. `strangers`: how many
    different ids were nobody's. `named`: the ids of the allowed. `untold`: the service named
    nobody and the policy refuses it, so not even how many there are is for it to know.

    Invariant: `allowed` and `counts` add up to `count`.
    """

    asked: BitMap
    allowed: BitMap
    held_back: dict[Part, BitMap]
    strangers: dict[Part, int] = field(default_factory=dict)
    named: Ids = field(default_factory=lambda: _NO_IDS, repr=False)
    lines: Lines | None = field(default=None, repr=False)
    untold: bool = False

    @property
    def count(self) -> int:
        """How many different ids were asked about."""
        return len(self.asked) + sum(self.strangers.values())

    @property
    def counts(self) -> dict[str, int]:
        """How many were held back for which reason, ids that are nobody's among them."""
        counts: Counter[str] = Counter()
        for part, who in self.held_back.items():
            counts[str(part.reason)] += len(who)
        for part, count in self.strangers.items():
            counts[str(part.reason)] += count
        return dict(counts)


@dataclass(frozen=True)
class Batch:
    """What is answered. `open`: the verdict on a member in whose way nothing stands, which says
    what the policy gives field by field. `heads`: the change number seen of each shard."""

    ruling: Ruling
    open: Verdict
    sorted: Sorted
    heads: dict[int, int]
    entry: UUID


def instead_of_everyone(question: Question) -> str | None:
    """What to do instead of asking this about all members; None where it may be asked.

    Else whoever may write something down about members would be handed a list of them. An action
    that there is not is a no like any other.
    """
    if question.names_nobody:
        return COUNT_INSTEAD
    if question.action not in set(Action) or question.action in _FINDS_MEMBERS:
        return None
    return "name the members; everyone is for " + ", ".join(sorted(_FINDS_MEMBERS))


def sort_out(ruling: Ruling, asked: BitMap, stand: Stand) -> Sorted:
    """Those asked about, by answer; each as `decisions.verdict` has it for what was found."""
    allowed, held = BitMap(), dict[Part, BitMap]()
    for found, those in _found(asked, stand):
        whole = verdict(ruling, found).whole
        if whole.allowed:
            allowed |= those
        else:
            held[whole] = held.get(whole, BitMap()) | those
    return Sorted(asked, allowed, held)


def _found(asked: BitMap, stand: Stand) -> Iterator[tuple[Found, BitMap]]:
    left = asked.copy()
    for reason, held in (stand.eligibility.those if stand.eligibility else {}).items():
        if here := left & held:
            yield Found(reason=reason), here
            left -= here
    for unreached, held in (stand.reach.those if stand.reach else {}).items():
        if here := left & held:
            yield Found(unreached=unreached), here
            left -= here
    if left:
        yield Found(), left


def sort_everyone(ruling: Ruling, stand: Stand, *, lines: bool) -> Sorted:
    """All members there are, in ordinal order; named to no service that the policy refuses.

    Lines are those of the allowed: who else is a member is told to nobody who may not use them.
    """
    found = sort_out(ruling, stand.everyone, stand)
    if ruling.denial is not None:
        none = Lines(_NO_IDS, np.zeros(0, np.uint8), ()) if lines else None
        return replace(found, untold=True, lines=none)
    allowed = np.frombuffer(found.allowed.to_array(), np.uint32)
    ids = stand.view.ids.take(allowed, axis=0)
    if lines:
        return replace(found, lines=Lines(ids, np.zeros(len(ids), np.uint8), (Part(True),)))
    return replace(found, named=ids)


def sort_named(ruling: Ruling, stand: Stand, ids: Ids, *, lines: bool) -> Sorted:
    """The members with these ids, whichever of them there are. May run in another thread.

    Who is asked about twice is counted once, and has two lines.
    """
    ordinals = stand.view.find(ids)
    size = int(ordinals.max(initial=0)) + 1
    strange = np.flatnonzero(ordinals == NOBODY)
    # The last place of each member among the ids; one more slot takes those of nobody.
    places = np.full(size + 1, NOBODY, np.int64)
    places[ordinals] = np.arange(len(ids))
    asked = stacks.bitmap(np.flatnonzero(places[:size] != NOBODY).astype(np.uint32))
    found = sort_out(ruling, asked & stand.everyone, stand)
    if len(strange):
        different = np.unique(np.ascontiguousarray(ids.take(strange, axis=0)), axis=0)
        nobody = verdict(ruling, Found(known=False)).whole
        found = replace(found, strangers={nobody: len(different)})
    if lines:
        return _with_lines(found, ruling, ids, ordinals)
    allowed = np.frombuffer(found.allowed.to_array(), np.uint32)
    return replace(found, named=ids.take(places.take(allowed), axis=0))


def _with_lines(found: Sorted, ruling: Ruling, ids: Ids, ordinals: Ordinals) -> Sorted:
    nobody = verdict(ruling, Found(known=False)).whole
    answers = (nobody, Part(True), *found.held_back)
    size = int(ordinals.max(initial=0)) + 1
    codes = np.zeros(size + 1, np.uint8)  # the last slot is for those who are nobody
    for code, who in enumerate((found.allowed, *found.held_back.values()), start=1):
        codes[np.frombuffer(who.to_array(), np.uint32)] = code
    lines = Lines(ids, codes.take(ordinals), answers)
    return replace(found, lines=lines)


def entry_of(ruling: Ruling, found: Sorted, detail: tuple[bytes, Seal]) -> Entry:
    """The one entry of many decisions: the question and how many, never who."""
    counts: dict[str, Fact] = {
        "asked": found.count,
        "allowed": len(found.allowed),
        "held_back": found.counts,
    }
    return act_of(ruling).entry(
        Kind.DECISIONS_MADE,
        subject=EVERYBODY,
        facts={**ruling.facts, **counts},
        detail=detail,
    )
