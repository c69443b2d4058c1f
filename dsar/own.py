"""What members see and say about themselves: their data, their choices, the uses of both.

Opens one member's values, for that member and nobody else; each look is on record, as
everybody's is. Reads profiles, the ledger and the record; writes through their own rooms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from audit.acts import Act
from audit.entries import Kind, written
from audit.errors import EntryUnknown
from audit.proofs import entry_use, inclusion
from consent import ledger
from consent.ages import born
from consent.choices import Action, By, Choice
from consent.choosing import choose as word
from consent.eligibility import Reason, reason_of
from consent.errors import NotAChoice
from consent.footing import Footing, heeds_objection
from consent.footprints import EVERYBODY
from consent.programme import LegalBasis, Purpose
from consent.programmes import Active
from consent.standings import Standing, Standings, fold
from consent.uses import Use, uses
from dsar.errors import NotYours
from kernel.ids import made_at
from profiles import enrolment, reading
from profiles.members import NUMBER, Member
from profiles.reading import Opened
from profiles.unit import Unit

HOW = "member"

#: What a programme works out or hands out is set right by an officer, not by its member.
_HANDED_OUT = frozenset({"pd:Purchase", "pd:PurchasesAndSpendingHabit"})


@dataclass(frozen=True)
class OwnChoice:
    """Where a member stands with a purpose. `reason`: why their data is not used, if it is not.

    `can_choose`: they can say yes or no; contract and law leave nothing to choose.
    """

    purpose: Purpose
    standing: Standing
    reason: Reason | None
    can_choose: bool


async def values(unit: Unit, act: Act, active: Active, member: Member) -> dict[str, Opened]:
    """Everything kept about the member (Art. 15), opened for them; on record as `profile.read`."""
    found = await reading.values(unit, member, active.programme.names)
    await unit.record.write(
        unit.session,
        act.entry(Kind.PROFILE_READ, subject=member.key.subject(), facts={"fields": sorted(found)}),
    )
    return found


async def rectify(
    unit: Unit, act: Act, active: Active, member: Member, corrected: Mapping[str, object]
) -> None:
    """Set right what the member (loaded with `lock=True`) says is wrong (Art. 16).

    Raises `NotYours` for what the programme hands out, such as the member number or a tier,
    and `BadValue` or `UnknownField`.
    """
    for name in corrected:
        declared = active.programme.fields.get(name)
        if name == NUMBER or (declared is not None and declared.category in _HANDED_OUT):
            raise NotYours(
                f"{name} is given by the programme",
                place=name,
                remedy="ask an officer to have it set right (Art. 16)",
            )
    await enrolment.rectify(unit, act, member, corrected, source=HOW)


async def choices(unit: Unit, active: Active, member: Member) -> list[OwnChoice]:
    """Every purpose of the programme and where the member stands with it, in the file's order."""
    standings = fold(await _said(unit, member))
    return [
        _choice(unit, active.footing(one), member, standings) for one in active.programme.purposes
    ]


async def choose(
    unit: Unit,
    act: Act,
    member: Member,
    footing: Footing,
    *,
    allow: bool,
    language: str | None,
) -> OwnChoice:
    """What the member (loaded with `lock=True`) says about a purpose: yes, or no.

    No is as easy as yes (Art. 7(3)): it needs nothing that yes does not. Where consent is the
    basis, they give or withdraw it; where an objection counts, they object or lift that.
    Raises `NotAChoice` where there is none, and for a yes without the notice's language.
    """
    purpose = footing.purpose
    if not can_choose(purpose):
        raise NotAChoice(
            f"{purpose.name} rests on {purpose.legal_basis.article}: there is nothing to choose",
            place=f"purposes.{purpose.name}",
            remedy="ask for restriction (Art. 18) or for erasure (Art. 17)",
        )
    if allow and purpose.legal_basis is LegalBasis.CONSENT and language is None:
        raise NotAChoice(
            "a consent is to a text that was shown",
            place="language",
            remedy="one of " + ", ".join(sorted(purpose.notice)),
        )
    before = fold(await _said(unit, member))
    said = [
        word(unit, purpose, action, at=unit.now, by=By.MEMBER, language=language)
        for action in _actions(purpose, before, allow=allow)
    ]
    standings = (await ledger.record(unit, act, {member: said}))[member.id]
    return _choice(unit, footing, member, standings)


def can_choose(purpose: Purpose) -> bool:
    """Whether the member can say yes or no: consent, or a basis that an objection ends."""
    return purpose.legal_basis is LegalBasis.CONSENT or heeds_objection(purpose)


async def used(
    unit: Unit, act: Act, active: Active, member: Member, *, limit: int
) -> Sequence[Use]:
    """The newest uses of the member's data; that they looked is on record as `uses.viewed`."""
    said = (await ledger.opened_rows(unit, {member.id: member.key}))[member.id]
    found = await uses(unit, member, said, active, limit=limit)
    await unit.record.write(unit.session, act.entry(Kind.USES_VIEWED, subject=member.key.subject()))
    return found


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


async def _said(unit: Unit, member: Member) -> list[Choice]:
    return (await ledger.opened(unit, {member.id: member.key}))[member.id]


def _choice(unit: Unit, footing: Footing, member: Member, standings: Standings) -> OwnChoice:
    purpose = footing.purpose
    reason = reason_of(footing, standings, unit.today, born=born(unit, footing, member))
    return OwnChoice(purpose, standings.of(purpose.name), reason, can_choose(purpose))


def _actions(purpose: Purpose, before: Standings, *, allow: bool) -> list[Action]:
    """A yes takes back an earlier objection too: it would silence the consent it stands beside."""
    if purpose.legal_basis is not LegalBasis.CONSENT:
        return [Action.OBJECTION_LIFTED if allow else Action.OBJECTED]
    if not allow:
        return [Action.WITHDRAWN]
    objects = before.objects_to(purpose.name, marketing=purpose.direct_marketing)
    return [Action.GIVEN, Action.OBJECTION_LIFTED] if objects else [Action.GIVEN]
