"""Choices on a page: plain words, yes and no alike, and the ledger heeds them."""

from uuid import UUID

import pytest_asyncio

from api.bootstrap import SYSTEM, Tillit
from profiles.enrolment import enrol
from tests.at_a_browser import browser, member_at


@pytest_asyncio.fixture
async def maja(tillit: Tillit) -> UUID:
    async with tillit.unit() as work:
        values = {"member_number": "m1", "name": "Maja", "email": "maja@post.example"}
        [member] = await enrol(work.unit, SYSTEM, [values], source="sign-up")
    return member.id


async def test_every_purpose_stands_there_in_the_members_language(
    tillit: Tillit, maja: UUID
) -> None:
    async with member_at(tillit, maja, language="sv") as at:
        page = await at.open("/my/choices")
    assert page.status_code == 200
    assert '<html lang="sv">' in page.text
    assert "Om du säger ja använder vi dina köp" in page.text


async def test_yes_and_no_are_one_press_each(tillit: Tillit, maja: UUID) -> None:
    async with member_at(tillit, maja) as at:
        await at.open("/my/choices")
        said = await at.send("/my/choices/personalised_offers", allow="true", language="en")
        assert "you say yes" in said.text
        said = await at.send("/my/choices/personalised_offers", allow="false", language="en")
        assert "you say no" in said.text


async def test_a_stranger_is_asked_to_sign_in(tillit: Tillit) -> None:
    async with browser(tillit) as at:
        answer = await at.client.get("/my/choices")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fmy%2Fchoices"


async def test_a_form_of_another_site_does_nothing(tillit: Tillit, maja: UUID) -> None:
    async with member_at(tillit, maja) as at:
        page = await at.open("/my/choices")
        form = page.text.split('name="form" value="')[1].split('"')[0]
        fields = {"allow": "true", "language": "en", "form": form}
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://else.example"}, {}):
            answer = await at.client.post(
                "/my/choices/personalised_offers", data=fields, headers=headers
            )
            assert answer.status_code == 403
        assert "You said yes" not in (await at.open("/my/choices")).text
