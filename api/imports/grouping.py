"""Which lines belong together: arrays of places in, arrays of places out."""

from dataclasses import dataclass

import numpy as np

from api.imports.columns import Codes


@dataclass(frozen=True)
class Grouping:
    """Lines in the order in which they are handed out, cut into purchases and members.

    Purchase `p` holds the lines `order[purchase_starts[p]:purchase_starts[p + 1]]`, member `m`
    the purchases from `member_starts[m]` up to `member_starts[m + 1]`. No line stands twice.
    """

    order: Codes
    purchase_starts: Codes
    member_starts: Codes


def group(*, member: Codes, reference: Codes, cancelled: Codes, at: Codes) -> Grouping:
    """Group the lines that have a member (not -1) by member, reference and kind.

    Members come in their order, a member's purchases by their earliest time, of equals by
    reference; the lines of a purchase stay as they stood.
    """
    taken = np.flatnonzero(member >= 0)
    if not len(taken):
        return Grouping(taken, np.zeros(1, np.int64), np.zeros(1, np.int64))
    # lexsort is stable, and its last key comes first.
    together = taken[np.lexsort((cancelled[taken], reference[taken], member[taken]))]
    starts = _starts(member[together], reference[together], cancelled[together])
    purchase = np.cumsum(starts) - 1
    earliest = np.minimum.reduceat(at[together], np.flatnonzero(starts))[purchase]
    by_time = np.lexsort((purchase, earliest, member[together]))
    order = together[by_time]
    purchase_starts = np.flatnonzero(_starts(purchase[by_time]))
    member_starts = np.flatnonzero(_starts(member[order[purchase_starts]]))
    return Grouping(
        order,
        np.append(purchase_starts, len(order)),
        np.append(member_starts, len(purchase_starts)),
    )


def _starts(*keys: Codes) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """True at each place where any key differs from the one before; at the first always."""
    starts = np.zeros(len(keys[0]), dtype=np.bool_)
    starts[0] = True
    for key in keys:
        starts[1:] |= key[1:] != key[:-1]
    return starts
