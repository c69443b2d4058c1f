"""What officers do besides requests: look at the programme, find a member."""

from datetime import datetime
from uuid import UUID

import msgspec

from api.http.doors import Asked, Doors
from api.http.reads import identifier
from audit.entries import ActorType
from consent.programme import Ability
from dsar import finding

doors = Doors(ActorType.OFFICER)


class ProgrammeShown(msgspec.Struct):
    """The programme in force. `digest`: SHA-256 of its content, as the record has it."""

    version: int
    digest: str
    applied_at: datetime
    source: str


class Found(msgspec.Struct):
    """The members who go by that identifier; more than one where an e-mail is shared."""

    members: list[UUID]


@doors("GET", "/v1/programme", ability=Ability.PROGRAMME)
async def programme(asked: Asked) -> ProgrammeShown:
    """The programme in force."""
    active = asked.active
    return ProgrammeShown(
        active.version,
        active.programme.digest.hex(),
        active.applied_at,
        active.programme.source,
    )


@doors("POST", "/v1/members/find", ability=Ability.REQUESTS)
async def find(asked: Asked, wanted: dict[str, str]) -> Found:
    """Find the member who asks for something, by one identifier, such as an e-mail address.

    In a body, so that it stands in no address. On record, as a reading of that identifier.
    """
    field, value = identifier(wanted)
    return Found(await finding.find(asked.unit, asked.act, field, value))
