"""Everything a member has said, on a page: in words, with the text shown, and receipts to check."""

import re
from uuid import UUID

import pytest_asyncio

from api.bootstrap import SYSTEM, Tillit
from api.tokens import Caller, mint
from consent import guardians, ledger
from consent.choices import Action, By
from consent.choosing import choose, often
from consent.receipts import verify_file
from profiles import members
from profiles.enrolment import enrol
from tests.at_a_browser import browser, member_at

PATH = "/my/choices/history"
_RECEIPT = re.compile(rf'href="({PATH}/[0-9a-f-]+/receipt)"')
_LINE = '<h2 class="line">'


@pytest_asyncio.fixture
async def maja(tillit: Tillit) -> UUID:
    async with tillit.unit() as work:
        [member] = await enrol(work.unit, SYSTEM, [{"member_number": "m1"}], source="sign-up")
    return member.id


async def test_who_has_said_nothing_is_told_so(tillit: Tillit, maja: UUID) -> None:
    async with member_at(tillit, maja) as at:
        page = await at.open(PATH)
    assert "You have not said anything yet" in page.text
    assert _LINE not in page.text


async def test_every_line_is_told_in_words_and_the_newest_comes_first(
    tillit: Tillit, maja: UUID
) -> None:
    async with member_at(tillit, maja) as at:
        await at.open("/my/choices")
        await at.send("/my/choices/newsletter", allow="true", language="en")
        await at.send("/my/choices/newsletter/channels", channel="sms", on="false")
        once = "/my/choices/all-at-once"
        await at.open(once)
        await at.send(once, often="30")
        await at.send(once, quiet="true", begins="21", ends="8")
        await at.send(once, objects="true")
        page = (await at.open(PATH)).text
    lines = [one.split("</h2>")[0] for one in page.split(_LINE)[1:]]
    assert lines == [
        "Objection: All direct marketing",
        "Hours at which we may not contact you",
        "How often we may contact you",
        "Channel turned off: Our newsletter",
        "Yes: Our newsletter",
    ]
    assert "At most once a month" in page
    assert "21:00 to 08:00" in page
    assert "text message" in page
    assert '<blockquote lang="en">If you say yes, we send you our newsletter' in page


async def test_a_receipt_holds_for_who_has_nothing_but_the_file(tillit: Tillit, maja: UUID) -> None:
    async with member_at(tillit, maja) as at:
        await at.open("/my/choices")
        await at.send("/my/choices/newsletter", allow="true", language="en")
        page = (await at.open(PATH)).text
        assert "The receipt is ready in a second" in page
        await tillit.integrate()
        page = (await at.open(PATH)).text
        [address] = _RECEIPT.findall(page)
        answer = await at.client.get(address)
    assert answer.headers["content-type"] == "application/ld+json"
    [saved] = re.findall(
        r'^attachment; filename="(receipt-\d+\.jsonld)"$', answer.headers["content-disposition"]
    )
    key = (await tillit.signer()).key
    assert verify_file(answer.text, key).pinned
    assert f"tillit receipt verify {saved} --key &#39;{key}&#39;" in page


async def test_what_is_about_no_consent_has_no_receipt(tillit: Tillit, maja: UUID) -> None:
    once = "/my/choices/all-at-once"
    async with member_at(tillit, maja) as at:
        await at.open(once)
        await at.send(once, pause="true")
        await tillit.integrate()
        assert _RECEIPT.findall((await at.open(PATH)).text) == []


async def test_nobody_gets_a_receipt_of_what_another_has_said(tillit: Tillit, maja: UUID) -> None:
    async with tillit.unit() as work:
        [other] = await enrol(work.unit, SYSTEM, [{"member_number": "m2"}], source="sign-up")
    async with member_at(tillit, maja) as at:
        await at.open("/my/choices")
        await at.send("/my/choices/newsletter", allow="true", language="en")
        await tillit.integrate()
        [address] = _RECEIPT.findall((await at.open(PATH)).text)
    async with member_at(tillit, other.id) as at:
        assert (await at.client.get(address)).status_code == 404


async def test_a_long_history_comes_in_pages(tillit: Tillit, maja: UUID) -> None:
    async with tillit.unit() as work:
        member = await members.one(work.unit, maja, lock=True)
        for days in (1, 7, 14) * 15:
            said = often(work.unit, days, by=By.MEMBER)
            await ledger.record(work.unit, SYSTEM, {member: [said]})
    async with member_at(tillit, maja) as at:
        counts = []
        for page in ("1", "2", "3"):
            text = (await at.open(f"{PATH}?page={page}")).text
            counts.append(text.count(_LINE))
            assert f"Page {page} of 3" in text
            assert ('rel="prev"' in text, 'rel="next"' in text) == (page != "1", page != "3")
        assert counts == [20, 20, 5]
        for page in ("0", "-1", "99", "x", "٣"):
            assert (await at.client.get(PATH, params={"page": page})).status_code == 200


async def test_what_proves_a_guardian_is_not_shown_to_the_child(tillit: Tillit, maja: UUID) -> None:
    async with tillit.unit() as work:
        values = {"member_number": "m2", "birth_date": "2018-01-01"}
        [child] = await enrol(work.unit, SYSTEM, [values], source="sign-up")
        await guardians.name(
            work.unit, SYSTEM, work.active, child=child.id, guardian=maja,
            by=By.OFFICER, how="form", evidence="FORM-77",
        )  # fmt: skip
    async with member_at(tillit, child.id) as at:
        page = (await at.open(PATH)).text
    assert "Your guardian was put on record" in page
    assert "FORM-77" not in page
    assert str(maja) not in page


async def test_an_officers_words_wait_for_a_second_proof_and_so_does_their_receipt(
    tillit: Tillit, maja: UUID
) -> None:
    async with tillit.unit() as work:
        one = await members.one(work.unit, maja, lock=True)
        said = choose(
            work.unit, work.active.programme.purposes["personalised_offers"], Action.GIVEN,
            at=work.unit.now, by=By.OFFICER, language="en", how="telephone",
            evidence="rang from +46701740605",
        )  # fmt: skip
        await ledger.record(work.unit, SYSTEM, {one: [said]})
    await tillit.integrate()
    async with member_at(tillit, maja) as at:
        page = await at.open(PATH)
        assert "told after a second proof" in page.text
        assert "rang from" not in page.text
        assert "telephone" not in page.text
        found = re.search(rf"{PATH}/[0-9a-f-]{{36}}/receipt", page.text)
        assert found is not None
        held = await at.client.get(found.group())
        assert (held.status_code, "rang from" in held.text) == (303, False)
        assert held.headers["location"].startswith("/second")
    async with member_at(tillit, maja, stepped_up=True) as at:
        page = await at.open(PATH)
        assert "rang from" in page.text
        assert "told after a second proof" not in page.text
        assert "rang from" in (await at.client.get(found.group())).text
    async with tillit.unit() as work:
        weak = (await mint(tillit, Caller.member(maja))).token
        strong = (await mint(tillit, Caller.member(maja, stepped_up=work.unit.now))).token
    async with browser(tillit) as at:
        for token, told in ((weak, False), (strong, True)):
            by = {"Authorization": f"Bearer {token}"}
            lines = await at.client.get("/v1/me/choices/history", headers=by)
            assert ("rang from" in lines.text, lines.json()["lines"][0]["later"]) == (
                told,
                not told,
            )
            taken = await at.client.get(lines.json()["lines"][0]["receipt"], headers=by)
            assert (taken.status_code, "rang from" in taken.text) == (200 if told else 401, told)
