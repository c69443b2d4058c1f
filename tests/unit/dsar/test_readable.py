"""A certificate to be read: every word in every language, and the signed one inside."""

import base64
import json
import re
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from pypdf import PdfReader

import dsar
from consent.programme import load_programme
from dsar.certified import Answer
from dsar.connectors.trouble import GivingUp
from dsar.languages import LANGUAGES, translations
from dsar.previews import WORDS
from dsar.readable import pages, sheets
from dsar.readable.reading import FILE, Frame, Reading, read
from dsar.readable.words import DESTROYED, GIVEN_UP, TO_BE_TOLD_BY_HAND

ROOM = Path(dsar.__file__).parent
CLUB = load_programme(Path(__file__).parents[3] / "examples" / "fjallklubben.toml")
KEYWORDS = {"say": None, "mark": None, "many": (1, 2)}
REQUEST = "0194f0c2-7d1e-4d11-8b0f-0f3c1f7a0001"
LAW = "Bokföringslagen (1999:1078), 7 kap. 2 §"
RECIPIENTS = [
    {"recipient": "letters", "by": "mailbox", "state": "done", "answer": "ab" * 32,
     "reason": None, "answered_at": "2026-02-05T10:00:00Z"},
    {"recipient": "auditor", "by": "webhook", "state": "given_up", "answer": None,
     "reason": "disproportionate", "answered_at": "2026-02-09T10:00:00Z"},
    {"recipient": "hosting", "by": "hand", "state": "to_be_told", "answer": None,
     "reason": None, "answered_at": None},
]  # fmt: skip
SAID: dict[str, Any] = {
    "format": "tillit/erasure-certificate/v1",
    "controller": "Fjällklubben AB",
    "contact": "privacy@fjallklubben.example",
    "request": REQUEST,
    "erased_at": "2026-02-03T23:05:00Z",
    "issued_at": "2026-02-10T08:00:00Z",
    "destroyed": {kind: number for number, kind in enumerate(WORDS, 101)} | {"letter": 0},
    "key_fingerprint": "9f86d081884c7d65",
    "kept": [{"what": "voucher", "count": 4, "law": LAW, "until": "2032-12-31"}],
    "epoch": 1,
    "entry": "0194f0c2-7d1e-7d11-8b0f-0f3c1f7a0002",
    "recipients": RECIPIENTS,
}
DOCUMENT = {
    "certificate": SAID,
    "note": "…",
    "entry": "…",
    "proof": "…",
    "verifier_key": "club/record+1a2b3c4d+AAAA",
}
FOUND = Answer(
    verified=True,
    part="erasure",
    erased_at=SAID["erased_at"],
    destroyed=SAID["destroyed"],
    kept=[{**SAID["kept"][0], "deleted": False}],
    recipients=RECIPIENTS,
)


def reading(language: str = "en", found: Answer = FOUND) -> Reading:
    where = "https://club.example/v1/certificates/check"
    return read(DOCUMENT, found, Frame(language, CLUB, ZoneInfo("Europe/Stockholm"), where))


def paper(one: Reading) -> PdfReader:
    return PdfReader(BytesIO(sheets.pdf(one)))


def shown(one: Reading) -> str:
    """The page, with plain spaces where no line is to end."""
    return pages.html(one).replace("\N{NO-BREAK SPACE}", " ")


def squeezed(text: str) -> str:
    return "".join(text.split())


def said_in(folder: str) -> set[str | tuple[str, ...]]:
    found: set[str | tuple[str, ...]] = set()
    for file in sorted((ROOM / folder).glob("*.py")):
        with file.open("rb") as source:
            found |= {text for _, text, _, _ in extract("python", source, keywords=KEYWORDS)}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_said_in_every_language_and_nothing_that_no_certificate_says(
    language: str,
) -> None:
    with (ROOM / "locales" / language / "certificates.po").open("rb") as file:
        there = {one.id: one.string for one in read_po(file, locale=language) if one.id}
    # What letters say of the same is said here in their words.
    assert set(there) == said_in("readable") - said_in("letters")
    for ours, theirs in there.items():
        assert theirs.strip()
        assert _places(theirs) == _places(ours), ours
        assert theirs.endswith(ours[-1]) or ours[-1] not in ".:", ours
        assert (theirs == ours) == (language == "en"), ours


