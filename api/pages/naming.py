"""As whom somebody would be signed in, said so that they know themselves again, and nobody else.

A link may be somebody else's, sent so that what is done by it is done in their name: so its page
says whose it is before anything happens. Opens the addresses and the number of a member for it.
"""

from api.pages.asked import Asked
from api.people import accounts, addresses, officers
from api.people.people import Kind, Somebody
from dsar.packages.marking import mark
from profiles import members
from profiles.members import NUMBER, Member
from profiles.sealing import open_value

_DIGITS = 4  # of a member number


async def of_link(asked: Asked, somebody: Somebody) -> tuple[str, str]:
    """The address, in part, and what tells its owner from others who have it."""
    if somebody.account is not None:
        account = await officers.one(asked.unit, asked.keys, somebody.account)
        return addresses.hint(accounts.address_of(asked.keys, account)), account.name
    assert somebody.member is not None
    member = await members.one(asked.unit, somebody.member)
    return _address(asked, member, somebody.address), _number(asked, member)


def of_another(asked: Asked, somebody: Somebody) -> str:
    """As whom they are signed in now; empty where that is nobody, or the same."""
    person = asked.person
    if person is None or (person.member, person.account) == (somebody.member, somebody.account):
        return ""
    return of_now(asked) or ""


def of_now(asked: Asked) -> str | None:
    """As whom they are signed in; None where that is nobody."""
    person = asked.person
    if person is None:
        return None
    if person.kind is Kind.OFFICER:
        return person.officer or ""
    return _address(asked, asked.member, person.address) or _number(asked, asked.member)


def _address(asked: Asked, member: Member, came_by: bytes | None) -> str:
    """That which they came by, or one that is on file; empty where there is none."""
    kept = addresses.on_file(asked.unit, asked.keys, member)
    found = kept.get(came_by or b"") or next(iter(kept.values()), None)
    return "" if found is None else addresses.hint(found)


def _number(asked: Asked, member: Member) -> str:
    field = asked.unit.schema.catalogue.fields[NUMBER]
    value, _ = open_value(member.key, field, member.sealed[NUMBER])
    text = mark("member number ending in %(digits)s")
    return asked.speaking.say(text, digits=str(value)[-_DIGITS:])
