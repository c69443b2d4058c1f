"""`/my/choices/all-at-once`: a pause, no to all direct marketing, and how and when to be reached.

What counts for every purpose there is a choice about. Reads and writes what the member said
(`dsar.own_preferences`), and nothing else. The address has hyphens, which no purpose's name has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, ClassVar

import msgspec

from api.http.bodies import Name
from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.member.purposes import CHANNELS, ShownChannel, answer_of
from api.pages.speaking import Speaking
from api.people.people import Kind
from consent.choices import OFTEN
from consent.errors import NotAChoice
from dsar import own_choices, own_preferences, own_standing
from dsar.own_preferences import Preferences
from dsar.packages.marking import mark

pages = Pages(Kind.MEMBER)
PATH = "/my/choices/all-at-once"
DAY = 24  # hours
#: By the days there must be between two contacts.
HOW_OFTEN: Mapping[int, str] = {
    0: mark("No limit of my own"),
    1: mark("At most once a day"),
    7: mark("At most once a week"),
    14: mark("At most every two weeks"),
    30: mark("At most once a month"),
    90: mark("At most every three months"),
}
assert tuple(HOW_OFTEN) == OFTEN


@dataclass(frozen=True)
class Option:
    """One of a list to pick from. `value`: what the form sends."""

    value: int
    text: str
    picked: bool


@dataclass(frozen=True)
class AllAtOnce(View):
    """`marketing`: what an objection stops, in words; `stays`: what no answer here changes.

    `allowed`: their answer to all of it; None while there is none.

    `tomorrow`: the first day that a pause may end on. `quiet`: the hours without contacts, in
    words; `begins` and `ends`: the hours of the picker.
    """

    template: ClassVar[str] = "member/all_at_once.html"
    title: ClassVar[str] = mark("Everything at once")

    paused: bool
    paused_until: date | None
    tomorrow: date
    allowed: bool | None
    marketing: Sequence[str]
    stays: Sequence[str]
    channels: Sequence[ShownChannel]
    often: Sequence[Option]
    quiet: Sequence[str]
    begins: Sequence[Option]
    ends: Sequence[Option]


Hour = Annotated[int, msgspec.Meta(ge=0, lt=DAY)]


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """What one of the page's forms says; each says one thing.

    `pause`: or resume; `until`: the day it is over, empty for until they resume. `objects`: to
    all direct marketing. `channel` is `on` or off. `often`: days between two contacts. `quiet`:
    whether there are hours without, from `begins` to `ends`; the same hour twice is a whole day.
    """

    pause: bool | None = None
    until: str = ""
    objects: bool | None = None
    channel: Name | None = None
    on: bool = False
    often: int | None = None
    quiet: bool | None = None
    begins: Hour = 0
    ends: Hour = 0


@pages("GET", PATH, unsettled=True)
async def see(asked: Asked) -> AllAtOnce:
    """What counts for everything, and the forms that change it."""
    found = await own_standing.standing(asked.unit, asked.active, asked.member)
    wishes, allowed = found.preferences, [one for one in found.stands if answer_of(one)]
    reached = {channel.value for one in allowed for channel in one.purpose.channels}
    say, runs = asked.speaking.say, ranges(wishes.quiet)
    first = runs[0] if runs else (21, 8)
    return AllAtOnce(
        paused=wishes.paused,
        paused_until=wishes.paused_until,
        tomorrow=asked.unit.today + timedelta(days=1),
        allowed=not wishes.objects if found.answered else None,
        marketing=_marketing(asked),
        stays=_stays(asked),
        channels=[
            ShownChannel(one, say(CHANNELS[one]), None if on and one not in reached else on, False)
            for one, on in wishes.channels.items()
            if one in _used(asked)
        ],
        often=[Option(days, say(text), days == wishes.often) for days, text in HOW_OFTEN.items()],
        quiet=hours_in_words(asked.speaking, wishes.quiet),
        begins=[Option(one, clock(one), one == first[0]) for one in range(DAY)],
        ends=[Option(one, clock(one), one == first[1]) for one in range(DAY)],
    )


@pages("POST", PATH, unsettled=True)
async def wish(asked: Asked, wish: Wish) -> Go:
    """Say one of these things; every answer from now on heeds it."""
    await _said(asked, wish)
    return Go(PATH, said="saved")


async def _said(asked: Asked, wish: Wish) -> Preferences:
    unit, act, member = asked.unit, asked.act, await asked.locked()
    if gives_more(wish, await own_preferences.preferences(unit, member)):
        asked.must_be_settled()
    if wish.pause is not None:
        until = _day(wish.until) if wish.pause else None
        return await own_preferences.pause(unit, act, member, on=wish.pause, until=until)
    if wish.objects is not None:
        return await own_preferences.objection(unit, act, member, objects=wish.objects)
    if wish.channel is not None:
        return await own_preferences.channel(unit, act, member, wish.channel, on=wish.on)
    return await own_preferences.contact(unit, act, member, often=wish.often, quiet=_quiet(wish))


def _quiet(wish: Wish) -> list[int] | None:
    if wish.quiet is None:
        return None
    return between(wish.begins, wish.ends) if wish.quiet else []


def gives_more(wish: Wish, now: Preferences) -> bool:
    """Whether more would be done with the data, or they be reached more, than as it stands now."""
    if wish.pause is not None:
        return not wish.pause or _ends_sooner(_day(wish.until), now)
    if wish.objects is not None:
        return not wish.objects
    if wish.channel is not None:
        return wish.on
    quiet = _quiet(wish)
    oftener = wish.often is not None and wish.often < now.often
    return oftener or (quiet is not None and not set(now.quiet) <= set(quiet))


def _ends_sooner(until: date | None, now: Preferences) -> bool:
    if not now.paused or until is None:
        return False
    return now.paused_until is None or until < now.paused_until


def between(begins: int, ends: int) -> list[int]:
    """The hours from one to the other, over midnight if need be; the same twice is a whole day."""
    return sorted((begins + step) % DAY for step in range((ends - begins - 1) % DAY + 1))


def ranges(hours: Sequence[int]) -> list[tuple[int, int]]:
    """Hours of the day as stretches: the hour each begins, and the hour at which it is over."""
    quiet = set(hours)
    if len(quiet) == DAY:
        return [(0, 0)]
    starts = sorted(one for one in quiet if (one - 1) % DAY not in quiet)
    return [(one, _over(one, quiet)) for one in starts]


def hours_in_words(speaking: Speaking, hours: Sequence[int]) -> list[str]:
    """Such as ``21:00 to 08:00``."""
    if len(set(hours)) == DAY:
        return [speaking.say("All day")]
    return [
        speaking.say("%(begins)s to %(ends)s", begins=clock(begins), ends=clock(ends))
        for begins, ends in ranges(hours)
    ]


def clock(hour: int) -> str:
    return f"{hour:02}:00"


def _over(begins: int, quiet: set[int]) -> int:
    return next(one % DAY for one in range(begins, begins + DAY) if one % DAY not in quiet)


def _day(text: str) -> date | None:
    """The day of a form's field; None where it was left empty. Raises `NotAChoice`."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotAChoice("this is no day", place="until", remedy="such as 2026-05-01") from None


def _marketing(asked: Asked) -> list[str]:
    """What an objection to all direct marketing stops: that, and the profiling for it."""
    stopped = [
        one.purpose
        for one in asked.active.footings.values()
        if any(silencer.marketing for silencer in one.silencers)
    ]
    return list(dict.fromkeys(asked.speaking.purpose(one) for one in stopped))


def _stays(asked: Asked) -> list[str]:
    found = asked.active.programme.purposes.values()
    stays = [one for one in found if not own_choices.can_choose(one)]
    return list(dict.fromkeys(asked.speaking.purpose(one) for one in stays))


def _used(asked: Asked) -> set[str]:
    """The channels by which any purpose reaches members."""
    found = asked.active.programme.purposes.values()
    return {channel.value for one in found for channel in one.channels}
