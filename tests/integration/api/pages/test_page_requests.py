"""One's own requests on a page: asked for, shown to be one's own, followed, and taken back."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from uuid import UUID

import msgspec
import psycopg
import pytest
import pytest_asyncio

from api.bootstrap import SYSTEM, Tillit, opened
from api.settings import Settings, read_settings
from api.work import drain
from audit.browsing import all_entries
from audit.entries import Kind
from consent.programme import load_programme
from dsar import deciding, outgoing, register, requests
from dsar.identity_letters import CodeMessage
from dsar.register import Request
from dsar.states import Right, State
from dsar.words import Delay, Reason
from kernel.database import libpq, raw
from profiles.enrolment import enrol
from tests.at_a_browser import Browser, browser, member_at
from tests.conftest import EXAMPLES

MAJA = {
    "member_number": "m1",
    "name": "Maja",
    "email": "maja@post.example",
    "phone": "+46701234567",
    "tier": "silver",
    "birth_date": "1990-05-03",
}
NEW = "/my/requests/new"


@pytest_asyncio.fixture
async def club(settings: Settings) -> AsyncIterator[Tillit]:
    """A process that can send codes by e-mail."""
    named = {"TILLIT_SMTP_URL": "smtp://127.0.0.1:1", "TILLIT_MAIL_FROM": "club@club.example"}
    async with opened(replace(settings, mail=read_settings(named).mail)) as made:
        await made.apply(SYSTEM, load_programme(EXAMPLES / "fjallklubben.toml"))
        yield made


@pytest_asyncio.fixture
async def maja(club: Tillit) -> UUID:
    return await _enrolled(club, MAJA)


async def _enrolled(club: Tillit, values: dict[str, str]) -> UUID:
    async with club.unit() as work:
        [member] = await enrol(work.unit, SYSTEM, [values], source="sign-up")
    return member.id


async def mine(club: Tillit, member: UUID) -> list[Request]:
    async with club.unit() as work:
        return await register.listed(work.unit, member=member)


async def the_one(club: Tillit, member: UUID) -> Request:
    [found] = await mine(club, member)
    return found


async def ask(at: Browser, right: str, **fields: str | list[str]) -> str:
    """Ask on the right's own page; the text of the page that it led to."""
    await at.open(f"{NEW}/{right}")
    return unescape((await at.send(f"{NEW}/{right}", **fields)).text)


async def codes(club: Tillit) -> list[CodeMessage]:
    """The codes on their way, oldest first."""
    async with club.unit() as work:
        cursor = await (await raw(work.session)).execute(
            "SELECT id FROM outgoing WHERE what LIKE 'code:%' ORDER BY made_at, id"
        )
        found = [await outgoing.take(work.unit, id) for (id,) in await cursor.fetchall()]
    return [
        msgspec.json.decode(one.payload, type=CodeMessage) for one in found if one and one.payload
    ]


def stages(text: str) -> list[tuple[str, str]]:
    """The step line: each stage with how it stands, in words."""
    line = text.split('<ol class="stages">')[1].split("</ol>", maxsplit=1)[0]
    return re.findall(r"<span>([^<]+)</span>\s*<small>([^<]+)</small>", line)


async def test_who_has_asked_for_nothing_is_told_of_every_right(club: Tillit, maja: UUID) -> None:
    async with member_at(club, maja) as at:
        page = await at.open("/my/requests")
        doors = re.findall(r'href="(/my/requests/new/\w+)"', page.text)
        assert len(doors) == len(set(doors)) == len(Right) - 1  # there is nothing to release
        for door in doors:
            assert (await at.open(door)).status_code == 200


@pytest.mark.parametrize("right", ["access", "portability", "erasure", "restriction"])
async def test_a_right_is_asked_for_in_two_presses(club: Tillit, maja: UUID, right: str) -> None:
    async with member_at(club, maja, stepped_up=True) as at:
        text = await ask(at, right)
    assert "Your request has come in" in text
    found = await the_one(club, maja)
    assert (found.right, found.state) == (right, State.ACKNOWLEDGED)
    assert stages(text) == [
        ("Received", "done"),
        ("Shown who asks", "done"),
        ("Decided", "now"),
        ("Done", "still to come"),
    ]


