"""What a code says on its way: in five languages, and nothing about anybody."""

from datetime import UTC, datetime

import pytest

from dsar.identity_letters import CodeMessage, code_letter, code_text
from dsar.languages import LANGUAGES, translations

CLUB = "Fjällklubben AB"
_GSM = 160  # characters of one text message, where all are of the basic alphabet


def _message(language: str) -> CodeMessage:
    until = datetime(2026, 3, 1, 12, 10, tzinfo=UTC)
    return CodeMessage(
        to="a@b.example", code="00123456", language=language, minutes=10, until=until
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_letter_and_text_message_name_the_code_its_time_and_the_controller(language: str) -> None:
    subject, text = code_letter(_message(language), CLUB)
    short = code_text(_message(language), CLUB)
    for one in (text, short):
        assert "00123456" in one
        assert "10" in one
        assert CLUB in one
        assert "{" not in one
        assert "a@b.example" not in one
    assert CLUB in subject
    assert "00123456" not in subject  # it shows on a locked screen
    assert short.startswith("00123456")
    assert len(short) <= _GSM
    assert "***" in repr(_message(language))


def test_every_language_says_it_in_its_own_words() -> None:
    said = {code_letter(_message(one), CLUB) for one in LANGUAGES}
    assert len(said) == len(LANGUAGES)
    english = translations("en", "identity")
    for language in LANGUAGES[:-1]:
        texts = translations(language, "identity")
        catalogue = {k: v for k, v in english._catalog.items() if k}
        assert len(catalogue) >= 20
        for key in catalogue:
            said_there = texts.gettext(key)
            assert said_there != key, (language, key)
            assert _holes(said_there) == _holes(key), (language, key)


def test_an_unknown_language_is_answered_in_english() -> None:
    assert code_letter(_message("de"), CLUB) == code_letter(_message("en"), CLUB)


def _holes(text: str) -> list[str]:
    return sorted(part.partition("}")[0] for part in text.split("{")[1:])
