"""Whom an officer has to tell by hand is known as long as the request is (Arts. 17(2), 19)."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import at_the_desk
import pytest

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from audit.browsing import Told, all_entries
from consent import choosing, ledger
from consent.choices import Action, By
from consent.programme.loading import read_programme
from dsar import by_hand, desk, register, waiting
from dsar.states import Right, State
from dsar.waiting import Waiting
from dsar.wanted import Wanted
from kernel.database import raw
from profiles import members
from profiles.enrolment import enrol

CLUB = Path(__file__).parents[3] / "examples" / "fjallklubben.toml"
CONNECTOR = """
[recipients.letters.connector]
by = "mailbox"
address = "privacy@letters.example"
identifiers = ["email"]
carries = ["erasure"]
"""
#: Those that are there for more than a consent. `letters` is there for consents alone.
ALWAYS = ("hosting", "auditor")
NEWS = ("hosting", "letters", "app-messages", "auditor")
AUDITOR = by_hand.ByHand("auditor", "Siffergården Revision AB", "privacy@siffergarden.example")


async def _joins(tillit: Tillit, number: str = "1", *, yes: bool = False) -> UUID:
    """A member; `yes`: who has let the newsletter be sent."""
    async with tillit.unit() as work:
        row = {"member_number": number, "email": f"{number}@post.example", "name": "Åsa Öberg"}
        [person] = await enrol(work.unit, SYSTEM, [row], source="till")
    if yes:
        async with tillit.unit() as work:
            unit, purpose = work.unit, work.active.programme.purposes["newsletter"]
            at = unit.now - timedelta(days=1)
            said = choosing.choose(unit, purpose, Action.GIVEN, at=at, by=By.MEMBER, language="sv")
            known = await members.one(unit, person.id, lock=True)
            await ledger.record(unit, SYSTEM, {known: [said]})
    return person.id


async def _carried_out(
    tillit: Tillit, right: Right, member: UUID, wish: Wanted | None = None
) -> UUID:
    async with tillit.unit() as work:
        asked = await at_the_desk.approved(work, right, member, wish=wish)
    await worker.drain(tillit)
    return asked.id


async def _waits(tillit: Tillit, *requests: UUID) -> list[Waiting]:
    async with tillit.unit() as work:
        found = [await register.get(work.unit, one) for one in requests]
        return await waiting.waiting(work.unit, await desk.seen(work.unit, work.active, found))


async def _left(tillit: Tillit, request: UUID) -> tuple[str, ...] | None:
    [waits] = await _waits(tillit, request)
    return waits.by_hand


async def _entries(tillit: Tillit) -> list[Told]:
    async with tillit.unit() as work:
        every = [one async for one in all_entries(work.session)]
    return [one for one in every if one.kind == "recipient.by_hand"]


@pytest.mark.parametrize("yes", [False, True])
async def test_whom_an_erasure_leaves_to_officers_is_known_when_nothing_else_is_left(
    tillit: Tillit, *, yes: bool
) -> None:
    request = await _carried_out(tillit, Right.ERASURE, await _joins(tillit, yes=yes))
    expected = NEWS if yes else ALWAYS
    assert await _left(tillit, request) == expected
    [said] = await _entries(tillit)
    assert said.facts == {"request": str(request), "what": "erasure", "recipients": list(expected)}
    async with tillit.unit() as work:
        described = by_hand.described(work.active, expected)
        assert (await register.get(work.unit, request)).state is State.FULFILLED
    assert described[-1] == AUDITOR


async def test_before_it_is_carried_out_the_preview_alone_says_who_it_will_be(
    tillit: Tillit,
) -> None:
    member = await _joins(tillit)
    async with tillit.unit() as work:
        asked = await at_the_desk.approved(work, Right.ERASURE, member)
    assert await _left(tillit, asked.id) == ()


async def test_a_restriction_leaves_to_officers_whom_no_connector_tells_of_it(
    tillit: Tillit,
) -> None:
    """The one that is told of erasures by its connector is told of nothing else by it."""
    await tillit.apply(SYSTEM, read_programme(CLUB.read_text("utf-8") + CONNECTOR))
    member = await _joins(tillit, yes=True)
    restricted = await _carried_out(tillit, Right.RESTRICTION, member)
    assert await _left(tillit, restricted) == NEWS
    erased = await _carried_out(tillit, Right.ERASURE, member)
    [waits] = await _waits(tillit, erased)
    assert (waits.what, waits.recipients) == (waiting.Waits.RECIPIENTS, 1)
    assert waits.by_hand == ("hosting", "app-messages", "auditor")


async def test_a_correction_is_left_to_officers_for_those_who_have_what_was_wrong(
    tillit: Tillit,
) -> None:
    member = await _joins(tillit)
    wish = Wanted(values={"interests": ["skiing"]})
    async with tillit.unit() as work:
        purposes = work.active.programme.purposes
        recipients = work.active.programme.recipients
        having = tuple(
            name
            for name in ALWAYS
            if any("interests" in purposes[one].fields for one in recipients[name].purposes)
        )
    assert having == ("hosting",)
    assert await _left(tillit, await _carried_out(tillit, Right.RECTIFICATION, member, wish)) == (
        having
    )


async def test_what_tells_nobody_anything_leaves_nothing_to_officers(tillit: Tillit) -> None:
    member = await _joins(tillit, yes=True)
    async with tillit.unit() as work:
        wish = Wanted(purposes=("newsletter",))
        asked = await at_the_desk.opened(work, Right.WITHDRAWAL, member, wish=wish)
    await worker.drain(tillit)
    assert await _left(tillit, asked.id) == ()
    async with tillit.unit() as work:
        assert (await register.get(work.unit, asked.id)).state is State.FULFILLED
    assert await _entries(tillit) == []


async def test_of_many_at_once_each_has_its_own(tillit: Tillit) -> None:
    yes, no = await _joins(tillit, "1", yes=True), await _joins(tillit, "2")
    async with tillit.unit() as work:
        asked = [(await at_the_desk.approved(work, Right.ERASURE, one)).id for one in (yes, no)]
    async with tillit.unit() as work:
        await tillit.erasure.fulfil(work.unit, SYSTEM, work.active, asked)
    assert [one.by_hand for one in await _waits(tillit, *asked)] == [NEWS, ALWAYS]


async def test_what_the_record_does_not_tell_is_no_nobody_and_hides_no_other(
    tillit: Tillit,
) -> None:
    forged = await _carried_out(tillit, Right.ERASURE, await _joins(tillit, "1"))
    whole = await _carried_out(tillit, Right.ERASURE, await _joins(tillit, "2"))
    async with tillit.database.transaction() as session:
        connection = await raw(session)
        await connection.execute("UPDATE request SET erased = NULL WHERE id = %s", (forged,))
    assert [one.by_hand for one in await _waits(tillit, forged, whole)] == [None, ALWAYS]
