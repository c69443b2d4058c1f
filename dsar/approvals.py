"""What officers have said yes to: sealed, so that no row of a table says it in their place.

An approval names the right, what was wanted in particular, who approved, until when what follows
from it waits, and how often the request had come back by then. It opens under the member's key, at
that request alone; a copy of one from before a return counts for nothing after it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from audit.browsing import Told, naming
from dsar.register import TABLE
from dsar.states import Step
from dsar.tables import RequestRow
from profiles.errors import CannotOpen
from profiles.keys import MemberKey
from profiles.members import Member
from profiles.unit import Unit


class Approval(msgspec.Struct, frozen=True):
    """`wanted`: SHA-256 of the sealed wish that was approved. `by`: ids of who approved.

    `whole`: as many have as the programme asked for; the first of two is not enough.
    `not_before`: the end of the time in which an erasure can be taken back. `returned`: how often
    the request had come back to be decided anew.
    """

    right: str
    wanted: bytes
    by: tuple[str, ...]
    whole: bool
    not_before: datetime | None
    returned: int


@dataclass(frozen=True)
class SoFar:
    """Who has approved a request since it last came back, and how often it has; by the record."""

    returned: int
    by: tuple[str, ...] = ()


def returns(said: Iterable[Told]) -> int:
    """How often a request has come back, by the entries about it."""
    return sum(one.facts.get("step") == Step.RETURN for one in said)


async def so_far(unit: Unit, row: RequestRow, member: Member) -> SoFar:
    """Raises `RecordTampered` where the record about it is not ours."""
    subject = member.key.subject()
    said = await naming(unit.session, str(row.id), subject=subject, trust=unit.record.trust)
    returned = returns(said)
    found = given(row, member)
    if found is None or found.returned != returned:
        return SoFar(returned)
    return SoFar(returned, found.by)


def given(row: RequestRow, member: Member) -> Approval | None:
    """The approval of exactly this request of this member; None when there is none.

    Whether it is from before the request last came back, `so_far` tells.
    """
    if row.approval is None:
        return None
    try:
        plain = member.key.open_field(TABLE, _field(row.id), row.approval)
    except CannotOpen:
        return None
    found = msgspec.msgpack.decode(plain, type=Approval)
    same = (found.right, found.wanted, found.not_before)
    return found if same == (row.kind, _wanted(row), row.not_before) else None


def add(row: RequestRow, key: MemberKey, before: SoFar, by: str, *, whole: bool) -> Approval:
    """One more has approved: keep it in the row. `whole`: nobody else has to."""
    approval = Approval(
        row.kind, _wanted(row), (*before.by, by), whole, row.not_before, before.returned
    )
    row.approval = key.seal_field(TABLE, _field(row.id), msgspec.msgpack.encode(approval))
    return approval


def clear(row: RequestRow) -> None:
    """Nothing is to follow from an approval any more: neither it nor its day stays in the row.

    What keeps a copy of it from being used is the record (`dsar.carrying`), not this.
    """
    row.approval = row.not_before = None


def _wanted(row: RequestRow) -> bytes:
    return sha256(row.wanted or b"").digest()


def _field(request: UUID) -> str:
    return f"{request.hex}:approval"
