"""What officers have said yes to: sealed, so that no row of a table says it in their place.

An approval names the right, what was wanted in particular, who approved, and until when what
follows from it waits. It opens under the member's key, at that request alone.
"""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from dsar.register import TABLE
from dsar.tables import RequestRow
from profiles.errors import CannotOpen
from profiles.keys import MemberKey
from profiles.members import Member


class Approval(msgspec.Struct, frozen=True):
    """`wanted`: SHA-256 of the sealed wish that was approved. `by`: ids of who approved.

    `whole`: as many have as the programme asked for; the first of two is not enough.
    `not_before`: the end of the time in which an erasure can be taken back.
    """

    right: str
    wanted: bytes
    by: tuple[str, ...]
    whole: bool
    not_before: datetime | None


def given(row: RequestRow, member: Member) -> Approval | None:
    """The approval of exactly this request of this member; None when there is none."""
    if row.approval is None:
        return None
    try:
        plain = member.key.open_field(TABLE, _field(row.id), row.approval)
    except CannotOpen:
        return None
    found = msgspec.msgpack.decode(plain, type=Approval)
    same = (found.right, found.wanted, found.not_before)
    return found if same == (row.kind, _wanted(row), row.not_before) else None


def add(
    row: RequestRow, key: MemberKey, before: Approval | None, by: str, *, whole: bool
) -> Approval:
    """One more has approved: keep it in the row. `whole`: nobody else has to."""
    both = (*(before.by if before else ()), by)
    approval = Approval(row.kind, _wanted(row), both, whole, row.not_before)
    row.approval = key.seal_field(TABLE, _field(row.id), msgspec.msgpack.encode(approval))
    return approval


def _wanted(row: RequestRow) -> bytes:
    return sha256(row.wanted or b"").digest()


def _field(request: UUID) -> str:
    return f"{request.hex}:approval"
