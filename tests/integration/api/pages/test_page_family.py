"""Family on a page: whose guardian one is, what they say for a child, and what they ask for it."""

from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest_asyncio

from api.bootstrap import SYSTEM, Tillit
from consent import guardians, ledger
from consent.choices import By
from consent.programme import read_programme
from consent.standings import fold
from dsar import child_requests, own, register
from dsar.register import Request
from dsar.states import Right
from dsar.words import Channel
from profiles import members
from profiles.enrolment import enrol
from tests import at_the_desk
from tests.at_a_browser import member_at
from tests.conftest import EXAMPLES

PATH = "/my/family"


@dataclass(frozen=True)
class Kin:
    parent: UUID
    child: UUID
    other: UUID


@pytest_asyncio.fixture
async def kin(tillit: Tillit) -> Kin:
    """A guardian, their child of ten, and a child of somebody else's."""
    async with tillit.unit() as work:
        ten = (work.unit.today - timedelta(days=3660)).isoformat()
        people = [
            {"member_number": "p1", "birth_date": "1980-01-01"},
            {"member_number": "c1", "birth_date": ten},
            {"member_number": "c2", "birth_date": ten},
        ]
        parent, child, other = await enrol(work.unit, SYSTEM, people, source="sign-up")
        await guardians.name(
            work.unit, SYSTEM, work.active, child=child.id, guardian=parent.id,
            by=By.OFFICER, how="form", evidence="FORM-77",
        )  # fmt: skip
    return Kin(parent.id, child.id, other.id)


async def _consented(tillit: Tillit, member: UUID, purpose: str) -> bool:
    async with tillit.unit() as work:
        one = await members.one(work.unit, member)
        said = (await ledger.opened(work.unit, {one.id: one.key}))[one.id]
    return fold(said).of(purpose).consented


async def test_who_has_neither_child_nor_guardian_is_told_how_to_get_there(
    tillit: Tillit, kin: Kin
) -> None:
    async with tillit.unit() as work:
        [lone] = await enrol(work.unit, SYSTEM, [{"member_number": "x1"}], source="sign-up")
    async with member_at(tillit, lone.id) as at:
        page = unescape((await at.open(PATH)).text)
    assert "Nobody is on record as your child" in page
    assert "write to privacy@fjallklubben.example" in page


async def test_a_guardian_says_yes_and_no_for_a_child_by_one_press_each(
    tillit: Tillit, kin: Kin
) -> None:
    to = f"{PATH}/{kin.child}/choices/newsletter"
    async with member_at(tillit, kin.parent) as at:
        page = await at.open(PATH)
        assert "Your child, member c1" in page.text
        assert "member c2" not in page.text
        assert f'action="{to}"' in page.text
        said = await at.send(to, allow="true", language="en")
        assert "The answer is yes, said by a guardian" in said.text
        assert await _consented(tillit, kin.child, "newsletter")
        message = said.text.split('class="said"')[1].split("<h1>")[0]
        assert f'action="{to}"' in message
        assert f'href="#newsletter-{kin.child}"' in message
        await at.send(to, allow="false", language="en")
    assert not await _consented(tillit, kin.child, "newsletter")


async def test_a_guardians_yes_on_an_old_page_is_not_taken(tillit: Tillit, kin: Kin) -> None:
    to = f"{PATH}/{kin.child}/choices/newsletter"
    async with member_at(tillit, kin.parent) as at:
        await at.open(PATH)
        said = await at.send(to, allow="true", language="en", terms="0123456789abcdef")
    assert "This text has changed since you opened the page. Read it first." in said.text
    assert f'href="#newsletter-{kin.child}"' in said.text
    assert not await _consented(tillit, kin.child, "newsletter")


async def test_nothing_is_said_for_a_child_of_somebody_else(tillit: Tillit, kin: Kin) -> None:
    async with member_at(tillit, kin.parent) as at:
        await at.open(PATH)
        to = f"{PATH}/{kin.other}/choices/newsletter"
        refused = await at.send(to, allow="true", language="en")
        assert refused.status_code == 404
    assert not await _consented(tillit, kin.other, "newsletter")


async def test_a_child_sees_since_when_and_not_who_their_guardian_is(
    tillit: Tillit, kin: Kin
) -> None:
    async with member_at(tillit, kin.child) as at:
        page = (await at.open(PATH)).text
        choices = (await at.open("/my/choices")).text
    assert "A guardian is on record since" in page
    assert "put there by: one of our staff" in page
    assert "FORM-77" not in page
    assert str(kin.parent) not in page
    assert "We know of no guardian" not in choices


