"""Disclosure control: what may be shown of counts, so that no small group can be told from it.

Pure. Every figure goes through here, in two steps.

`steady`, from one day to the next: a count stands as it was last taken until it has moved by
`SMALLEST` or more, so that two dates never differ by what fewer members did. The exception is a
count that falls below `SMALLEST`, or comes to reach it: it is hidden, or taken, at once. Which
of the ten it was on the hidden side stays open, and with it whether fewer than ten moved.

`shown`, of one day: counts of disjoint groups, each member in one.

1. A group of fewer than `SMALLEST` is hidden, also when nobody is in it.
2. With the hidden ones go as many of the larger groups, in a fixed order, as it takes to hide
   twice `SMALLEST` members or more, one group at the least; which of them is small is not said.
   When there are not so many, nothing at all is shown.
3. What is shown is rounded to `STEP`.

`together`, of the same day: the rounded sum of what is hidden, where that is `ENOUGH` or more.
Whoever knows the total knows it anyway, and below that holds for them. `ENOUGH` is more than what
hides a group for one day, because a sum is seen on several: with a group of twice `SMALLEST` or
more in it, that one may as well have moved as stayed where it was, so that a group which comes
out of hiding says nothing of what the small one was before.

Why a hidden group cannot be worked out, even by somebody who knows this rule, the exact size of
every group that is shown, and from elsewhere how many are hidden in all: let c be the last of
the larger groups that were hidden, h >= 20 the sum, and v any number from 0 to 9. A day on which
one hidden group has v members, c has h - v >= 11, and the other hidden ones none, is shown in
the same way: c is the first in the order that is large enough, since those that are shown come
after it, and with it the sum is reached. So v may be any of the ten. The order is fixed, and
not by size, for this very reason.

Rounding is for figures that overlap (the funnel and the rates both count the unproven): each
leaves some ten values open, so that two of them never prove a difference of one to nine members.

What it cannot do: somebody who knows of everybody else in a group what they chose, or exact
totals of many days, and watches for the day on which a figure moves, may learn something about
the last one. Only noise is proof against that; these figures are the counts, rounded.
"""

from collections.abc import Mapping, Sequence

SMALLEST = 10
STEP = 10
_TIMES = 3
#: The least sum of hidden groups that is shown.
ENOUGH = _TIMES * SMALLEST


def steady(
    before: Mapping[str, int], counts: Mapping[str, int], *, smallest: int = SMALLEST
) -> dict[str, int]:
    """The counts as they may be told, after those of the nearest day that has been told.

    `before`: what this function gave then; empty for the first. A group that was not there
    then is taken as it is. Never `smallest` or more where `counts` has fewer.
    """

    def taken(name: str, count: int) -> int:
        was = before.get(name)
        if was is None or abs(count - was) >= smallest:
            return count
        crossed = (count < smallest) is not (was < smallest)
        return count if crossed else was

    return {name: taken(name, count) for name, count in counts.items()}


def shown(
    counts: Mapping[str, int], order: Sequence[str], *, smallest: int = SMALLEST, step: int = STEP
) -> dict[str, int]:
    """What is shown of steady counts, rounded; the other groups are hidden. Empty when all are.

    `order`: every group's name, those first that are missed least.
    """
    return {name: _rounded(counts[name], step) for name in _left(counts, order, smallest=smallest)}


def together(
    counts: Mapping[str, int], order: Sequence[str], *, smallest: int = SMALLEST, step: int = STEP
) -> int | None:
    """How many the hidden groups have together, rounded; None for too few, or if none is hidden.

    The arguments are those of `shown`.
    """
    left = _left(counts, order, smallest=smallest)
    hidden = sum(counts[name] for name in order if name not in left)
    return _rounded(hidden, step) if hidden >= _TIMES * smallest else None


def _left(counts: Mapping[str, int], order: Sequence[str], *, smallest: int) -> list[str]:
    """The groups that are not hidden."""
    larger = [name for name in order if counts[name] >= smallest]
    if len(larger) < len(order):
        hidden = sum(counts.values()) - sum(counts[name] for name in larger)
        joined = 0
        while joined < len(larger) and (joined == 0 or hidden < 2 * smallest):
            hidden += counts[larger[joined]]
            joined += 1
        larger = larger[joined:]
    return larger


def _rounded(count: int, step: int) -> int:
    """To the nearest; halfway goes up."""
    return (2 * count + step) // (2 * step) * step
