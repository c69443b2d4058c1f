"""One request on a page: everything it is decided by, and every step asked for once more."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from api.bootstrap import SYSTEM, Tillit
from api.work import drain
from consent.programme import read_programme
from dsar import holds, outgoing, register
from dsar.register import Request
from dsar.states import Right, State
from dsar.wanted import Wanted
from kernel.database import raw
from profiles import members
from profiles.enrolment import enrol
from tests.at_a_browser import Browser, officer_at
from tests.at_the_desk import opened
from tests.conftest import EXAMPLES

INBOX = "/desk/requests"


@pytest_asyncio.fixture
async def maja(tillit: Tillit) -> UUID:
    values = {"member_number": "m1", "name": "Maja Ek", "email": "maja@post.example"}
    async with tillit.unit() as work:
        [made] = await enrol(work.unit, SYSTEM, [values], source="sign-up")
    return made.id


async def asked(
    tillit: Tillit, right: Right, member: UUID, *, days: int = 0, **how: object
) -> Request:
    async with tillit.unit() as work:
        received = work.unit.today - timedelta(days=days)
        return await opened(work, right, member, received=received, **how)


async def stands(tillit: Tillit, request: Request) -> Request:
    async with tillit.unit() as work:
        return await register.get(work.unit, request.id)


async def entries(tillit: Tillit, *words: str) -> int:
    """How many entries of the record hold all of these."""
    query = "SELECT count(*) FROM audit_entry WHERE true" + " AND position(%s IN body) > 0" * len(
        words
    )
    async with tillit.unit() as work:
        cursor = await (await raw(work.session)).execute(query, [one.encode() for one in words])
        [(count,)] = await cursor.fetchall()
    return int(count)


def page_of(request: Request, *more: str) -> str:
    return "/".join((INBOX, str(request.id), *more))


async def take(at: Browser, request: Request, step: str, **fields: str) -> str:
    """Go to the step's page, and press its button."""
    where = page_of(request, "steps", step)
    query = f"?reason={fields['reason']}" if "reason" in fields else ""
    assert (await at.open(where + query)).status_code == 200
    return (await at.send(where, **fields)).text


def programme(*lines: str) -> str:
    text = (EXAMPLES / "fjallklubben.toml").read_text("utf-8")
    return text.replace("[requests]\n", "[requests]\n" + "\n".join(lines) + "\n")


async def test_looking_at_what_is_asked_for_is_on_record(tillit: Tillit, maja: UUID) -> None:
    one = await asked(tillit, Right.RECTIFICATION, maja, wish=Wanted(values={"name": "Maja Lund"}))
    async with officer_at(tillit) as at:
        page = await at.open(page_of(one))
    assert "Maja Lund" in page.text
    assert await entries(tillit, '"kind":"profile.read"', str(one.id), '"officer-7"') == 1


async def test_every_step_stands_in_the_history_with_who_when_and_its_entry(
    tillit: Tillit, maja: UUID
) -> None:
    one = await asked(tillit, Right.ACCESS, maja)
    async with officer_at(tillit) as at:
        page = await take(at, one, "extend", reason="ComplexityOfProcess")
    history = page.split('id="history"')[1]
    assert history.index("Two months more were taken: The request is complex") < history.index(
        "It came in"
    )
    assert "officer-7" in history
    assert len(re.findall(r'class="mono small">[0-9a-f-]{36}<', history)) == history.count("<li>")
    assert (await stands(tillit, one)).extended


async def test_the_letter_is_shown_before_it_is_sent(tillit: Tillit, maja: UUID) -> None:
    one = await asked(tillit, Right.ERASURE, maja)
    where = page_of(one, "steps", "refuse")
    async with officer_at(tillit) as at:
        before = (await at.open(where)).text
        assert 'class="card letter"' not in before
        assert f'method="post" action="{where}"' not in before
        shown = (await at.open(f"{where}?reason=LegalObligation")).text
        assert 'class="card letter"' in shown
        assert f'method="post" action="{where}"' in shown
        assert (await stands(tillit, one)).state is State.ACKNOWLEDGED
        page = await at.send(where, reason="LegalObligation")
    assert "A law stands against it" in page.text
    assert (await stands(tillit, one)).state is State.REJECTED


async def test_only_reasons_that_fit_the_right_are_offered(tillit: Tillit, maja: UUID) -> None:
    access = await asked(tillit, Right.ACCESS, maja)
    unknown = await asked(tillit, Right.ERASURE, maja, proof=None)
    async with officer_at(tillit) as at:
        page = await at.open(page_of(access, "steps", "refuse"))
        assert "LegalClaimImpaired" not in page.text
        assert "IdentityVerificationFailure" not in page.text
        page = await at.open(page_of(unknown, "steps", "refuse"))
        assert "LegalClaimImpaired" in page.text
        assert "IdentityVerificationFailure" in page.text
        refused = await at.send(page_of(access, "steps", "refuse"), reason="LegalClaimImpaired")
    assert "does not let this right be refused" in refused.text


