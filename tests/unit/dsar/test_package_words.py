"""No code stands without its words, and no words stand in one language only."""

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from audit.entries import ActorType, Kind
from consent.choices import Action, By, State
from consent.eligibility import Reason
from consent.programme.declarations import Action as May
from consent.programme.declarations import Channel, LegalBasis
from consent.programme.parties import Role, Safeguard
from consent.programme.vocabulary import PERSONAL_DATA, PURPOSES
from consent.reasons import MEANINGS
from dsar import words
from dsar.holds import Ground
from dsar.identity import How
from dsar.languages import LANGUAGES, Language
from dsar.packages import meanings, request_words, terms
from dsar.packages.wording import Wording
from dsar.states import Right
from dsar.states import State as Stands

ROOM = Path(__file__).parents[3] / "dsar"
TEMPLATES = ("package.html", "rows.html", "package.txt", "portable.txt")
KEYWORDS: dict[str, tuple[int, ...] | None] = {"say": None, "mark": None, "many": (1, 2)}
OTHERS = [one for one in LANGUAGES if one != "en"]


def _written() -> Iterator[str | tuple[str, str]]:
    """Every text that is said somewhere; two, where it is counted."""
    for path in sorted((ROOM / "packages").glob("*.py")):
        with path.open("rb") as source:
            for _, text, _, _ in extract("python", source, KEYWORDS):
                yield (text[0], text[1]) if isinstance(text, tuple) else text
    trims = {"trim_blocks": "true", "lstrip_blocks": "true"}
    for name in TEMPLATES:
        with (ROOM / "templates" / name).open("rb") as source:
            for _, _, text, _ in babel_extract(source, list(KEYWORDS), [], trims):
                found = [text] if isinstance(text, str) else [one for one in text if one]
                yield (found[0], found[1]) if len(found) > 1 else found[0]


def _catalogue(language: str) -> Catalog:
    source = (ROOM / "locales" / language / "packages.po").read_bytes()
    return read_po(io.BytesIO(source), locale=language)


def _told(catalogue: Catalog) -> dict[str | tuple[str, str], tuple[str, ...]]:
    return {
        one.id: one.string if isinstance(one.string, tuple) else (one.string,)
        for one in catalogue
        if one.id
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_every_text_that_is_said_and_no_other(language: str) -> None:
    assert set(_told(_catalogue(language))) == set(_written())


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: str) -> None:
    lacking = [one for one, texts in _told(_catalogue(language)).items() if not all(texts)]
    assert lacking == []
    assert not any(one.fuzzy for one in _catalogue(language) if one.id)


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_braces_of_its_text(language: str) -> None:
    for text, translations in _told(_catalogue(language)).items():
        english = (text,) if isinstance(text, str) else text
        for before, after in zip(english, translations, strict=True):
            assert _braces(after) == _braces(before), after


def _braces(text: str) -> list[str]:
    return sorted(re.findall(r"{\w+}", text))


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_ends_as_its_text_does(language: str) -> None:
    """A sentence stays one, and a label does not become one."""
    for text, translations in _told(_catalogue(language)).items():
        english = text if isinstance(text, str) else text[1]
        for one in translations:
            assert (one[-1] in ".:") == (english[-1] in ".:"), one
            assert one == one.strip()
            assert "  " not in one


@pytest.mark.parametrize("language", OTHERS)
def test_long_texts_are_no_longer_english(language: str) -> None:
    same = [
        text
        for text, translations in _told(_catalogue(language)).items()
        if isinstance(text, str) and len(text.split()) > 2 and translations == (text,)
    ]
    assert same == []


def _lists() -> Iterator[tuple[Iterable[str], Mapping[str, str]]]:
    yield Action, meanings.SAID
    yield By, meanings.BY
    yield State, meanings.STATES
    yield Reason, meanings.REASONS
    yield MEANINGS, meanings.OUTCOMES
    yield Kind, meanings.KINDS
    yield How, meanings.CHECKS
    # The others are said by their names.
    yield set(ActorType) - {ActorType.SERVICE, ActorType.AGENT}, meanings.ACTORS
    yield Channel, meanings.CHANNELS
    yield LegalBasis, meanings.BASES
    yield May, meanings.MAY
    yield Role, meanings.ROLES
    yield Safeguard, meanings.SAFEGUARDS
    yield Right, request_words.ASKED_FOR
    yield Stands, request_words.STANDS
    yield (*words.Reason, *words.Delay), request_words.WHY
    yield words.Channel, request_words.CAME_BY
    yield Ground, request_words.GROUNDS
    yield PERSONAL_DATA, terms.CATEGORIES
    yield PURPOSES, terms.PURPOSES


def test_every_code_of_every_closed_list_has_words() -> None:
    for codes, table in _lists():
        assert set(codes) <= set(table), set(codes) - set(table)


@pytest.mark.parametrize(
    ("how", "by", "told"),
    [
        ("preview", ActorType.OFFICER, "Our staff looked at the draft of a letter to you"),
        ("download", ActorType.OFFICER, "Our staff opened a letter to you"),
        ("download", ActorType.SYSTEM, "Our staff opened a letter to you"),
        ("download", ActorType.MEMBER, "A letter to you was fetched"),
        ("email", ActorType.SYSTEM, "A letter to you was sent"),
        ("page", ActorType.SYSTEM, "A letter to you was put on your page"),
        ("pigeon", ActorType.SYSTEM, "A letter to you was sent or fetched"),
    ],
)
def test_a_letter_is_told_by_how_it_left_us(how: str, by: ActorType, told: str) -> None:
    assert meanings.happened(Kind.LETTER_SENT, by, {"how": how}) == told


def test_a_term_that_is_not_known_here_is_spelt_out() -> None:
    assert terms.spelt_out("pd:ShoeSize") == "Shoe size"
    assert terms.spelt_out("pd:IPAddress") == "IPAddress"


def test_an_article_is_cited_as_is_usual_there() -> None:
    def cited(article: str) -> list[str]:
        return [_wording(one).article(article) for one in LANGUAGES]

    assert cited("Art. 6(1)(a)") == [
        "artikel 6.1 a",
        "artikkel 6 nr. 1 bokstav a",
        "artikel 6, stk. 1, litra a",
        "6 artiklan 1 kohdan a alakohta",
        "Art. 6(1)(a)",
    ]
    assert cited("Art. 46(2)(c), (d)")[4] == "Art. 46(2)"
    assert cited("Art. 49(1), second subparagraph")[0] == "artikel 49.1"
    assert cited("Art. 15")[3] == "15 artikla"
    assert cited("somewhere else") == ["somewhere else"] * 5


def test_values_are_written_as_they_are_read_there() -> None:
    swedish = _wording("sv")
    said = {
        ("boolean", "pd:PersonalData"): (True, "Ja"),
        ("date", "pd:BirthDate"): ("1984-02-29", "29 februari 1984"),
        ("money", "pd:Income"): ("-1234.50", "-1\xa0234,50\xa0kr"),
        ("integer", "pd:Age"): (41, "41"),
        ("texts", "pd:Interest"): (["hiking", "skiing"], "hiking och skiing"),
        ("text", "pd:Country"): ("NO", "Norge (NO)"),
        ("text", "pd:Language"): ("fi", "finska (fi)"),
        ("text", "pd:Name"): ("NO", "NO"),
    }
    for (kind, category), (value, expected) in said.items():
        assert swedish.value(value, kind=kind, category=category) == expected
    assert swedish.value([], kind="texts", category="pd:Interest") == "inga"


def _wording(language: str) -> Wording:
    return Wording(Language(language), ZoneInfo("Europe/Stockholm"), "SEK")