async def test_without_a_second_proof_a_request_waits_for_its_asker(
    club: Tillit, maja: UUID
) -> None:
    async with member_at(club, maja) as at:
        page = (await at.open(f"{NEW}/access")).text
        assert f"/second?next={NEW}/access" in page
        text = await ask(at, "access")
        assert "It waits for you" in text
        assert stages(text)[1] == ("Shown who asks", "now")
        listed = await at.open("/my/requests")
        assert "Your turn" in listed.text
    async with club.unit() as work:
        assert await requests.lacking(work.unit, work.active, (await the_one(club, maja)).id)


async def test_a_code_brought_back_shows_whose_the_request_is(club: Tillit, maja: UUID) -> None:
    async with member_at(club, maja) as at:
        await ask(at, "access")
        request = (await the_one(club, maja)).id
        here = f"/my/requests/{request}/identity"
        page = await at.send(f"{here}/code", identifier="email")
        assert "A code is on its way" in page.text
        assert "m…@p…" in page.text
        assert "maja@post" not in page.text
        [message] = await codes(club)
        wrong = await at.send(f"{here}/check", identifier="email", code="00000000")
        assert "That is not the code" in wrong.text
        right = await at.send(f"{here}/check", identifier="email", code=message.code)
        assert "Thank you, that is shown" in right.text
        assert "It waits for us" in right.text
    async with club.unit() as work:
        assert not await requests.lacking(work.unit, work.active, request)


async def test_a_code_has_five_tries_and_no_more(club: Tillit, maja: UUID) -> None:
    async with member_at(club, maja) as at:
        await ask(at, "access")
        here = f"/my/requests/{(await the_one(club, maja)).id}/identity"
        await at.send(f"{here}/code", identifier="email")
        [message] = await codes(club)
        for _ in range(5):
            await at.send(f"{here}/check", identifier="email", code="00000000")
        late = await at.send(f"{here}/check", identifier="email", code=message.code)
    assert "There were too many tries" in late.text
    async with club.unit() as work:
        said = [one async for one in all_entries(work.session, kinds=[Kind.IDENTITY_TRIED])]
    assert [one.facts["outcome"] for one in said] == ["wrong"] * 5 + ["limited"]


async def test_a_second_proof_given_later_shows_all_of_it(club: Tillit, maja: UUID) -> None:
    async with member_at(club, maja) as at:
        await ask(at, "erasure")
    found = await the_one(club, maja)
    async with member_at(club, maja, stepped_up=True) as at:
        page = await at.open(f"/my/requests/{found.id}")
        assert "You gave one a moment ago" in page.text
        page = await at.send(f"/my/requests/{found.id}/identity/second")
        assert 'id="identity"' not in page.text
        assert stages(page.text)[2] == ("Decided", "now")


async def test_an_ordinary_sign_in_is_no_second_proof(club: Tillit, maja: UUID) -> None:
    async with member_at(club, maja) as at:
        await ask(at, "erasure")
        found = await the_one(club, maja)
        page = await at.send(f"/my/requests/{found.id}/identity/second")
    assert "does not hold any more" in page.text
    async with club.unit() as work:
        assert await requests.lacking(work.unit, work.active, found.id)


async def test_what_the_programme_sets_is_corrected_by_asking(club: Tillit, maja: UUID) -> None:
    here = f"{NEW}/rectification"
    async with member_at(club, maja, stepped_up=True) as at:
        page = await at.open(here)
        assert 'href="/my/data/name"' in page.text  # set right at once
        assert f'href="{here}/tier"' in page.text
        await at.open(f"{here}/tier")
        page = await at.send(f"{here}/tier", value="gold", note="I bought a tent in May.")
        text = unescape(page.text)
    assert "I bought a tent in May." in text
    assert "gold" not in str(page.url)
    found = await the_one(club, maja)
    async with club.unit() as work:
        assert (await requests.wish_of(work.unit, found.id)).values == {"tier": "gold"}


