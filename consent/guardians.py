"""Guardians (Art. 8): who speaks for a child, put on record with what proves it.

That somebody is a guardian stands in the child's ledger, sealed, and nowhere else counts. So
that a guardian finds their children, the `guardianship` table leads from one to the other by
pseudonyms; whoever has the database learns neither who nor whose.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from audit.acts import Act
from audit.entries import ActorType
from consent import choosing, ledger
from consent.ages import born, is_child, last_changed
from consent.choices import Action, By, Choice
from consent.errors import ChildUnknown, GuardianUnknown, NotAChoice, OfAge
from consent.footing import Footing
from consent.programmes import Active
from consent.standings import Standings, fold
from kernel.database import raw
from kernel.ids import made_at
from profiles import members
from profiles.members import Member
from profiles.unit import Unit

TABLE = "guardianship"
#: In years. Who holds parental responsibility has come of age: at 18 in every country of the EU
#: and in Norway, whatever the age of consent.
MAJORITY = 18

_KEEP = """
INSERT INTO guardianship (guardian, child, sealed) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""


async def name(
    unit: Unit,
    act: Act,
    active: Active,
    *,
    child: UUID,
    guardian: UUID,
    by: By,
    how: str = "",
    evidence: str = "",
) -> Standings:
    """Put on record that a member is the guardian of another; returns where the child stands.

    Opens both birth dates, where they are known. `evidence`: what proves it, such as a form's
    number. Raises `UnknownMember` when either is none; `NotAChoice` without evidence, for
    themselves, and for a guardian who is no grown-up; `OfAge` for a child who is none.
    """
    if child == guardian:
        raise NotAChoice("nobody is their own guardian", place="guardian")
    said = choosing.guardian(unit, guardian, named=True, by=by, how=how, evidence=evidence)
    found = await _pair(unit, child, guardian)
    footing = next(iter(active.footings.values()))
    grown_up = replace(footing, age_of_consent=MAJORITY)
    if is_child(grown_up, unit.today, born(unit, footing, found[guardian])):
        raise NotAChoice(
            "a guardian is of full age", place="guardian", remedy=f"at least {MAJORITY} years old"
        )
    if not _could_be_child(unit, footing, found[child]):
        raise _of_age()
    standings = await ledger.record(unit, act, {found[child]: [said]})
    own = found[guardian].key
    tag = found[child].key.kinship()
    connection = await raw(unit.session)
    sealed = own.seal_field(TABLE, tag.hex(), child.bytes)
    await connection.execute(_KEEP, (own.kinship(), tag, sealed))
    return standings[child]


async def remove(
    unit: Unit, act: Act, *, child: UUID, guardian: UUID, by: By, how: str = ""
) -> Standings:
    """Put on record that a member is no longer the guardian; also of one who has been erased.

    What they said while they were stands until the child, or another guardian, says otherwise.
    Raises `UnknownMember` for the child, `GuardianUnknown` for one who was not.
    """
    found = await members.load(unit, [child, guardian], lock=True)
    if child not in found:
        await members.one(unit, child)
    if guardian not in fold((await _said(unit, found[child])).values()).guardians:
        raise GuardianUnknown(
            "nobody has put on record that they are this member's guardian", place="guardian"
        )
    said = choosing.guardian(unit, guardian, named=False, by=by, how=how)
    standings = await ledger.record(unit, act, {found[child]: [said]})
    if guardian in found:
        await (await raw(unit.session)).execute(
            "DELETE FROM guardianship WHERE guardian = %s AND child = %s",
            (found[guardian].key.kinship(), found[child].key.kinship()),
        )
    return standings[child]


async def children(unit: Unit, guardian: Member) -> dict[Member, Standings]:
    """Those whose ledger names this member as their guardian, with where they stand.

    Also of those who answer for themselves by now: `wards` are those who do not.
    """
    return {one: fold(said.values()) for one, said in (await _named_by(unit, guardian)).items()}


async def wards(unit: Unit, footing: Footing, guardian: Member) -> dict[Member, Standings]:
    """The children for whom this member may speak today, as `ward` has it, and where they stand."""
    return {
        one: fold(said.values())
        for one, said in (await _named_by(unit, guardian)).items()
        if await _is_heard(unit, footing, guardian.id, one, said)
    }


