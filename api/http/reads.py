"""What services ask about members they can name."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec

from api.http.doors import Asked, Doors
from api.http.errors import Misshapen
from audit.entries import ActorType
from consent.gate import Line
from consent.grants import authorise
from consent.programme import Action
from profiles import members
from profiles.values import Plain, encode_value

doors = Doors(ActorType.SERVICE)

MOST = 1_000


class Read(msgspec.Struct, forbid_unknown_fields=True):
    """Whose values, for what. `members` or `find`; without `fields`, all that the purpose has.

    `find`: one identifier and its value, such as ``{"member_number": "1234"}``.
    """

    purpose: str
    members: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=MOST)] | None = None
    find: dict[str, str] | None = None
    fields: list[str] | None = None


class ReadLine(msgspec.Struct):
    """One member's values, or why there are none; a field that is not known is left out."""

    member: UUID
    values: dict[str, Plain]
    held_back: str | None


class Lines(msgspec.Struct):
    """A line for each member asked about, in the order asked."""

    purpose: str
    lines: list[ReadLine]


@doors("POST", "/v1/profiles/read")
async def read(asked: Asked, wanted: Read) -> Lines:
    """The values of members who may be used for the purpose; why not, for the others.

    Needs `read`. Finding somebody by an identifier is a use of that identifier, so the purpose
    must have that field too.
    """
    grant = authorise(
        asked.active,
        asked.who.name,
        purpose=wanted.purpose,
        action=Action.READ,
        fields=wanted.fields,
    )
    lines = await asked.tillit.gate.read(asked.unit, grant, await _who(asked, wanted))
    return Lines(wanted.purpose, _written(lines))


async def _who(asked: Asked, wanted: Read) -> Sequence[UUID]:
    if (wanted.members is None) == (wanted.find is None):
        raise Misshapen("give either members or find", place="members")
    if wanted.members is not None:
        return list(dict.fromkeys(wanted.members))
    field, value = identifier(wanted.find or {})
    authorise(
        asked.active, asked.who.name, purpose=wanted.purpose, action=Action.READ, fields=[field]
    )
    return await members.find(asked.unit, field, value)


def identifier(find: dict[str, str]) -> tuple[str, str]:
    """The one identifier and its value. Raises `Misshapen` for none or several."""
    if len(find) != 1:
        raise Misshapen(
            "give one identifier", place="find", remedy='such as {"member_number": "1234"}'
        )
    return next(iter(find.items()))


def _written(lines: Sequence[Line]) -> list[ReadLine]:
    return [
        ReadLine(
            line.member,
            {name: encode_value(one.value) for name, one in sorted(line.values.items())},
            line.held_back,
        )
        for line in lines
    ]
