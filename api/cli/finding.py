"""The member an officer means, by whatever identifies them."""

from uuid import UUID

from api.bootstrap import Work
from profiles import members
from profiles.errors import UnknownMember


async def one_member(work: Work, kind: str, value: str) -> UUID:
    """The one member with this identifier, in whichever field of that kind.

    `kind`: ``member_number``, ``email`` or ``phone``. Raises `UnknownMember`, also where
    several members have it: which of them is meant is not for us to guess.
    """
    fields = work.unit.schema.catalogue.fields.values()
    names = [field.name for field in fields if field.lookup == kind]
    found = {id for name in names for id in await members.find(work.unit, name, value)}
    if len(found) != 1:
        many = f"{len(found)} members have it" if found else "there is no such member"
        remedy = "give the member number" if found else ""
        raise UnknownMember(many, place=kind.replace("_", " "), remedy=remedy)
    return found.pop()
