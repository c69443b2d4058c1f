"""Whether the address that somebody signs in by is still theirs: by itself, and by when it was set.

Opens a member's e-mail addresses, and shows of one of them as much as its owner knows it by.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from api.people import accounts
from api.people.keys import PeopleKeys
from dsar import own
from profiles.members import Member
from profiles.sealing import Kept, open_value
from profiles.unit import Unit


def digest(keys: PeopleKeys, member: UUID, address: str) -> bytes:
    """By what a link and a session know the address (as `accounts.spelt`) that they came by."""
    return keys.mark("came by", member, address)


def on_file(unit: Unit, keys: PeopleKeys, member: Member) -> Mapping[bytes, str]:
    """Their e-mail addresses, by the digests of them."""
    spelt = [accounts.spelt(str(value)) for value, _ in _kept(unit, member)]
    return {digest(keys, member.id, one): one for one in spelt if one is not None}


def replaced(unit: Unit, member: Member, since: datetime, *, by_anybody: bool) -> bool:
    """Whether an e-mail address of theirs was set anew after that time, or they have none.

    Whoever reads the one before is not to come in by it, or to stay in. `by_anybody`: also where
    the member did it, who is not signed out by their own correction.
    """
    kept = [one for _, one in _kept(unit, member)]
    if not kept:
        return by_anybody
    return any(one.at > since and (by_anybody or one.source != own.HOW) for one in kept)


def hint(address: str) -> str:
    """So much of an address that its owner knows it again, such as ``a…@example.org``."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"


def _kept(unit: Unit, member: Member) -> Sequence[tuple[object, Kept]]:
    fields = unit.schema.catalogue.fields
    names = sorted(name for name, one in fields.items() if one.lookup == "email")
    return [
        open_value(member.key, fields[name], member.sealed[name])
        for name in names
        if name in member.sealed
    ]
