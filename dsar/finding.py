"""The member whom a request is about, found by what they go by; that we looked is on record."""

from uuid import UUID

from audit.acts import Act
from audit.entries import Kind
from profiles import members
from profiles.unit import Unit


async def find(unit: Unit, act: Act, field: str, value: str) -> list[UUID]:
    """The members whose identifier `field` has this value, whatever its spelling.

    Opens that identifier of each, and is a use of it: one `profile.read` entry for each member
    found, who sees who looked for them. Raises `UnknownField` for a field that is no identifier,
    `BadValue` for a value that cannot be one.
    """
    found = await members.find(unit, field, value)
    people = await members.load(unit, found)
    facts = {"fields": [field], "how": "find"}
    await unit.record.write_many(
        unit.session,
        [
            act.entry(Kind.PROFILE_READ, subject=member.key.subject(), facts=facts)
            for member in people.values()
        ],
    )
    return found