async def _named_by(unit: Unit, guardian: Member) -> dict[Member, Mapping[UUID, Choice]]:
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT child, sealed FROM guardianship WHERE guardian = %s",
        (guardian.key.kinship(),),
        binary=True,
    )
    ids = [
        UUID(bytes=guardian.key.open_field(TABLE, tag.hex(), sealed))
        for tag, sealed in await cursor.fetchall()
    ]
    if not ids:
        return {}
    found = await members.load(unit, ids)
    said = await ledger.opened_rows(unit, {id: one.key for id, one in found.items()})
    return {
        one: said[id]
        for id, one in found.items()
        if guardian.id in fold(said[id].values()).guardians
    }


async def ward(unit: Unit, footing: Footing, guardian: Member, child: UUID) -> Member:
    """The child, locked, for whom this member may speak today.

    Raises `ChildUnknown` for anybody they are not the guardian of, as for nobody at all; `OfAge`
    for a child who answers for themselves: they have come of age, or nobody knows any more
    whether they have.
    """
    found = (await members.load(unit, [child], lock=True)).get(child)
    said = {} if found is None else await _said(unit, found)
    if found is None or guardian.id not in fold(said.values()).guardians:
        raise ChildUnknown(
            "you are not on record as the guardian of such a child",
            place="child",
            remedy="an officer writes it down first, with what proves it (Art. 8(2))",
        )
    if not await _is_heard(unit, footing, guardian.id, found, said):
        raise _of_age()
    return found


async def speaks(unit: Unit, footing: Footing, guardian: UUID, child: Member) -> bool:
    """Whether that member may speak for the child today, as `ward` has it."""
    said = await _said(unit, child)
    named = guardian in fold(said.values()).guardians
    return named and await _is_heard(unit, footing, guardian, child, said)


def speaking_for(act: Act, child: Member) -> Act:
    """The act of a child's guardian, under the child's own pseudonym.

    The record must not tell which two members belong together; who spoke stands in the line of
    the ledger to which the entry commits.
    """
    return replace(act, actor_type=ActorType.MEMBER, actor=child.key.subject().hex())


async def forget(unit: Unit, members: Sequence[Member]) -> dict[UUID, int]:
    """Forget whose guardians these members are, and who is theirs; how many rows, by member.

    For erasure, while the key is in hand. What an erased guardian said for a child stands: the
    word was valid when it was given, and the child's proof of it is the child's own (Art. 7(1)).
    Their id stays in it, sealed under the child's key, and leads to nobody.
    """
    kin = {one.key.kinship(): one.id for one in members}
    cursor = await (await raw(unit.session)).execute(
        "DELETE FROM guardianship WHERE guardian = ANY(%(kin)s) OR child = ANY(%(kin)s) "
        "RETURNING guardian, child",
        {"kin": list(kin)},
        binary=True,
    )
    count = dict.fromkeys(kin.values(), 0)
    for pair in await cursor.fetchall():
        for one in kin.keys() & set(pair):
            count[kin[one]] += 1
    return count


async def _pair(unit: Unit, child: UUID, guardian: UUID) -> Mapping[UUID, Member]:
    """Both, locked in the order of their ids. Raises `UnknownMember`."""
    found = await members.load(unit, [child, guardian], lock=True)
    for missing in {child, guardian} - found.keys():
        await members.one(unit, missing)
    return found


async def _said(unit: Unit, member: Member) -> Mapping[UUID, Choice]:
    return (await ledger.opened_rows(unit, {member.id: member.key}))[member.id]


def _could_be_child(unit: Unit, footing: Footing, child: Member) -> bool:
    """An unknown age is what it is everywhere: a child's where children are admitted, else not."""
    young = is_child(footing, unit.today, born(unit, footing, child))
    return footing.children if young is None else young


async def _is_heard(
    unit: Unit, footing: Footing, guardian: UUID, child: Member, said: Mapping[UUID, Choice]
) -> bool:
    """Whether a guardian whom the child's ledger names still speaks: the one place that says so.

    An age that was taken off the record could be a grown-up's who has done it themselves. So it
    lets speak only a guardian whom somebody has put on record since, with what proves it.
    """
    if not _could_be_child(unit, footing, child):
        return False
    if born(unit, footing, child) is not None:
        return True
    changed = await last_changed(unit, footing, child)
    return changed is None or changed < _named_at(said.items(), guardian)


def _named_at(said: Iterable[tuple[UUID, Choice]], guardian: UUID) -> datetime:
    """When it was last written down that they are one."""
    return max(
        made_at(row)
        for row, one in said
        if one.action is Action.GUARDIAN_NAMED and one.guardian == guardian
    )


def _of_age() -> OfAge:
    return OfAge(
        "they are of the age of consent, as far as is known",
        place="child",
        remedy="they answer for themselves (Art. 8); a birth date would tell otherwise",
    )