async def test_a_correction_that_does_not_fit_comes_back_as_it_was_written(
    club: Tillit, maja: UUID
) -> None:
    here = f"{NEW}/rectification/birth_date"
    async with member_at(club, maja, stepped_up=True) as at:
        await at.open(here)
        page = await at.send(here, value="the third of May", note="See my letter.")
    assert page.status_code == 422
    assert 'value="the third of May"' in page.text
    assert "See my letter." in page.text
    assert "That is no day" in page.text
    assert not await mine(club, maja)


async def test_withdrawing_needs_no_second_proof_and_is_done_at_once(
    club: Tillit, maja: UUID
) -> None:
    async with member_at(club, maja) as at:
        await at.open("/my/choices")
        await at.send("/my/choices/newsletter", allow="true", language="en")
        page = await at.open(f"{NEW}/withdrawal")
        assert 'href="/my/choices"' in page.text
        assert "checked" not in page.text
        assert "/second" not in page.text
        await ask(at, "withdrawal", **{"purposes[]": "newsletter"})
    await drain(club)
    assert (await the_one(club, maja)).state is State.FULFILLED


async def test_an_objection_to_nothing_is_asked_what_it_is_about(club: Tillit, maja: UUID) -> None:
    async with member_at(club, maja) as at:
        text = await ask(at, "objection", note="Stop.")
        assert "Choose at least one" in text
        assert "Stop." in text
        assert at.page is not None
        assert at.page.status_code == 422
        await at.send(f"{NEW}/objection", marketing="true")
    assert (await the_one(club, maja)).right is Right.OBJECTION


async def test_a_review_says_what_it_is_about(club: Tillit, maja: UUID) -> None:
    async with member_at(club, maja, stepped_up=True) as at:
        assert "Write which decision" in await ask(at, "review")
        assert "My tier" in await ask(at, "review", note="My tier was lowered.")


async def test_the_same_asked_for_again_is_one_request(club: Tillit, maja: UUID) -> None:
    async with member_at(club, maja, stepped_up=True) as at:
        await ask(at, "access")
        assert "You had asked for this already" in await ask(at, "access")
    assert len(await mine(club, maja)) == 1


async def test_before_an_erasure_it_is_told_what_goes_stays_and_who_is_told(
    club: Tillit, maja: UUID
) -> None:
    async with member_at(club, maja, stepped_up=True) as at:
        text = unescape((await at.open(f"{NEW}/erasure")).text)
    assert "Details, such as name and address" in text
    assert "What must stay" in text
    assert "signed certificate" in text
    assert "cannot be undone" in text
    async with club.unit() as work:
        said = [one async for one in all_entries(work.session, kinds=[Kind.ERASURE_PREVIEWED])]
    assert [one.actor.type for one in said] == ["member"]


async def test_how_much_there_is_is_told_after_a_second_proof_only(
    club: Tillit, maja: UUID
) -> None:
    async with member_at(club, maja) as at:
        text = (await at.open(f"{NEW}/erasure")).text
    assert "this also says how much" in text
    async with club.unit() as work:
        said = [one async for one in all_entries(work.session, kinds=[Kind.ERASURE_PREVIEWED])]
    assert said == []


async def test_an_erasure_is_asked_for_with_no_more_presses_than_a_copy(
    club: Tillit, maja: UUID
) -> None:
    async with member_at(club, maja, stepped_up=True) as at:
        forms = {}
        for right in ("access", "erasure"):
            text = (await at.open(f"{NEW}/{right}")).text
            forms[right] = re.findall(rf'action="{NEW}/{right}".*?</form>', text, re.DOTALL)
    (access,), (erasure,) = forms["access"], forms["erasure"]
    assert access.replace("access", "") == erasure.replace("erasure", "")


async def test_a_request_is_taken_back_by_one_press(club: Tillit, maja: UUID) -> None:
    async with member_at(club, maja, stepped_up=True) as at:
        await ask(at, "erasure")
        found = await the_one(club, maja)
        page = await at.send(f"/my/requests/{found.id}/cancel")
        assert "Your request is taken back" in page.text
        assert "Take the request back" not in page.text
    assert (await the_one(club, maja)).state is State.UNFULFILLED


