"""Whom a service is to write to about their consents: to confirm, to remind, to ask again."""

from typing import Annotated
from uuid import UUID

import msgspec

from api.http.bodies import Name
from api.http.doors import Asked, Doors
from api.links import links_of
from audit.entries import ActorType
from consent.confirming import requested
from consent.due import Due, Page, listed
from consent.grants import authorise
from consent.programme import Action
from profiles import members

doors = Doors(ActorType.SERVICE)

MOST = 1_000


class WantedDue(msgspec.Struct, forbid_unknown_fields=True):
    """A part of each list: at most `limit` members after the first `skip`.

    `channel`: only members whom it may reach now.
    """

    purpose: Name
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = MOST
    skip: Annotated[int, msgspec.Meta(ge=0, le=1 << 32)] = 0
    channel: Name | None = None


class SomeDue(msgspec.Struct):
    """SomeDue members of a list that has `total`."""

    total: int
    members: list[UUID]


class ToConfirm(msgspec.Struct):
    """A member who has said yes, and the link by which they confirm it; for 7 days."""

    member: UUID
    link: str


class SomeToConfirm(msgspec.Struct):
    """SomeDue of the members who have not confirmed yet, of `total`."""

    total: int
    members: list[ToConfirm]


class DueNow(msgspec.Struct):
    """Who is due for what; nobody is on two lists.

    `confirm`: a yes that waits for their word. `remind`: the consent runs out soon.
    `ask_again`: what they agreed to is less than what is done now. `reconfirm`: a yes that
    nothing proves. `ask_themselves`: a guardian said yes, and they have come of age.
    `ask_guardian`: they said yes, and are too young to. `entry`: this answer's in the record.
    """

    purpose: str
    confirm: SomeToConfirm
    remind: SomeDue
    ask_again: SomeDue
    reconfirm: SomeDue
    ask_themselves: SomeDue
    ask_guardian: SomeDue
    entry: UUID


@doors("POST", "/v1/consents/due", freshen=True)
async def due(asked: Asked, wanted: WantedDue) -> DueNow:
    """Whom to write to about their consent: to confirm it, to be reminded, to be asked again.

    Needs `consent`. Names nobody who is restricted, has objected or has paused, nor who has
    turned off every channel of the purpose; with `channel`, only whom that may reach now.
    """
    grant = authorise(asked.active, asked.who.name, purpose=wanted.purpose, action=Action.CONSENT)
    pages, entry = await listed(
        asked.unit,
        grant,
        asked.tillit.replica,
        skip=wanted.skip,
        limit=wanted.limit,
        channel=wanted.channel,
    )
    some = {one.value: SomeDue(page.total, list(page.members)) for one, page in pages.items()}
    some.pop(Due.CONFIRM)
    confirm = await _links(asked, wanted.purpose, pages[Due.CONFIRM])
    return DueNow(purpose=wanted.purpose, confirm=confirm, entry=entry, **some)


async def _links(asked: Asked, purpose: str, page: Page) -> SomeToConfirm:
    """A fresh link for each. Who has answered in this very moment has none, and is left out."""
    found = await members.load(asked.unit, page.members)
    rows = await requested(asked.unit, purpose, {one.id: one.key for one in found.values()})
    links = links_of(asked.tillit)
    made = [
        ToConfirm(member, links.confirming(member, purpose, rows[member]))
        for member in page.members
        if member in rows
    ]
    return SomeToConfirm(page.total, made)
