"""Told of what was done are those who may have had the member's data, and nobody else (Art. 19)."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import at_the_desk
import pytest

from api import work as worker
from api.bootstrap import SYSTEM, Tillit, Work
from consent import choosing, ledger
from consent.choices import Action, By
from consent.programme.loading import read_programme
from dsar import outgoing, previews, telling
from dsar.states import Right
from dsar.wanted import Wanted
from profiles import members
from profiles.enrolment import enrol

CLUB = Path(__file__).parents[3] / "examples" / "fjallklubben.toml"
CONNECTOR = """
[recipients.{name}.connector]
by = "mailbox"
address = "privacy@{name}.example"
identifiers = ["email"]
"""
#: The recipients of the newsletter, and one that is there for a legitimate interest as well.
FOR_CONSENTS = {"letters", "app-messages"}
ALWAYS = {"hosting"}
WISHES = {Right.RECTIFICATION: Wanted(values={"name": "Åsa Ny", "email": "ny@post.example"})}


@pytest.fixture
async def club(tillit: Tillit) -> Tillit:
    """Recipients of a newsletter, and of more than that, with connectors."""
    text = CLUB.read_text("utf-8")
    text += "".join(CONNECTOR.format(name=name) for name in sorted(FOR_CONSENTS | ALWAYS))
    await tillit.apply(SYSTEM, read_programme(text))
    return tillit


async def _joins(club: Tillit, number: str = "1", *said: tuple[Action, By]) -> UUID:
    """A member who said this about the newsletter, a day apart."""
    async with club.unit() as work:
        row = {"member_number": number, "email": f"{number}@post.example"}
        [person] = await enrol(work.unit, SYSTEM, [row], source="till")
    for back, (action, by) in zip(range(len(said), 0, -1), said, strict=True):
        async with club.unit() as work:
            await _says(work, person.id, action, by=by, days_ago=back)
    return person.id


async def _says(work: Work, member: UUID, action: Action, *, by: By, days_ago: int) -> None:
    unit, purpose = work.unit, work.active.programme.purposes["newsletter"]
    person = await members.one(unit, member, lock=True)
    at = unit.now - timedelta(days=days_ago)
    spoken = "sv" if action is Action.GIVEN else None
    said = choosing.choose(unit, purpose, action, at=at, by=by, language=spoken)
    await ledger.record(unit, SYSTEM, {person: [said]})


async def _told(club: Tillit, right: Right, member: UUID) -> set[str | None]:
    async with club.unit() as work:
        asked = await at_the_desk.approved(work, right, member, wish=WISHES.get(right))
    await worker.drain(club)
    async with club.unit() as work:
        words = await outgoing.of_request(work.unit, asked.id)
    return {one.recipient for one in words} - {None}


RIGHTS = [Right.ERASURE, Right.RECTIFICATION, Right.RESTRICTION]
TAKEN_BACK = ((Action.GIVEN, By.MEMBER), (Action.WITHDRAWN, By.MEMBER))
NEVER = [
    *((right, ()) for right in RIGHTS),
    (Right.ERASURE, ((Action.REFUSED, By.MEMBER),)),
    (Right.ERASURE, ((Action.WITHDRAWN, By.MEMBER),)),
]
ONCE = [
    *((right, TAKEN_BACK) for right in RIGHTS),
    (Right.ERASURE, ((Action.GIVEN, By.TILL), (Action.INVALIDATED, By.OFFICER))),
    (Right.ERASURE, ((Action.UNPROVEN, By.IMPORT),)),
    (Right.ERASURE, ((Action.WITHDRAWN, By.IMPORT),)),
    (Right.ERASURE, ((Action.WITHDRAWN, By.UNSUBSCRIBE),)),
]


@pytest.mark.parametrize(("right", "said"), NEVER)
async def test_who_never_said_yes_is_named_to_none_that_goes_by_a_yes(
    club: Tillit, right: Right, said: tuple[tuple[Action, By], ...]
) -> None:
    member = await _joins(club, "1", *said)
    assert await _told(club, right, member) == ALWAYS


@pytest.mark.parametrize(("right", "said"), ONCE)
async def test_whoever_may_have_had_data_by_a_yes_is_told_also_when_it_was_taken_back(
    club: Tillit, right: Right, said: tuple[tuple[Action, By], ...]
) -> None:
    member = await _joins(club, "1", *said)
    assert await _told(club, right, member) == ALWAYS | FOR_CONSENTS


async def test_a_yes_to_something_else_lets_a_recipient_have_nothing(club: Tillit) -> None:
    member = await _joins(club)
    async with club.unit() as work:
        unit, purpose = work.unit, work.active.programme.purposes["personalised_offers"]
        person = await members.one(unit, member, lock=True)
        yes = choosing.choose(unit, purpose, Action.GIVEN, at=unit.now, by=By.MEMBER, language="sv")
        await ledger.record(unit, SYSTEM, {person: [yes]})
    assert await _told(club, Right.ERASURE, member) == ALWAYS


async def test_a_recipient_that_had_data_on_another_basis_before_is_told(club: Tillit) -> None:
    """The version before this one sent it the data of everybody, on a legitimate interest."""
    member = await _joins(club)
    async with club.unit() as work:
        now = work.active.programme.source
    kind = 'name = "Pine Lantern Messaging, Inc."'
    head, tail = now.split(kind)
    before = tail.replace('["newsletter"]', '["newsletter", "assortment_insight"]', 1)
    await club.apply(SYSTEM, read_programme(head + kind + before))
    await club.apply(SYSTEM, read_programme(now + "\n"))
    assert await _told(club, Right.ERASURE, member) == ALWAYS | {"app-messages"}


async def test_many_who_are_erased_together_are_told_of_each_by_what_that_one_said(
    club: Tillit,
) -> None:
    yes, no = await _joins(club, "1", (Action.GIVEN, By.MEMBER)), await _joins(club, "2")
    async with club.unit() as work:
        asked = {
            one: (await at_the_desk.approved(work, Right.ERASURE, one)).id for one in (yes, no)
        }
    async with club.unit() as work:
        done = await club.erasure.fulfil(work.unit, SYSTEM, work.active, list(asked.values()))
        assert set(done) == set(asked.values())
    async with club.unit() as work:
        told = {
            one: {word.recipient for word in await outgoing.of_request(work.unit, id)} - {None}
            for one, id in asked.items()
        }
    assert told == {yes: ALWAYS | FOR_CONSENTS, no: ALWAYS}


async def test_a_ledger_that_does_not_open_keeps_no_erasure_and_all_are_told(club: Tillit) -> None:
    broken, other = await _joins(club, "1", (Action.REFUSED, By.MEMBER)), await _joins(club, "2")
    async with club.unit() as work:
        people = await members.load(work.unit, [broken, other])
        swapped = {one: replace(people[one], key=people[other].key, sealed={}) for one in people}
        known = await telling.known(work.unit, work.active, swapped.values())
    assert known[broken].recipients == ALWAYS | FOR_CONSENTS | {"auditor", "tindeblikk"}
    assert known[other].recipients == ALWAYS | {"auditor"}


@pytest.mark.parametrize("said", [(), ((Action.GIVEN, By.MEMBER),)])
async def test_the_preview_names_whom_the_erasure_tells_and_apart_whom_it_leaves_to_officers(
    club: Tillit, said: tuple[tuple[Action, By], ...]
) -> None:
    member = await _joins(club, "1", *said)
    async with club.unit() as work:
        person = await members.one(work.unit, member)
        found = await previews.of_member(work.unit, SYSTEM, work.active, person)
    # Trips are offered by consent alone, and nobody said yes to those.
    assert [(one.recipient, one.name, one.contact) for one in found.by_hand] == [
        ("auditor", "Siffergården Revision AB", "privacy@siffergarden.example")
    ]
    assert set(found.tells) == await _told(club, Right.ERASURE, member)


async def test_the_ledger_is_opened_once_for_all_and_never_where_no_recipient_goes_by_it(
    tillit: Tillit, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [await _joins(tillit, number, (Action.GIVEN, By.MEMBER)) for number in ("1", "2")]
    opened = list[object]()
    really = ledger.rows_of

    async def seen(unit, keys):
        opened.append(keys)
        return await really(unit, keys)

    monkeypatch.setattr(ledger, "rows_of", seen)
    async with tillit.unit() as work:
        people = list((await members.load(work.unit, ids)).values())
        many = await telling.known(work.unit, work.active, people)
        assert all("letters" in one.recipients for one in many.values())
        assert len(opened) == 1
        programme = work.active.programme
        always = {name: programme.recipients[name] for name in ("hosting", "auditor")}
        active = replace(work.active, programme=replace(programme, recipients=always))
        many = await telling.known(work.unit, active, people)
        assert all(one.recipients == set(always) for one in many.values())
        assert len(opened) == 1