async def test_an_approved_erasure_can_be_taken_back_while_it_cools_off(
    club: Tillit, maja: UUID
) -> None:
    async with member_at(club, maja, stepped_up=True) as at:
        await ask(at, "erasure")
        found = await the_one(club, maja)
        async with club.unit() as work:
            await deciding.approve(work.unit, SYSTEM, work.active, found.id)
        page = await at.open(f"/my/requests/{found.id}")
        waits = (await the_one(club, maja)).not_before is not None
        assert ("in case you think better of it" in page.text) == waits
        await at.send(f"/my/requests/{found.id}/cancel")
    await drain(club)
    assert (await the_one(club, maja)).state is State.UNFULFILLED


async def test_a_longer_time_is_told_with_its_reason(club: Tillit, maja: UUID) -> None:
    async with member_at(club, maja, stepped_up=True) as at:
        await ask(at, "access")
        found = await the_one(club, maja)
        async with club.unit() as work:
            await deciding.extend(work.unit, SYSTEM, found.id, reason=Delay.COMPLEX)
        text = (await at.open(f"/my/requests/{found.id}")).text
    assert "two months more than usual: the request was complex" in text
    assert "extended by two months: the request was complex" in text


async def test_a_refusal_is_told_with_its_reason_and_its_letter(club: Tillit, maja: UUID) -> None:
    async with member_at(club, maja, stepped_up=True) as at:
        await ask(at, "erasure")
        found = await the_one(club, maja)
        async with club.unit() as work:
            await deciding.refuse(work.unit, SYSTEM, work.active, found.id, reason=Reason.CLAIMS)
        await drain(club)
        text = (await at.open(f"/my/requests/{found.id}")).text
        assert "the data is needed for legal claims" in text
        assert stages(text) == [("Received", "done"), ("Refused", "done")]
        letter = await at.open(f"/my/requests/{found.id}/letters/refusal")
        assert "Article 77" in letter.text
        paper = await at.open(f"/my/requests/{found.id}/letters/refusal/paper")
    assert paper.content.startswith(b"%PDF")


async def test_the_letter_that_proves_who_one_is_waits_for_a_second_proof(
    club: Tillit, maja: UUID
) -> None:
    async with member_at(club, maja) as at:
        await ask(at, "access")
        found = await the_one(club, maja)
        async with club.unit() as work:
            await requests.ask_identity(work.unit, SYSTEM, work.active, found.id)
        await drain(club)
        here = f"/my/requests/{found.id}/letters/identity_query"
        answer = await at.client.get(here)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/second?next=%2Fmy%2Frequests")


async def test_what_a_human_found_is_read_after_a_second_proof(club: Tillit, maja: UUID) -> None:
    async with member_at(club, maja, stepped_up=True) as at:
        await ask(at, "review", note="Why am I silver?")
        found = await the_one(club, maja)
        async with club.unit() as work:
            await deciding.approve(
                work.unit, SYSTEM, work.active, found.id, outcome="Maja bought two tents."
            )
        await drain(club)
        here = f"/my/requests/{found.id}/letters"
        assert "two tents" in (await at.open(f"{here}/answer")).text
    async with member_at(club, maja) as at:
        for path in ("answer", "answer/paper"):
            answer = await at.client.get(f"{here}/{path}")
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/second?next=")
        assert (await at.client.get(f"{here}/acknowledgement")).status_code == 200


async def test_the_answer_to_what_needs_no_proof_needs_none(club: Tillit, maja: UUID) -> None:
    async with member_at(club, maja) as at:
        await at.open("/my/choices")
        await at.send("/my/choices/newsletter", allow="true", language="en")
        await ask(at, "withdrawal", **{"purposes[]": "newsletter"})
        await drain(club)
        here = f"/my/requests/{(await the_one(club, maja)).id}/letters/answer"
        assert (await at.client.get(here)).status_code == 200


