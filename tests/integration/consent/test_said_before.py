"""What was said before it was written down, and what nobody's word can undo."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from msgspec import structs

from api.bootstrap import SYSTEM, Tillit
from consent import confirming, guardians, ledger
from consent.ages import born, refuse_own_yes
from consent.backdating import choose_then
from consent.choices import Action, By, Choice, State
from consent.eligibility import reason_of
from consent.errors import GuardianNeeded, NotAChoice, OfAge
from consent.programme import read_programme
from consent.standings import Standings, fold
from dsar import own
from dsar.errors import NotYours
from profiles.enrolment import enrol
from profiles.members import one

NEWSLETTER = "newsletter"


async def _join(tillit: Tillit, **values: object) -> UUID:
    async with tillit.unit() as work:
        made = await enrol(work.unit, SYSTEM, [{"member_number": "S-1", **values}], source="test")
    return made[0].id


async def _change(tillit: Tillit, before: str, after: str) -> None:
    async with tillit.unit() as work:
        source = work.active.programme.source
    assert before in source
    await tillit.apply(SYSTEM, read_programme(source.replace(before, after)))


async def _say(tillit: Tillit, member: UUID, action: Action, **said: object) -> Standings:
    async with tillit.unit() as work:
        person = await one(work.unit, member, lock=True)
        footing = work.active.footing(str(said.pop("purpose", NEWSLETTER)))
        how = {"at": work.unit.now, "by": By.TILL, "language": "sv"} | said
        line: Choice = choose_then(work.unit, work.active, footing, action, **how)
        return (await ledger.record(work.unit, SYSTEM, {person: [line]}))[member]


async def _reason(tillit: Tillit, member: UUID, purpose: str = NEWSLETTER) -> str | None:
    async with tillit.unit() as work:
        person, footing = await one(work.unit, member), work.active.footing(purpose)
        said = (await ledger.opened(work.unit, {member: person.key}))[member]
        age = born(work.unit, footing, person)
        reason = reason_of(footing, fold(said), work.unit.today, born=age)
    return reason.value if reason else None


async def test_a_yes_from_before_a_new_notice_is_to_the_old_one(tillit: Tillit) -> None:
    member = await _join(tillit)
    async with tillit.unit() as work:
        before, digest = work.unit.now, work.active.footing(NEWSLETTER).purpose.notice_digest("sv")
    await _change(tillit, "slutar få brevet genom", "slipper få brevet genom")
    standing = (await _say(tillit, member, Action.GIVEN, at=before)).of(NEWSLETTER)
    assert standing.notice == digest
    assert await _reason(tillit, member) == "ask_again"
    await _say(tillit, member, Action.GIVEN)
    assert await _reason(tillit, member) is None


async def test_nobody_agreed_to_anything_before_there_was_a_text(tillit: Tillit) -> None:
    member = await _join(tillit)
    async with tillit.unit() as work:
        long_ago = work.unit.now - timedelta(days=9_000)
    with pytest.raises(NotAChoice, match="at that time"):
        await _say(tillit, member, Action.GIVEN, at=long_ago)
    assert (await _say(tillit, member, Action.WITHDRAWN, at=long_ago)).of(NEWSLETTER).said_no


async def test_a_no_dated_by_a_clock_that_is_behind_still_counts(tillit: Tillit) -> None:
    member = await _join(tillit)
    await _say(tillit, member, Action.GIVEN, by=By.MEMBER)
    async with tillit.unit() as work:
        behind = work.unit.now - timedelta(minutes=2)
    await _say(tillit, member, Action.WITHDRAWN, at=behind)
    assert await _reason(tillit, member) == "no_consent"


async def test_whoever_never_confirmed_confirms_once_double_opt_in_is_asked(
    tillit: Tillit,
) -> None:
    member = await _join(tillit)
    await _say(tillit, member, Action.GIVEN)
    await _change(tillit, "[purposes.newsletter]", "[purposes.newsletter]\ndouble_opt_in = true")
    assert (await _say(tillit, member, Action.GIVEN)).of(NEWSLETTER).state is State.REQUESTED
    async with tillit.unit() as work:
        person = await one(work.unit, member, lock=True)
        rows = await confirming.requested(work.unit, NEWSLETTER, {member: person.key})
        await confirming.confirm(
            work.unit, SYSTEM, work.active, person, purpose=NEWSLETTER, row=rows[member]
        )
    assert await _reason(tillit, member) is None
    assert (await _say(tillit, member, Action.GIVEN)).of(NEWSLETTER).state is State.RENEWED


async def test_a_child_does_not_make_themselves_older(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        young = date(work.unit.today.year - 8, 1, 1)
    member = await _join(tillit, birth_date=young.isoformat())
    for older in ("1980-01-01", None):
        async with tillit.unit() as work:
            person = await one(work.unit, member, lock=True)
            with pytest.raises(NotYours):
                await own.rectify(work.unit, SYSTEM, work.active, person, {"birth_date": older})


async def test_a_guardian_does_not_undo_what_the_child_said_themselves(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        young = date(work.unit.today.year - 8, 1, 1).isoformat()
        people = [
            {"member_number": "C-1", "birth_date": young},
            {"member_number": "G-1", "birth_date": "1980-01-01"},
        ]
        child, guardian = (
            made.id for made in await enrol(work.unit, SYSTEM, people, source="test")
        )
    async with tillit.unit() as work:
        await guardians.name(
            work.unit,
            SYSTEM,
            work.active,
            child=child,
            guardian=guardian,
            by=By.OFFICER,
            evidence="form 7",
        )
    word = {"by": By.GUARDIAN, "guardian": guardian}
    await _say(tillit, child, Action.GIVEN, **word)
    assert await _reason(tillit, child) is None
    await _say(tillit, child, Action.WITHDRAWN, by=By.MEMBER)
    with pytest.raises(NotAChoice, match="themselves"):
        await _say(tillit, child, Action.GIVEN, **word)
    await _say(tillit, child, Action.OBJECTED, by=By.MEMBER)
    with pytest.raises(NotAChoice, match="themselves"):
        await _say(tillit, child, Action.OBJECTION_LIFTED, **word)
    assert await _reason(tillit, child) == "objected"


async def test_nobody_is_named_guardian_of_a_member_who_counts_as_grown_up(
    tillit: Tillit,
) -> None:
    async with tillit.unit() as work:
        people = [{"member_number": "A-1"}, {"member_number": "A-2"}]
        one_, other = (made.id for made in await enrol(work.unit, SYSTEM, people, source="test"))
    async with tillit.unit() as work:
        with pytest.raises(OfAge):
            await guardians.name(
                work.unit,
                SYSTEM,
                work.active,
                child=one_,
                guardian=other,
                by=By.OFFICER,
                evidence="form 8",
            )


async def test_a_childs_own_yes_is_none_when_they_come_of_age_either(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        today = work.unit.today
    born_on = today.replace(year=today.year - 13, day=1) - timedelta(days=40)
    member = await _join(tillit, birth_date=born_on.isoformat())
    async with tillit.unit() as work:
        person, footing = await one(work.unit, member), work.active.footing(NEWSLETTER)
        then = work.unit.now - timedelta(days=400)
        with pytest.raises(GuardianNeeded):
            refuse_own_yes(work.unit, footing, person, then)
        refuse_own_yes(work.unit, footing, person, work.unit.now)


async def test_a_confirmation_counts_whichever_clock_the_request_went_by(tillit: Tillit) -> None:
    await _change(tillit, "[purposes.newsletter]", "[purposes.newsletter]\ndouble_opt_in = true")
    member = await _join(tillit)
    async with tillit.unit() as work:
        person, footing = await one(work.unit, member, lock=True), work.active.footing(NEWSLETTER)
        how = {"at": work.unit.now, "by": By.TILL, "language": "sv"}
        line = choose_then(work.unit, work.active, footing, Action.GIVEN, **how)
        ahead = replace(work.unit, now=work.unit.now + timedelta(hours=1))
        line = structs.replace(line, at=ahead.now)
        await ledger.record(ahead, SYSTEM, {person: [line]})
    async with tillit.unit() as work:
        person = await one(work.unit, member, lock=True)
        rows = await confirming.requested(work.unit, NEWSLETTER, {member: person.key})
        await confirming.confirm(
            work.unit, SYSTEM, work.active, person, purpose=NEWSLETTER, row=rows[member]
        )
    assert await _reason(tillit, member) is None
