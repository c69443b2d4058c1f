"""What people who sign in are sent: in five languages, naming nobody."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from api.people import letters
from api.people.letters import Way, code_letter, link_letter
from dsar.identity_letters import CodeMessage
from dsar.languages import LANGUAGES

CLUB = "Fjällklubben AB"
ROOM = Path(letters.__file__).parent
LINKS = [Way("https://club.example/sign-in/link/one", "0042"), Way("https://c.example/two", "0117")]


def _texts() -> set[str]:
    with (ROOM / "letters.py").open("rb") as source:
        return {str(text) for _, text, _, _ in extract("python", source, {"mark": None})}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_every_text_and_no_other(language: str) -> None:
    with (ROOM / "locales" / language / "people.po").open("rb") as file:
        told = {str(one.id): str(one.string) for one in read_po(file, locale=language) if one.id}
    assert set(told) == _texts()
    for english, theirs in told.items():
        if language == "en":
            assert theirs == ""
            continue
        assert theirs not in ("", english)
        assert sorted(re.findall(r"{\w+}", theirs)) == sorted(re.findall(r"{\w+}", english))
        assert (theirs[-1] in ".:") == (english[-1] in ".:")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_link_comes_with_what_it_is_for_and_what_to_do_if_it_was_not_you(language: str) -> None:
    subject, text = link_letter(LINKS[:1], CLUB, language, minutes=15)
    assert CLUB in subject
    assert LINKS[0].address not in subject
    assert LINKS[0].address in text.splitlines()
    for told in (CLUB, "15"):
        assert told in text
    assert "0042" not in text
    assert "{" not in subject + text


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_several_share_an_address_each_link_says_whose_it_is(language: str) -> None:
    _, text = link_letter(LINKS, CLUB, language, minutes=15)
    lines = text.splitlines()
    for way in LINKS:
        assert way.ending in lines[lines.index(way.address) - 1]
    assert "0042" not in repr(LINKS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_stands_in_the_text_and_not_in_the_subject(language: str) -> None:
    until = datetime(2026, 3, 1, 12, 10, tzinfo=UTC)
    message = CodeMessage(
        to="a@b.example", code="00123456", language=language, minutes=10, until=until
    )
    subject, text = code_letter(message, CLUB)
    assert "00123456" not in subject
    for told in ("00123456", "10", CLUB):
        assert told in text
    assert "a@b.example" not in text
    assert "{" not in subject + text


def test_every_language_says_it_in_its_own_words() -> None:
    assert len({link_letter(LINKS, CLUB, one, minutes=15) for one in LANGUAGES}) == len(LANGUAGES)
