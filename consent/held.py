"""What holds one member back: out of the set worked out for everybody where that still holds,
else from the few bits that are theirs.

After a change the set has to be worked out anew, which costs as much as some hundreds of single
looks; so one question after one change is answered by itself, and many share the set.
"""

from datetime import date, timedelta

from consent.decisions import Found
from consent.eligibility import Eligibility, Eligibles, Reason, reason_of
from consent.footing import Footing
from consent.reach import Moment, Unreached, contacted_set, reach_in, unreached_one
from consent.sets import day_of, standings_in
from profiles.shard import MemberSets

#: So many single looks at a million members cost about as much as one at them all.
_LOOKS = 16
_MEMBERS_A_LOOK = 4_096

NOBODY = Found(known=False)


class Held:
    """One process's way of looking members up. As of the sets as they are at each call."""

    def __init__(self, eligibles: Eligibles) -> None:
        self._eligibles = eligibles
        self._looked: dict[str, int] = {}

    def back(
        self, footing: Footing, members: MemberSets, today: date, *, questions: int
    ) -> Eligibility | None:
        """The set to look in, when there is one or so many questions make it worth it."""
        known = self._eligibles.known(footing, members, today)
        name = footing.purpose.name
        if known is None:
            looked = self._looked.get(name, 0) + questions
            self._looked[name] = looked
            if looked < _LOOKS + len(members.everyone) // _MEMBERS_A_LOOK:
                return None
            known = self._eligibles.of(footing, members, today)
        self._looked[name] = 0
        return known


def reason(
    footing: Footing,
    members: MemberSets,
    today: date,
    ordinal: int,
    *,
    worked_out: Eligibility | None = None,
) -> Reason | None:
    """Why that member is held back, None when nothing does; the same either way."""
    if worked_out is not None:
        return worked_out.reason(ordinal)
    standings = standings_in(members, footing, ordinal)
    birth = footing.birth_field
    born = None if birth is None else day_of(members, birth, ordinal)
    return reason_of(footing, standings, today, born=born)


def unreached(
    footing: Footing, channel: str, members: MemberSets, moment: Moment, ordinal: int
) -> Unreached | None:
    """Why that member is not to be contacted by the channel now; None when they may be."""
    standings = reach_in(members, footing, channel, ordinal)
    days = (moment.day - timedelta(days=back) for back in range(standings.often))
    contacted = [day for day in days if ordinal in members.get(contacted_set(day))]
    return unreached_one(footing, channel, standings, moment, contacted=contacted)