async def test_each_step_stands_there_with_its_time(club: Tillit, maja: UUID) -> None:
    async with member_at(club, maja, stepped_up=True) as at:
        await ask(at, "portability")
        found = await the_one(club, maja)
        async with club.unit() as work:
            await deciding.approve(work.unit, SYSTEM, work.active, found.id)
        await drain(club)
        text = (await at.open(f"/my/requests/{found.id}")).text
    history = text.split('id="history"')[1]
    told = re.findall(r'<p class="line">([^<]+)</p><time datetime="[^"]+">[^<]+</time>', history)
    assert told.index("The request came in") < told.index("Approved")
    assert told.index("Approved") < told.index("Completed")


async def test_a_history_that_somebody_changed_is_not_told_as_true(
    club: Tillit, maja: UUID, database_url: str
) -> None:
    async with member_at(club, maja, stepped_up=True) as at:
        await ask(at, "access")
        found = await the_one(club, maja)
        with psycopg.connect(libpq(database_url, role=None)) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("UPDATE audit_pending SET mac = sha256(mac)")
        page = await at.open(f"/my/requests/{found.id}")
    assert page.status_code == 200
    assert "The request came in" not in page.text
    assert page.text.count("our record of it is damaged") == 2


async def test_nobody_sees_anothers_request(club: Tillit, maja: UUID) -> None:
    other = await _enrolled(club, {"member_number": "m2", "email": "x@post.example"})
    async with member_at(club, maja, stepped_up=True) as at:
        await ask(at, "access")
    found = await the_one(club, maja)
    here = f"/my/requests/{found.id}"
    async with member_at(club, other, stepped_up=True) as at:
        for path in ("", "/file", "/letters/acknowledgement"):
            assert (await at.open(here + path)).status_code == 404
        await at.open("/my/requests")
        for path in ("/cancel", "/identity/second", "/file/plain"):
            assert (await at.send(here + path)).status_code == 404
    assert (await the_one(club, maja)).state is State.ACKNOWLEDGED


async def test_a_stranger_is_asked_to_sign_in(club: Tillit) -> None:
    async with browser(club) as at:
        answer = await at.client.get(f"{NEW}/erasure")
    assert answer.headers["location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("language", ["sv", "nb", "da", "fi"])
async def test_every_page_of_a_request_is_in_the_members_language(
    club: Tillit, maja: UUID, language: str
) -> None:
    async with member_at(club, maja, language=language) as at:
        await ask(at, "erasure", note="Nej")
        found = await the_one(club, maja)
        for path in ("/my/requests", NEW, f"{NEW}/erasure", f"/my/requests/{found.id}"):
            page = await at.open(path)
            assert page.status_code == 200
            assert f'<html lang="{language}">' in page.text
            for english in ("Received", "What goes", "It waits", "Take it back", "Ask for"):
                assert english not in page.text


async def test_words_that_are_too_many_come_back_with_all_that_was_said(
    club: Tillit, maja: UUID
) -> None:
    long = "x" * 4_001
    async with member_at(club, maja, stepped_up=True) as at:
        await at.open("/my/choices")
        await at.send("/my/choices/newsletter", allow="true", language="en")
        await at.open(f"{NEW}/objection")
        fields = {"note": long, "marketing": "true"}
        page = await at.send(f"{NEW}/objection", **fields)
        assert page.status_code == 422
        assert "4,001 characters, and there is room for 4,000" in page.text
        assert f">{long}</textarea>" in page.text
        assert 'name="marketing" value="true" checked' in page.text
        assert await mine(club, maja) == []
        here = f"{NEW}/rectification/tier"
        await at.open(here)
        page = await at.send(here, value="gold", note=long, remove="true")
        assert page.status_code == 422
        assert f">{long}</textarea>" in page.text
        assert 'value="gold" checked' in page.text
        assert 'name="remove" value="true" checked' in page.text
        assert "Pick one of those there are" not in page.text
        assert await mine(club, maja) == []


async def test_a_lines_end_counts_once_as_it_does_where_it_was_written(
    club: Tillit, maja: UUID
) -> None:
    async with member_at(club, maja, stepped_up=True) as at:
        text = await ask(at, "access", note="x\r\n" * 1_999 + "yy")
    assert "Your request has come in" in text
