"""Figures about groups of members, for officers: none of fewer than ten, each look on record."""

import re
from datetime import date, timedelta

import msgspec

from api.http.bodies import name
from api.http.doors import Asked, Doors
from api.http.errors import Misshapen
from audit.entries import ActorType
from consent.figures import showing
from consent.figures.counting import count_today
from consent.figures.showing import By, Told
from consent.programme import Ability
from consent.programme.suggestion import did_you_mean

doors = Doors(ActorType.OFFICER)

_MONTH = re.compile(r"\d{4}-\d{2}")
_A_YEAR = timedelta(days=365)


class FigureShown(msgspec.Struct):
    """A purpose on a day: `groups` with how many members, to the nearest ten, and those `hidden`.

    `together`: how many the hidden ones have in all; null when that is hidden too, or none is.
    `members`: the sum of all that is told. `programme`: the version under which they were counted.
    """

    purpose: str
    day: date
    programme: int
    groups: dict[str, int]
    hidden: list[str]
    together: int | None
    members: int


class FunnelShown(msgspec.Struct):
    """From all members to those who are eligible; for each channel, to those it reaches.

    `funnel` is null while there are fewer members than a figure may be about.
    """

    funnel: FigureShown | None
    channels: dict[str, FigureShown]


class FiguresShown(msgspec.Struct):
    """Figures, by day and purpose."""

    figures: list[FigureShown]


def shown(told: Told) -> FigureShown:
    """A figure as it is handed out."""
    return FigureShown(
        purpose=told.purpose,
        day=told.day,
        programme=told.programme,
        groups=dict(told.shown),
        hidden=list(told.hidden),
        together=told.together,
        members=told.members,
    )


def since_day(sent: str, *, today: date) -> date:
    """The day, or the first of the month, that was asked from. Raises `Misshapen`."""
    try:
        day = date.fromisoformat(f"{sent}-01" if _MONTH.fullmatch(sent) else sent)
    except ValueError:
        raise Misshapen(
            "this is neither a day nor a month", place="since", remedy="2026-03-01 or 2026-03"
        ) from None
    if day > today:
        raise Misshapen("this lies in the future", place="since", remedy="a day that has come")
    return day


@doors("GET", "/v1/figures/funnel", ability=Ability.PROGRAMME, query=("purpose",))
async def funnel(asked: Asked) -> FunnelShown:
    """From all members to those who may be used for a purpose, reason by reason, as of today."""
    wanted = _purpose(asked)
    if wanted is None:
        raise Misshapen("a funnel is of one purpose", place="purpose", remedy="?purpose=NAME")
    await _counted(asked)
    told, channels = await showing.funnel(asked.unit, asked.act, asked.active, purpose=wanted)
    return FunnelShown(
        shown(told) if told else None, {channel: shown(one) for channel, one in channels.items()}
    )


@doors("GET", "/v1/figures/rates", ability=Ability.PROGRAMME, query=("purpose", "since", "by"))
async def rates(asked: Asked) -> FiguresShown:
    """How many said yes, no or nothing, over time. `since`: a year ago; `by`: `month`, if not said.

    Of days that have been counted; `tillit consent rates` fills in those that have not.
    """
    today = asked.unit.today
    sent = asked.query.get("since")
    since = since_day(sent, today=today) if sent is not None else today - _A_YEAR
    by = asked.query.get("by", By.MONTH)
    if by not in list(By):
        raise Misshapen("there is no such step", place="by", remedy=did_you_mean(by, By))
    await _counted(asked)
    told = await showing.rates(
        asked.unit, asked.act, asked.active, purpose=_purpose(asked), since=since, by=By(by)
    )
    return FiguresShown([shown(one) for one in told])


@doors("GET", "/v1/figures/expiring", ability=Ability.PROGRAMME, query=("purpose",))
async def expiring(asked: Asked) -> FiguresShown:
    """How many consents run out when, and how many members are due a reminder, as of today."""
    await _counted(asked)
    told = await showing.expiring(asked.unit, asked.act, asked.active, purpose=_purpose(asked))
    return FiguresShown([shown(one) for one in told])


def _purpose(asked: Asked) -> str | None:
    sent = asked.query.get("purpose")
    return None if sent is None else name(sent, place="purpose")


async def _counted(asked: Asked) -> None:
    """Today's figures, counted now if nobody has."""
    await asked.tillit.replica.barrier()
    await count_today(asked.unit, asked.active, asked.tillit.replica.members)
