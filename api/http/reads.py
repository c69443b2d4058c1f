"""What services ask about members they can name."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec

from api.http.bodies import Name, name
from api.http.doors import Asked, Doors
from api.http.errors import Misshapen
from audit.entries import ActorType, Kind
from consent.gate import Line
from consent.grants import Grant, authorise
from consent.programme import Action
from profiles import members
from profiles.values import Plain, encode_value

doors = Doors(ActorType.SERVICE)

MOST = 1_000
NOBODY = "unknown_member"


class Read(msgspec.Struct, forbid_unknown_fields=True):
    """Whose values, for what. `members` or `find`; without `fields`, all that the purpose has.

    `find`: one identifier and its value, such as ``{"member_number": "1234"}``.
    """

    purpose: Name
    members: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=MOST)] | None = None
    find: dict[Name, str] | None = None
    fields: list[Name] | None = None


class ReadLine(msgspec.Struct):
    """One member's values, or why there are none; a field that is not known is left out."""

    member: UUID
    values: dict[str, Plain]
    held_back: str | None


class Lines(msgspec.Struct):
    """A line for each member named by id, in the order asked; found, for those not held back."""

    purpose: str
    lines: list[ReadLine]


@doors("POST", "/v1/profiles/read")
async def read(asked: Asked, wanted: Read) -> Lines:
    """The values of members who may be used for the purpose; why not, for the others.

    Needs `read`. Finding somebody by an identifier is a use of that identifier, so the purpose
    must have that field too. Somebody found who is held back has no line, as nobody has: who is
    a member, and what they chose, is told to none who may not use it.
    """
    grant = authorise(
        asked.active,
        asked.who.name,
        purpose=wanted.purpose,
        action=Action.READ,
        fields=wanted.fields,
    )
    lines = await asked.tillit.gate.read(asked.unit, grant, await _who(asked, wanted))
    if wanted.find is not None:
        if not lines:
            await _found_nobody(asked, grant)
        lines = [line for line in lines if line.held_back is None]
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


async def _found_nobody(asked: Asked, grant: Grant) -> None:
    """Put it on record: so whoever tries addresses is seen, and it costs a commit as a hit does."""
    facts = {"held_back": NOBODY, "how": "find"}
    await asked.unit.record.write_many(
        asked.unit.session, [grant.act.entry(Kind.PROFILE_READ, facts=facts)]
    )


def identifier(find: dict[str, str]) -> tuple[str, str]:
    """The one identifier and its value. Raises `Misshapen` for none or several."""
    if len(find) != 1:
        raise Misshapen(
            "give one identifier", place="find", remedy='such as {"member_number": "1234"}'
        )
    ((field, value),) = find.items()
    return name(field, place="find"), value


def _written(lines: Sequence[Line]) -> list[ReadLine]:
    return [
        ReadLine(
            line.member,
            {name: encode_value(one.value) for name, one in sorted(line.values.items())},
            line.held_back,
        )
        for line in lines
    ]
