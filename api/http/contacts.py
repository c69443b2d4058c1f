"""How services say that they have contacted members, so that nobody is contacted too often."""

from typing import Annotated
from uuid import UUID

import msgspec

from api.http.bodies import Name
from api.http.doors import Asked, Doors
from audit.entries import ActorType
from consent.contacts import record_contacts
from consent.grants import authorise
from consent.policy import CHANNEL
from consent.programme import Action

doors = Doors(ActorType.SERVICE)

MOST = 1_000


class ContactsMade(msgspec.Struct, forbid_unknown_fields=True):
    """Whom the service has contacted just now, for what, and by which channel."""

    purpose: Name
    channel: Name
    members: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=MOST)]


class Against(msgspec.Struct):
    """A member who ought not to have been contacted, and why not: a reason of a decision's."""

    member: UUID
    reason: str


class ContactsWritten(msgspec.Struct):
    """`recorded`: how many members; `against`: those of them who ought not to have been.

    `unknown`: ids that are no member's, not written down. `entry`: the entry in the record.
    """

    recorded: int
    against: list[Against]
    unknown: list[UUID]
    entry: UUID


@doors("POST", "/v1/contacts", status=201, freshen=True)
async def tell(asked: Asked, made: ContactsMade) -> ContactsWritten:
    """Write down that members were contacted, so that how often they want it is kept to.

    Needs `contact`. What has happened is written down whoever it happened to; who ought not to
    have been contacted is in the answer. Ask `/v1/decisions` before.
    """
    grant = authorise(
        asked.active,
        asked.who.name,
        purpose=made.purpose,
        action=Action.CONTACT,
        fields=[f"{CHANNEL}{made.channel}"],
    )
    found = await record_contacts(
        asked.unit, grant, asked.tillit.replica, channel=made.channel, members=made.members
    )
    against = [Against(member, reason) for member, reason in found.against.items()]
    return ContactsWritten(found.recorded, against, list(found.unknown), found.entry)