def _places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def test_everything_that_is_counted_and_every_reason_has_words() -> None:
    assert set(DESTROYED) == set(WORDS)
    assert set(GIVEN_UP) == set(GivingUp)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_went_what_stayed_who_was_told_and_where_to_complain(language: str) -> None:
    one = reading(language)
    page = shown(one)
    sheet = "".join(each.extract_text() for each in paper(one).pages)
    words = translations(language, "certificates").gettext
    told = [words(text) for kind, text in DESTROYED.items() if kind != "letter"]
    told += [str(number) for kind, number in SAID["destroyed"].items() if number]
    told += [LAW, "2032", "Brevduvan Utskick AB", "Siffergården Revision AB"]
    told += [words("has confirmed that it is done"), words(GIVEN_UP["disproportionate"])]
    told += [words(TO_BE_TOLD_BY_HAND), CLUB.recipients["hosting"].name]
    told += ["ab" * 32, REQUEST, "https://club.example/v1/certificates/check", "https://www.imy.se"]
    told += ["privacy@fjallklubben.example", DOCUMENT["verifier_key"], SAID["key_fingerprint"]]
    for text in told:
        assert text in page, text
        assert squeezed(text) in squeezed(sheet), text
    assert words(DESTROYED["letter"]) not in [what for part in one.parts for what, _ in part.rows]


def test_days_are_those_of_the_controllers_country() -> None:
    """Erased an hour before midnight by UTC: on the next day in Sweden."""
    assert datetime.fromisoformat(SAID["erased_at"]).day == 3
    assert "4 feb. 2026" in dict(reading("sv").facts)["Raderat"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_signed_certificate_is_inside_to_the_byte(language: str) -> None:
    one = reading(language)
    signed = json.dumps(DOCUMENT, ensure_ascii=False, indent=2) + "\n"
    (link,) = re.findall(r'href="data:application/json;base64,([^"]+)"', pages.html(one))
    assert base64.b64decode(link).decode() == signed
    assert [each.decode() for each in paper(one).attachments[FILE]] == [signed]


def test_a_page_needs_nothing_from_anywhere_and_runs_nothing() -> None:
    page = pages.html(reading())
    assert not re.search(r"<(script|img|link|iframe|object)\b", page)
    assert not re.search(r"""(src|action)\s*=|url\(|@import|\son\w+=""", page)
    assert re.findall(r'href="([a-z]+):', page) == ["data"]


def test_what_a_recipient_is_called_becomes_no_markup() -> None:
    odd = [{**RECIPIENTS[0], "recipient": "<b>x</b>{contact}"}]
    page = pages.html(reading(found=replace(FOUND, recipients=odd)))
    assert "<b>x" not in page
    assert "&lt;b&gt;x&lt;/b&gt;{contact}" in page


def test_what_has_become_of_the_rest_since_is_said() -> None:
    gone = replace(
        FOUND,
        kept=[{**FOUND.kept[0], "deleted": True}],
        horizon={"certificate": {"passed_at": "2026-08-01T10:00:00Z"}},
    )
    before, after = shown(reading()), shown(reading(found=gone))
    assert "Deleted since." in after
    assert "destroyed on 1 August 2026" in after
    assert "Deleted since." not in before
    assert "A second certificate says so then." in before


def test_where_nothing_was_kept_and_nobody_told_it_says_so() -> None:
    page = pages.html(reading(found=replace(FOUND, kept=(), recipients=())))
    assert "Nothing was kept." in page
    assert "No recipient was told by the system that issued this certificate." in page
    assert "Who is told by our staff" not in page


def test_no_heading_stands_alone_at_the_end_of_a_page() -> None:
    heads = {squeezed(part.heading) for part in reading("fi").parts if part.heading}
    for each in paper(reading("fi")).pages:
        body = [line for line in each.extract_text().splitlines() if line.strip()]
        above = [line for line in body if "Sivu" not in line and "Viite: " not in line[:7]]
        assert squeezed(above[-1]) not in heads


def test_the_same_certificate_makes_the_same_sheets() -> None:
    assert sheets.pdf(reading()) == sheets.pdf(reading())
