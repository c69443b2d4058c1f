"""Certificates of erasure to be read: at the doors of the signed ones, and only while they hold."""

import base64
import json
import re
from io import BytesIO
from typing import Any

import httpx
import psycopg
import pytest
from callers_at_doors import Client, Club
from pypdf import PdfReader

from api.bootstrap import SYSTEM
from api.work import drain
from audit.verify import verify_certificate
from kernel.database import libpq

CHECK = "/v1/certificates/check"


async def _erased(club: Club) -> tuple[str, Client]:
    """A request whose member is erased, and the member with a token from before."""
    member = await club.joins("1", email="anna@example.com", name="Anna Öberg", tier="gold")
    own, officer = await club.member(member), await club.officer()
    asking = {"right": "erasure", "language": "sv"}
    request = (await own.ok("POST", "/v1/me/requests", asking))["request"]
    await officer.ok("POST", f"/v1/requests/{request}/approve")
    await drain(club.tillit)
    return str(request), own


def _inside(answer: httpx.Response) -> str:
    """The signed certificate that is inside what was answered."""
    if answer.headers["content-type"] == "application/pdf":
        (found,) = PdfReader(BytesIO(answer.content)).attachments["certificate.json"]
        return bytes(found).decode()
    (link,) = re.findall(r'href="data:application/json;base64,([^"]+)"', answer.text)
    return base64.b64decode(link).decode()


def _text(answer: httpx.Response) -> str:
    if answer.headers["content-type"] == "application/pdf":
        pages = PdfReader(BytesIO(answer.content)).pages
        return " ".join(page.extract_text() for page in pages)
    return answer.text


@pytest.mark.parametrize("form", ["html", "pdf"])
async def test_officer_member_and_whoever_holds_it_have_the_same_certificate_to_read(
    club: Club, form: str
) -> None:
    request, own = await _erased(club)
    officer = await club.officer()
    path = f"/v1/requests/{request}/certificate"
    signed: dict[str, Any] = await officer.ok("GET", path)
    answers = [
        await officer("GET", f"{path}?format={form}"),
        await own("GET", f"/v1/me/requests/{request}/certificate?format={form}"),
        await club.nobody("POST", f"{CHECK}?format={form}&language=sv", signed),
    ]
    key = (await club.tillit.signer()).key
    for one in answers:
        assert one.status_code == 200, one.text
        assert one.headers["cache-control"] == "no-store"
        verify_certificate(_inside(one), key)
        assert json.loads(_inside(one)) == signed
        assert "Intyg om radering" in _text(one)
        assert request in _text(one)
        for private in ("anna@", "Anna", "Öberg"):
            assert private not in _text(one)
    other = await officer("GET", f"{path}?format={form}&language=fi")
    assert "Todistus tietojen poistamisesta" in _text(other)
    assert (await officer.ok("GET", f"{path}?format=json")) == signed
    assert (await club.nobody("GET", f"{path}?format={form}")).status_code == 401


async def test_a_page_lets_a_browser_do_nothing_but_show_it(club: Club) -> None:
    request, _ = await _erased(club)
    officer = await club.officer()
    page = await officer("GET", f"/v1/requests/{request}/certificate?format=html")
    assert page.headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'sha256-"
    )
    assert page.headers["content-type"] == "text/html; charset=utf-8"


async def test_the_second_certificate_can_be_read_and_is_told_of_by_the_first(club: Club) -> None:
    request, _ = await _erased(club)
    officer = await club.officer()
    first, second = (f"/v1/requests/{request}/{what}" for what in ("certificate", "horizon"))
    before = (await officer("GET", f"{first}?format=html&language=en")).text
    assert "A second certificate says so then." in before
    assert (await officer("GET", f"{second}?format=html")).status_code == 404
    await club.tillit.rotate(SYSTEM)
    await drain(club.tillit)
    for path in (first, second):
        after = (await officer("GET", f"{path}?format=html&language=en")).text
        assert "nobody can read what was erased in any backup" in after
        assert "A second certificate says so then." not in after
    inside = _inside(await officer("GET", f"{second}?format=pdf"))
    assert json.loads(inside) == await officer.ok("GET", second)


async def test_what_was_not_signed_here_is_not_put_into_words(club: Club) -> None:
    request, _ = await _erased(club)
    officer = await club.officer()
    signed = await officer.ok("GET", f"/v1/requests/{request}/certificate")
    changed = signed | {"certificate": signed["certificate"] | {"controller": "Somebody else"}}
    for document in ({}, {"certificate": {}}, changed):
        answer = await club.nobody("POST", f"{CHECK}?format=html", document)
        assert (answer.status_code, answer.json()["type"]) == (
            422,
            "urn:tillit:problem:not-a-certificate",
        )
        assert "Somebody" not in answer.text
    for wrong in ("?format=docx", "?format=", "?language=", f"?format=html&language={'x' * 99}"):
        answer = await officer("GET", f"/v1/requests/{request}/certificate{wrong}")
        expected = 200 if wrong == "?language=" else 422
        assert answer.status_code == expected, wrong


async def test_a_certificate_changed_in_the_database_is_given_to_nobody(club: Club) -> None:
    request, own = await _erased(club)
    officer = await club.officer()
    await club.tillit.rotate(SYSTEM)
    await drain(club.tillit)
    with psycopg.connect(libpq(club.tillit.url, role=None), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE certificate SET document = replace(document, 'Fj', 'Gj')")
    for form in ("", "?format=json", "?format=html", "?format=pdf"):
        for answer in (
            await own("GET", f"/v1/me/requests/{request}/certificate{form}"),
            await officer("GET", f"/v1/requests/{request}/certificate{form}"),
            await officer("GET", f"/v1/requests/{request}/horizon{form}"),
        ):
            assert answer.status_code == 503, (form, answer.url)
            assert "not what was signed" in answer.text
            assert "Gj" not in answer.text
