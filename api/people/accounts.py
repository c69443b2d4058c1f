"""An officer's account as it is kept: the address sealed, name and role bound to it.

Whoever writes into the database alone gives nobody another role, and no account another address.
"""

from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from api.people.keys import PeopleKeys
from profiles import lookup
from profiles.errors import BadValue, CannotOpen

TABLE = "officer_account"
COLUMNS = "a.id, a.name, a.role, a.address, a.sealed, a.secret IS NOT NULL"
_LONGEST = 320  # characters of an address (RFC 5321, 4.5.3.1)


class _Sealed(msgspec.Struct, frozen=True, array_like=True):
    address: str
    name: str
    role: str


@dataclass(frozen=True)
class Account:
    """An officer's account. `has_factor`: whether the second factor was set up.

    `address`: its digest; what it is stands sealed.
    """

    id: UUID
    name: str
    role: str
    address: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    has_factor: bool


def spelt(address: str) -> str | None:
    """The one spelling of an e-mail address; None for what is none."""
    if len(address) > _LONGEST:
        return None
    try:
        return lookup.normalise("email", address, region="")
    except BadValue:
        return None


def digest(keys: PeopleKeys, address: str) -> bytes:
    """Under what an officer's address (as `spelt`) is found."""
    return keys.mark("officer address", address)


def sealed(keys: PeopleKeys, id: UUID, *, address: str, name: str, role: str) -> bytes:
    plain = msgspec.msgpack.encode(_Sealed(address, name, role))
    return keys.seal(TABLE, id, "account", plain)


def address_of(keys: PeopleKeys, account: Account) -> str:
    """Where to write to them. Raises `CannotOpen` for an account that somebody has altered."""
    plain = keys.open(TABLE, account.id, "account", account.sealed)
    kept = msgspec.msgpack.decode(plain, type=_Sealed)
    same = (kept.name, kept.role) == (account.name, account.role)
    if not same or account.address != digest(keys, kept.address):
        raise CannotOpen(
            "an officer's account is not as it was made",
            place=TABLE,
            remedy="remove it and add it again: somebody has changed the database",
        )
    return kept.address


def is_whole(keys: PeopleKeys, account: Account) -> bool:
    """Whether it is as it was made."""
    try:
        address_of(keys, account)
    except CannotOpen:
        return False
    return True
