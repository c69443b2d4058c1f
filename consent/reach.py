"""How a member may be reached: by which channels, at what hours, how often.

As eligibility, twice over: about everybody from the sets, and about one member from their
standings. Whoever may not be used for a purpose is not reached for it at all; this is about the
others. Contacts are counted by the days on which services said they were made.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from pyroaring import BitMap

from consent import sets
from consent.choices import OFTEN
from consent.footing import Footing
from consent.standings import Standings
from profiles.shard import MemberSets


class Unreached(StrEnum):
    """Why a member is not to be contacted; the first that applies. The list is closed."""

    CHANNEL_OFF = "channel_off"
    QUIET_HOURS = "quiet_hours"
    TOO_OFTEN = "too_often"


#: Nothing rings at night in a letter-box.
_SILENT = frozenset({"post"})
#: For how many days a contact counts: as long as the longest pause that can be asked for.
COUNTED = max(OFTEN)


@dataclass(frozen=True)
class Moment:
    """When somebody would be contacted, by the programme's clock."""

    day: date
    hour: int

    @classmethod
    def of(cls, at: datetime) -> "Moment":
        """`at` in the programme's zone."""
        return cls(at.date(), at.hour)


@dataclass(frozen=True)
class Reach:
    """Those who are not to be contacted, by reason; disjoint."""

    those: dict[Unreached, BitMap] = field(default_factory=dict, repr=False)

    def reason(self, ordinal: int) -> Unreached | None:
        return next((one for one, those in self.those.items() if ordinal in those), None)

    @property
    def all(self) -> BitMap:
        return BitMap.union(BitMap(), *self.those.values())


def contacted_set(day: date) -> str:
    """Who was contacted on that day, for anything they have a say in."""
    return f"contacted:{day.isoformat()}"


def unreached(footing: Footing, channel: str, members: MemberSets, moment: Moment) -> Reach:
    """Who is not to be contacted for the purpose by that channel at that moment."""
    taken = BitMap()
    those: dict[Unreached, BitMap] = {}
    for reason, held in _unreached(footing, channel, members, moment):
        if here := held - taken:
            those[reason] = those.get(reason, BitMap()) | here
            taken |= here
    return Reach(those)


def unreached_one(
    footing: Footing,
    channel: str,
    standings: Standings,
    moment: Moment,
    *,
    contacted: Collection[date] = (),
) -> Unreached | None:
    """Why one member is not; `contacted`: the days on which they were."""
    off = standings.channels_off
    name = footing.purpose.name
    if footing.heeds_channels and ((None, channel) in off or (name, channel) in off):
        return Unreached.CHANNEL_OFF
    if not footing.is_choice:
        return None
    if channel not in _SILENT and standings.quiet >> moment.hour & 1:
        return Unreached.QUIET_HOURS
    since = moment.day - timedelta(days=standings.often)
    return Unreached.TOO_OFTEN if any(since < day <= moment.day for day in contacted) else None


def _unreached(
    footing: Footing, channel: str, members: MemberSets, moment: Moment
) -> Iterator[tuple[Unreached, BitMap]]:
    if footing.heeds_channels:
        yield Unreached.CHANNEL_OFF, members.get(sets.channel_set(None, channel))
        yield Unreached.CHANNEL_OFF, members.get(sets.channel_set(footing.purpose.name, channel))
    if not footing.is_choice:
        return
    if channel not in _SILENT:
        yield Unreached.QUIET_HOURS, members.get(sets.quiet_set(moment.hour))
    for days in OFTEN:
        if days and (wanting := members.get(sets.often_set(days))):
            yield Unreached.TOO_OFTEN, wanting & _contacted(members, moment.day, days)


def _contacted(members: MemberSets, today: date, days: int) -> BitMap:
    """Who was contacted today or on the days before, as many days as that in all."""
    each = (members.get(contacted_set(today - timedelta(days=back))) for back in range(days))
    return BitMap.union(BitMap(), *each)


def reach_in(members: MemberSets, footing: Footing, channel: str, ordinal: int) -> Standings:
    """What of one member's standings being reached hangs on, as the sets have it."""
    name = footing.purpose.name
    off = {
        (about, channel)
        for about in (None, name)
        if ordinal in members.get(sets.channel_set(about, channel))
    }
    often = (days for days in OFTEN if days and ordinal in members.get(sets.often_set(days)))
    quiet = sum(1 << hour for hour in range(24) if ordinal in members.get(sets.quiet_set(hour)))
    return Standings(channels_off=frozenset(off), often=next(often, 0), quiet=quiet)
