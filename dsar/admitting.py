"""What is taken into the register: what there is something to do about, and not without end.

A member who opens request upon request keeps officers from everybody else's. What is over the
limit is told so; nobody is kept from withdrawing or objecting, nor an officer from anything.
Reads the register and, for a release, the member's ledger.
"""

from audit.acts import Act
from audit.entries import ActorType
from consent import ledger
from consent.standings import fold
from dsar.errors import NotARequest, TooMany
from dsar.states import AT_ONCE, Right
from kernel.database import raw
from profiles.members import Member
from profiles.unit import Unit

#: How many requests of one member may be open at a time.
MOST = 20
#: Whoever opens requests and is no officer: members, a child's guardian, and who hands them in.
_LIMITED = frozenset({ActorType.MEMBER, ActorType.SERVICE, ActorType.AGENT})
_OPEN = """
SELECT count(*) FROM request WHERE member = %s AND closed_at IS NULL AND NOT kind = ANY(%s)
"""


async def refuse(unit: Unit, act: Act, right: Right, member: Member) -> None:
    """For a member loaded with `lock=True`, so that two at a time are counted one by one.

    Raises `NotARequest` for the end of a restriction that there is not, and `TooMany`.
    """
    if right is Right.RELEASE and not await _is_restricted(unit, member):
        raise NotARequest(
            "nothing of this member is restricted",
            place="right",
            remedy="there is nothing to release; ask for a restriction first (Art. 18)",
        )
    if right in AT_ONCE or act.actor_type not in _LIMITED:
        return
    if await _open(unit, member) >= MOST:
        raise TooMany(
            f"{MOST} requests of this member are open already",
            place="request",
            remedy="take one back or wait for an answer; an officer can open more. Withdrawing "
            "and objecting work all the same",
        )


async def _is_restricted(unit: Unit, member: Member) -> bool:
    said = await ledger.opened(unit, {member.id: member.key})
    return fold(said[member.id]).restricted


async def _open(unit: Unit, member: Member) -> int:
    await unit.session.flush()
    connection = await raw(unit.session)
    cursor = await connection.execute(_OPEN, (member.id, [right.value for right in AT_ONCE]))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
