"""What browsers are told about Global Privacy Control; the signal itself is heeded in `doors`."""

from datetime import date

import msgspec

from api.http.doors import Asked, Doors

public = Doors(None)


class Support(msgspec.Struct, rename="camel"):
    """`gpc`: the signal is heeded; `last_update`: since that day."""

    gpc: bool
    last_update: date


@public("GET", "/.well-known/gpc.json")
async def support(asked: Asked) -> Support:
    """That `Sec-GPC: 1` is heeded, and since when: the day the first programme was applied."""
    first = asked.active.earlier.get(1, asked.active)
    return Support(True, first.applied_at.astimezone(first.programme.zone).date())