async def test_who_asked_is_asked_and_then_seen(tillit: Tillit, maja: UUID) -> None:
    one = await asked(tillit, Right.ACCESS, maja, proof=None)
    async with officer_at(tillit) as at:
        page = await at.open(page_of(one))
        assert "What lacks is proof of" in page.text
        assert "/steps/approve" not in page.text
        page_text = await take(at, one, "ask_identity")
        assert "Clock paused" in page_text
        page = await at.send(page_of(one, "identity"), how="officer", note="Passport seen")
        assert "An officer saw who it is" in page.text
        assert "Passport seen" in page.text
        assert "Nothing lacks" in page.text
        assert "/steps/approve" in page.text
    assert (await stands(tillit, one)).state is State.ACKNOWLEDGED


async def test_an_erasure_is_approved_on_a_page_that_says_it_is_for_good(
    tillit: Tillit, maja: UUID
) -> None:
    one = await asked(tillit, Right.ERASURE, maja)
    async with officer_at(tillit) as at:
        assert await entries(tillit, '"kind":"erasure.previewed"') == 0
        page = await at.open(page_of(one, "preview"))
        assert "Stored values</dt><dd>3" in page.text
        assert "Tallmo Drift Oy" in page.text
        assert await entries(tillit, '"kind":"erasure.previewed"', '"officer-7"') == 1
        page = await at.open(page_of(one, "steps", "approve"))
        assert "This cannot be undone" in page.text
        assert (await stands(tillit, one)).state is State.ACKNOWLEDGED
        await at.send(page_of(one, "steps", "approve"))
        await drain(tillit)
        page = await at.open(page_of(one))
    assert "The member has been erased" in page.text
    assert "It came in" in page.text
    assert "Maja" not in page.text
    assert "To be told by hand" in page.text


async def test_a_hold_keeps_an_erasure_from_being_approved_until_it_is_lifted(
    tillit: Tillit, maja: UUID
) -> None:
    one = await asked(tillit, Right.ERASURE, maja)
    async with officer_at(tillit) as at:
        await at.open(page_of(one))
        page = await at.send(page_of(one, "holds"), ground="dispute", note="An open bill")
        assert "A dispute that is not settled" in page.text
        assert "An open bill" in page.text
        page = await at.send(page_of(one, "steps", "approve"))
        assert "A legal hold stands on this member" in page.text
        async with tillit.unit() as work:
            [hold] = await holds.of_member(work.unit, await members.one(work.unit, maja))
        await at.open(page_of(one))
        page = await at.send(page_of(one, "holds", str(hold.id), "lift"))
        assert "None stands" in page.text
        await take(at, one, "approve")
    assert (await stands(tillit, one)).state is State.ACCEPTED


async def test_a_hold_on_another_member_is_not_lifted_from_here(tillit: Tillit, maja: UUID) -> None:
    one = await asked(tillit, Right.ERASURE, maja)
    async with tillit.unit() as work:
        [other] = await enrol(work.unit, SYSTEM, [{"member_number": "m2"}], source="sign-up")
        hold = await holds.place(work.unit, SYSTEM, other.id, holds.ground_named("dispute"))
    async with officer_at(tillit) as at:
        await at.open(page_of(one))
        page = await at.send(page_of(one, "holds", str(hold.id), "lift"))
    assert page.status_code == 404
    async with tillit.unit() as work:
        assert await holds.standing(work.unit, await members.one(work.unit, other.id))


async def test_the_second_of_two_officers_is_somebody_else(tillit: Tillit, maja: UUID) -> None:
    await tillit.apply(SYSTEM, read_programme(programme('four_eyes = ["erasure"]')))
    one = await asked(tillit, Right.ERASURE, maja)
    async with officer_at(tillit) as first, officer_at(tillit, name="officer-8") as second:
        page = await take(first, one, "approve")
        assert "A second officer has to approve it too" in page
        assert "officer-7" in page
        assert "/steps/approve" not in page
        refused = await first.send(page_of(one, "steps", "approve"))
        assert "You have approved it already" in refused.text
        assert (await stands(tillit, one)).two
        assert "/steps/approve" in (await second.open(page_of(one))).text
        await take(second, one, "approve")
    assert (await stands(tillit, one)).state is State.ACCEPTED


async def test_an_erasure_that_cools_off_can_be_taken_back(tillit: Tillit, maja: UUID) -> None:
    await tillit.apply(SYSTEM, read_programme(programme("cooling_off_days = 7")))
    one = await asked(tillit, Right.ERASURE, maja)
    async with officer_at(tillit) as at:
        page = await take(at, one, "approve")
        assert "The cooling-off to end" in page
        assert "Cools off until" in page
        await take(at, one, "cancel")
    assert (await stands(tillit, one)).state is State.UNFULFILLED


async def test_a_review_says_what_was_found(tillit: Tillit, maja: UUID) -> None:
    one = await asked(tillit, Right.REVIEW, maja, wish=Wanted(note="Why no offer?"))
    async with officer_at(tillit) as at:
        assert "What you found" in (await at.open(page_of(one, "steps", "approve"))).text
        page = await at.send(page_of(one, "steps", "approve"))
        assert page.status_code == 422
        page = await at.send(page_of(one, "steps", "approve"), outcome="It stands, because")
        assert "It stands, because" in page.text
    assert (await stands(tillit, one)).state is State.ACCEPTED


