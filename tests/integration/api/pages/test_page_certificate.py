"""Certificates of erasure on a page: fetched by who was erased, and checked by who holds one."""

import json
import re
from html import unescape
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import pytest_asyncio

from api.bootstrap import SYSTEM, Tillit
from api.links import Kind as LinkKind
from api.links import links_of
from api.work import drain
from audit.verify import verify_certificate
from dsar import deciding, register
from dsar.letters import desk
from dsar.letters.kinds import Kind
from dsar.states import Right
from profiles import members
from profiles.enrolment import enrol
from tests import at_the_desk
from tests.at_a_browser import OURS, Browser, browser, member_at

PATH = "/certificate"


@pytest_asyncio.fixture
async def address(tillit: Tillit) -> str:
    """Where the certificate of an erasure is fetched, as the member was told before it."""
    async with tillit.unit() as work:
        values = {"member_number": "m1", "name": "Maja", "email": "maja@post.example"}
        [member] = await enrol(work.unit, SYSTEM, [values], source="sign-up")
    async with member_at(tillit, member.id, stepped_up=True) as at:
        await at.open("/my/requests/new/erasure")
        page = await at.send("/my/requests/new/erasure")
    [found] = set(re.findall(r'href="[^"]*(/certificate/[\w-]+)"', page.text))
    await _nothing_yet(tillit, found)
    await _erased(tillit, member.id)
    return str(found)


async def _nothing_yet(tillit: Tillit, address: str) -> None:
    async with browser(tillit) as at:
        page = await at.open(address)
        assert "Not yet: it is made once the erasure is carried out" in page.text
        assert (await at.open(f"{address}/erasure/json")).status_code == 404


async def _erased(tillit: Tillit, member: UUID) -> None:
    async with tillit.unit() as work:
        [found] = await register.listed(work.unit, member=member)
        await deciding.approve(work.unit, SYSTEM, work.active, found.id)
    await drain(tillit)


async def signed(tillit: Tillit, address: str) -> str:
    async with browser(tillit) as at:
        return (await at.open(f"{address}/erasure/json")).text


async def sent(at: Browser, text: str, **fields: str) -> str:
    """Paste it and press the button."""
    await at.open(PATH)
    return unescape((await at.send(PATH, text=text, **fields)).text)


async def test_who_was_erased_fetches_the_certificate_without_signing_in(
    tillit: Tillit, address: str
) -> None:
    async with browser(tillit) as at:
        page = await at.open(address)
        assert "Maja" not in page.text
        assert "maja@" not in page.text
        document = await at.open(f"{address}/erasure/json")
        paper = await at.open(f"{address}/erasure/pdf")
        assert (await at.open(f"{address}/horizon/json")).status_code == 404
    verify_certificate(document.text, (await tillit.signer()).key)
    assert paper.content.startswith(b"%PDF")


async def test_an_address_that_was_altered_opens_nothing(tillit: Tillit, address: str) -> None:
    async with browser(tillit) as at:
        for wrong in (address[:-1], address[:-2] + "AA", f"{PATH}/x"):
            assert (await at.open(wrong)).status_code == 404


async def test_a_certificate_of_ours_is_told_to_hold_with_what_it_says(
    tillit: Tillit, address: str
) -> None:
    document = await signed(tillit, address)
    async with browser(tillit) as at:
        text = await sent(at, document)
        assert "nothing of it was changed" in text
        assert "What was destroyed" in text
        for wanted, start in (("pdf", b"%PDF"), ("html", b"<!DOCTYPE html>")):
            await at.open(PATH)
            file = await at.send(PATH, text=document, wanted=wanted)
            assert file.content[: len(start)].upper() == start.upper()


async def test_a_certificate_is_sent_as_a_file_too(tillit: Tillit, address: str) -> None:
    document = await signed(tillit, address)
    async with browser(tillit) as at:
        await at.open(PATH)
        page = await at.client.post(
            PATH,
            data={"form": "", "text": ""},
            files={"file": ("certificate.json", document.encode(), "application/json")},
            headers=OURS,
        )
    assert page.status_code == 200, page.text
    assert "nothing of it was changed" in page.text


@pytest.mark.parametrize("language", ["sv", "nb", "da", "fi"])
async def test_what_it_says_is_said_in_the_readers_language(
    tillit: Tillit, address: str, language: str
) -> None:
    document = await signed(tillit, address)
    async with browser(tillit, language=language) as at:
        text = await sent(at, document)
    assert f'<html lang="{language}">' in text
    assert "What was destroyed" not in text


async def test_a_changed_certificate_is_told_not_to_hold(tillit: Tillit, address: str) -> None:
    document = json.loads(await signed(tillit, address))
    document["certificate"]["erased_at"] = "2020-01-01T00:00:00Z"
    async with browser(tillit) as at:
        text = await sent(at, json.dumps(document))
        assert at.page is not None
        assert at.page.status_code == 422
    assert "We did not sign this" in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '"x"',
        "{}",
        "[" * 30_000,
        '{"certificate": {"request": 1}}',
        '{"a":"\\ud800"}',
    ],
)
async def test_what_is_no_certificate_is_told_so(tillit: Tillit, text: str) -> None:
    async with browser(tillit) as at:
        answer = await sent(at, text)
        assert at.page is not None
        assert at.page.status_code == 422
    assert "this certificate holds" not in answer.lower()


async def test_more_than_a_certificate_can_be_is_not_read(tillit: Tillit) -> None:
    async with browser(tillit) as at:
        assert "That is too long" in await sent(at, "x" * (64 * 1024 + 1))
        await at.open(PATH)
        assert (await at.send(PATH, text="x" * 300_000)).status_code == 413


async def test_a_form_in_pieces_that_is_none_is_refused(tillit: Tillit) -> None:
    async with browser(tillit) as at:
        for body in (b"", b"--x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"):
            answer = await at.client.post(
                PATH,
                content=body,
                headers={**OURS, "Content-Type": "multipart/form-data; boundary=x"},
            )
            assert answer.status_code == 400


async def test_the_last_letter_leads_who_was_erased_to_the_certificate(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        values = {"member_number": "m1", "name": "Maja", "email": "maja@post.example"}
        [member] = await enrol(work.unit, SYSTEM, [values], source="sign-up")
        made = await at_the_desk.approved(work, Right.ERASURE, member.id)
    await drain(tillit)
    async with tillit.unit() as work:
        letter = await desk.opened(work.unit, SYSTEM, made.id, Kind.FAREWELL)
        assert await members.load(work.unit, [member.id]) == {}
    [link] = [block.link for block in letter.blocks if "/certificate/" in block.link]
    assert link.startswith(tillit.settings.public_url)
    assert "Maja" in letter.greeting
    path = urlsplit(link).path
    async with browser(tillit) as at:
        page = await at.open(path)
        assert page.status_code == 200
        assert str(made.id) in page.text
        text = (await at.open(f"{path}/erasure/json")).text
        assert "This certificate holds" in await sent(at, text)
    token = path.removeprefix("/certificate/")
    link_in_it = links_of(tillit).open(LinkKind.CERTIFICATE, token)
    assert link_in_it.member == link_in_it.id == made.id
