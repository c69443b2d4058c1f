"""How often something may be tried: by address, by network, by session, by officer.

Whose it is stands as a keyed digest, for a day: an address and a network are personal data. What
a limit refuses is answered as if it had not, and counts for nothing, so that who asks on does not
keep the right person out for longer.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

from api.people.keys import PeopleKeys
from kernel.database import raw
from kernel.ids import uuid7
from profiles.unit import Unit

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
#: As much of an address as one customer of a network has.
_PREFIX = {4: 24, 6: 56}


class What(StrEnum):
    """What is tried. The list is closed."""

    LINKS_TO_ADDRESS = "links_to_address"  # from one network
    LINKS_TO_MAILBOX = "links_to_mailbox"  # from all of them
    LINKS_FROM_NETWORK = "links_from_network"
    DESK_LINKS_FROM_NETWORK = "desk_links_from_network"
    WRONG_LINKS = "wrong_links"  # from a network
    CODES_IN_SESSION = "codes_in_session"
    CODES_TO_MEMBER = "codes_to_member"
    WRONG_FACTORS = "wrong_factors"  # of an officer
    PRESSES = "presses"  # of one button on one page: see `api.pages.pressing`
    SAID_SO = "said_so"  # that a limit refused something is on record


#: How many of it, in how long; all of them hold.
LIMITS: Mapping[What, Sequence[tuple[int, timedelta]]] = {
    # A stranger uses up what their own network may have sent to an address, and not its owner's.
    What.LINKS_TO_ADDRESS: ((3, timedelta(minutes=15)), (10, DAY)),
    What.LINKS_TO_MAILBOX: ((20, HOUR), (60, DAY)),
    What.LINKS_FROM_NETWORK: ((30, HOUR),),
    # Officers often sit where guests do: what these ask for shuts no desk.
    What.DESK_LINKS_FROM_NETWORK: ((30, HOUR),),
    What.WRONG_LINKS: ((30, HOUR),),
    What.CODES_IN_SESSION: ((3, timedelta(minutes=15)),),
    What.CODES_TO_MEMBER: ((5, HOUR), (10, DAY)),
    # At three codes that hold of a million, one chance in ten thousand a day.
    What.WRONG_FACTORS: ((10, HOUR), (30, DAY)),
    What.PRESSES: ((1, timedelta(minutes=1)),),
    What.SAID_SO: ((1, HOUR),),
}


def network(keys: PeopleKeys, client: str) -> bytes:
    """The digest of the network that an IP address is of: its first 24 bits, or 56 of IPv6.

    What is no address is one network.
    """
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return keys.mark("network", "")
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    around = ipaddress.ip_network((address, _PREFIX[address.version]), strict=False)
    return keys.mark("network", str(around))


async def has_room(unit: Unit, what: What, whose: bytes) -> bool:
    """Whether it may be tried once more; whoever else asks for the same waits for the answer."""
    connection = await raw(unit.session)
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_lock(what, whose),))
    for most, within in LIMITS[what]:
        cursor = await connection.execute(
            "SELECT count(*) FROM sign_in_try WHERE whose = %s AND what = %s AND at > %s",
            (whose, what.value, unit.now - within),
        )
        line = await cursor.fetchone()
        assert line is not None
        if line[0] >= most:
            return False
    return True


async def count(unit: Unit, what: What, whose: bytes) -> None:
    """It was tried once more."""
    connection = await raw(unit.session)
    await connection.execute(
        "INSERT INTO sign_in_try (id, what, whose, at) VALUES (%s, %s, %s, %s)",
        (uuid7(unit.milliseconds), what.value, whose, unit.now),
    )


async def take(unit: Unit, what: What, whose: bytes) -> bool:
    """Try it once more, if there is room; whether there was."""
    if not await has_room(unit, what, whose):
        return False
    await count(unit, what, whose)
    return True


async def drop(unit: Unit) -> int:
    """Delete what no limit looks back at; returns how many."""
    connection = await raw(unit.session)
    cursor = await connection.execute("DELETE FROM sign_in_try WHERE at <= %s", (unit.now - DAY,))
    return cursor.rowcount


def _lock(what: What, whose: bytes) -> int:
    """The number of an advisory lock: signed, 64 bits."""
    return int.from_bytes(whose[:8], "big", signed=True) ^ list(What).index(what)
