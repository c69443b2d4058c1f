"""What members set right of themselves, and what proves a use of their data.

Reads the record, and writes through the profiles' room. What they see of themselves is in
`own_sight`, what they say about purposes in `own_choices`, and about everything at once in
`own_preferences`.
"""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from audit.acts import Act
from audit.entries import written
from audit.errors import EntryUnknown
from audit.proofs import entry_use, inclusion
from consent.ages import born, is_child
from consent.footprints import EVERYBODY
from consent.programmes import Active
from dsar.errors import NotYours, TooYoung
from kernel.ids import made_at
from profiles import enrolment
from profiles.members import NUMBER, Member
from profiles.unit import Unit

HOW = "member"

#: What a programme works out or hands out is set right by an officer, not by its member.
_HANDED_OUT = frozenset({"pd:Purchase", "pd:PurchasesAndSpendingHabit"})


async def rectify(
    unit: Unit, act: Act, active: Active, member: Member, corrected: Mapping[str, object]
) -> None:
    """Set right what the member (loaded with `lock=True`) says is wrong (Art. 16).

    Raises `NotYours` for what the programme hands out, such as the member number or a tier,
    `TooYoung` for a birth date that makes a child of a grown-up, and `BadValue` or
    `UnknownField`.
    """
    for name in corrected:
        _refuse(unit, active, member, name)
    born_on = active.programme.birth_field
    if born_on is not None and born_on in corrected:
        _refuse_youth(unit, active, born_on, corrected[born_on])
    await enrolment.rectify(unit, act, member, corrected, source=HOW)


def correctable(unit: Unit, active: Active, member: Member) -> frozenset[str]:
    """The fields that the member may set right or remove: `rectify` refuses all others."""

    def is_theirs(name: str) -> bool:
        try:
            _refuse(unit, active, member, name)
        except NotYours:
            return False
        return True

    return frozenset(filter(is_theirs, unit.schema.catalogue.fields))


def removable(active: Active, name: str) -> bool:
    """Whether a member may remove a value that they may set: not their birth date where children
    join, for then they might be one, and could neither answer nor give it again."""
    footing = next(iter(active.footings.values()), None)
    return footing is None or not footing.children or name != active.programme.birth_field


def _refuse(unit: Unit, active: Active, member: Member, name: str) -> None:
    """A child does not make themselves older, nor may who could be one (Art. 8)."""
    declared = active.programme.fields.get(name)
    if name == NUMBER or (declared is not None and declared.category in _HANDED_OUT):
        raise NotYours(
            f"{name} is given by the programme",
            place=name,
            remedy="ask an officer to have it set right (Art. 16)",
        )
    if name != active.programme.birth_field:
        return
    footing = next(iter(active.footings.values()))
    young = is_child(footing, unit.today, born(unit, footing, member))
    if young or (young is None and footing.children):
        raise NotYours(
            f"{name} says whether you need a guardian's word",
            place=name,
            remedy="ask an officer to have it set right, with what proves it (Arts. 8 and 16)",
        )


def _refuse_youth(unit: Unit, active: Active, name: str, day: object) -> None:
    """A slip of the pen must not end every yes, and shut the field for whoever made it."""
    if day is None and removable(active, name):
        return
    if day is None:
        raise NotYours(
            f"without {name} nobody knows whether you need a guardian's word",
            place=name,
            remedy="ask an officer to have it erased (Arts. 8 and 17)",
        )
    footing = next(iter(active.footings.values()))
    given = enrolment.check_correction(unit, {name: day})[name]
    if isinstance(given, date) and is_child(footing, unit.today, given):
        raise TooYoung(
            f"by that day they are not yet {footing.age_of_consent}, and a guardian answers",
            place=name,
            remedy="if it is right, ask an officer to have it set right (Arts. 8 and 16)",
        )


async def entry(unit: Unit, member: Member, id: UUID) -> bytes:
    """The bytes of an entry about the member, or about everybody since they joined.

    Raises `EntryUnknown` for any other, as for one that is not there.
    """
    found = await entry_use(unit.session, id)
    subject = written(found.body).subject
    own = subject == member.key.subject().hex()
    shared = subject == EVERYBODY.hex() and made_at(id) >= made_at(member.id)
    if not (own or shared):
        raise EntryUnknown("no such entry", place=str(id))
    return found.body


async def proof(unit: Unit, member: Member, id: UUID) -> str:
    """The proof that such an entry is on record (c2sp.org/tlog-proof@v1).

    Raises `EntryUnknown` as `entry` does, `EntryPending` in the second before there is one.
    """
    await entry(unit, member, id)
    return await inclusion(unit.session, id)
