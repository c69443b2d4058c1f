"""What members say about everything at once: channels, how often, quiet hours, pause, objection."""

from datetime import date
from typing import Annotated

import msgspec

from api.http.bodies import name
from api.http.doors import Asked, Doors
from api.http.my_choices import Switch
from audit.entries import ActorType
from dsar import own_preferences

doors = Doors(ActorType.MEMBER)


class ContactWish(msgspec.Struct, forbid_unknown_fields=True):
    """How the member may be contacted; what is left out stays as it is.

    `often`: days between two contacts, 0 for no wish. `quiet`: hours of the day without any.
    """

    often: int | None = None
    quiet: Annotated[list[int], msgspec.Meta(max_length=24)] | None = None


class PauseWish(msgspec.Struct, forbid_unknown_fields=True):
    """Pause, or resume. `until`: the first day on which the pause is over, if that is known."""

    on: bool
    until: date | None = None


class ObjectionWish(msgspec.Struct, forbid_unknown_fields=True):
    """Whether they object to direct marketing."""

    objects: bool


class MyPreferences(msgspec.Struct):
    """What counts for everything at once.

    `paused_until`: the first day after the pause, null for one until they resume. `often`: days
    between two contacts, 0 for no wish. `quiet`: hours without any, by the programme's clock.
    `channels`: whether each may be used at all. `objects`: to all direct marketing and the
    profiling for it (Art. 21(2)).
    """

    paused: bool
    paused_until: date | None
    often: int
    quiet: list[int]
    channels: dict[str, bool]
    objects: bool


@doors("GET", "/v1/me/preferences")
async def preferences(asked: Asked) -> MyPreferences:
    """What you have said about everything at once."""
    return _shown(await own_preferences.preferences(asked.unit, asked.member))


@doors("PUT", "/v1/me/channels/{channel}")
async def channel(asked: Asked, switch: Switch) -> MyPreferences:
    """Have a channel used, or used for nothing but what the law demands."""
    sent = name(asked.path["channel"], place="channel")
    member = await asked.locked()
    return _shown(await own_preferences.channel(asked.unit, asked.act, member, sent, on=switch.on))


@doors("PUT", "/v1/me/contact")
async def contact(asked: Asked, wish: ContactWish) -> MyPreferences:
    """How often you may be contacted, and at what hours not."""
    member = await asked.locked()
    return _shown(
        await own_preferences.contact(
            asked.unit, asked.act, member, often=wish.often, quiet=wish.quiet
        )
    )


@doors("PUT", "/v1/me/pause")
async def pause(asked: Asked, wish: PauseWish) -> MyPreferences:
    """Pause everything there is a choice about, until a day or until you resume; or resume."""
    member = await asked.locked()
    return _shown(
        await own_preferences.pause(asked.unit, asked.act, member, on=wish.on, until=wish.until)
    )


@doors("PUT", "/v1/me/objection")
async def objection(asked: Asked, wish: ObjectionWish) -> MyPreferences:
    """Object to all direct marketing and the profiling for it (Art. 21(2)), or no longer."""
    member = await asked.locked()
    return _shown(
        await own_preferences.objection(asked.unit, asked.act, member, objects=wish.objects)
    )


def _shown(stands: own_preferences.Preferences) -> MyPreferences:
    return MyPreferences(
        paused=stands.paused,
        paused_until=stands.paused_until,
        often=stands.often,
        quiet=list(stands.quiet),
        channels=dict(stands.channels),
        objects=stands.objects,
    )
