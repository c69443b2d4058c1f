"""Counting today's figures from the member sets, once a day.

The first count of a day stands all day: figures that could be asked for before and after one
member's choice would tell it.
"""

from datetime import date

from consent.eligibility import eligibility
from consent.figures import kept
from consent.figures.disclosure import SMALLEST
from consent.figures.expiring import ends
from consent.figures.funnel import reach_kind, reached, steps
from consent.figures.groups import EXPIRING, FUNNEL, RATES, answers
from consent.footing import Footing
from consent.programmes import Active
from profiles.shard import MemberSets
from profiles.unit import Unit


async def count_today(unit: Unit, active: Active, members: MemberSets) -> int:
    """Keep how members stand now as today's figures; returns for how many purposes.

    After the replica's barrier. None when today has been counted, also by somebody else at the
    same time, or while there are fewer members than a figure may be about.
    """
    today = unit.today
    if await kept.days(unit, today, today):
        return 0
    before, _ = await kept.neighbours(unit, today)
    told = kept.told_of(before)
    # From here on the sets stand still until the next await.
    if len(members.everyone) < SMALLEST:
        return 0
    rows = [
        kept.Day(today, name, active.version, unit.now, kept.after(told, name, counted))
        for name, footing in active.footings.items()
        if (counted := _counted(footing, members, today))
    ]
    await kept.keep(unit, rows)
    return len(rows)


def _counted(footing: Footing, members: MemberSets, day: date) -> dict[str, dict[str, int]]:
    """Every figure there is about a purpose."""
    found = eligibility(footing, members, day)
    counts = {
        RATES: answers(footing, members, found, day),
        FUNNEL: steps(footing, found),
        EXPIRING: ends(footing, members, found, day),
    }
    for channel in footing.purpose.channels:
        counts[reach_kind(channel)] = reached(footing, channel, members, found, day)
    return {kind: groups for kind, groups in counts.items() if groups}