async def test_a_letter_that_no_mail_brings_is_printed_and_counts_as_handed_over(
    tillit: Tillit, maja: UUID
) -> None:
    one = await asked(tillit, Right.ACCESS, maja)
    await drain(tillit)
    letter = page_of(one, "letters", "acknowledgement")
    async with tillit.unit() as work:
        [posted] = await outgoing.of_request(work.unit, one.id)
        await outgoing.move(work.unit, posted.id, outgoing.State.DOWNLOAD, problem="no_mail_server")
    async with officer_at(tillit) as at:
        page = await at.open(page_of(one))
        assert "no mail server is set up" in page.text
        # A link is followed by more than people: it hands nothing over.
        assert str((await at.open(letter)).url.path) == page_of(one)
        assert "Waiting to be fetched" in at.page.text if at.page else False
        sheet = await at.send(letter)
        assert sheet.content.startswith(b"%PDF")
        page = await at.open(page_of(one))
        assert "Sent, or handed over" in page.text
        assert "Maja Ek" in (await at.open(letter)).text


async def test_a_package_is_fetched_by_a_form_and_is_on_record(tillit: Tillit, maja: UUID) -> None:
    one = await asked(tillit, Right.ACCESS, maja)
    async with officer_at(tillit) as at:
        await take(at, one, "approve")
        await drain(tillit)
        assert "Fetch the package" in (await at.open(page_of(one))).text
        file = await at.send(page_of(one, "package"))
    assert file.content.startswith(b"PK")
    assert await entries(tillit, '"kind":"package.fetched"', '"officer-7"') == 1


async def test_the_certificate_of_an_erasure_is_there_to_print(tillit: Tillit, maja: UUID) -> None:
    one = await asked(tillit, Right.ERASURE, maja)
    async with officer_at(tillit) as at:
        await take(at, one, "approve")
        await drain(tillit)
        await tillit.integrate()
        await drain(tillit)
        sheet = await at.open(page_of(one, "certificates", "erasure"))
        assert sheet.content.startswith(b"%PDF")
        assert (await at.open(page_of(one, "certificates", "horizon"))).status_code == 404


async def test_a_recipient_that_does_not_answer_is_given_up_for_a_reason(
    tillit: Tillit, maja: UUID
) -> None:
    connector = (
        '\n[recipients.hosting.connector]\nby = "mailbox"\naddress = "gdpr@tallmo.example"\n'
    )
    text = programme() + connector + 'carries = ["erasure"]\n'
    await tillit.apply(SYSTEM, read_programme(text))
    one = await asked(tillit, Right.ERASURE, maja)
    async with officer_at(tillit) as at:
        await take(at, one, "approve")
        await drain(tillit)
        async with tillit.unit() as work:
            told = [x for x in await outgoing.of_request(work.unit, one.id) if x.recipient]
        if not told:
            pytest.fail("the recipient was not told")
        page = await at.open(page_of(one))
        assert "Tallmo Drift Oy" in page.text
        assert "Recipients to answer" in page.text
        word = str(told[0].id)
        page = await at.send(page_of(one, "recipients", word, "retry"))
        assert "It is told again" in page.text
        page = await at.send(page_of(one, "recipients", word, "give-up"), reason="told_otherwise")
        assert "Given up by an officer" in page.text
        assert "Told by letter or telephone" in page.text
        past = page.text.partition('class="timeline"')[2]
        assert "Tallmo Drift Oy" in past
        assert "hosting" not in past
        await drain(tillit)
    assert (await stands(tillit, one)).state is State.FULFILLED


async def test_a_forged_row_is_broken_and_not_carried_on_with(tillit: Tillit, maja: UUID) -> None:
    one = await asked(tillit, Right.RECTIFICATION, maja, wish=Wanted(values={"name": "Maja"}))
    async with tillit.unit() as work:
        connection = await raw(work.session)
        await connection.execute(
            "UPDATE request SET wanted = %s WHERE id = %s", (b"x" * 60, one.id)
        )
    async with officer_at(tillit) as at:
        page = await at.open(page_of(one))
    assert page.status_code == 409
    assert "not as it was written" in page.text


async def test_there_is_no_page_of_no_request(tillit: Tillit) -> None:
    async with officer_at(tillit) as at:
        page = await at.open(f"{INBOX}/01a206a5-35f9-760a-b8ae-20b313eac476")
    assert page.status_code == 404


@pytest.mark.parametrize("language", ["sv", "nb", "da", "fi"])
async def test_the_page_speaks_the_officers_language(
    tillit: Tillit, maja: UUID, language: str
) -> None:
    one = await asked(tillit, Right.ERASURE, maja)
    async with officer_at(tillit, language=language) as at:
        page = await at.open(page_of(one))
    assert f'<html lang="{language}">' in page.text
    assert "What you can do" not in page.text
