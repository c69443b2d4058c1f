"""How services write down what members wish about everything at once: less, later, not at all."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec

from api.http.bodies import Name
from api.http.choices import Evidence, How
from api.http.doors import Asked, Doors
from api.http.errors import Misshapen
from audit.entries import ActorType
from consent import choosing, ledger
from consent.choices import By, Choice
from consent.grants import authorise
from consent.programme import Action
from consent.standings import Standings
from profiles import members

doors = Doors(ActorType.SERVICE)

Hour = Annotated[int, msgspec.Meta(ge=0, le=23)]


class Wishes(msgspec.Struct, forbid_unknown_fields=True):
    """What a member told the service; what is left out stays as it is.

    `marketing_objection`: to all direct marketing and the profiling for it (Art. 21(2)).
    `paused`: everything there is a choice about; `paused_until`: the day on which that is over.
    `channels`: by channel, whether it may be used at all. `often`: days between two contacts;
    `quiet`: the hours without any. `purpose`: one the service may write down choices about.
    """

    member: UUID
    purpose: Name
    marketing_objection: bool | None = None
    paused: bool | None = None
    paused_until: date | None = None
    channels: dict[Name, bool] = {}
    often: int | None = None
    quiet: Annotated[list[Hour], msgspec.Meta(max_length=24)] | None = None
    how: How = ""
    evidence: Evidence = ""


class Wished(msgspec.Struct):
    """What the member wishes now, about everything."""

    member: UUID
    marketing_objection: bool
    paused: bool
    paused_until: str | None
    channels_off: list[str]
    often: int
    quiet: list[int]


@doors("POST", "/v1/consents/preferences", problems=(404,))
async def tell(asked: Asked, wishes: Wishes) -> Wished:
    """Write down what a member wishes about everything at once; every answer heeds it.

    Needs `consent`, for the purpose that is named.
    """
    grant = authorise(asked.active, asked.who.name, purpose=wishes.purpose, action=Action.CONSENT)
    unit = asked.unit
    choices = _choices(asked, wishes)
    if not choices:
        raise Misshapen("no wish is told", place="body", remedy="name at least one")
    member = await members.one(unit, wishes.member, lock=True)
    said = [
        msgspec.structs.replace(one, how=wishes.how, evidence=wishes.evidence) for one in choices
    ]
    stands = (await ledger.record(unit, grant.act, {member: said}))[member.id]
    return _wished(wishes.member, stands)


def _choices(asked: Asked, wishes: Wishes) -> list[Choice]:
    unit, said = asked.unit, []
    if wishes.marketing_objection is not None:
        said.append(choosing.marketing(unit, objects=wishes.marketing_objection, by=By.TILL))
    if wishes.paused_until is not None and not wishes.paused:
        raise Misshapen(
            "a pause that ends has to begin", place="paused_until", remedy="say paused: true too"
        )
    if wishes.paused is not None:
        pause = choosing.pause(unit, on=wishes.paused, by=By.TILL, until=wishes.paused_until)
        said.append(pause)
    for name, on in sorted(wishes.channels.items()):
        said.append(choosing.channel(unit, None, name, on=on, by=By.TILL))
    if wishes.often is not None:
        said.append(choosing.often(unit, wishes.often, by=By.TILL))
    if wishes.quiet is not None:
        quiet = sum(1 << hour for hour in set(wishes.quiet))
        said.append(choosing.hours(unit, quiet, by=By.TILL))
    return said


def _wished(member: UUID, stands: Standings) -> Wished:
    return Wished(
        member=member,
        marketing_objection=stands.marketing_objected,
        paused=stands.paused,
        paused_until=stands.paused_until.isoformat() if stands.paused_until else None,
        channels_off=sorted(channel for about, channel in stands.channels_off if about is None),
        often=stands.often,
        quiet=choosing.hours_of(stands.quiet),
    )
