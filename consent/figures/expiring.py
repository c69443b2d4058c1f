"""What runs out when: consents by the month in which they end, and reminders that are due.

Members who are due a reminder (`consent.due`) are counted as that, and not again under their
month. All others, whose consent does not stand or who gave none, are one group, so that the
groups are all members.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise

from pyroaring import BitMap

from consent import sets
from consent.eligibility import Eligibility
from consent.footing import Footing
from profiles import stacks
from profiles.shard import MemberSets
from profiles.stacks import Op
from profiles.values import to_number

DUE, LATER, NO_END, NONE = "reminder_due", "later", "no_end", "no_consent"
#: This month and those after it; what ends later is one group.
MONTHS = 13


def months_from(day: date) -> list[date]:
    """The first days of the months that are told one by one, and that of the one after them."""
    count = day.year * 12 + day.month - 1
    return [date((count + n) // 12, (count + n) % 12 + 1, 1) for n in range(MONTHS + 1)]


def ends(footing: Footing, members: MemberSets, found: Eligibility, day: date) -> dict[str, int]:
    """How many consents end when; empty for a purpose without consents that end.

    `found`: the purpose's eligibility from the same sets on the same day: only who may be used
    is reminded.
    """
    purpose = footing.purpose
    if not footing.needs_consent or purpose.valid_months is None:
        return {}
    stack = sets.until_stack(purpose.name)
    given = members.get(sets.consent_set(purpose.name))

    def before(when: date) -> BitMap:
        return stacks.compare(members, stack, Op.LT, to_number(when)) & given

    tomorrow = day + timedelta(days=1)
    told = over = before(tomorrow)
    counts: dict[str, int] = {}
    if purpose.remind_days is not None:
        soon = before(tomorrow + timedelta(days=purpose.remind_days))
        due = soon & found.eligible
        counts[DUE] = len(due)
        told = over | due
    first = months_from(day)
    for month, after in pairwise(first):
        upto = before(after)
        counts[f"{month:%Y-%m}"] = len(upto - told)
        told = upto | told
    known = before(date.max)
    counts[LATER] = len(known - told)
    counts[NO_END] = len(given - known)
    counts[NONE] = len(members.everyone - (given - over))
    return counts


def order_of_ends(counts: Mapping[str, int]) -> list[str]:
    """The far and the open ends are missed least, and those without consent."""
    months = sorted(name for name in counts if name[0].isdigit())
    last = [DUE] if DUE in counts else []
    return [NO_END, NONE, LATER, *reversed(months), *last]
