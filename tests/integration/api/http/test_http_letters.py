"""Letters over HTTP: what officers see before and after they leave, and what members see."""

from io import BytesIO
from uuid import uuid4

import the_desk
from callers_at_doors import Club
from pypdf import PdfReader

from api import work as worker
from kernel.database import raw


async def _anna(club: Club) -> str:
    return await club.joins("1001", name="Åsa Öberg", email="asa@post.example")


async def _letters(club: Club) -> int:
    async with club.tillit.unit() as work:
        cursor = await (await raw(work.session)).execute(
            "SELECT (SELECT count(*) FROM letter) + (SELECT count(*) FROM outgoing)"
        )
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


def _text(sheets: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(BytesIO(sheets)).pages)


async def test_an_officer_sees_a_refusal_before_it_is_decided(club: Club) -> None:
    anna = await _anna(club)
    request = await the_desk.opened(club, "erasure", anna, language="en")
    officer = await club.officer()
    before = await _letters(club)
    at = f"/v1/requests/{request}/letters/preview"
    seen = await officer("GET", f"{at}.html?letter=refusal&reason=LegalObligation")
    assert seen.status_code == 200
    assert seen.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in seen.headers["content-security-policy"]
    assert "A law requires us to keep the data" in seen.text
    assert "Dear Åsa Öberg," in seen.text
    sheet = await officer("GET", f"{at}.pdf?letter=extension&reason=ComplexityOfProcess")
    assert sheet.headers["content-type"] == "application/pdf"
    assert 'filename="extension.pdf"' in sheet.headers["content-disposition"]
    assert "is complex" in _text(sheet.content)
    assert await _letters(club) == before
    assert (await the_desk.seen(club, request))["state"] == "acknowledged"
    sent = await the_desk.entries(club, "letter.sent", request)
    assert [(one["letter"], one["how"]) for one in sent] == [
        ("refusal", "preview"),
        ("extension", "preview"),
    ]


async def test_a_preview_tells_of_a_letter_or_a_reason_that_is_none(club: Club) -> None:
    request = await the_desk.opened(club, "access", await _anna(club))
    officer = await club.officer()
    at = f"/v1/requests/{request}/letters/preview.html"
    for query, status, slug in (
        ("", 404, "unknown-letter"),
        ("?letter=love", 404, "unknown-letter"),
        ("?letter=refusal", 422, "unknown-reason"),
        ("?letter=refusal&reason=ComplexityOfProcess", 422, "unknown-reason"),
        ("?letter=extension&reason=LegalObligation", 422, "unknown-reason"),
        ("?letter=refusal&reason=LegalClaimImpaired", 422, "unfit-reason"),
        ("?letter=farewell", 404, "unknown-letter"),
        ("?letter=release", 404, "unknown-letter"),
        ("?letter=refusal&why=so", 422, "misshapen"),
    ):
        answer = await officer("GET", at + query)
        assert answer.status_code == status, query
        assert answer.json()["type"].endswith(slug), query


async def test_officer_and_member_read_the_letter_as_it_was_written(club: Club) -> None:
    anna = await _anna(club)
    request = await the_desk.opened(club, "access", anna, language="sv")
    officer, own = await club.officer(), await club.member(anna, stepped_up=False)
    assert await officer.ok("GET", f"/v1/requests/{request}/letters") == []
    await worker.drain(club.tillit)
    [letter] = await own.ok("GET", f"/v1/me/requests/{request}/letters")
    assert (letter["letter"], letter["state"]) == ("acknowledgement", "download")
    assert letter["problem"] == "no_mail_server"
    page = await own("GET", f"/v1/me/requests/{request}/letters/acknowledgement.html")
    assert "Hej Åsa Öberg!" in page.text
    [after] = await officer.ok("GET", f"/v1/requests/{request}/letters")
    assert after["state"] == "done"
    sheet = await officer("GET", f"/v1/requests/{request}/letters/acknowledgement.pdf")
    assert "Hej Åsa Öberg!" in _text(sheet.content)
    mine = await own("GET", f"/v1/me/requests/{request}/letters/acknowledgement.pdf")
    assert mine.content == sheet.content
    sent = await the_desk.entries(club, "letter.sent", request)
    assert [one["how"] for one in sent] == ["download"] * 3


async def test_an_answer_is_read_after_a_second_proof_and_where_it_stands_without(
    club: Club,
) -> None:
    anna = await _anna(club)
    request = await the_desk.opened(club, "access", anna)
    officer = await club.officer()
    await officer.ok("POST", f"/v1/requests/{request}/approve")
    await worker.drain(club.tillit)
    at = f"/v1/me/requests/{request}/letters"
    plain, proved = await club.member(anna, stepped_up=False), await club.member(anna)
    refused = await plain("GET", f"{at}/answer.html")
    assert refused.status_code == 401
    assert refused.json()["type"].endswith("step-up-needed")
    assert (await plain("GET", at)).status_code == 200
    assert (await proved("GET", f"{at}/answer.html")).status_code == 200


async def test_nobody_reads_a_letter_to_somebody_else(club: Club) -> None:
    anna = await _anna(club)
    bo = await club.joins("1002", name="Bo", email="bo@post.example")
    request = await the_desk.opened(club, "access", anna)
    await worker.drain(club.tillit)
    other = await club.member(bo)
    for path in ("letters", "letters/acknowledgement.html", "letters/acknowledgement.pdf"):
        for of in (request, str(uuid4())):
            answer = await other("GET", f"/v1/me/requests/{of}/{path}")
            assert answer.status_code == 404
            assert answer.json()["type"].endswith("unknown-request")
    assert await the_desk.entries(club, "letter.sent", request) == []


async def test_a_letter_that_was_not_written_is_not_there(club: Club) -> None:
    anna = await _anna(club)
    request = await the_desk.opened(club, "access", anna)
    officer, own = await club.officer(), await club.member(anna)
    for name in ("refusal", "love"):
        for client, at in ((officer, "/v1/requests"), (own, "/v1/me/requests")):
            answer = await client("GET", f"{at}/{request}/letters/{name}.pdf")
            assert answer.status_code == 404
            assert answer.json()["type"].endswith("unknown-letter")
            assert "love" not in answer.text.replace("letters/love", "")


async def test_once_erased_nobody_previews_a_letter(club: Club) -> None:
    anna = await _anna(club)
    request = await the_desk.opened(club, "erasure", anna)
    officer = await club.officer()
    await officer.ok("POST", f"/v1/requests/{request}/approve")
    await worker.drain(club.tillit)
    answer = await officer(
        "GET", f"/v1/requests/{request}/letters/preview.html?letter=acknowledgement"
    )
    assert answer.json()["type"].endswith("not-ready")
    [farewell] = await officer.ok("GET", f"/v1/requests/{request}/letters")
    assert (farewell["letter"], farewell["state"]) == ("farewell", "download")
    page = await officer("GET", f"/v1/requests/{request}/letters/farewell.html")
    assert "Åsa Öberg" in page.text
