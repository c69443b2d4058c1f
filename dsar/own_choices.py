"""What members say about purposes, and what they said: yes, no, by which channel, since when.

Reads the ledger of the member who asks; writes through the ledger. A guardian's word for a
child, and an officer's look, come through here as well, so that all see and say the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.acts import Act
from audit.entries import Kind
from audit.proofs import leaf_numbers
from consent import history, ledger
from consent.ages import born, refuse_own_yes
from consent.choices import Action, By, Choice
from consent.choosing import channel as by_channel
from consent.choosing import choose as word
from consent.errors import NotAChoice, TermsChanged
from consent.footing import Footing, heeds_objection
from consent.history import Notice, Stand
from consent.panel import terms_shown
from consent.programme import LegalBasis, Purpose
from consent.programmes import Active
from consent.standings import Standings, fold, order
from kernel.ids import made_at
from profiles.members import Member
from profiles.unit import Unit


@dataclass(frozen=True)
class Past:
    """Where a member stood at a time. `version`: the programme's then, None before the first."""

    at: datetime
    version: int | None
    stands: Sequence[Stand]
    guardians: Sequence[UUID]


@dataclass(frozen=True)
class Line:
    """One line of the ledger. `recorded`: when it was written down; `leaf`: its entry's number
    in the record, None in the second before it has one."""

    entry: UUID
    choice: Choice
    recorded: datetime
    notice: Notice | None
    leaf: int | None


async def choices(unit: Unit, active: Active, member: Member) -> list[Stand]:
    """Every purpose of the programme and where the member stands with it, in the file's order."""
    said = (await ledger.opened(unit, {member.id: member.key}))[member.id]
    return stands(unit, active, member, fold(said))


async def choices_at(
    unit: Unit, active: Active, member: Member, *, at: datetime, known: datetime | None = None
) -> Past:
    """Where the member stood then, under the programme that was in force then.

    By what was said by `at` and, with `known`, had been written down by that time. A child's
    age is told by the birth date as it is known today. Before the first version there was no
    purpose at all.
    """
    then = history.in_force(active, at)
    lines = (await ledger.opened_rows(unit, {member.id: member.key}))[member.id]
    standings = fold(history.said(lines, at=at, known=known))
    guardians = sorted(standings.guardians)
    if then is None:
        return Past(at, None, [], guardians)
    day = at.astimezone(then.programme.zone).date()
    birth = born(unit, next(iter(then.footings.values())), member)
    return Past(at, then.version, history.stands(then, standings, day, born=birth), guardians)


async def looked_up(
    unit: Unit, act: Act, active: Active, member: Member, *, at: datetime, known: datetime | None
) -> Past:
    """The same for an officer; on record as `choices.viewed`, and the member sees it."""
    past = await choices_at(unit, active, member, at=at, known=known)
    entry = act.entry(
        Kind.CHOICES_VIEWED, subject=member.key.subject(), facts={"fields": [], "how": "officer"}
    )
    await unit.record.write(unit.session, entry)
    return past


async def lines(unit: Unit, active: Active, member: Member) -> list[Line]:
    """Everything the member ever said, and others for them; newest first, as written down."""
    rows = (await ledger.rows_of(unit, {member.id: member.key}))[member.id]
    # Ids of one millisecond have no order of their own: what decides is told as the later.
    rows.sort(key=lambda row: (made_at(row.id), order(row.choice)))
    numbers = await leaf_numbers(unit.session, [row.id for row in rows])
    # A member says many things about few texts: each is looked for once.
    shown: dict[tuple[str | None, bytes | None], Notice] = {
        (one.purpose, one.notice): history.notice(active, one.purpose, one.notice)
        for one in (row.choice for row in rows)
        if one.purpose is not None and one.notice is not None
    }
    return [
        Line(
            entry=row.id,
            choice=row.choice,
            recorded=made_at(row.id),
            notice=shown.get((row.choice.purpose, row.choice.notice)),
            leaf=numbers[row.id],
        )
        for row in reversed(rows)
    ]


