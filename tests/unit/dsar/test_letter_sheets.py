"""Letters on paper: what can be selected is what was written, in every language."""

import logging
import re
from datetime import UTC, datetime
from importlib.resources import files
from io import BytesIO
from itertools import pairwise

import a_case
import pytest
from a_case import EVERY, NAME, REQUEST, case
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PageObject, PdfReader

from dsar.languages import LANGUAGES
from dsar.letters.kinds import Kind
from dsar.letters.sheets import pdf
from dsar.letters.wording import Wording
from dsar.letters.writing import write
from dsar.states import Right
from dsar.wanted import Wanted

A4 = (595.28, 841.89)  # points


def read(sheets: bytes) -> PdfReader:
    return PdfReader(BytesIO(sheets))


def words(reader: PdfReader) -> str:
    """All that can be selected, without line breaks and without what stands at each foot."""
    found = []
    for page in reader.pages:
        lines = page.extract_text().splitlines()
        found += [one for one in lines if not re.search(r"\d (of|av|af) \d|Sivu \d|· privacy", one)]
    return squeezed(" ".join(found))


def squeezed(text: str) -> str:
    """Without white space: where lines break is the sheet's affair."""
    return "".join(text.split())


@pytest.mark.parametrize(("kind", "right", "language"), EVERY)
def test_a_sheet_says_every_word_of_the_letter_in_its_order(
    kind: Kind, right: Right, language: str
) -> None:
    letter = write(kind, case(kind, right, language))
    reader = read(pdf(letter))
    there, at = words(reader), 0
    said = [letter.to, letter.subject, letter.greeting]
    for block in letter.blocks:
        said += [block.heading, block.text, *block.points, block.link]
    for text in (*said, letter.closing):
        found = there.find(squeezed(text), at)
        assert found >= 0, text
        at = found + len(squeezed(text))
    assert squeezed("".join(letter.sender.address)) in there
    assert reader.root_object["/Lang"] == language
    assert reader.metadata is not None
    assert reader.metadata.title == letter.subject
    assert reader.metadata.author == "Fjällklubben AB"
    assert str(REQUEST) in str(reader.metadata.subject)
    assert reader.metadata.creation_date == datetime(2026, 2, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("right", Right)
def test_no_line_of_a_sheet_ends_before_the_number_of_an_article(
    right: Right, language: str
) -> None:
    for kind in (Kind.ACKNOWLEDGEMENT, Kind.REFUSAL):
        for page in read(pdf(write(kind, case(kind, right, language)))).pages:
            lines = [line.strip() for line in page.extract_text().splitlines()]
            assert not any(re.search(r"(rtik+el|Article|nr\.|stk\.)$", one) for one in lines)


def test_a_sheet_is_a4_and_brings_its_font() -> None:
    reader = read(pdf(write(Kind.REFUSAL, case(Kind.REFUSAL, Right.ERASURE, "sv"))))
    for page in reader.pages:
        assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(A4, abs=1)
        fonts = page["/Resources"]["/Font"]
        assert fonts
        for font in fonts.values():
            (within,) = font.get_object()["/DescendantFonts"]
            assert "/FontFile2" in within.get_object()["/FontDescriptor"]


def test_every_page_says_which_it_is_of_how_many_and_of_whose_letter() -> None:
    long = Wanted(outcome="\n".join(f"{line}. Vi har tittat på köpet." for line in range(120)))
    about = case(Kind.ANSWER, Right.REVIEW, "sv", wish=long)
    reader = read(pdf(write(Kind.ANSWER, about)))
    assert len(reader.pages) > 2
    for number, page in enumerate(reader.pages, 1):
        text = page.extract_text()
        assert f"Sida {number} av {len(reader.pages)}" in text
        assert f"Referens: {REQUEST}" in text
        assert "Fjällklubben AB · privacy@fjallklubben.example" in text
    every = [words(reader).index(f"{line}.Vihartittatpåköpet.") for line in range(120)]
    assert all(a < b for a, b in pairwise(every))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lines", [1, 90, 500])
def test_the_number_of_a_page_ends_where_the_line_above_it_ends(language: str, lines: int) -> None:
    """However many pages there are: one, some, or more than nine."""
    found = Wanted(outcome="\n".join(["Vi har tittat på köpet."] * lines))
    about = case(Kind.ANSWER, Right.REVIEW, language, wish=found)
    pages = read(pdf(write(Kind.ANSWER, about))).pages
    assert (len(pages) > 1, len(pages) > 9) == (lines > 1, lines > 90)
    for number, page in enumerate(pages, 1):
        said = Wording.of(language).say("Page {page} of {pages}", page=number, pages=len(pages))
        [left] = (x for text, x in placed(page) if text.strip() == said)
        assert left + width(said) == pytest.approx((210 - 25) * 72 / 25.4, abs=0.1)
        assert min(x for _, x in placed(page)) == pytest.approx(25 * 72 / 25.4, abs=0.1)


def placed(page: PageObject) -> list[tuple[str, float]]:
    """What is written, and how far from the left it begins, in points."""
    found: list[tuple[str, float]] = []
    page.extract_text(visitor_text=lambda text, _, at, *__: found.append((text, at[4])))
    return [(text, x) for text, x in found if text.strip()]


def width(text: str) -> float:
    """Of small print, in points, as the font itself says it."""
    font = TTFont(str(files("font_source_sans_pro").joinpath("files/SourceSansPro-Regular.ttf")))
    signs, widths = font.getBestCmap(), font["hmtx"]
    units = sum(widths[signs[ord(sign)]][0] for sign in text)
    return float(units / font["head"].unitsPerEm * 9)


def test_a_page_s_number_is_filled_in_nowhere_else() -> None:
    about = case(Kind.ANSWER, Right.REVIEW, "sv", wish=Wanted(outcome="{nb} {pages} {page}"))
    assert "{nb}{pages}{page}" in words(read(pdf(write(Kind.ANSWER, about))))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("told", [0, 1, 2, 3])
def test_a_farewell_that_almost_fits_on_a_sheet_is_made_to(language: str, told: int) -> None:
    names = ("Brevduvan Utskick AB", "Tallmo Drift Oy", "Tredje Sms AB")[:told]
    about = case(Kind.FAREWELL, Right.ERASURE, language, told=names, kept=())
    [page] = read(pdf(write(Kind.FAREWELL, about))).pages
    lowest: list[float] = []
    page.extract_text(visitor_text=lambda text, _, at, *__: lowest.append(at[5]) if text else None)
    foot = 22 * 72 / 25.4
    assert min(y for y in lowest if y > foot) - foot > 10  # nothing runs into the foot


def test_a_letter_with_more_than_a_sheet_is_not_crammed() -> None:
    whole = case(Kind.FAREWELL, Right.ERASURE, "sv")
    first, second = read(pdf(write(Kind.FAREWELL, whole))).pages
    assert len(second.extract_text().splitlines()) > 8
    assert len(first.extract_text().splitlines()) < 45


def test_the_same_letter_makes_the_same_sheets() -> None:
    letter = write(Kind.REFUSAL, case(Kind.REFUSAL, Right.ACCESS, "nb"))
    assert pdf(letter) == pdf(letter)


@pytest.mark.parametrize("name", [NAME, "Đặng Thị Hồng", "Řehoř Ďurič", "Ángeles Íñiguez", "Ŋáŋŋá"])
def test_names_of_europe_are_written_as_they_are(name: str) -> None:
    letter = write(Kind.REFUSAL, case(Kind.REFUSAL, Right.ACCESS, "en", name=name))
    assert squeezed(f"Dear {name},") in words(read(pdf(letter)))


def test_a_name_that_the_font_cannot_write_is_left_out_and_named_in_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    name = "\u6797\u5c0f\u660e"
    letter = write(Kind.REFUSAL, case(Kind.REFUSAL, Right.ACCESS, "en", name=name))
    there = words(read(pdf(letter)))
    assert "Hello," in there
    assert "Dear" not in there
    assert not any(sign in caplog.text for sign in name)
    assert "missing" not in caplog.text


def test_letters_typed_as_two_signs_are_written_as_one() -> None:
    letter = write(Kind.REFUSAL, case(Kind.REFUSAL, Right.ACCESS, "en", name="A\u030asa"))
    assert "DearÅsa," in words(read(pdf(letter)))


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_whatever_a_human_found_there_are_sheets(outcome: str) -> None:
    about = case(Kind.ANSWER, Right.REVIEW, "sv", wish=Wanted(outcome=outcome), name=outcome)
    assert len(read(pdf(write(Kind.ANSWER, about))).pages) >= 1


def test_the_link_can_be_followed() -> None:
    reader = read(pdf(write(Kind.IDENTITY_QUERY, case(Kind.IDENTITY_QUERY, Right.ACCESS, "sv"))))
    targets = [
        note.get_object()["/A"]["/URI"] for page in reader.pages for note in page.get("/Annots", [])
    ]
    assert targets
    assert set(targets) == {a_case.LINK}