async def test_what_is_open_for_a_child_is_counted_and_led_to(tillit: Tillit, kin: Kin) -> None:
    async with member_at(tillit, kin.parent) as at:
        page = unescape((await at.open(PATH)).text)
        assert "Open now: 0." in page
        assert f'href="{PATH}/{kin.child}/requests"' in page
        async with tillit.unit() as work:
            parent = await members.one(work.unit, kin.parent)
            ward = await child_requests.ward(work.unit, work.active, parent, kin.child)
            await child_requests.open_request(
                work.unit, SYSTEM, work.active, ward,
                guardian=parent, right=Right.ACCESS, lately=True,
            )  # fmt: skip
        assert "Open now: 1." in (await at.open(PATH)).text


async def test_a_childs_value_is_removed_where_the_child_has_one_and_not_where_the_guardian_has(
    tillit: Tillit, kin: Kin
) -> None:
    here = f"{PATH}/{kin.child}/requests/new/rectification"
    for member, values in ((kin.parent, {"phone": "+46701112233"}), (kin.child, {"name": "Kim"})):
        async with tillit.unit() as work:
            one = await members.one(work.unit, member, lock=True)
            await own.rectify(work.unit, SYSTEM, work.active, one, values)
    async with member_at(tillit, kin.parent, stepped_up=True) as at:
        assert 'name="remove"' in (await at.open(f"{here}/name")).text
        assert 'name="remove"' not in (await at.open(f"{here}/phone")).text


async def test_a_guardian_follows_what_they_asked_for_and_takes_it_back(
    tillit: Tillit, kin: Kin
) -> None:
    base = f"{PATH}/{kin.child}/requests"
    async with member_at(tillit, kin.parent, stepped_up=True) as at:
        await at.open(f"{base}/new/access")
        await at.send(f"{base}/new/access", note="A copy, please.")
        [request] = await _of(tillit, kin.child)
        listed = (await at.open(base)).text
        assert f'href="{base}/{request.id}"' in listed
        page = unescape((await at.open(f"{base}/{request.id}")).text)
        assert "A copy, please." in page
        assert "The request came in" in page
        assert "the child or a guardian" in page
        assert "our guardian" not in page.split('id="history"')[1]
        after = await at.send(f"{base}/{request.id}/cancel")
        assert "Taken back" in after.text
    [request] = await _of(tillit, kin.child)
    assert not request.state.is_open
    async with member_at(tillit, kin.parent) as at:
        answer = await at.client.get(f"{base}/{request.id}")
        assert answer.headers["location"].startswith("/second?next=")


async def test_what_the_child_or_another_guardian_has_asked_for_is_not_opened(
    tillit: Tillit, kin: Kin
) -> None:
    async with tillit.unit() as work:
        [second] = await enrol(
            work.unit, SYSTEM,
            [{"member_number": "p2", "birth_date": "1981-01-01"}], source="sign-up",
        )  # fmt: skip
        await guardians.name(
            work.unit, SYSTEM, work.active, child=kin.child, guardian=second.id,
            by=By.OFFICER, how="form", evidence="FORM-78",
        )  # fmt: skip
        own_one = await at_the_desk.opened(work, Right.ACCESS, kin.child, channel=Channel.MEMBER)
    base = f"{PATH}/{kin.child}/requests"
    async with member_at(tillit, kin.parent, stepped_up=True) as at:
        await at.open(f"{base}/new/erasure")
        await at.send(f"{base}/new/erasure")
    asked = {one.id for one in await _of(tillit, kin.child)}
    async with member_at(tillit, second.id, stepped_up=True) as at:
        listed = await at.open(base)
        assert "See all of it" not in listed.text
        for request in asked | {own_one.id}:
            assert (await at.open(f"{base}/{request}")).status_code == 404
            await at.open(base)
            assert (await at.send(f"{base}/{request}/cancel")).status_code == 404
    assert all(one.state.is_open for one in await _of(tillit, kin.child))


async def _of(tillit: Tillit, child: UUID) -> list[Request]:
    async with tillit.unit() as work:
        return await register.listed(work.unit, member=child)


async def test_who_is_no_child_any_more_hides_no_other_child(tillit: Tillit, kin: Kin) -> None:
    example = (EXAMPLES / "fjallklubben.toml").read_text("utf-8")
    admitting = read_programme(example + "\n[children]\nadmitted = true\n")
    await tillit.apply(SYSTEM, admitting)
    async with tillit.unit() as work:
        [ageless] = await enrol(work.unit, SYSTEM, [{"member_number": "c3"}], source="sign-up")
        await guardians.name(
            work.unit, SYSTEM, work.active, child=ageless.id, guardian=kin.parent,
            by=By.OFFICER, how="form", evidence="FORM-79",
        )  # fmt: skip
    async with member_at(tillit, kin.parent) as at:
        page = await at.open(PATH)
        assert "Your child, member c1" in page.text
        assert "Your child, member c3" in page.text
        await tillit.apply(SYSTEM, read_programme(example))
        page = await at.open(PATH)
    assert page.status_code == 200
    assert "Your child, member c1" in page.text
    assert "c3" not in page.text
