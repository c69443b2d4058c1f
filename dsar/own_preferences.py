"""What members say about everything at once: channels, how often, quiet hours, a pause, and an
objection to all direct marketing.

Reads and writes the ledger of the member who asks, and nothing else. Each is undone by the same
words with the other value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from audit.acts import Act
from consent import choosing, ledger
from consent.choices import ALL_HOURS, By, Choice
from consent.errors import NotAChoice
from consent.programme.declarations import Channel
from consent.standings import Standings, fold
from profiles.members import Member
from profiles.unit import Unit


@dataclass(frozen=True)
class Preferences:
    """`paused_until`: the first day after the pause; None for one until they resume.

    `often`: days between two contacts, 0 for no wish; `quiet`: the hours of the day without any,
    by the programme's clock. `channels`: whether each may be used at all. `objects`: to all
    direct marketing and the profiling for it (Art. 21(2)).
    """

    paused: bool
    paused_until: date | None
    often: int
    quiet: Sequence[int]
    channels: Mapping[str, bool]
    objects: bool


async def preferences(unit: Unit, member: Member) -> Preferences:
    """What the member has said about everything at once."""
    said = (await ledger.opened(unit, {member.id: member.key}))[member.id]
    return told(unit, fold(said))


async def channel(unit: Unit, act: Act, member: Member, name: str, *, on: bool) -> Preferences:
    """Whether a channel may be used at all. Raises `NotAChoice` for one that there is not."""
    return await _say(unit, act, member, choosing.channel(unit, None, name, on=on, by=By.MEMBER))


async def contact(
    unit: Unit, act: Act, member: Member, *, often: int | None, quiet: Sequence[int] | None
) -> Preferences:
    """How often, and at what hours, they may be contacted; None leaves that as it is.

    Raises `NotAChoice` for a frequency or an hour that there is not, and for neither.
    """
    said = []
    if often is not None:
        said.append(choosing.often(unit, often, by=By.MEMBER))
    if quiet is not None:
        said.append(choosing.hours(unit, _bits(quiet), by=By.MEMBER))
    if not said:
        raise NotAChoice("this says nothing", place="often", remedy="give `often` or `quiet`")
    return await _say(unit, act, member, *said)


async def pause(
    unit: Unit, act: Act, member: Member, *, on: bool, until: date | None
) -> Preferences:
    """Pause everything there is a choice about, until a day or until they resume; or resume.

    Raises `NotAChoice` for a day that does not lie ahead, and for one to resume on.
    """
    if until is not None and not on:
        raise NotAChoice("a pause ends now or on a day", place="until", remedy="leave it out")
    return await _say(unit, act, member, choosing.pause(unit, on=on, by=By.MEMBER, until=until))


async def objection(unit: Unit, act: Act, member: Member, *, objects: bool) -> Preferences:
    """Object to all direct marketing and the profiling for it (Art. 21(2)), or no longer."""
    return await _say(unit, act, member, choosing.marketing(unit, objects=objects, by=By.MEMBER))


async def _say(unit: Unit, act: Act, member: Member, *said: Choice) -> Preferences:
    standings = await ledger.record(unit, act, {member: said})
    return told(unit, standings[member.id])


def told(unit: Unit, standings: Standings) -> Preferences:
    """What these standings say about everything at once, today."""
    until = standings.paused_until
    paused = standings.paused and (until is None or until > unit.today)
    return Preferences(
        paused=paused,
        paused_until=until if paused else None,
        often=standings.often,
        quiet=choosing.hours_of(standings.quiet),
        channels={one.value: (None, one.value) not in standings.channels_off for one in Channel},
        objects=standings.marketing_objected,
    )


def _bits(hours: Sequence[int]) -> int:
    """A bit for each hour; more than a day has for an hour that it has not."""
    if any(not 0 <= hour < 24 for hour in hours):
        return ALL_HOURS + 1
    return sum(1 << hour for hour in set(hours))
