"""What an erasure would do, before anybody approves it: what goes, what stays, who is told.

Reads and counts; what it opens are purchases, to see which of them a law keeps, and identifiers
and what was said, to see who may know the member. Nothing of it leaves but numbers and what the
programme says of recipients.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent.programmes import Active
from dsar import holds, register, telling, vouchers
from dsar.bookkeeping import books_of
from dsar.by_hand import ByHand, described
from dsar.errors import NotARequest, NotReady
from dsar.holds import Hold
from dsar.states import Right, State
from dsar.vouchers import Staying
from kernel.database import raw
from profiles import reading
from profiles.members import Member
from profiles.unit import Unit

#: What is counted, by the name that entries and certificates give it, and how it is called.
WORDS: Mapping[str, tuple[str, str]] = {
    "member": ("member", "members"),
    "member_key": ("key", "keys"),
    "value": ("stored value", "stored values"),
    "event": ("purchase", "purchases"),
    "unreadable": ("of them that cannot be opened", "of them that cannot be opened"),
    "ledger": ("line of choices", "lines of choices"),
    "lookup": ("entry of the index", "entries of the index"),
    "audit_detail": ("sealed detail of a use", "sealed details of uses"),
    "package": ("package", "packages"),
    "identity": ("proof of identity", "proofs of identity"),
    "letter": ("letter", "letters"),
    "outgoing": ("message on its way", "messages on their way"),
    "guardianship": ("tie to a guardian or child", "ties to guardians or children"),
    "hold": ("ended legal hold", "ended legal holds"),
}

_COUNTS = """
SELECT (SELECT count(*) FROM member WHERE id = %(member)s) AS member,
       (SELECT count(*) FROM member_key WHERE member = %(member)s) AS member_key,
       (SELECT count(*) FROM event WHERE member = %(member)s) AS event,
       (SELECT count(*) FROM ledger WHERE member = %(member)s) AS ledger,
       (SELECT count(*) FROM lookup WHERE member = %(member)s) AS lookup,
       (SELECT count(*) FROM audit_detail d JOIN audit_subject s ON s.entry = d.entry
        WHERE s.subject = %(subject)s) AS audit_detail,
       (SELECT count(*) FROM package WHERE member = %(member)s) AS package,
       (SELECT count(*) FROM identity_proof WHERE member = %(member)s)
       + (SELECT count(*) FROM identity_challenge WHERE member = %(member)s) AS identity,
       (SELECT count(*) FROM letter WHERE member = %(member)s) AS letter,
       (SELECT count(*) FROM outgoing WHERE member = %(member)s) AS outgoing,
       (SELECT count(*) FROM guardianship
        WHERE guardian = %(kinship)s OR child = %(kinship)s) AS guardianship,
       (SELECT count(*) FROM legal_hold WHERE member = %(member)s) AS hold
"""
_OTHERS = "SELECT count(*) FROM request WHERE member = %s AND closed_at IS NULL AND kind <> %s"


@dataclass(frozen=True)
class Preview:
    """`destroys`: how many, by kind. `tells`: recipients, by name. `holds`: those that stand.

    `by_hand`: recipients that may have the member's data and that nothing here tells: an officer
    has to. `closes`: how many other open requests end with it. `waits`: the days it cools off for.
    """

    destroys: Mapping[str, int]
    keeps: Staying | None
    tells: tuple[str, ...]
    by_hand: tuple[ByHand, ...]
    holds: tuple[Hold, ...]
    closes: int
    waits: int

    def words(self) -> list[str]:
        """What goes, one line a kind that there is: ``2 purchases``."""
        found = ((count, WORDS[kind]) for kind, count in self.destroys.items() if count)
        return [f"{count} {words[count != 1]}" for count, words in found]


async def of_request(unit: Unit, act: Act, active: Active, request: UUID) -> Preview:
    """What this erasure would do. Raises `UnknownRequest`, `NotARequest`, `NotReady` once done."""
    row = await register.row_of(unit, request)
    if row.kind != Right.ERASURE:
        raise NotARequest(f"this asks for {row.kind}: nothing goes", place="request")
    if State(row.state) in (State.CARRIED_OUT, State.FULFILLED):
        raise NotReady(
            "the member has been erased: its certificate says what went",
            place="request",
            remedy=f"`tillit request certificate {request} --out FILE` writes it",
        )
    person = await register.member_of(unit, row)
    return await of_member(unit, act, active, person, request=request)


async def of_member(
    unit: Unit, act: Act, active: Active, person: Member, *, request: UUID | None = None
) -> Preview:
    """What an erasure of this member would do today; on record as `erasure.previewed`."""
    keeps = await _staying(unit, active, person)
    known = await telling.known_of(unit, active, person)
    found = Preview(
        await _counted(unit, person, keeps.unreadable if keeps else 0),
        keeps if keeps and keeps.count else None,
        tuple(telling.carriers(active, Right.ERASURE, known=known)),
        described(active, telling.left_to_officers(active, Right.ERASURE, known=known)),
        tuple(await holds.standing(unit, person)),
        await _others(unit, person.id),
        active.programme.requests.cooling_off_days,
    )
    facts: dict[str, Fact] = {"request": str(request) if request else None}
    await unit.record.write(
        unit.session,
        act.entry(EntryKind.ERASURE_PREVIEWED, subject=person.key.subject(), facts=facts),
    )
    return found


def values_of(member: Member) -> int:
    """How many values are stored of a member; traits are derived, and not counted."""
    return sum(not name.startswith("~") for name in member.sealed)


async def _counted(unit: Unit, person: Member, unreadable: int) -> dict[str, int]:
    asked = {
        "member": person.id,
        "subject": person.key.subject(),
        "kinship": person.key.kinship(),
    }
    cursor = await (await raw(unit.session)).execute(_COUNTS, asked)
    row = await cursor.fetchone()
    assert row is not None
    assert cursor.description is not None
    counts = {
        column.name: int(count) for column, count in zip(cursor.description, row, strict=True)
    }
    counts["value"] = values_of(person)
    if unreadable:
        counts["unreadable"] = unreadable
    return {kind: counts[kind] for kind in WORDS if kind in counts}


async def _staying(unit: Unit, active: Active, person: Member) -> Staying | None:
    if (books := books_of(active.programme)) is None:
        return None
    bought, unreadable = await reading.readable_purchases(unit, person)
    return vouchers.staying(unit, books, bought, unreadable=unreadable)


async def _others(unit: Unit, member: UUID) -> int:
    """Without the erasure itself, of which a member has one: asked for again, it is joined."""
    cursor = await (await raw(unit.session)).execute(_OTHERS, (member, Right.ERASURE.value))
    [(count,)] = await cursor.fetchall()
    return int(count)