async def choose(
    unit: Unit,
    act: Act,
    active: Active,
    member: Member,
    footing: Footing,
    *,
    allow: bool,
    language: str | None,
    terms: str | None = None,
    guardian: UUID | None = None,
) -> Stand:
    """What the member (loaded with `lock=True`) says about a purpose: yes, or no.

    No is as easy as yes (Art. 7(3)): it needs nothing that yes does not. Where consent is the
    basis, they give or withdraw it; where an objection counts, they object or lift that.
    `terms`: `panel.terms_shown` of what they had before them, where that is known: a yes is to
    that, and a no is one whatever was shown. `guardian`: who says it for them, as
    `guardians.ward` let them. Raises `NotAChoice` where there is none, and for a yes without the
    notice's language; `TermsChanged` for a yes to other terms than today's; `GuardianNeeded` for
    a child's own yes (Art. 8). A child's own no always works.
    """
    purpose = footing.purpose
    _check(unit, member, footing, allow=allow, language=language, guardian=guardian)
    if allow and terms is not None:
        _refuse_other_terms(purpose, language, terms)
    before = fold((await ledger.opened(unit, {member.id: member.key}))[member.id])
    by = By.MEMBER if guardian is None else By.GUARDIAN
    said = [
        word(unit, purpose, action, at=unit.now, by=by, language=language, guardian=guardian)
        for action in _actions(purpose, before, allow=allow)
    ]
    return await _say(unit, act, active, member, footing=footing, said=said)


async def reach(
    unit: Unit,
    act: Act,
    active: Active,
    member: Member,
    footing: Footing,
    *,
    channel: str,
    on: bool,
) -> Stand:
    """Whether a channel may be used for a purpose. Raises `NotAChoice` for one it has not.

    One that is off for everything stays off until that is taken back.
    """
    if not footing.heeds_channels:
        raise NotAChoice(
            "what the law demands is delivered whichever way it can be",
            place=f"purposes.{footing.purpose.name}",
        )
    said = by_channel(unit, footing.purpose, channel, on=on, by=By.MEMBER)
    return await _say(unit, act, active, member, footing=footing, said=[said])


def can_choose(purpose: Purpose) -> bool:
    """Whether the member can say yes or no: consent, or a basis that an objection ends."""
    return purpose.legal_basis is LegalBasis.CONSENT or heeds_objection(purpose)


def stands(unit: Unit, active: Active, member: Member, standings: Standings) -> list[Stand]:
    """Where a member with these standings stands today, purpose by purpose."""
    known = born(unit, next(iter(active.footings.values())), member)
    return history.stands(active, standings, unit.today, born=known)


async def _say(
    unit: Unit,
    act: Act,
    active: Active,
    member: Member,
    *,
    footing: Footing,
    said: Sequence[Choice],
) -> Stand:
    standings = (await ledger.record(unit, act, {member: said}))[member.id]
    known = born(unit, footing, member)
    return history.stand(active, footing, standings, unit.today, born=known)


def _check(
    unit: Unit,
    member: Member,
    footing: Footing,
    *,
    allow: bool,
    language: str | None,
    guardian: UUID | None,
) -> None:
    purpose = footing.purpose
    if not can_choose(purpose):
        raise NotAChoice(
            f"{purpose.name} rests on {purpose.legal_basis.article}: there is nothing to choose",
            place=f"purposes.{purpose.name}",
            remedy="ask for restriction (Art. 18) or for erasure (Art. 17)",
        )
    if not allow or purpose.legal_basis is not LegalBasis.CONSENT:
        return
    if language is None:
        raise NotAChoice(
            "a consent is to a text that was shown",
            place="language",
            remedy="one of " + ", ".join(sorted(purpose.notice)),
        )
    if guardian is None:
        refuse_own_yes(unit, footing, member, unit.now)


def _refuse_other_terms(purpose: Purpose, language: str | None, terms: str) -> None:
    """Nobody has said yes to what they have not seen (Art. 4(11)). Raises `TermsChanged`."""
    if language not in purpose.notice or terms_shown(purpose, language) != terms:
        raise TermsChanged(
            "what they said yes to is not what is done now",
            place="terms",
            remedy="show today's text and let them answer anew",
        )


def _actions(purpose: Purpose, before: Standings, *, allow: bool) -> list[Action]:
    """A yes takes back an earlier objection too: it would silence the consent it stands beside."""
    if purpose.legal_basis is not LegalBasis.CONSENT:
        return [Action.OBJECTION_LIFTED if allow else Action.OBJECTED]
    if not allow:
        return [Action.WITHDRAWN]
    objects = before.objects_to(purpose.name, marketing=purpose.direct_marketing)
    return [Action.GIVEN, Action.OBJECTION_LIFTED] if objects else [Action.GIVEN]
