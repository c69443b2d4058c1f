"""What is taken into the register: what there is something to do about, and not without end.

A member who opens request upon request keeps officers from everybody else's. What is over the
limit is told so; nobody is kept from withdrawing or objecting, nor an officer from anything.

Each way of asking is counted by itself: what services and other companies hand in for a member
keeps the member from nothing. What waits for recipients alone, who may never answer, counts for
nobody. Reads the register, what was handed in and, for a release, the member's ledger.
"""

from collections.abc import Mapping
from typing import Any, LiteralString

from audit.acts import Act
from audit.entries import ActorType
from consent import ledger
from consent.standings import fold
from dsar.errors import NotARequest, TooMany
from dsar.opendsr.handed import Sender
from dsar.states import AT_ONCE, Right, State
from dsar.words import Channel
from kernel.database import raw
from profiles.members import Member
from profiles.unit import Unit

#: How many requests of one member may be open at a time, and of one sender about one member.
MOST = 20
_SENDERS = frozenset({ActorType.SERVICE, ActorType.AGENT})
#: How members ask themselves, and for their children.
_OWN_WAYS = [Channel.MEMBER.value, Channel.GUARDIAN.value]
_OPEN = (
    "r.member = %(member)s AND r.closed_at IS NULL AND r.state <> %(done)s "
    "AND NOT r.kind = ANY(%(at_once)s)"
)
_OWN = (
    "SELECT count(*), count(*) FILTER (WHERE r.kind = %(right)s) "  # noqa: S608 - constants
    f"FROM request r WHERE {_OPEN} AND r.channel = ANY(%(ways)s)"
)
_HANDED_IN = (
    "SELECT count(*), "  # noqa: S608 - constants
    "count(*) FILTER (WHERE r.kind = %(right)s AND r.state = %(asked)s) "
    f"FROM request r JOIN handed_in h ON h.request = r.id WHERE {_OPEN} AND h.sender = %(sender)s"
)


async def refuse(unit: Unit, act: Act, right: Right, member: Member) -> None:
    """For a member loaded with `lock=True`, so that two at a time are counted one by one.

    Raises `NotARequest` for the end of a restriction that there is not, and `TooMany`: for members
    never of the first that they have open for a right, and for a sender also of the second for a
    right while the member has yet to say who they are about the first.
    """
    if right is Right.RELEASE and not await _is_restricted(unit, member):
        raise NotARequest(
            "nothing of this member is restricted",
            place="right",
            remedy="there is nothing to release; ask for a restriction first (Art. 18)",
        )
    if right in AT_ONCE:
        return
    if act.actor_type is ActorType.MEMBER:
        theirs, alike = await _counted(unit, _OWN, member, right, {"ways": _OWN_WAYS})
        if theirs >= MOST and alike:
            raise TooMany(
                f"{MOST} requests of this member are open already",
                place="request",
                remedy="take one back or wait for an answer; an officer can open more. "
                "Withdrawing and objecting work all the same, and so does what none is open of",
            )
    elif act.actor_type in _SENDERS:
        sender = {"sender": str(Sender(act.actor_type, act.actor))}
        theirs, asked = await _counted(unit, _HANDED_IN, member, right, sender)
        if theirs >= MOST or asked:
            raise TooMany(
                "what you have handed in for this member is to be answered first",
                place="request",
                remedy="wait for the answer; an officer can open more",
            )


async def _is_restricted(unit: Unit, member: Member) -> bool:
    said = await ledger.opened(unit, {member.id: member.key})
    return fold(said[member.id]).restricted


async def _counted(
    unit: Unit, query: LiteralString, member: Member, right: Right, whose: Mapping[str, Any]
) -> tuple[int, int]:
    """How many are open, and how many of them stand in the way of one more for that right."""
    await unit.session.flush()
    about = {
        "member": member.id,
        "done": State.CARRIED_OUT.value,
        "at_once": [one.value for one in AT_ONCE],
        "right": right.value,
        "asked": State.REQUIRES_ACTION.value,
    }
    cursor = await (await raw(unit.session)).execute(query, {**about, **whose})
    [(count, alike)] = await cursor.fetchall()
    return count, alike
